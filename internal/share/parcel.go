package share

import (
	"cmp"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"longwatch/internal/attack"
	"longwatch/internal/casefolder"
	"longwatch/internal/domain"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/stix"
	"longwatch/internal/winpath"
)

// Policy says what of a case may leave.
type Policy struct {
	Marking    TLP
	Incidents  []string         // ids; all when empty
	Least      finding.Severity // of the findings whose values are shared
	OwnDomains []string         // domains of ours besides those that the case shows
	Own        bool             // own addresses, hosts and accounts too: only for the case's own folder
	// Known tells whether a value is known to be harmless, and who says so. May be nil.
	Known func(kind, value string) (list string, ok bool)
}

// Parcel is what leaves: decided once, so that no format can hold more.
type Parcel struct {
	Marking   TLP
	Incidents []Incident
	Items     []Item     // sorted by kind and value
	Withheld  []Withheld // sorted likewise
	Span      record.Span
}

// Incident is what is told of an incident: no names, no places.
type Incident struct {
	ID          string
	Title       string // of its worst finding: words of ours, without variable parts
	Severity    finding.Severity
	Start, End  record.Time
	Findings    int
	Techniques  []attack.ID
	Confidence  map[attack.ID]uint8
	Attribution *finding.Attribution // the leading one, if any
}

// Item is one value that others can look for.
type Item struct {
	Kind       string // address, domain, url, hash, file, email, certificate, ja3, ja3s, ja4, hassh, user_agent; with Policy.Own also host, user
	Value      string
	Titles     []string // of the findings that name it
	Incidents  []string
	Techniques []attack.ID
	Severity   finding.Severity
	Confidence uint8
	First      record.Time
	Last       record.Time
	Findings   int    // how many findings name it
	Source     string // who lists it; empty: it was found, by us
	Own        bool   // ours: never an indicator
}

// Withheld is a value that stays, and why.
type Withheld struct{ Kind, Value, Why string }

// shareable are the kinds that mean something to others.
var shareable = []string{"address", "domain", "url", "hash", "file", "email", "certificate", "ja3", "ja3s", "ja4", "hassh", "user_agent"}

// Pack decides what of a case leaves.
func Pack(c *casefolder.Case, p Policy) *Parcel {
	k := &packer{policy: p, own: ownOf(c, p.OwnDomains), items: map[[2]string]*Item{}, withheld: map[[2]string]string{}}
	out := &Parcel{Marking: p.Marking}
	for _, i := range c.Incidents {
		if len(p.Incidents) > 0 && !slices.Contains(p.Incidents, i.ID) {
			continue
		}
		out.Incidents = append(out.Incidents, told(i))
		out.Span.Grow(i.Start)
		out.Span.Grow(i.End)
		for _, f := range i.Findings {
			if f.Severity < p.Least {
				continue
			}
			k.system, k.asked, k.settings = aboutSystem(f), asksNames(f), strings.HasPrefix(f.Detector, "audit-")
			for _, e := range f.Entities {
				k.entity(e, f, i)
			}
		}
	}
	for _, it := range k.items {
		slices.Sort(it.Titles)
		slices.Sort(it.Incidents)
		slices.Sort(it.Techniques)
		it.Titles, it.Incidents, it.Techniques = slices.Compact(it.Titles), slices.Compact(it.Incidents), slices.Compact(it.Techniques)
		out.Items = append(out.Items, *it)
	}
	for key, why := range k.withheld {
		out.Withheld = append(out.Withheld, Withheld{key[0], key[1], why})
	}
	slices.SortFunc(out.Items, func(a, b Item) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Value, b.Value)) })
	slices.SortFunc(out.Withheld, func(a, b Withheld) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Value, b.Value))
	})
	return out
}

func told(i *finding.Incident) Incident {
	out := Incident{ID: i.ID, Severity: i.Severity, Start: i.Start, End: i.End, Findings: len(i.Findings), Confidence: map[attack.ID]uint8{}}
	worst := finding.Info
	for _, f := range i.Findings {
		if out.Title == "" || f.Severity > worst {
			out.Title, worst = f.Title, f.Severity
		}
		for _, t := range f.Techniques {
			out.Techniques = append(out.Techniques, t)
			out.Confidence[t] = max(out.Confidence[t], f.Confidence)
		}
	}
	slices.Sort(out.Techniques)
	out.Techniques = slices.Compact(out.Techniques)
	if len(i.Attribution) > 0 && i.Attribution[0].Profile != "unattributed" {
		out.Attribution = &i.Attribution[0]
	}
	return out
}

