package evtx

import (
	"errors"
	"unicode/utf8"

	"longwatch/internal/wire"
)

// Tokens of binary XML (MS-EVEN6 2.2.12); tokenMore is a flag on some.
const (
	tokenEnd       = 0x00
	tokenOpen      = 0x01
	tokenClose     = 0x02 // the start tag is complete
	tokenEmpty     = 0x03 // it is, and the element has no content
	tokenEndTag    = 0x04
	tokenValue     = 0x05
	tokenAttribute = 0x06
	tokenCData     = 0x07
	tokenCharRef   = 0x08
	tokenEntity    = 0x09
	tokenPITarget  = 0x0a
	tokenPIData    = 0x0b
	tokenTemplate  = 0x0c
	tokenNormal    = 0x0d
	tokenOptional  = 0x0e
	tokenFragment  = 0x0f
	tokenMore      = 0x40
)

// What makes binary XML unreadable.
var (
	errShort    = errors.New("binary XML ends in the middle")
	errName     = errors.New("a name lies outside the chunk")
	errToken    = errors.New("unknown token")
	errNesting  = errors.New("elements are nested too deep or do not match")
	errBudget   = errors.New("it is larger than its bytes can mean")
	errTemplate = errors.New("the template that it refers to is another one")
	errRoot     = errors.New("no Event element")
)

// opKind is what an operation does.
type opKind uint8

const (
	opStart    opKind = iota // an element begins: name, dep, skip
	opAttr                   // an attribute begins: name
	opContent                // the start tag is complete
	opEnd                    // the element ends
	opText                   // literal text
	opSub                    // value number sub
	opInstance               // a template instance at offset sub of the chunk
	opLeaf                   // an element that holds value sub and no more
	opNamed                  // the same with attribute Name, whose value is text
	opAttrSub                // an attribute that is value sub
	opAttrText               // an attribute that is the text elem
	opEmpty                  // an element that holds attributes only, which follow, up to skip
	opHollow                 // as opStart, of an element that holds nothing
	opPhrase                 // as opStart, of an element that holds literal text and no more
	opValued                 // as opStart, of an element with attributes of one value each that holds value sub and no more
	opBlock                  // as opStart, of an element without attributes that holds others: System, EventData
)

// op is one step of writing an event. An element with a dependency is left
// out when value dep is null.
type op struct {
	kind opKind
	code nameCode
	dep  uint16
	sub  uint32
	skip int32 // of kinds that begin several operations: index of the one after the element
	text string
	elem string // opNamed: the element's name; opAttrText: the value
}

// noDependency marks elements that are always there.
const noDependency = 0xffff

// program is a stretch of a decoder's operations.
type program struct{ from, to int }

// compile turns binary XML at c, up to end, into operations. Element starts
// have a dependency identifier in templates only.
func (d *decoder) compile(c *wire.Cursor, end int, inTemplate bool) (program, error) {
	p := program{from: len(d.ops)}
	open := d.open[:0]
	for c.OK() && c.Off() < end {
		token := c.U8()
		if d.steps++; d.steps > d.maxSteps {
			return d.stop(p, open), errBudget
		}
		switch token &^ tokenMore {
		case tokenEnd:
			end = 0
		case tokenOpen:
			if len(open) == maxDepth {
				return d.stop(p, open), errNesting
			}
			open = append(open, len(d.ops))
			if err := d.compileStart(c, inTemplate, token&tokenMore != 0); err != nil {
				return d.stop(p, open[:len(open)-1]), err
			}
		case tokenAttribute:
			n, err := d.readName(c)
			if err != nil {
				return d.stop(p, open), err
			}
			d.fuseAttr()
			d.ops = append(d.ops, op{kind: opAttr, code: n.code, text: n.text})
		case tokenClose:
			d.fuseAttr()
			d.ops = append(d.ops, op{kind: opContent})
		case tokenEmpty, tokenEndTag:
			if len(open) == 0 {
				return d.stop(p, open), errNesting
			}
			if token == tokenEmpty {
				d.fuseAttr()
				d.ops = append(d.ops, op{kind: opContent})
			}
			start := open[len(open)-1]
			open = open[:len(open)-1]
			d.ops = append(d.ops, op{kind: opEnd})
			d.fuseElement(start)
			d.ops[start].skip = int32(len(d.ops))
		case tokenNormal, tokenOptional:
			index := c.L16()
			c.U8() // expected type; the value has its own
			d.ops = append(d.ops, op{kind: opSub, sub: uint32(index)})
		case tokenTemplate:
			d.ops = append(d.ops, op{kind: opInstance, sub: uint32(c.Off())})
			if _, err := d.readInstance(c, nil); err != nil {
				return d.stop(p, open), err
			}
		case tokenFragment:
			c.Skip(3) // version and flags
		default:
			text, err := d.compileText(c, token&^tokenMore)
			if err != nil {
				return d.stop(p, open), err
			}
			if text != "" {
				d.ops = append(d.ops, op{kind: opText, text: text})
			}
		}
	}
	p.to = d.leave(open)
	switch {
	case !c.OK():
		return p, errShort
	case len(open) > 0:
		return p, errNesting
	}
	return p, nil
}

