package syntax

import "strings"

// precedence of the operators between two operands, loosest first, as the
// language's grammar has it.
var precedence = map[string]int{
	"or": 1, "and": 2,
	"==": 4, "!=": 4, "contains": 4, "icontains": 4, "startswith": 4, "istartswith": 4, "endswith": 4, "iendswith": 4, "iequals": 4, "matches": 4,
	"<": 5, "<=": 5, ">": 5, ">=": 5,
	"|": 6, "^": 7, "&": 8, "<<": 9, ">>": 9, "+": 10, "-": 10, "*": 11, "\\": 11, "%": 11,
}

const (
	notLevel  = 3
	sumLevel  = 6 // loosest operator of what is a number or text
	unaryTop  = 12
	maxArgs   = 128
	maxLoop   = 2 // variables of one loop
	maxInList = 4096
)

func (p *parser) expr() Expr { return p.binary(1) }

// deeper bounds the recursion; the returned function undoes it.
func (p *parser) deeper() func() {
	if p.depth++; p.depth > maxDepth {
		p.fail("expression nested deeper than %d", maxDepth)
	}
	return func() { p.depth-- }
}

// binary reads operators that bind as tight as level, or tighter.
func (p *parser) binary(level int) Expr {
	defer p.deeper()()
	x := p.prefix(level)
	for {
		op := p.tok.text
		n, ok := precedence[op]
		if !ok || n < level || (p.tok.kind != word && p.tok.kind != punct) {
			return x
		}
		if op == "%" && p.percentOf() {
			return x
		}
		at := At(p.tok.line)
		if op == "matches" {
			p.space()
			if !strings.HasPrefix(p.src[p.pos:], "/") {
				p.step()
				p.unexpected("a regular expression")
			}
		}
		p.step()
		x = &Binary{at, op, x, p.binary(n + 1)}
	}
}

// percentOf tells whether the % at hand is followed by "of": a percentage
// rather than the rest of a division.
func (p *parser) percentOf() bool {
	save := p.lexer
	t := p.next()
	p.lexer = save
	return t.kind == word && t.text == "of"
}

// prefix reads not and defined, and what starts with a quantity.
func (p *parser) prefix(level int) Expr {
	at := At(p.tok.line)
	if level <= notLevel {
		for _, w := range [...]string{"not", "defined"} {
			if p.take(w) {
				return &Unary{at, w, p.binary(notLevel)}
			}
		}
		for _, w := range [...]string{"all", "any", "none"} {
			if p.take(w) {
				p.want("of")
				return p.of(at, Quantity{Word: w})
			}
		}
		if p.take("for") {
			return p.loop(at)
		}
	}
	x := p.unary()
	// "N of" can stand wherever a truth value can; what binds tighter than
	// comparisons is the quantity itself.
	if level < unaryTop {
		for p.tok.kind == punct || p.tok.kind == word {
			n, ok := precedence[p.tok.text]
			if !ok || n < max(level, sumLevel) || (p.is("%") && p.percentOf()) {
				break
			}
			op, at := p.tok.text, At(p.tok.line)
			p.step()
			x = &Binary{at, op, x, p.binary(n + 1)}
		}
	}
	if level <= notLevel+1 {
		percent := p.is("%") && p.percentOf()
		if percent {
			p.step()
		}
		if p.take("of") {
			return p.of(at, Quantity{X: x, Percent: percent})
		}
	}
	return x
}

func (p *parser) unary() Expr {
	defer p.deeper()()
	at := At(p.tok.line)
	for _, op := range [...]string{"-", "~"} {
		if p.take(op) {
			return &Unary{at, op, p.unary()}
		}
	}
	return p.primary()
}

func (p *parser) primary() Expr {
	at, t := At(p.tok.line), p.tok
	switch t.kind {
	case number:
		p.step()
		return &Int{at, t.n}
	case fraction:
		p.step()
		return &Float{at, t.f}
	case quote:
		p.step()
		return &Quote{at, t.text}
	case stringRef, countRef, offsetRef, lengthRef:
		return p.reference(at)
	case punct:
		switch t.text {
		case "(":
			p.step()
			x := p.expr()
			p.want(")")
			return x
		case "/":
			src, nocase, dotall := p.pattern()
			p.step()
			return &Pattern{at, src, nocase, dotall}
		}
	case word:
		return p.word(at)
	}
	p.unexpected("an expression")
	return nil
}

