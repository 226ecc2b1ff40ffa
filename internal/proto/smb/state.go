package smb

import (
	"slices"
	"time"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wirefile"
)

// Bounds on what one connection can make us keep. Passing one drops the oldest.
const (
	maxPending = 256
	maxTrees   = 256
	maxFiles   = 256
	maxRecent  = 1024
)

// recentFor is how long the same opening of the same file is not told again,
// as in Zeek: clients open a directory many times a second.
const recentFor = 3 * time.Minute

// Share types.
const (
	shareDisk  = "DISK"
	sharePipe  = "PIPE"
	sharePrint = "PRINT"
)

type treeKey struct {
	session uint64
	id      uint32
}

// tree is a connected share.
type tree struct {
	key       treeKey
	path      string
	service   string
	fs        string
	shareType string // empty when its connecting was not seen
}

// request is what an answer needs to know of its question.
type request struct {
	id      uint64
	command uint16
	head    record.Conn
	tree    *tree
	file    *file // of a read, or of a call on a pipe
	name    string
	offset  uint64
	options uint32
}

// fileID is a handle: 16 bytes in SMB2, two in SMB1.
type fileID [16]byte

// file is an open file or pipe.
type file struct {
	id      fileID
	tree    *tree
	head    record.Conn // time of the opening
	name    string
	size    uint64
	times   [4]uint64 // modified, accessed, created, changed; FILETIME
	pipe    bool
	rpc     *proto.Stream
	refused bool // no parser for the pipe
	related bool // meant by its place in a compound, not by a handle
	began   record.Conn
	read    uint64
	written uint64
	content [2]*wirefile.File
}

// pend remembers a request until its answer.
func (p *parser) pend(r request) {
	if i := slices.IndexFunc(p.pending, func(o request) bool { return o.id == r.id }); i >= 0 {
		p.pending[i] = r
		return
	}
	if len(p.pending) == maxPending {
		p.c.Weird("smb_too_many_pending_requests", "")
		p.pending = slices.Delete(p.pending, 0, 1)
	}
	p.pending = append(p.pending, r)
}

// answered takes out the request that an answer belongs to.
func (p *parser) answered(id uint64, command uint16) (request, bool) {
	i := slices.IndexFunc(p.pending, func(o request) bool { return o.id == id })
	if i < 0 || p.pending[i].command != command {
		return request{}, false
	}
	r := p.pending[i]
	p.pending = slices.Delete(p.pending, i, i+1)
	return r, true
}

// treeOf returns the share, which is new and nameless when its connecting was
// not seen.
func (p *parser) treeOf(key treeKey) *tree {
	for _, t := range p.trees {
		if t.key == key {
			return t
		}
	}
	t := &tree{key: key}
	p.connect(t)
	return t
}

func (p *parser) connect(t *tree) {
	p.disconnect(t.key)
	if len(p.trees) == maxTrees {
		p.c.Weird("smb_too_many_trees", "")
		p.trees = slices.Delete(p.trees, 0, 1)
	}
	p.trees = append(p.trees, t)
}

func (p *parser) disconnect(key treeKey) {
	p.trees = slices.DeleteFunc(p.trees, func(o *tree) bool { return o.key == key })
}

// fileOf returns the open file of a handle, or nil.
func (p *parser) fileOf(id fileID) *file {
	for _, f := range p.files {
		if f.id == id {
			return f
		}
	}
	return nil
}

// handle returns the open file of a handle; one whose opening was not seen has
// no name.
func (p *parser) handle(id fileID, t *tree) *file {
	f := p.fileOf(id)
	if f == nil {
		f = &file{id: id, tree: t, head: p.c.Head(), pipe: t.shareType == sharePipe}
		p.open(f)
	}
	return f
}

func (p *parser) open(f *file) {
	if old := p.fileOf(f.id); old != nil {
		p.close(old)
	}
	if len(p.files) == maxFiles {
		p.c.Weird("smb_too_many_open_files", "")
		p.close(p.files[0])
	}
	p.files = append(p.files, f)
}

// close forgets a file and says what was transferred.
func (p *parser) close(f *file) {
	p.files = slices.DeleteFunc(p.files, func(o *file) bool { return o == f })
	if f.rpc != nil {
		f.rpc.Close()
	}
	var fuids []string
	for _, w := range f.content {
		if w != nil {
			fuids = append(fuids, w.FUID())
			w.Close()
			if f.size > 0 && w.Seen() >= f.size {
				p.rememberWhole(f)
			}
		}
	}
	if !f.pipe && f.read+f.written > 0 {
		p.c.Emit(&Transfer{Conn: f.began, Path: f.tree.path, ShareType: f.shareType(), Name: f.name,
			BytesRead: f.read, BytesWritten: f.written, FUIDs: fuids})
	}
}

func (f *file) shareType() string {
	switch {
	case f.pipe:
		return sharePipe
	case f.tree.shareType != "":
		return f.tree.shareType
	}
	return shareDisk
}

// tell writes what was done to a file, unless it was told already.
func (p *parser) tell(f *file, action, name, prev string) {
	if name == "" {
		return
	}
	r := &File{Conn: f.head, Action: "SMB::" + action, Path: f.tree.path, Name: name, Size: f.size, PrevName: prev, beyond: f.related}
	if f.times[0] > 0 {
		if p.toldLately(r, f) {
			return
		}
		for i, at := range []*record.Opt[record.Time]{&r.Modified, &r.Accessed, &r.Created, &r.Changed} {
			*at = record.Some(filetime(f.times[i]))
		}
	}
	p.c.Emit(r)
}

// told is a file as it was told, but for its access time.
type told struct {
	action, path, name         string
	size                       uint64
	modified, created, changed uint64
}

func (p *parser) toldLately(r *File, f *file) bool {
	key := told{r.Action, r.Path, r.Name, r.Size, f.times[0], f.times[2], f.times[3]}
	again := p.lately(key)
	p.remember(key)
	return again
}

// contentKey is that of a file whose whole content was followed: until it
// changes, reading it again shows nothing new.
func (f *file) contentKey() told {
	return told{"content", f.tree.path, f.name, f.size, f.times[0], f.times[2], 0}
}

func (p *parser) rememberWhole(f *file) { p.remember(f.contentKey()) }

func (p *parser) remember(key told) {
	if p.recent == nil || len(p.recent) == maxRecent {
		p.recent = map[told]record.Time{}
	}
	p.recent[key] = p.c.Now()
}

func (p *parser) lately(key told) bool {
	last, ok := p.recent[key]
	return ok && p.c.Now().Sub(last) < recentFor
}

// filetime converts 100 ns since 1601 (MS-DTYP section 2.3.3). What is outside
// the years that nanoseconds since 1970 can express becomes the nearest.
func filetime(t uint64) record.Time {
	const epoch, limit = 116_444_736_000_000_000, 1 << 56
	d := int64(min(t, epoch+limit)) - epoch
	return record.Time(max(d, -limit) * 100)
}
