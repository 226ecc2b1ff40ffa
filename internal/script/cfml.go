package script

import (
	"bytes"
	"strings"
)

// parseCFML reads a page of ColdFusion: tags become calls whose arguments are
// assignments of their attributes, <cfscript> is code.
func parseCFML(b []byte) *node {
	root := &node{op: opBlock}
	line := int32(1)
	at := 0
	lines := func(to int) {
		line += int32(bytes.Count(b[at:to], []byte{'\n'}))
		at = to
	}
	lower := bytes.ToLower(b)
	if len(lower) != len(b) {
		lower = b
	}
	if !bytes.Contains(lower, []byte("<cf")) && bytes.Contains(lower, []byte(";")) { // a component of script
		return parse(dialects["cfml"], lex(dialects["cfml"], b, 1))
	}
	lt := -1 // the next '<'
	for len(root.kids) < 1<<16 {
		if lt < at {
			lt = len(b)
			if k := bytes.IndexByte(lower[at:], '<'); k >= 0 {
				lt = at + k
			}
		}
		i := lt - at
		if lt == len(b) {
			i = -1
		}
		h := bytes.IndexByte(lower[at:], '#')
		if h >= 0 && (i < 0 || h < i) { // #expression# in the text
			end := bytes.IndexByte(lower[at+h+1:], '#')
			if end < 0 || end > 500 || bytes.IndexByte(lower[at+h+1:at+h+1+end], '<') >= 0 {
				lines(at + h + 1)
				continue
			}
			lines(at + h + 1)
			e := cfExpr(b[at:at+end], line)
			root.kids = append(root.kids, &node{op: opEcho, kids: []*node{e}, line: line})
			lines(at + end + 1)
			continue
		}
		if i < 0 {
			return root
		}
		lines(at + i)
		if bytes.HasPrefix(lower[at:], []byte("<!--")) {
			end := bytes.Index(lower[at:], []byte("-->"))
			if end < 0 {
				return root
			}
			lines(at + end + 3)
			continue
		}
		if !bytes.HasPrefix(lower[at:], []byte("<cf")) {
			lines(at + 1)
			continue
		}
		gt := tagEnd(b[at:])
		tag := b[at : at+gt]
		n := cfTag(tag, line)
		start := line
		lines(at + gt)
		switch n.s {
		case "cfscript":
			end := bytes.Index(lower[at:], []byte("</cfscript"))
			if end < 0 {
				end = len(b) - at
			}
			root.kids = append(root.kids, parse(dialects["cfml"], lex(dialects["cfml"], b[at:at+end], line)))
			lines(at + end)
			continue
		case "cfquery":
			end := bytes.Index(lower[at:min(len(lower), at+1<<15)], []byte("</cfquery"))
			end = max(end, 0)
			p := &parser{d: dialects["cfml"]}
			text := p.pieces(string(stripTags(b[at : at+end])))
			text.op = opJoin
			call := n.kids[0]
			call.kids = append(call.kids, &node{op: opPair, kids: []*node{{op: opStr, s: "text", line: start}, text}, line: start})
			lines(at + end)
		}
		root.kids = append(root.kids, n.kids...)
	}
	return root
}

// stripTags leaves out tags, such as <cfqueryparam>, of which the text knows
// that its value is bound.
func stripTags(b []byte) []byte {
	var out []byte
	for len(b) > 0 {
		i := bytes.IndexByte(b, '<')
		if i < 0 {
			return append(out, b...)
		}
		out = append(out, b[:i]...)
		b = b[i:]
		n := tagEnd(b)
		if bytes.HasPrefix(bytes.ToLower(b[:n]), []byte("<cfqueryparam")) {
			out = append(out, '?')
		}
		b = b[n:]
	}
	return out
}

// tagEnd is the length of the tag at the start of b.
func tagEnd(b []byte) int {
	q := byte(0)
	for i := 1; i < len(b) && i < 1<<16; i++ {
		switch c := b[i]; {
		case q != 0:
			if c == q {
				q = 0
			}
		case c == '"' || c == '\'':
			q = c
		case c == '>':
			return i + 1
		}
	}
	return len(b)
}

func cfExpr(b []byte, line int32) *node {
	p := &parser{d: dialects["cfml"], toks: lex(dialects["cfml"], b, line)}
	n := p.expr(0)
	if n == nil {
		n = &node{op: opNone, line: line}
	}
	return n
}

// cfTag reads one tag. The result's name is the tag's; its kids are what is
// followed.
func cfTag(tag []byte, line int32) *node {
	body := strings.TrimSuffix(strings.TrimSuffix(string(tag[1:]), ">"), "/")
	name, rest, _ := strings.Cut(body, " ")
	if i := strings.IndexAny(name, "\t\r\n"); i >= 0 {
		rest = name[i:] + " " + rest
		name = name[:i]
	}
	name = strings.ToLower(name)
	out := &node{op: opBlock, s: name, line: line}
	switch name {
	case "cfset", "cfif", "cfelseif", "cfreturn":
		p := &parser{d: dialects["cfml"], toks: lex(dialects["cfml"], []byte(rest), line)}
		for p.is("var") {
			p.i++
		}
		if e := p.expr(0); e != nil {
			out.kids = []*node{e}
		}
		return out
	}
	call := &node{op: opCall, line: line, kids: []*node{{op: opName, s: name, line: line}}}
	for rest = strings.TrimSpace(rest); rest != "" && len(call.kids) < 64; rest = strings.TrimSpace(rest) {
		key, after, ok := strings.Cut(rest, "=")
		if !ok {
			break
		}
		key = strings.ToLower(strings.TrimSpace(key))
		if i := strings.LastIndexAny(key, " \t\r\n"); i >= 0 {
			key = key[i+1:]
		}
		after = strings.TrimSpace(after)
		val := ""
		if after != "" && (after[0] == '"' || after[0] == '\'') {
			end := strings.IndexByte(after[1:], after[0])
			if end < 0 {
				end = len(after) - 1
			}
			val, rest = after[1:1+end], after[min(len(after), end+2):]
		} else {
			val, rest, _ = strings.Cut(after, " ")
		}
		p := &parser{d: dialects["cfml"]}
		v := p.pieces(val)
		v.line = line
		for _, k := range v.kids {
			if k != nil {
				k.line = line
			}
		}
		call.kids = append(call.kids, &node{op: opPair, kids: []*node{{op: opStr, s: key, line: line}, v}, line: line})
	}
	out.kids = []*node{call}
	return out
}
