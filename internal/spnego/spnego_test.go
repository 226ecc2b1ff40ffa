package spnego_test

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"testing"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/spnego"
)

// heard is what the inner parsers were given: "ntlm> text", "krb< ...", "ntlm accepted".
type heard struct{ lines []string }

type inner struct {
	name string
	h    *heard
}

func (p inner) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	p.h.lines = append(p.h.lines, p.name+[]string{"> ", "< "}[d]+string(b))
	return proto.Step{Used: len(b)}, nil
}
func (p inner) Gap(proto.Dir, int) error { return nil }
func (p inner) Close()                   {}
func (p inner) Authenticated(ok bool, _ proto.Authority) {
	p.h.lines = append(p.h.lines, p.name+map[bool]string{true: " accepted", false: " refused"}[ok])
}

// engine knows ntlm and krb, and keeps the services.
type engine struct {
	h        *heard
	services []string
}

func (e *engine) Now() record.Time                          { return 1 }
func (e *engine) Ref() record.Ref                           { return record.Ref{} }
func (e *engine) Emit(record.Record)                        {}
func (e *engine) Weird(*proto.Conn, string, string, string) {}
func (e *engine) Confirm(_ *proto.Conn, service string)     { e.services = append(e.services, service) }
func (e *engine) Flip(*proto.Conn)                          {}
func (e *engine) Probing(proto.Transport) []proto.Spec      { return nil }
func (e *engine) Expect(*proto.Conn, proto.Expected)        {}
func (e *engine) Shared(_ *proto.Conn, _ string, begin func() proto.Sharer) proto.Sharer {
	return begin()
}
func (e *engine) Local(netip.Addr) bool { return false }
func (e *engine) Lookup(name string) (proto.Spec, bool) {
	return proto.Spec{Name: name, New: func(*proto.Conn) proto.Parser { return inner{name, e.h} }}, name == "ntlm" || name == "krb"
}

func exchange() (*spnego.Exchange, *engine) {
	e := &engine{h: &heard{}}
	return spnego.New(&proto.Conn{Engine: e, Transport: proto.TCP}), e
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Tokens by RFC 4178 section 4.2 and RFC 4121 section 4.1, with letters in
// place of the mechanism's messages.
const (
	ntlmMessage = "4e544c4d5353500041"
	initNTLM    = "6025" + "06062b0601050502" + "a01b" + "3019" + "a00a" + "3008" + "0606" + "2b0601040182" + "a20b" + "0409" + ntlmMessage
	accepted    = "a107" + "3005" + "a003" + "0a0100"
	incomplete  = "a107" + "3005" + "a003" + "0a0101"
	rejected    = "a107" + "3005" + "a003" + "0a0102"
	bareKrb     = "600f" + "06092a864886f712010202" + "0100" + "6e00"
)

func TestTokens(t *testing.T) {
	for _, c := range []struct {
		name     string
		tokens   []string
		want     []string
		services []string
	}{
		{"bare NTLM", []string{ntlmMessage}, []string{"ntlm> NTLMSSP\x00A"}, nil},
		{"negotiated, accepted", []string{initNTLM, incomplete, accepted}, []string{"ntlm> NTLMSSP\x00A", "ntlm accepted"}, []string{"gssapi", "gssapi", "gssapi"}},
		{"negotiated, refused", []string{initNTLM, rejected}, []string{"ntlm> NTLMSSP\x00A", "ntlm refused"}, []string{"gssapi", "gssapi"}},
		{"bare Kerberos", []string{bareKrb}, []string{"krb> n\x00"}, nil},
		{"garbage", []string{"6005060312", "ff", "a1020500", ""}, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			x, e := exchange()
			for _, s := range c.tokens {
				x.Token(proto.Orig, unhex(t, s))
			}
			x.Close()
			if !slices.Equal(e.h.lines, c.want) {
				t.Errorf("inner parsers heard %q, want %q", e.h.lines, c.want)
			}
			if !slices.Equal(e.services, c.services) {
				t.Errorf("services %q, want %q", e.services, c.services)
			}
		})
	}
}

func FuzzToken(f *testing.F) {
	for _, s := range []string{ntlmMessage, initNTLM, accepted, bareKrb} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		x, e := exchange()
		x.Token(proto.Resp, b)
		x.Close()
		for _, l := range e.h.lines {
			if len(l) > len(b)+len("ntlm accepted") {
				t.Errorf("an inner parser got %d bytes of a token of %d", len(l), len(b))
			}
		}
	})
}
