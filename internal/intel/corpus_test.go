package intel

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var corpora = filepath.Join("..", "..", "..", "shared", "corpora")

// TestUniqueValues counts the different values of published Zeek feeds once more,
// from the lines of the files and with nothing of the loader.
func TestUniqueValues(t *testing.T) {
	dir := filepath.Join(corpora, "intel", "zeek-feeds")
	files, _ := filepath.Glob(filepath.Join(dir, "*.intel"))
	if len(files) == 0 {
		t.Skip("corpus not there: ", dir)
	}
	rows, written, alike := 0, map[string]bool{}, map[string]bool{}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			cells := strings.Split(lines.Text(), "\t")
			if strings.HasPrefix(cells[0], "#") || strings.TrimSpace(lines.Text()) == "" {
				continue
			}
			rows++
			written[cells[1]+" "+cells[0]] = true
			alike[cells[1]+" "+alikeSpelling(cells[1], cells[0])] = true
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	set, report := Count(Path(dir))
	if report.Loaded != rows || report.Rows != rows {
		t.Errorf("%d of %d rows loaded, %d are there", report.Loaded, report.Rows, rows)
	}
	if report.Written != len(written) {
		t.Errorf("%d values as they are written, want %d", report.Written, len(written))
	}
	if set.Values() != len(alike) {
		t.Errorf("%d values, want %d", set.Values(), len(alike))
	}
	t.Logf("%d rows, %d different as written, %d different values", rows, len(written), len(alike))
}

var (
	scheme   = regexp.MustCompile(`(?i)^[a-z]+://`)
	ellipsis = regexp.MustCompile(`^(.*)[/?&][^/?&]*(…|\.\.\.)$`)
	userinfo = regexp.MustCompile(`^[^/?]*@`)
	port80   = regexp.MustCompile(`^([^/?:]+):80([/?]|$)`)
	hostPart = regexp.MustCompile(`^[^/?]*`)
)

// alikeSpelling is one spelling for values that mean the same: URLs without
// scheme, user, default port, fragment, last slash and what was cut off.
func alikeSpelling(typ, v string) string {
	if typ != "Intel::URL" {
		return strings.ToLower(v)
	}
	v, _, _ = strings.Cut(scheme.ReplaceAllString(v, ""), "#")
	v = ellipsis.ReplaceAllString(strings.TrimRight(v, " "), "$1")
	v = port80.ReplaceAllString(userinfo.ReplaceAllString(v, ""), "$1$2")
	v = hostPart.ReplaceAllStringFunc(v, func(h string) string { return strings.TrimRight(strings.ToLower(h), ".") })
	return strings.TrimRight(v, "/")
}

// TestLabelledSTIX: what the OASIS validator accepts or only warns of is taken,
// what it refuses is refused with a reason.
func TestLabelledSTIX(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(corpora, "stix", "validator-2.*", "*.json"))
	if len(files) == 0 {
		t.Skip("corpus not there")
	}
	for _, name := range files {
		_, report := Load(Path(name))
		refused := len(report.Reasons) > 0
		if want := strings.HasPrefix(filepath.Base(name), "invalid_"); refused != want {
			t.Errorf("%s: refused %v, want %v: %v", name, refused, want, report.Reasons)
		}
		if !refused && report.Files[0].Format != "stix" {
			t.Errorf("%s: taken for %q", name, report.Files[0].Format)
		}
	}
}
