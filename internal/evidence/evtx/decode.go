package evtx

import (
	"encoding/binary"

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
	templates map[uint32]template // compiled, by offset in the chunk
	ops       []op                // of all templates
	open      []int               // start operations of open elements, while compiling
	values    []value             // of the instances being written, a stack
	depth     int                 // instances being written
	steps     int                 // taken in this chunk
	maxSteps  int                 // how far the record may take them
	text      int                 // bytes written in this chunk by earlier records
	maxText   int                 // how many the record may write
	interned  interner
	build     builder
}

// reset goes on to the next chunk.
func (d *decoder) reset(chunk []byte) {
	d.chunk = chunk
	d.ops = d.ops[:0]
	d.steps, d.text = 0, 0
	if d.templates == nil {
		d.templates = map[uint32]template{}
	}
	clear(d.templates)
}

// decode writes the binary XML at chunk[from:to] into e and tells where it
// ended.
func (d *decoder) decode(e *host.Event, from, to int) (int, error) {
	d.values, d.depth = d.values[:0], 0
	d.maxSteps = min(maxChunkSteps, d.steps+maxRecordSteps)
	d.maxText = min(maxChunkText-d.text, maxRecordText)
	d.build.begin(e, &d.interned)
	c := wire.At(d.chunk[:to])
	c.Seek(from)
	err := d.decodeFragment(&c)
	d.text += len(d.build.text)
	if err != nil {
		return c.Off(), err
	}
	if !d.build.rooted {
		return c.Off(), errRoot
	}
	d.build.finish()
	return c.Off(), nil
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
func (d *decoder) readInstance(c *wire.Cursor, into *[]value) (instance, error) {
	c.U8() // version
	in := instance{id: c.L32(), template: c.L32()}
	if int(in.template) == c.Off() {
		c.Skip(4 + 16) // next template, GUID
		c.Skip(int(c.L32()))
	}
	count := int(c.L32())
	if count > maxValues {
		return in, errBudget
	}
	types := c.Take(4 * count) // size, type, 0
	at, body := c.Off(), c.Rest()
	used := 0
	for ; len(types) >= 4; types = types[4:] {
		from := used
		used += int(binary.LittleEndian.Uint16(types))
		if used > len(body) {
			return in, errShort
		}
		if into != nil {
			*into = append(*into, value{valueType(types[2]), at + from, body[from:used]})
		}
	}
	c.Skip(used)
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
	t, ok := d.templates[in.template]
	if !ok {
		if t, err = d.compileTemplate(in.template); err != nil {
			return err
		}
		d.templates[in.template] = t
	}
	if t.id != in.id {
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
	id uint32
	program
}

func (d *decoder) compileTemplate(at uint32) (template, error) {
	c := wire.At(d.chunk)
	c.Seek(int(at))
	c.Skip(4) // next template
	t := template{id: c.L32()}
	c.Skip(12) // the rest of the GUID
	size := int(c.L32())
	body := wire.At(d.chunk)
	body.Seek(c.Off())
	if !c.OK() || size > c.Len() {
		return t, errShort
	}
	var err error
	t.program, err = d.compile(&body, c.Off()+size, true)
	return t, err
}

// runNested writes a value that is binary XML itself. Its names and templates
// are places in the chunk, so it is read where it lies.
func (d *decoder) runNested(v value) error {
	if len(v.data) == 0 {
		return nil
	}
	if d.depth == maxInstances {
		return errNesting
	}
	d.depth++
	defer func() { d.depth-- }()
	c := wire.At(d.chunk[:v.at+len(v.data)])
	c.Seek(v.at)
	return d.decodeFragment(&c)
}
