package script

import "strings"

// parser turns tokens into the common form. It is tolerant: what it does not
// understand it passes, always moving on.
type parser struct {
	d     dialect
	toks  []token
	i     int
	depth int
	nodes int
	pairs []int32 // of each bracket, its partner; -1 without one
}

// Bounds on one file.
const (
	maxDepth  = 200     // of nesting
	maxNodes  = 1 << 20 // nodes
	maxLevels = 2000    // of a tree: a call of a call of a call
)

func parse(d dialect, toks []token) *node {
	p := &parser{d: d, toks: toks}
	root := p.node(opBlock, "")
	for !p.end() {
		at := p.i
		if n := p.statement(); n != nil {
			root.kids = append(root.kids, n)
		}
		if p.i == at {
			p.i++
		}
	}
	return root
}

func (p *parser) node(o op, s string, kids ...*node) *node {
	p.nodes++
	n := &node{op: o, s: s, kids: kids, line: p.line()}
	for _, k := range kids {
		n.below(k)
	}
	if n.deep > maxLevels { // what is above is followed, what is below is not
		n.kids, n.op, n.deep = nil, opNone, 0
	}
	return n
}

// below notes that k stands below n.
func (n *node) below(k *node) {
	if k != nil {
		n.deep = max(n.deep, k.deep+1)
	}
}

func (p *parser) end() bool { return p.i >= len(p.toks) || p.nodes > maxNodes }

func (p *parser) line() int32 {
	if len(p.toks) == 0 {
		return 0
	}
	return p.toks[min(p.i, len(p.toks)-1)].line
}

func (p *parser) at(n int) token {
	if p.i+n < len(p.toks) && p.i+n >= 0 {
		return p.toks[p.i+n]
	}
	return token{kind: mark}
}

// is tells whether the next token is the mark or word s.
func (p *parser) is(s string) bool {
	t := p.at(0)
	return (t.kind == mark || t.kind == word) && t.s == s && p.i < len(p.toks)
}

func (p *parser) isAt(n int, s string) bool {
	t := p.at(n)
	return (t.kind == mark || t.kind == word) && t.s == s
}

func (p *parser) take(s string) bool {
	if p.is(s) {
		p.i++
		return true
	}
	return false
}

// passTo moves behind the next mark s of this nesting, or to the end of the
// statement.
func (p *parser) passTo(marks string) {
	depth := 0
	for !p.end() {
		t := p.at(0)
		if t.kind == mark {
			switch {
			case depth == 0 && strings.Contains(marks, t.s) && t.s != "":
				return
			case t.s == "(" || t.s == "[" || t.s == "{":
				depth++
			case t.s == ")" || t.s == "]" || t.s == "}":
				depth--
				if depth < 0 {
					return
				}
			}
		}
		p.i++
	}
}

// match is the place of the partner of the bracket at token i, or -1.
func (p *parser) match(i int) int {
	if p.pairs == nil {
		p.pairs = partners(p.toks)
	}
	if i >= len(p.pairs) {
		return -1
	}
	return int(p.pairs[i])
}

// partners finds the partner of every bracket.
func partners(toks []token) []int32 {
	out := make([]int32, len(toks))
	var open []int32
	for i, t := range toks {
		out[i] = -1
		if t.kind != mark {
			continue
		}
		switch t.s {
		case "(", "[", "{":
			open = append(open, int32(i))
		case ")", "]", "}":
			if n := len(open); n > 0 {
				out[open[n-1]] = int32(i)
				open = open[:n-1]
			}
		}
	}
	return out
}

func (p *parser) statement() *node {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		p.i++
		return nil
	}
	t := p.at(0)
	if t.kind == mark {
		switch t.s {
		case ";", "}", ")", "]", ",":
			p.i++
			return nil
		case "{":
			return p.block()
		case "[":
			if p.d.typed { // [Attribute]
				web := p.at(1).s == "webmethod" || strings.HasPrefix(p.at(1).s, "http")
				p.i++
				p.passTo("]")
				p.i++
				n := p.statement()
				if n != nil && n.op == opFunc && web {
					n.web = true
				}
				return n
			}
		case "#":
			if p.d.php && p.isAt(1, "[") {
				p.i += 2
				p.passTo("]")
				return nil
			}
		case "@":
			if p.d.name == "java" || p.d.python { // @Annotation
				p.i++
				p.primary()
				return nil
			}
		}
		return p.expressions()
	}
	if t.kind == word {
		if n, ok := p.keyword(t); ok {
			return n
		}
	}
	if p.d.typed {
		if n := p.method(); n != nil {
			return n
		}
	}
	return p.expressions()
}

