package caselog

import (
	"bytes"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"longwatch/internal/signing"
)

// author makes a key and an author whose clock goes on by an hour each time.
func author(t *testing.T) *Author {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := signing.Generate(path); err != nil {
		t.Fatal(err)
	}
	key, err := signing.Private(path)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	return &Author{Key: key, By: "A. Analyst", Now: func() time.Time { at = at.Add(time.Hour); return at }}
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// logged is a case with four entries.
func logged(t *testing.T, a *Author) string {
	t.Helper()
	dir := t.TempDir()
	put(t, dir, "findings.jsonl", "one\n")
	put(t, dir, "records/conn.jsonl", "two\n")
	for i, what := range []string{"opened", "copied to the safe", "report sent to the director", "closed"} {
		put(t, dir, "notes.txt", strings.Repeat("x", i))
		if _, _, err := a.Append(dir, what); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func faults(t *testing.T, dir string, key ed25519.PublicKey, head string) string {
	t.Helper()
	c, err := Verify(dir, key, head)
	if err != nil {
		return err.Error()
	}
	return strings.Join(c.Faults, "\n")
}

func lines(t *testing.T, dir string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, Name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.SplitAfter(strings.TrimSuffix(string(b), "\n"), "\n")
}

func TestUntouched(t *testing.T) {
	a := author(t)
	dir := logged(t, a)
	c, err := Verify(dir, a.Key.Public().(ed25519.PublicKey), "") //nolint:forcetypeassert // it is one
	if err != nil || len(c.Faults) > 0 || len(c.Entries) != 4 || len(c.Signers) != 1 {
		t.Fatalf("%+v %v", c, err)
	}
	if e := c.Entries[1]; e.What != "copied to the safe" || e.By != "A. Analyst" || len(e.Files) != 1 || e.Files["notes.txt"] == "" {
		t.Errorf("the second entry names the one file that changed: %+v", e)
	}
}

// TestAlteredLog: a changed, removed, added or reordered entry is named.
func TestAlteredLog(t *testing.T) {
	a := author(t)
	for name, c := range map[string]struct {
		alter func(l []string) []string
		want  string
	}{
		"changed":       {func(l []string) []string { l[1] = strings.Replace(l[1], "the safe", "my house", 1); return l }, "entry 2 (line 2): the signature"},
		"other author":  {func(l []string) []string { l[2] = strings.Replace(l[2], "A. Analyst", "B. Analyst", 1); return l }, "entry 3 (line 3): the signature"},
		"removed":       {func(l []string) []string { return slices.Delete(l, 1, 2) }, "line 2 is entry 3 where 2 was due"},
		"first removed": {func(l []string) []string { return l[1:] }, "line 1 is entry 2 where 1 was due"},
		"reordered":     {func(l []string) []string { l[1], l[2] = l[2], l[1]; return l }, "line 2 is entry 3 where 2 was due"},
		"doubled":       {func(l []string) []string { return slices.Insert(l, 2, l[1]) }, "line 3 is entry 2 where 3 was due"},
		"spaced":        {func(l []string) []string { l[0] = strings.Replace(l[0], `{"n"`, `{ "n"`, 1); return l }, "not in the form"},
		"more fields":   {func(l []string) []string { l[0] = strings.Replace(l[0], `{"n"`, `{"m":1,"n"`, 1); return l }, "line 1 is no entry"},
		"cut":           {func(l []string) []string { l[3] = l[3][:40]; return l }, "line 4 is no entry"},
	} {
		dir := logged(t, a)
		if got := faults(t, dir, nil, ""); got != "" {
			t.Fatal(got)
		}
		put(t, dir, Name, strings.Join(c.alter(lines(t, dir)), "")+"\n")
		if got := faults(t, dir, nil, ""); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if _, _, err := a.Append(dir, "on"); err == nil {
			t.Errorf("%s: it was written on", name)
		}
	}
}

// TestCutAtTheEnd: that the last entries are gone is seen by whoever kept the
// digest of the last one, and by files that the log does not know.
func TestCutAtTheEnd(t *testing.T) {
	a := author(t)
	dir := logged(t, a)
	whole, err := Verify(dir, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if got := faults(t, dir, nil, whole.Head); got != "" {
		t.Error(got)
	}
	put(t, dir, Name, strings.Join(lines(t, dir)[:2], ""))
	if got := faults(t, dir, nil, whole.Head); !strings.Contains(got, "was cut or written anew") || !strings.Contains(got, `"notes.txt" was changed`) {
		t.Errorf("got %q", got)
	}
}

// TestRewritten: who has another key can write a log that fits itself, but not
// the key that is expected.
func TestRewritten(t *testing.T) {
	a, b := author(t), author(t)
	dir := logged(t, a)
	if err := os.Remove(filepath.Join(dir, Name)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Append(dir, "opened"); err != nil {
		t.Fatal(err)
	}
	key := a.Key.Public().(ed25519.PublicKey) //nolint:forcetypeassert // it is one
	if got := faults(t, dir, key, ""); !strings.Contains(got, "not the one given") {
		t.Errorf("got %q", got)
	}
}

// TestFiles: what happens to the files of a case between two entries is seen,
// and is part of the next one.
func TestFiles(t *testing.T) {
	a := author(t)
	dir := logged(t, a)
	put(t, dir, "findings.jsonl", "other\n")
	put(t, dir, "planted.txt", "x")
	if err := os.Remove(filepath.Join(dir, "records/conn.jsonl")); err != nil {
		t.Fatal(err)
	}
	want := `"findings.jsonl" was changed since it was logged` + "\n" + `"planted.txt" is not in the log` + "\n" + `"records/conn.jsonl" is missing`
	if got := faults(t, dir, nil, ""); got != want {
		t.Errorf("got %q", got)
	}
	e, _, err := a.Append(dir, "hunted again")
	if err != nil || len(e.Files) != 3 || e.Files["records/conn.jsonl"] != "" {
		t.Errorf("%+v %v", e, err)
	}
	if got := faults(t, dir, nil, ""); got != "" {
		t.Errorf("got %q", got)
	}
}

// FuzzParse: whatever a log holds, reading it ends; every line is an entry or a fault.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"n":1,"time":"2026-03-02T08:00:00Z","by":"","what":"","previous":"","key":"","sig":""}` + "\n"))
	f.Add([]byte("\n\n{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := parse(bytes.NewReader(b))
		if err != nil {
			return
		}
		if len(s.heads) > len(s.faults)+len(s.entries) {
			t.Errorf("%d lines, %d entries, %d faults", len(s.heads), len(s.entries), len(s.faults))
		}
		if len(s.entries) > 0 && len(s.faults) == 0 && s.sigs[0].Key == "" {
			t.Error("an entry without a signature is no fault")
		}
	})
}
