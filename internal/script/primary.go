package script

import "strings"

// primary reads an operand.
func (p *parser) primary() *node {
	if p.end() {
		return nil
	}
	t := p.at(0)
	switch t.kind {
	case text:
		n := p.node(opStr, t.s)
		p.i++
		return n
	case interp:
		n := p.pieces(t.s)
		p.i++
		return n
	case shell:
		n := p.node(opShell, "", p.pieces(t.s))
		p.i++
		return n
	case number:
		n := p.node(opNum, t.s)
		p.i++
		return n
	case word:
		return p.word(t)
	case mark:
	}
	switch t.s {
	case "(":
		return p.parens()
	case "[":
		return p.node(opArray, "", p.list("]", false)...)
	case "{":
		if p.d.php {
			return p.block()
		}
		return p.node(opArray, "", p.list("}", false)...)
	case "%", "@", "$":
		if p.d.perl || t.s == "$" {
			p.i++
			if p.is("{") { // @{ … }
				return p.node(opSeq, "", p.list("}", false)...)
			}
			return p.primary()
		}
	case "<":
		if p.d.perl && p.at(1).kind == word && p.isAt(2, ">") {
			n := p.node(opCall, "", p.node(opName, "readline"), p.node(opName, p.at(1).raw))
			p.i += 3
			return n
		}
	case "\\", "::", ".":
		p.i++
		return p.primary()
	case ";", ")", "]", "}", ",", "=>":
		return nil
	}
	p.i++
	return nil
}

// parens reads ( … ), which may be the parameters of a lambda.
func (p *parser) parens() *node {
	shut := p.match(p.i)
	if shut > 0 && shut+1 < len(p.toks) && p.toks[shut+1].kind == mark && !p.d.php && !p.d.perl && !p.d.basic {
		if s := p.toks[shut+1].s; s == "=>" || s == "->" && p.d.name == "java" {
			n := p.node(opFunc, "", p.params(p.i+1, shut)...)
			p.i = shut + 2
			n.kids = append(n.kids, p.lambdaBody())
			return n
		}
	}
	kids := p.list(")", false)
	if len(kids) == 1 {
		return kids[0]
	}
	return p.node(opSeq, "", kids...)
}

func (p *parser) lambdaBody() *node {
	if p.is("{") {
		return p.block()
	}
	return p.node(opReturn, "", p.expr(0))
}

func (p *parser) word(t token) *node {
	switch t.s {
	case "function", "fn", "sub", "delegate":
		if n := p.at(1); n.s == "(" || n.s == "&" || n.s == "{" || n.kind == word && p.d.name == "js" && t.s == "function" {
			return p.function()
		}
	case "static", "async":
		if p.isAt(1, "function") || p.isAt(1, "fn") {
			p.i++
			return p.function()
		}
	case "array", "list":
		if p.d.php && p.isAt(1, "(") {
			p.i++
			return p.node(opArray, "", p.args()...)
		}
	case "$": // ${ … } and $ { … }
		p.i++
		if p.is("{") {
			kids := p.list("}", false)
			if p.d.perl && len(kids) == 1 {
				return kids[0]
			}
			return p.node(opCall, "", append([]*node{p.node(opName, "__var")}, kids...)...)
		}
		return p.primary()
	}
	if p.d.typed && p.passType() {
		t = p.at(0)
	}
	s := t.s
	switch {
	case p.d.php && strings.HasPrefix(s, "$$"):
		n := p.node(opName, t.raw[1:])
		p.i++
		return p.node(opCall, "", p.node(opName, "__var"), n)
	case p.d.php && s[0] == '$':
		s = t.raw
	case p.d.perl:
		return p.perlWord(t)
	case p.d.name == "shell":
		s = t.raw
	}
	n := p.node(opName, s)
	p.i++
	for p.d.php && p.is("\\") && p.at(1).kind == word { // a\b\c
		n.s = p.at(1).s
		p.i += 2
	}
	if !p.d.php && !p.d.perl && (p.is("=>") || p.d.name == "java" && p.is("->")) {
		p.i++
		return p.node(opFunc, "", p.node(opParam, s), p.lambdaBody())
	}
	return n
}

