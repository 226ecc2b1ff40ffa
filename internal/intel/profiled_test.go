package intel

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
)

// TestProfiled: of all indicators it yields those of profiles, whole, from feeds
// and from files that were built.
func TestProfiled(t *testing.T) {
	dir := feedDir(t, feeds)
	name := filepath.Join(t.TempDir(), "x.lwi")
	if _, err := Build(name, "test", false, Path(dir)); err != nil {
		t.Fatal(err)
	}
	for _, from := range [][]Source{{Path(dir)}, {Path(name)}, {Path(dir), Path(name)}} {
		set, _ := Load(from...)
		var got, want []string
		for i := range set.Profiled {
			got = append(got, fmt.Sprintf("%+v", i))
		}
		for i := range set.All {
			if i.Profile != "" {
				want = append(want, fmt.Sprintf("%+v", i))
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) || len(want) != len(from) {
			t.Errorf("%q\nwant %q", got, want)
		}
		_ = set.Close()
	}
}
