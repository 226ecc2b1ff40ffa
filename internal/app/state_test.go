package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"longwatch/internal/baseline"
	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// sshDays is the log of a server from which two people and a backup account
// work, on some days.
func sshDays(from, to int, more ...string) string {
	var b strings.Builder
	for d := from; d < to; d++ {
		day := time.Date(2024, 1, 8+d, 0, 0, 0, 0, time.UTC)
		line := func(hour, minute int, user, addr string) {
			_, _ = fmt.Fprintf(&b, "%s fs1 sshd[812]: Accepted publickey for %s from %s port 50122 ssh2\n", day.Add(time.Duration(hour*60+minute)*time.Minute).Format(time.RFC3339), user, addr)
		}
		line(2, 0, "backup", "10.1.0.7")
		for h := 8; h < 17; h += 2 {
			line(h, 5, "ann", "10.2.0.9")
			line(h, 9, "ben", "10.2.0.10")
		}
	}
	for _, l := range more {
		b.WriteString(l + "\n")
	}
	return b.String()
}

// night is the backup account coming from ann's machine, when nobody works.
func night(day int) string {
	ts := time.Date(2024, 1, 8+day, 21, 10, 0, 0, time.UTC)
	return ts.Format(time.RFC3339) + " fs1 sshd[977]: Accepted password for backup from 10.2.0.9 port 40001 ssh2"
}

func huntLog(t *testing.T, state StateFile, log string) *casefolder.Case {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "auth.log")
	if err := os.WriteFile(file, []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	c := Default()
	c.Paths, c.Out, c.State, c.Jobs = []string{file}, filepath.Join(dir, "case"), state, 1
	cf, err := Hunt(context.Background(), c, silent{})
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range cf.Findings {
		for j, r := range f.Refs {
			cf.Findings[i].Refs[j].File = filepath.Base(r.File)
		}
	}
	return cf
}

func newPlace(cf *casefolder.Case) *finding.Finding {
	for _, f := range cf.Findings {
		if f.Detector == "account-new-place" {
			return f
		}
	}
	return nil
}

// TestState: a hunt over one night finds with the state of the hunts before what
// it cannot find alone; over the same night again it finds the same and leaves
// the file as it was; and what came that night does not become a habit.
func TestState(t *testing.T) {
	state := StateFile{Path: filepath.Join(t.TempDir(), "habits.state")}
	for d := 0; d < 60; d += 20 {
		if f := newPlace(huntLog(t, state, sshDays(d, d+20))); f != nil {
			t.Fatalf("ordinary days: %+v", f)
		}
	}
	if f := newPlace(huntLog(t, StateFile{}, sshDays(60, 61, night(60)))); f != nil {
		t.Errorf("without a past it finds %+v", f)
	}
	first := newPlace(huntLog(t, state, sshDays(60, 61, night(60))))
	if first == nil || first.Severity != finding.Medium || !strings.Contains(strings.Join(first.Why, " "), `in 60 days "backup" logged on from 1 host; now from another, "10.2.0.9", at Fri 21:10 UTC, when it was never active`) {
		t.Fatalf("the night: %+v", first)
	}
	once, err := os.ReadFile(state.Path)
	if err != nil {
		t.Fatal(err)
	}
	again := newPlace(huntLog(t, state, sshDays(60, 61, night(60))))
	if again == nil || strings.Join(again.Why, " ") != strings.Join(first.Why, " ") || again.Severity != first.Severity {
		t.Errorf("the same night again: %+v", again)
	}
	if twice, _ := os.ReadFile(state.Path); string(once) != string(twice) {
		t.Error("hunting the same evidence twice changes the state")
	}
	later := newPlace(huntLog(t, state, sshDays(61, 65, night(64))))
	if later == nil || !strings.Contains(strings.Join(later.Why, " "), first.ID) {
		t.Errorf("four days later the intruder counts as a habit: %+v", later)
	}
	m, err := LoadState(state.Path, 64<<20)
	if err != nil {
		t.Fatal(err)
	}
	k := Lookup(m, record.Entity{Kind: "user", Value: "backup"})
	if !k.Known || k.First != "2024-01-08" || k.Last != "2024-03-12" || k.Days != 65 || k.Had["source"] != 2 {
		t.Errorf("%+v", k)
	}
}

// TestStateDamaged: a damaged state stops the hunt with its reason, or is left
// alone when the user says so; it is never written over.
func TestStateDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "habits.state")
	huntLog(t, StateFile{Path: path}, sshDays(0, 3))
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 0x10
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(t.TempDir(), "auth.log")
	if err := os.WriteFile(log, []byte(sshDays(3, 4)), 0o600); err != nil {
		t.Fatal(err)
	}
	c := Default()
	c.Paths, c.Out, c.State, c.Jobs = []string{log}, filepath.Join(t.TempDir(), "case"), StateFile{Path: path}, 1
	if _, err := Hunt(context.Background(), c, silent{}); !errors.Is(err, baseline.ErrDamaged) || !strings.Contains(err.Error(), "habits.state") {
		t.Errorf("error %v", err)
	}
	cf := huntLog(t, StateFile{Path: path, Ignore: true}, sshDays(3, 4))
	said := false
	for _, x := range cf.Coverage {
		said = said || x.Name == "habits" && strings.Contains(x.Why, "checksum")
	}
	if !said {
		t.Errorf("the case does not say that the state was not used: %v", cf.Coverage)
	}
	if now, _ := os.ReadFile(path); string(now) != string(b) {
		t.Error("the damaged file was written over")
	}
}

// TestMergeStates: two sensors' files become one that knows what both know, the
// same whichever comes first.
func TestMergeStates(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	huntLog(t, StateFile{Path: a}, sshDays(0, 10))
	huntLog(t, StateFile{Path: b}, sshDays(10, 20))
	ab, ba := filepath.Join(dir, "ab"), filepath.Join(dir, "ba")
	if _, err := MergeStates(ab, []string{a, b}, 64<<20); err != nil {
		t.Fatal(err)
	}
	if _, err := MergeStates(ba, []string{b, a}, 64<<20); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{ab, ba} {
		m, err := LoadState(p, 64<<20)
		if err != nil {
			t.Fatal(err)
		}
		if k := Lookup(m, record.Entity{Kind: "user", Value: "ann"}); k.First != "2024-01-08" || k.Last != "2024-01-27" || k.Days != 20 {
			t.Errorf("%s: %+v", p, k)
		}
	}
}
