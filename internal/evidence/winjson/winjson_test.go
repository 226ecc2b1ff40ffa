package winjson

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"longwatch/internal/evidence"
	"longwatch/internal/evidence/evidencetest"
	"longwatch/internal/evidence/evtx"
	"longwatch/internal/record/host"
)

func TestFormat(t *testing.T) { evidencetest.Run(t, Format) }
func FuzzFormat(f *testing.F) { evidencetest.Fuzz(f, Format) }
func TestLongObject(t *testing.T) {
	long := `{"EventID":1,"Channel":"` + strings.Repeat("x", maxObject+blockSize) + "\"}\n"
	good := `{"EventID":1102,"Channel":"Security","SourceName":"Microsoft-Windows-Eventlog"}` + "\n"
	records, problems, err := evidencetest.Read(t, Format, "long.json", []byte(long+good))
	if err != nil || len(problems) != 1 || problems[0].Name != "line-too-long" || len(records) != 2 {
		t.Fatalf("got %d records, problems %v, error %v", len(records), problems, err)
	}
	if got := records[0].Base().Ref.Pos; got != 2 {
		t.Errorf("event after the long line is on line %d", got)
	}
}

func TestSniff(t *testing.T) {
	for _, c := range []struct {
		head string
		want evidence.Match
	}{
		{`{"EventID":1,"Channel":"Security"}`, evidence.Sure},
		{"\ufeff[\r\n {\"Event\": {\"System\": {\"EventID\": 1}}}", evidence.Sure},
		{`{"winlog":{"channel":"x"}}`, evidence.Sure},
		{`{"ts":1.0,"uid":"C1","id.orig_h":"10.0.0.1"}`, evidence.None},
		{`{"timestamp":"2026-01-01","event_type":"alert"}`, evidence.None},
		{"Name,Channel\n", evidence.None},
		{"\ufeffTimeGenerated,Computer,\"EventID\"\r\n", evidence.Sure},
		{"RecordNumber,EventRecordId,TimeCreated,EventId,Level,Provider,Channel\n", evidence.Sure},
	} {
		if got := sniff("f.json", []byte(c.head)); got != c.want {
			t.Errorf("sniff(%q) = %d, want %d", c.head, got, c.want)
		}
	}
}

const corpora = "../../../../shared/corpora"

