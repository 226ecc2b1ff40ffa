package smb

import (
	"bytes"

	"longwatch/internal/proto"
	"longwatch/internal/wirefile"
)

// data takes bytes that were read from (role proto.Resp) or written to
// (proto.Orig) a file or pipe, and that direction d carried.
func (p *parser) data(f *file, role, d proto.Dir, off uint64, b []byte) {
	if len(b) == 0 {
		return
	}
	if f.pipe {
		p.rpc(f, role, b)
		return
	}
	if f.read+f.written == 0 {
		f.began = p.c.Head()
	}
	if role == proto.Orig {
		f.written += uint64(len(b))
	} else {
		f.read += uint64(len(b))
	}
	if f.content[role] == nil {
		if role == proto.Resp && p.lately(f.contentKey()) {
			return
		}
		w := wirefile.New(p.c, "SMB", d)
		if f.name != "" {
			w.SetName(f.name)
		}
		if f.size > 0 {
			w.SetTotal(f.size)
		}
		f.content[role] = w
	}
	f.content[role].WriteAt(off, b)
}

// guessRPC takes a handle whose opening was not seen for a pipe when the first
// bytes, of a whole message, start a DCE/RPC fragment.
func (f *file) guessRPC(off uint64, b []byte) {
	if f.name == "" && f.tree.shareType == "" && off == 0 && f.read+f.written == 0 &&
		len(b) >= 16 && b[0] == 5 && b[1] == 0 && bytes.Equal(b[4:8], []byte{0x10, 0, 0, 0}) {
		f.pipe = true
	}
}

// rpc passes on what went through a pipe.
func (p *parser) rpc(f *file, role proto.Dir, b []byte) {
	if f.rpc == nil && !f.refused {
		f.rpc = p.c.Inner("dce_rpc")
		f.refused = f.rpc == nil
	}
	if f.rpc != nil {
		_ = f.rpc.Feed(role, b) // not every pipe speaks RPC; its error ends the inner parser only
	}
}
