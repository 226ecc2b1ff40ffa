package sigma

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v3"

	"longwatch/internal/finding"
)

// kindOfCorrelation is what a correlation makes of the events of a group that
// lie within its timespan.
type kindOfCorrelation uint8

const (
	eventCount kindOfCorrelation = iota
	valueCount                   // different values of fields
	valueSum
	valueAvg
	valueMin // of the obsolete aggregations only, as is valueMax
	valueMax
	valuePercentile
	valueShare // of each value among all, in percent
	temporal
	temporalOrdered
)

var correlationTypes = map[string]kindOfCorrelation{
	"event_count": eventCount, "value_count": valueCount, "value_sum": valueSum, "value_avg": valueAvg, "value_median": valuePercentile,
	"value_percentile": valuePercentile, "temporal": temporal, "temporal_ordered": temporalOrdered,
	"temporal_extended": temporal, "temporal_ordered_extended": temporalOrdered,
}

// correlation is a rule about what other rules found (Sigma correlation rules
// specification 2.1).
type correlation struct {
	kind       kindOfCorrelation
	rules      []*Rule
	groupBy    []string
	span       time.Duration
	aliases    map[string]map[*Rule]string // alias -> rule -> field
	bounds     []bound
	fields     []string // of the value_ kinds
	percentile float64
	expr       *sequence // an extended condition, nil for a plain one
	number     int       // among the correlations
}

// parent is a correlation and the place of a rule in it.
type parent struct {
	rule  *Rule
	place int
}

// bound is one comparison of a condition; all of them must hold.
type bound struct {
	op string // gt, gte, lt, lte, eq, neq
	n  float64
}

func (b bound) holds(x float64) bool {
	switch b.op {
	case "gt":
		return x > b.n
	case "gte":
		return x >= b.n
	case "lt":
		return x < b.n
	case "lte":
		return x <= b.n
	case "eq":
		return x == b.n
	}
	return x != b.n
}

func (c *correlation) holds(x float64) bool {
	return !slices.ContainsFunc(c.bounds, func(b bound) bool { return !b.holds(x) })
}

// rises tells whether more events can only make the condition true, so that it
// is judged as they come. Otherwise a window must be over before it is judged.
func (c *correlation) rises() bool {
	if c.expr != nil {
		return c.expr.rises()
	}
	switch c.kind {
	case valueAvg, valueMin, valuePercentile, valueShare:
		return false
	}
	return !slices.ContainsFunc(c.bounds, func(b bound) bool { return b.op != "gt" && b.op != "gte" })
}

// maxThreshold bounds the events or values that a correlation may ask for: so
// many must be kept of a group. maxRules bounds the rules it may name.
const (
	maxThreshold = 10_000
	maxRules     = 128
)

// forever is the timespan of an aggregation without one: all the evidence.
const forever = time.Duration(math.MaxInt64 / 4)

// correlations compiles the correlation documents. They may refer to each
// other in any order, but not in a circle.
func (c *compiler) correlations(docs []*document) {
	const (
		waiting = iota
		open
		done
	)
	rules := make([]*Rule, len(docs))
	byName := map[string][]int{}
	for i, d := range docs {
		r, err := c.correlationHead(d)
		if err != nil {
			c.refuse(d, err)
			continue
		}
		rules[i] = r
		for _, k := range r.keys() {
			byName[k] = append(byName[k], i)
		}
	}
	state := make([]int, len(docs))
	var visit func(i, depth int) error
	visit = func(i, depth int) error {
		d, r := docs[i], rules[i]
		if r == nil || state[i] == done {
			return nil
		}
		if state[i] == open {
			return errCircle
		}
		state[i] = open
		err := error(nil)
		if depth > maxDepth {
			err = fmt.Errorf("more than %d correlations refer to one another", maxDepth)
		}
		for _, ref := range references(resolve(&d.Correlation)) {
			for _, key := range [...]string{strings.ToLower(ref), ref} {
				for _, j := range byName[key] {
					if err == nil {
						err = visit(j, depth+1)
					}
				}
			}
		}
		if err == nil {
			err = c.correlation(d, r)
		}
		state[i] = done
		if err != nil {
			rules[i] = nil
			c.refuse(d, err)
			if errors.Is(err, errCircle) {
				return err
			}
		}
		return nil
	}
	for i := range docs {
		_ = visit(i, 0) // what is wrong was noted
	}
}

var errCircle = errors.New("it refers to itself, directly or through another correlation")

func (c *compiler) correlationHead(d *document) (*Rule, error) {
	r, err := c.head(d)
	if err != nil {
		return nil, err
	}
	if resolve(&d.Correlation).Kind != yaml.MappingNode {
		return nil, fmt.Errorf("correlation must be a map")
	}
	c.ids[r.ID] = true
	return r, nil
}

