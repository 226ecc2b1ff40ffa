// Package wirefile follows files that protocols carry and writes one files
// record for each, as Zeek does. A parser hands over bytes as they come:
//
//	f := wirefile.New(c, "HTTP", proto.Resp)
//	f.SetTotal(n)
//	f.Write(body)
//	f.Close()
package wirefile

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"slices"
	"strconv"
	"time"

	"longwatch/internal/content"
	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// What is kept of a file because an earlier part of it has not come yet.
const (
	maxAhead = 512 << 10 // bytes, as in Zeek
	maxParts = 2048
)

// maxOver bounds the connections that one file is told of.
const maxOver = 64

// File is one file on the wire. It belongs to one goroutine.
type File struct {
	c       *proto.Conn
	rec     network.File
	tracker *content.Tracker
	mime    string // set by the parser: content does not decide
	start   record.Time
	last    record.Time
	next    uint64 // offset of the byte that is expected
	ahead   []part // what came early, by offset
	held    int
	also    []record.Conn // other connections that carried parts
	pad     int64         // what Zeek counts beyond the bytes that came
	frozen  uint64        // bytes that Zeek would not have read any more
	quiet   bool
	gap     bool
	frost   bool
	closed  bool

	der []byte // a file that may be an OCSP response, from its first byte

	kept    proto.Extraction
	decided bool // whether it is kept
	cut     bool // nothing more of it is kept
	sum     content.Summary
}

// New starts a file that direction d of c carries. source is the protocol as
// Zeek writes it in files.log: HTTP, SMB, SSL, FTP_DATA.
func New(c *proto.Conn, source string, d proto.Dir) *File {
	f := &File{c: c, tracker: content.NewTracker(c.HashFiles), start: c.Now(), last: c.Now()}
	f.rec.Conn = c.Head()
	f.rec.Source = source
	f.rec.IsOrig = record.Some(d == proto.Orig)
	sender := c.ID.OrigH
	if d == proto.Resp {
		sender = c.ID.RespH
	}
	f.rec.LocalOrig = record.Some(c.Engine.Local(sender))
	f.rec.FUID = fuid(c, d, c.NextFile())
	return f
}

// Rest is what follows f, which is closed, under the same identity: bytes that
// are missing behind it and may have been its own.
func (f *File) Rest() *File {
	r := &File{c: f.c, tracker: content.NewTracker(false), start: f.c.Now(), last: f.c.Now(), quiet: true}
	r.rec.Conn, r.rec.Source, r.rec.IsOrig, r.rec.LocalOrig, r.rec.FUID = f.rec.Conn, f.rec.Source, f.rec.IsOrig, f.rec.LocalOrig, f.rec.FUID
	return r
}

