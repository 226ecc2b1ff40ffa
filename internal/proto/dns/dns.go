// Package dns reads the Domain Name System over UDP and TCP (RFC 1035), and
// its relatives with the same message: multicast DNS (RFC 6762), LLMNR (RFC
// 4795) and the NetBIOS name service (RFC 1002). Queries and replies are
// paired as Zeek pairs them: by transaction id, first come first served.
package dns

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is DNS.
var Protocol = proto.Spec{
	Name: "dns", Transport: proto.TCP | proto.UDP, Ports: []uint16{portDNS, portMDNS, portLLMNR, portNetBIOS},
	Probe: probe,
	New:   func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits: []*record.Type{Type},
}

const (
	headLen    = 12
	maxRecords = 512 // resource records looked at in one message
	maxPending = 256 // messages waiting for their other half, per connection
	maxAnswers = 64  // addresses and names told apart from the answers' text
)

var (
	errLength = errors.New("dns: message shorter than its header")
)

// header is RFC 1035 section 4.1.1.
type header struct {
	id     uint16
	flags  uint16
	counts [4]int
}

func (h header) reply() bool   { return h.flags&0x8000 != 0 }
func (h header) opcode() uint8 { return uint8(h.flags >> 11 & 15) }
func (h header) rcode() uint16 { return h.flags & 15 }

func readHeader(c *wire.Cursor) header {
	h := header{id: c.U16(), flags: c.U16()}
	for i := range h.counts {
		h.counts[i] = int(c.U16())
	}
	return h
}

// parser follows one connection.
type parser struct {
	c         *proto.Conn
	queries   []*Message // without a reply yet, oldest first
	replies   []*Message // without a query
	confirmed bool
	begun     bool    // a message was read
	lost      [2]bool // over TCP, where its messages begin
	names     [maxName]byte
}

// messageCost is about what a message that waits takes.
const messageCost = 512

// Held implements proto.Holder.
func (p *parser) Held() int { return (len(p.queries) + len(p.replies)) * messageCost }

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	if p.c.Transport == proto.UDP {
		return proto.Step{Used: len(b)}, p.message(d, b)
	}
	if p.lost[d] {
		return proto.Step{Used: len(b)}, nil
	}
	used := 0
	for {
		c := wire.At(b[used:])
		n := int(c.U16())
		msg := c.Take(n)
		if !c.OK() {
			if len(b)-used >= 2 {
				return proto.Step{Used: used, Need: 2 + n}, nil
			}
			return proto.Step{Used: used, Need: 2}, nil
		}
		if err := p.message(d, msg); err != nil {
			return proto.Step{Used: used}, err
		}
		used += 2 + n
	}
}

// message handles one DNS message.
func (p *parser) message(d proto.Dir, b []byte) error {
	c := wire.At(b)
	h := readHeader(&c)
	if !c.OK() {
		return errLength
	}
	p.roles(d, h)
	switch op := h.opcode(); {
	case op == opQuery, op == opNotify, op == opUpdate, p.netbios():
	default:
		p.c.Weird("DNS_unknown_opcode", strconv.Itoa(int(op)))
		if plausible(b, len(b)) {
			p.c.Confirm()
		}
		return nil
	}
	m, matched := p.session(h)
	ok := false
	if h.opcode() == opUpdate && !p.netbios() {
		ok = p.update(b, h, m)
	} else {
		var off int
		if off, ok = p.questions(b, h, m); ok {
			ok = p.answers(b, off, h, m)
		}
	}
	if !ok {
		p.c.Weird("DNS_truncated_or_malformed", "transaction "+strconv.Itoa(int(h.id)))
	}
	if !p.confirmed && ok {
		p.confirmed = true
		p.c.Confirm()
	}
	if matched {
		p.c.Emit(m)
	}
	return nil
}

// roles mends a connection that was seen from a reply on.
func (p *parser) roles(d proto.Dir, h header) {
	if !p.begun && h.reply() && d == proto.Orig && !p.c.ID.RespH.IsMulticast() {
		p.c.Flip()
	}
	p.begun = true
}

// session finds the half that waits for this message, or starts one. matched
// says that both halves are there now.
func (p *parser) session(h header) (m *Message, matched bool) {
	waiting, own := &p.replies, &p.queries
	if h.reply() {
		waiting, own = own, waiting
	}
	for i, w := range *waiting {
		if w.TransID == h.id {
			m, matched = w, true
			*waiting = append((*waiting)[:i], (*waiting)[i+1:]...)
			break
		}
	}
	if m == nil {
		m = &Message{Conn: p.c.Head(), Proto: "udp", TransID: h.id, Opcode: record.Some(h.opcode()), OpcodeName: opcodeName(h.opcode(), p.netbios()), beyond: p.beyond() || h.opcode() != opQuery && h.opcode() != opNotify && h.opcode() != opUpdate}
		if p.c.Transport == proto.TCP {
			m.Proto = "tcp"
		}
	}
	if !matched {
		if h.reply() {
			p.c.Weird("dns_unmatched_reply", "")
		}
		if len(*own) >= maxPending {
			p.c.Weird("dns_unmatched_msg", "")
			p.c.Emit((*own)[0])
			*own = append((*own)[:0], (*own)[1:]...)
		}
		*own = append(*own, m)
	}
	if h.reply() {
		m.RCode = record.Some(h.rcode())
		m.RCodeName = rcodeNames[h.rcode()]
		if h.counts[1]+h.counts[2]+h.counts[3] == 0 && h.counts[0] > 0 || h.rcode() != 0 && h.counts[0] == 0 {
			m.Rejected = true
		}
	}
	return m, matched
}

