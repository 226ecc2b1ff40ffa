package evtxfile_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"longwatch/internal/simulate/evtxfile"
)

var start = time.Date(2026, 3, 10, 8, 0, 0, 123456700, time.UTC)

// sample is a log of n events of four shapes: named, positional, user data,
// and without data.
func sample(n int) *evtxfile.Log {
	l := &evtxfile.Log{FirstRecord: 91234}
	for i := range n {
		at := start.Add(time.Duration(i) * time.Second)
		e := evtxfile.Event{Time: at, Channel: "Security", Computer: "DC1.example.test", Keywords: 0x8020000000000000, PID: 780, TID: 812,
			Provider: evtxfile.Provider{Name: "Microsoft-Windows-Security-Auditing", GUID: "54849625-5478-4994-A5BA-3E3B0328C30D"}}
		switch i % 4 {
		case 0:
			e.ID, e.Task = 4688, 13312
			e.Fields = []evtxfile.Field{{"SubjectUserSid", evtxfile.SID("S-1-5-21-1-2-3-1104")}, {"NewProcessId", evtxfile.Hex64(0x1a2c)},
				{"CommandLine", evtxfile.String(fmt.Sprintf("cmd.exe /c echo %d <&> \"é\"", i))}, {"Logged", evtxfile.Time(at)},
				{"Guid", evtxfile.GUID("{01234567-89AB-CDEF-0123-456789ABCDEF}")}, {"Yes", evtxfile.Bool(true)}, {"N", evtxfile.U32(70000)}}
		case 1:
			e.Provider = evtxfile.Provider{Name: "ESENT"}
			e.ID, e.Inserts = 325, []string{"lsass", "780,D,0", "C:\\x\\ntds.dit"}
		case 2:
			e.ID, e.UserData, e.Namespace = 1102, "LogFileCleared", "http://manifests.microsoft.com/win/2004/08/windows/eventlog"
			e.Fields = []evtxfile.Field{{"SubjectUserName", evtxfile.String("svc")}, {"SubjectLogonId", evtxfile.Hex64(99)}}
		case 3:
			e.ID, e.User = 1, "S-1-5-18"
		}
		l.Add(e)
	}
	return l
}

func encode(t *testing.T, l *evtxfile.Log) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := l.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The checks follow the libevtx description of file and chunk headers.
func TestHeadersAndChecksums(t *testing.T) {
	b := encode(t, sample(2000))
	le := binary.LittleEndian
	if string(b[:8]) != "ElfFile\x00" || le.Uint32(b[124:]) != crc32.ChecksumIEEE(b[:120]) {
		t.Fatal("file header")
	}
	chunks := int(le.Uint16(b[42:]))
	if chunks < 2 || len(b) != 4096+chunks*65536 {
		t.Fatalf("%d chunks in %d bytes", chunks, len(b))
	}
	next := uint64(91234)
	for i := range chunks {
		c := b[4096+i*65536:][:65536]
		free := le.Uint32(c[48:])
		if string(c[:8]) != "ElfChnk\x00" || le.Uint32(c[52:]) != crc32.ChecksumIEEE(c[512:free]) {
			t.Fatalf("chunk %d: records checksum", i)
		}
		if le.Uint32(c[124:]) != crc32.Update(crc32.ChecksumIEEE(c[:120]), crc32.IEEETable, c[128:512]) {
			t.Fatalf("chunk %d: header checksum", i)
		}
		if le.Uint64(c[24:]) != next {
			t.Fatalf("chunk %d begins with record %d, want %d", i, le.Uint64(c[24:]), next)
		}
		for at := uint32(512); at < free; {
			size := le.Uint32(c[at+4:])
			if string(c[at:at+4]) != "**\x00\x00" || le.Uint32(c[at+size-4:]) != size || le.Uint64(c[at+8:]) != next {
				t.Fatalf("chunk %d: record at %#x", i, at)
			}
			at += size
			next++
		}
	}
	if next != 91234+2000 || le.Uint64(b[24:]) != next {
		t.Fatalf("last record %d, next in header %d", next, le.Uint64(b[24:]))
	}
}

func TestDropBeforeKeepsNumbering(t *testing.T) {
	l := sample(10)
	l.DropBefore(l.Events()[4])
	b := encode(t, l)
	if got := binary.LittleEndian.Uint64(b[4096+24:]); got != 91238 || l.Len() != 6 {
		t.Fatalf("first record %d, %d events", got, l.Len())
	}
}

// tool finds an independent reader, on the path or where LONGWATCH_EVTX_DUMP says.
func tool(t *testing.T) string {
	if p := os.Getenv("LONGWATCH_EVTX_DUMP"); p != "" {
		return p
	}
	p, err := exec.LookPath("evtx_dump")
	if err != nil || exec.Command(p, "--version").Run() != nil {
		t.Skip("evtx_dump (of the Rust crate evtx) is not installed")
	}
	return p
}

func TestIndependentReader(t *testing.T) {
	dump := tool(t)
	path := filepath.Join(t.TempDir(), "Security.evtx")
	if err := os.WriteFile(path, encode(t, sample(2000)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(dump, "-o", "jsonl", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != 2000 {
		t.Fatalf("%d records, want 2000", len(lines))
	}
	var e struct {
		Event struct {
			System    map[string]any
			EventData map[string]any
		}
	}
	if err := json.Unmarshal([]byte(lines[4]), &e); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"CommandLine": `cmd.exe /c echo 4 <&> "é"`, "SubjectUserSid": "S-1-5-21-1-2-3-1104", "NewProcessId": "0x1a2c", "N": "70000",
		"Guid": "{01234567-89ab-cdef-0123-456789abcdef}", "Logged": "2026-03-10T08:00:04.123456Z",
	} {
		if got := fmt.Sprint(e.Event.EventData[name]); got != want && !strings.HasPrefix(got, strings.TrimSuffix(want, "Z")) {
			t.Errorf("%s = %s, want %s", name, got, want)
		}
	}
	if !strings.Contains(lines[1], `ntds.dit`) || !strings.Contains(lines[2], `"LogFileCleared"`) {
		t.Errorf("positional or user data: %s\n%s", lines[1], lines[2])
	}
}
