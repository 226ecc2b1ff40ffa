package kerberos

import (
	"longwatch/internal/ber"
	"longwatch/internal/cert"
	"longwatch/internal/proto"
	"longwatch/internal/wirefile"
)

// Pre-authentication data that carries certificates (RFC 4556 section 3.1.3).
const (
	paPKASReq = 16
	paPKASRep = 17
)

const (
	maxPAData   = 32 // elements of padata looked at
	maxDepth    = 12 // levels down to the certificates of a SignedData
	maxElements = 256
)

// certificates writes an x509 record for each certificate of PKINIT. client
// says that the client sent them.
func (p *parser) certificates(d proto.Dir, padata ber.Value, client bool) {
	rest := padata.Body
	for range maxPAData {
		e, next, ok := ber.Next(rest)
		if !ok {
			return
		}
		rest = next
		f := fields(e)
		if kind, ok := f[1].Int(); ok && (kind == paPKASReq || kind == paPKASRep) {
			budget := maxElements
			p.signed(d, f[2].Body, client, 0, &budget)
		}
	}
}

// signed walks down to the certificates: they are the sequences inside the
// [0] of a CMS SignedData (RFC 5652 section 5.1), below wrappings that differ
// between requests and replies.
func (p *parser) signed(d proto.Dir, b []byte, client bool, depth int, budget *int) {
	if depth > maxDepth {
		return
	}
	first := true
	for *budget > 0 {
		start := b
		v, rest, ok := ber.Next(b)
		if !ok {
			return
		}
		*budget--
		b = rest
		if !v.Constructed && (v.Class != ber.Context || len(v.Body) <= 0) {
			continue
		}
		if v.Class == ber.Universal && v.Tag == ber.Sequence {
			if c, err := cert.Parse(start[:len(start)-len(rest)]); err == nil && c.Subject != "" {
				head := p.c.Head()
				p.c.Emit(c.Record(head.Head, first, client))
				first = false
				ex, fuid := p.exchange(), wirefile.New(p.c, "KRB", d).FUID()
				if client {
					ex.ClientSubject, ex.ClientFUID = c.Subject, fuid
				} else {
					ex.ServerSubject, ex.ServerFUID = c.Subject, fuid
				}
				continue
			}
		}
		p.signed(d, v.Body, client, depth+1, budget)
	}
}
