package nfs

import (
	"slices"
	"strconv"

	"longwatch/internal/wire"
)

// Programs (IANA "Remote Procedure Call Program Numbers").
const (
	progPortmap = 100000
	progNFS     = 100003
	progMount   = 100005
)

const authUnix = 1 // RFC 5531 appendix A

// program is one program and the names of its procedures, by version; the
// last version stands for later ones.
type program struct {
	name       string
	procedures [][]string
}

var (
	mountProcs   = []string{"NULL", "MNT", "DUMP", "UMNT", "UMNTALL", "EXPORT", "EXPORTALL", "PATHCONF"}
	portmapProcs = []string{"NULL", "SET", "UNSET", "GETPORT", "DUMP", "CALLIT"}
	rpcbindProcs = []string{"NULL", "SET", "UNSET", "GETADDR", "DUMP", "CALLIT", "GETTIME", "UADDR2TADDR", "TADDR2UADDR"}
	nfs2Procs    = []string{"NULL", "GETATTR", "SETATTR", "ROOT", "LOOKUP", "READLINK", "READ", "WRITECACHE", "WRITE", "CREATE", "REMOVE", "RENAME", "LINK", "SYMLINK", "MKDIR", "RMDIR", "READDIR", "STATFS"}
	nfs3Procs    = []string{"NULL", "GETATTR", "SETATTR", "LOOKUP", "ACCESS", "READLINK", "READ", "WRITE", "CREATE", "MKDIR", "SYMLINK", "MKNOD", "REMOVE", "RMDIR", "RENAME", "LINK", "READDIR", "READDIRPLUS", "FSSTAT", "FSINFO", "PATHCONF", "COMMIT"}
	nfs4Procs    = []string{"NULL", "COMPOUND"}
)

var programs = map[uint32]*program{
	progPortmap: {"portmap", [][]string{2: portmapProcs, 3: rpcbindProcs, 4: rpcbindProcs}},
	progNFS:     {"nfs", [][]string{2: nfs2Procs, 3: nfs3Procs, 4: nfs4Procs}},
	progMount:   {"mount", [][]string{1: mountProcs, 2: mountProcs, 3: mountProcs}},
	100011:      {"rquotad", nil},
	100021:      {"nlockmgr", nil},
	100024:      {"status", nil},
	100227:      {"nfs_acl", nil},
}

// procedure is the name of what is called, or its number.
func (p *program) procedure(k call) string {
	if int(k.version) < len(p.procedures) && int(k.procedure) < len(p.procedures[k.version]) {
		return p.procedures[k.version][k.procedure]
	}
	return strconv.FormatUint(uint64(k.procedure), 10)
}

const (
	maxNames   = 64
	maxExports = 32
	maxUsers   = 16
	maxPorts   = 32
	maxText    = 1024
)

func addText(list []string, s string, most int) []string {
	if s != "" && len(list) < most && !slices.Contains(list, s) {
		list = append(list, s)
	}
	return list
}

// text reads a string (RFC 4506 section 4.11).
func text(c *wire.Cursor) string {
	n := c.U32()
	b := c.Take(padded(n))
	if !c.OK() || n > maxText {
		return ""
	}
	return string(b[:n])
}

// credentials reads those of Unix: stamp, machine, user, group.
func (r *Record) credentials(c *wire.Cursor) {
	c.Skip(4)
	machine := text(c)
	uid := c.U32()
	if !c.OK() {
		return
	}
	if r.Machine == "" {
		r.Machine = machine
	}
	if len(r.UIDs) < maxUsers && !slices.Contains(r.UIDs, uid) {
		r.UIDs = append(r.UIDs, uid)
	}
}

// arguments reads those of calls that name something.
func (r *Record) arguments(k call, c *wire.Cursor) {
	name := programs[k.program].procedure(k)
	switch {
	case k.program == progMount && (name == "MNT" || name == "UMNT"):
		r.Exports = addText(r.Exports, text(c), maxExports)
	case k.program == progNFS && (k.version == 2 || k.version == 3):
		r.file(name, k.version, c)
	}
}

// handle passes over a file handle: 32 bytes, or a length and as many.
func handle(version uint32, c *wire.Cursor) {
	if version == 2 {
		c.Skip(32)
		return
	}
	c.Skip(padded(c.U32()))
}

func (r *Record) file(name string, version uint32, c *wire.Cursor) {
	switch name {
	case "LOOKUP", "CREATE", "MKDIR", "SYMLINK", "MKNOD", "REMOVE", "RMDIR":
		handle(version, c)
		r.Names = addText(r.Names, text(c), maxNames)
	case "RENAME":
		for range 2 {
			handle(version, c)
			r.Names = addText(r.Names, text(c), maxNames)
		}
	case "READ", "WRITE":
		handle(version, c)
		if version == 3 {
			c.Skip(8) // offset
		} else {
			c.Skip(4)
			if name == "WRITE" { // begin and total, which nobody uses, around the offset
				c.Skip(8)
			}
		}
		n := uint64(c.U32())
		if !c.OK() {
			return
		}
		if name == "READ" {
			r.Read += n
		} else {
			r.Written += n
		}
	}
}

// result reads the status of a reply that was accepted.
func (r *Record) result(k call, c *wire.Cursor) {
	name := programs[k.program].procedure(k)
	switch {
	case k.program == progPortmap && name == "GETPORT":
		if n := c.U32(); c.OK() && n > 0 && n < 1<<16 && len(r.Ports) < maxPorts && !slices.Contains(r.Ports, uint16(n)) {
			r.Ports = append(r.Ports, uint16(n))
		}
	case name == "NULL":
	case k.program == progNFS, k.program == progMount && name == "MNT":
		if status := c.U32(); status != 0 && c.OK() {
			r.Failed++
		}
	}
}