// references are the rules that a correlation names.
func references(y *yaml.Node) []string {
	if list := get(y, "rules"); list != nil {
		return texts(list)
	}
	if cond := get(y, "condition"); cond != nil && cond.Kind == yaml.ScalarNode {
		if s, err := parseSequence(cond.Value); err == nil {
			return s.names(nil)
		}
	}
	return nil
}

// correlation compiles one document whose references are compiled.
func (c *compiler) correlation(d *document, r *Rule) error {
	y := resolve(&d.Correlation)
	k := &correlation{percentile: 50}
	name := get(y, "type")
	if name == nil {
		return fmt.Errorf("no correlation type is given")
	}
	var ok bool
	if k.kind, ok = correlationTypes[strings.ToLower(name.Value)]; !ok {
		return fmt.Errorf("unknown correlation type %q", name.Value)
	}
	list := references(y)
	switch {
	case len(list) == 0:
		return fmt.Errorf("the correlation names no rules")
	case len(list) > maxRules:
		return fmt.Errorf("the correlation names more than %d rules", maxRules)
	}
	for _, ref := range list {
		b := c.find(ref, d)
		if b == nil {
			if why, ok := c.lost[strings.ToLower(ref)]; ok {
				return fmt.Errorf("rule %q, which it refers to, cannot be used: %s", ref, why)
			}
			if why, ok := c.lost[ref]; ok {
				return fmt.Errorf("rule %q, which it refers to, cannot be used: %s", ref, why)
			}
			return fmt.Errorf("there is no rule %q, which it refers to", ref)
		}
		if slices.Contains(k.rules, b) {
			return fmt.Errorf("it names rule %q twice", ref)
		}
		k.rules = append(k.rules, b)
	}
	span := get(y, "timespan")
	if span == nil {
		span = get(y, "timeframe")
	}
	if span == nil {
		return fmt.Errorf("no timespan is given")
	}
	var err error
	if k.span, err = parseSpan(span.Value); err != nil {
		return err
	}
	if g := get(y, "group-by"); g != nil {
		k.groupBy = texts(g)
	}
	if err := c.aliases(k, get(y, "aliases"), d); err != nil {
		return err
	}
	if err := k.condition(get(y, "condition"), strings.ToLower(name.Value), c, d); err != nil {
		return err
	}
	if d.Level == "" {
		r.Level = finding.Info
		for _, b := range k.rules {
			r.Level = max(r.Level, b.Level)
		}
	}
	if len(r.Techniques) == 0 {
		for _, b := range k.rules {
			r.Techniques = append(r.Techniques, b.Techniques...)
		}
	}
	generate := d.Generate
	if g := get(y, "generate"); g != nil {
		if err := g.Decode(&generate); err != nil {
			return fmt.Errorf("generate must be true or false")
		}
	}
	c.install(r, k, generate)
	c.add(d, r)
	return nil
}

// install makes k the correlation of r: its rules learn what to keep.
func (c *compiler) install(r *Rule, k *correlation, generate bool) {
	k.number = len(c.e.corrs)
	r.corr = k
	for i, b := range k.rules {
		b.parents = append(b.parents, &parent{r, i})
		if !generate {
			b.quiet = true
		}
	}
	for _, f := range slices.Concat(k.groupBy, k.fields) {
		c.need(r, f)
	}
	c.e.corrs = append(c.e.corrs, r)
}

// need has the rules about events below r keep the value of a field.
func (c *compiler) need(r *Rule, name string) {
	if r.corr == nil {
		if !slices.ContainsFunc(r.asks, func(a ask) bool { return a.name == name }) {
			field := name
			for _, f := range r.renames {
				field = f(field)
			}
			r.asks = append(r.asks, ask{name, c.e.fields.number(field)})
		}
		return
	}
	for _, b := range r.corr.rules {
		c.need(b, r.corr.field(b, name))
	}
}

// field is what rule b of the correlation calls a field.
func (k *correlation) field(b *Rule, name string) string {
	if f, ok := k.aliases[name][b]; ok {
		return f
	}
	return name
}

// find returns the rule that a reference means. A name need only be unique in
// its file.
func (c *compiler) find(ref string, d *document) *Rule {
	var found *Rule
	for _, r := range slices.Concat(c.byName[strings.ToLower(ref)], c.byName[ref]) {
		if !r.called(ref) {
			continue
		}
		if r.File == d.file && r.Tree == d.tree {
			return r
		}
		if found == nil {
			found = r
		}
	}
	return found
}

