// Package evidence is the contract for reading files that an organisation has.
// A Format recognises a kind of file by content and turns it into records:
//
//	var Format = evidence.Format{Name: "evtx", Sniff: sniff, New: open, Emits: host.Types}
//
// Evidence is only read. Damage is skipped and counted, never fatal to the
// rest. Archives are opened before a Format sees a file.
package evidence

import (
	"context"
	"errors"
	"io"
	"net/netip"

	"longwatch/internal/capture/filter"
	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// Match is how sure a Format is that a file is of its kind.
type Match uint8

// The matches. The surest format wins; among equals the first in name order.
const (
	None  Match = iota
	Maybe       // could be: text without a clear mark
	Sure        // magic bytes, or a structure no other format has
)

// SniffLen is how many bytes of the head Sniff is given, fewer when the file is shorter.
const SniffLen = 4096

// File is one piece of evidence: a file, or a member of an archive.
type File struct {
	Path     string // as shown and cited; members of archives follow "!"
	Name     string // last element of Path
	Size     int64  // bytes after decompression; -1 unknown
	Modified record.Time
	Created  record.Time // 0 where the file system or archive does not keep it
	// Open starts reading at the beginning. Only one reader is open at a time.
	Open func() (io.ReadCloser, error)
	// Reopen does the same at any later time, as often as one likes; nil where
	// that cannot be had: for members of archives and streams.
	Reopen func() (io.ReadCloser, error)
	// Stream tells that the file is read as it comes and can be of any length.
	Stream bool
}

// Ref cites a position in the file.
func (f *File) Ref(kind record.RefKind, pos int64) record.Ref {
	return record.Ref{File: f.Path, Kind: kind, Pos: pos}
}

// Env is what a Reader gets besides the file. It is shared by all readers and
// not changed while they run.
type Env struct {
	Protocols []proto.Spec            // for captures
	Types     map[string]*record.Type // every record type by name, for logs of other tools
	HomeNet   []netip.Prefix          // own networks; private ranges when none were given
	Jobs      int                     // goroutines a reader may use
	Memory    int64                   // bytes a reader may keep in tables
	Filter    *filter.Filter          // packets of captures to read; nil: all
	// CommunityID computes the Community ID of connections.
	CommunityID bool
	HashFiles   bool // compute MD5, SHA-1 and SHA-256 of files seen on the wire
	// Extract returns one of n equal shares of what keeps the content of files
	// seen on the wire; nil: nothing does.
	Extract func(n int) proto.Extractor
}

// Problem is something a Reader could not read or understand.
type Problem struct {
	Name  string     // short and constant: evtx-chunk-checksum, line-too-long
	Why   string     // one sentence for a person, with the particulars
	Ref   record.Ref // where
	Bytes int64      // bytes not understood; 0 when nothing was lost
	Ends  bool       // nothing of the file after Ref was read
}

// Outlet takes what a Reader finds. Its methods are safe for concurrent use.
type Outlet interface {
	// Lane returns a Sink for one goroutine. A simple Reader calls it once.
	Lane() record.Sink
	// Problem counts and keeps (a bounded number of) problems.
	Problem(p Problem)
	// Count adds to a number that the manifest shows of the file at path, as
	// packets or duplicates.
	Count(path, name string, n int64)
}

// Reader reads one file.
type Reader interface {
	// Read puts every record in file order into the lanes of out. The error
	// says why nothing more could be read; what was put stays valid. Errors
	// about the evidence wrap ErrTruncated or ErrCorrupt.
	Read(ctx context.Context, out Outlet) error
}

// The ways in which evidence ends before its end.
var (
	ErrTruncated = errors.New("evidence ends in the middle")
	ErrCorrupt   = errors.New("evidence is damaged")
)

// Format is one kind of file.
type Format struct {
	Name  string
	Sniff func(name string, head []byte) Match // content beats name
	New   func(f *File, env *Env) Reader
	// Join, where there is one, makes a reader of all files of the format, in
	// order of their paths: captures of one network are one story. What it puts
	// cites the file it comes from.
	Join  func(files []*File, env *Env) Reader
	Emits []*record.Type
}
