package evtx

import (
	"encoding/binary"
	"math"
	"slices"

	"longwatch/internal/record/host"
	"longwatch/internal/wire"
)

// Bounds of decoding. A record of 64 KiB, which is all a chunk holds, has some
// thousand values; a hostile one refers to the same bytes again and again. One
// such record must not cost the others of its chunk, many may not cost our time.
const (
	maxDepth     = 64      // elements inside each other
	maxInstances = 16      // templates, and values that are binary XML, inside each other
	maxValues    = 1 << 14 // values of one template instance

	maxRecordSteps = 1 << 16 // tokens and operations
	maxRecordText  = 1 << 20 // bytes of text
	maxChunkSteps  = 1 << 21
	maxChunkText   = 1 << 25
)

// decoder turns the binary XML of one chunk after the other into events.
type decoder struct {
	chunk     []byte
	templates []template // compiled in this chunk
	places    []uint16   // for each byte of a chunk: 1 + index of the template there, or 0
	ops       []op       // of all templates
	open      []int      // start operations of open elements, while compiling
	values    []slot     // of the instances being written, a stack
	depth     int        // instances being written
	steps     int        // taken in this chunk
	maxSteps  int        // how far the record may take them
	text      int        // bytes written in this chunk by earlier records
	maxText   int        // how many the record may write
	interned  interner
	names     []placedName // read in this chunk
	namesAt   []uint16     // as places, of names
	scratch   []byte       // text on its way into interned
	build     builder

	lenient bool  // damage is passed where that makes sense
	damage  error // that was passed in this record
}

// reset goes on to the next chunk.
func (d *decoder) reset(chunk []byte) {
	d.chunk = chunk
	d.ops = d.ops[:0]
	d.steps, d.text = 0, 0
	if d.places == nil {
		d.places, d.namesAt = make([]uint16, chunkSize), make([]uint16, chunkSize)
	}
	for i := range d.templates {
		d.places[d.templates[i].at] = 0
	}
	d.templates = d.templates[:0]
	for i := range d.names {
		d.namesAt[d.names[i].at] = 0
	}
	d.names = d.names[:0]
}

// decode writes the binary XML at chunk[from:to] into e and tells where it
// ended. After an error e holds what was read before, see some.
func (d *decoder) decode(e *host.Event, from, to int) (int, error) {
	d.values, d.depth, d.damage = d.values[:0], 0, nil
	d.maxSteps = min(maxChunkSteps, d.steps+maxRecordSteps)
	d.maxText = min(maxChunkText-d.text, maxRecordText)
	d.build.begin(e, &d.interned)
	c := wire.At(d.chunk[:to])
	c.Seek(from)
	err := d.decodeFragment(&c)
	d.text += len(d.build.text)
	if err == nil {
		err = d.damage
	}
	if d.build.rooted {
		d.build.finish()
	} else if err == nil {
		err = errRoot
	}
	return c.Off(), err
}

// some tells whether the last record has at least the beginning of an event.
func (d *decoder) some() bool { return d.build.rooted }

// pass notes damage and tells whether to go on in spite of it.
func (d *decoder) pass(err error) bool {
	if d.lenient && d.damage == nil {
		d.damage = err
	}
	return d.lenient
}

// decodeFragment reads a fragment: nearly always one template instance.
func (d *decoder) decodeFragment(c *wire.Cursor) error {
	start := c.Off()
	if c.U8() == tokenFragment {
		c.Skip(3)
		if c.U8() == tokenTemplate {
			if err := d.runInstance(c); err != nil {
				return err
			}
			if c.Len() > 0 && c.Rest()[0] == tokenEnd {
				c.Skip(1)
			}
			return nil
		}
	}
	c.Seek(start)
	mark := len(d.ops)
	p, err := d.compile(c, c.Off()+c.Len(), false)
	if err == nil {
		err = d.run(p, nil)
	}
	// Templates that were compiled meanwhile lie behind; they stay.
	if len(d.ops) == p.to {
		d.ops = d.ops[:mark]
	}
	return err
}

// instance is a template with the values to put in.
type instance struct {
	id       uint32 // the first four bytes of its GUID
	template uint32 // offset of its definition
}

