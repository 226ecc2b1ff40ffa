package sigma

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// episode is a correlation that is true, until it no longer is: one finding.
type episode struct {
	start, end record.Time
	times      int // with how many events the condition held
	best       float64
	refs       []record.Ref
	entities   []record.Entity
	examples   []string
	steps      []string
	distinct   map[string]bool // valueCount: the values, at most maxDistinct
}

const (
	maxEpisodeRefs     = 12
	maxEpisodeEntities = 24
	maxExamples        = 8
	maxDistinct        = 1000
)

// counted notes a window with its count or value.
func (e *episode) counted(g *cluster, x float64) {
	switch k := g.rule.corr; {
	case e.times == 1:
		e.best = x
		for i := 0; i < len(g.window) && i < maxEpisodeRefs; i++ {
			e.cite(&g.window[i])
		}
	case k.kind == eventCount && k.rises():
		e.best++ // each further event
	default:
		e.best = max(e.best, x)
	}
	e.cite(&g.window[len(g.window)-1])
	if g.rule.corr.kind != valueCount {
		return
	}
	for i := len(g.values) - 1; i >= 0 && len(e.distinct) < maxDistinct; i-- {
		if e.distinct == nil {
			e.distinct = map[string]bool{}
		}
		e.value(g.values[i].text)
		e.distinct[g.values[i].text] = true
		if e.times > 1 {
			break // the others were there before
		}
	}
	e.best = max(e.best, float64(len(e.distinct)))
}

// value notes an example.
func (e *episode) value(s string) {
	if len(e.examples) < maxExamples && !slices.Contains(e.examples, s) {
		e.examples = append(e.examples, s)
	}
}

// happened notes rules that happened together.
func (e *episode) happened(steps []occurrence) {
	for i := range steps {
		e.cite(&steps[i])
		if e.times == 1 && len(e.steps) < maxExamples {
			e.steps = append(e.steps, fmt.Sprintf("%q at %v", short(steps[i].rule.Title), steps[i].ts))
		}
	}
	e.best = float64(len(steps))
}

// cite adds an occurrence's place in the evidence and what it is about.
func (e *episode) cite(o *occurrence) {
	if len(e.refs) < maxEpisodeRefs && !slices.Contains(e.refs, o.ref) {
		e.refs = append(e.refs, o.ref)
	}
	for o.below != nil {
		o = o.below
	}
	for _, kv := range o.hit.Entities {
		kind, role, _ := strings.Cut(kv.Name, "/")
		x := record.Entity{Kind: kind, Value: kv.Value, Role: role}
		if len(e.entities) < maxEpisodeEntities && !slices.Contains(e.entities, x) {
			e.entities = append(e.entities, x)
		}
	}
}

// claim reports the episode of a group, if there is one.
func (c *Correlator) claim(g *cluster) {
	e, r := g.episode, g.rule
	g.episode = nil
	if e == nil || r.quiet {
		return
	}
	if c.claims[r.corr.number]++; c.claims[r.corr.number] > maxClaims {
		c.Forgotten++
		return
	}
	f := finding.Finding{
		Detector: "sigma:" + r.ID, Title: r.Title, Severity: r.Level, Confidence: r.confidence(), Start: e.start, End: e.end,
		Entities: e.entities, Techniques: slices.Clone(r.Techniques), Dossier: slices.Clone(r.Dossier), Refs: e.refs,
	}
	f.Why = append(f.Why, r.corr.says(e))
	if len(e.examples) > 0 {
		f.Why = append(f.Why, finding.Because("values: %q", e.examples))
	}
	if len(r.corr.groupBy) > 0 {
		var same []string
		for i, v := range strings.Split(g.key, "\x00") {
			if i < len(r.corr.groupBy) {
				same = append(same, fmt.Sprintf("%s %q", r.corr.groupBy[i], short(v)))
			}
		}
		f.Why = append(f.Why, "all with "+strings.Join(same, " and "))
	}
	f.Why = append(f.Why, r.closing...)
	f.Seal()
	c.findings = append(c.findings, f)
}

// says is the sentence for an episode.
func (k *correlation) says(e *episode) string {
	span := ""
	if k.span < forever {
		span = " within " + spanText(k.span)
	}
	if len(e.steps) > 0 {
		how := " and "
		if k.kind == temporalOrdered {
			how = ", then "
		}
		return strings.Join(e.steps, how) + "," + span
	}
	what := map[kindOfCorrelation]string{
		eventCount: "events of ", valueCount: "different values of ", valueSum: "is the sum of ", valueAvg: "is the average of ", valueMin: "is the least ",
		valueMax: "is the greatest ", valuePercentile: "is the percentile of ", valueShare: "percent is the share of a value of ",
	}[k.kind]
	of := strings.Join(k.fields, ", ") + " in "
	if k.kind == eventCount {
		of = ""
	}
	if k.kind == valuePercentile {
		what = strconv.FormatFloat(k.percentile, 'g', -1, 64) + "th percentile of "
	}
	titles := make([]string, 0, len(k.rules))
	for i, r := range k.rules {
		if i == maxExamples {
			break
		}
		titles = append(titles, fmt.Sprintf("%q", short(r.Title)))
	}
	return fmt.Sprintf("%s %s%s%s from %v to %v; the rule asks for %s%s", strconv.FormatFloat(e.best, 'g', 10, 64), what, of, strings.Join(titles, ", "), e.start, e.end, k.asks(), span)
}

// asks is the condition in words.
func (k *correlation) asks() string {
	words := map[string]string{"gt": "more than", "gte": "at least", "lt": "less than", "lte": "at most", "eq": "exactly", "neq": "other than"}
	out := make([]string, 0, len(k.bounds))
	for _, b := range k.bounds {
		out = append(out, words[b.op]+" "+strconv.FormatFloat(b.n, 'g', -1, 64))
	}
	return strings.Join(out, " and ")
}

// spanText is a timespan as rules write it.
func spanText(d time.Duration) string {
	for _, u := range [...]struct {
		d    time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if d%u.d == 0 {
			return strconv.FormatInt(int64(d/u.d), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(d/time.Second), 10) + "s"
}
