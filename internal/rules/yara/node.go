package yara

import (
	"encoding/binary"
	"math"
	"strings"

	"longwatch/internal/rules/yara/module"
	"longwatch/internal/rules/yara/pattern"
)

// node is a part of a condition, ready to be asked.
type node interface {
	eval(c *context) module.Value
}

// context is what a condition is asked about.
type context struct {
	*Scanner
	rule *Rule
	vars []module.Value // of the loops around
	each *String        // $ inside of "for … of"
	work int
}

// truth evaluates n as a condition: what is undefined is false.
func (c *context) truth(n node) bool {
	v := c.eval(n)
	return v.Defined() && truthy(v)
}

func truthy(v module.Value) bool {
	switch v.Kind {
	case module.Int:
		return v.I != 0
	case module.Float:
		return v.F != 0
	case module.Text:
		return v.S != ""
	}
	return false
}

// outOfWork ends the evaluation of a condition.
type outOfWork struct{}

func (c *context) eval(n node) module.Value {
	if c.work--; c.work < 0 {
		panic(outOfWork{})
	}
	return n.eval(c)
}

type constant struct{ v module.Value }

func (n constant) eval(*context) module.Value { return n.v }

type filesize struct{}

func (filesize) eval(c *context) module.Value { return module.Number(c.size) }

type entrypoint struct{}

func (entrypoint) eval(c *context) module.Value { return module.EntryPoint(&c.state) }

// external is a variable that comes with the file.
type external struct{ name string }

func (n external) eval(c *context) module.Value { return c.external(n.name) }

// variable is one of a loop.
type variable struct{ index int }

func (n variable) eval(c *context) module.Value { return c.vars[n.index] }

// ruleRef is another rule, judged before this one.
type ruleRef struct{ index int }

func (n ruleRef) eval(c *context) module.Value { return module.Truth(c.matched[n.index]) }

type not struct{ x node }

func (n not) eval(c *context) module.Value {
	v := c.eval(n.x)
	if !v.Defined() {
		return v
	}
	return module.Truth(!truthy(v))
}

type defined struct{ x node }

func (n defined) eval(c *context) module.Value { return module.Truth(c.eval(n.x).Defined()) }

type and struct{ x, y node }

func (n and) eval(c *context) module.Value { return module.Truth(c.truth(n.x) && c.truth(n.y)) }

type or struct{ x, y node }

func (n or) eval(c *context) module.Value { return module.Truth(c.truth(n.x) || c.truth(n.y)) }

type negate struct{ x node }

func (n negate) eval(c *context) module.Value {
	v := c.eval(n.x)
	switch v.Kind {
	case module.Int:
		return module.Number(-v.I)
	case module.Float:
		return module.Real(-v.F)
	}
	return module.Undefined
}

type complement struct{ x node }

func (n complement) eval(c *context) module.Value {
	v := c.eval(n.x)
	if v.Defined() {
		v.I = ^v.I
	}
	return v
}

// arithmetic is an operator between two numbers.
type arithmetic struct {
	op   string
	x, y node
}

func (n arithmetic) eval(c *context) module.Value {
	x, y := c.eval(n.x), c.eval(n.y)
	if !x.Defined() || !y.Defined() {
		return module.Undefined
	}
	if x.Kind == module.Float || y.Kind == module.Float {
		return realOp(n.op, asReal(x), asReal(y))
	}
	return intOp(n.op, x.I, y.I)
}

func asReal(v module.Value) float64 {
	if v.Kind == module.Int {
		return float64(v.I)
	}
	return v.F
}

func realOp(op string, x, y float64) module.Value {
	switch op {
	case "+":
		return module.Real(x + y)
	case "-":
		return module.Real(x - y)
	case "*":
		return module.Real(x * y)
	case "\\":
		return module.Real(x / y)
	}
	return module.Undefined
}

func intOp(op string, x, y int64) module.Value {
	switch op {
	case "+":
		return module.Number(x + y)
	case "-":
		return module.Number(x - y)
	case "*":
		return module.Number(x * y)
	case "&":
		return module.Number(x & y)
	case "|":
		return module.Number(x | y)
	case "^":
		return module.Number(x ^ y)
	case "\\", "%":
		if y == 0 || (x == math.MinInt64 && y == -1) {
			return module.Undefined
		}
		if op == "%" {
			return module.Number(x % y)
		}
		return module.Number(x / y)
	}
	if y < 0 { // shifts
		return module.Undefined
	}
	if y >= 64 {
		return module.Number(0)
	}
	if op == "<<" {
		return module.Number(x << y)
	}
	return module.Number(x >> y)
}

// comparison is an operator that orders two values of one kind.
type comparison struct {
	op   string
	x, y node
}

