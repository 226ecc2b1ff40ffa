package app

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"longwatch/internal/casefolder"
)

// madeOf are folders of a case that other commands make of what it says.
var madeOf = []struct{ folder, of string }{
	{"respond", "plan of the response"},
	{"assets", "map of the assets"},
}

// caseDigest stands for what a case in dir says: which evidence was read by what,
// what was found, and how it was joined. It is empty when there is no case.
func caseDigest(dir string) string {
	sum := sha256.New()
	for _, name := range []string{marker, "findings.jsonl", "incidents.json"} {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			return ""
		}
		_, err = io.Copy(sum, f)
		_ = f.Close()
		if err != nil {
			return ""
		}
	}
	return string(sum.Sum(nil))
}

// Aside is a folder that was made of a case as it was before.
type Aside struct {
	What string // in words: "plan of the response"
	To   string // where it lies now
}

// setAside moves what was made of an earlier case in dir out of the way, so that
// nobody acts on a plan of incidents that the case no longer has. Nothing is
// deleted: people may have noted in it what was done. When the case says what it
// said before, its digest, nothing is moved.
func setAside(dir, before string) (out []Aside, err error) {
	if before == "" || before == caseDigest(dir) {
		return nil, nil
	}
	for _, d := range madeOf {
		from := filepath.Join(dir, d.folder)
		if !exists(from) {
			continue
		}
		to, err := freeName(from + "-outdated")
		if err != nil {
			return out, err
		}
		if err := os.Rename(from, to); err != nil {
			return out, fmt.Errorf("app: the %s of the earlier case cannot be set aside: %w", d.of, err)
		}
		if err := casefolder.WriteFile(filepath.Join(to, "OUTDATED.txt"), func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "The case was written anew, and is not the one that this %s was made of.\nDo not act on it: longwatch %s makes it again of the case as it is now.\n", d.of, d.folder)
			return err
		}); err != nil {
			return out, err
		}
		out = append(out, Aside{What: d.of, To: to})
	}
	return out, nil
}

// maxAside is how many outdated folders of one kind a case can have.
const maxAside = 1000

// freeName is name, or name with a number, that no file has.
func freeName(name string) (string, error) {
	for n := 1; n <= maxAside; n++ {
		try := name
		if n > 1 {
			try = fmt.Sprintf("%s-%d", name, n)
		}
		if _, err := os.Lstat(try); errors.Is(err, fs.ErrNotExist) {
			return try, nil
		}
	}
	return "", fmt.Errorf("app: %d outdated folders lie in the case already: take some of %s away", maxAside, name)
}
