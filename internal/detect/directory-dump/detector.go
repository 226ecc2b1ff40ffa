// Package directorydump finds a client that reads much of a directory at once
// over LDAP: searches of the whole tree that ask for everybody, page by page,
// with all attributes or the security descriptors, as exporters and mappers of
// a domain do.
package directorydump

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/detect/roles"
	"longwatch/internal/finding"
	"longwatch/internal/proto/ldap"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// Detector counts entries per client.
var Detector = detect.Spec{
	ID:         "directory-dump",
	Title:      "Much of a directory read over LDAP",
	Techniques: []attack.ID{"T1087.002", "T1069.002"},
	Dossier:    []string{"VT-16"},
	New: func(env detect.Env) detect.Detector {
		return &detector{env: env, config: defaults, readers: recent.New[pair, reading](defaults.Window, 1<<12), times: map[pair]int{}}
	},
}

// Config are the thresholds.
type Config struct {
	Window  time.Duration // without a wide search, after which the next one begins another count
	Entries uint64        // read in wide searches; an address book shows fewer at a time
	Kinds   int           // different wide filters: a mapper asks for users, groups, computers, trusts
	Often   int           // as many exports are somebody's synchronisation
}

var defaults = Config{Window: 30 * time.Minute, Entries: 500, Kinds: 4, Often: 4}

const (
	manyAttributes = 10 // asked for by name, is as good as all
	maxFilters     = 64
	maxDone        = 1 << 12

	paged       = "1.2.840.113556.1.4.319" // RFC 2696
	descriptors = "1.2.840.113556.1.4.801" // MS-ADTS LDAP_SERVER_SD_FLAGS_OID
)

// detector remembers, for half an hour after the last one, the wide searches
// of each client at each server; to the end, what amounts to an export.
type detector struct {
	env     detect.Env
	config  Config
	readers *recent.Map[pair, reading]
	times   map[pair]int
	done    []*reading
	roles   roles.Servers
}

type pair struct{ orig, resp netip.Addr }

type reading struct {
	pair              pair
	trail             detect.Trail
	filters           []string
	entries, bytes    uint64
	searches          int
	whole, sd, paging bool
	last              record.Ref
	done              *reading
}

// Handlers subscribes to wide searches.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(wide, d.search),
		detect.OnIf(roles.Serves, func(c *network.Conn, _ detect.Reporter) { d.roles.Learn(c) }),
		detect.AtEnd(d.judge),
	}
}

// wide tells whether a search goes over a whole domain and asks for a kind of
// object rather than for one.
func wide(s *ldap.Search) bool {
	if s.Scope != "tree" || s.OrigH == s.RespH || !domain(s.BaseObject) || s.Result != "" && s.Result != "success" && !strings.Contains(s.Result, "limit") {
		return false
	}
	f := strings.ToLower(s.Filter)
	if f == "" || strings.Contains(f, "samaccountname=") && !strings.Contains(f, "samaccountname=*") || strings.Contains(f, "objectsid=") ||
		strings.Contains(f, "objectguid=") || strings.Contains(f, "cn=") && !strings.Contains(f, "cn=*") || strings.Contains(f, "mail=") && !strings.Contains(f, "mail=*") {
		return false // looks for somebody
	}
	return strings.Contains(f, "objectclass=") || strings.Contains(f, "objectcategory=") || strings.Contains(f, "samaccounttype=") ||
		strings.Contains(f, "=*)") || strings.Contains(f, "serviceprincipalname") || strings.Contains(f, "primarygroupid=")
}

// domain tells whether a base is the root of a domain or of its configuration.
func domain(base string) bool {
	b := strings.ToLower(strings.TrimSpace(base))
	b = strings.TrimPrefix(strings.TrimPrefix(b, "cn=schema,"), "cn=configuration,")
	return b == "" || strings.HasPrefix(b, "dc=") || strings.HasPrefix(b, "o=")
}

func (d *detector) search(s *ldap.Search, _ detect.Reporter) {
	k := pair{s.OrigH, s.RespH}
	r := d.readers.At(k, s.TS)
	if r.last == s.Ref || !r.trail.Add(s) {
		return
	}
	r.pair, r.last = k, s.Ref
	r.searches++
	r.entries += s.Results
	r.bytes += s.Returned
	r.whole = r.whole || s.Results > 0 && (len(s.Wanted) == 0 || slices.Contains(s.Wanted, "*") || len(s.Wanted) >= manyAttributes)
	r.sd = r.sd || slices.Contains(s.Controls, descriptors) || slices.ContainsFunc(s.Wanted, func(a string) bool { return strings.EqualFold(a, "ntSecurityDescriptor") })
	r.paging = r.paging || slices.Contains(s.Controls, paged)
	if len(r.filters) < maxFilters && !slices.Contains(r.filters, s.Filter) {
		r.filters = append(r.filters, s.Filter)
	}
	export := r.entries >= d.config.Entries && (r.whole || r.sd)
	mapper := len(r.filters) >= d.config.Kinds && r.paging && (r.sd || r.entries >= d.config.Entries)
	if r.done == nil && (export || mapper) && len(d.done) < maxDone {
		r.done = &reading{}
		d.times[k]++
		d.done = append(d.done, r.done)
	}
	if r.done != nil {
		done := r.done
		*done = *r
	}
}

func (d *detector) judge(out detect.Reporter) {
	for _, r := range d.done {
		severity, confidence := finding.Medium, uint8(50)
		why := []string{finding.Because("%v read %d entries (%d bytes) of the directory of %v in %d searches of the whole tree within %v, with %d filters, as %q",
			r.pair.orig, r.entries, r.bytes, r.pair.resp, r.searches, r.trail.Span.End.Sub(r.trail.Span.Start).Round(time.Second), len(r.filters), r.filters[0])}
		if r.whole {
			why = append(why, "it asked for all attributes or for very many")
		}
		if r.sd {
			confidence += 10
			why = append(why, "it asked for security descriptors: who may change what, which maps of ways to an administrator are made of")
		}
		switch {
		case d.times[r.pair] >= d.config.Often:
			severity, confidence = finding.Low, 30
			why = append(why, finding.Because("it does so again and again (%d times), as a synchronisation does", d.times[r.pair]))
		case d.roles.Is(r.pair.orig):
			severity, confidence = finding.Low, 40
			why = append(why, "it is a server that others use, such as mail or identity management")
		}
		out.Report(r.trail.Finding(severity, confidence, why...))
	}
}
