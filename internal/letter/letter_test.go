package letter

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"longwatch/internal/record/mail"
)

const sample = "Received: from mx.example.net (mx.example.net [192.0.2.7]) by in.example.com; Mon, 5 Oct 2009 11:36:07 +0530\r\n" +
	"From: =?utf-8?Q?J=C3=BCrgen?= <J@Example.net>\r\n" +
	"To: a@example.com,\r\n  b@example.com\r\n" +
	"Subject: an\r\n invoice\r\n" +
	"Message-ID: <1@example.net>\r\n" +
	"MIME-Version: 1.0\r\n" +
	"Content-Type: multipart/mixed; boundary=\"out er\"\r\n" +
	"\r\npreamble\r\n--out er\r\n" +
	"Content-Type: multipart/alternative; boundary=in\r\n" +
	"\r\n--in\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
	"Gr=FC=DFe, see http://example.org/a=\r\n/b.\r\n" +
	"--in\r\nContent-Type: text/html\r\n\r\n<a href=\"https://example.org/c?x=1&amp;y=2\">here</a>\r\n--in--\r\n" +
	"--out er\r\nContent-Type: application/zip; name=x.zip\r\nContent-Disposition: attachment;\r\n filename=\"in voice.pdf.exe\"\r\n" +
	"Content-Transfer-Encoding: base64\r\n\r\nTVqQAAMAAAAEAAAA\r\n//8AALg=\r\n" +
	"--out er\r\nContent-Type: message/rfc822\r\n\r\nFrom: c@example.org\r\nSubject: inner\r\n\r\nhttp://example.org/inner\r\n--out er--\r\nepilogue\r\n"

// stream reads a message line by line.
func stream(raw []byte) *mail.Message {
	b := NewBuilder(true)
	s := NewStream(b)
	for line := range bytes.Lines(raw) {
		text := bytes.TrimSuffix(line, []byte("\n"))
		s.Line(bytes.TrimSuffix(text, []byte("\r")), len(text) < len(line))
	}
	s.Close()
	return b.Message()
}

// TestStream: a message gives the same record line by line as at once.
func TestStream(t *testing.T) {
	whole, err := Read([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	lines := stream([]byte(sample))
	if d := cmp.Diff(whole, lines, cmpopts.EquateComparable(netip.Addr{})); d != "" {
		t.Error(d)
	}
	if len(lines.URLs) != 3 || len(lines.Attachments) != 1 || len(lines.Traits) == 0 || lines.Subject != "an invoice" {
		t.Errorf("%+v", lines)
	}
}

// TestDecode: what the encodings of parts make of good and of broken lines.
func TestDecode(t *testing.T) {
	for _, c := range []struct{ encoding, body, want string }{
		{"7bit", "a\r\nb\r\n", "a\r\nb\r\n"},
		{"quoted-printable", "a=3D=\r\nb =\r\nc=zz  \r\n", "a=b c=zz\r\n"},
		{"base64", "aGVs\r\nbG8=\r\nIQ==\r\n", "hello!"},
		{"base64", "aGVsbG8\r\n", "hello"},
	} {
		h := &keep{}
		s := NewStream(h)
		for line := range bytes.Lines([]byte("Content-Transfer-Encoding: " + c.encoding + "\r\n\r\n" + c.body)) {
			s.Line(bytes.TrimSuffix(line, []byte("\r\n")), true)
		}
		s.Close()
		if string(h.data) != c.want || h.depth != 0 {
			t.Errorf("%s %q: got %q, want %q (depth %d)", c.encoding, c.body, h.data, c.want, h.depth)
		}
	}
}

// keep is a Handler that keeps everything.
type keep struct {
	data  []byte
	depth int
}

func (k *keep) Begin()                { k.depth++ }
func (k *keep) Header(string, string) {}
func (k *keep) Data(b []byte)         { k.data = append(k.data, b...) }
func (k *keep) End()                  { k.depth-- }

// FuzzLetter: every part that begins ends, and what is read line by line is
// bounded.
func FuzzLetter(f *testing.F) {
	f.Add([]byte(sample))
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, _ = Read(raw)
		if m := stream(raw); m != nil && (len(m.Text) > maxText || len(m.Attachments) > maxParts) {
			t.Errorf("%d bytes of text, %d attachments", len(m.Text), len(m.Attachments))
		}
		h := &keep{}
		s := NewStream(h)
		for line := range bytes.Lines(raw) {
			s.Line(line, true)
		}
		s.Close()
		if h.depth != 0 {
			t.Errorf("%d parts are open", h.depth)
		}
	})
}
