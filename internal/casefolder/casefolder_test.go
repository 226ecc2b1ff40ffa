package casefolder_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"longwatch/internal/casefolder"
	"longwatch/internal/casefolder/casetest"
)

func write(t *testing.T, c *casefolder.Case) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	if err := c.Write(dir); err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = b
	}
	return out
}

// TestShapes: scripts find in the files what the contract promises.
func TestShapes(t *testing.T) {
	for _, s := range append(casetest.Hostile, "plain") {
		files := write(t, casetest.Case(s))
		if names := slices.Sorted(maps.Keys(files)); !slices.Equal(names, []string{"coverage.json", "findings.jsonl", "incidents.json", "manifest.json", "summary.json", "timeline-timesketch.csv", "timeline.csv", "timeline.jsonl"}) {
			t.Fatalf("files %v", names)
		}
		n := 0
		for line := range bytes.Lines(files["findings.jsonl"]) {
			n++
			var f map[string]any
			if err := json.Unmarshal(line, &f); err != nil {
				t.Fatalf("%q: findings.jsonl line %d: %v", s, n, err)
			}
			has(t, "finding", f, "id", "detector", "title", "severity", "confidence", "start", "end", "entities", "techniques", "why", "refs")
			for _, r := range f["refs"].([]any) {
				has(t, "ref", r.(map[string]any), "file")
			}
			if title := f["title"].(string); title != strings.ToValidUTF8(s, "\uFFFD") && utf8.ValidString(s) {
				t.Errorf("title %q, want %q", title, s)
			}
		}
		if n != 5 {
			t.Errorf("%q: %d findings in findings.jsonl", s, n)
		}
		var incidents []map[string]any
		var summary, manifest map[string]any
		for name, v := range map[string]any{"incidents.json": &incidents, "summary.json": &summary, "manifest.json": &manifest} {
			if err := json.Unmarshal(files[name], v); err != nil {
				t.Errorf("%q: %s: %v", s, name, err)
			}
		}
		for _, i := range incidents {
			has(t, "incident", i, "id", "title", "severity", "start", "end", "entry", "findings", "entities", "tactics", "attribution")
			for _, a := range i["attribution"].([]any) {
				has(t, "attribution", a.(map[string]any), "profile", "confidence", "words", "for", "against")
			}
		}
		has(t, "manifest", manifest, "tool", "evidence", "skipped", "records", "rules", "intel")
	}
}

// TestEmpty: an empty case has lists, not nulls, where lists are promised.
func TestEmpty(t *testing.T) {
	files := write(t, &casefolder.Case{})
	if string(bytes.TrimSpace(files["incidents.json"])) != "[]" || len(files["findings.jsonl"]) != 0 {
		t.Errorf("incidents.json is %s, findings.jsonl %s", files["incidents.json"], files["findings.jsonl"])
	}
	if bytes.Contains(files["manifest.json"], []byte("null")) {
		t.Errorf("manifest.json holds a null: %s", files["manifest.json"])
	}
}

func has(t *testing.T, what string, m map[string]any, keys ...string) {
	t.Helper()
	for _, k := range keys {
		if _, ok := m[k]; !ok {
			t.Errorf("%s has no %q: %v", what, k, m)
		}
	}
}

