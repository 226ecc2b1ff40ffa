package sigma

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"

	yaml "go.yaml.in/yaml/v3"
)

// builder turns the detection of one rule into nodes.
type builder struct {
	fields       *fieldTable
	placeholders map[string][]string
	values       int  // patterns made so far
	programs     *int // instructions of all regular expressions of all rules
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

// build makes nodes of a detection.
func (b *builder) build(d *detection) (*node, error) {
	if d.kind == oneItem {
		return b.item(d)
	}
	kids := make([]*node, 0, len(d.kids))
	for _, k := range d.kids {
		n, err := b.build(k)
		if err != nil {
			return nil, err
		}
		kids = append(kids, n)
	}
	switch {
	case len(kids) == 0:
		return &node{op: opTrue}, nil
	case d.kind == anyOf:
		return group(opOr, kids), nil
	}
	return group(opAnd, kids), nil
}

// item builds field|modifier|…: values.
func (b *builder) item(d *detection) (*node, error) {
	var m modifiers
	key := d.key()
	if err := m.read(d.chain); err != nil {
		return nil, fmt.Errorf("field %q: %w", key, err)
	}
	at, name := anyField, key
	if d.field != "" {
		at = b.fields.number(d.field)
	} else if name == "" {
		name = "keyword"
	}
	if at == anyField && (m.exists || m.fieldref) {
		return nil, fmt.Errorf("exists and fieldref need a field")
	}
	var kids []*node
	for _, v := range d.values {
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
		exprs := []string{y.Value}
		if m.expand {
			var err error
			if exprs, err = b.substitute(y.Value, regexp.QuoteMeta); err != nil {
				return nil, err
			}
		}
		a.kind = testRegexp
		for _, x := range exprs {
			re, err := compileRegexp(m.flags() + x)
			if err != nil {
				return nil, fmt.Errorf("the regular expression cannot be used: %w", err)
			}
			if *b.programs += len(re.prog.Inst); *b.programs > maxPrograms {
				return nil, fmt.Errorf("the regular expressions of all rules are compiled to more than %d instructions", maxPrograms)
			}
			a.res = append(a.res, re)
		}
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
	alternatives, err := b.expanded(m, text)
	if err != nil {
		return nil, err
	}
	for _, parts := range alternatives {
		a.patterns = append(a.patterns, newPattern(m.placed(parts), m.cased))
	}
	return a, nil
}
