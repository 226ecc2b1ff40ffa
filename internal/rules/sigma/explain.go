package sigma

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxListed bounds the values shown of one list.
const maxListed = 12

// Explain says in words what a rule asks for and of which evidence.
func (e *Engine) Explain(r *Rule) []string {
	out := []string{fmt.Sprintf("%s (%s)", r.Title, r.ID)}
	say := func(name, format string, args ...any) {
		if s := fmt.Sprintf(format, args...); s != "" {
			out = append(out, fmt.Sprintf("%-12s %s", name, s))
		}
	}
	say("file", "%s:%d", r.File, r.Line)
	say("level", "%v, status %s, confidence %d", r.Level, orElse(r.Status, "not given"), r.confidence())
	say("author", "%s", r.Author)
	say("about", "%s", strings.Join(strings.Fields(r.Description), " "))
	say("techniques", "%s", joined(r.Techniques))
	say("dossier", "%s", strings.Join(r.Dossier, " "))
	for _, x := range r.Related {
		title := ""
		if found := e.Find(x.ID); len(found) > 0 {
			title = fmt.Sprintf(" %q", found[0].Title)
		}
		say("related", "%s %s%s", x.Type, x.ID, title)
	}
	if r.quiet {
		for _, p := range r.parents {
			say("reports", "only through %q (%s), which does not say generate: true", p.rule.Title, p.rule.ID)
		}
	}
	for _, f := range r.Filters {
		say("filter", "%s", f)
	}
	if r.corr == nil || r.Source != (LogSource{}) {
		say("log source", "%v: %s", r.Source, strings.Join(e.Evidence(r.Source), "; "))
	}
	if r.corr != nil {
		out = append(out, r.corr.explain()...)
	}
	for _, c := range r.Conditions {
		say("condition", "%s", strings.Join(strings.Fields(c), " "))
	}
	for _, s := range r.selects {
		out = append(out, "  "+s.name+":")
		out = s.kids[0].explain(out, 2)
	}
	c := r.Cost()
	say("looked for", "%s", c.Found)
	say("cost", "%s for each event that is evaluated", nanos(c.Nanos))
	return out
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func joined[T ~string](list []T) string {
	out := make([]string, 0, len(list))
	for _, x := range list {
		out = append(out, string(x))
	}
	return strings.Join(out, " ")
}

func nanos(n int) string {
	if n >= 1000 {
		return fmt.Sprintf("about %.1f µs", float64(n)/1000)
	}
	return fmt.Sprintf("about %d ns", n)
}

// explain appends what n asks for, indented.
func (n *node) explain(out []string, depth int) []string {
	indent := strings.Repeat("  ", depth)
	group := func(word string) []string {
		out = append(out, indent+word)
		for _, k := range n.kids {
			out = k.explain(out, depth+1)
		}
		return out
	}
	switch n.op {
	case opAnd:
		return group("all of")
	case opOr:
		return group("any of")
	case opCount:
		return group(fmt.Sprintf("%d of", n.need))
	case opNot:
		return group("not")
	case opSelect:
		return append(out, indent+n.name)
	case opTrue:
		return append(out, indent+"anything")
	case opAtom:
	}
	return append(out, indent+n.atom.explain())
}

// explain is what an atom asks for.
func (a *atom) explain() string {
	var values []string
	for i := range a.patterns {
		values = append(values, strconv.Quote(a.patterns[i].String()))
	}
	for _, x := range a.res {
		values = append(values, "/"+x.re.String()+"/")
	}
	for _, p := range a.nets {
		values = append(values, p.String())
	}
	for _, n := range a.numbers {
		values = append(values, strconv.FormatFloat(n, 'g', -1, 64))
	}
	switch a.kind {
	case testNull:
		return a.name + " is empty or not there"
	case testExists:
		return fmt.Sprintf("%s: %v", a.name, a.want)
	case testField:
		return a.name + ": the value of another field"
	}
	if n := len(values); n > maxListed {
		values = append(values[:maxListed], fmt.Sprintf("and %d more", n-maxListed))
	}
	return a.name + ": " + strings.Join(values, ", ")
}

// String is the pattern with its asterisks.
func (p *pattern) String() string {
	switch p.shape {
	case shapeExact:
		return string(p.lit)
	case shapePrefix:
		return string(p.lit) + "*"
	case shapeSuffix:
		return "*" + string(p.lit)
	case shapeContains:
		return "*" + string(p.lit) + "*"
	case shapeAny:
		return "*"
	case shapeGlob:
	}
	var b strings.Builder
	for _, x := range p.parts {
		if x.wild != 0 {
			b.WriteByte(x.wild)
		} else {
			b.WriteString(x.lit)
		}
	}
	return b.String()
}

// explain says what a correlation joins.
func (k *correlation) explain() []string {
	names := make([]string, 0, len(k.rules))
	for _, r := range k.rules {
		names = append(names, fmt.Sprintf("%q (%s)", r.Title, r.ID))
	}
	kinds := [...]string{
		"event_count", "value_count", "value_sum", "value_avg", "value_min", "value_max", "value_percentile", "value_percentile", "temporal", "temporal_ordered",
	}
	out := []string{fmt.Sprintf("%-12s %s of %s", "correlation", kinds[k.kind], strings.Join(names, ", "))}
	if k.span < forever {
		out = append(out, fmt.Sprintf("%-12s %s", "timespan", spanText(k.span)))
	}
	if len(k.groupBy) > 0 {
		out = append(out, fmt.Sprintf("%-12s %s", "group by", strings.Join(k.groupBy, ", ")))
	}
	if len(k.fields) > 0 {
		out = append(out, fmt.Sprintf("%-12s %s", "values of", strings.Join(k.fields, ", ")))
	}
	for _, alias := range sortedKeys(k.aliases) {
		for _, r := range k.rules {
			if f, ok := k.aliases[alias][r]; ok {
				out = append(out, fmt.Sprintf("%-12s %s is %s in %q", "alias", alias, f, r.Title))
			}
		}
	}
	if k.expr == nil {
		out = append(out, fmt.Sprintf("%-12s %s", "asks for", k.asks()))
	}
	when := "with each event"
	if !k.rises() {
		when = "when a window is over"
	}
	return append(out, fmt.Sprintf("%-12s %s", "judged", when))
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// Evidence says which evidence has events of a log source.
func (e *Engine) Evidence(s LogSource) []string {
	channels := map[string][]string{}
	windowsKinds(func(channel string, id uint32, k kindOfEvent, _ []alias) {
		if !k.takes(s) {
			return
		}
		if id == 0 {
			channels[channel] = []string{"*"}
		} else if name := strconv.FormatUint(uint64(id&^(keyCreated|keyDeleted)), 10); !slices.Contains(channels[channel], "*") && !slices.Contains(channels[channel], name) {
			channels[channel] = append(channels[channel], name)
		}
	})
	var out []string
	if len(channels) > 20 {
		out = append(out, fmt.Sprintf("%d Windows event logs", len(channels)))
	} else {
		for _, c := range sortedKeys(channels) {
			ids := channels[c]
			slices.Sort(ids)
			if ids[0] == "*" {
				out = append(out, fmt.Sprintf("Windows event log %q", c))
			} else {
				out = append(out, fmt.Sprintf("Windows event log %q, events %s", c, strings.Join(ids, " ")))
			}
		}
	}
	for _, x := range e.routes.others() {
		if x.route != nil && x.route.kind.takes(s) {
			out = append(out, x.name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// namedRoute is a route that is not of Windows, and what its records are.
type namedRoute struct {
	name  string
	route *route
}

func (rt *routes) others() []namedRoute {
	out := []namedRoute{
		{"Linux audit log: program starts", rt.process}, {"Linux audit log: system calls", rt.audit}, {"syslog of any other program", rt.linux},
	}
	for _, p := range sortedKeys(rt.web) {
		out = append(out, namedRoute{"access log of " + orElse(p, "a web server"), rt.web[p]})
	}
	for _, t := range sortedKeys(rt.rawType) {
		for r := rt.rawType[t]; r != nil; r = r.also {
			out = append(out, namedRoute{fmt.Sprintf("captures and Zeek logs: records %q", t), r})
		}
	}
	for _, p := range sortedKeys(rt.syslog) {
		for r := rt.syslog[p]; r != nil; r = r.also {
			out = append(out, namedRoute{fmt.Sprintf("syslog of %q", p), r})
		}
	}
	return out
}
