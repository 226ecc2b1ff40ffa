package script

import (
	"slices"
	"strings"
)

// machine follows values through a script without running it: what is known
// of constants is computed, what comes from the request is followed by name
// through assignments, calls and decoders to where it does something. Branches
// are all taken; a variable set in a branch may have its old value too.
type machine struct {
	d       dialect
	lang    string
	globals map[string]value
	frames  []map[string]value
	inside  []*node // functions being followed
	funcs   map[string]*node
	called  map[*node]int
	results map[*node]value
	steps   int
	maybe   int
	nested  int             // payloads within payloads
	folded  int             // bytes of payloads parsed so far
	work    int             // bytes of text computed so far
	written map[string]bool // files that the script writes request data into
	unset   bool            // every variable may come from the request: extract($_POST)
	fields  map[string]bool
	site    bool // includes other code or belongs to a framework
	hits    map[hitKey]*hit
	order   []*hit
	facts   map[string]int
	where   map[string]int32 // first line of a fact
	line    int32
}

type hitKey struct {
	kind string
	line int32
}

// hit is a place where a value does something that matters.
type hit struct {
	kind string
	line int32
	what string // the call, as a reader would know it
	src  string // the request field, where known
	from origin
}

// Bounds of one script.
const (
	maxSteps   = 1 << 21  // nodes visited
	maxInline  = 6        // functions within functions
	maxCalls   = 24       // of one function that are followed with their own arguments
	maxNested  = 8        // payloads within payloads
	maxPayload = 4 << 20  // bytes of payloads parsed
	maxWork    = 64 << 20 // bytes of text computed; what follows stays unknown
)

func newMachine(lang string, fields map[string]bool) *machine {
	return &machine{lang: lang, globals: map[string]value{}, funcs: map[string]*node{}, called: map[*node]int{}, results: map[*node]value{},
		hits: map[hitKey]*hit{}, facts: map[string]int{}, written: map[string]bool{}, where: map[string]int32{}, fields: fields}
}

// run follows a script: its statements, then the functions that they do not
// call, twice, so that what one function leaves for another is seen.
func (m *machine) run(d dialect, root *node) {
	m.d = d
	root.walk(func(n *node) bool {
		if n.op == opFunc && n.s != "" {
			if _, ok := m.funcs[n.s]; !ok {
				m.funcs[n.s] = n
			}
		}
		m.methods(n)
		return true
	})
	for range 2 {
		clear(m.called)
		m.eval(root)
		root.walk(func(n *node) bool {
			if n.op == opFunc && m.called[n] == 0 {
				m.enter(n, nil)
			}
			return true
		})
		if m.facts[RequestInput] == 0 && len(m.order) == 0 { // nothing that a second look could join
			break
		}
	}
}

// methods notes the methods of a class by both names.
func (m *machine) methods(class *node) {
	if class.op != opClass {
		return
	}
	for _, b := range class.kids {
		for _, k := range b.kids {
			if k.op == opFunc {
				m.funcs[class.s+"."+k.s] = k
			}
		}
	}
}

func (m *machine) hit(kind, what string, vs ...value) {
	v := mix(vs...)
	key := hitKey{kind, m.line}
	if h := m.hits[key]; h != nil {
		h.from |= v.from
		return
	}
	h := &hit{kind: kind, line: m.line, what: what, src: v.src, from: v.from}
	m.hits[key] = h
	m.order = append(m.order, h)
}

func (m *machine) fact(name string) {
	if m.facts[name] == 0 {
		m.where[name] = m.line
	}
	m.facts[name]++
}

func (m *machine) get(name string) (value, bool) {
	if len(m.frames) > 0 {
		if v, ok := m.frames[len(m.frames)-1][name]; ok {
			return v, true
		}
	}
	v, ok := m.globals[name]
	return v, ok
}