// TestSecurityDatasets reads every line of the sets, each of which is an event.
func TestSecurityDatasets(t *testing.T) {
	archives, _ := filepath.Glob(filepath.Join(corpora, "otrf/*/host/*.zip"))
	if len(archives) == 0 {
		t.Skip("no corpus otrf")
	}
	lines, events := 0, 0
	for _, path := range archives {
		z, err := zip.OpenReader(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, member := range z.File {
			if strings.HasPrefix(member.Name, "__MACOSX/") {
				continue
			}
			in, err := member.Open()
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(in)
			if err != nil {
				t.Fatal(err)
			}
			for line := range bytes.Lines(data) {
				if len(bytes.TrimSpace(line)) > 0 {
					lines++
				}
			}
			if m := sniff(member.Name, data[:min(len(data), evidence.SniffLen)]); m != evidence.Sure {
				t.Errorf("%s: sniff = %d", member.Name, m)
			}
			records, problems, err := evidencetest.Read(t, Format, member.Name, data)
			if err != nil || len(problems) > 0 {
				t.Errorf("%s: %v %v", member.Name, problems, err)
			}
			for _, r := range records {
				if e, ok := r.(*host.Event); ok {
					events++
					if e.TS == 0 || e.Host == "" || e.Provider == "" && e.Channel == "" {
						t.Fatalf("%s line %d has no time, host or source", member.Name, e.Ref.Pos)
					}
				}
			}
		}
		z.Close()
	}
	if events != lines || lines == 0 {
		t.Errorf("read %d events in %d lines", events, lines)
	}
}

// TestSameAsLog reads events as JSON, written by evtx_dump, and as the log
// itself: both must say the same.
func TestSameAsLog(t *testing.T) {
	var files []string
	_ = filepath.WalkDir(filepath.Join(corpora, "sigma/regression"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".json" {
			files = append(files, path)
		}
		return nil
	})
	if len(files) == 0 {
		t.Skip("no corpus sigma")
	}
	values, different := 0, 0
	for _, path := range files {
		fromJSON := events(t, Format, path)
		fromLog := map[uint64]*host.Event{}
		for _, e := range events(t, evtx.Format, strings.TrimSuffix(path, "json")+"evtx") {
			fromLog[e.RecordID] = e
		}
		for _, j := range fromJSON {
			l := fromLog[j.RecordID]
			if l == nil {
				t.Errorf("%s: record %d is not in the log", path, j.RecordID)
				continue
			}
			if l.EventID != j.EventID || l.Provider != j.Provider || l.Channel != j.Channel || l.Host != j.Host || l.PID != j.PID || l.TS/1000 != j.TS/1000 {
				t.Errorf("%s: head differs:\nlog  %+v\njson %+v", path, l, j)
			}
			for _, f := range j.Fields {
				values++
				if !same(l.Get(f.Name), f.Value) {
					different++
					t.Logf("%s %s: log %q, json %q", filepath.Base(path), f.Name, l.Get(f.Name), f.Value)
				}
			}
		}
	}
	if different > 0 || values == 0 {
		t.Errorf("%d of %d values differ", different, values)
	}
}

// same compares but for the case and braces of GUIDs and for spaces at the
// end, which that version of evtx_dump wrote in its own way.
func same(log, json string) bool {
	return strings.TrimSpace(log) == json || strings.EqualFold(strings.Trim(log, "{}"), strings.Trim(json, "{}"))
}

func events(t *testing.T, format evidence.Format, path string) []*host.Event {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	records, _, err := evidencetest.Read(t, format, path, data)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var out []*host.Event
	for _, r := range records {
		if e, ok := r.(*host.Event); ok {
			out = append(out, e)
		}
	}
	return out
}

// TestTable: a cell without end does not fill the memory, and a row that was cut
// is no event.
func TestTable(t *testing.T) {
	const names = "EventID,Channel,Computer,Message\n"
	_, _, err := evidencetest.Read(t, Format, "x.csv", []byte(names+`1,"`+strings.Repeat("x", maxObject+blockSize)))
	if !errors.Is(err, evidence.ErrCorrupt) {
		t.Errorf("error is %v", err)
	}
	records, problems, err := evidencetest.Read(t, Format, "x.csv", []byte(names+"1,System,ws5,a\n2,Syst"))
	if err != nil || len(records) != 1 || len(problems) != 1 {
		t.Errorf("%d records, problems %v, error %v", len(records), problems, err)
	}
}

func BenchmarkRead(b *testing.B) {
	line := `{"@timestamp":"2020-10-27T08:28:57.061Z","TimeCreated":"2020-10-27T08:28:57.061Z","CommandLine":"x.exe C:\\windows\\System32\\SnippingTool.exe","SubjectLogonId":"0xc61d9","NewProcessId":"0x27b4","SubjectDomainName":"WORKSTATION5","NewProcessName":"C:\\Users\\w\\Desktop\\x.exe","Level":"0","Channel":"Security","Task":"13312","SourceName":"Microsoft-Windows-Security-Auditing","Hostname":"WORKSTATION5","ProcessId":"0x2730","ParentProcessName":"C:\\Windows\\System32\\cmd.exe","EventID":4688,"Keywords":"0x8020000000000000","SubjectUserName":"w","MandatoryLabel":"S-1-16-12288"}` + "\n"
	data := []byte(strings.Repeat(line, 2000))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if records, _, _ := evidencetest.Read(b, Format, "b.json", data); len(records) != 4000 {
			b.Fatal(len(records))
		}
	}
	b.ReportMetric(float64(b.N)*2000/b.Elapsed().Seconds(), "events/s")
}

// TestWide: PowerShell's > and Out-File write UTF-16.
func TestWide(t *testing.T) {
	const text = `{"EventID":1102,"Channel":"Security","SourceName":"Microsoft-Windows-Eventlog","SubjectUserName":"Jürgen 😀"}` + "\r\n"
	for _, c := range []struct {
		name  string
		order binary.AppendByteOrder
		mark  bool
	}{
		{"little-endian with a mark", binary.LittleEndian, true},
		{"big-endian with a mark", binary.BigEndian, true},
		{"little-endian", binary.LittleEndian, false},
		{"big-endian", binary.BigEndian, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b []byte
			if c.mark {
				b = c.order.AppendUint16(b, 0xfeff)
			}
			for _, u := range utf16.Encode([]rune(strings.Repeat(text, 200))) {
				b = c.order.AppendUint16(b, u)
			}
			if m := sniff("x.json", b[:evidence.SniffLen]); m != evidence.Sure {
				t.Errorf("sniff = %d", m)
			}
			records, problems, err := evidencetest.Read(t, Format, "x.json", b)
			if err != nil || len(problems) > 0 || len(records) != 400 {
				t.Fatalf("%d records, problems %v, error %v", len(records), problems, err)
			}
			if e := records[398].(*host.Event); e.Get("SubjectUserName") != "Jürgen 😀" || e.Ref.Pos != 200 {
				t.Errorf("got %+v", e)
			}
		})
	}
}
