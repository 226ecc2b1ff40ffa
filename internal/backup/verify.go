package backup

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"
)

// Verdict is what became of a file.
type Verdict string

// The verdicts.
const (
	Changed    Verdict = "changed"    // other content, later time: an ordinary change, in what should not change
	Encrypted  Verdict = "encrypted"  // it was a document or a database and is noise now
	Truncated  Verdict = "truncated"  // shorter than it was
	BackDated  Verdict = "back-dated" // other content under the old time, or under an older one
	Missing    Verdict = "missing"
	Added      Verdict = "added"
	Renamed    Verdict = "renamed" // the same content under another name
	Unreadable Verdict = "unreadable"
	Retyped    Verdict = "retyped"   // a file is a link or a folder now, or the other way round
	Touched    Verdict = "touched"   // same content, other time
	Repointed  Verdict = "repointed" // a link leads elsewhere
)

// Damage is one difference between a seal and the tree.
type Damage struct {
	Verdict Verdict `json:"verdict"`
	Path    string  `json:"path"`
	Was     string  `json:"was,omitempty"` // earlier name, of a renamed or encrypted one
	Why     string  `json:"why"`
	Sealed  *Entry  `json:"sealed,omitempty"`
	Now     *Entry  `json:"now,omitempty"`
}

// harmless are differences that say nothing about what the files hold.
func (v Verdict) harmless() bool { return v == Touched }

// Report is the outcome of Verify.
type Report struct {
	Header Header            `json:"seal"`
	Signer string            `json:"signer"`
	Age    time.Duration     `json:"-"`
	Files  int64             `json:"files"`
	Whole  int64             `json:"whole"` // files that are as they were sealed
	Counts map[Verdict]int64 `json:"counts"`
	Lost   int64             `json:"not_listed"` // differences beyond those listed
}

// Bad tells whether anything but times differs.
func (r *Report) Bad() bool {
	for v, n := range r.Counts {
		if n > 0 && !v.harmless() {
			return true
		}
	}
	return false
}

// maxHeld is how many missing and added files are held to find renamed ones.
const maxHeld = 1 << 20

// CheckOptions are those of Verify.
type CheckOptions struct {
	Key      ed25519.PublicKey // nil: any signer
	Jobs     int
	Now      func() time.Time
	Progress func(files, bytes int64)
}

// Verify compares tree with a seal and hands every difference to found. An
// error is that the comparison could not be made or that the seal itself is
// forged; differences are none.
func Verify(ctx context.Context, seal, tree string, o CheckOptions, found func(*Damage) error) (*Report, error) {
	r, err := Open(seal)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	if err := r.Signed(o.Key); err != nil {
		return nil, fmt.Errorf("backup: %q: %w", seal, err)
	}
	if err := whole(seal); err != nil {
		return nil, err
	}
	rep := &Report{Header: r.Header, Signer: r.Signature.Name(), Age: o.Now().Sub(r.Header.Sealed), Counts: map[Verdict]int64{}}
	c := &comparison{rep: rep, seal: r, found: found}
	var files, read int64
	err = walk(ctx, tree, leave(seal), o.Jobs, func(e *Entry) error {
		files++
		read += e.Size
		if o.Progress != nil {
			o.Progress(files, read)
		}
		return c.now(e)
	})
	if err == nil {
		err = c.rest()
	}
	if err != nil {
		return nil, fmt.Errorf("backup: checking %q: %w", tree, err)
	}
	rep.Files = files
	return rep, c.unpaired()
}

