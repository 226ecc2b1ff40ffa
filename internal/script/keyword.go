package script

import "strings"

// keyword reads the statements that begin with one.
func (p *parser) keyword(t token) (*node, bool) {
	if p.d.basic {
		return p.basicKeyword(t)
	}
	if n := p.at(1); n.kind == mark && (n.s == "=" || n.s == "." || n.s == "->" || n.s == "=>") && !strings.HasPrefix(t.s, "$") {
		return nil, false
	}
	if t.raw != t.s && !p.d.php && !p.d.markup {
		return nil, false // Class is a type, class a keyword
	}
	if p.d.name == "shell" {
		return p.command(), true
	}
	switch t.s {
	case "if", "elseif", "elsif", "elif", "while", "switch", "unless", "until", "for", "foreach", "lock", "fixed", "catch", "synchronized", "match":
		if p.isAt(1, "(") {
			return p.control(t.s), true
		}
		if p.d.perl && (t.s == "foreach" || t.s == "for") { // foreach $x (@y)
			p.i++
			p.take("my")
			v := p.primary()
			c := p.expr(0)
			return p.node(opBlock, "", p.node(opEach, "", c, v), p.body()), true
		}
		if p.d.python {
			p.i++
			c := p.expr(0)
			if p.take("in") {
				c = p.node(opEach, "", p.expr(0), c)
			}
			p.take(":")
			return c, true
		}
	case "else", "do", "finally", "try", "unsafe", "checked", "begin":
		p.i++
		if p.is("if") {
			return nil, true
		}
		if p.is("{") || p.is(":") {
			return p.node(opMaybe, "", nil, p.body()), true
		}
		return nil, true
	case "using":
		p.i++
		if p.is("(") { // using (var x = …)
			p.i--
			return p.control(t.s), true
		}
		return p.declaration(), true
	case "import", "package", "namespace", "use", "require", "no":
		return p.imports(t)
	case "function", "sub", "def", "func":
		return p.function(), true
	case "class", "interface", "trait", "struct", "enum", "record":
		return p.class()
	case "return", "yield":
		p.i++
		n := p.node(opReturn, "")
		if !p.is(";") && !p.is("}") {
			n.kids = append(n.kids, p.expressions())
		}
		return n, true
	case "throw", "raise", "goto":
		p.i++
		return p.expressions(), true
	case "echo", "print", "say", "printf":
		if t.s != "echo" && p.isAt(1, "(") && !p.d.perl && !p.d.php {
			return nil, false
		}
		p.i++
		if p.d.perl && p.at(0).kind == word && (p.at(1).kind != mark || p.isAt(1, "<<")) && strings.ToUpper(p.at(0).raw) == p.at(0).raw && !strings.HasPrefix(p.at(0).s, "$") { // print FH …
			fh := p.at(0).raw
			p.i++
			return p.node(opCall, "", p.node(opName, "fwrite"), p.node(opName, fh), p.expressions()), true
		}
		return p.node(opEcho, "", p.expressions()), true
	case "case", "default":
		p.i++
		if !p.is(":") {
			p.expr(0)
		}
		p.take(":")
		return nil, true
	case "global", "static", "var", "let", "const", "my", "our", "local", "public", "private", "protected", "internal", "final", "abstract", "readonly", "override",
		"virtual", "sealed", "partial", "async", "extern", "volatile", "transient":
		if p.d.typed {
			return p.modified()
		}
		if n := p.at(1); n.kind == mark && (n.s == "::" || n.s == "(") && t.s != "my" && t.s != "our" && t.s != "local" {
			return nil, false // static::method()
		}
		p.i++
		return nil, true
	}
	return nil, false
}

// modified reads what follows the modifiers of C# and Java: a class, a method
// or a declaration.
func (p *parser) modified() (*node, bool) {
	at := p.i
	for p.at(0).kind == word && modifiers[p.at(0).s] {
		p.i++
	}
	switch p.at(0).raw {
	case "class", "interface", "struct", "enum":
		n, ok := p.class()
		return n, ok
	}
	p.i = at
	if n := p.method(); n != nil {
		return n, true
	}
	for p.at(0).kind == word && modifiers[p.at(0).s] {
		p.i++
	}
	if p.is("{") { // static { … }
		return p.block(), true
	}
	return p.declaration(), true
}

var modifiers = map[string]bool{
	"public": true, "private": true, "protected": true, "internal": true, "static": true, "final": true, "abstract": true, "readonly": true, "override": true,
	"virtual": true, "sealed": true, "partial": true, "async": true, "extern": true, "volatile": true, "transient": true, "synchronized": true, "native": true, "const": true,
}

// declaration passes over the type of Type name = …
func (p *parser) declaration() *node { return p.expressions() }

