// Package netbiosdgm reads the NetBIOS datagram service (RFC 1002 section 4.4)
// and in it the announcements of the browser service (MS-BRWS), by which
// Windows and Samba hosts tell their names, systems and domains. Broadcasts are
// repeated all day: of each connection, what was said before is left out.
package netbiosdgm

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is the NetBIOS datagram service.
var Protocol = proto.Spec{
	Name: "netbios_dgm", Transport: proto.UDP, Ports: []uint16{port},
	Probe: probe,
	New:   func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits: []*record.Type{Type},
}

const (
	port    = 138
	headLen = 14 // of datagrams with names
)

// Types (RFC 1002 section 4.4.1).
const (
	directUnique = 0x10
	broadcast    = 0x12
	problem      = 0x13
	lastType     = 0x16
)

var types = [...]string{"direct_unique", "direct_group", "broadcast", "error", "query_request", "positive_response", "negative_response"}

var errMessage = errors.New("netbios: not a NetBIOS datagram")

type parser struct{ c *proto.Conn }

// probe wants the head, the service's own port in it, and an encoded name.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	if len(b) < headLen || b[0] < directUnique || b[0] > lastType || b[1]&0xf0 != 0 {
		return proto.No
	}
	if b[8] != 0 || b[9] != port {
		return proto.No
	}
	at := headLen
	switch {
	case b[0] == problem:
		return proto.No
	case b[0] > problem:
		at = 10
	}
	if _, _, _, ok := name(b, at); !ok {
		return proto.No
	}
	return proto.Yes
}

// name reads a name in first-level encoding at off: 32 letters for 15 bytes
// and a type, behind them a scope, which is passed over.
func name(b []byte, off int) (s string, kind uint8, next int, ok bool) {
	const letters = 32
	if off+1+letters >= len(b) || b[off] != letters {
		return "", 0, 0, false
	}
	var out [letters / 2]byte
	for i := range out {
		hi, lo := b[off+1+2*i]-'A', b[off+2+2*i]-'A'
		if hi > 15 || lo > 15 {
			return "", 0, 0, false
		}
		out[i] = hi<<4 | lo
	}
	next = off + 1 + letters
	for b[next] != 0 {
		if next += 1 + int(b[next]); next >= len(b) {
			return "", 0, 0, false
		}
	}
	return strings.TrimRight(string(out[:15]), " \x00"), out[15], next + 1, true
}

// Parse takes one datagram.
func (p *parser) Parse(_ proto.Dir, b []byte) (proto.Step, error) {
	step := proto.Step{Used: len(b)}
	c := wire.At(b)
	kind := c.U8()
	c.Skip(3) // flags, identifier
	from := c.Take(4)
	c.Skip(2)
	if !c.OK() || kind < directUnique || kind > lastType {
		return step, errMessage
	}
	m := &Datagram{Conn: p.c.Head(), Type: types[kind-directUnique]}
	m.SourceAddr = netip.AddrFrom4([4]byte(from))
	switch {
	case kind <= broadcast:
		var next int
		var ok bool
		if m.Source, m.SourceType, next, ok = name(b, headLen); !ok {
			return step, errMessage
		}
		if m.Dest, m.DestType, next, ok = name(b, next); !ok {
			return step, errMessage
		}
		m.mail(b[next:])
	case kind > problem:
		m.Dest, m.DestType, _, _ = name(b, 10)
	}
	p.c.Confirm()
	if p.c.Once(fmt.Sprint(m.Source, m.SourceType, m.Dest, m.DestType, m.Mailslot, m.Command, m.Announced)) {
		p.c.Emit(m)
	}
	return step, nil
}

// mail reads a message to a mailslot: a transaction of SMB 1 (MS-MAIL section
// 2.2.1) whose data lies at an offset of its own.
func (m *Datagram) mail(b []byte) {
	const (
		smbHead = 32
		params  = smbHead + 1
	)
	if !bytes.HasPrefix(b, []byte("\xffSMB\x25")) || len(b) < params+17*2 || b[smbHead] != 17 {
		return
	}
	c := wire.At(b[params:])
	c.Skip(11 * 2)
	size, at := int(c.L16()), int(c.L16())
	c.Seek(17*2 + 2) // counts and setup, then the length of what follows
	slot, _, _ := bytes.Cut(c.Rest(), []byte{0})
	if !bytes.HasPrefix(bytes.ToUpper(slot), []byte(`\MAILSLOT\`)) || len(slot) > 128 {
		return
	}
	m.Mailslot = string(slot)
	if at+size <= len(b) && bytes.EqualFold(slot, []byte(`\MAILSLOT\BROWSE`)) {
		m.browse(b[at : at+size])
	}
}

// Commands of the browser service (MS-BRWS section 2.2).
var commands = map[uint8]string{
	1: "host_announcement", 2: "announcement_request", 8: "request_election", 9: "get_backup_list_request", 10: "get_backup_list_response",
	11: "become_backup", 12: "domain_announcement", 13: "master_announcement", 14: "reset_state", 15: "local_master_announcement",
}

func (m *Datagram) browse(b []byte) {
	c := wire.At(b)
	op := c.U8()
	m.Command = commands[op]
	if op != 1 && op != 12 && op != 15 {
		return
	}
	c.Skip(1 + 4) // count, period
	host := c.Take(16)
	major, minor := c.U8(), c.U8()
	c.Skip(4 + 2 + 2) // kinds of server, version of the browser, signature
	comment := c.Rest()
	if !c.OK() {
		return
	}
	m.Announced = text(host)
	m.Comment = text(comment[:min(len(comment), 64)])
	if op != 12 { // of a domain the fields say something else
		m.Version = fmt.Sprintf("%d.%d", major, minor)
	}
}

// text ends at a zero.
func text(b []byte) string {
	s, _, _ := bytes.Cut(b, []byte{0})
	return string(s)
}

// Gap implements proto.Parser; datagrams have none.
func (p *parser) Gap(proto.Dir, int) error { return errMessage }

// Close implements proto.Parser.
func (p *parser) Close() {}
