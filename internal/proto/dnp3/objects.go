package dnp3

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
	"longwatch/internal/wire"
)

//go:embed objects.txt
var objectsText string

// kind is an object group and variation.
type kind struct {
	name string
	bits int  // of one object; 0: none, or not known
	size bool // bits is known
	attr bool // a device attribute, with its length inside
}

// kinds is the table of objects.txt, by group and variation.
var kinds = sync.OnceValue(func() map[uint16]kind {
	table := map[uint16]kind{}
	for line := range strings.Lines(objectsText) {
		f := strings.SplitN(strings.TrimSpace(line), " ", 4)
		if len(f) < 3 || f[0] == "#" {
			continue
		}
		group, _ := strconv.ParseUint(f[0], 10, 8)
		variation, _ := strconv.ParseUint(f[1], 10, 8)
		k := kind{size: true}
		if len(f) == 4 {
			k.name = f[3]
		}
		switch bits, packed := strings.CutPrefix(f[2], "b"); {
		case f[2] == "-":
			k.size = false
		case f[2] == "attr":
			k.attr = true
		case packed:
			k.bits, _ = strconv.Atoi(bits)
		default:
			k.bits, _ = strconv.Atoi(f[2])
			k.bits *= 8
		}
		table[uint16(group)<<8|uint16(variation)] = k
	}
	return table
})

// Groups and variations that are looked into.
const (
	groupRelay   = 12 // binary output command
	groupTime    = 50
	groupCTO     = 51 // common time of occurrence
	groupFile    = 70
	groupIIN     = 80
	relayBlock   = groupRelay<<8 | 1
	patternBlock = groupRelay<<8 | 2
	fileCommand  = groupFile<<8 | 3
)

const (
	maxHeaders = 256  // object headers of one fragment
	maxPoints  = 32   // objects named of one request
	maxBlocks  = 1024 // control blocks of one fragment
)

// body is the objects of one fragment.
type body struct {
	p            *parser
	d            proto.Dir
	head         record.Conn
	fc           uint8
	name, access string

	points   []string
	blocks   int
	settings bool // it writes the clock, files or indications, not points
}

// header is an object header (clause 4.2.2.7).
type header struct {
	object    uint16
	prefix    uint8 // what stands before each object
	count     uint32
	low, high uint32
	ranged    bool // low and high are points
	all       bool // every point of the kind
}

// Object prefix codes (table 4-5): an index, or from 4 on a size.
const (
	prefixNone  = 0
	prefixIndex = 3 // the longest
)

// readHeader reads an object header; ok is false for what the standard reserves.
func readHeader(c *wire.Cursor) (h header, ok bool) {
	h.object = c.U16()
	q := c.U8()
	h.prefix = q >> 4 & 7
	h.ranged = true
	switch q & 15 {
	case 0, 3:
		h.low, h.high = uint32(c.U8()), uint32(c.U8())
	case 1, 4:
		h.low, h.high = uint32(c.L16()), uint32(c.L16())
	case 2, 5:
		h.low, h.high = c.L32(), c.L32()
	case 6:
		h.ranged, h.all = false, true
	case 7, 11:
		h.ranged, h.count = false, uint32(c.U8())
	case 8:
		h.ranged, h.count = false, uint32(c.L16())
	case 9:
		h.ranged, h.count = false, c.L32()
	default:
		return h, false
	}
	if h.ranged {
		if h.high < h.low || h.high-h.low == 1<<32-1 {
			return h, false
		}
		h.count = h.high - h.low + 1
	}
	return h, c.OK()
}

// read walks the object headers and what follows each.
func (m *body) read(c *wire.Cursor) {
	for range maxHeaders {
		if c.Len() == 0 {
			return
		}
		h, ok := readHeader(c)
		if !ok {
			m.p.c.Weird("dnp3_malformed_object_header", "")
			return
		}
		switch uint8(h.object >> 8) {
		case groupTime, groupCTO, groupFile, groupIIN:
			m.settings = true
		}
		k, known := kinds()[h.object]
		m.objects(&h, k.name)
		if !m.data(c, &h, k, known) {
			return
		}
	}
}

// objects emits the dnp3_objects record of a header, and notes the points that
// a request addresses.
func (m *body) objects(h *header, name string) {
	if m.fc < fcResponse && h.prefix == prefixNone && len(m.points) < maxPoints {
		m.points = append(m.points, pointRange(h))
	}
	request := m.fc == fcRead
	if name == "" || !request && m.fc != fcResponse {
		return
	}
	o := &Objects{Conn: m.head, Way: ot.From(m.head, m.d == proto.Orig), Func: m.name, Object: name, Access: m.access}
	if !request {
		o.Count = record.Some(h.count)
		if h.ranged {
			o.Low, o.High = record.Some(h.low), record.Some(h.high)
		}
	}
	m.p.c.Emit(o)
}

func pointRange(h *header) string {
	s := fmt.Sprintf("%d.%d", h.object>>8, h.object&0xff)
	switch {
	case h.all:
		return s
	case !h.ranged:
		return s + " *" + strconv.FormatUint(uint64(h.count), 10)
	case h.low == h.high:
		return s + " " + strconv.FormatUint(uint64(h.low), 10)
	}
	return fmt.Sprintf("%s %d-%d", s, h.low, h.high)
}

