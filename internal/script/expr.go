package script

import "strings"

// precedence of binary operators, the tightest highest.
var precedence = map[string]int{
	"or": 1, "xor": 1, "and": 1, "orelse": 1, "andalso": 1,
	"?": 3, "??": 4, "||": 5, "&&": 6, "|": 7, "^": 8, "&": 9,
	"==": 10, "!=": 10, "===": 10, "!==": 10, "<=>": 10, "<>": 10, "=~": 14, "!~": 14, "eq": 10, "ne": 10, "is": 10, "like": 10,
	"contains": 10, "instanceof": 15, "lt": 11, "gt": 11, "le": 11, "ge": 11,
	"<": 11, ">": 11, "<=": 11, ">=": 11, "<<": 12, ">>": 12, "+": 13, "-": 13, ".": 13, "*": 14, "/": 14, "%": 14, "mod": 14, "x": 14, "\\": 14, "**": 16,
}

var assigns = map[string]bool{"=": true, ".=": true, "+=": true, "-=": true, "*=": true, "/=": true, "^=": true, "|=": true, "&=": true, "%=": true, "??=": true, "<<=": true, ">>=": true}

// binary is the operator at the next token and its precedence, 0 without one.
func (p *parser) binary() (string, int) {
	t := p.at(0)
	if p.end() || t.kind != mark && t.kind != word {
		return "", 0
	}
	s := t.s
	if t.kind == word {
		switch s {
		case "or", "and", "xor":
		case "mod", "orelse", "andalso", "is", "like":
			if !p.d.basic && s != "mod" && s != "is" {
				return "", 0
			}
		case "eq", "ne", "lt", "gt", "le", "ge", "x":
			if !p.d.perl && !p.d.markup || s == "x" && !p.d.perl {
				return "", 0
			}
		case "contains":
			if !p.d.markup {
				return "", 0
			}
		case "instanceof":
		default:
			return "", 0
		}
	}
	switch {
	case s == "." && !p.d.dotJoin:
		return "", 0
	case s == "&" && (p.d.basic || p.d.markup): // joins strings
		return s, 12
	case s == "=" && p.d.basic: // compares, within an expression
		return "==", 10
	case p.d.perl && (s == "if" || s == "unless"):
		return "", 0
	}
	return s, precedence[s]
}

// expr reads an expression of operators that bind at least as tight as least.
func (p *parser) expr(least int) *node {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		p.i++
		return nil
	}
	left := p.unary()
	for !p.end() {
		t := p.at(0)
		if t.kind == mark && assigns[t.s] && !p.d.basic {
			p.i++
			p.take("&")
			left = p.node(opAssign, t.s, left, p.expr(2))
			continue
		}
		s, prec := p.binary()
		if prec == 0 || prec < least {
			break
		}
		p.i++
		if s == "?" {
			yes := (*node)(nil)
			if !p.is(":") {
				yes = p.expr(2)
			}
			var no *node
			if p.take(":") {
				no = p.expr(3)
			}
			cond := left
			if yes == nil { // a ?: b; no node may stand in two places
				cond, yes = nil, left
			}
			left = p.node(opCond, "", cond, yes, no)
			continue
		}
		right := p.expr(prec + 1)
		if left != nil && left.op == opBin && left.s == s && (s == "." || s == "+" || s == "&") { // a long chain is one level
			left.kids = append(left.kids, right)
			left.below(right)
			continue
		}
		left = p.node(opBin, s, left, right)
	}
	return left
}

func (p *parser) unary() *node {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		p.i++
		return nil
	}
	t := p.at(0)
	if t.kind == mark {
		switch t.s {
		case "!", "-", "+", "~", "++", "--", "&", "...", "*":
			if p.d.perl && t.s == "&" && p.at(1).kind == word { // &name(…)
				p.i++
				return p.unary()
			}
			p.i++
			k := p.unary()
			if t.s == "~" || t.s == "-" || t.s == "++" || t.s == "--" || t.s == "..." && p.d.php {
				return p.node(opUn, t.s, k)
			}
			return k
		case "@":
			p.i++
			return p.unary()
		case "\\":
			p.i++
			return p.unary()
		case "(":
			if c := p.cast(); c != nil {
				return c
			}
		}
	}
	if t.kind == word {
		switch t.s {
		case "new":
			return p.postfix(p.construct())
		case "print", "echo":
			if !p.isAt(1, ".") {
				p.i++
				return p.node(opEcho, "", p.expr(0))
			}
		case "include", "include_once", "require", "require_once":
			if p.d.php {
				p.i++
				return p.node(opCall, "", p.node(opName, "include"), p.expr(2))
			}
		case "clone", "await", "typeof", "yield", "not", "ref", "out", "delete", "throw", "my", "our", "local", "set", "in", "let", "byval":
			if n := p.at(1); n.kind != mark || n.s == "$" || n.s == "(" && t.s != "set" && t.s != "delete" && t.s != "typeof" {
				p.i++
				return p.unary()
			}
		}
	}
	return p.postfix(p.primary())
}