// whole reads the seal to its end, so that no claim is made from a list that
// is not the one signed.
func whole(seal string) error {
	r, err := Open(seal)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	for {
		if _, err := r.Next(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// comparison merges the lines of a seal with a walk, both in one order.
type comparison struct {
	rep     *Report
	seal    *Reader
	found   func(*Damage) error
	next    *Entry   // of the seal, not yet compared
	done    bool     // the seal has ended
	missing []*Entry // files that were not found again so far, at most maxHeld
	added   []*Entry // likewise those that the seal does not list
	folder  string   // that the walk is in
	gone    []*Entry // missing from it, not yet looked for beside
	new     []*Entry // in it, and not in the seal
}

// before is the order of the walk: by folder, then by name.
func before(a, b string) int {
	return strings.Compare(strings.ReplaceAll(a, "/", "\x00"), strings.ReplaceAll(b, "/", "\x00"))
}

// peek is the next line of the seal, nil at its end.
func (c *comparison) peek() (*Entry, error) {
	if c.next != nil || c.done {
		return c.next, nil
	}
	e, err := c.seal.Next()
	if errors.Is(err, io.EOF) {
		c.done = true
		return nil, nil //nolint:nilnil // no entry and no error: the end
	}
	c.next = e
	return e, err
}

// now takes an entry of the tree.
func (c *comparison) now(e *Entry) error {
	for {
		s, err := c.peek()
		if err != nil {
			return err
		}
		if s == nil {
			return c.add(e)
		}
		switch order := before(s.name(), e.name()); {
		case order < 0:
			c.next = nil
			if err := c.miss(s); err != nil {
				return err
			}
		case order > 0:
			return c.add(e)
		default:
			c.next = nil
			return c.compare(s, e)
		}
	}
}

// rest takes what the seal lists after the last entry of the tree.
func (c *comparison) rest() error {
	for {
		s, err := c.peek()
		if s == nil || err != nil {
			return err
		}
		c.next = nil
		if err := c.miss(s); err != nil {
			return err
		}
	}
}

func (c *comparison) tell(d *Damage) error {
	c.rep.Counts[d.Verdict]++
	return c.found(d)
}

func (c *comparison) miss(s *Entry) error {
	if s.Type == "" && len(c.missing)+len(c.gone) < maxHeld {
		if err := c.enter(s); err != nil {
			return err
		}
		c.gone = append(c.gone, s)
		return nil
	}
	return c.tell(&Damage{Verdict: Missing, Path: s.name(), Why: "it was sealed and is not there", Sealed: s})
}

func (c *comparison) add(e *Entry) error {
	if e.Error != "" {
		return c.tell(&Damage{Verdict: Unreadable, Path: e.name(), Why: "cannot be read: " + e.Error, Now: e})
	}
	if e.Type == "" && len(c.added)+len(c.new) < maxHeld {
		if err := c.enter(e); err != nil {
			return err
		}
		c.new = append(c.new, e)
		return nil
	}
	return c.tell(c.newcomer(e))
}

// enter notes in which folder the walk is. What the last one lacks is looked for
// beside: whoever encrypts a whole tree leaves two entries of each file, and
// memory must not hold them all.
func (c *comparison) enter(e *Entry) error {
	dir := path.Dir(e.name())
	if dir == c.folder {
		return nil
	}
	c.folder = dir
	return c.beside()
}

// beside tells of what is missing from a folder and stands in it encrypted, and
// keeps the rest.
func (c *comparison) beside() error {
	used := map[*Entry]bool{}
	for _, s := range c.gone {
		d := c.moved(s, nil, c.new, used)
		if d.Verdict == Missing {
			c.missing = append(c.missing, s)
			continue
		}
		if err := c.tell(d); err != nil {
			return err
		}
	}
	for _, e := range c.new {
		if !used[e] {
			c.added = append(c.added, e)
		}
	}
	c.gone, c.new = c.gone[:0], c.new[:0]
	return nil
}

// newcomer is an entry that the seal does not list.
func (c *comparison) newcomer(e *Entry) *Damage {
	d := &Damage{Verdict: Added, Path: e.name(), Why: "it was not there when the tree was sealed", Now: e}
	if at := time.Unix(0, e.Modified); e.Type == "" && at.Before(c.rep.Header.Sealed) {
		d.Verdict = BackDated
		d.Why = fmt.Sprintf("it was not there when the tree was sealed at %s, yet bears the time %s: copied with its time, or given a false one", stamp(c.rep.Header.Sealed), stamp(at))
	}
	return d
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

// compare judges an entry that is in both.
func (c *comparison) compare(s, e *Entry) error {
	d := judge(s, e)
	if d == nil {
		if e.Type == "" {
			c.rep.Whole++
		}
		return nil
	}
	if d.Verdict == Touched {
		c.rep.Whole++
	}
	d.Path, d.Sealed, d.Now = e.name(), s, e
	return c.tell(d)
}

// judge says how an entry differs from what was sealed, nil when it does not.
func judge(s, e *Entry) *Damage {
	switch {
	case e.Error != "" && s.Error == "":
		return &Damage{Verdict: Unreadable, Why: "cannot be read: " + e.Error}
	case e.Error != "" || s.Error != "":
		return nil // it was unread then: nothing to compare with
	case s.Type != e.Type:
		return &Damage{Verdict: Retyped, Why: fmt.Sprintf("it was %s and is %s", kindOf(s), kindOf(e))}
	case e.Type == "link" && s.SHA256 != e.SHA256:
		return &Damage{Verdict: Repointed, Why: "the link leads elsewhere"}
	case e.Type != "":
		return nil
	case s.SHA256 == e.SHA256 && s.Modified == e.Modified:
		return nil
	case s.SHA256 == e.SHA256:
		return &Damage{Verdict: Touched, Why: fmt.Sprintf("same content, but its time was %s and is %s", stamp(time.Unix(0, s.Modified)), stamp(time.Unix(0, e.Modified)))}
	}
	if why := scrambled(s, e); why != "" {
		return &Damage{Verdict: Encrypted, Why: why}
	}
	switch {
	case e.Modified <= s.Modified:
		return &Damage{Verdict: BackDated, Why: fmt.Sprintf("other content, yet its time is %s: that of the seal or before", stamp(time.Unix(0, e.Modified)))}
	case e.Size < s.Size:
		return &Damage{Verdict: Truncated, Why: fmt.Sprintf("it had %d bytes and has %d", s.Size, e.Size)}
	}
	return &Damage{Verdict: Changed, Why: fmt.Sprintf("other content since %s", stamp(time.Unix(0, e.Modified)))}
}

func kindOf(e *Entry) string {
	switch e.Type {
	case "":
		return "a file"
	case "dir":
		return "a folder"
	case "link":
		return "a link"
	}
	return "a device or socket"
}

const (
	noise    = 780 // entropy of what is encrypted or compressed well, in bits a byte times 100, from the sample that read takes
	rise     = 60  // by which entropy rises at least, when the kind says nothing
	unknown  = "application/octet-stream"
	leastRaw = 1 << 12 // bytes below which noise cannot be told from chance
)

// scrambled says why content looks encrypted now though it did not before:
// noise without a known kind, where there was a kind, or where there was none
// and less noise. Noise at the head alone will do where a kind is gone: many
// encrypt the beginning only, or a part of each stretch, because that is faster.
func scrambled(s, e *Entry) string {
	if e.Size < leastRaw {
		return ""
	}
	if e.Kind != unknown && e.Kind != "" {
		return mistaken(s, e)
	}
	bits := func(n int) string { return fmt.Sprintf("%.2f", float64(n)/100) }
	switch known := s.Kind != unknown && s.Kind != ""; {
	case known && e.Random >= noise:
		return fmt.Sprintf("it was %s and is noise of %s bits a byte without a kind", s.Kind, bits(e.Random))
	case known && e.Head >= noise && e.Head-s.Head >= rise:
		return fmt.Sprintf("it was %s, has no kind any more and begins with noise of %s bits a byte (%s before)", s.Kind, bits(e.Head), bits(s.Head))
	case !known && e.Random >= noise && s.Random > 0 && e.Random-s.Random >= rise:
		return fmt.Sprintf("its bytes had %s bits of entropy and have %s", bits(s.Random), bits(e.Random))
	}
	return ""
}

// shut are kinds that content may take on by right and that are noise to their
// heads: a file that is saved anew as one of them was not encrypted.
var shut = []string{"zip", "gzip", "bzip", "xz", "zstd", "7z", "rar", "lz4", "lzma", "ms-cab", "openxmlformats", "opendocument", "epub", "jar"}

// mistaken says why content looks encrypted although its first bytes are, by
// chance, those of a kind: it is noise, was of another kind, and is none that
// noise is ordinary in. Of a hundred thousand encrypted files, a hundred begin so.
func mistaken(s, e *Entry) string {
	known := s.Kind != unknown && s.Kind != ""
	if !known || s.Kind == e.Kind || e.Head < noise || e.Head-s.Head < rise || slices.ContainsFunc(shut, func(k string) bool { return strings.Contains(e.Kind, k) }) {
		return ""
	}
	return fmt.Sprintf("it was %s and is noise of %.2f bits a byte that happens to begin like %s", s.Kind, float64(e.Head)/100, e.Kind)
}

// unpaired tells of files that are missing or new: first those that are the
// same under another name, or encrypted under a longer one.
func (c *comparison) unpaired() error {
	if err := c.beside(); err != nil {
		return err
	}
	byHash, byDir := map[string][]*Entry{}, map[string][]*Entry{}
	for _, e := range c.added {
		byHash[e.SHA256] = append(byHash[e.SHA256], e)
		byDir[path.Dir(e.name())] = append(byDir[path.Dir(e.name())], e)
	}
	used := map[*Entry]bool{}
	for _, s := range c.missing {
		d := c.moved(s, byHash[s.SHA256], byDir[path.Dir(s.name())], used)
		if err := c.tell(d); err != nil {
			return err
		}
	}
	for _, e := range c.added {
		if used[e] {
			continue
		}
		if err := c.tell(c.newcomer(e)); err != nil {
			return err
		}
	}
	return nil
}

// moved is what became of a sealed file that is not under its name any more.
func (c *comparison) moved(s *Entry, same, beside []*Entry, used map[*Entry]bool) *Damage {
	if i := slices.IndexFunc(same, func(e *Entry) bool { return !used[e] && e.Size > 0 }); i >= 0 {
		used[same[i]] = true
		return &Damage{Verdict: Renamed, Path: same[i].name(), Was: s.name(), Why: "the same content under another name", Sealed: s, Now: same[i]}
	}
	base := path.Base(s.name())
	at, _ := slices.BinarySearchFunc(beside, base, func(e *Entry, base string) int { return strings.Compare(path.Base(e.name()), base) })
	for _, e := range beside[at:] { // in the order of the walk: by name
		if !strings.HasPrefix(path.Base(e.name()), base) {
			break
		}
		if !used[e] {
			if why := scrambled(s, e); why != "" {
				used[e] = true
				return &Damage{Verdict: Encrypted, Path: e.name(), Was: s.name(), Why: why, Sealed: s, Now: e}
			}
		}
	}
	return &Damage{Verdict: Missing, Path: s.name(), Why: "it was sealed and is not there", Sealed: s}
}