func (m *machine) set(name string, v value) {
	env := m.globals
	if len(m.frames) > 0 {
		top := m.frames[len(m.frames)-1]
		if _, ok := top[name]; ok || m.d.php {
			env = top
		}
	}
	if old, ok := env[name]; ok && m.maybe > 0 {
		v = either(old, v)
	}
	if len(env) < 1<<16 {
		env[name] = v
	}
}

// keep joins v into a field: who reads it may come before.
func (m *machine) keep(name string, v value) {
	old, ok := m.globals[name]
	if ok {
		v = either(old, v)
	}
	if len(m.globals) < 1<<16 {
		m.globals[name] = v
	}
}

// eval is the value of n.
func (m *machine) eval(n *node) value {
	if n == nil || m.steps > maxSteps {
		return value{}
	}
	m.steps++
	m.line = n.line
	switch n.op {
	case opName:
		return m.name(n)
	case opStr:
		v := str(n.s)
		if len(n.s) >= 200 {
			v.from = fromBlob
		}
		m.literal(n.s)
		return v
	case opNum:
		return value{known: true, s: n.s}
	case opCall:
		return m.call(n)
	case opNew:
		return m.construct(n)
	case opMember:
		return m.member(n)
	case opDyn:
		return mix(m.evals(n.kids)...)
	case opIndex:
		return m.index(n)
	case opBin:
		return m.binary(n)
	case opUn:
		v := m.eval(n.kids[0])
		if n.s == "..." {
			v.typ = "spread"
			return v
		}
		if n.s == "++" || n.s == "--" {
			return m.count(n, v)
		}
		if i, ok := v.number(); ok {
			return num(map[string]int{"-": -i, "~": ^i}[n.s])
		}
		if n.s == "~" && v.known {
			b := []byte(v.s)
			for i := range b {
				b[i] = ^b[i]
			}
			return value{known: true, s: string(b), from: v.from | decoded, layer: v.layer + 1}
		}
		return mix(v)
	case opAssign:
		return m.assign(n)
	case opArray:
		return m.array(n)
	case opPair:
		k, v := m.eval(n.kids[0]), m.eval(n.kids[1])
		return v.with(k.from & input)
	case opFunc:
		return value{fn: n}
	case opBlock:
		var last value
		for _, k := range n.kids {
			last = m.eval(k)
		}
		return last
	case opMaybe:
		m.eval(n.kids[0])
		m.maybe++
		v := m.eval(n.kids[1])
		m.maybe--
		return v
	case opReturn:
		v := mixOrOne(m.evals(n.kids))
		if len(m.inside) > 0 {
			f := m.inside[len(m.inside)-1]
			if old, ok := m.results[f]; ok {
				v = either(old, v)
			}
			m.results[f] = v
		}
		return v
	case opEcho:
		v := mixOrOne(m.evals(n.kids))
		if v.from&output != 0 {
			m.line = n.line
			m.hit("show-output", "echo", v)
		}
		return v
	case opEach:
		return m.each(n)
	case opCond:
		m.eval(n.kids[0])
		a := m.eval(n.kids[1])
		if len(n.kids) > 2 {
			return either(m.eval(n.kids[2]), a)
		}
		return a
	case opCast:
		v := m.eval(n.kids[0])
		switch n.s {
		case "int", "integer", "bool", "boolean", "float", "double", "long", "byte", "short", "char":
			if !v.known {
				v.from &^= input
			}
			if i, ok := v.number(); ok && n.s == "char" && i > 0 && i < 128 {
				v.s = string(rune(i))
			}
		}
		return v
	case opShell:
		return m.start("a command in backticks", value{}, []value{m.eval(n.kids[0])})
	case opClass:
		for _, k := range n.kids {
			if k.op != opStr {
				m.eval(k)
			} else {
				m.fact(k.s)
			}
		}
	case opJoin:
		out := str("")
		for _, k := range n.kids {
			out = m.concat(out, m.eval(k))
		}
		return out
	case opSeq:
		return mixOrOne(m.evals(n.kids))
	case opNone, opParam:
	}
	return value{}
}

