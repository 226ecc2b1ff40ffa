package script

import (
	"os"
	"path"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestShells: each example is accused; they are inert fragments by style.
func TestShells(t *testing.T) {
	for _, file := range []string{"testdata/shells-seen.txtar", "testdata/shells-apart.txtar", "testdata/shells-third.txtar", "testdata/shells-fourth.txtar"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range txtar.Parse(data).Files {
			t.Run(path.Base(file)+"/"+f.Name, func(t *testing.T) {
				r := Analyse(f.Name, f.Data)
				if r.Score < 8 {
					t.Errorf("score %d, want 8 and more; can %s because\n%s", r.Score, r.Can, strings.Join(r.Why, "\n"))
				}
			})
		}
	}
}
