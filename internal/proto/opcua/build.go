package opcua

import (
	"fmt"
	"math"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
	"longwatch/internal/wire"
)

// build reads the body of one message and makes the rows of its parts.
type build struct {
	p     *parser
	c     wire.Cursor
	m     *Message
	part  Part
	link  string // of the message
	table []string
	depth int
}

// begin fixes the head of all rows.
func (b *build) begin(d proto.Dir) {
	b.part = Part{Conn: b.m.Conn, Way: ot.From(b.m.Conn, d == proto.Orig), Access: b.m.Access, Beyond: b.p.lost}
}

// row adds a row, unless there are too many of this message.
func (b *build) row(r record.Record) {
	if len(b.p.rows) >= maxRows {
		b.p.over = true
		return
	}
	b.p.rows = append(b.p.rows, r)
}

// fail makes the message malformed.
func (b *build) fail() { b.c.Seek(-1) }

// list calls f for each element of an array, and tells whether it has any. No
// element takes less than a byte.
func (b *build) list(f func(i int)) bool {
	n := int(int32(b.c.L32())) // #nosec G115 -- signed in the protocol
	if n > b.c.Len() {
		b.fail()
		return false
	}
	for i := 0; i < n && b.c.OK(); i++ {
		f(i)
	}
	return n > 0
}

// linked is list, with an id for what its rows have in common.
func (b *build) linked(f func(link string, i int)) string {
	link := b.p.links.Next()
	if b.list(func(i int) { f(link, i) }) {
		return link
	}
	return ""
}

// raw reads a ByteString.
func raw(c *wire.Cursor) []byte {
	n := int32(c.L32()) // #nosec G115 -- signed in the protocol
	return c.Take(max(int(n), 0))
}

// str reads a String; a null string is empty.
func str(c *wire.Cursor) string { return string(raw(c)) }

func (b *build) str() string { return str(&b.c) }

// hex reads a ByteString as a record shows it; empty when it is.
func (b *build) hex() string {
	if v := raw(&b.c); len(v) > 0 {
		return hexText(v)
	}
	return ""
}

func (b *build) u8() record.Opt[uint64]  { return some(b.c.U8()) }
func (b *build) u32() record.Opt[uint64] { return some(b.c.L32()) }
func (b *build) flag() record.Opt[bool]  { return record.Some(b.c.U8() != 0) }

// double reads a Double.
func (b *build) double() float64 { return math.Float64frombits(b.c.L64()) }

// millis reads a Duration as a whole number.
func (b *build) millis() record.Opt[uint64] {
	v := b.double()
	if !(v >= 0 && v < 1<<63) {
		return some(0)
	}
	return some(uint64(v))
}

// fileTime is the time of 1970 in units of 100 ns since 1601.
const fileTime = 116444736000000000

// when reads a DateTime; 1601 means that there is none.
func (b *build) when() (out record.Opt[record.Time]) {
	t := int64(b.c.L64()) // #nosec G115 -- signed in the protocol
	if t > math.MinInt64+fileTime {
		if t -= fileTime; t > math.MinInt64/100 && t < math.MaxInt64/100 {
			out = record.Some(record.Time(t * 100))
		}
	}
	return out
}

// node is a NodeId.
type node struct {
	mask      uint8
	namespace record.Opt[uint64]
	number    record.Opt[uint64]
	text      string
	guid      string
	opaque    string
	uri       string             // of an ExpandedNodeId
	server    record.Opt[uint64] // of an ExpandedNodeId
}

// nodeID reads a NodeId (OPC 10000-6, 5.2.2.9).
func (b *build) nodeID() node { return b.node(b.c.U8()) }

func (b *build) node(mask uint8) node {
	n := node{mask: mask}
	switch c := &b.c; mask & 0x0f {
	case 0:
		n.number = some(c.U8())
	case 1:
		n.namespace, n.number = some(c.U8()), some(c.L16())
	case 2:
		n.namespace, n.number = some(c.L16()), some(c.L32())
	case 3:
		n.namespace, n.text = some(c.L16()), b.str()
	case 4:
		n.namespace, n.guid = some(c.L16()), b.guid()
	case 5:
		n.namespace, n.opaque = some(c.L16()), hexText(raw(c))
	default:
		b.fail()
	}
	return n
}