func (p *parser) netbios() bool {
	return (p.c.ID.RespP == portNetBIOS || p.c.ID.OrigP == portNetBIOS) && p.c.Transport == proto.UDP
}

// Ports on which Zeek looks for DNS and its relatives.
const (
	portDNS     = 53
	portNetBIOS = 137
	portMDNS    = 5353
	portLLMNR   = 5355
)

// beyond tells that Zeek would not look at this connection.
func (p *parser) beyond() bool {
	switch p.c.ID.RespP {
	case portDNS:
		return false
	case portNetBIOS, portMDNS, portLLMNR:
		return p.c.Transport == proto.TCP
	}
	return true
}

// questions reads the question section and returns the offset behind it.
func (p *parser) questions(b []byte, h header, m *Message) (int, bool) {
	off := headLen
	for range min(h.counts[0], maxRecords) {
		name, next, ok := readName(b, off, p.names[:])
		if !ok {
			return 0, false
		}
		c := wire.At(b[next:])
		qtype, qclass := c.U16(), c.U16()
		if !c.OK() {
			return 0, false
		}
		off = next + 4
		if h.reply() {
			continue
		}
		m.RD = h.flags&0x0100 != 0
		m.TC = h.flags&0x0200 != 0
		m.Z = uint8(h.flags >> 4 & 7)
		m.QClass, m.QClassName = record.Some(qclass), className(qclass)
		m.QType, m.QTypeName = record.Some(qtype), typeName(qtype)
		m.Query = string(name)
		if p.netbios() {
			m.Query = netbiosName(m.Query)
			if qtype == 33 {
				m.QTypeName = "NBSTAT"
			}
		}
	}
	return off, true
}

// answers reads the answer section; what follows it is not looked at.
func (p *parser) answers(b []byte, off int, h header, m *Message) bool {
	if !h.reply() {
		return true
	}
	for range min(h.counts[1], maxRecords) {
		r, next, ok := p.record(b, off)
		if !ok {
			return false
		}
		off = next
		if len(r.data) == 0 {
			p.c.Weird("DNS_zero_rdlength", "")
			return false
		}
		if r.typ == typeSRV && p.netbios() {
			continue // a node status: no text for it
		}
		if text, ok := r.text(b); ok {
			p.answer(h, m, r, text)
			m.keep(r, b)
		}
	}
	return true
}

// answer adds one answer's text, and what a first answer tells of the reply.
func (p *parser) answer(h header, m *Message, r rr, text string) {
	m.AA = h.flags&0x0400 != 0
	m.RA = h.flags&0x0080 != 0
	if m.Query == "" && !m.QType.Set {
		m.Query = r.owner
	}
	if !m.RTT.Set {
		if rtt := p.c.Now().Sub(m.TS); rtt != 0 {
			m.RTT = record.Some(rtt)
		}
	}
	if text != "" {
		m.Answers = append(m.Answers, text)
		m.TTLs = append(m.TTLs, time.Duration(r.ttl)*time.Second)
	}
}

// keep notes the address or name that an answer holds.
func (m *Message) keep(r rr, msg []byte) {
	if a, ok := r.address(); ok && len(m.Addresses) < maxAnswers {
		m.Addresses = append(m.Addresses, a)
	}
	switch r.typ {
	case typeCNAME, typeNS, typeMX, typeSRV, typePTR, typeSOA:
		if name := r.target(msg, r.nameAt()); name != "" && len(m.Names) < maxAnswers && !slices.Contains(m.Names, name) {
			m.Names = append(m.Names, name)
		}
	}
}

// record reads one resource record (RFC 1035 section 4.1.3).
func (p *parser) record(b []byte, off int) (rr, int, bool) {
	name, next, ok := readName(b, off, p.names[:])
	if !ok {
		return rr{}, 0, false
	}
	c := wire.At(b[next:])
	r := rr{owner: string(name), typ: c.U16(), class: c.U16(), ttl: c.U32()}
	n := int(c.U16())
	r.data = c.Take(n)
	if !c.OK() {
		return rr{}, 0, false
	}
	r.off = next + c.Off() - n
	return r, next + c.Off(), true
}

// Gap implements proto.Parser. The length prefix is lost with the bytes, so that
// nothing more of the direction can be read.
func (p *parser) Gap(d proto.Dir, _ int) error {
	p.lost[d] = true
	return nil
}

// Close writes what is still without its other half.
func (p *parser) Close() {
	for _, m := range p.queries {
		p.c.Emit(m)
	}
	for _, m := range p.replies {
		p.c.Emit(m)
	}
	p.queries, p.replies = nil, nil
}
