package timelist

import (
	"slices"
	"testing"

	"longwatch/internal/evidence/evidencetest"
)

func TestFormat(t *testing.T) { evidencetest.Run(t, Format) }

func FuzzFormat(f *testing.F) { evidencetest.Fuzz(f, Format) }

func TestCells(t *testing.T) {
	for line, want := range map[string][]string{
		`a,b,,c`:        {"a", "b", "", "c"},
		`"a,b",c`:       {"a,b", "c"},
		`"a ""b""",`:    {`a "b"`, ""},
		`"never closed`: {"never closed"},
	} {
		if got := cells(line); !slices.Equal(got, want) {
			t.Errorf("cells(%q) = %q, want %q", line, got, want)
		}
	}
}
