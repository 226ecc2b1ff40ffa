package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// part is how many of how many.
type part struct{ n, of int }

func (p *part) add(ok bool) { p.n, p.of = p.n+one(ok), p.of+1 }

// String is as ratio.
func (p part) String() string { return ratio(p.n, p.of) }

// short is for the cells of tables.
func (p part) short() string {
	if p.of == 0 {
		return "-"
	}
	return fmt.Sprintf("%d/%d", p.n, p.of)
}

// summary is what a set of runs comes to.
type summary struct {
	runs                                             int
	seen, entry, five, apart, fair, exact, notFooled part
	unknown, calm                                    part
	forecasts                                        []forecast
	square                                           float64
	judged                                           int
	byKind, byLess                                   map[string]*summary
	open                                             *summary // forecasts of attributions that are right with a profile that is not capped
}

// forecast is a probability that was stated and whether it came true.
type forecast struct {
	p    float64
	true bool
}

func sum(rs []outcome) *summary {
	s := &summary{byKind: map[string]*summary{}, byLess: map[string]*summary{}, open: &summary{}}
	for _, r := range rs {
		for _, m := range []struct {
			of  map[string]*summary
			key string
		}{{s.byKind, r.kind}, {s.byLess, r.ablation.name}} {
			if m.of[m.key] == nil {
				m.of[m.key] = &summary{}
			}
			m.of[m.key].take(r)
		}
		s.take(r)
	}
	return s
}

func (s *summary) take(r outcome) {
	s.runs++
	s.calm.add(len(r.ordinary) == 0)
	for _, a := range r.intruders {
		if a.visible >= faint {
			s.seen.add(a.seen)
		}
		if a.seen || a.visible >= faint {
			s.entry.add(a.entry)
		}
		if !a.seen {
			continue
		}
		s.five.add(a.incidents <= most)
		s.apart.add(a.apart)
		s.fair.add(a.fair())
		s.exact.add(a.exact())
		if a.posed != "" {
			s.notFooled.add(!a.fooled())
		}
		if a.right() == unattributed {
			s.unknown.add(a.exact())
		}
		s.forecast(a)
		if s.open != nil && !slices.Contains(capped, a.right()) {
			s.open.forecast(a)
		}
	}
}

// classes are what an attribution can say.
var classes = append(slices.Clone(known), unattributed)

// forecast adds what an incident says of each class, and its part of the Brier
// score: the squared differences between what was said and what was, over all
// classes (Brier 1950). 0 is perfect and 2 the worst.
func (s *summary) forecast(a account) {
	s.judged++
	for _, c := range classes {
		is := c == a.right()
		d := a.chances[c] - float64(one(is))
		s.square += d * d
		s.forecasts = append(s.forecasts, forecast{a.chances[c], is})
	}
}

func (s *summary) brier() float64 {
	if s.judged == 0 {
		return 0
	}
	return s.square / float64(s.judged)
}

// bin is a bar of the reliability diagram: forecasts of about the same
// probability, and how many of them came true.
type bin struct {
	n, true int
	sum     float64
}

const bins = 10

func (s *summary) bins() [bins]bin {
	var out [bins]bin
	for _, f := range s.forecasts {
		b := &out[min(int(f.p*bins), bins-1)]
		b.n++
		b.sum += f.p
		b.true += one(f.true)
	}
	return out
}

func (s *summary) tables(w io.Writer) {
	const head = "| %s | runs | seen | entry | one | apart | fair | right | not fooled | calm | Brier |\n|---|---|---|---|---|---|---|---|---|---|---|\n"
	row := func(name string, s *summary) {
		fmt.Fprintf(w, "| %s | %d | %s | %s | %s | %s | %s | %s | %s | %s | %.3f |\n", name, s.runs, s.seen.short(), s.entry.short(), s.five.short(), s.apart.short(), s.fair.short(), s.exact.short(), s.notFooled.short(), s.calm.short(), s.brier())
	}
	fmt.Fprintf(w, "Entry right in %s; fair in %s; right in %s; apart in %s; unknown actors called unknown in %s; not fooled in %s; calm in %s. Brier score %.3f over %d attributions; %.3f over the %d whose actor has a profile of checked sources or none: one of unchecked sources may say 30 %% at most.\n\n",
		s.entry, s.fair, s.exact, s.apart, s.unknown, s.notFooled, s.calm, s.brier(), s.judged, s.open.brier(), s.open.judged)
	fmt.Fprintf(w, head, "scenario")
	done := map[string]bool{}
	for _, k := range kinds {
		if x := s.byKind[k]; x != nil && !done[k] {
			row(k, x)
			done[k] = true
		}
	}
	fmt.Fprint(w, "\n")
	fmt.Fprintf(w, head, "evidence")
	for _, a := range ablations {
		if x := s.byLess[a.name]; x != nil {
			row(a.name, x)
		}
	}
}

