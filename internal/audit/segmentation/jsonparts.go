package segmentation

import (
	"net/netip"

	"longwatch/internal/record"
)

// The shapes of how far an intruder could go, of what changed and of what is
// suggested.
type (
	jsonReach struct {
		From    string        `json:"from"`
		Name    string        `json:"name,omitempty"`
		Seen    bool          `json:"seen"`
		Verdict string        `json:"verdict"`
		Sure    []jsonReached `json:"sure"`
		Likely  []jsonReached `json:"likely"`
	}
	jsonReached struct {
		Host  string     `json:"host"`
		Name  string     `json:"name,omitempty"`
		Role  string     `json:"role,omitempty"`
		Zone  string     `json:"zone"`
		Level string     `json:"level"`
		Steps int        `json:"steps"`
		Open  []jsonOpen `json:"open"`
		Path  []jsonHop  `json:"path"`
		Taken []jsonHop  `json:"taken,omitempty"`      // way to the host itself, when a service gives it
		More  int        `json:"more_later,omitempty"` // services that need more steps
	}
	jsonOpen struct {
		Service string    `json:"service"`
		Ground  Ground    `json:"ground"`
		Refs    []jsonRef `json:"refs,omitempty"`
	}
	jsonHop struct {
		From     string    `json:"from"`
		To       string    `json:"to"`
		Service  string    `json:"service"`
		Ground   Ground    `json:"ground"`
		Accounts []string  `json:"accounts,omitempty"`
		Used     []string  `json:"used,omitempty"`
		Refs     []jsonRef `json:"refs,omitempty"`
	}
	jsonDrift struct {
		Verdict     string       `json:"verdict"`
		BeforeStart string       `json:"before_start,omitempty"`
		BeforeEnd   string       `json:"before_end,omitempty"`
		Changes     []jsonChange `json:"changes"`
		Hosts       []jsonHost   `json:"hosts"`
	}
	jsonChange struct {
		Kind    string    `json:"kind"`
		From    string    `json:"from"`
		To      string    `json:"to"`
		Service string    `json:"service"`
		Why     string    `json:"why"`
		Finding bool      `json:"finding,omitempty"`
		Now     uint64    `json:"now"`
		Before  uint64    `json:"before"`
		Added   []string  `json:"added,omitempty"`
		Removed []string  `json:"removed,omitempty"`
		First   string    `json:"first,omitempty"`
		Refs    []jsonRef `json:"refs,omitempty"`
	}
	jsonHost struct {
		Host string `json:"host"`
		Zone string `json:"zone"`
		Gone bool   `json:"gone,omitempty"`
	}
	jsonPolicy struct {
		Verdict  string        `json:"verdict"`
		Admitted uint64        `json:"admitted"`
		Missed   uint64        `json:"missed,omitempty"`
		Refused  uint64        `json:"refused"`
		Left     uint64        `json:"left,omitempty"`
		Conduits []yamlConduit `json:"conduits"`
	}
)

func (r *Report) jsonReach(x *Reach) jsonReach {
	return jsonReach{From: end(x.From, false), Name: r.name(x.From), Seen: x.Seen, Verdict: r.ReachVerdict(x), Sure: r.jsonReached(x.Sure), Likely: r.jsonReached(x.Likely)}
}

func (r *Report) jsonReached(list []Reached) []jsonReached {
	out := make([]jsonReached, 0, len(list))
	for i := range list {
		x := &list[i]
		z := r.Zoning.Zones[x.Zone]
		j := jsonReached{Host: end(x.Host, false), Name: r.name(x.Host), Role: r.role(x.Host), Zone: z.Name, Level: z.Level.String(), Steps: x.Steps, Path: jsonHops(x.Path), Taken: jsonHops(x.Taken), More: x.Elsewise}
		for _, o := range x.Open {
			j.Open = append(j.Open, jsonOpen{o.Service, o.Ground, jsonRefs([]record.Ref{o.Ref})})
		}
		out = append(out, j)
	}
	return out
}

func jsonHops(path []Hop) (out []jsonHop) {
	for i := range path {
		h := &path[i]
		out = append(out, jsonHop{end(h.From, false), end(h.To, false), h.Service, h.Ground, h.Accounts, h.Used, jsonRefs([]record.Ref{h.Ref})})
	}
	return out
}

func (r *Report) jsonDrift() *jsonDrift {
	d := r.Drift
	if d == nil {
		return nil
	}
	out := &jsonDrift{Verdict: r.DriftVerdict(), BeforeStart: when(d.Before.Start), BeforeEnd: when(d.Before.End), Changes: []jsonChange{}, Hosts: []jsonHost{}}
	for i := range d.Changes {
		c := &d.Changes[i]
		out.Changes = append(out.Changes, jsonChange{
			Kind: c.Kind, From: r.Zoning.Zones[c.From].Name, To: r.Zoning.Zones[c.To].Name, Service: c.Service, Why: c.Why, Finding: c.Blamed, Now: c.now, Before: c.then,
			Added: ends(c.Added), Removed: ends(c.Removed), First: when(c.First), Refs: jsonRefs(c.Refs),
		})
	}
	for _, h := range d.Hosts {
		out.Hosts = append(out.Hosts, jsonHost{h.Host.String(), r.Zoning.Zones[h.Zone].Name, h.Gone})
	}
	return out
}

func ends(hosts []netip.Addr) (out []string) {
	for _, a := range hosts {
		out = append(out, end(a, false))
	}
	return out
}

func (r *Report) jsonPolicy() *jsonPolicy {
	x := r.Policy
	out := &jsonPolicy{Verdict: r.PolicyVerdict(), Admitted: x.Admitted, Missed: x.Missed, Refused: x.Refused, Left: x.Left, Conduits: []yamlConduit{}}
	for i := range x.Zoning.Conduits {
		out.Conduits = append(out.Conduits, x.Zoning.Conduits[i].yaml())
	}
	return out
}
