package timelist

import (
	"slices"
	"testing"

	"longwatch/internal/evidence"
	"longwatch/internal/evidence/evidencetest"
)

func TestFormat(t *testing.T) { evidencetest.Run(t, Format) }

func FuzzFormat(f *testing.F) { evidencetest.Fuzz(f, Format) }

// TestSniff: comments alone are no body file; Zeek's logs begin with eight.
func TestSniff(t *testing.T) {
	const body = "0|/a|7|r/rrw-r--r--|0|0|1|1|1|1|1\n"
	for head, want := range map[string]evidence.Match{
		"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#open\t2026\n#fields\tts\n#types\ttime\n1\n": evidence.None,
		"# made by fls\n" + body: evidence.Sure,
		body:                     evidence.Sure,
		"# nothing else\n":       evidence.None,
	} {
		if got := sniff("x", []byte(head)); got != want {
			t.Errorf("%q: %v, want %v", head, got, want)
		}
	}
}

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