// carries tells whether objects of this kind have data in this message.
func (m *body) carries(h *header) bool {
	switch {
	case h.prefix > prefixIndex, m.fc >= fcResponse:
		return true
	case m.fc == fcFreezeAt, m.fc == fcFreezeAtNR:
		return h.object>>8 == groupTime
	}
	return m.fc >= fcWrite && m.fc <= fcDirectNoReply || m.fc >= 0x19
}

// data passes over the objects of a header. It returns false when their length
// is not known, or they are not all there.
func (m *body) data(c *wire.Cursor, h *header, k kind, known bool) bool {
	carries := m.carries(h)
	switch {
	case h.all:
		return true
	case h.prefix == prefixNone && !carries:
		return true
	case h.prefix == prefixNone && known && k.size && !k.attr && h.object != relayBlock && h.object != patternBlock:
		bytes := (uint64(h.count)*uint64(k.bits) + 7) / 8
		if bytes > uint64(c.Len()) {
			m.p.c.Weird("truncated_dnp3_fragment", "")
			return false
		}
		c.Skip(int(bytes))
		return true
	}
	for i := uint32(0); i < h.count; i++ {
		if c.Len() == 0 || !m.object(c, h, k, known, h.low+i, carries) {
			m.p.c.Weird("truncated_dnp3_fragment", "")
			return false
		}
	}
	return true
}

// object passes over one object with its prefix and reads it if it matters. It
// consumes a byte or more, or fails.
func (m *body) object(c *wire.Cursor, h *header, k kind, known bool, index uint32, carries bool) bool {
	size := -1
	before := c.Off()
	switch h.prefix {
	case 1:
		index = uint32(c.U8())
	case 2:
		index = uint32(c.L16())
	case 3:
		index = c.L32()
	case 4:
		size = int(c.U8())
	case 5:
		size = int(c.L16())
	case 6:
		size = int(c.L32())
	case 7:
		return false // reserved
	}
	if m.fc < fcResponse && h.prefix != prefixNone && len(m.points) < maxPoints {
		s := fmt.Sprintf("%d.%d", h.object>>8, h.object&0xff)
		if size < 0 {
			s += " " + strconv.FormatUint(uint64(index), 10)
		}
		m.points = append(m.points, s)
	}
	switch {
	case !carries:
	case size >= 0:
		o := c.Sub(size)
		m.file(&o, h.object)
	case k.attr: // data type, length, value
		c.Skip(1)
		c.Skip(int(c.U8()))
	case !known || !k.size:
		return false
	case h.object == relayBlock || h.object == patternBlock:
		m.control(c, h.object, index)
	default:
		c.Skip((k.bits + 7) / 8)
	}
	return c.OK() && c.Off() > before
}

// file tells from a file command (A.29.3) whether it is opened to be written.
func (m *body) file(c *wire.Cursor, object uint16) {
	if object != fileCommand || m.access != ot.Other {
		return
	}
	c.Skip(2 + 2 + 6 + 2 + 4 + 4) // name's place and length, time, permissions, key, size
	switch mode := c.U16(); {
	case !c.OK():
	case mode>>8 == 1:
		m.access = ot.Read
	case mode != 0:
		m.access = ot.Config
	}
}

// The fields of a control block (A.8.1).
var (
	trips     = [...]string{"Nul", "Close", "Trip"}
	operation = [...]string{"Nul", "Pulse On", "Pulse Off", "Latch On", "Latch Off"}
	statuses  = [...]string{
		0x00: "Success", 0x01: "Timeout", 0x02: "No Select", 0x03: "Format Error", 0x04: "Not Supported",
		0x05: "Latch Off", 0x06: "Already Active", 0x07: "Hardware Error", 0x08: "Too Many Objs",
		0x09: "Not Authorized", 0x0a: "Automation Inhibit", 0x0b: "Processing Limited", 0x0c: "Out of Range",
		0x7e: "Non Participating", 0x7f: "Undefined",
	}
)

func named(table []string, n uint8) string {
	if int(n) < len(table) && table[n] != "" {
		return table[n]
	}
	return fmt.Sprintf("unknown-%x", n)
}

// control reads a control relay output block or a pattern control block.
func (m *body) control(c *wire.Cursor, object uint16, index uint32) {
	code, count, on, off, status := c.U8(), c.U8(), c.L32(), c.L32(), c.U8()
	if !c.OK() {
		return
	}
	if m.blocks++; m.blocks > maxBlocks {
		if m.blocks == maxBlocks+1 {
			m.p.c.Weird("dnp3_too_many_control_blocks", "")
		}
		return
	}
	r := &Control{
		Conn: m.head, Way: ot.From(m.head, m.d == proto.Orig), Block: "Control Relay Output Block", Func: m.name,
		Index: index, Trip: named(trips[:], code>>6), Op: named(operation[:], code&15), Clear: code&0x20 != 0,
		Count: count, OnTime: on, OffTime: off, Access: ot.Control,
	}
	if object == patternBlock {
		r.Block = "Pattern Control Block"
	}
	if m.fc == fcResponse {
		r.Status = named(statuses[:], status)
	}
	m.p.c.Emit(r)
}
