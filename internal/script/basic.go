package script

// basicKeyword reads the statements of VBScript and VB.NET.
func (p *parser) basicKeyword(t token) (*node, bool) {
	switch t.s {
	case "if", "elseif":
		p.i++
		c := p.expr(0)
		p.take("then")
		n := p.node(opMaybe, "", c, nil)
		if p.is(";") {
			n.kids[1] = p.until("if")
		} else {
			n.kids[1] = p.statement()
		}
		return n, true
	case "else":
		p.i++
		return nil, true
	case "sub", "function", "property":
		p.i++
		if t.s == "property" && p.at(0).kind == word && p.at(1).kind == word {
			p.i++
		}
		n := p.node(opFunc, p.at(0).s)
		if p.at(0).kind == word {
			p.i++
		}
		if p.is("(") {
			shut := p.match(p.i)
			if shut < 0 {
				p.i++
				return n, true
			}
			n.kids = p.params(p.i+1, shut)
			p.i = shut + 1
		}
		p.passTo(";")
		n.kids = append(n.kids, p.until(t.s))
		return n, true
	case "end", "exit", "next", "loop", "wend", "option", "on", "imports", "inherits", "implements", "class", "module", "namespace", "resume", "structure":
		if t.s == "end" && p.isAt(1, ".") {
			return nil, false
		}
		p.passTo(";")
		return nil, true
	case "do", "while", "until", "select", "with", "case", "using", "try", "catch", "finally", "byval":
		p.i++
		for p.is("while") || p.is("until") || p.is("case") {
			p.i++
		}
		if p.is(";") {
			return nil, true
		}
		n := p.basicExpr()
		p.passTo(";")
		return n, true
	case "for":
		p.i++
		if p.take("each") {
			v := p.primary()
			if p.take("as") {
				p.typeName()
			}
			p.take("in")
			return p.node(opEach, "", p.expr(0), v), true
		}
		n := p.basicExpr()
		if p.take("to") {
			n = p.node(opSeq, "", n, p.expr(0))
		}
		p.passTo(";")
		return n, true
	case "dim", "redim", "const", "static", "public", "private", "protected", "friend", "shared", "overrides", "overloads", "readonly", "preserve", "default", "set", "let", "call":
		if n := p.at(1); n.kind == word {
			p.i++
			return nil, true
		}
	case "return", "throw":
		p.i++
		n := p.node(opReturn, "")
		if !p.is(";") {
			n.kids = append(n.kids, p.expr(0))
		}
		return n, true
	case "echo":
		p.i++
		return p.node(opEcho, "", p.expr(0)), true
	}
	return p.basicExpr(), true
}

// until reads statements up to "end what".
func (p *parser) until(what string) *node {
	n := p.node(opBlock, "")
	for !p.end() {
		if p.is("end") && p.isAt(1, what) {
			p.i += 2
			break
		}
		if what == "if" && p.is("end") && (p.isAt(1, "sub") || p.isAt(1, "function")) { // of whom this is a part
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

// basicExpr reads an assignment, a declaration or a call with or without
// parentheses.
func (p *parser) basicExpr() *node {
	target := p.unary()
	if target == nil {
		return nil
	}
	switch {
	case p.take("as"):
		if p.is("new") {
			target = p.node(opAssign, "=", target, p.construct())
		} else {
			typ := p.node(opNew, p.typeName())
			typ.s = "?" + typ.s
			target = p.node(opAssign, "=", target, typ)
			if p.take("(") {
				p.passTo(")")
				p.take(")")
			}
			if p.take("=") {
				target = p.node(opSeq, "", target, p.node(opAssign, "=", target.kids[0], p.expr(0)))
			}
		}
	case p.take("="):
		target = p.node(opAssign, "=", target, p.expr(0))
	case (p.is("&") || p.is("+")) && p.isAt(1, "="):
		p.i += 2
		target = p.node(opAssign, ".=", target, p.expr(0))
	case !p.is(";") && !p.end() && !p.is("then") && !p.is("to") && !p.is("else"):
		at := p.i
		if _, prec := p.binary(); prec > 0 {
			target = p.node(opBin, p.at(0).s, target, nil)
			p.i++
			target.kids[1] = p.expr(0)
			break
		}
		call := p.node(opCall, "", target)
		for !p.end() && !p.is(";") {
			if e := p.expr(0); e != nil {
				call.kids = append(call.kids, e)
			}
			if !p.take(",") {
				break
			}
		}
		if p.i > at && len(call.kids) > 1 {
			target = call
		}
	}
	if p.take(",") { // Dim a, b
		return p.node(opSeq, "", target, p.basicExpr())
	}
	return target
}
