package letter

import (
	"slices"
	"strings"

	"longwatch/internal/domain"
	lwmail "longwatch/internal/record/mail"
)

const (
	maxResults = 32      // methods of one header
	maxAuth    = 8 << 10 // bytes of one header looked at
)

// results is one Authentication-Results header (RFC 8601 section 2.2).
type results struct {
	at      int    // index of the header
	server  string // authserv-id; empty as Exchange Online leaves it out
	methods []result
}

// result is what one method found.
type result struct {
	method, value string
	props         map[string]string // ptype.property, lower case
}

// parseResults reads the value of an Authentication-Results header.
func parseResults(at int, v string) results {
	r := results{at: at}
	for n, part := range clauses(v[:min(len(v), maxAuth)]) {
		words := strings.Fields(part)
		if len(words) == 0 || len(r.methods) == maxResults {
			continue
		}
		method, value, ok := strings.Cut(words[0], "=")
		if !ok {
			if n == 0 {
				r.server = domain.Clean(words[0])
			}
			continue
		}
		method, _, _ = strings.Cut(strings.ToLower(method), "/") // a version may follow
		res := result{method: method, value: strings.ToLower(value), props: map[string]string{}}
		for _, w := range words[1:] {
			if name, v, ok := strings.Cut(w, "="); ok {
				res.props[strings.ToLower(name)] = strings.ToLower(strings.Trim(v, `"`))
			}
		}
		r.methods = append(r.methods, res)
	}
	return r
}

// clauses splits at semicolons, leaves out comments (RFC 5322 section 3.2.2),
// and minds quoted strings and blanks around signs of equality.
func clauses(s string) []string {
	var out []string
	var b strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s):
			i++
			if depth == 0 {
				b.WriteByte(s[i])
			}
		case quoted:
			quoted = c != '"'
			b.WriteByte(c)
		case depth == 0 && c == '"':
			quoted = true
			b.WriteByte(c)
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth > 0:
		case c == ';':
			out = append(out, b.String())
			b.Reset()
		default:
			b.WriteByte(c)
		}
	}
	out = append(out, b.String())
	for i := range out {
		out[i] = strings.ReplaceAll(strings.ReplaceAll(strings.Join(strings.Fields(out[i]), " "), " =", "="), "= ", "=")
	}
	return out
}

// value is the result of a method: pass if any is.
func (r *results) value(method string) string {
	v := ""
	for _, m := range r.methods {
		if m.method == method && (v == "" || m.value == "pass") {
			v = m.value
		}
	}
	return v
}

// believe takes over what a header of the receiving side says.
func (r *results) believe(m *lwmail.Message) {
	m.AuthServer = r.server
	if r.server == "" {
		m.AuthServer = "unnamed"
	}
	for method, dst := range map[string]*string{"spf": &m.SPF, "dkim": &m.DKIM, "dmarc": &m.DMARC, "arc": &m.ARC} {
		if v := r.value(method); *dst == "" || *dst != "pass" && v == "pass" {
			*dst = v
		}
	}
	for _, x := range r.methods {
		switch x.method {
		case "spf":
			for _, p := range []string{"smtp.mailfrom", "smtp.helo"} {
				if v := x.props[p]; v != "" && m.SPFDomain == "" {
					if m.SPFDomain = domain.Of(v); m.SPFDomain == "" {
						m.SPFDomain = domain.Clean(v)
					}
				}
			}
		case "dkim":
			d := x.props["header.d"]
			if d == "" {
				d = domain.Of(x.props["header.i"])
			}
			if x.value == "pass" && d != "" && !slices.Contains(m.DKIMDomains, d) {
				m.DKIMDomains = append(m.DKIMDomains, d)
			}
		}
	}
}

// field is one header of a message, in order.
type field struct{ name, value string }

// ofMessage are headers that the sender's side writes: what stands below them
// came with the message.
var ofMessage = []string{"from", "to", "subject", "date", "message-id", "mime-version", "dkim-signature", "reply-to", "content-type"}

// authenticate takes over the results that the receiving side wrote, and tells
// of those that only pretend to be its own. Header lines are added at the top:
// what stands above the first hop from outside is the receiver's for sure. A
// server may write its results below its own Received line; those count when
// they carry a name of the receiving side and no line of the message itself is
// above them.
func authenticate(m *lwmail.Message, fields []field, t *trace) {
	trusted, until := t.zone()
	first := len(fields)
	for i, f := range fields {
		if slices.Contains(ofMessage, strings.ToLower(f.name)) && i < first {
			first = i
		}
	}
	var believed, others []results
	for i, f := range fields {
		if !strings.EqualFold(f.name, "Authentication-Results") {
			continue
		}
		r := parseResults(i, f.value)
		if i < trusted || i < until && i < first && t.names(r.server) {
			believed = append(believed, r)
		} else {
			others = append(others, r)
		}
	}
	for i := range believed {
		// One server may write a line for each method; another's line, or a
		// second one for the same method, adds nothing.
		r := believed[i]
		if i > 0 && (r.server != believed[0].server || slices.ContainsFunc(r.methods, func(x result) bool { return believed[0].value(x.method) != "" })) {
			if r.server == believed[0].server && r.contradicts(&believed[0]) {
				sign(m, SignForgedResults)
			}
			continue
		}
		r.believe(m)
	}
	for i := range others {
		if r := &others[i]; r.server != "" && t.names(r.server) && r.claims() && !t.passedBefore(r.at) {
			sign(m, SignForgedResults)
		}
	}
	if m.SPF == "" && len(believed) == 0 {
		receivedSPF(m, fields, min(until, first))
	}
}

// names tells whether an authserv-id is one of the receiving side.
func (t *trace) names(server string) bool {
	if server == "" {
		return len(t.hops) > 0 && t.hops[0].exchange
	}
	return slices.Contains(t.own, domain.Registrable(server)) || slices.ContainsFunc(t.hops[:max(0, t.border+1)], func(h hop) bool { return h.by == server })
}

// passedBefore tells whether a host of the receiving side had the message
// already before header line at was written: lists within the house are sent
// out and come back.
func (t *trace) passedBefore(at int) bool {
	for i, h := range t.hops {
		if i > t.border && h.at > at && slices.Contains(t.own, domain.Registrable(h.by)) {
			return true
		}
	}
	return false
}

// claims tells whether any method is said to pass.
func (r *results) claims() bool {
	return slices.ContainsFunc(r.methods, func(x result) bool { return x.value == "pass" })
}

// contradicts tells whether r says pass where o says something else.
func (r *results) contradicts(o *results) bool {
	for _, x := range r.methods {
		if v := o.value(x.method); x.value == "pass" && v != "" && v != "pass" {
			return true
		}
	}
	return false
}

// receivedSPF takes over a Received-SPF header (RFC 7208 section 9.1) that the
// receiving side wrote.
func receivedSPF(m *lwmail.Message, fields []field, until int) {
	for i, f := range fields {
		if i >= until || !strings.EqualFold(f.name, "Received-SPF") {
			continue
		}
		value, rest, _ := strings.Cut(strings.TrimSpace(f.value), " ")
		m.SPF, m.AuthServer = strings.ToLower(value), "Received-SPF"
		if _, v, ok := strings.Cut(rest, "envelope-from="); ok {
			v, _, _ = strings.Cut(v, ";")
			m.SPFDomain = domain.Of(strings.Trim(strings.TrimSpace(v), `"<>`))
		}
		return
	}
}