// expanded reads an ExpandedNodeId (5.2.2.10).
func (b *build) expanded() node {
	n := b.nodeID()
	if n.mask&0x80 != 0 {
		n.uri = b.str()
	}
	if n.mask&0x40 != 0 {
		n.server = b.u32()
	}
	return n
}

// guid reads a Guid, its bytes in the order sent.
func (b *build) guid() string {
	v := b.c.Take(16)
	if v == nil {
		return ""
	}
	return fmt.Sprintf("%x-%x-%x-%x-%x", v[:4], v[4:6], v[6:8], v[8:10], v[10:])
}

// into fills the columns of a node id.
func (n *node) into(mask *string, namespace, number *record.Opt[uint64], text, guid, opaque *string) {
	*mask = hex8(n.mask)
	*namespace, *number, *text, *guid, *opaque = n.namespace, n.number, n.text, n.guid, n.opaque
}

func hex8(v uint8) string { return fmt.Sprintf("0x%02x", v) }

// text is a LocalizedText (5.2.2.14).
type text struct {
	mask         uint8
	locale, text string
}

func (b *build) localized() text {
	t := text{mask: b.c.U8()}
	if t.mask&1 != 0 {
		t.locale = b.str()
	}
	if t.mask&2 != 0 {
		t.text = b.str()
	}
	return t
}

// object reads an ExtensionObject (5.2.2.15) and gives its body.
func (b *build) object() (id node, encoding uint8, body wire.Cursor) {
	id, encoding = b.nodeID(), b.c.U8()
	if encoding == 1 || encoding == 2 {
		body = wire.At(raw(&b.c))
	}
	return id, encoding, body
}

// objectName names the type of an ExtensionObject.
func (n *node) objectName() string {
	if n.mask > 2 || !n.number.Set {
		return ""
	}
	return structureName(n.number.V)
}

// requestHead reads a RequestHeader (OPC 10000-4, 7.32).
func (b *build) requestHead() {
	m := b.m
	n := b.nodeID()
	n.into(&m.ReqHdrNodeIDType, &m.ReqHdrNodeIDNamespaceIdx, &m.ReqHdrNodeIDNumeric, &m.ReqHdrNodeIDString, &m.ReqHdrNodeIDGUID, &m.ReqHdrNodeIDOpaque)
	m.ReqHdrTimestamp, m.ReqHdrRequestHandle, m.ReqHdrReturnDiag = b.when(), b.u32(), b.u32()
	m.ReqHdrAuditEntryID, m.ReqHdrTimeoutHint = record.Some(b.str()), b.u32()
	m.ReqHdrAddHdrTypeID, m.ReqHdrAddHdrEncMask = b.additional()
}

// responseHead reads a ResponseHeader (7.33).
func (b *build) responseHead() {
	m := b.m
	m.ResHdrTimestamp, m.ResHdrRequestHandle = b.when(), b.u32()
	m.StatusCodeLinkID = b.p.links.Next()
	b.status(m.StatusCodeLinkID, sourceHead, b.c.L32(), 0)
	start := b.c
	mask := b.c.U8()
	m.ResHdrServiceDiagEncoding = some(mask)
	b.c = start
	mark := len(b.p.rows)
	b.diagnostic(b.link, sourceHead)
	b.list(func(int) { b.table = append(b.table, b.str()) })
	for _, r := range b.p.rows[mark:] {
		if d, ok := r.(*DiagnosticInfoDetail); ok {
			b.name(d)
		}
	}
	m.ResHdrAddHdrTypeID, m.ResHdrAddHdrEncMask = b.additional()
}

// additional reads the additional header.
func (b *build) additional() (id, mask record.Opt[uint64]) {
	n, encoding, _ := b.object()
	return some(n.number.V | n.namespace.V<<8), some(encoding)
}
