package sigma

import (
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

const (
	maxReasons = 12  // sentences about what matched
	maxQuote   = 300 // bytes quoted of one value
)

// Firing is a rule that is true of a record. It is valid only until emit
// returns.
type Firing struct {
	Rule   *Rule
	view   *view
	record record.Record
}

// Claim is the finding without its reasons, which cost more than all the rest:
// for one that joins many firings they are needed once. It is not sealed.
func (x *Firing) Claim() finding.Finding {
	r, head := x.Rule, x.record.Base()
	return finding.Finding{
		Detector: r.detector, Title: r.Title, Severity: r.Level, Confidence: r.confidence(),
		Start: head.TS, End: head.TS, Entities: x.view.entitiesOf(x.record),
		Techniques: r.Techniques, Dossier: r.Dossier, Refs: []record.Ref{head.Ref},
	}
}

// entitiesOf is entities, asked once for all rules that are true of a record.
// Nobody may write to what it returns.
func (v *view) entitiesOf(rec record.Record) []record.Entity {
	if v.entities == nil {
		v.entities = slices.Clip(finding.Tidy(entities(rec)))
	}
	return v.entities
}

// Why is the finding's reasons.
func (x *Firing) Why() []string {
	r := x.Rule
	x.view.grant()
	why := r.reasons(x.view, r.cond, nil)
	if len(why) == 0 {
		why = append(why, "the record has none of what the rule leaves out")
	}
	if len(why) > maxReasons {
		why[maxReasons] = "and more"
	}
	if _, ok := x.record.(*host.RecoveredEvent); ok {
		why = append(why, "the event was recovered from bytes that the log no longer uses")
	}
	return append(why, r.closing...)
}

// Finding is the whole finding, sealed.
func (x *Firing) Finding() finding.Finding {
	f := x.Claim()
	f.Techniques, f.Dossier, f.Entities = slices.Clone(f.Techniques), slices.Clone(f.Dossier), slices.Clone(f.Entities)
	f.Why = x.Why()
	f.Seal()
	return f
}

// closes says what else it could be, and who wrote the rule. It is made once,
// when the rule is compiled.
func (r *Rule) closes() (why []string) {
	for i, p := range r.FalsePositives {
		if l := strings.ToLower(p); i < 4 && l != "unknown" && l != "none" {
			why = append(why, finding.Because("could also be: %s", short(p)))
		}
	}
	if r.Author != "" {
		return append(why, finding.Because("Sigma rule %q by %s", r.Title, short(r.Author)))
	}
	return append(why, finding.Because("Sigma rule %q", r.Title))
}

// confidence is how sure a rule is, by how long it has been in use.
func (r *Rule) confidence() uint8 {
	switch r.Status {
	case "stable":
		return 75
	case "experimental":
		return 50
	case "deprecated", "unsupported":
		return 30
	}
	return 60
}

// reasons appends a sentence for each thing asked that was found, in the order
// of the rule. What is under a "not" was not found and gives no reason.
func (r *Rule) reasons(v *view, n *node, why []string) []string {
	x := reasoner{v: v, why: why}
	x.visit(n)
	return x.why
}

type reasoner struct {
	v         *view
	selection string
	why       []string
}

// visit tells whether n is true, and says why if it is.
func (x *reasoner) visit(n *node) bool {
	switch n.op {
	case opSelect:
		before := x.selection
		x.selection = n.name
		ok := x.visit(n.kids[0])
		x.selection = before
		return ok
	case opAtom:
		return x.atom(n.atom)
	case opAnd:
		had := len(x.why)
		for _, k := range n.kids {
			if !x.visit(k) {
				x.why = x.why[:had]
				return false
			}
		}
		return true
	case opOr, opCount:
		least := max(n.need, 1)
		for _, k := range n.kids {
			if x.visit(k) {
				least--
			}
		}
		return least <= 0
	}
	return n.eval(x.v)
}

// atom is visit for what asks for one thing.
func (x *reasoner) atom(a *atom) bool {
	says := ""
	if len(x.why) > maxReasons {
		return a.eval(x.v)
	}
	switch a.kind {
	case testNull, testExists:
		if !a.eval(x.v) {
			return false
		}
		what := "is empty"
		if a.kind == testExists {
			what = "is not there"
			if a.want {
				what = "is there"
			}
		}
		says = finding.Because("%s: %s %s", x.selection, a.name, what)
	default:
		i, ok := a.find(x.v)
		if !ok {
			return false
		}
		says = finding.Because("%s: %s matches %q", x.selection, a.name, short(x.v.vals[i].text))
	}
	if !slices.Contains(x.why, says) {
		x.why = append(x.why, says)
	}
	return true
}

func short(s string) string {
	if len(s) > maxQuote {
		return strings.Clone(s[:maxQuote]) + "…"
	}
	return s
}

// entities are what the finding is about. Windows events name people and
// addresses in fields that only their meaning tells.
func entities(rec record.Record) []record.Entity {
	out := rec.RecordType().Entities(rec)
	var x *host.Event
	switch e := rec.(type) {
	case *host.Event:
		x = e
	case *host.RecoveredEvent:
		x = &e.Event
	case *host.Process:
		return append(out, mentioned(e.CommandLine)...)
	default:
		return out
	}
	user := func(domain, name, role string) {
		if name == "" || name == "-" || strings.HasSuffix(name, "$") && role == "" {
			return
		}
		if domain != "" && domain != "-" {
			name = domain + `\` + name
		}
		out = append(out, record.Entity{Kind: "user", Value: name, Role: role})
	}
	if u := x.Get("User"); u != "" {
		user("", u, "")
	}
	user(x.Get("SubjectDomainName"), x.Get("SubjectUserName"), "")
	user(x.Get("TargetDomainName"), x.Get("TargetUserName"), "target")
	for _, a := range [...]struct{ field, role string }{
		{"IpAddress", "originator"}, {"SourceIp", "originator"}, {"SourceAddress", "originator"}, {"DestinationIp", "responder"}, {"DestAddress", "responder"},
	} {
		if ip, err := netip.ParseAddr(x.Get(a.field)); err == nil && !ip.IsUnspecified() {
			out = append(out, record.Entity{Kind: "address", Value: ip.Unmap().String(), Role: a.role})
		}
	}
	out = append(out, mentioned(x.Get("CommandLine"))...)
	for _, n := range [...]string{"Image", "NewProcessName", "SourceImage"} {
		if p := x.Get(n); p != "" {
			out = append(out, record.Entity{Kind: "process", Value: p})
			break
		}
	}
	return out
}

// maxMentioned bounds the addresses taken from one command line.
const maxMentioned = 8

// mentioned are the public addresses that a command line names: where a tunnel
// leads, where a file is fetched from.
func mentioned(line string) []record.Entity {
	if strings.Count(line, ".") < 3 {
		return nil
	}
	var out []record.Entity
	for word := range strings.FieldsFuncSeq(line, func(r rune) bool { return (r < '0' || r > '9') && r != '.' }) {
		if strings.Count(word, ".") != 3 || len(out) == maxMentioned {
			continue
		}
		ip, err := netip.ParseAddr(word)
		if err == nil && ip.IsGlobalUnicast() && !ip.IsPrivate() {
			e := record.Entity{Kind: "address", Value: ip.String(), Role: "responder"}
			if !slices.Contains(out, e) {
				out = append(out, e)
			}
		}
	}
	return out
}