// TestTimeline: no cell begins with what a spreadsheet takes for a formula
// (CWE-1236), and every row has all columns, whatever the text holds.
// TestTimelineForms: the JSON lines say what the spreadsheet says, and every row
// for Timesketch has the three columns that its importer asks for.
func TestTimelineForms(t *testing.T) {
	files := write(t, casetest.Case("plain"))
	sheet, err := csv.NewReader(bytes.NewReader(files["timeline.csv"])).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	n := 1
	for line := range bytes.Lines(files["timeline.jsonl"]) {
		var m map[string]any
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatal(err)
		}
		if m["start"] != sheet[n][0] || m["finding"] != sheet[n][11] {
			t.Errorf("line %d is about %v at %v, row about %s at %s", n, m["finding"], m["start"], sheet[n][11], sheet[n][0])
		}
		n++
	}
	if n != len(sheet) || n < 2 {
		t.Errorf("%d lines, %d rows", n-1, len(sheet)-1)
	}
	sketch, err := csv.NewReader(bytes.NewReader(files["timeline-timesketch.csv"])).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(sketch[0][:3], []string{"message", "datetime", "timestamp_desc"}) || len(sketch) < n {
		t.Fatalf("header %q, %d rows", sketch[0], len(sketch))
	}
	for _, row := range sketch[1:] {
		if _, err := time.Parse("2006-01-02T15:04:05.999999-07:00", row[1]); err != nil || row[0] == "" || row[2] == "" {
			t.Errorf("row %q: %v", row[:3], err)
		}
	}
}

func TestTimeline(t *testing.T) {
	for _, s := range append(casetest.Hostile, "+1", "-1", "\t=1", "＝1", " =1+1", "\u00a0@x") {
		r := csv.NewReader(bytes.NewReader(write(t, casetest.Case(s))["timeline.csv"]))
		for n := 0; ; n++ {
			row, err := r.Read()
			if err == io.EOF {
				if n != 5 { // a header, and all but the finding for information
					t.Errorf("%q: %d rows", s, n)
				}
				break
			}
			if err != nil {
				t.Fatalf("%q: %v", s, err)
			}
			for _, cell := range row {
				if first, _ := utf8.DecodeRuneInString(strings.TrimLeft(cell, " \u00a0")); cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
					t.Errorf("%q: cell %q", s, cell)
				}
			}
		}
	}
}

// TestUnread: each piece that was not read whole is told with its reason, quoted.
func TestUnread(t *testing.T) {
	want := []string{`"net/core.pcap": the capture ends in a packet`, `"shut.log": cannot be read: permission denied`}
	if diff := cmp.Diff(want, casetest.Plausible().Unread()); diff != "" {
		t.Error(diff)
	}
}

// TestWriteFile: a file is whole or as it was, and a link is not followed.
func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	for _, p := range []string{path, other} {
		if err := os.WriteFile(p, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	err := casefolder.WriteFile(path, func(w io.Writer) error { _, _ = io.WriteString(w, "half"); return io.ErrShortWrite })
	if b, _ := os.ReadFile(path); err == nil || string(b) != "old" {
		t.Errorf("error %v, the file holds %q", err, b)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, path); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
	if err := casefolder.WriteFile(path, func(w io.Writer) error { _, err := io.WriteString(w, "new"); return err }); err != nil {
		t.Fatal(err)
	}
	a, _ := os.ReadFile(path)
	b, _ := os.ReadFile(other)
	if string(a) != "new" || string(b) != "old" {
		t.Errorf("the file holds %q, the link's target %q", a, b)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("%d files in the folder", len(entries))
	}
}

// TestRead: a case that was written is read back as it was, and a folder that
// is none says so.
func TestRead(t *testing.T) {
	for _, s := range []string{"plain", casetest.Hostile[0], casetest.Hostile[8]} {
		want := casetest.Case(s)
		dir := t.TempDir()
		if err := want.Write(dir); err != nil {
			t.Fatal(err)
		}
		got, err := casefolder.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Findings, got.Findings); diff != "" {
			t.Errorf("%q: findings: %s", s, diff)
		}
		if diff := cmp.Diff(want.Incidents, got.Incidents, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%q: incidents: %s", s, diff)
		}
		if diff := cmp.Diff([]any{want.HomeNet, want.Hosts, want.Evidence}, []any{got.HomeNet, got.Hosts, got.Evidence}, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%q: manifest: %s", s, diff)
		}
	}
	if _, err := casefolder.Read(t.TempDir()); !errors.Is(err, casefolder.ErrNotCase) {
		t.Errorf("error %v", err)
	}
}
