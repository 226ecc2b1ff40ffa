package dcerpc

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"

	"longwatch/internal/wire"
)

// Protocol identifiers of a tower's floors (C706 appendix I).
const (
	floorTCP  = 0x07
	floorUDP  = 0x08
	floorUUID = 0x0d
	floorPipe = 0x0f
	floorHTTP = 0x1f
)

const (
	maxTowers = 8 // of an answer that are read
	maxFloors = 8
)

// tower is where an interface can be reached.
type tower struct {
	uuid string
	to   string // as ncacn_ip_tcp[49668]
	port uint16 // of TCP
}

// findTower reads the first tower in b: it begins with a floor of 19 bytes that
// names an interface, behind the number of floors.
func findTower(b []byte) (t tower, rest []byte, ok bool) {
	at := bytes.Index(b, []byte{19, 0, floorUUID})
	if at < 2 {
		return t, nil, false
	}
	c := wire.At(b[at-2:])
	little := pdu{little: true}
	for i := range min(int(c.L16()), maxFloors) {
		left := c.Take(int(c.L16()))
		right := c.Take(int(c.L16()))
		if !c.OK() || len(left) == 0 {
			return t, nil, false
		}
		switch kind := left[0]; {
		case i == 0 && len(left) == 19:
			t.uuid = little.uuidText(left[1:17])
		case kind == floorTCP && len(right) == 2:
			t.port = binary.BigEndian.Uint16(right)
			t.to = fmt.Sprintf("ncacn_ip_tcp[%d]", t.port)
		case kind == floorUDP && len(right) == 2:
			t.to = fmt.Sprintf("ncadg_ip_udp[%d]", binary.BigEndian.Uint16(right))
		case kind == floorHTTP && len(right) == 2:
			t.to = fmt.Sprintf("ncacn_http[%d]", binary.BigEndian.Uint16(right))
		case kind == floorPipe && len(right) > 1 && right[0] == '\\':
			t.to = "ncacn_np[" + string(right[:len(right)-1]) + "]"
		}
	}
	return t, c.Rest(), true
}

// wantedTower is the interface that a client looks for.
func wantedTower(n *ndr) []string {
	t, _, ok := findTower(n.c.Rest())
	if !ok {
		return nil
	}
	return []string{endpointName(t.uuid)}
}

// eachTower reads the towers of an answer.
func eachTower(stub []byte) (out []tower) {
	for range maxTowers {
		t, rest, ok := findTower(stub)
		if !ok {
			break
		}
		out, stub = append(out, t), rest
	}
	return out
}

// towers is where an interface is, each place once.
func towers(stub []byte) (out []string) {
	for _, t := range eachTower(stub) {
		if t.to != "" && !slices.Contains(out, t.to) {
			out = append(out, t.to)
		}
	}
	return out
}

// announced is the interface of a connection that the endpoint mapper told of.
type announced string

// expect announces the connections that an answer of the endpoint mapper, or of
// DCOM's activation, leads to.
func (p *parser) expect(k *call, stub []byte) {
	switch k.ctx.uuid {
	case epmapper:
		if k.record.Opnum == 3 || k.record.Opnum == 7 {
			for _, t := range eachTower(stub) {
				p.arrange(t.port, t.uuid)
			}
		}
	case activator, activate:
		for _, b := range bindings(stub) {
			port, _ := strconv.ParseUint(between(b, "[", "]"), 10, 16)
			p.arrange(uint16(port), "")
		}
	}
}