type packer struct {
	policy   Policy
	own      *own
	items    map[[2]string]*Item
	withheld map[[2]string]string
	system   bool // the finding at hand is about the system's own programs
	asked    bool // and about names that were asked for
	settings bool // and about how something of ours is set up
}

// asksNames tells whether a finding is about questions of DNS: who answers them
// is a resolver that everybody asks.
func asksNames(f *finding.Finding) bool {
	return slices.ContainsFunc(f.Entities, func(e record.Entity) bool { return e.Kind == "domain" && (e.Role == "queried" || e.Role == "zone") })
}

// aboutSystem tells whether all programs and files of a finding are the
// system's own: then so are its digests.
func aboutSystem(f *finding.Finding) bool {
	some := false
	for _, e := range f.Entities {
		if e.Kind == "process" || e.Kind == "file" {
			if ordinary(e.Value) == "" {
				return false
			}
			some = true
		}
	}
	return some
}

func (k *packer) entity(e record.Entity, f *finding.Finding, i *finding.Incident) {
	value, note, stays := k.decide(e)
	mine := false
	if stays != "" {
		k.withheld[[2]string{e.Kind, e.Value}] = stays
		if !k.policy.Own {
			return
		}
		value, mine = e.Value, true
	} else if note != "" {
		k.withheld[[2]string{e.Kind, e.Value}] = note
	}
	kind := e.Kind
	if kind == "process" && !mine {
		kind = "file"
	}
	key := [2]string{kind, value}
	it := k.items[key]
	if it == nil {
		it = &Item{Kind: kind, Value: value, First: f.Start, Last: f.End, Own: mine}
		k.items[key] = it
	}
	it.Titles, it.Incidents, it.Techniques = append(it.Titles, f.Title), append(it.Incidents, i.ID), append(it.Techniques, f.Techniques...)
	it.Severity, it.Confidence = max(it.Severity, f.Severity), max(it.Confidence, f.Confidence)
	if f.Start != 0 && (it.First == 0 || f.Start < it.First) {
		it.First = f.Start
	}
	it.Last = max(it.Last, f.End)
	it.Findings++
}

// decide returns the form of an entity that may leave, with a note when
// something was cut off it, or why it stays.
func (k *packer) decide(e record.Entity) (value, note, stays string) {
	value = strings.ToValidUTF8(strings.TrimSpace(e.Value), "\uFFFD")
	kind := e.Kind
	if kind == "process" {
		kind = "file"
	}
	switch {
	case value == "":
		return "", "", "it is empty"
	case strings.ContainsFunc(value, func(r rune) bool { return r < 0x20 || r == 0x7f }):
		return "", "", "it holds control characters"
	case !slices.Contains(shareable, kind):
		return "", "", fmt.Sprintf("a %s says something about us and nothing to others", e.Kind)
	}
	if k.policy.Known != nil {
		if list, ok := k.policy.Known(kind, value); ok {
			return "", "", fmt.Sprintf("known to be harmless: %s", list)
		}
	}
	switch kind {
	case "address":
		if k.asked && (e.Role == "responder" || e.Role == "resolver") {
			return "", "", "a resolver that was asked"
		}
		return k.address(value)
	case "domain":
		return k.domain(value)
	case "url":
		return k.url(value)
	case "email":
		return k.email(value, e.Role)
	case "file":
		if k.settings {
			return "", "", "a place in our own configuration"
		}
		return k.file(value)
	case "user_agent":
		if slices.ContainsFunc(commonAgents, func(p string) bool { return strings.HasPrefix(strings.ToLower(value), p) }) {
			return "", "", "innocent programs say this too"
		}
		if said := k.own.says(value); said != "" {
			return "", "", fmt.Sprintf("it holds %q", said)
		}
	case "hash", "certificate":
		if k.system && kind == "hash" {
			return "", "", "the digest of a program that belongs to the system"
		}
		if stix.HashName(strings.ReplaceAll(value, ":", "")) == "" {
			return "", "", "it is no digest that others know"
		}
		return strings.ToLower(strings.ReplaceAll(value, ":", "")), "", ""
	}
	return value, "", ""
}

