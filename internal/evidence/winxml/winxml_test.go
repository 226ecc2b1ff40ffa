package winxml

import (
	"strings"
	"testing"

	"longwatch/internal/evidence"
	"longwatch/internal/evidence/evidencetest"
	"longwatch/internal/record/host"
)

func TestFormat(t *testing.T) { evidencetest.Run(t, Format) }
func FuzzFormat(f *testing.F) { evidencetest.Fuzz(f, Format) }

const cleared = `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Eventlog'/><EventID>1102</EventID><TimeCreated SystemTime='2026-02-03T04:05:06.1234567Z'/><EventRecordID>7</EventRecordID><Channel>Security</Channel><Computer>DC1</Computer></System><UserData><LogFileCleared xmlns='http://manifests.microsoft.com/win/2004/08/windows/eventlog'><SubjectUserName>bob</SubjectUserName></LogFileCleared></UserData></Event>`

// TestTools reads what the tools write: wevtutil an event behind the other,
// Event Viewer all in one element, PowerShell UTF-16.
func TestTools(t *testing.T) {
	wide := func(s string) []byte {
		b := []byte{0xff, 0xfe}
		for _, c := range []byte(s) {
			b = append(b, c, 0)
		}
		return b
	}
	for _, c := range []struct {
		name string
		data []byte
		line int64 // of the second event
	}{
		{"wevtutil", []byte(cleared + "\r\n" + cleared + "\r\n"), 2},
		{"Event Viewer", []byte(`<?xml version="1.0" encoding="utf-8" standalone="yes"?>` + "\r\n<Events>" + cleared + cleared + "</Events>"), 2},
		{"PowerShell", wide(cleared + "\r\n" + cleared + "\r\n"), 2},
	} {
		if sniff("x.xml", c.data[:min(len(c.data), evidence.SniffLen)]) != evidence.Sure {
			t.Errorf("%s: not known", c.name)
		}
		records, problems, err := evidencetest.Read(t, Format, "x.xml", c.data)
		if err != nil || len(problems) > 0 || len(records) != 4 {
			t.Fatalf("%s: %d records, problems %v, error %v", c.name, len(records), problems, err)
		}
		if e := records[2].(*host.Event); e.RecordID != 7 || e.Host != "dc1" || e.Ref.Pos != c.line || e.Get("SubjectUserName") != "bob" {
			t.Errorf("%s: %+v", c.name, e)
		}
		if l, ok := records[3].(*host.LogClear); !ok || l.User != "bob" {
			t.Errorf("%s: %+v", c.name, records[3])
		}
	}
}

// TestLong passes over an event without end.
func TestLong(t *testing.T) {
	long := cleared[:len(cleared)-len("</Event>")] + strings.Repeat("x", maxEvent)
	records, problems, err := evidencetest.Read(t, Format, "x.xml", []byte(long+"\n"+cleared))
	if err != nil || len(records) != 2 || len(problems) != 1 {
		t.Errorf("%d records, problems %v, error %v", len(records), problems, err)
	}
}