// stop ends compiling where something cannot be read. What was compiled until
// then can be run.
func (d *decoder) stop(p program, open []int) program {
	p.to = d.leave(open)
	return p
}

// leave ends compiling with elements open, which then end where the program
// ends.
func (d *decoder) leave(open []int) int {
	for _, start := range open {
		d.ops[start].skip = int32(len(d.ops)) // #nosec G115 -- bounded by maxChunkSteps
	}
	d.open = open[:0]
	return len(d.ops)
}

func (d *decoder) compileStart(c *wire.Cursor, inTemplate, attributes bool) error {
	dep := uint16(noDependency)
	if inTemplate {
		dep = c.L16()
	}
	c.L32() // size
	n, err := d.readName(c)
	if err != nil {
		return err
	}
	if attributes {
		c.L32() // size of the attributes
	}
	d.ops = append(d.ops, op{kind: opStart, code: n.code, text: n.text, dep: dep})
	return nil
}

// compileText reads the tokens that stand for characters.
func (d *decoder) compileText(c *wire.Cursor, token uint8) (string, error) {
	switch token {
	case tokenValue:
		v := value{typ: valueType(c.U8())}
		if v.typ == typeString {
			v.data = c.Take(2 * int(c.L16()))
		} else {
			v.data = c.Take(v.typ.fixedSize())
		}
		d.scratch = v.append(d.scratch[:0])
		return d.interned.string(d.scratch), nil
	case tokenCData:
		d.scratch = appendUTF16(d.scratch[:0], c.Take(2*int(c.L16())))
		return d.interned.string(d.scratch), nil
	case tokenCharRef:
		return string(utf8.AppendRune(nil, rune(c.L16()))), nil
	case tokenEntity:
		n, err := d.readName(c)
		return entity(n.text), err
	case tokenPITarget: // processing instructions say nothing about the event
		_, err := d.readName(c)
		return "", err
	case tokenPIData:
		c.Skip(2 * int(c.L16()))
		return "", nil
	}
	return "", errToken
}

// entity is what &name; stands for.
func entity(name string) string {
	switch name {
	case "amp":
		return "&"
	case "lt":
		return "<"
	case "gt":
		return ">"
	case "quot":
		return `"`
	case "apos":
		return "'"
	}
	return "&" + name + ";"
}

// fuseAttr makes one operation of an attribute that is a single value or text.
// What declares a namespace says nothing about the event.
func (d *decoder) fuseAttr() {
	n := len(d.ops)
	if n < 2 || d.ops[n-2].kind != opAttr {
		return
	}
	a := &d.ops[n-2]
	switch v := &d.ops[n-1]; {
	case v.kind == opSub:
		a.kind, a.sub = opAttrSub, v.sub
	case v.kind == opText && a.code == nameXMLNS:
		n--
	case v.kind == opText:
		a.kind, a.elem = opAttrText, v.text
	default:
		return
	}
	d.ops = d.ops[:n-1]
}

// fuseElement makes one operation of <X>value</X> and <X Name="text">value</X>,
// which is what most of every event is made of, and drops what closes an
// element that has attributes only, as many of System are. The first operation
// of others says what kind they are.
func (d *decoder) fuseElement(start int) {
	e := d.ops[start:]
	switch {
	case len(e) == 4 && e[1].kind == opContent && e[2].kind == opSub:
		e[0].kind, e[0].sub = opLeaf, e[2].sub
	case len(e) == 5 && e[1].kind == opAttrText && e[1].code == nameName && e[2].kind == opContent && e[3].kind == opSub:
		e[0].kind, e[0].sub, e[0].elem, e[0].text = opNamed, e[3].sub, e[0].text, e[1].elem
	case attributesOnly(e):
		e[0].kind = opEmpty
		d.ops = d.ops[:len(d.ops)-2]
		return
	case len(e) == 3 && e[1].kind == opContent:
		e[0].kind = opHollow
		return
	case len(e) == 4 && e[1].kind == opContent && e[2].kind == opText:
		e[0].kind = opPhrase
		return
	case valued(e):
		e[0].kind, e[0].sub = opValued, e[len(e)-2].sub
		return
	case (e[0].code == nameSystem || e[0].code == nameEventData) && e[1].kind == opContent:
		e[0].kind = opBlock
		return
	default:
		return
	}
	d.ops = d.ops[:start+1]
}

// valued tells whether e, a whole element, is attributes of one value each and
// one value.
func valued(e []op) bool {
	n := len(e) - 3
	if n < 2 || e[n].kind != opContent || e[n+1].kind != opSub {
		return false
	}
	for _, o := range e[1:n] {
		if o.kind != opAttrSub && o.kind != opAttrText {
			return false
		}
	}
	return true
}

// attributesOnly tells whether e, a whole element, is attributes of one value
// each and no more.
func attributesOnly(e []op) bool {
	n := len(e) - 2
	if n < 2 || e[n].kind != opContent {
		return false
	}
	for _, o := range e[1:n] {
		if o.kind != opAttrSub && o.kind != opAttrText {
			return false
		}
	}
	return true
}
