package pattern

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// Parse reads a pattern. Its error is an *Error.
func Parse(src string) (*Pattern, error) {
	if len(src) > MaxSource {
		return nil, &Error{0, fmt.Sprintf("a pattern of %d bytes; at most %d are read", len(src), MaxSource)}
	}
	toks, err := tokens(src)
	if err != nil {
		return nil, err
	}
	p := &parser{toks: toks, pattern: &Pattern{Source: src}}
	root, err := p.observations()
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != tokEnd {
		return nil, p.unexpected("an operator, a qualifier or the end")
	}
	p.pattern.root = root
	return p.pattern, nil
}

// keywords cannot be names of types or properties without quotes.
var keywords = []string{
	"AND", "OR", "NOT", "FOLLOWEDBY", "LIKE", "MATCHES", "ISSUPERSET", "ISSUBSET", "EXISTS", "LAST", "IN",
	"START", "STOP", "SECONDS", "true", "false", "WITHIN", "REPEATS", "TIMES",
}

type parser struct {
	toks    []token
	pos     int
	depth   int
	pattern *Pattern
}

func (p *parser) peek() token { return p.toks[p.pos] }

func (p *parser) take() token {
	t := p.toks[p.pos]
	if t.kind != tokEnd {
		p.pos++
	}
	return t
}

// accept takes the keyword or sign when it is next.
func (p *parser) accept(text string) bool {
	if p.peek().is(text) {
		p.pos++
		return true
	}
	return false
}

func (p *parser) expect(text string) error {
	if !p.accept(text) {
		return p.unexpected(strconv.Quote(text))
	}
	return nil
}

func (p *parser) unexpected(wanted string) error {
	t := p.peek()
	return &Error{t.at, fmt.Sprintf("%s where %s is expected", t, wanted)}
}

// nest guards the recursion.
func (p *parser) nest() error {
	if p.depth++; p.depth > MaxNesting {
		return &Error{p.peek().at, fmt.Sprintf("more than %d parentheses within each other", MaxNesting)}
	}
	return nil
}

// observations reads what FOLLOWEDBY joins; it binds weakest.
func (p *parser) observations() (expr, error) { return p.pairs(0) }

// pairs reads operators of a level of binding: FOLLOWEDBY, then OR, then AND,
// each from the left.
func (p *parser) pairs(level int) (expr, error) {
	if level == 3 {
		return p.qualified()
	}
	left, err := p.pairs(level + 1)
	if err != nil {
		return nil, err
	}
	word := [...]string{"FOLLOWEDBY", "OR", "AND"}[level]
	for p.accept(word) {
		right, err := p.pairs(level + 1)
		if err != nil {
			return nil, err
		}
		left = pairExpr{[...]pairOp{opFollowedBy, opOr, opAnd}[level], left, right}
	}
	return left, nil
}

