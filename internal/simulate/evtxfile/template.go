package evtxfile

// A part is something that can stand inside an element.
type part interface{ encode(c *chunk) }

// element is an XML element of a template.
type element struct {
	name  string
	attrs []attribute
	kids  []part
}

type attribute struct {
	name string
	part part
}

type text string

type substitution struct {
	index    int
	kind     byte
	optional bool
}

func node(name string, kids ...part) *element { return &element{name: name, kids: kids} }

func value(index int, kind byte) substitution { return substitution{index, kind, false} }

func optional(index int, kind byte) substitution { return substitution{index, kind, true} }

func (e *element) with(name string, p part) *element {
	e.attrs = append(e.attrs, attribute{name, p})
	return e
}

func (e *element) add(p part) { e.kids = append(e.kids, p) }

// BinXml tokens.
const (
	tokenEOF         = 0x00
	tokenOpen        = 0x01
	tokenCloseStart  = 0x02
	tokenCloseEmpty  = 0x03
	tokenEnd         = 0x04
	tokenValue       = 0x05
	tokenAttribute   = 0x06
	tokenTemplate    = 0x0c
	tokenNormalSub   = 0x0d
	tokenOptionalSub = 0x0e
	tokenFragment    = 0x0f
	flagMore         = 0x40
)

func (e *element) encode(c *chunk) {
	token := byte(tokenOpen)
	if len(e.attrs) > 0 {
		token |= flagMore
	}
	c.bytes(token, 0xff, 0xff) // dependency identifier: none
	size := c.hole()
	c.name(e.name)
	if len(e.attrs) > 0 {
		list := c.hole()
		for i, a := range e.attrs {
			token := byte(tokenAttribute)
			if i < len(e.attrs)-1 {
				token |= flagMore
			}
			c.bytes(token)
			c.name(a.name)
			a.part.encode(c)
		}
		c.fill(list)
	}
	if len(e.kids) == 0 {
		c.bytes(tokenCloseEmpty)
	} else {
		c.bytes(tokenCloseStart)
		for _, k := range e.kids {
			k.encode(c)
		}
		c.bytes(tokenEnd)
	}
	c.fill(size)
}

func (t text) encode(c *chunk) {
	s := encodeUTF16(string(t))
	c.bytes(tokenValue, kindString)
	c.u16(uint16(len(s) / 2))
	c.bytes(s...)
}

func (s substitution) encode(c *chunk) {
	token := byte(tokenNormalSub)
	if s.optional {
		token = tokenOptionalSub
	}
	c.bytes(token)
	c.u16(uint16(s.index))
	c.bytes(s.kind)
}
