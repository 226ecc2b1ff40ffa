package yara

import (
	"fmt"
	"slices"
	"strings"

	"longwatch/internal/rules/yara/module"
	"longwatch/internal/rules/yara/pattern"
	"longwatch/internal/rules/yara/syntax"
)

// Bounds of conditions, as in YARA.
const maxLoops = 4

// typed is a node and what it gives.
type typed struct {
	node node
	t    *module.Type
	// self is what a method belongs to.
	self node
}

var (
	intType     = &module.Type{Kind: module.Int}
	floatType   = &module.Type{Kind: module.Float}
	textType    = &module.Type{Kind: module.Text}
	patternType = &module.Type{Kind: module.Pattern}
)

// checker turns the condition of one rule into nodes. Its faults are panics of
// type refused.
type checker struct {
	space *namespace
	rule  *Rule
	vars  []loopVar
	loops int
	inOf  bool // inside of a loop over strings
	// used notes how each string is asked for.
	used map[*String]bool
}

type loopVar struct {
	name string
	t    *module.Type
}

// refused is why a rule cannot be used.
type refused struct {
	line int
	why  string
}

func (c *checker) fail(x syntax.Expr, format string, args ...any) {
	panic(refused{syntax.Line(x), fmt.Sprintf(format, args...)})
}

// condition compiles the condition of a rule.
func (c *checker) condition(x syntax.Expr) node {
	t := c.expr(x)
	switch t.t.Kind {
	case module.Int, module.Float, module.Text, module.Any:
		return t.node
	}
	c.fail(x, "wrong type: a condition is true or false")
	return nil
}

// number compiles x, which must be an integer.
func (c *checker) number(x syntax.Expr, what string) node {
	return c.want(x, what, module.Int)
}

func (c *checker) want(x syntax.Expr, what string, kinds ...module.Kind) node {
	t := c.expr(x)
	if t.t.Kind == module.Any || slices.Contains(kinds, t.t.Kind) {
		return t.node
	}
	c.fail(x, "wrong type for %s", what)
	return nil
}

func (c *checker) expr(x syntax.Expr) typed {
	switch x := x.(type) {
	case *syntax.Int:
		return typed{node: constant{module.Number(x.V)}, t: intType}
	case *syntax.Bool:
		return typed{node: constant{module.Truth(x.V)}, t: intType}
	case *syntax.Float:
		return typed{node: constant{module.Real(x.V)}, t: floatType}
	case *syntax.Quote:
		return typed{node: constant{module.String(x.V)}, t: textType}
	case *syntax.Pattern:
		return typed{node: regex{c.pattern(x)}, t: patternType}
	case *syntax.Keyword:
		if x.Name == "filesize" {
			return typed{node: filesize{}, t: intType}
		}
		return typed{node: entrypoint{}, t: intType}
	case *syntax.Read:
		return typed{node: read{x.Bytes, x.Signed, x.Big, c.number(x.Offset, "intXXXX or uintXXXX")}, t: intType}
	case *syntax.Unary:
		return c.unary(x)
	case *syntax.Binary:
		return c.binary(x)
	case *syntax.Ident, *syntax.Field, *syntax.Index, *syntax.Call:
		return c.value(x)
	}
	return typed{node: c.ofStrings(x), t: intType}
}

func (c *checker) pattern(x *syntax.Pattern) *pattern.Pattern {
	p, err := pattern.Regex(x.Src, pattern.Options{NoCase: x.NoCase, DotAll: x.DotAll, Mixed: true})
	if err != nil {
		c.fail(x, "invalid regular expression: %v", err)
	}
	return p
}

func (c *checker) unary(x *syntax.Unary) typed {
	switch x.Op {
	case "not":
		return typed{node: not{c.expr(x.X).node}, t: intType}
	case "defined":
		return typed{node: defined{c.expr(x.X).node}, t: intType}
	case "~":
		return typed{node: complement{c.number(x.X, "~")}, t: intType}
	}
	t := c.expr(x.X)
	if t.t.Kind != module.Int && t.t.Kind != module.Float && t.t.Kind != module.Any {
		c.fail(x, "wrong type for -")
	}
	if v, ok := t.node.(constant); ok {
		return typed{node: constant{negate{v}.eval(&context{work: 1})}, t: t.t}
	}
	return typed{node: negate{t.node}, t: t.t}
}