// control reads keyword ( … ) body.
func (p *parser) control(word string) *node {
	p.i++ // the word
	n := p.node(opMaybe, "")
	shut := p.match(p.i)
	p.take("(")
	var head *node
	for !p.end() && (shut < 0 && !p.is(")") || p.i < shut) {
		at := p.i
		e := p.expr(0)
		switch {
		case p.is("as") || p.is("in") || p.is(":") && p.d.typed:
			php := p.is("as")
			p.i++
			v := p.expr(0)
			if php && p.take("=>") {
				v = p.node(opPair, "", v, p.expr(0))
			}
			if !php {
				e, v = v, e
			}
			e = p.node(opEach, "", e, v)
		case p.take(";"), p.take(","):
		case p.i == at:
			p.i++
		}
		if head == nil {
			head = e
		} else {
			head = p.node(opSeq, "", head, e)
		}
	}
	if shut >= 0 {
		p.i = shut
	}
	p.take(")")
	n.kids = []*node{head, p.body()}
	if word == "using" || word == "catch" {
		n.op = opBlock
	}
	return n
}

// imports reads the statements that name other code. In PHP "use" and
// "namespace" are kept: a page of an application has them.
func (p *parser) imports(t token) (*node, bool) {
	if t.s == "require" && (p.d.php || p.d.name == "js" || p.isAt(1, "(")) {
		return nil, false
	}
	p.i++
	n := p.node(opCall, "", p.node(opName, "__"+t.s))
	var name strings.Builder
	for !p.end() && !p.is(";") && !p.is("{") {
		name.WriteString(p.at(0).s)
		p.i++
	}
	n.kids = append(n.kids, p.node(opStr, name.String()))
	p.take(";")
	return n, true
}

// function reads function name(params) { … }, and Python's and Perl's.
func (p *parser) function() *node {
	p.i++
	p.take("&")
	n := p.node(opFunc, "")
	if t := p.at(0); t.kind == word {
		n.s = t.s
		p.i++
		for p.take("::") && p.at(0).kind == word {
			n.s = p.at(0).s
			p.i++
		}
	}
	if p.is("(") {
		shut := p.match(p.i)
		if shut < 0 {
			p.i++
			return n
		}
		n.kids = p.params(p.i+1, shut)
		p.i = shut + 1
	}
	if p.take("use") && p.is("(") { // closures see what they use
		if shut := p.match(p.i); shut > 0 {
			p.i = shut + 1
		}
	}
	for !p.end() && !p.is("{") && !p.is(";") && !p.is("=>") && !p.is(")") && (!p.d.python || !p.is(":")) {
		p.i++ // : type
	}
	switch {
	case p.is("{"):
		n.kids = append(n.kids, p.block())
	case p.take("=>"):
		n.kids = append(n.kids, p.node(opReturn, "", p.expr(0)))
	case p.d.python: // its lines are read as if they stood outside
		p.take(":")
		n.kids = append(n.kids, p.node(opBlock, ""))
	default:
		n.kids = append(n.kids, p.node(opBlock, ""))
	}
	return n
}

func (p *parser) class() (*node, bool) {
	if p.at(1).kind != word {
		return nil, false
	}
	p.i++
	n := p.node(opClass, p.at(0).s)
	p.i++
	for !p.end() && !p.is("{") && !p.is(";") && (!p.d.python || !p.is(":")) {
		if p.is("extends") || p.is("implements") || p.is(":") {
			n.kids = append(n.kids, p.node(opStr, "extends "+p.at(1).s))
		}
		p.i++
	}
	if p.is("{") {
		n.kids = append(n.kids, p.block())
	}
	p.take(":")
	return n, true
}

// command reads a command of the shell: a word and what follows it.
func (p *parser) command() *node {
	for p.at(0).kind == word && shellWords[p.at(0).raw] {
		p.i++
	}
	if p.at(0).kind == word && p.isAt(1, "=") { // name=value
		n := p.node(opName, "$"+p.at(0).raw)
		p.i += 2
		if p.is(";") {
			return nil
		}
		return p.node(opAssign, "=", n, p.primary())
	}
	call := p.node(opCall, "")
	for !p.end() {
		t := p.at(0)
		if t.kind == mark {
			switch t.s {
			case ";", "|", "||", "&&", "(", ")", "{", "}", "&":
				p.i++
				if len(call.kids) == 0 {
					return nil
				}
				return call
			}
			p.i++
			continue
		}
		if k := p.primary(); k != nil {
			call.kids = append(call.kids, k)
		}
	}
	if len(call.kids) == 0 {
		return nil
	}
	return call
}

// shellWords stand before a command.
var shellWords = words("if then else elif while until do done fi for in case esac function time exec sudo nohup")