// expressions reads a statement of expressions up to its end.
func (p *parser) expressions() *node {
	n := p.expr(0)
	for {
		at := p.i
		switch {
		case p.take(","):
			m := p.expr(0)
			switch {
			case m == nil:
			case n != nil && n.op == opSeq:
				n.kids = append(n.kids, m)
				n.below(m)
			default:
				n = p.node(opSeq, "", n, m)
			}
		case p.d.perl && (p.is("if") || p.is("unless") || p.is("while") || p.is("for") || p.is("foreach") || p.is("or") || p.is("and")):
			each := p.is("for") || p.is("foreach")
			p.i++
			c := p.expr(0)
			if each {
				n = p.node(opBlock, "", p.node(opEach, "", c, p.node(opName, "$_")), n)
			} else {
				n = p.node(opMaybe, "", c, n)
			}
		case p.d.python && (p.is("if") || p.is("for") || p.is("as") || p.is("else") || p.is("in")):
			p.i++
			n = p.node(opSeq, "", n, p.expr(0))
		}
		if p.i == at {
			break
		}
	}
	p.take(";")
	return n
}

func (p *parser) block() *node {
	n := p.node(opBlock, "")
	if !p.take("{") {
		return n
	}
	for !p.end() && !p.take("}") {
		at := p.i
		if s := p.statement(); s != nil {
			n.kids = append(n.kids, s)
		}
		if p.i == at {
			p.i++
		}
	}
	return n
}

// body is a block or one statement.
func (p *parser) body() *node {
	if p.is("{") {
		return p.block()
	}
	if p.take(":") { // if (…): … endif;
		n := p.node(opBlock, "")
		for !p.end() {
			t := p.at(0)
			if t.kind == word && (strings.HasPrefix(t.s, "end") && len(t.s) > 4 || t.s == "else" || t.s == "elseif") || t.kind == mark && t.s == "}" {
				break
			}
			at := p.i
			if s := p.statement(); s != nil {
				n.kids = append(n.kids, s)
			}
			if p.i == at {
				p.i++
			}
		}
		return n
	}
	return p.statement()
}

// method recognises a method of C# or Java by its shape: words, a name, a
// list in parentheses and a body.
func (p *parser) method() *node {
	i, words, last := 0, 0, ""
	for i < 40 {
		t := p.at(i)
		switch {
		case t.kind == word:
			switch t.s {
			case "return", "new", "throw", "if", "while", "else", "await", "case", "yield":
				return nil
			}
			words++
			last = t.s
		case t.kind == mark && (t.s == "." || t.s == "," || t.s == "<" || t.s == ">" || t.s == "[" || t.s == "]" || t.s == "?" || t.s == ">>"):
			if t.s == "," && words < 2 {
				return nil
			}
		case t.kind == mark && t.s == "(" && words >= 2 && p.at(i-1).kind == word && !p.isAt(i-2, "."):
			if p.d.name != "js" && modifiers[p.at(i-2).s] { // a constructor, whose name may be a method's but for its case
				last = ".ctor"
			}
			return p.methodAt(i, last)
		default:
			return nil
		}
		i++
	}
	return nil
}

func (p *parser) methodAt(i int, name string) *node {
	shut := p.match(p.i + i)
	if shut < 0 {
		return nil
	}
	j := shut + 1
	if j < len(p.toks) && (p.toks[j].s == "throws" || p.toks[j].s == ":" || p.toks[j].s == "where") {
		for j < len(p.toks) && j < shut+40 && p.toks[j].s != "{" && p.toks[j].s != ";" {
			j++
		}
	}
	if j >= len(p.toks) || p.toks[j].kind != mark || p.toks[j].s != "{" && p.toks[j].s != "=>" {
		return nil
	}
	n := p.node(opFunc, name)
	n.kids = p.params(p.i+i+1, shut)
	p.i = j
	if p.take("=>") {
		n.kids = append(n.kids, p.node(opReturn, "", p.expr(0)))
	} else {
		n.kids = append(n.kids, p.block())
	}
	return n
}

// params are the names in a list of parameters between two tokens: the last
// word, or in PHP the variable, of each.
func (p *parser) params(from, to int) []*node {
	var out []*node
	last, depth, fixed := "", 0, false
	add := func() {
		if last != "" {
			out = append(out, p.node(opParam, last))
		}
		last, fixed = "", false
	}
	for j := from; j < to && j < len(p.toks); j++ {
		t := p.toks[j]
		switch {
		case t.kind == word && !fixed:
			if p.d.php && !strings.HasPrefix(t.s, "$") {
				continue
			}
			last = t.s
			if p.d.php {
				last = t.raw
			}
			if p.d.basic { // name As Type
				switch t.s {
				case "byval", "byref", "optional":
					last = ""
				default:
					fixed = true
				}
			}
		case t.kind == mark && (t.s == "=" || t.s == ":"):
			fixed = true
		case t.kind == mark && (t.s == "<" || t.s == "(" || t.s == "["):
			depth++
		case t.kind == mark && (t.s == ">" || t.s == ")" || t.s == "]"):
			depth--
		case t.kind == mark && t.s == "," && depth <= 0:
			add()
		}
	}
	add()
	return out
}