func mixOrOne(vs []value) value {
	if len(vs) == 1 {
		return vs[0]
	}
	return mix(vs...)
}

func (m *machine) evals(ns []*node) []value {
	out := make([]value, len(ns))
	for i, n := range ns {
		out[i] = m.eval(n)
	}
	return out
}

func (m *machine) concat(a, b value) value {
	if m.work += min(len(a.s)+len(b.s), maxFolds); a.known && b.known && len(a.s)+len(b.s) <= maxFolds && m.work < maxWork {
		v := value{known: true, s: a.s + b.s, from: a.from | b.from | blobOf(len(a.s)+len(b.s)), layer: max(a.layer, b.layer)}
		if len(v.s) < 32 && a.s != "" && b.s != "" && dangerous[strings.ToLower(v.s)] {
			v.layer++ // a name in pieces
		}
		return v
	}
	out := mix(a, b)
	if a.known && strings.TrimSpace(a.s) != "" || b.known && strings.TrimSpace(b.s) != "" {
		out.from |= joined
	}
	switch {
	case a.known:
		out.head = a.s[:min(len(a.s), 64)]
	case a.head != "":
		out.head = a.head
	}
	switch {
	case b.known && b.s != "":
		out.tail = b.s[max(0, len(b.s)-16):]
	case !b.known:
		out.tail = b.tail
	}
	if a.known && namedFolder(a.s) || b.known && namedFolder(b.s) {
		out.from |= folder
	}
	return out
}

// namedFolder tells whether a path names a folder of the site's own.
func namedFolder(s string) bool {
	i := strings.LastIndexAny(s, `/\\`)
	if i < 3 || len(s) > 200 {
		return false
	}
	base := strings.Trim(s[strings.LastIndexAny(s[:i], `/\\`)+1:i], ". ~")
	return len(base) >= 3
}

func blobOf(n int) origin {
	if n >= 200 {
		return fromBlob
	}
	return 0
}

// binary is the value of an operation on two or, in a chain, more values.
func (m *machine) binary(n *node) value {
	if len(n.kids) < 2 {
		return mix(m.evals(n.kids)...)
	}
	v := m.eval(n.kids[0])
	for i, k := range n.kids[1:] {
		v = m.operate(n, v, m.eval(k), i == 0 && (isNumber(n.kids[0]) || isNumber(k)))
	}
	return v
}

func isNumber(n *node) bool { return n != nil && n.op == opNum }

func (m *machine) operate(n *node, a, b value, numeric bool) value {
	m.line = n.line
	switch n.s {
	case ".":
		return m.concat(a, b)
	case "&":
		if m.d.basic || m.d.markup {
			return m.concat(a, b)
		}
	case "+":
		x, okx := a.number()
		y, oky := b.number()
		if okx && oky && (m.d.php || numeric) {
			return num(x + y)
		}
		return m.concat(a, b)
	case "==", "===", "!=", "!==", "eq", "ne", "<>":
		m.gate(a, b)
		return value{}
	case "=~", "!~", "<", ">", "<=", ">=", "instanceof", "is", "like", "contains", "lt", "gt", "le", "ge", "&&", "and", "andalso":
		return value{}
	case "||", "or", "??", "orelse":
		if m.d.perl || m.d.name == "js" || n.s == "??" {
			return either(b, a)
		}
		return value{}
	case "^", "xor":
		if a.known && b.known {
			if _, ok := a.number(); !ok && len(a.s) > 0 && len(b.s) > 0 {
				out := make([]byte, min(len(a.s), len(b.s)))
				for i := range out {
					out[i] = a.s[i] ^ b.s[i]
				}
				return value{known: true, s: string(out), from: a.from | b.from | decoded, layer: max(a.layer, b.layer) + 1}
			}
		}
		return arithmetic(n.s, a, b).with(decoded)
	}
	return arithmetic(n.s, a, b)
}