// diagram writes the reliability diagram as a table and, next to the page, as a
// picture.
func (b *board) diagram(w io.Writer, set string, s *summary) error {
	fmt.Fprint(w, "\n| said | statements | said on average | came true |\n|---|---|---|---|\n")
	for i, x := range s.bins() {
		if x.n > 0 {
			fmt.Fprintf(w, "| %d to %d %% | %d | %.0f %% | %.0f %% |\n", i*100/bins, (i+1)*100/bins, x.n, 100*x.sum/float64(x.n), 100*float64(x.true)/float64(x.n))
		}
	}
	if b.page == "" {
		return nil
	}
	name := "scoreboard-" + strings.ReplaceAll(strings.ToLower(set), " ", "-") + ".svg"
	fmt.Fprintf(w, "\n![Reliability of stated probabilities](%s)\n", name)
	return os.WriteFile(filepath.Join(filepath.Dir(b.page), name), []byte(svg(s.bins())), 0o644) // #nosec G306 -- a page of the documentation
}

// svg draws how often what was said with a probability came true: on the
// diagonal the probabilities mean what they say. The area of a dot is the number
// of statements.
func svg(list [bins]bin) string {
	const side, edge = 320.0, 40.0
	total := 0
	for _, x := range list {
		total += x.n
	}
	at := func(p float64) float64 { return edge + p*side }
	up := func(p float64) float64 { return edge + (1-p)*side }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="sans-serif" font-size="11">`+"\n", side+2*edge, side+2*edge)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="#fff"/><rect x="%.0f" y="%.0f" width="%.0f" height="%.0f" fill="none" stroke="#888"/>`+"\n", edge, edge, side, side)
	fmt.Fprintf(&b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#888" stroke-dasharray="4 3"/>`+"\n", at(0), up(0), at(1), up(1))
	for i := range 6 {
		p := float64(i) / 5
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="middle">%.0f %%</text><text x="%.1f" y="%.1f" text-anchor="end">%.0f %%</text>`+"\n", at(p), up(0)+15, 100*p, at(0)-4, up(p)+4, 100*p)
	}
	for _, x := range list {
		if x.n == 0 {
			continue
		}
		size := 3 + 17*float64(x.n)/float64(max(total, 1))
		fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="%.1f" fill="#2a6f97" fill-opacity="0.75"><title>%d statements</title></circle>`+"\n", at(x.sum/float64(x.n)), up(float64(x.true)/float64(x.n)), size, x.n)
	}
	fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="middle">stated probability</text><text x="%.1f" y="%.1f">came true</text>`+"\n</svg>\n", at(0.5), up(0)+32, at(0), edge-12)
	return b.String()
}

// misses lists every run with something wrong, and how to see it again.
func misses(w io.Writer, rs []outcome) {
	n := 0
	for _, r := range rs {
		n += one(len(r.misses) > 0)
	}
	fmt.Fprintf(w, "\nRuns with a miss: %s.\n", ratio(n, len(rs)))
	if n == 0 {
		return
	}
	fmt.Fprint(w, "\n| exercise | evidence | what is wrong |\n|---|---|---|\n")
	for _, r := range rs {
		if len(r.misses) > 0 {
			fmt.Fprintf(w, "| `%s` | %s | %s |\n", strings.TrimPrefix(r.command(r.ablation), "longwatch simulate "), r.ablation.name, strings.ReplaceAll(strings.Join(r.misses, "; "), "|", "\\|"))
		}
	}
}
