package redis

import (
	"bytes"
	"strconv"

	"longwatch/internal/proto"
)

const (
	// maxLine bounds a line: a length, a number, a simple string.
	maxLine = 64 << 10
	// maxInline bounds an inline command: Zeek's.
	maxInline = 1024
	// maxElements bounds the values of one message, and maxNested how deep they
	// lie within each other: Zeek's.
	maxElements = 20000
	maxNested   = 20
	// maxBulk bounds a string: Redis' own.
	maxBulk = 512 << 20
)

// level is an aggregate that is being read.
type level struct {
	left  int
	total int
	kind  byte
}

// reader reads the messages of one direction, however they are cut. A reply
// becomes text as it goes by; of a command the arguments are kept.
type reader struct {
	levels   []level
	elements int
	kind     byte   // of the whole message
	text     []byte // of a reply, at most maxValue bytes
	args     [][]byte
	bulk     int // bytes of a string still to come, with its line end
	end      int // of which are line end
	started  bool
}

// read consumes a part of a message. whole tells that it ends there.
func (r *reader) read(d proto.Dir, b []byte) (n, need int, whole bool, err error) {
	if r.bulk > 0 {
		n = min(r.bulk, len(b))
		content := max(min(n, r.bulk-r.end), 0)
		r.keep(d, b[:content])
		r.bulk -= n
		if r.bulk == 0 {
			whole = r.value()
		}
		return n, 0, whole, nil
	}
	nl := bytes.IndexByte(b, '\n')
	if nl < 0 {
		if len(b) > maxLine || d == proto.Orig && !r.started && b[0] != '*' && len(b) > maxInline {
			return 0, 0, false, errRESP
		}
		return 0, len(b) + 1, false, nil
	}
	line := bytes.TrimSuffix(b[:nl], []byte("\r"))
	if d == proto.Orig && !r.started && b[0] != '*' {
		if r.args, err = inline(line), nil; len(line) > maxInline {
			err = errRESP
		}
		return nl + 1, 0, len(r.args) > 0, err
	}
	if len(line) == 0 {
		return nl + 1, 0, false, errRESP
	}
	whole, err = r.line(d, line[0], line[1:])
	return nl + 1, 0, whole, err
}

// line takes the line of a value without its kind.
func (r *reader) line(d proto.Dir, kind byte, rest []byte) (whole bool, err error) {
	if !r.started {
		r.started, r.kind, r.elements = true, kind, 0
	}
	if d == proto.Orig && (len(r.levels) == 0 && kind != '*' || len(r.levels) > 0 && kind != '$') {
		return false, errRESP
	}
	if r.elements++; r.elements > maxElements {
		return false, errRESP
	}
	if kind != '*' && kind != '%' && kind != '~' && kind != '>' && kind != '|' {
		r.separate()
	}
	switch kind {
	case '+', '-', ':', ',', '(':
		r.keep(d, rest)
	case '#':
		if len(rest) == 1 && rest[0] == 't' {
			r.keep(d, []byte("T"))
		} else {
			r.keep(d, []byte("F"))
		}
	case '_':
		r.keep(d, []byte("null"))
	case '$', '!', '=':
		n, err := strconv.Atoi(string(rest))
		if err != nil || n > maxBulk {
			return false, errRESP
		}
		if d == proto.Orig {
			r.arg()
		}
		if n >= 0 {
			r.bulk, r.end = n+2, 2
			return false, nil
		}
	case '*', '%', '~', '>', '|':
		return r.aggregate(d, kind, rest)
	default:
		return false, errRESP
	}
	return r.value(), nil
}

// aggregate begins an array, a map, a set, a push or attributes.
func (r *reader) aggregate(d proto.Dir, kind byte, rest []byte) (whole bool, err error) {
	n, err := strconv.Atoi(string(rest))
	if err != nil || n < -1 || n > maxElements || len(r.levels) == maxNested {
		return false, errRESP
	}
	n = max(n, 0)
	if kind == '%' || kind == '|' {
		n *= 2
	}
	if d == proto.Orig {
		r.args = r.args[:0]
	} else if kind != '|' {
		r.separate()
		r.keep(d, brackets(kind)[:1])
	}
	r.levels = append(r.levels, level{left: n, total: n, kind: kind})
	if n == 0 {
		return r.closeLevel(), nil
	}
	return false, nil
}

