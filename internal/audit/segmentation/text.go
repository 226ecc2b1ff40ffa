package segmentation

import (
	"fmt"
	"io"
	"strings"
	"time"

	"longwatch/internal/record"
	"longwatch/internal/terminal"
)

// Text writes the report for a person at a terminal.
func (r *Report) Text(w io.Writer) error {
	p := terminal.NewPaint(w)
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n", p.Bold(r.Verdict()))
	fmt.Fprintf(&b, "%s\n", p.Soft(fmt.Sprintf("%d connections, %s, %s, %s", r.Traffic.Conns, spanText(r.Traffic.Span), several(len(r.zones()), "zone"), several(len(r.Findings), "finding"))))
	r.zoneText(&b, p)
	r.matrixText(&b, p)
	r.findingText(&b, p)
	r.reachText(&b, p)
	r.driftText(&b, p)
	r.policyText(&b, p)
	if len(r.Gaps) > 0 {
		fmt.Fprintf(&b, "\n%s\n", p.Bold("not seen"))
		for _, g := range r.Gaps {
			fmt.Fprintf(&b, "  %s\n", terminal.Wrap(clean(g), 2))
		}
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

// Verdict is the first sentence.
func (r *Report) Verdict() string {
	crossed := 0
	for _, f := range r.Findings {
		if f.Outcome != tried.String() {
			crossed++
		}
	}
	how := "inferred"
	if r.Zoning.Given {
		how = "given"
	}
	switch {
	case r.Traffic.Conns == 0:
		return "There is no record of a connection to judge."
	case len(r.flows) == 0:
		return fmt.Sprintf("None of %s was between two hosts inside: nothing crossed a border.", several(r.Traffic.Conns, "connection"))
	case len(r.zones()) < 2:
		return "Only one zone was seen: nothing crossed a border."
	case crossed == 0 && len(r.Findings) > 0:
		return fmt.Sprintf("Nothing crossed the %s zones that should not have; some of it was tried.", how)
	case crossed == 0:
		return fmt.Sprintf("Nothing crossed the %s zones that should not have.", how)
	}
	return fmt.Sprintf("%s crossed the %s zones and should not have: act on the worst first.", several(crossed, "service"), how)
}

// zones are the indices of those that were seen, or given.
func (r *Report) zones() []int {
	used := map[int]bool{}
	for _, c := range r.Crossing {
		used[c.From], used[c.To] = true, true
	}
	var out []int
	for i := range r.Zoning.Zones {
		if used[i] || r.Zoning.Given && i > 0 && i < len(r.Zoning.Zones)-1 {
			out = append(out, i)
		}
	}
	return out
}

func (r *Report) zoneText(b *strings.Builder, p terminal.Paint) {
	fmt.Fprintf(b, "\n%s\n", p.Bold("zones"))
	for _, i := range r.zones() {
		z := r.Zoning.Zones[i]
		var nets []string
		for _, n := range z.Networks {
			nets = append(nets, n.String())
		}
		for _, h := range z.Hosts {
			nets = append(nets, h.String())
		}
		where := list(nets, 6)
		sure := fmt.Sprintf("sure %d of 100", z.Confidence)
		switch {
		case i == 0:
			where, sure = "all other addresses", ""
		case r.Zoning.Given:
			sure = "given"
		}
		if i > 0 {
			sure = fmt.Sprintf("(%s, %s)", several(len(z.members), "host"), sure)
		}
		if z.Safety {
			where = "safety system, " + where
		}
		fmt.Fprintf(b, "  %-24s level %-8s  %s  %s\n", clean(z.Name), z.Level, where, p.Soft(sure))
		for n, why := range z.Why {
			if n == 4 {
				fmt.Fprintf(b, "      and %d more reasons, in the JSON\n", len(z.Why)-n)
				break
			}
			fmt.Fprintf(b, "      %s\n", p.Soft(terminal.Wrap(clean(why), 6)))
		}
	}
}

func (r *Report) matrixText(b *strings.Builder, p terminal.Paint) {
	fmt.Fprintf(b, "\n%s\n", p.Bold("what crossed"))
	const show = 12
	n, last := 0, [2]int{-1, -1}
	for _, c := range r.Crossing {
		if c.From == c.To {
			continue
		}
		if at := [2]int{c.From, c.To}; at != last {
			if n > show {
				fmt.Fprintf(b, "      and %d more services, in the JSON\n", n-show)
			}
			last, n = at, 0
			fmt.Fprintf(b, "  %s → %s\n", clean(r.Zoning.Zones[c.From].Name), clean(r.Zoning.Zones[c.To].Name))
		}
		if n++; n > show {
			continue
		}
		f := Flow{Protocol: c.Protocol, Transport: c.Transport, Port: c.Port, ByPort: c.ByPort}
		fmt.Fprintf(b, "      %-36s %s  %s\n", clean(f.service()), c.counts(), p.Soft(spanText(record.Span{Start: c.First, End: c.Last})))
	}
	if n > show {
		fmt.Fprintf(b, "      and %d more services, in the JSON\n", n-show)
	}
	if last[0] < 0 {
		b.WriteString("  nothing\n")
	}
}

// counts is what became of connections, in words.
func (c *Crossing) counts() string {
	var parts []string
	for _, x := range []struct {
		n    uint64
		word string
	}{{c.Passed, "passed"}, {c.Unanswered, "unanswered"}, {c.OneSided, "half seen"}, {c.Changes, "changing"}} {
		if x.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", x.n, x.word))
		}
	}
	return strings.Join(parts, ", ")
}

func (r *Report) findingText(b *strings.Builder, p terminal.Paint) {
	const show = 20
	for n, f := range r.Findings {
		if n == show {
			fmt.Fprintf(b, "\n  and %d more findings, in the JSON\n", len(r.Findings)-show)
			break
		}
		fmt.Fprintf(b, "\n%s %s  %s\n", p.Severity(f.Severity), p.Bold(f.Title), p.Soft(strings.Join(f.Rules, ", ")))
		from, to := r.Zoning.Zones[f.From], r.Zoning.Zones[f.To]
		fmt.Fprintf(b, "  %s\n", terminal.Wrap(clean(fmt.Sprintf("%s from %s to %s, %s: %s", f.Service, from.Name, to.Name, spanText(record.Span{Start: f.First, End: f.Last}), f.tally())), 2))
		for _, why := range f.Why {
			fmt.Fprintf(b, "  - %s\n", terminal.Wrap(clean(why), 4))
		}
		for i := range f.Pairs {
			if i == 4 {
				fmt.Fprintf(b, "    and %s more\n", several(len(f.Pairs)-i+f.More, "pair"))
				break
			}
			x := &f.Pairs[i]
			line := fmt.Sprintf("%s → %s, %s", r.host(x.Orig, x.Outside, x.Folded), r.host(x.Resp, x.Outside, x.Folded), several(x.Count, "time"))
			if len(x.What) > 0 {
				line += "; " + strings.Join(x.What, "; ")
			}
			fmt.Fprintf(b, "    %s\n", terminal.Wrap(clean(line), 6))
			for j, ref := range x.Refs {
				if j < 2 {
					fmt.Fprintf(b, "      %s\n", p.Soft(clean(r.cite(ref))))
				}
			}
		}
		fmt.Fprintf(b, "  %s %s\n", p.Good("do"), terminal.Wrap(f.Do, 5))
	}
}

// tally is how often, in words.
func (f *Finding) tally() string {
	out := several(f.Count, "connection") + " " + map[string]string{passed.String(): "passed", tried.String(): "not answered", oneSided.String(): "seen from one side only"}[f.Outcome]
	if f.Changes > 0 {
		out += ", " + several(f.Changes, "operation") + " that changed something"
	}
	return out
}

// cite is a place in the evidence, in words.
func (r *Report) cite(ref record.Ref) string {
	if r.Options.Source != nil {
		return r.Options.Source(ref)
	}
	return ref.File
}

func spanText(s record.Span) string {
	if s.Start == 0 {
		return "no times"
	}
	const form = "2006-01-02 15:04"
	start, end := s.Start.Std(), s.End.Std()
	if end.Sub(start) < time.Minute {
		return start.Format(form) + " UTC"
	}
	return start.Format(form) + " to " + end.Format(form) + " UTC"
}

func list(s []string, most int) string {
	if len(s) > most {
		return strings.Join(s[:most], ", ") + fmt.Sprintf(" and %d more", len(s)-most)
	}
	return strings.Join(s, ", ")
}

// longest is how many characters of one value are shown.
const longest = 600

// clean makes text from evidence safe to show.
func clean(s string) string { return terminal.Clean(s, longest) }