// cast reads (type)operand.
func (p *parser) cast() *node {
	j, s := 1, ""
	for j < 12 {
		t := p.at(j)
		if t.kind == word && !strings.HasPrefix(t.s, "$") || t.kind == mark && (t.s == "." || t.s == "[" || t.s == "]" || t.s == "<" || t.s == ">") && j > 1 {
			s += t.s
			j++
			continue
		}
		break
	}
	if s == "" || !p.isAt(j, ")") {
		return nil
	}
	next := p.at(j + 1)
	if p.d.php {
		switch s {
		case "int", "integer", "string", "array", "bool", "boolean", "object", "float", "double", "binary":
		default:
			return nil
		}
	} else {
		if !p.d.typed || next.kind == mark && next.s != "(" && next.s != "!" && next.s != "~" {
			return nil
		}
		if next.kind == word && (precedence[next.s] > 0 || next.s == "as") {
			return nil
		}
	}
	p.i += j + 1
	return p.node(opCast, s, p.unary())
}

// construct reads new Type(arguments) { … }.
func (p *parser) construct() *node {
	p.i++
	n := p.node(opNew, "")
	switch {
	case p.is("class") && p.d.php:
		p.i++
	case p.at(0).kind == word:
		n.s = strings.TrimPrefix(p.typeName(), "\\")
	case p.is("("):
		n.kids = append(n.kids, p.primary())
	}
	if strings.HasPrefix(n.s, "$") {
		n.kids = append(n.kids, p.node(opName, n.s))
	}
	if p.is("(") {
		n.kids = append(n.kids, p.args()...)
	}
	for p.is("[") {
		p.i++
		if !p.is("]") {
			n.kids = append(n.kids, p.expr(0))
		}
		p.passTo("]")
		p.take("]")
		n.s += "[]"
	}
	if p.is("{") && !p.d.php && !p.d.perl {
		n.kids = append(n.kids, p.list("}", true)...)
	} else if p.d.php && (p.is("{") || p.is("extends")) {
		p.passTo("{")
		n.kids = append(n.kids, p.block())
	}
	if p.d.basic && p.is("from") && p.isAt(1, "{") {
		p.i++
		n.kids = append(n.kids, p.list("}", false)...)
	}
	return n
}

// typeName reads a.b.C<D>, in PHP \a\b\C or $c.
func (p *parser) typeName() string {
	var sb strings.Builder
	for !p.end() {
		t := p.at(0)
		switch {
		case t.kind == word:
			if strings.HasPrefix(t.s, "$") && p.d.php {
				sb.WriteString(t.raw)
			} else {
				sb.WriteString(t.s)
			}
			p.i++
		case t.kind == mark && (t.s == "." || t.s == "\\" || t.s == "::") && p.at(1).kind == word:
			sb.WriteString(t.s)
			p.i++
			continue
		case t.kind == mark && t.s == "<" && p.d.typed:
			for depth := 0; !p.end(); p.i++ {
				switch {
				case p.is("<"):
					depth++
				case p.is(">"):
					depth--
				case p.is(">>"):
					depth -= 2
				case p.is("("), p.is(";"):
					return sb.String()
				}
				if depth <= 0 {
					p.i++
					return sb.String()
				}
			}
		}
		if !p.is(".") && !p.is("\\") && !p.is("::") && (!p.is("<") || !p.d.typed || t.kind != word) {
			break
		}
	}
	return sb.String()
}

// args reads ( a, b, … ).
func (p *parser) args() []*node {
	return p.list(")", false)
}

// list reads values up to the mark shut, the opening one being next.
func (p *parser) list(shut string, members bool) []*node {
	p.i++
	var out []*node
	for !p.end() && !p.take(shut) {
		at := p.i
		if p.take(",") || p.take(";") {
			continue
		}
		if members && p.at(0).kind == word && p.d.typed && (modifiers[p.at(0).s] || p.method0()) || p.d.typed && p.is("@") {
			if n := p.statement(); n != nil {
				out = append(out, n)
			}
			continue
		}
		if p.is("{") && !p.d.perl {
			out = append(out, p.node(opArray, "", p.list("}", true)...))
			continue
		}
		e := p.expr(0)
		if p.take("=>") || p.is(":") && (shut == "}" || shut == ")" || shut == "]") && p.take(":") || p.d.basic && p.take(":=") {
			e = p.node(opPair, "", e, p.expr(0))
		} else if p.d.basic && p.is(":") {
			p.i++
			p.take("=")
		}
		if e != nil {
			out = append(out, e)
		}
		if p.i == at {
			if t := p.at(0); t.kind == mark && (t.s == ")" || t.s == "]" || t.s == "}") { // a bracket of somebody else
				break
			}
			p.i++
		}
	}
	return out
}

// method0 tells whether a method begins here, and does not move.
func (p *parser) method0() bool {
	t := p.at(1)
	return t.kind == word && p.isAt(2, "(") || p.at(0).s == "void"
}
