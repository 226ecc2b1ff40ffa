package flow

import (
	"slices"

	"longwatch/internal/capture"
	"longwatch/internal/proto"
	"longwatch/internal/record/network"
)

// minTalk is how many bytes each side must have sent before a connection on a
// known port in which nothing was recognised is worth a record.
const minTalk = 16

// servicePort reports a service and a port that do not belong together. It is
// asked once the connection is over, about the outermost protocol: what that
// carries inside has no port.
func (s *shard) servicePort(c *conn) {
	var t proto.Transport
	switch c.key.proto {
	case capture.ProtoTCP:
		t = proto.TCP
	case capture.ProtoUDP:
		t = proto.UDP
	default:
		return
	}
	if c.arranged {
		return
	}
	_, port := c.respEnd()
	ps := s.eng.protos
	var (
		service     string
		usual       []uint16
		portService []string
	)
	own := ps.ofPort(t, port)
	if len(c.names) > 0 {
		service = c.names[0]
		i, known := ps.byName[service]
		if !known || own.has(i) {
			return
		}
		usual = ps.specs[i].Ports
		if len(usual) == 0 && own.empty() {
			return // a service of any port, on a port of nobody
		}
	} else if own.empty() || !c.talked() {
		return
	}
	for i := range ps.specs {
		if !own.has(i) {
			continue
		}
		if slices.Contains(c.names, ps.specs[i].Name) {
			return
		}
		portService = append(portService, ps.specs[i].Name)
	}
	s.lane.Put(&network.ServicePort{
		Conn: c.head(s), Proto: transportName(c.key.proto),
		Service: service, UsualPorts: usual, PortServices: portService,
	})
}

// talked tells whether both sides said something, all of which was captured
// from the start: that no protocol was recognised means something then.
func (c *conn) talked() bool {
	whole := c.key.proto == capture.ProtoUDP || c.handshake && c.missed == 0
	return whole && c.bytes(0) >= minTalk && c.bytes(1) >= minTalk
}
