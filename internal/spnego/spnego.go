// Package spnego takes GSS-API tokens apart, as SMB, DCE/RPC, LDAP and HTTP
// carry them, and hands the mechanism's own messages to the parser of that
// mechanism: NTLMSSP to "ntlm", Kerberos to "krb".
//
//	x := spnego.New(c)
//	x.Token(proto.Orig, blob) // SPNEGO, bare Kerberos or bare NTLMSSP
//	x.Close()
//
// Sources: RFC 2743 section 3.1, RFC 4178 section 4.2, RFC 4121 section 4.1.
package spnego

import (
	"bytes"

	"longwatch/internal/ber"
	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// Service is the name under which GSS-API shows in a connection's service.
const Service = "gssapi"

// maxElements bounds the elements looked at in one negotiation token.
const maxElements = 16

// States of NegTokenResp (RFC 4178 section 4.2.2).
const (
	acceptCompleted  = 0
	acceptIncomplete = 1
)

// Exchange follows the security tokens of one connection, or of one session of
// it. The zero value is not usable.
type Exchange struct {
	c         *proto.Conn
	ntlm, krb *proto.Stream
}

// New returns an exchange whose inner parsers report as part of c.
func New(c *proto.Conn) *Exchange { return &Exchange{c: c} }

// NewAside is New for logons whose records stay out of Zeek's formats. named
// tells whether they show in the connection's service all the same.
func NewAside(c *proto.Conn, named bool) *Exchange {
	own := *c
	own.Engine = aside{Engine: c.Engine, named: named}
	return New(&own)
}

type aside struct {
	proto.Engine
	named bool
}

func (a aside) Confirm(c *proto.Conn, service string) {
	if a.named {
		a.Engine.Confirm(c, service)
	}
}

func (a aside) Emit(r record.Record) {
	if x, ok := r.(interface{ PutAside() }); ok {
		x.PutAside()
	}
	a.Engine.Emit(r)
}

// Token takes one token as the outer protocol carried it. What is no token
// that we know is ignored.
func (x *Exchange) Token(d proto.Dir, b []byte) {
	if bytes.HasPrefix(b, []byte("NTLMSSP\x00")) {
		x.toNTLM(d, b)
		return
	}
	outer, _, ok := ber.Next(b)
	if !ok {
		return
	}
	switch {
	case outer.Is(ber.Application, 0): // InitialContextToken
		oid, rest, ok := ber.Next(outer.Body)
		if !ok || !oid.Is(ber.Universal, ber.OID) {
			return
		}
		if isKerberos(oid.Body) {
			x.kerberosToken(d, rest)
			return
		}
		if init, _, ok := ber.Next(rest); ok && init.Is(ber.Context, 0) {
			x.negotiate(d, init)
		}
	case outer.Is(ber.Context, 1): // NegTokenResp
		x.negotiate(d, outer)
	}
}

// Done says that the outer protocol accepted or refused the authentication,
// for tokens that do not say so themselves.
func (x *Exchange) Done(ok bool) { x.done(ok, proto.Around) }

func (x *Exchange) done(ok bool, by proto.Authority) {
	for _, s := range []*proto.Stream{x.ntlm, x.krb} {
		if s != nil {
			s.Authenticated(ok, by)
		}
	}
}

// Close ends the inner parsers.
func (x *Exchange) Close() {
	for _, s := range []*proto.Stream{x.ntlm, x.krb} {
		if s != nil {
			s.Close()
		}
	}
}

// negotiate walks NegTokenInit or NegTokenResp: in both, element 2 is the
// mechanism's token; in the response element 0 is the state.
func (x *Exchange) negotiate(d proto.Dir, v ber.Value) {
	seq, ok := v.Inside()
	if !ok || !seq.Is(ber.Universal, ber.Sequence) {
		return
	}
	x.c.Engine.Confirm(x.c, Service)
	response := v.Tag == 1
	state := int64(-1)
	rest := seq.Body
	for range maxElements {
		var e ber.Value
		if e, rest, ok = ber.Next(rest); !ok {
			break
		}
		in, ok := e.Inside()
		if !ok || e.Class != ber.Context {
			continue
		}
		switch {
		case response && e.Tag == 0:
			state, _ = in.Int()
		case e.Tag == 2:
			x.mechanism(d, in.Body)
		}
	}
	if state >= 0 && state != acceptIncomplete {
		x.done(state == acceptCompleted, proto.Negotiated)
	}
}

// mechanism takes the token inside the negotiation.
func (x *Exchange) mechanism(d proto.Dir, b []byte) {
	if bytes.HasPrefix(b, []byte("NTLMSSP\x00")) {
		x.toNTLM(d, b)
		return
	}
	v, _, ok := ber.Next(b)
	if !ok || v.Class != ber.Application {
		return
	}
	if v.Tag != 0 { // a Kerberos message without the GSS header, as some clients send
		x.toKerberos(d, b)
		return
	}
	if oid, rest, ok := ber.Next(v.Body); ok && isKerberos(oid.Body) {
		x.kerberosToken(d, rest)
	}
}

// kerberosToken skips the two-byte token id (RFC 4121 section 4.1).
func (x *Exchange) kerberosToken(d proto.Dir, b []byte) {
	if len(b) > 2 && (b[0] == 1 || b[0] == 2 || b[0] == 3) && b[1] == 0 {
		x.toKerberos(d, b[2:])
	}
}

func (x *Exchange) toNTLM(d proto.Dir, b []byte) {
	if x.ntlm == nil {
		x.ntlm = x.c.Inner("ntlm")
	}
	if x.ntlm != nil {
		_ = x.ntlm.Feed(d, b) // its error ends the inner parser only
	}
}

func (x *Exchange) toKerberos(d proto.Dir, b []byte) {
	if x.krb == nil {
		x.krb = x.c.Inner("krb")
	}
	if x.krb != nil {
		_ = x.krb.Feed(d, b)
	}
}

// isKerberos knows the Kerberos V5 mechanism (1.2.840.113554.1.2.2), the
// misspelt one of old Windows (1.2.840.48018.1.2.2) and user-to-user (...2.2.3).
func isKerberos(oid []byte) bool {
	return bytes.HasPrefix(oid, []byte("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02")) ||
		bytes.HasPrefix(oid, []byte("\x2a\x86\x48\x82\xf7\x12\x01\x02\x02"))
}
