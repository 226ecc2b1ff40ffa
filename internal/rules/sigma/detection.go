package sigma

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	yaml "go.yaml.in/yaml/v3"
)

// builder turns the detection of one rule into nodes.
type builder struct {
	fields       *fieldTable
	placeholders map[string][]string
	values       int // patterns made so far
}

// fieldTable numbers field names across all rules.
type fieldTable struct {
	numbers map[string]int
	names   []string
}

func (t *fieldTable) number(name string) int {
	n, ok := t.numbers[name]
	if !ok {
		n = len(t.names)
		t.numbers[name] = n
		t.names = append(t.names, name)
	}
	return n
}

// detection builds one selection: a map is all of its items, a list any of
// its entries, a single value a keyword.
func (b *builder) detection(y *yaml.Node, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("detection nested deeper than %d", maxDepth)
	}
	y = resolve(y)
	switch y.Kind {
	case yaml.MappingNode:
		kids := make([]*node, 0, len(y.Content)/2)
		for i := 0; i+1 < len(y.Content); i += 2 {
			n, err := b.item(y.Content[i].Value, y.Content[i+1], depth)
			if err != nil {
				return nil, err
			}
			kids = append(kids, n)
		}
		if len(kids) == 0 {
			return &node{op: opTrue}, nil
		}
		return group(opAnd, kids), nil
	case yaml.SequenceNode:
		if len(y.Content) == 0 {
			return nil, fmt.Errorf("an empty list")
		}
		if isScalarList(y) {
			return b.item("", y, depth)
		}
		kids := make([]*node, 0, len(y.Content))
		for _, c := range y.Content {
			n, err := b.detection(c, depth+1)
			if err != nil {
				return nil, err
			}
			kids = append(kids, n)
		}
		return group(opOr, kids), nil
	case yaml.ScalarNode:
		return b.item("", y, depth)
	}
	return nil, fmt.Errorf("line %d: neither map, list nor value", y.Line)
}

// resolve follows an alias; yaml has bounded how far they expand.
func resolve(y *yaml.Node) *yaml.Node {
	if y.Kind == yaml.AliasNode {
		return y.Alias
	}
	return y
}

func isScalarList(y *yaml.Node) bool {
	return !slices.ContainsFunc(y.Content, func(c *yaml.Node) bool { return resolve(c).Kind != yaml.ScalarNode })
}

// item builds field|modifier|…: value or list of values.
func (b *builder) item(key string, y *yaml.Node, depth int) (*node, error) {
	field, rest, _ := strings.Cut(key, "|")
	var m modifiers
	if err := m.read(rest); err != nil {
		return nil, err
	}
	y = resolve(y)
	list := []*yaml.Node{y}
	switch y.Kind {
	case yaml.SequenceNode:
		list = y.Content
	case yaml.MappingNode:
		return nil, fmt.Errorf("field %q: a map cannot be a value", field)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("field %q: an empty list of values", field)
	}
	at, name := anyField, key
	if field != "" {
		at = b.fields.number(field)
	} else if name == "" {
		name = "keyword"
	}
	var kids []*node
	for _, v := range list {
		v = resolve(v)
		if v.Kind != yaml.ScalarNode {
			return nil, fmt.Errorf("field %q: line %d: a value must be a string, number, boolean or null", field, v.Line)
		}
		a, err := b.atom(&m, v)
		if err != nil {
			return nil, fmt.Errorf("field %q: %w", key, err)
		}
		a.field, a.name = at, name
		if at == anyField && a.kind == testPattern {
			a.unanchor()
		}
		if b.values += max(1, len(a.patterns)); b.values > maxValues {
			return nil, fmt.Errorf("more than %d values", maxValues)
		}
		kids = append(kids, &node{op: opAtom, atom: a})
	}
	if !m.all {
		kids = merge(kids)
	}
	n := group(opOr, kids)
	if m.all {
		n = group(opAnd, kids)
	}
	if m.neq {
		n = &node{op: opNot, kids: []*node{n}}
	}
	return n, nil
}

// merge puts atoms that differ only in their alternatives together.
func merge(kids []*node) []*node {
	out := kids[:1]
	for _, k := range kids[1:] {
		a, c := out[len(out)-1].atom, k.atom
		if a.kind != c.kind || a.kind == testNull || a.kind == testExists || a.kind == testField {
			out = append(out, k)
			continue
		}
		a.patterns = append(a.patterns, c.patterns...)
		a.res = append(a.res, c.res...)
		a.nets = append(a.nets, c.nets...)
		a.numbers = append(a.numbers, c.numbers...)
	}
	return out
}

// unanchor makes keywords match anywhere in a value.
func (a *atom) unanchor() {
	for i := range a.patterns {
		p := &a.patterns[i]
		switch p.shape {
		case shapeExact, shapePrefix, shapeSuffix:
			p.shape = shapeContains
		case shapeGlob:
			p.parts = surround(p.parts)
		}
	}
}

// surround puts an asterisk at both ends that lack one.
func surround(parts []part) []part {
	star := part{wild: '*'}
	if len(parts) == 0 || parts[0].wild != '*' {
		parts = append([]part{star}, parts...)
	}
	if parts[len(parts)-1].wild != '*' {
		parts = append(parts, star)
	}
	return parts
}