// perlWord reads a name of Perl: a variable without its sigil, or a call
// without parentheses.
func (p *parser) perlWord(t token) *node {
	n := p.node(opName, strings.TrimLeft(t.raw, "$"))
	p.i++
	for p.is("::") && p.at(1).kind == word {
		n.s = p.at(1).raw
		p.i += 2
	}
	if strings.HasPrefix(t.raw, "$") {
		return n
	}
	next := p.at(0)
	if p.end() {
		return n
	}
	switch {
	case t.s == "eval" && p.is("{"), t.s == "do" && p.is("{"), t.s == "map" && p.is("{"), t.s == "grep" && p.is("{"), t.s == "sort" && p.is("{"):
		b := p.block()
		p.take(",")
		return p.node(opSeq, "", b, p.expr(3))
	case next.kind == text, next.kind == interp, next.kind == shell, next.kind == number,
		next.kind == word && (strings.HasPrefix(next.s, "$") || next.s == "shift" || perlCalls[t.s]) && precedence[next.s] == 0 && next.s != "if" && next.s != "unless",
		next.kind == mark && perlCalls[t.s] && (next.s == "@" || next.s == "%" || next.s == "\\" || next.s == "$" || next.s == "<"):
		c := p.node(opCall, "", n)
		for !p.end() {
			c.kids = append(c.kids, p.expr(3))
			if !p.take(",") && !p.take("=>") {
				break
			}
		}
		return c
	}
	return n
}

// perlCalls are functions of Perl that are often called without parentheses.
var perlCalls = map[string]bool{
	"open": true, "system": true, "exec": true, "eval": true, "print": true, "split": true, "join": true, "push": true, "read": true, "sysread": true, "syswrite": true,
	"unlink": true, "rename": true, "mkdir": true, "rmdir": true, "chmod": true, "opendir": true, "readdir": true, "close": true, "binmode": true, "connect": true,
	"uc": true, "lc": true, "defined": true, "pack": true, "unpack": true, "chomp": true, "shift": true, "return": true, "require": true, "keys": true, "reverse": true,
	"decode_base64": true, "utime": true, "local": true, "foreach": true, "chdir": true, "opensocket": true, "socket": true,
}

// passType passes over the type of a declaration of C# or Java: words, dots,
// generics and brackets that a name follows.
func (p *parser) passType() bool {
	i, depth, words := 0, 0, 0
	for i < 30 {
		t := p.at(i)
		switch {
		case t.kind == word && depth > 0:
		case t.kind == word:
			if precedence[t.s] > 0 || t.s == "new" || t.s == "in" && p.d.name != "java" || t.s == "as" || t.s == "return" || t.s == "await" || t.s == "instanceof" || t.s == "if" {
				return false
			}
			if words > 0 && !p.isAt(i-1, ".") && !p.isAt(i-1, "::") {
				if n := p.at(i + 1); n.kind != mark || n.s == "." && i > 0 && p.at(i-1).kind == word && !modifiers[p.at(i-1).s] {
					return false
				}
				switch p.at(i + 1).s {
				case "=", ";", ",", ":", ")", "in", "(", "[", "":
					p.i += i
					return true
				}
				return false
			}
			words++
		case t.kind == mark && t.s == ".":
		case t.kind == mark && t.s == "<":
			depth++
		case t.kind == mark && (t.s == ">" || t.s == ">>") && depth > 0:
			depth -= len(t.s)
		case t.kind == mark && t.s == "[" && (p.isAt(i+1, "]") || p.isAt(i+1, ",")):
		case t.kind == mark && (t.s == "]" || t.s == "," || t.s == "?") && (depth > 0 || p.isAt(i-1, "[") || t.s == "?" && p.at(i+1).kind == word && p.isAt(i+2, "=")):
		default:
			return false
		}
		i++
		if p.d.name != "java" && p.at(i).kind == word && p.isAt(i, "in") {
			return false
		}
	}
	return false
}