func (c *checker) binary(x *syntax.Binary) typed {
	switch x.Op {
	case "and":
		return typed{node: and{c.expr(x.X).node, c.expr(x.Y).node}, t: intType}
	case "or":
		return typed{node: or{c.expr(x.X).node, c.expr(x.Y).node}, t: intType}
	case "matches":
		re, ok := x.Y.(*syntax.Pattern)
		if !ok {
			c.fail(x, "wrong type for matches")
		}
		return typed{node: matches{c.want(x.X, "matches", module.Text), c.pattern(re)}, t: intType}
	case "contains", "icontains", "startswith", "istartswith", "endswith", "iendswith", "iequals":
		return typed{node: textOp{x.Op, c.want(x.X, x.Op, module.Text), c.want(x.Y, x.Op, module.Text)}, t: intType}
	}
	l, r := c.expr(x.X), c.expr(x.Y)
	numbers := isNumber(l) && isNumber(r)
	switch x.Op {
	case "==", "!=", "<", "<=", ">", ">=":
		texts := isText(l) && isText(r)
		if !numbers && !texts {
			c.fail(x, "type mismatch")
		}
		return typed{node: comparison{x.Op, l.node, r.node}, t: intType}
	case "+", "-", "*", "\\":
	default:
		if l.t.Kind == module.Float || r.t.Kind == module.Float {
			c.fail(x, "wrong type for %s", x.Op)
		}
	}
	if !numbers {
		c.fail(x, "type mismatch")
	}
	if v, ok := r.node.(constant); ok && v.v.Kind == module.Int {
		switch {
		case (x.Op == "\\" || x.Op == "%") && v.v.I == 0 && l.t.Kind == module.Int:
			c.fail(x, "division by zero")
		case (x.Op == "<<" || x.Op == ">>") && v.v.I < 0:
			c.fail(x, "invalid operand")
		}
	}
	t := intType
	if l.t.Kind == module.Float || r.t.Kind == module.Float {
		t = floatType
	}
	n := arithmetic{x.Op, l.node, r.node}
	if _, ok := l.node.(constant); ok {
		if _, ok := r.node.(constant); ok {
			return typed{node: constant{n.eval(&context{work: 2})}, t: t}
		}
	}
	return typed{node: n, t: t}
}

func isNumber(t typed) bool {
	return t.t.Kind == module.Int || t.t.Kind == module.Float || t.t.Kind == module.Any
}

func isText(t typed) bool { return t.t.Kind == module.Text || t.t.Kind == module.Any }

// value compiles names and what leads on from them.
func (c *checker) value(x syntax.Expr) typed {
	switch x := x.(type) {
	case *syntax.Ident:
		return c.ident(x)
	case *syntax.Field:
		t := c.value(x.X)
		if t.t.Kind != module.Struct && t.t.Kind != module.Any {
			c.fail(x, "%q is not a structure", name(x.X))
		}
		f := t.t.Field(x.Name)
		if f == nil {
			c.fail(x, "invalid field name %q", x.Name)
		}
		if f.Const != nil {
			return typed{node: constant{module.Number(*f.Const)}, t: f}
		}
		if f.Kind == module.Func {
			return typed{node: t.node, t: f, self: t.node}
		}
		return typed{node: field{t.node, x.Name}, t: f}
	case *syntax.Index:
		return c.index(x)
	case *syntax.Call:
		return c.call(x)
	}
	return c.expr(x)
}

func name(x syntax.Expr) string {
	switch x := x.(type) {
	case *syntax.Ident:
		return x.Name
	case *syntax.Field:
		return x.Name
	case *syntax.Index:
		return name(x.X)
	case *syntax.Call:
		return name(x.X)
	}
	return "expression"
}

// ident finds what a name stands for: the variable of a loop, a module, a
// variable of the scan, or a rule, in this order.
func (c *checker) ident(x *syntax.Ident) typed {
	for i, v := range c.vars {
		if v.name == x.Name {
			return typed{node: variable{i}, t: v.t}
		}
	}
	if m := c.space.imports[x.Name]; m != nil {
		if m.Without != "" {
			c.rule.Absent = append(c.rule.Absent, m.Without)
		}
		return typed{node: imported{m}, t: m.Type}
	}
	if t := c.space.compiler.externalType(x.Name); t != nil {
		return typed{node: external{x.Name}, t: t}
	}
	r := c.space.rules[x.Name]
	if r == nil && !c.space.lost[x.Name] {
		r = c.space.borrow(x.Name)
	}
	if r != nil {
		return typed{node: ruleRef{r.index}, t: intType}
	}
	if c.space.lost[x.Name] {
		c.fail(x, "depends on rule %q, which cannot be used", x.Name)
	}
	if module.Find(x.Name) != nil {
		c.fail(x, "undefined identifier %q: the module is not imported", x.Name)
	}
	c.fail(x, "undefined identifier %q", x.Name)
	return typed{}
}

