package recon

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

const (
	maxOrigins = 60
	maxShown   = 40 // own targets
	topSources = 4
)

// Seen is who looked at the own networks.
type Seen struct {
	Sources   int       `json:"sources"`            // addresses outside
	Attempts  int       `json:"attempts"`           // in vain
	Untold    int       `json:"untold"`             // attempts of sources too many to tell apart
	DataDate  string    `json:"networks_date"`      // day of the table of networks
	Countries []Country `json:"countries"`          // those with most sources first
	Origins   []Origin  `json:"origins"`            // networks, likewise; at most 60
	Targets   []Target  `json:"targets"`            // own hosts and services, likewise; at most 40
	Days      []Day     `json:"days"`               // in order of time
	Entered   []Entered `json:"followed,omitempty"` // sources that something followed on
}

// Country is a country that sources are registered in.
type Country struct {
	Code     string `json:"country"` // ISO 3166-1 alpha-2, "" unknown
	Sources  int    `json:"sources"`
	Attempts int    `json:"attempts"`
}

// Origin is a network that sources belong to.
type Origin struct {
	Country  string       `json:"country"`
	ASN      uint32       `json:"asn"`
	Name     string       `json:"name"`
	Kind     string       `json:"kind_guess,omitempty"` // hosting or access, guessed from the name
	Sources  int          `json:"sources"`
	Attempts int          `json:"attempts"`
	First    record.Time  `json:"-"`
	Last     record.Time  `json:"-"`
	Start    string       `json:"start"` // RFC 3339
	End      string       `json:"end"`
	Top      []string     `json:"top"`      // its sources that tried most
	Services []string     `json:"services"` // what they tried most
	Refs     []record.Ref `json:"-"`
	Cited    []string     `json:"refs"` // the same as text; the case folder writes it
}

// Target is an own service that was looked for.
type Target struct {
	Host     string `json:"host"`
	Site     string `json:"site"` // the network of 256 addresses it lies in, or its name
	Service  string `json:"service"`
	Sources  int    `json:"sources"`
	Attempts int    `json:"attempts"`
}

// Day is one day.
type Day struct {
	Date     string `json:"date"` // UTC
	Sources  int    `json:"sources"`
	Attempts int    `json:"attempts"`
	High     bool   `json:"high"` // more sources than the median and six times the median deviation
}

// Entered is a source that looked around and that a finding of medium severity
// or above names.
type Entered struct {
	Source   string   `json:"source"`
	Network  string   `json:"network"`
	Findings []string `json:"findings"` // ids
}

// Finish is what was seen; found are the findings of the case. It is nil when
// nobody looked.
func (s *Scout) Finish(found []finding.Finding) *Seen {
	var who []netip.Addr
	for a, src := range s.sources {
		if src.looks() {
			who = append(who, a)
		}
	}
	if len(who) == 0 {
		return nil
	}
	slices.SortFunc(who, func(a, b netip.Addr) int {
		return cmp.Or(cmp.Compare(s.sources[b].tried, s.sources[a].tried), a.Compare(b))
	})
	out := &Seen{Sources: len(who), Untold: s.beyond}
	if src := s.networks.Sources(); len(src) > 0 {
		out.DataDate = src[0].Date
	}
	for _, a := range who {
		out.Attempts += s.sources[a].tried
	}
	s.origins(out, who)
	s.targets(out, who)
	s.days(out, who)
	s.entered(out, who, found)
	return out
}

func (s *Scout) origins(out *Seen, who []netip.Addr) {
	type key struct {
		country string
		asn     uint32
		name    string
	}
	countries, origins, services := map[string]*Country{}, map[key]*Origin{}, map[key]map[string]int{}
	for _, a := range who {
		src, n := s.sources[a], s.networks.Lookup(a)
		c := countries[n.Country]
		if c == nil {
			c = &Country{Code: n.Country}
			countries[n.Country] = c
		}
		c.Sources, c.Attempts = c.Sources+1, c.Attempts+src.tried
		k := key{n.Country, n.ASN, n.Name}
		o := origins[k]
		if o == nil {
			o = &Origin{Country: n.Country, ASN: n.ASN, Name: n.Name, Kind: n.Guess().String(), First: src.span.Start}
			origins[k], services[k] = o, map[string]int{}
		}
		o.Sources, o.Attempts = o.Sources+1, o.Attempts+src.tried
		o.First, o.Last = min(o.First, src.span.Start), max(o.Last, src.span.End)
		if len(o.Top) < topSources {
			o.Top = append(o.Top, a.String())
			o.Refs = append(o.Refs, src.refs...)
		}
		for _, t := range src.targets {
			services[k][t.service] += t.n
		}
	}
	for _, c := range countries {
		out.Countries = append(out.Countries, *c)
	}
	slices.SortFunc(out.Countries, func(a, b Country) int {
		return cmp.Or(cmp.Compare(b.Sources, a.Sources), cmp.Compare(b.Attempts, a.Attempts), cmp.Compare(a.Code, b.Code))
	})
	for k, o := range origins {
		o.Start, o.End = o.First.String(), o.Last.String()
		o.Services = most(services[k])
		out.Origins = append(out.Origins, *o)
	}
	slices.SortFunc(out.Origins, func(a, b Origin) int {
		return cmp.Or(cmp.Compare(b.Sources, a.Sources), cmp.Compare(b.Attempts, a.Attempts), cmp.Compare(a.ASN, b.ASN), cmp.Compare(a.Country, b.Country), cmp.Compare(a.Name, b.Name))
	})
	out.Origins = out.Origins[:min(len(out.Origins), maxOrigins)]
}

