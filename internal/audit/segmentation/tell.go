package segmentation

import (
	"fmt"
	"net/netip"
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/terminal"
)

// reachText tells how far intruders could go.
func (r *Report) reachText(b *strings.Builder, p terminal.Paint) {
	for _, x := range r.Reaches {
		fmt.Fprintf(b, "\n%s\n", p.Bold(clean("what an intruder on "+r.host(x.From, nil, false)+" could reach")))
		fmt.Fprintf(b, "  %s\n", terminal.Wrap(clean(r.ReachVerdict(x)), 2))
		r.reachedText(b, p, x.Sure)
		if len(x.Likely) > 0 {
			fmt.Fprintf(b, "  %s\n", p.Bold("likely too: open to others of its network, or within one"))
			r.reachedText(b, p, x.Likely)
		}
	}
}

// ReachVerdict is a sentence about how far an intruder could go.
func (r *Report) ReachVerdict(x *Reach) string {
	if !x.Seen {
		return "Nothing is known of it: no record has it at either end of a connection that passed"
	}
	low, safety, direct := 0, 0, 0
	for i := range x.Sure {
		z := r.Zoning.Zones[x.Sure[i].Zone]
		if z.Level.low() {
			low++
		}
		if z.Safety {
			safety++
		}
		if x.Sure[i].Steps == 1 {
			direct++
		}
	}
	s := fmt.Sprintf("%s over ways seen to be open, %d of them directly, %d at level 2 and below", several(len(x.Sure), "host"), direct, low)
	if safety > 0 {
		s += fmt.Sprintf(", %d of a safety system", safety)
	}
	return s + fmt.Sprintf("; %s likely besides", several(len(x.Likely), "host"))
}

func (r *Report) reachedText(b *strings.Builder, p terminal.Paint, list []Reached) {
	const show = 30
	for i := range list {
		if i == show {
			fmt.Fprintf(b, "    and %d more, in the JSON\n", len(list)-show)
			break
		}
		x := &list[i]
		mark := ""
		if x.Taken != nil {
			mark = ", gives the host"
		}
		fmt.Fprintf(b, "    %d  %s\n", x.Steps, terminal.Wrap(clean(fmt.Sprintf("%s, by %s%s", r.hostIn(x.Host, x.Zone), openText(x, 4), mark)), 7))
		if len(x.Path) > 1 || x.Path[0].Ground != Observed {
			fmt.Fprintf(b, "       %s\n", p.Soft(terminal.Wrap(clean(r.words(x.Path)), 7)))
		}
	}
}

// hostIn is a host with its zone.
func (r *Report) hostIn(a netip.Addr, zone int) string {
	if !a.IsValid() {
		return r.host(a, nil, false)
	}
	return r.host(a, nil, false) + " in " + place(r.Zoning.Zones[zone])
}

// openText is by what a host could be reached.
func openText(x *Reached, most int) string {
	var parts []string
	for _, o := range x.Open {
		parts = append(parts, o.Service)
	}
	return list(parts, most)
}

// driftText tells what changed.
func (r *Report) driftText(b *strings.Builder, p terminal.Paint) {
	d := r.Drift
	if d == nil {
		return
	}
	fmt.Fprintf(b, "\n%s\n", p.Bold("what changed"))
	fmt.Fprintf(b, "  %s\n", terminal.Wrap(r.DriftVerdict(), 2))
	const show = 20
	for i := range d.Changes {
		if i == show {
			fmt.Fprintf(b, "    and %d more, in the JSON\n", len(d.Changes)-show)
			break
		}
		c := &d.Changes[i]
		text := fmt.Sprintf("%-7s %s from %s to %s: %s, since %s", c.Kind, c.Service, r.Zoning.Zones[c.From].Name, r.Zoning.Zones[c.To].Name, c.Why, spanText(record.Span{Start: c.First, End: c.First}))
		if len(c.Added) > 0 {
			text += "; " + r.hostList(c.Added)
		}
		if c.Blamed {
			text += "; a finding is about it"
		}
		fmt.Fprintf(b, "    %s\n", terminal.Wrap(clean(text), 12))
		if len(c.Refs) > 0 {
			fmt.Fprintf(b, "            %s\n", p.Soft(clean(r.cite(c.Refs[0]))))
		}
	}
	for i, h := range d.Hosts {
		if i == show {
			fmt.Fprintf(b, "    and %d more hosts, in the JSON\n", len(d.Hosts)-show)
			break
		}
		fmt.Fprintf(b, "    %s\n", clean(r.arrival(h)))
	}
}

// hostList names a few hosts.
func (r *Report) hostList(hosts []netip.Addr) string {
	var out []string
	for _, a := range hosts {
		out = append(out, r.host(a, nil, false))
	}
	return list(out, 4)
}

func (r *Report) arrival(h Arrival) string {
	word := "new in"
	if h.Gone {
		word = "no more in"
	}
	return fmt.Sprintf("%s is %s %s", r.host(h.Host, nil, false), word, place(r.Zoning.Zones[h.Zone]))
}

// DriftVerdict is a sentence about what changed.
func (r *Report) DriftVerdict() string {
	d := r.Drift
	n := map[string]int{}
	for i := range d.Changes {
		n[d.Changes[i].Kind]++
	}
	before := "what came before"
	if r.Options.Earlier != "" {
		before = clean(r.Options.Earlier)
	}
	if r.Options.Before.Conns == 0 {
		return "There is no record of a connection before to compare with"
	}
	return fmt.Sprintf("Compared with %s (%s): %s new, %d opened, %d closed, %d gone, %d with other hosts, %d of another volume; %s came or went",
		before, spanText(d.Before), several(n[kindNew], "conduit"), n[kindOpened], n[kindClosed], n[kindGone], n[kindHosts], n[kindVolume], several(len(d.Hosts), "host"))
}

// policyText tells what the suggestion does.
func (r *Report) policyText(b *strings.Builder, p terminal.Paint) {
	if x := r.Policy; x != nil && len(x.Zoning.Conduits) > 0 {
		fmt.Fprintf(b, "\n%s\n  %s\n", p.Bold("the least that would do"), terminal.Wrap(r.PolicyVerdict()+": --conduits or -o, and give it back by --zones", 2))
	}
}

// PolicyVerdict is a sentence about the suggestion.
func (r *Report) PolicyVerdict() string {
	x := r.Policy
	return fmt.Sprintf("%s admit %d of %s that passed and should have, and %d of %d that findings are about",
		several(len(x.Zoning.Conduits), "conduit"), x.Admitted-x.Missed, several(x.Admitted, "connection"), x.Left, x.Refused)
}