func (n comparison) eval(c *context) module.Value {
	x, y := c.eval(n.x), c.eval(n.y)
	if !x.Defined() || !y.Defined() {
		return module.Undefined
	}
	order := 0
	switch {
	case x.Kind == module.Text && y.Kind == module.Text:
		order = strings.Compare(x.S, y.S)
	case x.Kind == module.Text || y.Kind == module.Text:
		return module.Undefined
	case x.Kind == module.Float || y.Kind == module.Float:
		return module.Truth(ordered(n.op, asReal(x), asReal(y)))
	default:
		return module.Truth(ordered(n.op, x.I, y.I))
	}
	return module.Truth(ordered(n.op, order, 0))
}

func ordered[T int | int64 | float64](op string, x, y T) bool {
	switch op {
	case "==":
		return x == y
	case "!=":
		return x != y
	case "<":
		return x < y
	case "<=":
		return x <= y
	case ">":
		return x > y
	}
	return x >= y
}

// textOp is contains and its kin.
type textOp struct {
	op   string
	x, y node
}

func (n textOp) eval(c *context) module.Value {
	x, y := c.eval(n.x), c.eval(n.y)
	if x.Kind != module.Text || y.Kind != module.Text {
		return module.Undefined
	}
	c.work -= (len(x.S) + len(y.S)) / 16
	a, b, op := x.S, y.S, n.op
	if strings.HasPrefix(op, "i") {
		a, b, op = lower(a), lower(b), op[1:]
	}
	switch op {
	case "contains":
		return module.Truth(strings.Contains(a, b))
	case "startswith":
		return module.Truth(strings.HasPrefix(a, b))
	case "endswith":
		return module.Truth(strings.HasSuffix(a, b))
	}
	return module.Truth(a == b)
}

// lower is the text with ASCII letters in lower case; other bytes stay, for
// the text is in no known encoding.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 0x20
		}
	}
	return string(b)
}

// matches is a regular expression on a text.
type matches struct {
	x node
	p *pattern.Pattern
}

func (n matches) eval(c *context) module.Value {
	x := c.eval(n.x)
	if x.Kind != module.Text {
		return module.Undefined
	}
	return module.Truth(c.search(n.p, x.S))
}

// search runs a regular expression on a text and takes the work from the condition's.
func (c *context) search(p *pattern.Pattern, text string) bool {
	c.machine.Work = c.work
	found := c.machine.Search(p, []byte(text))
	if c.work = c.machine.Work; c.work <= 0 {
		panic(outOfWork{})
	}
	return found
}

// regex is a regular expression as an argument.
type regex struct{ p *pattern.Pattern }

func (n regex) eval(c *context) module.Value {
	return module.Value{Kind: module.Pattern, Match: func(text string) bool { return c.search(n.p, text) }}
}

// read is intXX and its kin.
type read struct {
	bytes       int
	signed, big bool
	offset      node
}

func (n read) eval(c *context) module.Value {
	off := c.eval(n.offset)
	if off.Kind != module.Int || off.I < 0 || off.I > int64(len(c.data)-n.bytes) {
		return module.Undefined
	}
	b := c.data[off.I : off.I+int64(n.bytes)]
	var order binary.ByteOrder = binary.LittleEndian
	if n.big {
		order = binary.BigEndian
	}
	var u int64
	switch n.bytes {
	case 1:
		if u = int64(b[0]); n.signed {
			u = int64(int8(b[0]))
		}
	case 2:
		if u = int64(order.Uint16(b)); n.signed {
			u = int64(int16(order.Uint16(b)))
		}
	default:
		if u = int64(order.Uint32(b)); n.signed {
			u = int64(int32(order.Uint32(b)))
		}
	}
	return module.Number(u)
}

// field, item and call are what leads into modules.
type field struct {
	x    node
	name string
}

func (n field) eval(c *context) module.Value { return c.eval(n.x).Field(n.name) }

type item struct{ x, i node }

func (n item) eval(c *context) module.Value {
	x, i := c.eval(n.x), c.eval(n.i)
	switch i.Kind {
	case module.Int:
		return x.Item(i.I)
	case module.Text:
		return x.Key(i.S)
	}
	return module.Undefined
}

type call struct {
	form *module.Form
	self node // nil for functions of the module itself
	args []node
}

func (n call) eval(c *context) module.Value {
	args := make([]module.Value, len(n.args))
	for i, a := range n.args {
		if args[i] = c.eval(a); !args[i].Defined() {
			return module.Undefined
		}
		if n.form.Args[i] == 'f' && args[i].Kind == module.Int {
			args[i] = module.Real(float64(args[i].I))
		}
	}
	var self *module.Object
	if n.self != nil {
		self = c.eval(n.self).O
	}
	return n.form.Call(&c.state, self, args)
}

// imported is a module.
type imported struct{ m *module.Module }

func (n imported) eval(c *context) module.Value {
	return module.Value{Kind: module.Struct, O: c.state.Module(n.m)}
}
