package segmentation

import (
	"encoding/json"
	"io"
	"net/netip"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// The shapes of segmentation.json. Times are RFC 3339, evidence is cited as
// findings of a case cite it.
type (
	jsonReport struct {
		Verdict     string         `json:"verdict"`
		Input       string         `json:"input,omitempty"`
		Start       string         `json:"start,omitempty"`
		End         string         `json:"end,omitempty"`
		Connections uint64         `json:"connections"`
		Given       bool           `json:"zones_given"`
		Zones       []jsonZone     `json:"zones"`
		Matrix      []jsonCrossing `json:"matrix"`
		Findings    []jsonFinding  `json:"findings"`
		Reach       []jsonReach    `json:"reach,omitempty"`
		Drift       *jsonDrift     `json:"drift,omitempty"`
		Policy      *jsonPolicy    `json:"policy,omitempty"`
		NotSeen     []string       `json:"not_seen,omitempty"`
	}
	jsonZone struct {
		Name       string       `json:"name"`
		Level      string       `json:"level"`
		Networks   []string     `json:"networks,omitempty"`
		Hosts      []string     `json:"hosts,omitempty"` // named besides the networks
		Safety     bool         `json:"safety,omitempty"`
		Confidence uint8        `json:"confidence"`
		Why        []string     `json:"why,omitempty"`
		Seen       int          `json:"hosts_seen"`
		Members    []jsonMember `json:"members,omitempty"` // of these, the first thousand
	}
	jsonMember struct {
		Host string `json:"host"`
		Name string `json:"name,omitempty"`
		Role string `json:"role,omitempty"`
	}
	jsonCrossing struct {
		From       string    `json:"from"`
		To         string    `json:"to"`
		Protocol   string    `json:"protocol"`
		Transport  string    `json:"transport"`
		Port       uint16    `json:"port,omitempty"`
		ByPort     bool      `json:"by_port,omitempty"`
		Passed     uint64    `json:"passed"`
		Unanswered uint64    `json:"unanswered,omitempty"`
		OneSided   uint64    `json:"one_sided,omitempty"`
		Changes    uint64    `json:"changing_operations,omitempty"`
		Bytes      uint64    `json:"bytes"`
		First      string    `json:"first,omitempty"`
		Last       string    `json:"last,omitempty"`
		FromHosts  int       `json:"from_hosts"`
		ToHosts    int       `json:"to_hosts"`
		Refs       []jsonRef `json:"refs,omitempty"`
	}
	jsonFinding struct {
		ID         string           `json:"id"`
		Rules      []string         `json:"rules"`
		Title      string           `json:"title"`
		Severity   finding.Severity `json:"severity"`
		Confidence uint8            `json:"confidence"`
		From       string           `json:"from"`
		To         string           `json:"to"`
		Service    string           `json:"service"`
		Outcome    string           `json:"outcome,omitempty"`
		Count      uint64           `json:"count"`
		Changes    uint64           `json:"changing_operations,omitempty"`
		First      string           `json:"first,omitempty"`
		Last       string           `json:"last,omitempty"`
		Why        []string         `json:"why"`
		Do         string           `json:"do"`
		Pairs      []jsonPair       `json:"pairs,omitempty"`
		More       int              `json:"more_pairs,omitempty"`
		Refs       []jsonRef        `json:"refs,omitempty"`
	}
	jsonPair struct {
		From    string    `json:"from"`
		To      string    `json:"to"`
		Outside []string  `json:"outside,omitempty"`
		Count   uint64    `json:"count"`
		Changes uint64    `json:"changing_operations,omitempty"`
		What    []string  `json:"what,omitempty"`
		First   string    `json:"first,omitempty"`
		Last    string    `json:"last,omitempty"`
		Refs    []jsonRef `json:"refs,omitempty"`
	}
	jsonRef struct {
		File   string `json:"file"`
		Offset *int64 `json:"offset,omitempty"`
		Line   *int64 `json:"line,omitempty"`
		Record *int64 `json:"record,omitempty"`
	}
)

const maxMembers = 1000 // hosts of a zone that are listed

// JSON writes the report for programs.
func (r *Report) JSON(w io.Writer) error {
	out := jsonReport{
		Verdict: r.Verdict(), Input: r.Options.Input, Start: when(r.Traffic.Span.Start), End: when(r.Traffic.Span.End), Connections: r.Traffic.Conns,
		Given: r.Zoning.Given, NotSeen: r.Gaps, Matrix: []jsonCrossing{}, Findings: []jsonFinding{},
	}
	for _, i := range r.zones() {
		out.Zones = append(out.Zones, r.jsonZone(r.Zoning.Zones[i]))
	}
	for _, c := range r.Crossing {
		from, to := hostsOf(c.flows)
		out.Matrix = append(out.Matrix, jsonCrossing{
			From: r.Zoning.Zones[c.From].Name, To: r.Zoning.Zones[c.To].Name, Protocol: c.Protocol, Transport: c.Transport, Port: c.Port, ByPort: c.ByPort,
			Passed: c.Passed, Unanswered: c.Unanswered, OneSided: c.OneSided, Changes: c.Changes, Bytes: c.Bytes, First: when(c.First), Last: when(c.Last),
			FromHosts: len(from), ToHosts: len(to), Refs: jsonRefs(c.Refs),
		})
	}
	for _, f := range r.Findings {
		out.Findings = append(out.Findings, r.jsonFinding(f))
	}
	for _, x := range r.Reaches {
		out.Reach = append(out.Reach, r.jsonReach(x))
	}
	out.Drift, out.Policy = r.jsonDrift(), r.jsonPolicy()
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(out)
}

func (r *Report) jsonZone(z *Zone) jsonZone {
	out := jsonZone{Name: z.Name, Level: z.Level.String(), Safety: z.Safety, Confidence: z.Confidence, Why: z.Why, Seen: len(z.members)}
	for _, n := range z.Networks {
		out.Networks = append(out.Networks, n.String())
	}
	for _, h := range z.Hosts {
		out.Hosts = append(out.Hosts, h.String())
	}
	for i, h := range z.Members() {
		if i == maxMembers {
			break
		}
		out.Members = append(out.Members, jsonMember{h.String(), r.name(h), r.role(h)})
	}
	return out
}

func (r *Report) jsonFinding(f *Finding) jsonFinding {
	out := jsonFinding{
		ID: f.ID, Rules: f.Rules, Title: f.Title, Severity: f.Severity, Confidence: f.Confidence, From: r.Zoning.Zones[f.From].Name, To: r.Zoning.Zones[f.To].Name,
		Service: f.Service, Outcome: f.Outcome, Count: f.Count, Changes: f.Changes, First: when(f.First), Last: when(f.Last), Why: f.Why, Do: f.Do, More: f.More, Refs: jsonRefs(f.Refs),
	}
	for i := range f.Pairs {
		p := &f.Pairs[i]
		x := jsonPair{From: end(p.Orig, p.Folded), To: end(p.Resp, p.Folded), Count: p.Count, Changes: p.Changes, What: p.What, First: when(p.First), Last: when(p.Last), Refs: jsonRefs(p.Refs)}
		for _, a := range p.Outside {
			x.Outside = append(x.Outside, a.String())
		}
		out.Pairs = append(out.Pairs, x)
	}
	return out
}

// end is one end of a pair: an address, a network, or internet.
func end(a netip.Addr, folded bool) string {
	switch {
	case !a.IsValid():
		return internetZone
	case folded:
		return network24(a).String()
	}
	return a.String()
}

func when(t record.Time) string {
	if t == 0 {
		return ""
	}
	return t.Std().Format(time.RFC3339Nano)
}

func jsonRefs(refs []record.Ref) []jsonRef {
	var out []jsonRef
	for _, r := range refs {
		if r.File == "" {
			continue
		}
		j, pos := jsonRef{File: r.File}, r.Pos
		switch r.Kind {
		case record.RefOffset:
			j.Offset = &pos
		case record.RefLine:
			j.Line = &pos
		case record.RefRecord:
			j.Record = &pos
		case record.RefFile:
		}
		out = append(out, j)
	}
	return out
}