// qualified reads one observation expression and its qualifiers.
func (p *parser) qualified() (expr, error) {
	var e expr
	switch {
	case p.accept("["):
		c, err := p.comparison()
		if err == nil {
			err = p.expect("]")
		}
		if err != nil {
			return nil, err
		}
		e = leafExpr{len(p.pattern.leaves)}
		p.pattern.leaves = append(p.pattern.leaves, c)
	case p.accept("("):
		if err := p.nest(); err != nil {
			return nil, err
		}
		inner, err := p.observations()
		if err == nil {
			err = p.expect(")")
		}
		if err != nil {
			return nil, err
		}
		p.depth--
		e = inner
	default:
		return nil, p.unexpected(`"[" or "("`)
	}
	for n := 0; ; n++ {
		if n > MaxNesting {
			return nil, &Error{p.peek().at, fmt.Sprintf("more than %d qualifiers of one expression", MaxNesting)}
		}
		var err error
		switch {
		case p.accept("START"):
			e, err = p.startStop(e)
		case p.accept("WITHIN"):
			e, err = p.within(e)
		case p.accept("REPEATS"):
			e, err = p.repeats(e)
		default:
			return e, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (p *parser) startStop(inner expr) (expr, error) {
	from, err := p.moment()
	if err == nil {
		err = p.expect("STOP")
	}
	if err != nil {
		return nil, err
	}
	to, err := p.moment()
	return startStopExpr{inner, from, to}, err
}

// moment is a timestamp, which STIX 2.0 wrote as a string.
func (p *parser) moment() (time.Time, error) {
	t := p.peek()
	if t.kind != tokTimestamp && t.kind != tokString {
		return time.Time{}, p.unexpected("a timestamp t'…'")
	}
	p.pos++
	m, ok := parseTime(t.text)
	if !ok {
		return time.Time{}, &Error{t.at, fmt.Sprintf("%q is not a timestamp as t'2026-01-31T12:00:00Z'", t.text)}
	}
	return m, nil
}

func (p *parser) within(inner expr) (expr, error) {
	t := p.peek()
	if t.kind != tokInt && t.kind != tokFloat {
		return nil, p.unexpected("a number of seconds")
	}
	p.pos++
	seconds, err := strconv.ParseFloat(t.text, 64)
	if err != nil || seconds <= 0 {
		return nil, &Error{t.at, "WITHIN needs a positive number of seconds"}
	}
	const most = float64(math.MaxInt64) / float64(time.Second)
	span := time.Duration(math.MaxInt64)
	if seconds < most {
		span = time.Duration(seconds * float64(time.Second))
	}
	return withinExpr{inner, span}, p.expect("SECONDS")
}

func (p *parser) repeats(inner expr) (expr, error) {
	t := p.peek()
	if t.kind != tokInt {
		return nil, p.unexpected("a number of times")
	}
	p.pos++
	n, err := strconv.Atoi(t.text)
	if err != nil || n < 1 || n > MaxRepeats {
		return nil, &Error{t.at, fmt.Sprintf("REPEATS takes 1 to %d times", MaxRepeats)}
	}
	return repeatExpr{inner, n}, p.expect("TIMES")
}

// comparison reads tests joined by OR, which binds weaker than AND.
func (p *parser) comparison() (*comparison, error) {
	left, err := p.comparisonAnd()
	for err == nil && p.accept("OR") {
		var right *comparison
		right, err = p.comparisonAnd()
		left = &comparison{or: true, left: left, right: right}
	}
	return left, err
}

func (p *parser) comparisonAnd() (*comparison, error) {
	left, err := p.test()
	for err == nil && p.accept("AND") {
		var right *comparison
		right, err = p.test()
		left = &comparison{left: left, right: right}
	}
	return left, err
}

func (p *parser) test() (*comparison, error) {
	if p.accept("(") {
		if err := p.nest(); err != nil {
			return nil, err
		}
		c, err := p.comparison()
		p.depth--
		if err == nil {
			err = p.expect(")")
		}
		return c, err
	}
	t := &test{}
	if p.peek().is("NOT") || p.peek().is("EXISTS") {
		t.not, t.op = p.accept("NOT"), opExists
		if err := p.expect("EXISTS"); err != nil {
			return nil, err
		}
		return &comparison{test: t}, p.path(t)
	}
	if err := p.path(t); err != nil {
		return nil, err
	}
	t.not = p.accept("NOT")
	return &comparison{test: t}, p.operator(t)
}

// path reads type:property.property[index]…
func (p *parser) path(t *test) error {
	typ := p.peek()
	if typ.kind != tokWord || slices.Contains(keywords, typ.text) {
		return p.unexpected("a type of object")
	}
	p.pos++
	t.typ = typ.text
	if err := p.expect(":"); err != nil {
		return err
	}
	if err := p.property(t); err != nil {
		return err
	}
	for {
		switch {
		case p.accept("."):
			if err := p.property(t); err != nil {
				return err
			}
		case p.accept("["):
			s := step{kind: stepAll}
			if !p.accept("*") {
				n := p.peek()
				index, err := strconv.Atoi(n.text)
				if n.kind != tokInt || err != nil {
					return p.unexpected("an index or *")
				}
				p.pos++
				s = step{kind: stepIndex, index: index}
			}
			t.path = append(t.path, s)
			if err := p.expect("]"); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

func (p *parser) property(t *test) error {
	n := p.peek()
	plain := n.kind == tokWord && !strings.Contains(n.text, "-") && !slices.Contains(keywords, n.text)
	if !plain && n.kind != tokString {
		return p.unexpected("a property")
	}
	p.pos++
	t.path = append(t.path, step{name: n.text})
	return nil
}

// operator reads the operator of a test and what it compares with.
func (p *parser) operator(t *test) error {
	op := p.take()
	var err error
	switch {
	case op.is("="), op.is("!="):
		t.not = t.not != op.is("!=")
		t.value, err = p.literal()
	case op.is("<"), op.is("<="), op.is(">"), op.is(">="):
		t.op = map[string]testOp{"<": opLess, "<=": opLessEqual, ">": opGreater, ">=": opGreaterEqual}[op.text]
		at := p.peek().at
		t.value, err = p.literal()
		if _, isBool := t.value.(bool); err == nil && isBool {
			err = &Error{at, "true and false have no order"}
		}
	case op.is("IN"):
		t.op = opIn
		t.set, err = p.set()
	case op.is("LIKE"), op.is("MATCHES"), op.is("ISSUBSET"), op.is("ISSUPERSET"):
		v := p.peek()
		if v.kind != tokString {
			return p.unexpected("a string")
		}
		p.pos++
		t.op, t.value, err = textOperator(op.text, v)
	default:
		p.pos--
		return p.unexpected("a comparison operator")
	}
	return err
}

func textOperator(op string, v token) (testOp, any, error) {
	switch op {
	case "LIKE":
		return opLike, likeText(norm.NFC.String(v.text)), nil
	case "MATCHES":
		re, err := regexp.Compile(norm.NFC.String(v.text))
		if err != nil {
			return opMatches, nil, &Error{v.at, fmt.Sprintf("a regular expression that cannot be evaluated (back-references and looking around are not): %v", err)}
		}
		return opMatches, re, nil
	}
	net, ok := parseNet(v.text)
	if !ok {
		return opSubset, nil, &Error{v.at, fmt.Sprintf("%q is neither an address nor a subnet", v.text)}
	}
	if op == "ISSUBSET" {
		return opSubset, net, nil
	}
	return opSuperset, net, nil
}

// set reads the literals of IN: all of one type, whole and decimal numbers
// being of one.
func (p *parser) set() ([]any, error) {
	at := p.peek().at
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var set []any
	if p.accept(")") {
		return set, nil
	}
	for {
		v, err := p.literal()
		if err != nil {
			return nil, err
		}
		set = append(set, v)
		if literalType(v) != literalType(set[0]) {
			return nil, &Error{at, "a set of values of several types"}
		}
		if !p.accept(",") {
			return set, p.expect(")")
		}
	}
}

func literalType(v any) string {
	switch v.(type) {
	case int64, float64:
		return "number"
	}
	return fmt.Sprintf("%T", v)
}

func (p *parser) literal() (any, error) {
	t := p.peek()
	bad := func(what string) (any, error) { return nil, &Error{t.at, fmt.Sprintf("%s is not %s", t, what)} }
	p.take()
	switch {
	case t.kind == tokString:
		return t.text, nil
	case t.is("true"), t.is("false"):
		return t.text == "true", nil
	case t.kind == tokInt:
		n, err := strconv.ParseInt(t.text, 10, 64)
		if err != nil {
			return bad("a number of 64 bits")
		}
		return n, nil
	case t.kind == tokFloat:
		f, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			return bad("a number")
		}
		return f, nil
	case t.kind == tokHex:
		b, err := hex.DecodeString(t.text)
		if err != nil {
			return bad("hexadecimal digits in pairs")
		}
		return b, nil
	case t.kind == tokBinary:
		b, err := base64.StdEncoding.Strict().DecodeString(t.text)
		if err != nil || strings.ContainsAny(t.text, "\r\n") {
			return bad("base64")
		}
		return b, nil
	case t.kind == tokTimestamp:
		m, ok := parseTime(t.text)
		if !ok {
			return bad("a timestamp as t'2026-01-31T12:00:00Z'")
		}
		return m, nil
	}
	if t.kind != tokEnd {
		p.pos--
	}
	return nil, p.unexpected("a value")
}

// parseTime reads a timestamp of RFC 3339 in UTC with capital T and Z.
func parseTime(s string) (time.Time, bool) {
	if len(s) < len("2006-01-02T15:04:05Z") || s[10] != 'T' || s[len(s)-1] != 'Z' {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	return t, err == nil
}

// parseNet reads an address, which is the subnet of itself, or a subnet.
func parseNet(s string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	n, err := netip.ParsePrefix(s)
	return n.Masked(), err == nil
}

func pathText(path []step) string {
	var b strings.Builder
	for i, s := range path {
		switch s.kind {
		case stepIndex:
			fmt.Fprintf(&b, "[%d]", s.index)
			continue
		case stepAll:
			b.WriteString("[*]")
			continue
		case stepName:
		}
		if i > 0 {
			b.WriteByte('.')
		}
		if plainName(s.name) {
			b.WriteString(s.name)
		} else {
			b.WriteString("'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s.name) + "'")
		}
	}
	return b.String()
}

func plainName(s string) bool {
	for i := range len(s) {
		if !letter(s[i]) && (i == 0 || !digit(s[i])) {
			return false
		}
	}
	return s != "" && !slices.Contains(keywords, s)
}
