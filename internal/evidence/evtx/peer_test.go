package evtx

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"longwatch/internal/evidence/evidencetest"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// TestSameAsRustReader compares every field of every event of the corpora with
// the Rust reader: evtx_dump, by EVTX_DUMP or on the path, or its Python
// module. Where the two show the same value in different ways, ours being that
// of Windows, plain names the difference; nothing else is forgiven. Theirs must
// not have an event that ours has not.
func TestSameAsRustReader(t *testing.T) {
	paths := logs(t)
	if len(paths) == 0 {
		t.Skip("no corpora")
	}
	dump := findPeer(paths)
	if dump == nil {
		t.Skip("the Rust reader is absent: cargo install evtx, or pip install evtx")
	}
	fields, different := 0, 0
	for _, path := range paths {
		own, seen := ours(t, path), map[uint64]int{}
		for _, p := range dump(t, path) {
			id, _ := number([]byte(p.head["EventRecordID"]))
			e := own[key{id, seen[id]}]
			seen[id]++
			if e == nil {
				different++
				t.Logf("%s: only theirs has record %d", filepath.Base(path), id)
				continue
			}
			n, diffs := compare(e, p)
			fields += n
			different += len(diffs)
			for _, d := range diffs {
				t.Logf("%s record %d: %s", filepath.Base(path), id, d)
			}
		}
	}
	t.Logf("%d of %d fields in %d files agree: %.3f %%", fields-different, fields, len(paths), 100*float64(fields-different)/float64(max(fields, 1)))
	if different*10000 > fields {
		t.Errorf("%d of %d fields differ, more than one in ten thousand", different, fields)
	}
}