func (c *checker) index(x *syntax.Index) typed {
	t := c.value(x.X)
	i := c.expr(x.I)
	want := module.Int
	switch t.t.Kind {
	case module.Any:
		return typed{node: item{t.node, i.node}, t: t.t}
	case module.Array:
	case module.Dict:
		want = module.Text
	default:
		c.fail(x, "%q is not an array or dictionary", name(x.X))
	}
	if i.t.Kind != want && i.t.Kind != module.Any {
		c.fail(x, "wrong type for the index of %q", name(x.X))
	}
	return typed{node: item{t.node, i.node}, t: t.t.Elem}
}

func (c *checker) call(x *syntax.Call) typed {
	f := c.value(x.X)
	var args []node
	var letters strings.Builder
	for _, a := range x.Args {
		t := c.expr(a)
		args = append(args, t.node)
		letters.WriteString(map[module.Kind]string{module.Int: "i", module.Float: "f", module.Text: "s", module.Pattern: "r", module.Any: "?"}[t.t.Kind])
	}
	if f.t.Kind == module.Any {
		return typed{node: f.node, t: f.t}
	}
	if f.t.Kind != module.Func {
		c.fail(x, "%q is not a function", name(x.X))
	}
	// What fits as it is comes before what fits when numbers become reals.
	for _, real := range [...]bool{false, true} {
		for i := range f.t.Forms {
			form := &f.t.Forms[i]
			if fits(form.Args, letters.String(), real) {
				return typed{node: call{form, f.self, args}, t: &module.Type{Kind: form.Ret}}
			}
		}
	}
	c.fail(x, "wrong arguments for function %q", name(x.X))
	return typed{}
}

func fits(form, args string, real bool) bool {
	if len(form) != len(args) {
		return false
	}
	for i := range len(form) {
		if form[i] != args[i] && args[i] != '?' && (!real || form[i] != 'f' || args[i] != 'i') {
			return false
		}
	}
	return true
}

// quantity compiles what stands before "of" or a loop's variables.
func (c *checker) quantity(q syntax.Quantity) quantity {
	switch q.Word {
	case "all":
		return quantity{all: true}
	case "none":
		return quantity{none: true}
	case "any":
		return quantity{x: constant{module.Number(1)}}
	}
	t := c.expr(q.X)
	if t.t.Kind != module.Int && t.t.Kind != module.Any {
		c.fail(q.X, "wrong type for a quantity")
	}
	if v, ok := t.node.(constant); ok {
		switch {
		case q.Percent && (v.v.I < 1 || v.v.I > 100):
			c.fail(q.X, "percentage must be between 1 and 100 (inclusive)")
		case v.v.I < 0:
			c.fail(q.X, "invalid quantity %d", v.v.I)
		}
	}
	return quantity{x: t.node, percent: q.Percent}
}

// loop compiles "for … in …".
func (c *checker) loop(x *syntax.ForIn) node {
	n := &forIn{n: c.quantity(x.N), at: len(c.vars), vars: len(x.Vars)}
	kinds := []*module.Type{intType}
	switch {
	case x.Range != nil:
		n.span = c.span(x.Range)
	case x.List != nil:
		first := c.expr(x.List[0]).t
		if first.Kind == module.Text {
			kinds[0] = textType // a list of texts, as in later versions of the language
		}
		for _, i := range x.List {
			n.list = append(n.list, c.want(i, "enumeration item", kinds[0].Kind))
		}
	default:
		over := c.value(x.Over)
		n.over = over.node
		switch over.t.Kind {
		case module.Array:
			kinds = []*module.Type{over.t.Elem}
		case module.Dict:
			kinds = []*module.Type{textType, over.t.Elem}
		case module.Any:
			kinds = kinds[:0]
			for range x.Vars {
				kinds = append(kinds, over.t)
			}
		default:
			c.fail(x, "identifier %q is not iterable", name(x.Over))
		}
	}
	if len(kinds) != len(x.Vars) {
		c.fail(x, "iterator yields %d values on each iteration, but the loop expects %d", len(kinds), len(x.Vars))
	}
	for i, v := range x.Vars {
		for _, old := range c.vars {
			if old.name == v {
				c.fail(x, "duplicated loop identifier %q", v)
			}
		}
		c.vars = append(c.vars, loopVar{v, kinds[i]})
	}
	n.body = c.body(x, x.Body)
	c.vars = c.vars[:n.at]
	return n
}

func (c *checker) body(loop, x syntax.Expr) node {
	if c.loops++; c.loops > maxLoops {
		c.fail(loop, "loops nested deeper than %d", maxLoops)
	}
	n := c.expr(x).node
	c.loops--
	return n
}

func (c *checker) span(r *syntax.Range) *span {
	return &span{c.number(r.Lo, "range's lower bound"), c.number(r.Hi, "range's upper bound")}
}