// postfix reads calls, indexes and members behind an operand.
func (p *parser) postfix(n *node) *node {
	for n != nil && !p.end() {
		t := p.at(0)
		if t.kind == word && t.s == "as" && p.d.name == "cs" && p.at(1).kind == word {
			p.i++
			p.typeName()
			continue
		}
		if t.kind != mark {
			return n
		}
		switch {
		case t.s == "(" && (!p.d.perl || n.op != opName || !p.sigil()):
			kids := append([]*node{n}, p.args()...)
			n = p.node(opCall, "", kids...)
			n.line = t.line
		case t.s == "[" && p.d.name != "shell":
			n = p.node(opIndex, "", append([]*node{n}, p.list("]", false)...)...)
		case t.s == "{" && p.d.php && (n.op == opName && n.s[0] == '$' || n.op == opIndex) && !p.blockFollows():
			n = p.node(opIndex, "", append([]*node{n}, p.list("}", false)...)...)
		case t.s == "{" && p.d.perl && (p.sigil() || n.op == opIndex):
			n = p.node(opIndex, "", append([]*node{n}, p.list("}", false)...)...)
		case t.s == "->" || t.s == "?->" || t.s == "::" || t.s == "?." || t.s == "." && !p.d.dotJoin:
			n = p.member(n)
		case t.s == "++", t.s == "--":
			n = p.node(opUn, t.s, n)
			p.i++
		case t.s == "!" && (p.d.basic || p.d.typed && !p.isAt(1, "=")):
			p.i++
		default:
			return n
		}
	}
	return n
}

// sigil tells whether the token before is a variable of Perl.
func (p *parser) sigil() bool { return p.i > 0 && strings.HasPrefix(p.toks[p.i-1].raw, "$") }

// blockFollows tells whether { opens a block rather than an index: more than a
// few tokens, or a statement.
func (p *parser) blockFollows() bool {
	shut := p.match(p.i)
	if shut < 0 || shut-p.i > 40 {
		return true
	}
	for j := p.i; j < shut; j++ {
		if p.toks[j].kind == mark && p.toks[j].s == ";" {
			return true
		}
	}
	return shut == p.i+1
}

func (p *parser) member(n *node) *node {
	p.i++
	t := p.at(0)
	switch {
	case t.kind == word && p.d.php && strings.HasPrefix(t.s, "$"):
		m := p.node(opDyn, "", n, p.node(opName, t.raw))
		p.i++
		return m
	case t.kind == word && p.d.perl && strings.HasPrefix(t.s, "$"):
		m := p.node(opDyn, "", n, p.node(opName, t.raw[1:]))
		p.i++
		return m
	case t.kind == word:
		m := p.node(opMember, t.s, n)
		p.i++
		return m
	case p.is("{") && !p.d.perl:
		return p.node(opDyn, "", append([]*node{n}, p.list("}", false)...)...)
	case p.is("{"), p.is("["):
		shut := map[string]string{"{": "}", "[": "]"}[t.s]
		return p.node(opIndex, "", append([]*node{n}, p.list(shut, false)...)...)
	case p.is("<") && p.d.name == "java": // .<T>name
		p.typeName()
		return n
	}
	return n
}