// TestDamagedAsRustReader damages logs in ways that happen and that are meant:
// nothing aborts, and at least as many records come out as of the Rust reader.
func TestDamagedAsRustReader(t *testing.T) {
	paths := logs(t)
	if len(paths) == 0 {
		t.Skip("no corpora")
	}
	rng := rand.New(rand.NewPCG(5, 6)) // #nosec G404 -- not a secret
	dir := t.TempDir()
	var damaged []string
	for i, path := range paths {
		if i%4 != 0 {
			continue // a quarter tells enough
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for j, damage := range []func([]byte) []byte{
			func(b []byte) []byte { return b[:len(b)-rng.IntN(len(b)/2)] }, // cut off
			func(b []byte) []byte { // a torn page
				at := blockSize + rng.IntN(len(b)-blockSize)
				clear(b[at:min(at+512, len(b))])
				return b
			},
			func(b []byte) []byte { // flipped bits
				for range 8 {
					b[blockSize+rng.IntN(len(b)-blockSize)] ^= 1 << rng.IntN(8)
				}
				return b
			},
			func(b []byte) []byte { clear(b[8:blockSize]); return b }, // a wiped header
		} {
			name := filepath.Join(dir, fmt.Sprintf("%d-%d.evtx", i, j))
			if err := os.WriteFile(name, damage(bytes.Clone(data)), 0o600); err != nil {
				t.Fatal(err)
			}
			damaged = append(damaged, name)
		}
	}
	dump := findPeer(damaged)
	if dump == nil {
		t.Skip("the Rust reader is absent: cargo install evtx, or pip install evtx")
	}
	own, their := 0, 0
	for _, path := range damaged {
		a, b := len(ours(t, path)), len(dump(t, path))
		own, their = own+a, their+b
		if a < b {
			t.Errorf("%s: %d records, theirs %d", path, a, b)
			if keep := os.Getenv("KEEP_DAMAGED"); keep != "" {
				data, _ := os.ReadFile(path)
				_ = os.WriteFile(filepath.Join(keep, filepath.Base(path)), data, 0o600)
			}
		}
	}
	t.Logf("%d records of %d damaged files, theirs %d", own, len(damaged), their)
}

// logs lists the event logs of the corpora.
func logs(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, folder := range []string{"evtx", "evtx-parse", "sigma/regression"} {
		_ = filepath.WalkDir(filepath.Join(corpora, folder), func(path string, _ fs.DirEntry, err error) error {
			if err == nil && filepath.Ext(path) == ".evtx" {
				out = append(out, path)
			}
			return nil
		})
	}
	return out
}

// key tells events of one log apart: the number that the event has, and how
// often it came before, for files are stuck together of several logs.
type key struct {
	id    uint64
	again int
}

func ours(t *testing.T, path string) map[key]*host.Event {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	records, _, _ := evidencetest.Read(t, Format, path, data)
	out, seen := map[key]*host.Event{}, map[uint64]int{}
	for _, r := range records {
		if e, ok := r.(*host.Event); ok {
			out[key{e.RecordID, seen[e.RecordID]}] = e
			seen[e.RecordID]++
		}
	}
	return out
}

// peerEvent is an event as their XML has it.
type peerEvent struct {
	head     map[string]string // System, by path
	data     []record.KV
	rendered []record.KV
}

// peerScript writes as evtx_dump does, one file after the other. What it cannot
// decode raises.
const peerScript = `
import sys, evtx
for path in sys.argv[1:]:
    print("\x1dFile", path)
    records = evtx.PyEvtxParser(path, 1).records()
    while True:
        try:
            r = next(records)
        except StopIteration:
            break
        except Exception:
            continue
        print("Record", r["event_record_id"])
        print(r["data"])
`

// findPeer returns what reads one of paths with the Rust reader, nil when there
// is none. The Python module is started once, for all of them.
func findPeer(paths []string) func(*testing.T, string) []peerEvent {
	dump := os.Getenv("EVTX_DUMP")
	if dump == "" {
		dump = "evtx_dump"
	}
	if _, err := exec.LookPath(dump); err == nil {
		return func(t *testing.T, path string) []peerEvent {
			out, _ := exec.Command(dump, "-t", "1", "-o", "xml", path).Output() // the status tells of damage, too
			return parsePeer(t, path, out)
		}
	}
	all, err := exec.Command("python3", append([]string{"-c", peerScript}, paths...)...).Output()
	if err != nil {
		return nil
	}
	return func(t *testing.T, path string) []peerEvent {
		_, own, _ := bytes.Cut(all, []byte("\x1dFile "+path+"\n"))
		own, _, _ = bytes.Cut(own, []byte("\x1dFile "))
		return parsePeer(t, path, own)
	}
}

var recordLine = regexp.MustCompile(`(?m)^Record (\d+)\r?\n<\?xml`)

func parsePeer(t *testing.T, path string, out []byte) []peerEvent {
	t.Helper()
	var events []peerEvent
	starts := recordLine.FindAllSubmatchIndex(out, -1)
	for i, s := range starts {
		end := len(out)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		id, _ := strconv.ParseUint(string(out[s[2]:s[3]]), 10, 64)
		text := out[s[3]+1 : end]
		e, err := parsePeerEvent(text)
		if err != nil {
			// Characters that XML cannot hold: compared as far as it goes.
			if e, err = parsePeerEvent(bytes.Map(printable, text)); err != nil {
				t.Logf("%s: their record %d is no XML: %v", filepath.Base(path), id, err)
				continue
			}
		}
		events = append(events, e)
	}
	return events
}

func printable(r rune) rune {
	if r < ' ' && r != '\n' && r != '\t' && r != '\r' || r == 0xfffe || r == 0xffff {
		return '_'
	}
	return r
}

func parsePeerEvent(text []byte) (peerEvent, error) {
	e := peerEvent{head: map[string]string{}}
	d := xml.NewDecoder(bytes.NewReader(text))
	type open struct {
		name, label string
		children    bool
		text        strings.Builder
	}
	var path []*open
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return e, nil
		}
		if err != nil {
			return e, err
		}
		switch x := token.(type) {
		case xml.StartElement:
			o := &open{name: x.Name.Local, label: x.Name.Local}
			if len(path) > 0 {
				path[len(path)-1].children = true
			}
			path = append(path, o)
			for _, a := range x.Attr {
				switch {
				case a.Name.Local == "xmlns" || a.Name.Space == "xmlns" || len(path) < 3 && o.name != "RenderingInfo":
				case path[1].name == "System":
					e.head[o.name+"/"+a.Name.Local] = a.Value
				case path[1].name == "EventData" && a.Name.Local == "Name" && o.name == "Data":
					o.label = a.Value
				case path[1].name == "RenderingInfo":
					e.rendered = append(e.rendered, record.KV{Name: a.Name.Local, Value: a.Value})
				case path[1].name == "UserData":
					e.data = append(e.data, record.KV{Name: a.Name.Local, Value: a.Value})
				}
			}
		case xml.CharData:
			if len(path) > 0 {
				path[len(path)-1].text.Write(x)
			}
		case xml.EndElement:
			o := path[len(path)-1]
			depth := len(path)
			value := o.text.String()
			if !o.children && depth > 1 {
				switch section := path[1].name; {
				case section == "System" && depth == 3:
					e.head[o.name] = value
				case section == "RenderingInfo" && depth > 2:
					e.rendered = append(e.rendered, record.KV{Name: o.label, Value: value})
				case (section == "EventData" || strings.HasSuffix(section, "Data")) && (depth > 3 || depth == 3 && (section != "UserData" || value != "")):
					e.data = append(e.data, record.KV{Name: o.label, Value: value})
				}
			}
			path = path[:depth-1]
		}
	}
}