// brackets are what Zeek writes around an aggregate.
func brackets(kind byte) []byte {
	switch kind {
	case '%':
		return []byte("{}")
	case '~':
		return []byte("()")
	}
	return []byte("[]")
}

// separate writes what stands before a value within an aggregate.
func (r *reader) separate() {
	if len(r.levels) == 0 || r.hidden() {
		return
	}
	l := r.levels[len(r.levels)-1]
	switch at := l.total - l.left; {
	case at == 0:
	case l.kind == '%' && at%2 == 1:
		r.write([]byte(": "))
	default:
		r.write([]byte(", "))
	}
}

// hidden tells whether the value is of attributes, which are not part of the
// reply.
func (r *reader) hidden() bool {
	for _, l := range r.levels {
		if l.kind == '|' {
			return true
		}
	}
	return false
}

func (r *reader) write(b []byte) {
	r.text = append(r.text, b[:min(len(b), maxValue-len(r.text))]...)
}

// keep takes a part of a value.
func (r *reader) keep(d proto.Dir, b []byte) {
	if d == proto.Resp {
		if !r.hidden() {
			r.write(b)
		}
		return
	}
	if n := len(r.args); n > 0 && len(r.levels) > 0 && r.levels[0].total-r.levels[0].left < maxArgs {
		a := r.args[n-1]
		r.args[n-1] = append(a, b[:max(min(len(b), maxValue-len(a)), 0)]...)
	}
}

// arg begins an argument of a command.
func (r *reader) arg() {
	if len(r.args) < maxArgs {
		r.args = append(r.args, nil)
	}
}

// value ends a value, and tells whether the message ends with it.
func (r *reader) value() bool {
	if len(r.levels) == 0 {
		return true
	}
	l := &r.levels[len(r.levels)-1]
	if l.left--; l.left > 0 {
		return false
	}
	return r.closeLevel()
}

// closeLevel ends an aggregate. Attributes come before the value they belong
// to, and end nothing.
func (r *reader) closeLevel() bool {
	l := r.levels[len(r.levels)-1]
	if l.kind != '|' && !r.hidden() {
		r.write(brackets(l.kind)[1:])
	}
	r.levels = r.levels[:len(r.levels)-1]
	if l.kind == '|' {
		if len(r.levels) == 0 {
			r.started = false
		}
		return false
	}
	return r.value()
}

// take hands over the arguments of a command.
func (r *reader) take() [][]byte {
	args := r.args
	r.args, r.started, r.levels = nil, false, r.levels[:0]
	return args
}

// reply hands over a reply.
func (r *reader) reply() (kind byte, text string) {
	kind, text = r.kind, string(r.text)
	r.text, r.started = r.text[:0], false
	return kind, text
}

// inline splits an inline command: words, quotation marks hold them together.
func inline(line []byte) [][]byte {
	var args [][]byte
	for i := 0; i < len(line); {
		if isBlank(line[i]) {
			i++
			continue
		}
		start := i
		quote := byte(0)
		for ; i < len(line) && (quote != 0 || !isBlank(line[i])); i++ {
			switch ch := line[i]; {
			case quote == 0 && (ch == '"' || ch == '\''):
				quote = ch
			case quote != 0 && ch == '\\' && i+1 < len(line) && line[i+1] == quote:
				i++
			case ch == quote:
				quote = 0
			}
		}
		if len(args) < maxArgs {
			word := line[start:i]
			args = append(args, append([]byte(nil), word[:min(len(word), maxValue)]...))
		}
	}
	return args
}

func isBlank(ch byte) bool { return ch == 0 || ch == ' ' || ch == '\t' || ch == '\r' }
