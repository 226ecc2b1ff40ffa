package content

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"sync"
)

// decideLen is how many bytes choose the scanner of a file.
const decideLen = 8

// Summary is what is known of one file.
type Summary struct {
	MIME    string // by Kind
	MD5     string // hexadecimal; empty unless hashing was asked for and nothing is missing
	SHA1    string
	SHA256  string
	Size    int64
	Traits  []string // see the Trait constants, sorted
	Members []string // names inside an archive, at most MaxMembers
	Program *Program // of a Windows program that was seen from its start, else nil
}

// scanner looks for what makes traits while a file goes by. It borrows b.
type scanner interface {
	write(b []byte)
	// finish adds what was found; name is the file's own.
	finish(name string, s *Summary)
}

// Tracker learns a file as its bytes go by. Its memory is bounded: HeadLen
// bytes of any file, at most maxProgram of a program, and of an archive one
// header and the last tailLen bytes.
type Tracker struct {
	name    string
	head    []byte
	n       int64
	gap     bool
	decided bool
	mime    string // of the first looked bytes
	looked  int
	scan    scanner
	md5     hash.Hash
	sha1    hash.Hash
	sum     hash.Hash
}

// NewTracker starts a file; hashes are computed if hashing says so.
func NewTracker(hashing bool) *Tracker {
	t := &Tracker{}
	if hashing {
		t.md5, t.sha1, t.sum = md5.New(), sha1.New(), sha256.New()
	}
	return t
}

// SetName gives the file's name as the protocol or folder has it; traits that
// compare name and content need it.
func (t *Tracker) SetName(name string) { t.name = name }

// Write takes the next bytes. What follows a gap counts, but is not looked at.
func (t *Tracker) Write(b []byte) {
	t.n += int64(len(b))
	if t.gap {
		return
	}
	if t.sum != nil {
		t.md5.Write(b)
		t.sha1.Write(b)
		t.sum.Write(b)
	}
	if t.decided {
		if t.scan != nil {
			t.scan.write(b)
		}
		if room := HeadLen - len(t.head); room > 0 {
			t.keep(b[:min(len(b), room)])
		}
		return
	}
	room := min(len(b), HeadLen-len(t.head))
	t.keep(b[:room])
	if len(t.head) >= decideLen {
		t.decide()
		if t.scan != nil {
			t.scan.write(b[room:])
		}
	}
}

// spareHeads are those that nobody uses.
var spareHeads = sync.Pool{New: func() any { return new([HeadLen]byte) }}

// smallHead is the size of heads that are not worth a spare one.
const smallHead = 512

// keep adds b to the head, for which there is room.
func (t *Tracker) keep(b []byte) {
	if n := len(t.head) + len(b); n > smallHead && cap(t.head) < HeadLen {
		t.head = append(spareHeads.Get().(*[HeadLen]byte)[:0], t.head...)
	}
	t.head = append(t.head, b...)
}

// Done says that the file is over: MIME and what Sum returned stay, the head is
// left to others.
func (t *Tracker) Done() {
	t.MIME()
	if cap(t.head) == HeadLen {
		spareHeads.Put((*[HeadLen]byte)(t.head[:HeadLen]))
	}
	t.head, t.looked, t.scan = nil, 0, nil
}

// decide chooses the scanner and gives it the bytes so far.
func (t *Tracker) decide() {
	t.decided = true
	switch {
	case at(t.head, 0, "PK\x03\x04"):
		t.scan = &zipScan{}
	case at(t.head, 0, "MZ"), at(t.head, 0, "\x7fELF"):
		t.scan = &programScan{}
	case at(t.head, 0, "7z\xbc\xaf\x27\x1c"), at(t.head, 0, "Rar!"):
		t.scan = &archiveScan{}
	default:
		return
	}
	t.scan.write(t.head)
}

// Gap says that bytes are missing here: hashes and traits end.
func (t *Tracker) Gap() { t.gap = true }

// Head is the first bytes, at most HeadLen, borrowed.
func (t *Tracker) Head() []byte { return t.head }

// MIME is the type by what was seen so far, as Zeek would say it.
func (t *Tracker) MIME() string {
	if t.looked != len(t.head) {
		t.mime, t.looked = MIME(t.head), len(t.head)
	}
	return t.mime
}

// Sum finishes the file.
func (t *Tracker) Sum() Summary {
	s := Summary{MIME: kind(t.head, t.MIME()), Size: t.n}
	if t.sum != nil && !t.gap && t.n > 0 {
		s.MD5 = hex.EncodeToString(t.md5.Sum(nil))
		s.SHA1 = hex.EncodeToString(t.sha1.Sum(nil))
		s.SHA256 = hex.EncodeToString(t.sum.Sum(nil))
	}
	if !t.decided && len(t.head) > 0 {
		t.decide()
	}
	if t.scan != nil {
		t.scan.finish(t.name, &s)
	}
	s.addNameTraits(t.name)
	return s
}

// Inspect learns a whole file at once, hashes included.
func Inspect(name string, data []byte) Summary {
	t := NewTracker(true)
	t.SetName(name)
	t.Write(data)
	return t.Sum()
}

// Held is about how many bytes the tracker keeps.
func (t *Tracker) Held() int {
	n := cap(t.head)
	if p, ok := t.scan.(*programScan); ok {
		n += cap(p.kept)
	}
	return n
}
