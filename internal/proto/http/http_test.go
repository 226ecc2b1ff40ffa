package http

import (
	"strings"
	"testing"

	"longwatch/internal/proto"
	"longwatch/internal/proto/ntlm"
	"longwatch/internal/proto/prototest"
)

func TestProtocol(t *testing.T)      { prototest.Run(t, Protocol, ntlm.Protocol) }
func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, Protocol) }
func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, Protocol) }

// TestProbe: HTTP is known on any port, and protocols with the same verbs are
// not called so.
func TestProbe(t *testing.T) {
	tests := []struct {
		name string
		b    string
		want proto.Verdict
	}{
		{"request", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", proto.Yes},
		{"unknown method", "FROB /x HTTP/1.0\r\n", proto.Yes},
		{"long target without its end", "GET /" + strings.Repeat("a", 200), proto.Yes},
		{"beginning of a method", "PO", proto.Maybe},
		{"reply", "HTTP/1.1 200 OK\r\n", proto.Yes},
		{"beginning of a reply", "HTTP/1.1 2", proto.Maybe},
		{"0.9", "GET /index.html\r\n", proto.Yes},
		{"no blank behind the method", "GET/ HTTP/1.1\r\n", proto.Maybe},
		{"method alone", "OPTIONS\r\nHost: h\r\n", proto.Maybe},
		{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", proto.No},
		{"SIP", "OPTIONS sip:a@example.com SIP/2.0\r\n", proto.No},
		{"RTSP", "OPTIONS rtsp://h/ RTSP/1.0\r\n", proto.No},
		{"ICAP", "OPTIONS icap://h/ ICAP/1.0\r\n", proto.No},
		{"SMTP", "EHLO example.com\r\n", proto.No},
		{"FTP", "USER anonymous\r\n", proto.No},
		{"IRC", "NICK somebody\r\n", proto.No},
		{"SSH", "SSH-2.0-OpenSSH_9.6\r\n", proto.No},
		{"Redis", "GET key\r\n", proto.Maybe},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", proto.No},
	}
	for _, tt := range tests {
		if got := probe(proto.Orig, []byte(tt.b)); got != tt.want {
			t.Errorf("%s: verdict %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestUnescape(t *testing.T) {
	tests := []struct{ in, want, odd string }{
		{"/plain", "/plain", ""},
		{"/a%2Fb%41", "/a/bA", ""},
		{"/%u0041", "/A", ""}, // the form of old Microsoft clients
		{"/x%", "/x%", "illegal_%_at_end_of_URI"},
		{"/x%4", "/x%4", "partial_escape_at_end_of_URI"},
		{"/x%%41", "/xA", "double_%_in_URI"},
		{"/x%zz", "/x%zz", "unescaped_%_in_URI"},
	}
	for _, tt := range tests {
		if got, odd := unescape([]byte(tt.in)); got != tt.want || odd != tt.odd {
			t.Errorf("%q: %q and %q, want %q and %q", tt.in, got, odd, tt.want, tt.odd)
		}
	}
}

// TestParameterName follows the examples of RFC 6266 section 5 and RFC 8187.
func TestParameterName(t *testing.T) {
	tests := []struct{ in, want string }{
		{`Attachment; filename=example.html`, "example.html"},
		{`INLINE; FILENAME= "an example.html"`, "an example.html"},
		{`attachment; filename*= UTF-8''%e2%82%ac%20rates`, "\u20ac rates"},
		{`attachment; filename="EURO rates"; filename*=utf-8''%e2%82%ac%20rates`, "\u20ac rates"},
		{`form-data; name="field"`, ""},
	}
	for _, tt := range tests {
		if got := parameterName(tt.in, "filename"); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
		}
	}
}

// FuzzMultipart: however a body is cut, the parts' bytes are the same, and
// together never more than the body.
func FuzzMultipart(f *testing.F) {
	f.Add([]byte("--b\r\n\r\none\r\n--b\r\nX: y\r\n\r\ntwo\r\n--b--\r\n"), uint8(3))
	f.Fuzz(func(t *testing.T, data []byte, n uint8) {
		whole, cut := split(data, len(data)+1), split(data, int(n)+1)
		if whole != cut {
			t.Errorf("whole %q, in pieces of %d: %q", whole, int(n)+1, cut)
		}
		if len(whole) > len(data) {
			t.Errorf("parts of %d bytes from a body of %d", len(whole), len(data))
		}
	})
}

// split returns the content of all parts, one behind the other.
func split(data []byte, n int) string {
	var got []byte
	var b body
	b.parts.begin(&b, "b")
	b.parts.out = func(p []byte) { got = append(got, p...) }
	for len(data) > 0 {
		k := min(n, len(data))
		b.parts.write(append([]byte(nil), data[:k]...))
		data = data[k:]
	}
	b.parts.end()
	return string(got)
}

func TestMultipartContent(t *testing.T) {
	body := "--b\r\nA: b\r\n\r\none\r\n\r\n--b \r\n\r\n\r\n--bx\n--b\n\ntwo\n--b--\r\nepilogue"
	for n := 1; n <= len(body); n++ {
		if got, want := split([]byte(body), n), "one\r\n"+"\r\n--bx"+"two"; got != want {
			t.Fatalf("%d at a time: %q, want %q", n, got, want)
		}
	}
}