// readInstance reads a template instance behind its token, passing over a
// definition that lies inside. Values are appended to into, which may be nil
// when only the place behind the instance is wanted.
func (d *decoder) readInstance(c *wire.Cursor, into *[]slot) (instance, error) {
	head := c.Take(1 + 4 + 4) // version, identifier, place
	if head == nil {
		return instance{}, errShort
	}
	in := instance{id: binary.LittleEndian.Uint32(head[1:]), template: binary.LittleEndian.Uint32(head[5:])}
	if int(in.template) == c.Off() {
		c.Skip(4 + 16) // next template, GUID
		c.Skip(int(c.L32()))
	}
	count := int(c.L32())
	if count > maxValues {
		return in, errBudget
	}
	types := c.Take(4 * count) // size, type, 0
	at := c.Off()
	from := at
	if into == nil {
		for ; len(types) >= 4; types = types[4:] {
			at += int(binary.LittleEndian.Uint16(types))
		}
	} else {
		list := slices.Grow(*into, count)
		for ; len(types) >= 4; types = types[4:] {
			t := binary.LittleEndian.Uint32(types)
			list = append(list, slot{at: uint32(at), size: uint16(t), typ: valueType(t >> 16)}) // #nosec G115 -- at most maxValues of 64 KiB each
			at += int(uint16(t))                                                                // #nosec G115 -- the size is the lower half
		}
		*into = list
	}
	if beyond := at - from - c.Len(); beyond > 0 && c.OK() && into != nil && d.pass(errShort) {
		for i := len(*into) - 1; i >= len(*into)-count; i-- {
			if s := &(*into)[i]; int(s.at)+int(s.size) > from+c.Len() {
				*s = slot{}
			}
		}
		at -= beyond
	}
	c.Skip(at - from)
	if !c.OK() {
		return in, errShort
	}
	if d.steps += count / 4; d.steps > d.maxSteps {
		return in, errBudget
	}
	return in, nil
}

// runInstance writes a template instance.
func (d *decoder) runInstance(c *wire.Cursor) error {
	if d.depth == maxInstances {
		return errNesting
	}
	base := len(d.values)
	in, err := d.readInstance(c, &d.values)
	if err != nil {
		return err
	}
	t, err := d.template(in.template)
	if err != nil {
		return err
	}
	if t.damage != nil && !d.pass(t.damage) {
		return t.damage
	}
	if t.id != in.id && !d.pass(errTemplate) {
		return errTemplate
	}
	d.depth++
	err = d.run(t.program, d.values[base:])
	d.depth--
	d.values = d.values[:base]
	return err
}

// template is a compiled template definition.
type template struct {
	at     uint32 // where it is in the chunk
	id     uint32
	damage error // why it was compiled in part only
	program
}

// template returns the template at an offset. What it points to is valid until
// the next one is compiled.
func (d *decoder) template(at uint32) (*template, error) {
	if int(at) >= len(d.places) {
		return nil, errShort
	}
	i := d.places[at]
	if i == 0 {
		if len(d.templates) == math.MaxUint16 {
			return nil, errBudget
		}
		d.templates = append(d.templates, d.compileTemplate(at))
		i = uint16(len(d.templates)) // #nosec G115 -- see above
		d.places[at] = i
	}
	return &d.templates[i-1], nil
}

func (d *decoder) compileTemplate(at uint32) template {
	c := wire.At(d.chunk)
	c.Seek(int(at))
	c.Skip(4) // next template
	t := template{at: at, id: c.L32()}
	c.Skip(12) // the rest of the GUID
	size := int(c.L32())
	body := wire.At(d.chunk)
	body.Seek(c.Off())
	if !c.OK() || size > c.Len() {
		t.damage = errShort
		return t
	}
	t.program, t.damage = d.compile(&body, c.Off()+size, true)
	return t
}

// runNested writes a value that is binary XML itself. Its names and templates
// are places in the chunk, so it is read where it lies.
func (d *decoder) runNested(s slot) error {
	if s.size == 0 {
		return nil
	}
	if d.depth == maxInstances {
		return errNesting
	}
	d.depth++
	defer func() { d.depth-- }()
	c := wire.At(d.chunk[:int(s.at)+int(s.size)])
	c.Seek(int(s.at))
	return d.decodeFragment(&c)
}
