package opcua

import (
	"fmt"
	"slices"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// message reads one chunk. A message of several chunks is read when the last
// has come.
func (p *parser) message(d proto.Dir, kind string, final byte, body []byte) {
	if !p.known {
		p.known = true
		p.c.Confirm()
	}
	m := &Message{Conn: p.c.Head(), MsgType: kind, IsFinal: string(rune(final)), TotalSize: uint64(headLen + len(body)), Beyond: p.lost}
	c := wire.At(body)
	switch kind {
	case "HEL", "ACK", "RHE":
		if kind == "RHE" {
			str(&c)
		} else {
			for _, v := range []*record.Opt[uint64]{&m.Version, &m.RcvBufSize, &m.SndBufSize, &m.MaxMsgSize, &m.MaxChunkCnt} {
				*v = some(c.L32())
			}
		}
		if kind != "ACK" {
			m.EndpointURL = str(&c)
		}
		p.put(m)
	case "ERR":
		m.Error = some(c.L32())
		m.Reason = str(&c)
		p.put(m)
	default:
		p.secured(d, m, &c)
	}
}

// secured reads a chunk of a secure channel.
func (p *parser) secured(d proto.Dir, m *Message, c *wire.Cursor) {
	h := &p.half[d]
	m.SecChannelID = []uint64{uint64(c.L32())}
	if m.MsgType == "OPN" {
		for _, f := range []struct {
			n *record.Opt[int64]
			s *string
		}{{&m.SecPolicyURILen, &m.SecPolicyURI}, {&m.SndCertLen, &m.SndCert}, {&m.RcvCertLen, &m.RcvCert}} {
			n := int32(c.L32()) // #nosec G115 -- signed in the protocol
			b := c.Take(max(int(n), 0))
			*f.n = record.Some(int64(n))
			switch {
			case f.s == &m.SecPolicyURI:
				*f.s = string(b)
			case n > 0:
				*f.s = hexText(b)
			}
		}
	} else {
		c.Skip(4) // token
	}
	seq := some(c.L32())
	m.RequestID = some(c.L32())
	if !c.OK() {
		p.c.Weird("opcua_binary_message_too_short", m.MsgType)
		return
	}
	body := c.Rest()
	if m.MsgType == "MSG" {
		switch {
		case m.IsFinal == "A":
			h.chunk, h.size = nil, 0
			p.put(m)
			return
		case len(h.chunk)+len(body) > maxBody:
			p.c.Weird("opcua_binary_message_too_long", "")
			h.chunk, h.size = nil, 0
			return
		case m.IsFinal == "C":
			h.chunk = append(h.chunk, body...)
			h.size += m.TotalSize
			return
		case len(h.chunk) > 0:
			body = append(h.chunk, body...)
			m.TotalSize += h.size
			h.chunk, h.size = nil, 0
		}
	}
	p.service(d, m, seq, body)
}

// service reads a whole message, and joins it with its other half.
func (p *parser) service(d proto.Dir, m *Message, seq record.Opt[uint64], body []byte) {
	b := &build{p: p, c: wire.At(body), m: m}
	mask := b.c.U8()
	id := b.node(mask)
	name := ""
	if b.c.OK() && id.number.Set && mask <= 2 {
		name = serviceName(id.number.V)
	}
	m.Access = accessOf(name)
	b.begin(d)
	link, size := p.links.Next(), some(m.TotalSize)
	b.link = link
	request := strings.HasSuffix(name, "Request") || m.MsgType == "CLO"
	if request {
		m.ReqLinkID, m.ReqMsgSize, m.ReqSeqNumber = link, size, seq
	} else {
		m.ResLinkID, m.ResMsgSize, m.ResSeqNumber = link, size, seq
	}
	if name != "" {
		ns := id.namespace
		if !ns.Set {
			ns = some(0)
		}
		if request {
			m.ReqEncodingMask, m.ReqNamespaceIdx, m.ReqIdentifier, m.ReqIdentifierStr = some(mask), ns, id.number, name
			b.requestHead()
		} else {
			m.ResEncodingMask, m.ResNamespaceIdx, m.ResIdentifier, m.ResIdentifierStr = some(mask), ns, id.number, name
			b.responseHead()
		}
		if f := services[name]; f != nil {
			f(b)
		}
		if !b.c.OK() {
			p.c.Weird("opcua_binary_malformed", name)
			p.rows = p.rows[:0]
		}
	}
	p.join(m, request && m.MsgType != "CLO")
	for i, r := range p.rows {
		p.c.Emit(r)
		p.rows[i] = nil
	}
	p.rows = p.rows[:0]
	if p.over {
		p.over = false
		p.c.Weird("opcua_binary_too_many_items", name)
	}
}

// put emits a message that has no other half.
func (p *parser) put(m *Message) { p.c.Emit(m) }

// pending are messages that wait for their other half, oldest first.
type pending struct {
	by  map[uint64]*Message
	all []*Message
}

func (w *pending) add(m *Message) bool {
	if _, twice := w.by[m.RequestID.V]; twice || len(w.all) == maxPending {
		return false
	}
	if w.by == nil {
		w.by = map[uint64]*Message{}
	}
	w.by[m.RequestID.V] = m
	w.all = append(w.all, m)
	return true
}

func (w *pending) remove(m *Message) {
	delete(w.by, m.RequestID.V)
	if i := slices.Index(w.all, m); i >= 0 {
		w.all = slices.Delete(w.all, i, i+1)
	}
}

// join emits a request together with its answer, whichever came first. What
// cannot wait is written without what only one of them has, as Zeek's analyzer
// does.
func (p *parser) join(m *Message, request bool) {
	if m.MsgType == "CLO" {
		p.put(m)
		return
	}
	mine, theirs := &p.wait[1], &p.wait[0]
	if request {
		mine, theirs = theirs, mine
	}
	if other := theirs.by[m.RequestID.V]; other != nil {
		req, res := other, m
		if request {
			req, res = m, other
		}
		if n, ok := strings.CutSuffix(res.ResIdentifierStr, "Response"); ok && req.ReqIdentifierStr == n+"Request" && req.MsgType == res.MsgType {
			theirs.remove(other)
			p.put(req.with(res))
			return
		}
	}
	if !mine.add(m) {
		p.put(m.common())
	}
}

// with is a request joined with its answer.
func (m *Message) with(res *Message) *Message {
	j := *m
	j.TotalSize += res.TotalSize
	if m.SecChannelID[0] != res.SecChannelID[0] {
		j.SecChannelID = []uint64{m.SecChannelID[0], res.SecChannelID[0]}
	}
	j.ResLinkID, j.ResMsgSize, j.ResSeqNumber = res.ResLinkID, res.ResMsgSize, res.ResSeqNumber
	j.ResEncodingMask, j.ResNamespaceIdx = res.ResEncodingMask, res.ResNamespaceIdx
	j.ResIdentifier, j.ResIdentifierStr = res.ResIdentifier, res.ResIdentifierStr
	j.ResHdrTimestamp, j.ResHdrRequestHandle, j.StatusCodeLinkID = res.ResHdrTimestamp, res.ResHdrRequestHandle, res.StatusCodeLinkID
	j.ResHdrServiceDiagEncoding = res.ResHdrServiceDiagEncoding
	j.ResHdrAddHdrTypeID, j.ResHdrAddHdrEncMask = res.ResHdrAddHdrTypeID, res.ResHdrAddHdrEncMask
	j.Beyond = m.Beyond || res.Beyond
	return &j
}

// common is a message with what every message has.
func (m *Message) common() *Message {
	return &Message{
		Conn: m.Conn, MsgType: m.MsgType, IsFinal: m.IsFinal, TotalSize: m.TotalSize, SecChannelID: m.SecChannelID,
		SecPolicyURILen: m.SecPolicyURILen, SecPolicyURI: m.SecPolicyURI, SndCertLen: m.SndCertLen, SndCert: m.SndCert,
		RcvCertLen: m.RcvCertLen, RcvCert: m.RcvCert, RequestID: m.RequestID, Access: m.Access, Beyond: m.Beyond,
	}
}

// maxHex is how much of certificates, nonces and signatures a record shows.
const maxHex = 24

// hexText is the beginning of b in hexadecimal.
func hexText(b []byte) string {
	if len(b) > maxHex {
		return fmt.Sprintf("%#x...", b[:maxHex])
	}
	if len(b) == 0 {
		return "0x"
	}
	return fmt.Sprintf("%#x", b)
}

func some[T uint8 | uint16 | uint32 | uint64 | int](v T) record.Opt[uint64] {
	return record.Some(uint64(v)) // #nosec G115 -- never negative
}