// aliases reads names that stand for a field of each rule.
func (c *compiler) aliases(k *correlation, y *yaml.Node, d *document) error {
	if y == nil {
		return nil
	}
	if y.Kind != yaml.MappingNode {
		return fmt.Errorf("aliases must be a map")
	}
	k.aliases = map[string]map[*Rule]string{}
	for i := 0; i+1 < len(y.Content); i += 2 {
		alias, m := y.Content[i].Value, resolve(y.Content[i+1])
		if m.Kind != yaml.MappingNode {
			return fmt.Errorf("alias %q must be a map of rules to fields", alias)
		}
		k.aliases[alias] = map[*Rule]string{}
		for j := 0; j+1 < len(m.Content); j += 2 {
			b := c.find(m.Content[j].Value, d)
			if b == nil || !slices.Contains(k.rules, b) {
				return fmt.Errorf("alias %q names rule %q, which the correlation does not", alias, m.Content[j].Value)
			}
			k.aliases[alias][b] = resolve(m.Content[j+1]).Value
		}
	}
	return nil
}

// condition reads the condition: a map of comparisons, or for the temporal
// kinds an expression over rules.
func (k *correlation) condition(y *yaml.Node, kind string, c *compiler, d *document) error {
	isTemporal := k.kind == temporal || k.kind == temporalOrdered
	switch {
	case y == nil && isTemporal:
		k.bounds = []bound{{"gte", float64(len(k.rules))}}
		return nil
	case y == nil:
		return errNoCondition
	case y.Kind == yaml.ScalarNode && isTemporal:
		return k.extended(y.Value, c, d)
	case y.Kind != yaml.MappingNode:
		return fmt.Errorf("condition must be a map of comparisons")
	}
	percentile := false
	for i := 0; i+1 < len(y.Content); i += 2 {
		op, v := y.Content[i].Value, resolve(y.Content[i+1])
		switch op {
		case "field":
			k.fields = texts(v)
		case "percentile":
			n, err := strconv.ParseFloat(v.Value, 64)
			if err != nil || !(n >= 0 && n <= 100) {
				return fmt.Errorf("condition: percentile must be from 0 to 100")
			}
			k.percentile, percentile = n, true
		case "gt", "gte", "lt", "lte", "eq", "neq":
			n, err := strconv.ParseFloat(v.Value, 64)
			if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
				return fmt.Errorf("condition: %q is not a number", v.Value)
			}
			k.bounds = append(k.bounds, bound{op, n})
		default:
			return fmt.Errorf("condition: unknown comparison %q", op)
		}
	}
	slices.SortFunc(k.bounds, func(a, b bound) int { return strings.Compare(a.op, b.op) })
	if kind == "value_percentile" && !percentile {
		k.kind = valueShare
	}
	switch {
	case len(k.bounds) == 0:
		return fmt.Errorf("condition: no comparison is given")
	case k.kind >= valueCount && k.kind <= valueShare && len(k.fields) == 0:
		return fmt.Errorf("condition: %s needs a field", kind)
	case k.kind == eventCount || k.kind == valueCount:
		for _, b := range k.bounds {
			if b.n > maxThreshold {
				return fmt.Errorf("condition: more than %d are not counted", maxThreshold)
			}
		}
	}
	return nil
}

// extended reads a condition that is an expression over the rules.
func (k *correlation) extended(text string, c *compiler, d *document) error {
	s, err := parseSequence(text)
	if err != nil {
		return err
	}
	places := map[string]int{}
	for _, name := range s.names(nil) {
		b := c.find(name, d)
		i := slices.Index(k.rules, b)
		if b == nil || i < 0 {
			return fmt.Errorf("condition: rule %q is not among those of the correlation", name)
		}
		places[name] = i
	}
	if missing := len(k.rules) - len(unique(slices.Collect(maps.Values(places)))); missing > 0 {
		return fmt.Errorf("condition: it leaves out %d of the correlation's rules", missing)
	}
	s.place(places)
	k.expr = s
	return nil
}

func unique(list []int) []int {
	slices.Sort(list)
	return slices.Compact(list)
}

// parseSpan reads a timespan: a number and s, m, h, d, w, M or y.
func parseSpan(text string) (time.Duration, error) {
	units := map[byte]time.Duration{
		's': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour, 'M': 2629746 * time.Second, 'y': 31556952 * time.Second,
	}
	if text == "" {
		return 0, fmt.Errorf("the timespan is empty")
	}
	unit, ok := units[text[len(text)-1]]
	n, err := strconv.ParseInt(text[:len(text)-1], 10, 64)
	if !ok || err != nil || n <= 0 || n > int64(forever/unit) {
		return 0, fmt.Errorf("timespan %q is not a number followed by s, m, h or d", text)
	}
	return time.Duration(n) * unit, nil
}
