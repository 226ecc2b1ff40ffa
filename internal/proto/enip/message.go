package enip

import (
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"net/netip"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
	"longwatch/internal/wire"
)

// Types of items (volume 2, table 2-6.3).
const (
	itemIdentity    = 0x000c
	itemConnected   = 0x00b1
	itemUnconnected = 0x00b2
	itemSequenced   = 0x8002
	itemDTLS        = 0x8003
)

// packet is one message while it is read.
type packet struct {
	head record.Conn
	way  ot.Way
	id   string
	d    proto.Dir
	key  uint64 // pairs an answer with its request
	rows []record.Record
}

func (p *parser) open(d proto.Dir) *packet {
	head := p.c.Head()
	return &packet{head: head, way: ot.From(head, d == proto.Orig), id: p.links.Next(), d: d}
}

// message reads one message with its header.
func (p *parser) message(d proto.Dir, b []byte) {
	p.c.Confirm()
	k := p.open(d)
	c := wire.At(b)
	cmd, n := c.L16(), c.L16()
	session, status := c.L32(), c.L32()
	context := c.Take(8)
	m := &Message{
		Conn: k.head, Way: k.way, PacketID: k.id, CommandCode: fmt.Sprintf("0x%02x", cmd), Command: name('c', uint32(cmd), "unknown"),
		Length: uint64(n), Session: fmt.Sprintf("0x%08x", session), Status: name('e', status, "Unknown ENIP Status-0x%02x"),
		SenderContext: "0x" + hex.EncodeToString(context), Options: fmt.Sprintf("0x%08x", c.L32()), Access: ot.Other,
	}
	h := fnv.New64a()
	_, _ = h.Write(context)
	k.key = h.Sum64()
	switch cmd {
	case cmdListServices, cmdListIdentity, cmdListIfaces:
		m.Access = ot.Read
		if c.Len() > 0 {
			p.items(k, &c)
		}
	case cmdSendRR, cmdSendUnit:
		c.Skip(6) // interface handle, timeout
		if c.Len() > 0 {
			p.items(k, &c)
		}
	}
	if !c.OK() {
		p.c.Weird("enip_malformed", m.Command)
	}
	for _, r := range k.rows {
		if r, ok := r.(*CIP); ok && (m.Access == ot.Other || !ot.Changes(m.Access) && ot.Changes(r.Access)) {
			m.Access = r.Access
		}
	}
	p.c.Emit(m)
	for _, r := range k.rows {
		p.c.Emit(r)
	}
}

// items reads the items of the common packet format.
func (p *parser) items(k *packet, c *wire.Cursor) {
	n := int(c.L16())
	for range min(n, maxItems) {
		kind := c.L16()
		item := c.Sub(int(c.L16()))
		if !c.OK() {
			return
		}
		switch kind {
		case itemIdentity:
			p.identity(k, &item)
		case itemConnected:
			seq := item.L16()
			k.key = uint64(seq) | 1<<63
			p.cip(k, seq, &item)
		case itemUnconnected:
			p.cip(k, 0, &item)
		case itemDTLS:
			item.Skip(8) // type, transaction, status
			p.cip(k, 0, &item)
		}
	}
}

// identity reads a CIP Identity item.
func (p *parser) identity(k *packet, c *wire.Cursor) {
	r := &Identity{Conn: k.head, Way: k.way, PacketID: k.id, Version: uint64(c.L16()), Access: ot.Read}
	c.Skip(2) // address family
	r.SocketPort = uint64(c.U16())
	if a, ok := netip.AddrFromSlice(c.Take(4)); ok {
		r.SocketAddress = a
	}
	c.Skip(8)
	r.VendorID, r.DeviceType, r.ProductCode = uint64(c.L16()), uint64(c.L16()), uint64(c.L16())
	r.VendorName = name('v', uint32(r.VendorID), "Unknown Vendor-0x%02x")   // #nosec G115 -- 16 bits
	r.DeviceName = name('d', uint32(r.DeviceType), "Unknown Device-0x%02x") // #nosec G115 -- 16 bits
	major, minor := c.U8(), c.U8()
	r.Revision = fmt.Sprintf("%d.%d", major, minor)
	r.Status, r.Serial = fmt.Sprintf("0x%04x", c.L16()), fmt.Sprintf("0x%08x", c.L32())
	r.ProductName = string(c.Take(int(c.U8())))
	if c.Len() > 0 {
		r.State = fmt.Sprintf("0x%04x", c.U8())
	}
	if !c.OK() {
		p.c.Weird("enip_malformed_identity", "")
		return
	}
	k.rows = append(k.rows, r)
}

// cyclic reads a packet of cyclic data.
func (p *parser) cyclic(d proto.Dir, b []byte) {
	p.c.Engine.Confirm(p.c, "cip")
	k := p.open(d)
	c := wire.At(b[6:])
	r := &IO{Conn: k.head, Way: k.way, PacketID: k.id, ConnectionID: fmt.Sprintf("0x%08x", c.L32()), Sequence: uint64(c.L32()), Access: ot.Other}
	c.Skip(2)
	r.DataLength = uint64(c.L16())
	r.Data = hex.EncodeToString(c.Rest())
	p.c.Emit(r)
}