// resolvers are services that every network talks to.
var resolvers = []string{"8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "149.112.112.112", "208.67.222.222", "208.67.220.220"}

// services are domains that intruders and everybody else use.
var services = []string{
	"mega.nz", "mega.io", "mega.co.nz", "dropbox.com", "dropboxapi.com", "google.com", "googleapis.com", "googleusercontent.com", "gstatic.com", "microsoft.com", "live.com", "office.com", "office365.com", "outlook.com", "sharepoint.com", "windows.net",
	"windowsupdate.com", "windows.com", "azure.com", "azureedge.net", "amazonaws.com", "cloudfront.net", "github.com", "githubusercontent.com", "gitlab.com", "apple.com", "icloud.com", "facebook.com", "cloudflare.com", "akamai.net",
	"telegram.org", "discord.com", "discordapp.com", "slack.com", "pastebin.com", "digicert.com", "letsencrypt.org", "sectigo.com", "mozilla.org", "yahoo.com", "linkedin.com", "twitter.com", "youtube.com", "wikipedia.org", "pool.ntp.org",
}

func (k *packer) address(v string) (value, note, stays string) {
	a, err := netip.ParseAddr(v)
	switch {
	case err != nil:
		return "", "", "it is no address"
	case k.own.address(a):
		return "", "", "the address is ours or of a private network"
	case slices.Contains(resolvers, a.Unmap().String()):
		return "", "", "a public resolver"
	}
	return a.Unmap().WithZone("").String(), "", ""
}

func (k *packer) domain(v string) (value, note, stays string) {
	v = strings.ToLower(strings.Trim(v, "."))
	if a, err := netip.ParseAddr(v); err == nil {
		return k.address(a.String())
	}
	if k.own.domain(v) {
		return "", "", "the name is ours or only used inside"
	}
	if !domainName(v) || len(v) > maxName {
		return "", "", "it is no name that others can look for"
	}
	if slices.ContainsFunc(services, func(s string) bool { return v == s || strings.HasSuffix(v, "."+s) }) {
		return "", "", "everybody uses this service"
	}
	said := k.own.says(v)
	if said == "" && !carries(v) {
		return v, "", ""
	}
	parent := domain.Registrable(v)
	if k.own.says(lastLabels(v, 3)) != "" { // a name like ours, or ours under another suffix
		return "", "", fmt.Sprintf("it holds %q", said)
	}
	if said == "" {
		return parent, "cut to its domain: the labels before it may carry data out of our network", ""
	}
	return parent, fmt.Sprintf("cut to its domain: the labels before it hold %q", said), ""
}

// maxName is how long a name of DNS can be (RFC 1035 section 2.3.4).
const maxName = 253

func lastLabels(name string, n int) string {
	labels := strings.Split(name, ".")
	return strings.Join(labels[max(0, len(labels)-n):], ".")
}

// carries tells whether the labels of a name look like data that a tunnel
// carries rather than like a name.
func carries(name string) bool {
	if strings.Count(name, ".") > 6 {
		return true
	}
	for label := range strings.SplitSeq(name, ".") {
		if len(label) > 24 && !strings.HasPrefix(label, "xn--") {
			return true
		}
	}
	return false
}

func (k *packer) url(v string) (value, note, stays string) {
	clean, ok := uri(v)
	if !ok {
		return "", "", "it is no whole URL"
	}
	u, err := url.Parse(clean)
	if err != nil {
		return "", "", "it is no whole URL"
	}
	host := u.Hostname()
	if a, err := netip.ParseAddr(host); err == nil {
		if k.own.address(a) {
			return "", "", "the server is ours"
		}
	} else if k.own.domain(host) {
		return "", "", "the server is ours"
	}
	if u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		note = "without its query: that may hold our data"
	}
	u.RawQuery, u.Fragment, u.User, u.ForceQuery = "", "", nil, false
	if said := k.own.says(u.Path); said != "" {
		return u.Scheme + "://" + u.Host + "/", fmt.Sprintf("cut to its server: the path holds %q", said), ""
	}
	if said := k.own.says(host); said != "" {
		return "", "", fmt.Sprintf("it holds %q", said)
	}
	return u.String(), note, ""
}

func (k *packer) email(v, role string) (value, note, stays string) {
	local, domain, ok := strings.Cut(strings.ToLower(v), "@")
	switch {
	case !ok || !domainName(domain):
		return "", "", "it is no address of mail"
	case role == "recipient" || k.own.domain(domain):
		return "", "", "a person of ours"
	case k.own.words[local] || k.own.says(local) != "":
		return "", "", "its name is that of an account of ours"
	}
	return local + "@" + domain, "", ""
}

func (k *packer) file(v string) (value, note, stays string) {
	if why := ordinary(v); why != "" {
		return "", "", why
	}
	base := winpath.Base(v[strings.LastIndexByte(v, '!')+1:]) // a member of an archive follows "!"
	switch said := k.own.says(base); {
	case base == "" || len(base) > 255:
		return "", "", "it has no name"
	case said != "":
		return "", "", fmt.Sprintf("it holds %q", said)
	case base != v:
		note = "its name without its folder"
	}
	return base, note, ""
}
