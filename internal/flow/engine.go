package flow

import (
	"net/netip"
	"slices"

	"longwatch/internal/capture"
	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// Now implements proto.Engine.
func (a *app) Now() record.Time { return a.s.now }

// Ref implements proto.Engine.
func (a *app) Ref() record.Ref {
	return a.s.eng.ref(a.s.at)
}

// Emit implements proto.Engine.
func (a *app) Emit(r record.Record) {
	if !a.say(said{rec: r}) {
		a.s.lane.Put(r)
	}
}

// Weird implements proto.Engine.
func (a *app) Weird(_ *proto.Conn, source, name, addl string) {
	if !a.say(said{source: source, name: name, addl: addl}) {
		a.s.weird(a.c, source, name, addl)
	}
}

// Lookup implements proto.Engine.
func (a *app) Lookup(name string) (proto.Spec, bool) {
	i, ok := a.s.eng.protos.byName[name]
	if !ok {
		return proto.Spec{}, false
	}
	return a.s.eng.protos.specs[i], true
}

// Probing implements proto.Engine.
func (a *app) Probing(t proto.Transport) []proto.Spec {
	if t == proto.UDP {
		return a.s.eng.protos.udpProbes
	}
	return a.s.eng.protos.tcpProbes
}

// maxServices bounds the services of one connection.
const maxServices = 16

// Confirm implements proto.Engine.
func (a *app) Confirm(_ *proto.Conn, service string) {
	if a.muted {
		return
	}
	a.believe()
	c := a.c
	if slices.Contains(c.names, service) || len(c.names) >= maxServices {
		return
	}
	c.names = append(c.names, service)
	c.dns = c.dns || service == "dns" && c.key.proto == capture.ProtoUDP
	if service == "ssh" || service == "ftp" {
		c.inactive = longInactivity
	}
}

// Flip implements proto.Engine. The packet that shows it has been counted by
// then, and stays the originator's, as in Zeek.
func (a *app) Flip(pc *proto.Conn) {
	c := a.c
	if o, r := c.o(), c.r(); c.key.proto == capture.ProtoUDP && o.pkts == 1 && r.pkts == 0 {
		o.pkts, o.ipBytes, o.size, r.pkts, r.ipBytes, r.size = r.pkts, r.ipBytes, r.size, o.pkts, o.ipBytes, o.size
	}
	c.flip()
	a.turned = !a.turned // the parser knows
	a.conn.ID = a.c.head(a.s)
	pc.ID = a.conn.ID
}

// Local implements proto.Engine.
func (a *app) Local(addr netip.Addr) bool {
	return isLocal(a.s.eng.local, addrOf(addr))
}

var _ proto.Engine = (*app)(nil)