// ofStrings compiles what asks about strings and sets of them.
func (c *checker) ofStrings(x syntax.Expr) node {
	switch x := x.(type) {
	case *syntax.Found:
		return c.found(x)
	case *syntax.Count:
		ref := c.ref(x, x.Name)
		c.counted(ref)
		n := count{s: ref}
		if x.In != nil {
			n.in = c.span(x.In)
		}
		return n
	case *syntax.Offset:
		ref := c.ref(x, x.Name)
		c.counted(ref)
		n := offset{s: ref, length: x.Length}
		if x.Index != nil {
			n.i = c.number(x.Index, "index")
		}
		return n
	case *syntax.Of:
		return c.of(x)
	case *syntax.ForOf:
		if c.inOf {
			c.fail(x, "loops over strings cannot be nested")
		}
		n := &forOf{n: c.quantity(x.N), strings: c.strings(x, x.Set)}
		c.inOf = true
		for _, s := range n.strings {
			s.counted = s.counted || asksMore(x.Body)
		}
		n.body = c.body(x, x.Body)
		c.inOf = false
		return n
	case *syntax.ForIn:
		return c.loop(x)
	}
	c.fail(x, "unknown expression")
	return nil
}

// found compiles $name and notes at which offsets it is asked for.
func (c *checker) found(x *syntax.Found) node {
	ref := c.ref(x, x.Name)
	switch {
	case x.Offset != nil:
		at := c.number(x.Offset, "at")
		if v, ok := at.(constant); ok && ref.s != nil {
			ref.s.fixed.want(v.v.I)
			ref.s.counted = true
		} else {
			c.counted(ref)
		}
		return foundAt{ref, at}
	case x.In != nil:
		c.counted(ref)
		return foundIn{ref, *c.span(x.In)}
	}
	if ref.s != nil {
		ref.s.fixed.any()
	}
	return found{ref}
}

// counted notes that more than one find of a string matters.
func (c *checker) counted(ref stringRef) {
	if ref.s != nil {
		ref.s.counted = true
		ref.s.fixed.any()
	}
}

// asksMore tells whether the body of a loop asks more of its strings than
// whether they are there. It errs on the side of yes.
func asksMore(x syntax.Expr) bool {
	f, ok := x.(*syntax.Found)
	return !ok || f.Offset != nil || f.In != nil
}

// ref finds a string by name.
func (c *checker) ref(x syntax.Expr, name string) stringRef {
	if name == "$" {
		if !c.inOf {
			c.fail(x, "wrong use of anonymous string")
		}
		return stringRef{}
	}
	for _, s := range c.rule.Strings {
		if s.Name == name {
			c.used[s] = true
			return stringRef{s}
		}
	}
	c.fail(x, "undefined string %q", name)
	return stringRef{}
}

// strings are those that a set names.
func (c *checker) strings(x syntax.Expr, set syntax.Set) []*String {
	items := set.Items
	if set.Them {
		items = []syntax.Item{{Name: "$", Wild: true}}
	}
	var out []*String
	for _, i := range items {
		n := len(out)
		for _, s := range c.rule.Strings {
			if s.Name == i.Name || i.Wild && strings.HasPrefix(s.Name, i.Name) {
				c.used[s] = true
				s.fixed.any()
				out = append(out, s)
			}
		}
		if len(out) == n {
			c.fail(x, "undefined string %q", i.Name)
		}
	}
	return out
}

func (c *checker) of(x *syntax.Of) node {
	n := &of{n: c.quantity(x.N)}
	if !x.Set.Them && !strings.HasPrefix(x.Set.Items[0].Name, "$") {
		if x.In != nil || x.Offset != nil {
			c.fail(x, "rules have no offset")
		}
		n.rules = c.rules(x, x.Set)
		return n
	}
	n.strings = c.strings(x, x.Set)
	if x.In != nil {
		n.in = c.span(x.In)
	}
	if x.Offset != nil {
		n.at = c.number(x.Offset, "at")
	}
	for _, s := range n.strings {
		s.counted = s.counted || n.in != nil || n.at != nil
	}
	return n
}

// rules are those that a set names, of the ones before this.
func (c *checker) rules(x syntax.Expr, set syntax.Set) []int {
	var out []int
	for _, i := range set.Items {
		n := len(out)
		for _, r := range c.space.order {
			if r.Name == i.Name || i.Wild && strings.HasPrefix(r.Name, i.Name) {
				out = append(out, r.index)
			}
		}
		if len(out) == n {
			c.fail(x, "undefined identifier %q", i.Name)
		}
	}
	return out
}

// fixedOffset is the one offset at which a string is asked for.
type fixedOffset struct {
	at           int64
	asked, other bool
}

func (f *fixedOffset) want(at int64) {
	f.other = f.other || f.asked && f.at != at
	f.at, f.asked = at, true
}

func (f *fixedOffset) any() { f.other = true }