// atom builds the test for one value.
func (b *builder) atom(m *modifiers, y *yaml.Node) (*atom, error) {
	a := &atom{cased: m.cased}
	switch {
	case m.exists:
		want, err := strconv.ParseBool(y.Value)
		if err != nil {
			return nil, fmt.Errorf("exists takes true or false, not %q", y.Value)
		}
		a.kind, a.want = testExists, want
		return a, nil
	case y.Tag == "!!null":
		a.kind = testNull
		return a, nil
	case m.re:
		re, err := regexp.Compile(m.flags() + y.Value)
		if err != nil {
			return nil, fmt.Errorf("the regular expression cannot be used: %w", err)
		}
		a.kind, a.res = testRegexp, []*regexp.Regexp{re}
		return a, nil
	case m.cidr:
		p, err := netip.ParsePrefix(y.Value)
		if err != nil {
			ip, err2 := netip.ParseAddr(y.Value)
			if err2 != nil {
				return nil, err
			}
			p = netip.PrefixFrom(ip, ip.BitLen())
		}
		a.kind, a.nets = testCIDR, []netip.Prefix{p.Masked()}
		return a, nil
	case m.compare != "":
		n, ok := parseNumber(y.Value)
		if !ok {
			return nil, fmt.Errorf("%q is not a number", y.Value)
		}
		a.kind, a.compare, a.numbers = testNumber, m.compare, []float64{n}
		return a, nil
	case m.part != "":
		n, ok := parseNumber(y.Value)
		if !ok {
			return nil, fmt.Errorf("%q is not a number", y.Value)
		}
		a.kind, a.compare, a.numbers = testTime, m.part, []float64{n}
		return a, nil
	case m.fieldref:
		a.kind, a.other, a.shape = testField, b.fields.number(y.Value), m.place
		return a, nil
	}
	text, err := scalarText(y)
	if err != nil {
		return nil, err
	}
	alternatives, err := b.expand(m, text)
	if err != nil {
		return nil, err
	}
	for _, parts := range alternatives {
		a.patterns = append(a.patterns, newPattern(m.placed(parts), m.cased))
	}
	return a, nil
}

// scalarText is the text of a YAML value: numbers in decimal, as events have them.
func scalarText(y *yaml.Node) (string, error) {
	switch y.Tag {
	case "!!int":
		var n int64
		if err := y.Decode(&n); err != nil {
			return y.Value, nil // beyond 64 bits: as written
		}
		return strconv.FormatInt(n, 10), nil
	case "!!bool":
		var v bool
		if err := y.Decode(&v); err != nil {
			return "", err
		}
		return strconv.FormatBool(v), nil
	}
	return y.Value, nil
}

// modifiers is what follows the field name.
type modifiers struct {
	all, cased, re, cidr, exists, fieldref, neq bool
	insensitive, multiline, dotall              bool
	windash, expand                             bool
	encode                                      string // utf16le, utf16be, utf16: before base64
	base64                                      string // base64 or base64offset
	compare, part                               string
	place                                       shape
	placedSet                                   bool
}

func (m *modifiers) read(chain string) error {
	if chain == "" {
		return nil
	}
	for name := range strings.SplitSeq(chain, "|") {
		switch name {
		case "contains":
			m.place, m.placedSet = shapeContains, true
		case "startswith":
			m.place, m.placedSet = shapePrefix, true
		case "endswith":
			m.place, m.placedSet = shapeSuffix, true
		case "all":
			m.all = true
		case "cased":
			m.cased = true
		case "re":
			m.re = true
		case "i", "ignorecase":
			m.insensitive = true
		case "m", "multiline":
			m.multiline = true
		case "s", "dotall":
			m.dotall = true
		case "cidr":
			m.cidr = true
		case "exists":
			m.exists = true
		case "neq":
			m.neq = true
		case "fieldref":
			m.fieldref = true
		case "windash":
			m.windash = true
		case "expand":
			m.expand = true
		case "wide", "utf16le":
			m.encode = "utf16le"
		case "utf16be", "utf16":
			m.encode = name
		case "base64", "base64offset":
			m.base64 = name
		case "lt", "lte", "gt", "gte":
			m.compare = name
		case "minute", "hour", "day", "week", "month", "year":
			m.part = name
		default:
			return fmt.Errorf("unknown modifier %q", name)
		}
	}
	switch {
	case (m.insensitive || m.multiline || m.dotall) && !m.re:
		return fmt.Errorf("the flags i, m and s belong to re")
	case m.re && (m.placedSet || m.base64 != "" || m.windash):
		return fmt.Errorf("re goes with no other modifier of text")
	case m.encode != "" && m.base64 == "":
		return fmt.Errorf("%s is usable before base64 and base64offset only", m.encode)
	}
	return nil
}

// flags are the leading flags of a regular expression.
func (m *modifiers) flags() string {
	var f strings.Builder
	for _, x := range [...]struct {
		on   bool
		flag string
	}{{m.insensitive, "i"}, {m.multiline, "m"}, {m.dotall, "s"}} {
		if x.on {
			f.WriteString(x.flag)
		}
	}
	if f.String() == "" {
		return ""
	}
	return "(?" + f.String() + ")"
}