// word reads what starts with a name or a keyword.
func (p *parser) word(at At) Expr {
	w := p.tok.text
	switch w {
	case "true", "false":
		p.step()
		return &Bool{at, w == "true"}
	case "filesize", "entrypoint":
		p.step()
		return &Keyword{at, w}
	}
	if r := reading(w); r != nil {
		p.step()
		p.want("(")
		r.At, r.Offset = at, p.expr()
		p.want(")")
		return r
	}
	var x Expr = &Ident{at, p.name("an expression")}
	for {
		switch {
		case p.take("."):
			x = &Field{at, x, p.need(word, "the name of a field").text}
		case p.take("["):
			i := p.expr()
			p.want("]")
			x = &Index{at, x, i}
		case p.take("("):
			c := &Call{At: at, X: x}
			for !p.take(")") {
				if len(c.Args) > 0 {
					p.want(",")
				}
				if len(c.Args) == maxArgs {
					p.fail("too many arguments")
				}
				c.Args = append(c.Args, p.expr())
			}
			x = c
		default:
			return x
		}
	}
}

// reading is the description of intXX and its kin, nil for other words.
func reading(w string) *Read {
	name, big := strings.CutSuffix(w, "be")
	name, unsigned := strings.CutPrefix(name, "u")
	n := map[string]int{"int8": 1, "int16": 2, "int32": 4}[name]
	if n == 0 {
		return nil
	}
	return &Read{Bytes: n, Signed: !unsigned, Big: big}
}

// reference reads $a, #a, @a and !a with what can follow each.
func (p *parser) reference(at At) Expr {
	t := p.tok
	if t.wild {
		p.unexpected("an expression")
	}
	p.step()
	switch t.kind {
	case stringRef:
		f := &Found{At: at, Name: t.text}
		if p.take("at") {
			f.Offset = p.binary(sumLevel)
		} else if p.take("in") {
			f.In = p.rangeOf()
		}
		return f
	case countRef:
		c := &Count{At: at, Name: t.text}
		if p.take("in") {
			c.In = p.rangeOf()
		}
		return c
	default:
		o := &Offset{At: at, Name: t.text, Length: t.kind == lengthRef}
		if p.take("[") {
			o.Index = p.expr()
			p.want("]")
		}
		return o
	}
}

// rangeOf reads (lo..hi).
func (p *parser) rangeOf() *Range {
	p.want("(")
	lo := p.binary(sumLevel)
	p.want("..")
	hi := p.binary(sumLevel)
	p.want(")")
	return &Range{lo, hi}
}

// of reads what follows "N of".
func (p *parser) of(at At, n Quantity) Expr {
	o := &Of{At: at, N: n, Set: p.set()}
	if p.take("in") {
		o.In = p.rangeOf()
	} else if p.take("at") {
		o.Offset = p.binary(sumLevel)
	}
	return o
}

// set reads them, or names of strings or rules in brackets.
func (p *parser) set() Set {
	if p.take("them") {
		return Set{Them: true}
	}
	var s Set
	p.want("(")
	for ok := true; ok; ok = p.take(",") {
		item := Item{Name: p.tok.text, Wild: p.tok.wild, Line: p.tok.line}
		if p.tok.kind == stringRef {
			p.step()
		} else {
			p.name("the name of a string or rule")
			item.Wild = p.take("*")
		}
		if len(s.Items) == maxStrings {
			p.fail("more than %d names in a set", maxStrings)
		}
		s.Items = append(s.Items, item)
	}
	p.want(")")
	return s
}

// loop reads what follows "for".
func (p *parser) loop(at At) Expr {
	n := Quantity{}
	if p.is("all") || p.is("any") || p.is("none") {
		n.Word = p.tok.text
		p.step()
	} else {
		n.X = p.binary(sumLevel)
		if p.is("%") {
			p.step()
			n.Percent = true
		}
	}
	if p.take("of") {
		f := &ForOf{At: at, N: n, Set: p.set()}
		f.Body = p.body()
		return f
	}
	f := &ForIn{At: at, N: n}
	for ok := true; ok; ok = p.take(",") {
		if len(f.Vars) == maxLoop {
			p.fail("too many loop variables")
		}
		f.Vars = append(f.Vars, p.name("the name of a variable"))
	}
	p.want("in")
	p.iterator(f)
	f.Body = p.body()
	return f
}

// iterator reads a range, a list or something that has items.
func (p *parser) iterator(f *ForIn) {
	if !p.is("(") {
		f.Over = p.word(At(p.tok.line))
		return
	}
	p.step()
	x := p.binary(sumLevel)
	if p.take("..") {
		f.Range = &Range{x, p.binary(sumLevel)}
		p.want(")")
		return
	}
	f.List = append(f.List, x)
	for p.take(",") {
		if len(f.List) == maxInList {
			p.fail("more than %d items in a list", maxInList)
		}
		f.List = append(f.List, p.binary(sumLevel))
	}
	p.want(")")
}

func (p *parser) body() Expr {
	p.want(":")
	p.want("(")
	x := p.expr()
	p.want(")")
	return x
}
