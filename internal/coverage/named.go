package coverage

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/proto/dns"
	"longwatch/internal/proto/kerberos"
	"longwatch/internal/proto/ntlm"
	"longwatch/internal/proto/smb"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// names learns which own hosts there are from who is spoken to: a host whose
// logs are all missing is known by its neighbours only.
func (l *Lane) names(r record.Record) {
	switch x := r.(type) {
	case *host.Logon:
		l.name(x.SourceHost)
		l.name(x.TargetHost)
	case *ntlm.Auth:
		l.name(x.ServerDNS)
		l.name(x.Hostname)
	case *smb.Mapping:
		if server, share, ok := strings.Cut(strings.TrimPrefix(x.Path, `\\`), `\`); ok && share != "" {
			l.name(server)
		}
	case *kerberos.Exchange:
		if service, on, ok := strings.Cut(x.Service, "/"); ok && service != "krbtgt" && x.Success.V {
			l.name(on)
		}
	case *dns.Message:
		if len(x.Addresses) > 0 && !slices.ContainsFunc(x.Addresses, func(a netip.Addr) bool { return !a.IsPrivate() }) {
			l.name(x.Query)
		}
	}
}

func (l *Lane) name(n string) {
	if n == "" {
		return
	}
	if _, ok := l.named[n]; ok || len(l.named) >= maxRows {
		return
	}
	l.named[n] = struct{}{}
}

// unlogged adds hosts that others name and of which there is no log, once there
// are logs of any host.
func (r *Report) unlogged(named map[string]struct{}) {
	logged := map[string]bool{}
	any := false
	for i := range r.Sources {
		if h := r.Sources[i].Host; h != "" {
			logged[label(h)] = true
			any = any || r.Sources[i].Log
		}
	}
	if !any {
		return
	}
	for _, n := range slices.Sorted(maps.Keys(named)) {
		h := label(strings.ToLower(n))
		if h == "" || h == "localhost" || logged[h] || strings.ContainsAny(h, ":- _*") && strings.Trim(h, "-_*") == "" {
			continue
		}
		if _, err := netip.ParseAddr(n); err == nil {
			continue
		}
		logged[h] = true // told once
		r.Limits = append(r.Limits, Limit{Kind: NoLog, Host: h, Whole: true, Why: fmt.Sprintf("host %s is named by others, but the evidence has no log of its own", h)})
	}
}

// label is the first part of a host's name.
func label(h string) string {
	h, _, _ = strings.Cut(h, ".")
	return h
}