func arithmetic(op string, a, b value) value {
	x, okx := a.number()
	y, oky := b.number()
	if !okx || !oky {
		return mix(a, b)
	}
	r := 0
	switch op {
	case "-":
		r = x - y
	case "*":
		r = x * y
	case "/", "\\":
		if y == 0 {
			return value{}
		}
		r = x / y
	case "%", "mod":
		if y == 0 {
			return value{}
		}
		r = x % y
	case "^", "xor":
		r = x ^ y
	case "|":
		r = x | y
	case "&":
		r = x & y
	case "<<":
		r = x << (uint(y) & 63)
	case ">>":
		r = x >> (uint(y) & 63)
	default:
		return value{}
	}
	return num(r).with(a.from | b.from)
}

func (m *machine) array(n *node) value {
	out := newList()
	for _, k := range n.kids {
		if k.op == opPair {
			key, v := m.eval(k.kids[0]), m.eval(k.kids[1])
			if key.known {
				out.list.set(key.s, v)
			} else {
				out.list.any |= v.all() | key.from
				out.list.rest |= v.all() | key.from
			}
			continue
		}
		v := m.eval(k)
		out.list.push(v)
		if out.src == "" {
			out.src = v.src
		}
	}
	m.callbacks(n, out)
	return out
}

// enter follows a function with the given arguments; nil: none are known.
func (m *machine) enter(f *node, args []value) value {
	if len(m.inside) >= maxInline || m.called[f] >= maxCalls {
		return either(m.results[f], mix(args...))
	}
	if slices.Contains(m.inside, f) { // recursion
		return either(m.results[f], mix(args...))
	}
	m.called[f]++
	frame := map[string]value{}
	i := 0
	for _, k := range f.kids {
		if k.op != opParam {
			continue
		}
		v := value{}
		switch {
		case i < len(args):
			v = args[i]
		case f.web:
			m.fact(RequestInput)
			v = value{from: fromRequest, src: k.s}
		}
		frame[k.s] = v
		if m.d.php && i < len(args) {
			frame[strings.TrimPrefix(k.s, "...")] = v
		}
		i++
	}
	if m.d.perl && args != nil {
		frame["_"] = newList(args...)
	}
	old := m.results[f]
	delete(m.results, f)
	line, maybe := m.line, m.maybe
	m.frames, m.inside = append(m.frames, frame), append(m.inside, f)
	m.maybe = 0
	last := m.eval(f.kids[len(f.kids)-1])
	m.frames, m.inside = m.frames[:len(m.frames)-1], m.inside[:len(m.inside)-1]
	m.line, m.maybe = line, maybe
	out, ok := m.results[f]
	if !ok && m.d.perl {
		out = mix(last)
	}
	m.results[f] = either(old, out)
	if !out.known && out.from&decoded != 0 && len(args) > 0 && args[0].known && len(args[0].s) >= 16 { // a decoder of its own
		out.from |= fromBlob
	}
	return out
}

// payload parses text that is run as code, and follows it.
func (m *machine) payload(s string) value {
	if m.nested >= maxNested || m.folded+len(s) > maxPayload || len(s) < 3 {
		return value{}
	}
	m.folded += len(s)
	m.nested++
	defer func(line int32) { m.nested--; m.line = line }(m.line)
	d := m.d
	toks := lex(d, []byte(s), m.line)
	if d.php && (strings.HasPrefix(strings.TrimSpace(s), "<?") || strings.HasPrefix(strings.TrimSpace(s), "?>")) {
		toks = lexPHP([]byte(strings.TrimPrefix(strings.TrimSpace(s), "?>")), m.line)
	}
	for i := range toks {
		toks[i].line = m.line
	}
	root := parse(d, toks)
	root.walk(func(n *node) bool {
		if n.op == opFunc && n.s != "" {
			m.funcs[n.s] = n
		}
		return true
	})
	out := m.eval(root)
	root.walk(func(n *node) bool {
		if n.op == opFunc && m.called[n] == 0 {
			m.enter(n, nil)
		}
		return true
	})
	if d.php {
		return value{from: guessed}
	}
	return out
}
