package evtxfile

import (
	"encoding/binary"
	"hash/crc32"
)

const (
	chunkSize     = 64 << 10
	chunkHeader   = 512
	stringTable   = 128 // 64 offsets
	templateTable = 384 // 32 offsets
)

// chunk is 64 KiB of records being filled. All offsets in it are relative to
// its start, so it is built in one buffer from the front.
type chunk struct {
	b         []byte
	names     map[string]uint32
	templates map[string]uint32
	added     []string // keys added by the record being written, for undo
	addedTmpl []string

	first, last uint64
	lastOffset  uint32
	records     int
}

func newChunk() *chunk {
	c := &chunk{b: make([]byte, chunkHeader, chunkSize), names: map[string]uint32{}, templates: map[string]uint32{}}
	copy(c.b, "ElfChnk\x00")
	return c
}

func (c *chunk) bytes(b ...byte) { c.b = append(c.b, b...) }
func (c *chunk) u16(v uint16)    { c.b = binary.LittleEndian.AppendUint16(c.b, v) }
func (c *chunk) u32(v uint32)    { c.b = binary.LittleEndian.AppendUint32(c.b, v) }
func (c *chunk) u64(v uint64)    { c.b = binary.LittleEndian.AppendUint64(c.b, v) }

// hole leaves room for a size; fill writes the count of bytes since.
func (c *chunk) hole() int {
	c.u32(0)
	return len(c.b)
}

func (c *chunk) fill(hole int) {
	binary.LittleEndian.PutUint32(c.b[hole-4:], uint32(len(c.b)-hole))
}

// name writes the offset of a name, and the name itself where it is new.
func (c *chunk) name(s string) {
	if at, ok := c.names[s]; ok {
		c.u32(at)
		return
	}
	at := uint32(len(c.b) + 4)
	c.u32(at)
	u := encodeUTF16(s)
	hash := nameHash(u)
	c.u32(c.link(stringTable+4*int(hash%64), at))
	c.u16(hash)
	c.u16(uint16(len(u) / 2))
	c.bytes(u...)
	c.u16(0)
	c.names[s] = at
	c.added = append(c.added, s)
}

// link puts an offset at the head of a bucket and returns what was there.
func (c *chunk) link(slot int, at uint32) (before uint32) {
	before = binary.LittleEndian.Uint32(c.b[slot:])
	binary.LittleEndian.PutUint32(c.b[slot:], at)
	return before
}

func nameHash(u []byte) uint16 {
	var h uint32
	for i := 0; i < len(u); i += 2 {
		h = h*65599 + uint32(u[i]) + uint32(u[i+1])<<8
	}
	return uint16(h)
}

// fragment writes a fragment with one template instance: the definition where
// it is new, and the values. inner, when set, is written as the last value.
func (c *chunk) fragment(key string, root *element, values []Value, inner func()) {
	c.bytes(tokenFragment, 1, 1, 0)
	id := templateID(key)
	short := binary.LittleEndian.Uint32(id[:])
	c.bytes(tokenTemplate, 1)
	c.u32(short)
	if at, ok := c.templates[key]; ok {
		c.u32(at)
	} else {
		at := uint32(len(c.b) + 4)
		c.u32(at)
		c.u32(c.link(templateTable+4*int(short%32), at))
		c.bytes(id[:]...)
		size := c.hole()
		c.bytes(tokenFragment, 1, 1, 0)
		root.encode(c)
		c.bytes(tokenEOF)
		c.fill(size)
		c.templates[key] = at
		c.addedTmpl = append(c.addedTmpl, key)
	}
	c.u32(uint32(len(values)))
	table := len(c.b)
	for _, v := range values {
		c.u16(uint16(len(v.data)))
		c.bytes(v.kind, 0)
	}
	for _, v := range values {
		c.bytes(v.data...)
	}
	if inner != nil {
		start := len(c.b)
		inner()
		slot := table + 4*(len(values)-1)
		binary.LittleEndian.PutUint16(c.b[slot:], uint16(len(c.b)-start))
		c.b[slot+2] = kindBinXML
	}
	c.bytes(tokenEOF)
}

// add writes one record, or leaves the chunk as it was and says that it does
// not fit.
func (c *chunk) add(e *Event, id uint64) bool {
	start := len(c.b)
	header := [chunkHeader]byte(c.b[:chunkHeader])
	c.added, c.addedTmpl = c.added[:0], c.addedTmpl[:0]
	c.bytes('*', '*', 0, 0)
	c.u32(0)
	c.u64(id)
	c.u64(filetime(e.Time))
	key, root := e.system()
	c.fragment(key, root, e.values(id), func() {
		key, root, values := e.body()
		c.fragment(key, root, values, nil)
	})
	for (len(c.b)-start+4)%8 != 0 {
		c.bytes(0)
	}
	size := uint32(len(c.b) - start + 4)
	c.u32(size)
	if len(c.b) > chunkSize {
		c.b = c.b[:start]
		copy(c.b, header[:])
		for _, k := range c.added {
			delete(c.names, k)
		}
		for _, k := range c.addedTmpl {
			delete(c.templates, k)
		}
		return false
	}
	binary.LittleEndian.PutUint32(c.b[start+4:], size)
	if c.records == 0 {
		c.first = id
	}
	c.last, c.lastOffset = id, uint32(start)
	c.records++
	return true
}

// finish fills in the header and returns the whole chunk.
func (c *chunk) finish(firstNumber uint64) []byte {
	free := uint32(len(c.b))
	sum := crc32.ChecksumIEEE(c.b[chunkHeader:])
	c.b = append(c.b, make([]byte, chunkSize-len(c.b))...)
	h := c.b
	le := binary.LittleEndian
	le.PutUint64(h[8:], firstNumber)
	le.PutUint64(h[16:], firstNumber+uint64(c.records)-1)
	le.PutUint64(h[24:], c.first)
	le.PutUint64(h[32:], c.last)
	le.PutUint32(h[40:], 128)
	le.PutUint32(h[44:], c.lastOffset)
	le.PutUint32(h[48:], free)
	le.PutUint32(h[52:], sum)
	le.PutUint32(h[120:], 1)
	head := crc32.ChecksumIEEE(h[:120])
	le.PutUint32(h[124:], crc32.Update(head, crc32.IEEETable, h[128:chunkHeader]))
	return c.b
}
