package sigma

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Aggregations after a pipe in a condition are obsolete since Sigma 2.0 (the
// appendix "Aggregation expression" of specification 1.0). They are compiled
// to the correlation that says the same.

var aggregationText = regexp.MustCompile(`(?i)^\s*(count|min|max|avg|sum)\s*\(\s*([^()\s]*)\s*\)\s*(?:by\s+([^\s<>=!]+(?:\s*,\s*[^\s<>=!]+)*)\s*)?(<=|>=|==|!=|<|>|=)\s*(-?[0-9]+(?:\.[0-9]+)?)\s*$`)

var aggregationOps = map[string]string{"<": "lt", "<=": "lte", ">": "gt", ">=": "gte", "=": "eq", "==": "eq", "!=": "neq"}

// aggregate makes r a correlation of the events for which n is true.
func (c *compiler) aggregate(r *Rule, n *node, text, timeframe string) error {
	k := &correlation{span: forever}
	if timeframe != "" {
		var err error
		if k.span, err = parseSpan(timeframe); err != nil {
			return err
		}
	}
	part := func(cond *node, title string) *Rule {
		p := *r
		p.Title, p.cond, p.part, p.quiet = title, cond, r, true
		k.rules = append(k.rules, &p)
		return &p
	}
	part(n, "what comes before the pipe")
	switch first, rest, _ := strings.Cut(strings.TrimSpace(text), " "); strings.ToLower(first) {
	case "near":
		if err := c.near(r, k, rest, part); err != nil {
			return err
		}
	default:
		m := aggregationText.FindStringSubmatch(text)
		if m == nil {
			return fmt.Errorf("the aggregation %q cannot be used", strings.TrimSpace(text))
		}
		threshold, err := strconv.ParseFloat(m[5], 64)
		if err != nil || threshold > maxThreshold && strings.EqualFold(m[1], "count") {
			return fmt.Errorf("the aggregation asks for more than %d events", maxThreshold)
		}
		k.bounds = []bound{{aggregationOps[m[4]], threshold}}
		k.kind = map[string]kindOfCorrelation{"count": eventCount, "min": valueMin, "max": valueMax, "avg": valueAvg, "sum": valueSum}[strings.ToLower(m[1])]
		if m[2] != "" && m[2] != "*" {
			k.fields = []string{m[2]}
			if k.kind == eventCount {
				k.kind = valueCount
			}
		} else if k.kind != eventCount {
			return fmt.Errorf("the aggregation %s needs a field", m[1])
		}
		for g := range strings.SplitSeq(m[3], ",") {
			if g = strings.TrimSpace(g); g != "" {
				k.groupBy = append(k.groupBy, g)
			}
		}
	}
	c.install(r, k, false)
	c.e.corrs = c.e.corrs[:len(c.e.corrs)-1] // number adds it, once the rule is kept
	return nil
}

// near is: the rest of the condition happens close to what comes before.
func (c *compiler) near(r *Rule, k *correlation, text string, part func(*node, string) *Rule) error {
	k.kind = temporal
	s, err := parseSequence(text)
	if err != nil {
		return err
	}
	places := map[string]int{}
	for _, name := range s.names(nil) {
		n, err := parseCondition(name, r.selects)
		if err != nil {
			return err
		}
		places[name] = len(k.rules)
		part(n, name)
	}
	s.place(places)
	k.expr = &sequence{op: opAnd, kids: []*sequence{{op: opSelect, rule: 0}, s}}
	return nil
}
