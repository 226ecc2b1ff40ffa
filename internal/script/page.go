package script

import (
	"bytes"
	"html"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// part is a piece of a page that runs on the server.
type part struct {
	d    string // dialect
	b    []byte
	line int32
	echo bool // an expression whose value goes to the client
	toks []token
}

// page is what of a file runs on the server, and the names of its controls.
type page struct {
	parts    []part
	controls map[string]bool
	objects  map[string]string // <object runat="server" progid=…>: name and type
	root     *node             // instead of parts, for languages of tags
	site     bool              // it says that it is a part of an application
}

// pageOf finds the parts of a page; the HTML around them says nothing.
func pageOf(language string, b []byte) page {
	pg := page{controls: map[string]bool{}, objects: map[string]string{}}
	switch language {
	case "php":
		pg.parts = []part{{d: "php", toks: lexPHP(b, 1)}}
		return pg
	case "cgi":
		pg.parts = []part{{d: cgiDialect(b), b: b, line: 1}}
		return pg
	case "cfm":
		pg.root = parseCFML(b)
		return pg
	}
	d := pageDialect(language, b)
	pg.site = belongs(language, b)
	switch language {
	case "ashx", "asmx", "asax":
		start := afterDirectives(b)
		if !bytes.Contains(bytes.ToLower(b), []byte("runat")) {
			pg.parts = []part{{d: d, b: b[start:], line: lineAt(b, start)}}
			return pg
		}
	case "cshtml":
		pg.razor(b)
		return pg
	}
	pg.scriptlets(d, b)
	pg.elements(d, b)
	if language == "jsp" {
		pg.expressions(b)
		for i := range pg.parts {
			pg.parts[i].b = unicodeEscapes(pg.parts[i].b)
		}
	}
	return pg
}

// lexPHP lexes a page of PHP, HTML around it included.
func lexPHP(b []byte, line int32) []token {
	l := &lexer{d: dialects["php"], b: b, line: line}
	l.html()
	for l.i < len(b) && len(l.out) < maxTokens {
		l.next()
	}
	return l.out
}

func lineAt(b []byte, i int) int32 { return 1 + int32(bytes.Count(b[:i], []byte{'\n'})) }

var (
	languageAttr = regexp.MustCompile(`(?is)<%@[^>]*?language\s*=\s*["']?\s*([a-z#0-9.]+)`)
	basicLook    = regexp.MustCompile(`(?im)^\s*(dim\s+\w+|end (sub|function|if)|set\s+\w+\s*=|.*\bthen\s*$)`)
)

// pageDialect is the language that the code of a page is written in.
func pageDialect(language string, b []byte) string {
	if language == "jsp" {
		return "java"
	}
	head := b
	if len(head) > 1<<16 {
		head = head[:1<<16]
	}
	if m := languageAttr.FindSubmatch(head); m != nil {
		switch l := strings.ToLower(string(m[1])); {
		case strings.HasPrefix(l, "vb"):
			return "vb"
		case strings.HasPrefix(l, "js"), strings.HasPrefix(l, "javascript"):
			return "js"
		case strings.HasPrefix(l, "c"):
			return "cs"
		case strings.HasPrefix(l, "perl"):
			return "perl"
		}
	}
	if language == "asp" {
		return "vb"
	}
	if basicLook.Match(head) {
		return "vb"
	}
	return "cs"
}

func cgiDialect(b []byte) string {
	first, _, _ := bytes.Cut(b[:min(len(b), 200)], []byte{'\n'})
	switch {
	case bytes.Contains(first, []byte("python")):
		return "python"
	case bytes.Contains(first, []byte("perl")):
		return "perl"
	case bytes.HasPrefix(first, []byte("#!")) && (bytes.Contains(first, []byte("sh"))):
		return "shell"
	}
	return "perl"
}

// scriptlets finds <% … %>, <%= … %> and <%! … %>.
func (pg *page) scriptlets(d string, b []byte) {
	ln := lines{b: b, line: 1}
	for at := 0; at < len(b); {
		i := bytes.Index(b[at:], []byte("<%"))
		if i < 0 {
			return
		}
		i += at + 2
		end := bytes.Index(b[i:], []byte("%>"))
		stop := len(b)
		next := len(b)
		if end >= 0 {
			stop, next = i+end, i+end+2
		}
		p := part{d: d, b: b[i:stop], line: ln.to(i)}
		switch {
		case bytes.HasPrefix(p.b, []byte("@")), bytes.HasPrefix(p.b, []byte("--")):
			at = next
			continue
		case bytes.HasPrefix(p.b, []byte("=")), bytes.HasPrefix(p.b, []byte(":")):
			p.b, p.echo = p.b[1:], true
		case bytes.HasPrefix(p.b, []byte("#")), bytes.HasPrefix(p.b, []byte("$")), bytes.HasPrefix(p.b, []byte("!")):
			p.b = p.b[1:]
		}
		pg.parts = append(pg.parts, p)
		at = next
	}
}

// lines counts lines up to a place that only moves on.
type lines struct {
	b    []byte
	at   int
	line int32
}

func (l *lines) to(i int) int32 {
	if i > l.at {
		l.line += int32(bytes.Count(l.b[l.at:i], []byte{'\n'}))
		l.at = i
	}
	return l.line
}

var (
	idAttr    = regexp.MustCompile(`(?i)\bid\s*=\s*["']?(\w+)`)
	progID    = regexp.MustCompile(`(?i)\b(?:progid|classid|class)\s*=\s*["']?(?:clsid:)?([\w.-]+)`)
	runat     = regexp.MustCompile(`(?i)\brunat\s*=\s*["']?server`)
	scriptSrc = regexp.MustCompile(`(?i)\blanguage\s*=\s*["']?([a-z#]+)`)
	closing   = regexp.MustCompile(`(?i)</(script|jsp:scriptlet|jsp:declaration|jsp:expression)\s*>`)
)

// elementNames are the elements that may hold code or be a control.
var elementNames = []string{"script", "object", "jsp:scriptlet", "jsp:declaration", "jsp:expression", "asp:", "input", "textarea", "select"}

// nextElement finds the next of them from at: its name, its attributes and where
// what it holds begins; start is -1 at the end.
func nextElement(b []byte, at int) (name string, attrs []byte, start int) {
	for {
		i := bytes.IndexByte(b[at:], '<')
		if i < 0 {
			return "", nil, -1
		}
		at += i + 1
		head := strings.ToLower(string(b[at:min(len(b), at+16)]))
		for _, n := range elementNames {
			if !strings.HasPrefix(head, n) || n != "asp:" && len(head) > len(n) && isWord(head[len(n)]) {
				continue
			}
			gt := bytes.IndexByte(b[at:min(len(b), at+2000)], '>')
			if gt < len(n) {
				break
			}
			return n, b[at+len(n) : at+gt], at + gt + 1
		}
	}
}

// elements finds <script runat="server">, <jsp:scriptlet>, <object> and controls.
func (pg *page) elements(d string, b []byte) {
	ln := lines{b: b, line: 1}
	for at := 0; at < len(b); {
		name, attrs, start := nextElement(b, at)
		if start < 0 {
			return
		}
		at = start
		server := runat.Match(attrs)
		switch {
		case name == "object" && server:
			if id, prog := idAttr.FindSubmatch(attrs), progID.FindSubmatch(attrs); id != nil && prog != nil {
				pg.objects[strings.ToLower(string(id[1]))] = strings.ToLower(string(prog[1]))
			}
			continue
		case !strings.HasPrefix(name, "jsp:") && name != "script":
			if id := idAttr.FindSubmatch(attrs); id != nil && server {
				pg.controls[strings.ToLower(string(id[1]))] = true
			}
			continue
		case name == "script" && !server, bytes.HasSuffix(attrs, []byte("/")):
			continue
		}
		stop := len(b)
		if c := closing.FindIndex(b[start:]); c != nil {
			stop, at = start+c[0], start+c[1]
		} else {
			at = len(b)
		}
		p := part{d: d, b: b[start:stop], line: ln.to(start), echo: name == "jsp:expression"}
		if name == "script" {
			if l := scriptSrc.FindSubmatch(attrs); l != nil {
				switch s := strings.ToLower(string(l[1])); {
				case strings.HasPrefix(s, "vb"):
					p.d = "vb"
				case strings.HasPrefix(s, "j"):
					p.d = "js"
				case strings.HasPrefix(s, "c"):
					p.d = "cs"
				case s == "php":
					p.d = "php"
				}
			}
		} else {
			p.b = bytes.ReplaceAll(bytes.ReplaceAll(p.b, []byte("<![CDATA["), nil), []byte("]]>"), nil)
			if bytes.IndexByte(p.b, '&') >= 0 && !bytes.Contains(b[start:stop], []byte("CDATA")) {
				p.b = []byte(html.UnescapeString(string(p.b)))
			}
		}
		pg.parts = append(pg.parts, p)
	}
}

// expressions finds ${ … } that call something.
func (pg *page) expressions(b []byte) {
	ln := lines{b: b, line: 1}
	cut := 0
	for at := 0; len(pg.parts) < 1<<14; {
		i := bytes.Index(b[at:], []byte("${"))
		if i < 0 {
			return
		}
		i += at
		at = i + 2
		n := braces(string(b[i+1 : min(len(b), i+1+512)]))
		if n == 0 && cut < 16 { // cut off: the rest of the page, or of what may be an expression
			n = min(len(b)-i, 512)
			cut++
		}
		if n < 3 {
			continue
		}
		if e := b[i+2 : i+n]; bytes.IndexByte(e, '(') >= 0 || bytes.IndexByte(e, '[') >= 0 {
			pg.parts = append(pg.parts, part{d: "java", b: e, line: ln.to(i), echo: true})
		}
		at = min(len(b), i+1+n)
	}
}

// unicodeEscapes undoes \uNNNN as a Java compiler does, before anything else.
func unicodeEscapes(b []byte) []byte {
	if !bytes.Contains(b, []byte(`\u`)) {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+5 < len(b) && b[i+1] == 'u' {
			j := i + 1
			for j < len(b) && b[j] == 'u' {
				j++
			}
			if j+4 <= len(b) {
				if v, err := strconv.ParseUint(string(b[j:j+4]), 16, 16); err == nil {
					out = utf8.AppendRune(out, rune(v))
					i = j + 3
					continue
				}
			}
		}
		out = append(out, b[i])
	}
	return out
}

// razor finds the code of a .cshtml page: @{ … }, @functions { … }, @if (…) { … } and
// @expression.
func (pg *page) razor(b []byte) {
	ln := lines{b: b, line: 1}
	for at := 0; at < len(b); {
		i := bytes.IndexByte(b[at:], '@')
		if i < 0 {
			return
		}
		i += at + 1
		rest := b[i:]
		switch {
		case len(rest) == 0:
			return
		case rest[0] == '*':
			end := bytes.Index(rest, []byte("*@"))
			if end < 0 {
				return
			}
			at = i + end + 2
			continue
		case rest[0] == '@':
			at = i + 1
			continue
		case i >= 2 && isWord(b[i-2]): // somebody@example
			at = i
			continue
		}
		n := 0
		for n < len(rest) && isWord(rest[n]) {
			n++
		}
		head := n
		echo := true
		switch w := string(rest[:n]); w {
		case "", "functions", "code", "if", "for", "foreach", "while", "switch", "using", "lock", "try", "do", "helper", "section":
			echo = false
			if w == "using" && bytes.IndexByte(rest[:min(len(rest), 12)], '(') < 0 || w == "section" {
				at = i + n
				continue
			}
			for head < len(rest) && rest[head] != '{' && rest[head] != '(' && rest[head] <= ' ' {
				head++
			}
		}
		end := razorEnd(rest, head, echo)
		pg.parts = append(pg.parts, part{d: "cs", b: rest[:end], line: ln.to(i), echo: echo || len(rest) > 0 && rest[0] == '('})
		at = i + max(1, end)
	}
}

// razorEnd is where the code that began before head ends: behind its brackets.
func razorEnd(b []byte, head int, expression bool) int {
	depth := 0
	for j := head; j < len(b); j++ {
		switch c := b[j]; c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
			if depth <= 0 && (c == '}' || expression && (j+1 >= len(b) || b[j+1] != '.' && b[j+1] != '(' && b[j+1] != '[')) {
				return j + 1
			}
			if depth == 0 && b[0] == '(' && !expression {
				return j + 1
			}
		case '"':
			if k := bytes.IndexByte(b[j+1:], '"'); k >= 0 && depth > 0 {
				j += k + 1
			}
		case '<', ' ', '\n', '\r':
			if depth == 0 && expression {
				return j
			}
		}
	}
	return len(b)
}