// pieces takes a string with expressions inside apart.
func (p *parser) pieces(s string) *node {
	join := p.node(opJoin, "")
	var lit strings.Builder
	flush := func() {
		if lit.Len() > 0 {
			join.kids = append(join.kids, p.node(opStr, lit.String()))
			lit.Reset()
		}
	}
	for i := 0; i < len(s); {
		if s[i] == 0 && i+1 < len(s) {
			lit.WriteByte(s[i+1])
			i += 2
			continue
		}
		code, n := p.embedded(s[i:])
		if n == 0 {
			lit.WriteByte(s[i])
			i++
			continue
		}
		flush()
		if len(code) > 0 && p.depth < maxDepth-20 {
			sub := &parser{d: p.d, toks: lex(p.d, []byte(code), p.line()), depth: p.depth + 20, nodes: p.nodes}
			if p.d.name == "shell" && strings.HasPrefix(s[i:], "$(") {
				join.kids = append(join.kids, sub.command())
			} else {
				join.kids = append(join.kids, sub.expr(0))
			}
			p.nodes = sub.nodes
		}
		i += n
	}
	flush()
	return join
}

// embedded finds an expression at the start of s and how long it is there.
func (p *parser) embedded(s string) (code string, n int) {
	switch {
	case p.d.markup:
		if s[0] != '#' {
			return "", 0
		}
		if len(s) > 1 && s[1] == '#' {
			return "", 0
		}
		end := strings.IndexByte(s[1:], '#')
		if end < 0 {
			return "", 0
		}
		return s[1 : 1+end], end + 2
	case p.d.typed:
		if s[0] != '{' {
			return "", 0
		}
		end := braces(s)
		code, _, _ = strings.Cut(s[min(1, end):max(min(1, end), end-1)], ":")
		return code, end
	case s[0] == '{' && len(s) > 1 && s[1] == '$' && p.d.php:
		end := braces(s)
		return s[min(1, end):max(min(1, end), end-1)], end
	case s[0] == '$' && len(s) > 1 && s[1] == '{':
		end := 1 + braces(s[1:])
		if end == 1 {
			return "", 0
		}
		inner := s[2:max(2, end-1)]
		if p.d.php {
			if strings.HasPrefix(inner, "$") {
				return s[:end], end
			}
			return "$" + inner, end
		}
		if p.d.perl {
			if strings.ContainsAny(inner, "(\\\x00") { // ${\ expression}, whose escape may be gone
				return strings.Trim(inner, " \\\x00"), end
			}
			return "$" + inner, end
		}
		return inner, end
	case strings.HasPrefix(s, "@{[") && p.d.perl: // @{[ expression ]}
		end := 1 + braces(s[1:])
		if end == 1 {
			return "", 0
		}
		return strings.TrimSuffix(s[3:max(3, end-1)], "]"), end
	case s[0] == '$' && p.d.name == "shell" && len(s) > 1 && s[1] == '(':
		if end := strings.IndexByte(s, ')'); end > 0 {
			return s[2:end], end + 1
		}
	case (s[0] == '$' || s[0] == '@' && p.d.perl) && len(s) > 1 && (isWord(s[1]) && s[1] != '$') && p.d.name != "js":
		n = 1
		for n < len(s) && isWord(s[n]) && s[n] != '$' {
			n++
		}
		for n < len(s) && (s[n] == '[' || s[n] == '{' && p.d.perl) {
			end := strings.IndexAny(s[n:], "]}")
			if end < 0 {
				break
			}
			if idx := s[n+1 : n+end]; p.d.php && idx != "" && idx[0] != '$' && idx[0] != '\'' && (idx[0] < '0' || idx[0] > '9') {
				return s[:n] + "['" + idx + "']", n + end + 1
			}
			n += end + 1
			if p.d.php {
				break
			}
		}
		if p.d.php && n+2 < len(s) && s[n] == '-' && s[n+1] == '>' && isWord(s[n+2]) {
			n += 2
			for n < len(s) && isWord(s[n]) {
				n++
			}
		}
		return s[:n], n
	}
	return "", 0
}

// maxBraces is how long an expression within a string may be, in bytes.
const maxBraces = 2048

// braces is the length of { … } at the start of s, 0 where it is not closed.
func braces(s string) int {
	depth := 0
	for i := range min(len(s), maxBraces) {
		switch s[i] {
		case '{':
			depth++
		case '}':
			depth--
			if depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}