// placed puts the asterisks that contains, startswith and endswith stand for.
func (m *modifiers) placed(parts []part) []part {
	if m.base64 == "base64offset" && !m.placedSet {
		return surround(parts)
	}
	if !m.placedSet {
		return parts
	}
	out := slices.Clone(parts)
	star := part{wild: '*'}
	if (m.place == shapeContains || m.place == shapeSuffix) && (len(out) == 0 || out[0].wild != '*') {
		out = append([]part{star}, out...)
	}
	if (m.place == shapeContains || m.place == shapePrefix) && out[len(out)-1:][0].wild != '*' {
		out = append(out, star)
	}
	return out
}

// maxDashes is how many dashes of one value windash varies.
const maxDashes = 4

// expand applies the modifiers that make other texts of a value.
func (b *builder) expand(m *modifiers, text string) ([][]part, error) {
	texts := []string{text}
	if m.expand {
		var err error
		if texts, err = b.substitute(text); err != nil {
			return nil, err
		}
	}
	var out [][]part
	for _, t := range texts {
		parts := parseString(t)
		switch {
		case m.base64 != "":
			coded, err := m.base64Texts(parts)
			if err != nil {
				return nil, err
			}
			for _, c := range coded {
				out = append(out, []part{{lit: c}})
			}
		case m.windash:
			more, err := dashes(parts)
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
		default:
			out = append(out, parts)
		}
	}
	return out, nil
}

// substitute replaces %name% by every value it was defined with.
func (b *builder) substitute(text string) ([]string, error) {
	before, rest, ok := strings.Cut(text, "%")
	if !ok {
		return []string{text}, nil
	}
	name, after, ok := strings.Cut(rest, "%")
	if !ok {
		return []string{text}, nil
	}
	values, ok := b.placeholders[name]
	if !ok {
		return nil, fmt.Errorf("the placeholder %%%s%% is not defined", name)
	}
	tails, err := b.substitute(after)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, v := range values {
		for _, t := range tails {
			out = append(out, before+v+t)
		}
	}
	return out, nil
}

// dashes varies the dash or slash that begins an option, as Windows programs
// take either, and as copied text has longer ones.
func dashes(parts []part) ([][]part, error) {
	out := [][]part{nil}
	count := 0
	for _, p := range parts {
		if p.wild != 0 {
			for i := range out {
				out[i] = append(out[i], p)
			}
			continue
		}
		start := 0
		for i := range len(p.lit) {
			c := p.lit[i]
			if c != '-' && c != '/' || i > 0 && isWordByte(p.lit[i-1]) || i+1 >= len(p.lit) || !isWordByte(p.lit[i+1]) {
				continue
			}
			if count++; count > maxDashes {
				return nil, fmt.Errorf("windash: more than %d options in one value", maxDashes)
			}
			lead := p.lit[start:i]
			start = i + 1
			var next [][]part
			for _, o := range out {
				for _, d := range [...]string{"-", "/", "\u2013", "\u2014", "\u2015"} {
					next = append(next, join(o, lead+d))
				}
			}
			out = next
		}
		for i := range out {
			out[i] = join(out[i], p.lit[start:])
		}
	}
	return out, nil
}

// join appends literal text to a copy of parts.
func join(parts []part, text string) []part {
	out := slices.Clone(parts)
	if n := len(out); n > 0 && out[n-1].wild == 0 {
		out[n-1].lit += text
		return out
	}
	return append(out, part{lit: text})
}

func isWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}

// base64Texts are the Base64 forms of a value: one, or for base64offset the
// inner part at each of three alignments.
func (m *modifiers) base64Texts(parts []part) ([]string, error) {
	text, ok := plain(parts)
	if !ok {
		return nil, fmt.Errorf("a value with wildcards cannot be Base64")
	}
	data := []byte(text)
	switch m.encode {
	case "utf16le":
		data = utf16Bytes(text, binary.LittleEndian)
	case "utf16be":
		data = utf16Bytes(text, binary.BigEndian)
	case "utf16":
		data = append([]byte{0xff, 0xfe}, utf16Bytes(text, binary.LittleEndian)...)
	}
	if m.base64 == "base64" {
		return []string{base64.StdEncoding.EncodeToString(data)}, nil
	}
	var out []string
	for shift := range 3 {
		s := base64.StdEncoding.EncodeToString(append(make([]byte, shift), data...))
		from := [...]int{0, 2, 3}[shift]
		to := len(s) - [...]int{0, 3, 2}[(len(data)+shift)%3]
		if to-from < 3 {
			return nil, fmt.Errorf("base64offset: %q is too short", text)
		}
		out = append(out, s[from:to])
	}
	return out, nil
}

func utf16Bytes(s string, order binary.ByteOrder) []byte {
	units := utf16.Encode([]rune(s))
	out := make([]byte, 2*len(units))
	for i, u := range units {
		order.PutUint16(out[2*i:], u)
	}
	return out
}
