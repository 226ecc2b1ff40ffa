package content

import (
	"crypto/md5"  //nolint:gosec // names files, protects nothing
	"crypto/sha1" //nolint:gosec // names files, protects nothing
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"slices"
)

// keepLen is how many bytes of a streamed file are kept for its traits:
// archives and programs up to this size are looked into.
const keepLen = 8 << 20

// Summary is what is known of one file.
type Summary struct {
	MIME    string
	MD5     string // hexadecimal; empty unless hashing was asked for and nothing is missing
	SHA1    string
	SHA256  string
	Size    int64
	Traits  []string // see the Trait constants, sorted
	Members []string // names inside an archive, at most MaxMembers
}

// Tracker learns a file as its bytes go by. It keeps at most keepLen of them,
// and of files that are neither archive nor program only HeadLen.
type Tracker struct {
	name string
	buf  []byte
	n    int64
	gap  bool
	keep bool
	md5  hash.Hash
	sha1 hash.Hash
	sum  hash.Hash
}

// NewTracker starts a file; hashes are computed if hashing says so.
func NewTracker(hashing bool) *Tracker {
	t := &Tracker{keep: true}
	if hashing {
		t.md5, t.sha1, t.sum = md5.New(), sha1.New(), sha256.New() //nolint:gosec // see the imports
	}
	return t
}

// SetName gives the file's name as the protocol or folder has it; traits that
// compare name and content need it.
func (t *Tracker) SetName(name string) { t.name = name }

// Write takes the next bytes.
func (t *Tracker) Write(b []byte) {
	if t.keep && !t.gap {
		before := len(t.buf)
		t.buf = append(t.buf, b[:min(len(b), keepLen-before)]...)
		if before < HeadLen && len(t.buf) >= HeadLen && !worthKeeping(t.buf) {
			t.buf = slices.Clone(t.buf[:HeadLen])
			t.keep = false
		}
	}
	t.n += int64(len(b))
	if t.sum != nil && !t.gap {
		t.md5.Write(b)
		t.sha1.Write(b)
		t.sum.Write(b)
	}
}

// Gap says that bytes are missing here: hashes and traits end.
func (t *Tracker) Gap() { t.gap = true }

// Head is the first bytes, at most HeadLen, borrowed.
func (t *Tracker) Head() []byte { return t.buf[:min(len(t.buf), HeadLen)] }

// MIME is the type by what was seen so far.
func (t *Tracker) MIME() string { return MIME(t.Head()) }

// Sum finishes the file.
func (t *Tracker) Sum() Summary {
	s := Summary{MIME: t.MIME(), Size: t.n}
	if t.sum != nil && !t.gap && t.n > 0 {
		s.MD5 = hex.EncodeToString(t.md5.Sum(nil))
		s.SHA1 = hex.EncodeToString(t.sha1.Sum(nil))
		s.SHA256 = hex.EncodeToString(t.sum.Sum(nil))
	}
	s.Traits, s.Members = traits(t.name, t.buf, t.n)
	return s
}

// worthKeeping tells whether more than the head is needed for traits.
func worthKeeping(head []byte) bool {
	switch MIME(head) {
	case "application/zip", "application/x-dosexec", "application/x-executable", "application/x-7z-compressed", "application/x-rar":
		return true
	}
	return false
}

// Inspect learns a whole file at once, hashes included.
func Inspect(name string, data []byte) Summary {
	t := NewTracker(true)
	t.SetName(name)
	t.Write(data)
	return t.Sum()
}
