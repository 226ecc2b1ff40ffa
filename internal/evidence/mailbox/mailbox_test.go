package mailbox

import (
	"testing"

	"longwatch/internal/evidence/evidencetest"
	"longwatch/internal/record/mail"
)

func TestFormat(t *testing.T) { evidencetest.Run(t, Format) }

func FuzzFormat(f *testing.F) { evidencetest.Fuzz(f, Format) }

// mboxcl2 is a file whose texts are not quoted: Content-Length says where each
// message ends (mbox(5) of qmail). It is no golden case: cut short, such a file
// looks like one whose lengths are wrong.
const mboxcl2 = `From a@example.org Sun Mar  1 08:00:00 2026
From: a@example.org
To: b@example.gov
Subject: one
Content-Length: 105

See below.

From c@example.org Sun Mar  1 07:00:00 2026
Subject: not a message

http://example.org/one
.

From a@example.org Sun Mar  1 09:00:00 2026
From: a@example.org
To: b@example.gov
Subject: two

From here on this is text, as no time and no header follow.

From hell they came:
http://example.org/two
`

func TestContentLength(t *testing.T) {
	records, problems, err := evidencetest.Read(t, Format, "box", []byte(mboxcl2))
	if err != nil || len(problems) > 0 || len(records) != 2 {
		t.Fatalf("%d records, %v, %v", len(records), problems, err)
	}
	for i, want := range []string{"one", "two"} {
		if m := records[i].(*mail.Message); m.Subject != want || len(m.URLs) != 1 {
			t.Errorf("message %d: subject %q, links %q", i, m.Subject, m.URLs)
		}
	}
}

// TestEMLX: Apple Mail's files begin with the length of the message and end
// with a property list.
func TestEMLX(t *testing.T) {
	const message = "From: a@example.org\nTo: b@example.gov\nSubject: s\n\ntext\n"
	in := []byte("55\n" + message + "<?xml version=\"1.0\"?><plist/>\n")
	if Format.Sniff("1.emlx", in) == 0 {
		t.Error("not recognised")
	}
	records, problems, err := evidencetest.Read(t, Format, "1.emlx", in)
	if err != nil || len(problems) > 0 || len(records) != 1 {
		t.Fatalf("%d records, %v, %v", len(records), problems, err)
	}
	if m := records[0].(*mail.Message); m.Text != "text" {
		t.Errorf("text %q", m.Text)
	}
}
