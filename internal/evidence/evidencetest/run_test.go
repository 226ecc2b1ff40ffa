package evidencetest_test

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"testing"

	"longwatch/internal/evidence"
	"longwatch/internal/evidence/evidencetest"
	"longwatch/internal/record"
)

// note is the record of a toy format: one line, one note.
type note struct {
	record.Head
	Text string `rec:"text"`
}

var noteType = record.Of[note]("note")

func (*note) RecordType() *record.Type { return noteType }

var notes = evidence.Format{
	Name:  "notes",
	Sniff: func(string, []byte) evidence.Match { return evidence.Maybe },
	New:   func(f *evidence.File, _ *evidence.Env) evidence.Reader { return noteReader{f} },
	Emits: []*record.Type{noteType},
}

type noteReader struct{ f *evidence.File }

func (r noteReader) Read(_ context.Context, out evidence.Outlet) error {
	in, err := r.f.Open()
	if err != nil {
		return fmt.Errorf("notes: %w", err)
	}
	defer in.Close()
	lane := out.Lane()
	s := bufio.NewScanner(in)
	for n := int64(1); s.Scan(); n++ {
		ref := r.f.Ref(record.RefLine, n)
		if strings.HasPrefix(s.Text(), "!") {
			out.Problem(evidence.Problem{Name: "bad-note", Why: "a note starts with !", Ref: ref, Bytes: int64(len(s.Bytes()))})
			continue
		}
		lane.Put(&note{Head: record.Head{TS: 1e9, Ref: ref}, Text: s.Text()})
	}
	return nil
}

func TestRun(t *testing.T)   { evidencetest.Run(t, notes) }
func FuzzNotes(f *testing.F) { evidencetest.Fuzz(f, notes) }
func TestReadAll(t *testing.T) {
	records, problems, err := evidencetest.Read(t, notes, "a/b.txt", []byte("one\n!two\nthree\n"))
	if err != nil || len(records) != 2 || len(problems) != 1 {
		t.Fatalf("got %d records, %d problems, %v", len(records), len(problems), err)
	}
	if got := records[1].Base().Ref; got != (record.Ref{File: "a/b.txt", Kind: record.RefLine, Pos: 3}) {
		t.Errorf("second record cites %+v", got)
	}
}
