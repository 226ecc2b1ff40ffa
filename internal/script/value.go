package script

import "strconv"

// origin says where a value came from and what was done to it.
type origin uint32

const (
	fromRequest origin = 1 << iota // what the client sent: a parameter, a header, a cookie, the body
	fromUpload                     // an uploaded file
	fromSession                    // kept from an earlier request
	fromRemote                     // fetched from another machine
	fromFile                       // read from a file
	fromBlob                       // a long literal
	fromUnset                      // a variable that nothing in the script sets
	fromMany                       // picked from a collection of names and values of the script itself
	decoded                        // Base64, compression, hexadecimal, rot13, xor …
	deciphered                     // a block or stream cipher
	joined                         // a part beside text of the script's own
	guessed                        // through a function that is not known
	quoted                         // escaped for a shell
	output                         // what a started program printed
	folder                         // below a folder that the script names
	temporary                      // a path for what is short-lived
)

// input is what an intruder at the other end decides.
const input = fromRequest | fromUpload

// value is what is known of an expression without running it.
type value struct {
	known bool   // s is its value
	s     string // text, also of numbers
	from  origin
	typ   string // type or class, lower case: "processstartinfo", "wscript.shell", "request"
	src   string // the request field it came from, as written
	fn    *node  // a function
	list  *list  // an array
	path  *value // of a file that is open, or a File
	layer int    // decodings that a literal went through
	head  string // what an unknown text is known to begin with
	tail  string // and to end with
}

// list is an array or a map, of which the first maxList elements are known.
type list struct {
	m    map[string]value
	keys []string // in order
	any  origin   // of all elements together
	rest origin   // of those whose key is not known
}

const (
	maxList  = 4096
	maxFolds = 1 << 20 // bytes of a folded string
)

func str(s string) value { return value{known: true, s: s} }

func num(n int) value { return value{known: true, s: strconv.Itoa(n)} }

// number reads a literal of any of the languages.
func (v value) number() (int, bool) {
	if !v.known || len(v.s) > 20 || v.s == "" {
		return 0, false
	}
	s := v.s
	for len(s) > 1 && (s[len(s)-1] == 'l' || s[len(s)-1] == 'u') && s[0] >= '0' && s[0] <= '9' {
		s = s[:len(s)-1]
	}
	if n, err := strconv.ParseInt(s, 0, 64); err == nil {
		return int(n), true
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil { // 08
		return int(n), true
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && f > -1e15 && f < 1e15 {
		return int(f), true
	}
	return 0, false
}

// mix is a value of unknown content that came from all of vs.
func mix(vs ...value) value {
	var out value
	for _, v := range vs {
		out.from |= v.all()
		if out.src == "" {
			out.src = v.src
		}
		out.layer = max(out.layer, v.layer)
	}
	return out
}

// all is where the value and its elements came from.
func (v value) all() origin {
	if v.list != nil {
		return v.from | v.list.any
	}
	return v.from
}

func (v value) with(o origin) value {
	v.from |= o
	return v
}

// either is a value that is a or b.
func either(a, b value) value {
	if a.known && b.known && a.s == b.s && a.typ == b.typ {
		b.from |= a.from
		return b
	}
	out := b
	if !b.known && b.list == nil && b.fn == nil && b.typ == "" {
		out = a
		if b.from != 0 {
			out.known, out.s = false, ""
		}
	}
	out.from = a.from | b.from
	if out.src == "" {
		out.src = a.src
	}
	if b.src != "" && b.from&input != 0 {
		out.src = b.src
	}
	return out
}

func newList(vs ...value) value {
	l := &list{m: map[string]value{}}
	for i, v := range vs {
		l.set(strconv.Itoa(i), v)
	}
	return value{list: l}
}

func (l *list) set(k string, v value) {
	l.any |= v.all()
	if _, ok := l.m[k]; !ok {
		if len(l.keys) >= maxList {
			l.rest |= v.all()
			return
		}
		l.keys = append(l.keys, k)
	}
	l.m[k] = v
}

func (l *list) push(v value) { l.set(strconv.Itoa(len(l.keys)), v) }

// at is the element of key k.
func (v value) at(k value) value {
	if v.list != nil {
		if k.known {
			if e, ok := v.list.m[k.s]; ok {
				e.from |= v.from
				if e.src == "" {
					e.src = v.src
				}
				return e
			}
		}
		if k.known {
			return value{from: v.from | v.list.rest, src: v.src}
		}
		return value{from: v.from | v.list.any, src: v.src}
	}
	if v.known {
		if n, ok := k.number(); ok {
			if n < 0 {
				n += len(v.s)
			}
			if n >= 0 && n < len(v.s) {
				return value{known: true, s: v.s[n : n+1], from: v.from, layer: v.layer}
			}
		}
		return value{from: v.from, layer: v.layer}
	}
	if v.from&input == 0 && k.from&input != 0 { // what a table holds under a key is not the key
		return value{from: v.from | k.from&fromRequest | guessed, src: v.src, layer: v.layer}
	}
	return value{from: v.from, src: v.src, layer: v.layer}
}
