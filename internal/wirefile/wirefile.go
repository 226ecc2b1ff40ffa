// Package wirefile follows files that protocols carry and writes one files
// record for each, as Zeek does. A parser hands over bytes as they come:
//
//	f := wirefile.New(c, "HTTP", proto.Resp)
//	f.SetTotal(n)
//	f.Write(body)
//	f.Close()
package wirefile

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
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
	maxAhead = 1 << 20 // bytes
	maxParts = 256
)

// File is one file on the wire. It belongs to one goroutine.
type File struct {
	c       *proto.Conn
	rec     network.File
	tracker *content.Tracker
	mime    string // set by the parser: content does not decide
	start   record.Time
	last    record.Time
	next    uint64            // offset of the byte that is expected
	ahead   map[uint64][]byte // parts that came early
	held    int
	quiet   bool
	closed  bool
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

// Cut says that the end of the file is missing, without saying how much of it:
// there will be no hash.
func (f *File) Cut() { f.tracker.Gap() }

// Complete tells whether all bytes that were announced went by.
func (f *File) Complete() bool { return f.rec.TotalBytes.Set && f.next >= f.rec.TotalBytes.V }

// Seen is how many bytes came.
func (f *File) Seen() uint64 { return f.rec.SeenBytes }

// Write takes the next bytes.
func (f *File) Write(b []byte) {
	if f.closed || len(b) == 0 {
		return
	}
	f.last = f.c.Now()
	f.rec.SeenBytes += uint64(len(b))
	f.next += uint64(len(b))
	f.tracker.Write(b)
}

// WriteAt takes bytes at an offset of the file, in any order. What came before
// is passed over; what comes early waits, within bounds.
func (f *File) WriteAt(off uint64, b []byte) {
	if f.closed || len(b) == 0 {
		return
	}
	if off < f.next {
		skip := f.next - off
		if skip >= uint64(len(b)) {
			f.rec.OverflowBytes += uint64(len(b))
			return
		}
		f.rec.OverflowBytes += skip
		b, off = b[skip:], f.next
	}
	if off > f.next {
		f.early(off, b)
		return
	}
	f.Write(b)
	for len(f.ahead) > 0 {
		part, ok := f.ahead[f.next]
		if !ok {
			return
		}
		delete(f.ahead, f.next)
		f.held -= len(part)
		f.Write(part)
	}
}

// early keeps a part for later, or, when too much waits, gives up on the holes.
func (f *File) early(off uint64, b []byte) {
	if f.held+len(b) > maxAhead || len(f.ahead) == maxParts {
		f.flush()
		if off > f.next {
			f.Gap(off - f.next)
		}
		f.WriteAt(off, b)
		return
	}
	f.last = f.c.Now()
	if len(f.ahead[off]) >= len(b) {
		return
	}
	if f.ahead == nil {
		f.ahead = map[uint64][]byte{}
	}
	f.held += len(b) - len(f.ahead[off])
	f.ahead[off] = append([]byte(nil), b...)
}

// flush writes what waits, with the holes between as gaps.
func (f *File) flush() {
	for _, off := range slices.Sorted(maps.Keys(f.ahead)) {
		part := f.ahead[off]
		if off > f.next {
			f.Gap(off - f.next)
		}
		if skip := f.next - off; skip < uint64(len(part)) {
			f.Write(part[skip:])
		}
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
	f.rec.MissingBytes += n
	f.next += n
	f.tracker.Gap()
}

// Close writes the record; later calls do nothing.
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
	r := f.rec
	r.TS = f.start
	r.Duration = time.Duration(f.last - f.start)
	r.MIMEType = f.MIME()
	r.TimedOut = f.quiet
	r.MD5, r.SHA1, r.SHA256 = s.MD5, s.SHA1, s.SHA256
	r.Traits, r.Members = s.Traits, s.Members
	f.c.Emit(&r)
}
