package talk

import (
	"longwatch/internal/simulate/packet"
)

// Access masks and dispositions of an open, MS-SMB2 2.2.13.
const (
	AccessRead  = 0x00120089
	AccessWrite = 0x0012019f
	AccessPipe  = 0x0012019f
	AccessDel   = 0x00010080

	openExisting    = 1
	overwriteOrMake = 5
)

type fileID [16]byte

func (t *Share) open(name string, access, disposition uint32, size uint64, action uint32) fileID {
	m := t.m
	m.tree = t.id
	n := utf16le(name)
	b := append(le16(nil, 57), 0, 0)
	b = le32(b, 2)
	b = le64(le64(b, 0), 0)
	attributes := uint32(0x80)
	if t.pipe {
		attributes = 0
	}
	options := uint32(0x40)
	b = le32(b, access, attributes, 7, disposition, options)
	b = le32(le16(b, 120, uint16(len(n))), 0, 0)
	if len(n) == 0 {
		n = []byte{0}
	}
	m.send(packet.Client, cmdCreate, 0, append(b, n...))
	var id fileID
	m.r.Fill(id[:])
	at := filetime(m.k.Now())
	b = append(le16(nil, 89), 0, 0)
	b = le32(b, action)
	for range 4 {
		b = le64(b, at)
	}
	b = le64(le64(b, (size+4095)&^4095), size)
	b = le32(b, attributes, 0)
	b = le32(append(b, id[:]...), 0, 0)
	m.send(packet.Server, cmdCreate, 0, append(b, 0))
	return id
}

func (t *Share) close(id fileID, size uint64) {
	m := t.m
	m.tree = t.id
	m.send(packet.Client, cmdClose, 0, append(le32(le16(nil, 24, 0), 0), id[:]...))
	b := le32(le16(nil, 60, 0), 0)
	b = append(b, make([]byte, 32)...)
	b = le32(le64(le64(b, (size+4095)&^4095), size), 0)
	m.send(packet.Server, cmdClose, 0, b)
}

// Missing asks for a file that is not there.
func (t *Share) Missing(name string) { t.refused(name, statusNotFound) }

// Denied asks for a file that may not be opened.
func (t *Share) Denied(name string) { t.refused(name, statusDenied) }

func (t *Share) refused(name string, status uint32) {
	m := t.m
	m.tree = t.id
	n := utf16le(name)
	b := le32(append(le16(nil, 57), 0, 0), 2)
	b = le32(le64(le64(b, 0), 0), AccessRead, 0x80, 7, openExisting, 0x40)
	b = le32(le16(b, 120, uint16(len(n))), 0, 0)
	m.send(packet.Client, cmdCreate, 0, append(b, n...))
	m.send(packet.Server, cmdCreate, status, errorBody())
}

// Put writes a file of the given content.
func (t *Share) Put(name string, data []byte) {
	id := t.open(name, AccessWrite, overwriteOrMake, 0, 2)
	for at := 0; at < len(data); at += 65536 {
		t.write(id, uint64(at), data[at:min(len(data), at+65536)])
	}
	t.close(id, uint64(len(data)))
}

func (t *Share) write(id fileID, offset uint64, data []byte) {
	m := t.m
	m.tree = t.id
	b := le32(le16(nil, 49, 112), uint32(len(data)))
	b = append(le64(b, offset), id[:]...)
	b = le32(b, 0, 0)
	b = le32(le16(b, 0, 0), 0)
	m.send(packet.Client, cmdWrite, 0, append(b, data...))
	b = le32(le16(nil, 17, 0), uint32(len(data)), 0)
	m.send(packet.Server, cmdWrite, 0, append(le16(b, 0, 0), 0))
}

// Get reads a file of the given content.
func (t *Share) Get(name string, data []byte) {
	id := t.open(name, AccessRead, openExisting, uint64(len(data)), 1)
	for at := 0; at < len(data); at += 65536 {
		t.read(id, uint64(at), data[at:min(len(data), at+65536)])
	}
	t.close(id, uint64(len(data)))
}

func (t *Share) read(id fileID, offset uint64, data []byte) {
	m := t.m
	m.tree = t.id
	b := append(le16(nil, 49), 0x50, 0)
	b = append(le64(le32(b, max(uint32(len(data)), 1024)), offset), id[:]...)
	b = le32(b, 1, 0, 0)
	m.send(packet.Client, cmdRead, 0, append(le16(b, 0, 0), 0))
	b = append(le16(nil, 17), 80, 0)
	b = le32(b, uint32(len(data)), 0, 0)
	m.send(packet.Server, cmdRead, 0, append(b, data...))
}

// Look opens and closes a name without reading, as browsing a folder does.
func (t *Share) Look(name string) {
	t.close(t.open(name, AccessRead, openExisting, 0, 1), 0)
}

// Delete opens a file for deletion and closes it.
func (t *Share) Delete(name string) {
	m := t.m
	id := t.open(name, AccessDel, openExisting, 0, 1)
	m.tree = t.id
	b := append(le16(nil, 33), 1, 13) // SET_INFO, FileDispositionInformation
	b = le32(b, 1)
	b = le32(le16(b, 96, 0), 0)
	b = append(append(b, id[:]...), 1)
	const cmdSetInfo = 17
	m.send(packet.Client, cmdSetInfo, 0, b)
	m.send(packet.Server, cmdSetInfo, 0, le16(nil, 2))
	t.close(id, 0)
}

// Disconnect ends the tree.
func (t *Share) Disconnect() {
	m := t.m
	m.tree = t.id
	m.send(packet.Client, cmdTreeDisconnect, 0, le16(nil, 4, 0))
	m.send(packet.Server, cmdTreeDisconnect, 0, le16(nil, 4, 0))
}

// Pipe is an open named pipe; it carries DCE/RPC.
type Pipe struct {
	t  *Share
	id fileID
}

// Pipe opens a named pipe on IPC$.
func (t *Share) Pipe(name string) *Pipe {
	return &Pipe{t, t.open(name, AccessPipe, openExisting, 0, 1)}
}

// transact is FSCTL_PIPE_TRANSCEIVE: one request and its answer.
func (p *Pipe) transact(request, reply []byte) {
	const transceive = 0x0011c017
	m := p.t.m
	m.tree = p.t.id
	b := append(le32(le16(nil, 57, 0), transceive), p.id[:]...)
	b = le32(b, 120, uint32(len(request)), 0, 120, 0, 65536, 1, 0)
	m.send(packet.Client, cmdIoctl, 0, append(b, request...))
	b = append(le32(le16(nil, 49, 0), transceive), p.id[:]...)
	b = le32(b, 112, 0, 112, uint32(len(reply)), 0, 0)
	m.send(packet.Server, cmdIoctl, 0, append(b, reply...))
}

// exchange writes the request and reads the answer, as clients bind.
func (p *Pipe) exchange(request, reply []byte) {
	p.t.write(p.id, 0, request)
	if reply != nil {
		p.t.read(p.id, 0, reply)
	}
}

// Close closes the pipe.
func (p *Pipe) Close() { p.t.close(p.id, 0) }