// Over says that connection c carries a part of the file, too: the file has a
// record for each of its connections, as in Zeek. It tells whether c is new.
func (f *File) Over(c *proto.Conn) bool {
	if c.ID.UID == f.rec.UID {
		return false
	}
	for i := range f.also {
		if f.also[i].UID == c.ID.UID {
			return false
		}
	}
	if len(f.also) < maxOver {
		f.also = append(f.also, c.Head())
	}
	return true
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// fuid is the same in every run: it is made of the connection, the direction
// and the file's ordinal in the connection.
func fuid(c *proto.Conn, d proto.Dir, n int) string {
	name := make([]byte, 0, 64)
	name = append(name, c.ID.UID...)
	name = append(name, '/', '0'+byte(d), '/')
	sum := sha256.Sum256(strconv.AppendInt(name, int64(n), 10))
	// 104 bits in two words, divided by the radix digit by digit.
	hi := binary.BigEndian.Uint64(sum[:8]) >> 24
	lo := binary.BigEndian.Uint64(sum[5:13])
	out := [18]byte{0: 'F'}
	for i := 1; i < len(out); i++ {
		var digit uint64
		hi, digit = hi/62, hi%62
		lo, digit = bits.Div64(digit, lo, 62)
		out[i] = base62[digit]
	}
	return string(out[:])
}

// FUID identifies the file in all records.
func (f *File) FUID() string { return f.rec.FUID }

// SetName gives the name the protocol has for the file.
func (f *File) SetName(name string) {
	f.rec.Filename = name
	f.tracker.SetName(name)
}

// SetMIME overrides what content says, for certificates and the like.
func (f *File) SetMIME(mime string) { f.mime = mime }

// MIME is the type by what was seen so far.
func (f *File) MIME() string {
	if f.mime != "" {
		return f.mime
	}
	return f.tracker.MIME()
}

// SetTotal gives the size that the protocol announces, in bytes.
func (f *File) SetTotal(n uint64) { f.rec.TotalBytes = record.Some(n) }

// SetDepth says how deep in a transfer the file is: pages within a connection.
func (f *File) SetDepth(n uint64) { f.rec.Depth = n }

// AddAnalyzer names an analysis that ran on the file.
func (f *File) AddAnalyzer(name string) { f.rec.Analyzers = append(f.rec.Analyzers, name) }

// Quiet says that the file ends because nothing more came, not because the
// protocol said so: Zeek's timedout.
func (f *File) Quiet() { f.quiet = true }

// Partial says that what came before the file was not captured.
func (f *File) Partial() { f.rec.Partial = record.Some(true) }

// Pad counts n bytes as seen that did not come: Zeek rewrites the line ends of
// bodies that it reads line by line, and counts what it wrote.
func (f *File) Pad(n int) { f.pad += int64(n) }

// Freeze says that Zeek would not have read on here. What still comes is hashed
// and kept, but not counted as seen.
func (f *File) Freeze() { f.frost = true }

// Last is when bytes last came.
func (f *File) Last() record.Time { return f.last }

// Held is about how many bytes the file keeps: those that wait for earlier ones,
// and what its type and content are learnt from. A nil File keeps none.
func (f *File) Held() int {
	if f == nil {
		return 0
	}
	const itself = 1 << 10 // with the states of hashes
	return itself + f.held + cap(f.der) + f.tracker.Held()
}

// Sniffed tells whether Zeek would know the type by now: it decides by a full
// head, or at the first hole.
func (f *File) Sniffed() bool { return f.gap || f.rec.SeenBytes >= content.HeadLen }

// Cut says that the end of the file is missing, without saying how much of it:
// there will be no hash.
func (f *File) Cut() {
	f.decide()
	f.cut = true
	f.tracker.Gap()
}

// Complete tells whether all bytes that were announced went by.
func (f *File) Complete() bool { return f.rec.TotalBytes.Set && f.next >= f.rec.TotalBytes.V }

// Seen is how many bytes came.
func (f *File) Seen() uint64 { return f.rec.SeenBytes }

// Write takes the next bytes.
func (f *File) Write(b []byte) {
	if f.closed || len(b) == 0 {
		return
	}
	if f.frost {
		f.frozen += uint64(len(b))
	} else {
		f.last = f.c.Now()
		f.rec.SeenBytes += uint64(len(b))
	}
	f.next += uint64(len(b))
	f.keepDER(b)
	if f.c.Extract != nil && !f.cut {
		f.extract(b)
		return
	}
	f.tracker.Write(b)
}

// extract writes b, and keeps it if files of this type are wanted: that shows
// when the head is full.
func (f *File) extract(b []byte) {
	if f.decided {
		f.tracker.Write(b)
		if f.kept != nil {
			f.kept.Write(b)
		}
		return
	}
	before := len(f.tracker.Head())
	f.tracker.Write(b)
	if len(f.tracker.Head()) == content.HeadLen {
		f.decide()
		if f.kept != nil {
			f.kept.Write(b[content.HeadLen-before:])
		}
	}
}

// decide begins to keep the file, or not, by what its head shows.
func (f *File) decide() {
	if f.decided || f.c.Extract == nil {
		return
	}
	f.decided = true
	if len(f.tracker.Head()) == 0 {
		return
	}
	if f.kept = f.c.Extract.Begin(f.MIME()); f.kept != nil {
		f.kept.Write(f.tracker.Head())
	}
}

// endExtract ends what is kept and notes its name.
func (f *File) endExtract(r *network.File) {
	f.decide()
	if f.kept == nil {
		return
	}
	name, size, cut := f.kept.Close()
	f.kept = nil
	if name == "" && !cut {
		return // it was looked at, not kept
	}
	r.Cutoff = record.Some(cut || f.cut || f.gap || f.rec.TotalBytes.Set && !f.Complete())
	if name != "" {
		r.Extracted, r.ExtractedSize = name, record.Some(size)
	}
}

// WriteAt takes bytes at an offset of the file, in any order. What came before
// is passed over; what comes early waits, within bounds. As in Zeek, holes that
// had to be given up for want of room count as overflow, too.
func (f *File) WriteAt(off uint64, b []byte) {
	if f.closed || len(b) == 0 {
		return
	}
	if off < f.next {
		skip := f.next - off
		if skip >= uint64(len(b)) {
			return
		}
		b, off = b[skip:], f.next
	}
	if off > f.next {
		f.early(off, b)
		return
	}
	f.Write(b)
	for len(f.ahead) > 0 && f.ahead[0].off <= f.next {
		f.first()
	}
}

// part is bytes that came before those in front of them.
type part struct {
	off uint64
	b   []byte
}

// first writes the first part that waits, as far as it is new.
func (f *File) first() {
	p := f.ahead[0]
	f.ahead = f.ahead[1:]
	f.held -= len(p.b)
	if p.off > f.next {
		f.Gap(p.off - f.next)
	}
	if skip := f.next - p.off; skip < uint64(len(p.b)) {
		f.Write(p.b[skip:])
	}
}

// early keeps a part for later, or, when too much waits, gives up on the holes.
func (f *File) early(off uint64, b []byte) {
	if f.held > maxAhead || len(f.ahead) == maxParts {
		before := f.rec.MissingBytes
		f.flush()
		f.rec.OverflowBytes += f.rec.MissingBytes - before
		f.WriteAt(off, b)
		return
	}
	f.last = f.c.Now()
	i, again := slices.BinarySearchFunc(f.ahead, off, func(p part, off uint64) int { return cmp.Compare(p.off, off) })
	if again && len(f.ahead[i].b) >= len(b) {
		return
	}
	own := part{off, append([]byte(nil), b...)}
	if again {
		f.held -= len(f.ahead[i].b)
		f.ahead[i] = own
	} else {
		f.ahead = slices.Insert(f.ahead, i, own)
	}
	f.held += len(b)
}

// flush writes what waits, with the holes between as gaps.
func (f *File) flush() {
	for len(f.ahead) > 0 {
		f.first()
	}
	f.ahead, f.held = nil, 0
}

// GapAt says that n bytes at an offset of the file were never captured. It
// matters only at the byte that is expected: other holes show by themselves.
func (f *File) GapAt(off, n uint64) {
	if off == f.next {
		f.Gap(n)
	}
}

// Gap says that n bytes were never captured.
func (f *File) Gap(n uint64) {
	if f.closed || n == 0 {
		return
	}
	if !f.frost {
		f.rec.MissingBytes += n
		f.last = f.c.Now()
	}
	f.next += n
	f.decide()
	f.gap, f.cut = true, true
	f.tracker.Gap()
}

// Summary is what was learnt of the file, once it is closed.
func (f *File) Summary() content.Summary { return f.sum }

// byType are Zeek's analyzers for types that content shows.
var byType = map[string]string{
	"application/x-dosexec":     "PE",
	"application/ocsp-response": "OCSP_REPLY",
}

// Close writes the record, once for each connection that carried the file;
// later calls do nothing.
func (f *File) Close() {
	if f.closed {
		return
	}
	last := f.last
	f.flush()
	f.last, f.closed = last, true
	if f.rec.TotalBytes.Set && !f.Complete() {
		f.Cut() // the hash of a part would be taken for that of the file
	}
	s := f.tracker.Sum()
	f.sum = s
	r := f.rec
	f.endExtract(&r)
	r.TS = f.start
	r.Duration = time.Duration(f.last - f.start)
	r.MIMEType = f.MIME()
	if name := byType[r.MIMEType]; name != "" && !slices.Contains(r.Analyzers, name) {
		r.Analyzers = append(r.Analyzers, name)
	}
	r.TimedOut = f.quiet
	r.MD5, r.SHA1, r.SHA256 = s.MD5, s.SHA1, s.SHA256
	r.Traits, r.Members = s.Traits, s.Members
	if f.pad != 0 || f.frozen != 0 {
		r.Size = record.Some(r.SeenBytes + f.frozen)
		r.SeenBytes = uint64(max(0, int64(r.SeenBytes)+f.pad)) // #nosec G115 -- a count of bytes that went by
	}
	f.c.Emit(&r)
	for _, head := range f.also {
		again := r
		again.Conn = head
		again.TS = f.start
		f.c.Emit(&again)
	}
	if s.Program != nil && !r.BeyondZeek() {
		f.c.Emit(program(&r, s.Program))
	}
	f.ocsp()
	f.tracker.Done()
}