// compare returns how many fields were compared and what differs.
func compare(e *host.Event, p peerEvent) (n int, diffs []string) {
	check := func(name, own, their string) {
		n++
		if plain(own) != plain(their) {
			diffs = append(diffs, name+": ours "+strconv.Quote(own)+", theirs "+strconv.Quote(their))
		}
	}
	whole := func(name string, own uint64) {
		their, ok := p.head[name]
		if !ok {
			return
		}
		v, _ := number([]byte(their))
		check(name, strconv.FormatUint(own, 10), strconv.FormatUint(v, 10))
	}
	whole("EventID", uint64(e.EventID))
	whole("EventID/Qualifiers", uint64(e.Qualifiers.V))
	whole("Version", uint64(e.Version))
	whole("Level", uint64(e.Level))
	whole("Task", uint64(e.Task))
	whole("Opcode", uint64(e.Opcode))
	whole("Keywords", e.Keywords)
	whole("EventRecordID", e.RecordID)
	whole("Execution/ProcessID", uint64(e.PID))
	whole("Execution/ThreadID", uint64(e.TID))
	check("Provider/Name", e.Provider, p.head["Provider/Name"])
	check("Provider/Guid", e.ProviderGUID, p.head["Provider/Guid"])
	check("Provider/EventSourceName", e.Source, p.head["Provider/EventSourceName"])
	check("Channel", e.Channel, p.head["Channel"])
	check("Computer", e.Host, strings.ToLower(p.head["Computer"]))
	check("Security/UserID", e.UserSID, p.head["Security/UserID"])
	check("Correlation/ActivityID", e.Activity, p.head["Correlation/ActivityID"])
	check("Correlation/RelatedActivityID", e.Related, p.head["Correlation/RelatedActivityID"])
	if at, err := time.Parse(time.RFC3339Nano, p.head["TimeCreated/SystemTime"]); err == nil {
		check("TimeCreated", e.TS.String(), record.TimeOf(at).String())
	}
	pairs := func(what string, own, their []record.KV) {
		own, their = filled(own), filled(their)
		for i := range max(len(own), len(their)) {
			var a, b record.KV
			if i < len(own) {
				a = own[i]
			}
			if i < len(their) {
				b = their[i]
			}
			check(what+" name "+strconv.Itoa(i), a.Name, b.Name)
			check(what+" "+a.Name, a.Value, b.Value)
		}
	}
	pairs("data", e.Fields, p.data)
	pairs("rendered", e.Rendered, p.rendered)
	return n, diffs
}

// filled is the fields that have a value: the Python module also shows those
// that Windows leaves out because they are null.
func filled(fields []record.KV) []record.KV {
	return slices.DeleteFunc(slices.Clone(fields), func(f record.KV) bool { return strings.TrimSpace(f.Value) == "" })
}

var (
	guidForm = regexp.MustCompile(`^\{?[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\}?$`)
	timeForm = regexp.MustCompile(`^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| UTC)$`)
)

// plain takes away in what the two show one value differently: they write GUIDs
// without braces and in capitals, times with as many digits as needed, an
// underscore for what XML cannot hold, and their indented XML has blanks around
// text.
func plain(s string) string {
	s = strings.Map(printable, strings.ReplaceAll(s, "\r\n", "\n"))
	s = strings.TrimSpace(strings.ReplaceAll(s, "\r", "\n"))
	switch {
	case guidForm.MatchString(s):
		return strings.ToLower(strings.Trim(s, "{}"))
	case timeForm.MatchString(s):
		s = strings.Replace(strings.TrimSuffix(strings.TrimSuffix(s, "Z"), " UTC"), " ", "T", 1)
		if i := strings.IndexByte(s, '.'); i >= 0 {
			s = s[:min(len(s), i+7)] // the Python module has microseconds
			s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
		}
	}
	return s
}