// afterDirectives is where the <%@ … %> lines end.
func afterDirectives(b []byte) int {
	at := 0
	for {
		i := bytes.Index(b[at:], []byte("<%@"))
		if i < 0 {
			return at
		}
		end := bytes.Index(b[at+i:], []byte("%>"))
		if end < 0 {
			return at
		}
		at += i + end + 2
	}
}

// groups joins the tokens of neighbouring parts of one dialect: a statement may
// go on in the next.
func (pg *page) groups() (out []part) {
	for _, p := range pg.parts {
		toks := p.toks
		if toks == nil {
			toks = lex(dialects[p.d], p.b, p.line)
			if p.echo {
				toks = append([]token{{kind: word, s: "echo", raw: "echo", line: p.line}}, toks...)
			}
			toks = append(toks, token{kind: mark, s: ";", line: p.line})
		}
		if n := len(out); n > 0 && out[n-1].d == p.d {
			out[n-1].toks = append(out[n-1].toks, toks...)
			continue
		}
		out = append(out, part{d: p.d, toks: toks, line: p.line})
	}
	return out
}

var (
	pageImport = regexp.MustCompile(`(?is)<%@\s*page[^>]*?import\s*=\s*["']([^"']+)`)
	partOf     = regexp.MustCompile(`(?is)<%@\s*(include|taglib|register|master|control)\b|<jsp:(include|usebean|forward)\b|<!--\s*#include|<%@\s*page[^>]*\b(inherits|masterpagefile|codebehind|codefile)\s*=`)
)

// belongs tells whether a page says that it is a part of an application: it
// includes others, has its code elsewhere or imports what is no platform's.
func belongs(language string, b []byte) bool {
	head := b[:min(len(b), 1<<16)]
	if partOf.Match(head) {
		return true
	}
	if language != "jsp" {
		return false
	}
	for _, m := range pageImport.FindAllSubmatch(head, 20) {
		for name := range strings.SplitSeq(string(m[1]), ",") {
			name = strings.TrimSpace(name)
			if name != "" && !strings.HasPrefix(name, "java.") && !strings.HasPrefix(name, "javax.") && !strings.HasPrefix(name, "jakarta.") && !strings.HasPrefix(name, "sun.") &&
				!strings.HasPrefix(name, "com.sun.") && !strings.HasPrefix(name, "org.apache.catalina") && !strings.HasPrefix(name, "org.apache.tomcat") &&
				!strings.HasPrefix(name, "org.apache.coyote") && !strings.HasPrefix(name, "org.apache.jasper") && !strings.HasPrefix(name, "org.apache.commons") {
				return true
			}
		}
	}
	return false
}