// most are the names with the greatest numbers.
func most(n map[string]int) []string {
	names := make([]string, 0, len(n))
	for s := range n {
		names = append(names, s)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(n[b], n[a]), cmp.Compare(a, b)) })
	return names[:min(len(names), topSources)]
}

func (s *Scout) targets(out *Seen, who []netip.Addr) {
	type key struct{ host, service string }
	all := map[key]*Target{}
	for _, a := range who {
		for _, t := range s.sources[a].targets {
			k := key{t.host, t.service}
			v := all[k]
			if v == nil {
				v = &Target{Host: t.host, Service: t.service, Site: site(t.host)}
				all[k] = v
			}
			v.Sources, v.Attempts = v.Sources+1, v.Attempts+t.n
		}
	}
	for _, v := range all {
		out.Targets = append(out.Targets, *v)
	}
	slices.SortFunc(out.Targets, func(a, b Target) int {
		return cmp.Or(cmp.Compare(b.Sources, a.Sources), cmp.Compare(b.Attempts, a.Attempts), strings.Compare(a.Host, b.Host), strings.Compare(a.Service, b.Service))
	})
	out.Targets = out.Targets[:min(len(out.Targets), maxShown)]
}

// site is the neighbourhood of an own address: 256 of IPv4, a /64 of IPv6.
func site(host string) string {
	a, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	bits := 24
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return host
	}
	return p.String()
}

func (s *Scout) days(out *Seen, who []netip.Addr) {
	all := map[int32]*Day{}
	first, last := int32(1<<30), int32(0)
	for _, a := range who {
		for _, d := range s.sources[a].days {
			v := all[d.day]
			if v == nil {
				v = &Day{}
				all[d.day] = v
				first, last = min(first, d.day), max(last, d.day)
			}
			v.Sources, v.Attempts = v.Sources+1, v.Attempts+d.n
		}
	}
	const mostDays = 400
	for day := max(first, last-mostDays); day <= last; day++ {
		d := Day{}
		if v := all[day]; v != nil {
			d = *v
		}
		d.Date = time.Unix(int64(day)*86400, 0).UTC().Format(time.DateOnly)
		out.Days = append(out.Days, d)
	}
	spikes(out.Days)
}

// spikes marks days with more sources than the median and six times the median
// of what days differ from it by (dossier TG-02), where there are weeks to tell.
func spikes(days []Day) {
	const least = 14
	if len(days) < least {
		return
	}
	n := make([]int, len(days))
	for i := range days {
		n[i] = days[i].Sources
	}
	mid := median(n)
	for i := range days {
		n[i] = max(days[i].Sources-mid, mid-days[i].Sources)
	}
	bound := mid + 6*max(median(n), 1)
	for i := range days {
		days[i].High = days[i].Sources > bound
	}
}

func median(n []int) int {
	n = slices.Clone(n)
	slices.Sort(n)
	return n[len(n)/2]
}

// entered finds sources that something followed on.
func (s *Scout) entered(out *Seen, who []netip.Addr, found []finding.Finding) {
	by := map[string][]string{}
	for i := range found {
		if found[i].Severity < finding.Medium {
			continue
		}
		for _, e := range found[i].Entities {
			if e.Kind == "address" && !slices.Contains(by[e.Value], found[i].ID) {
				by[e.Value] = append(by[e.Value], found[i].ID)
			}
		}
	}
	for _, a := range who {
		if ids := by[a.String()]; len(ids) > 0 {
			out.Entered = append(out.Entered, Entered{Source: a.String(), Network: s.networks.Lookup(a).String(), Findings: ids})
		}
	}
}
