package segmentation

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Bounds of what is kept about logons.
const (
	maxPairs    = 1 << 16 // pairs of hosts
	maxAccounts = 4       // accounts of a pair
	maxLogged   = 1 << 14 // logons that only a host's log tells of
)

type pair struct{ from, to netip.Addr }

// Access is what is known of who administers one host from another.
type Access struct {
	Accounts []string   // that were used from the one on the other, the first few
	Used     []string   // what was done there that only an administrator may, the first few
	Ref      record.Ref // where the first of these is said
}

// logged is a logon that a host's log tells of.
type logged struct {
	from     netip.Addr
	to       string // host
	protocol string
}

// logons are what records say about accounts used between hosts.
type logons struct {
	pairs map[pair]*Access
	logs  map[logged]*Flow
	by    map[logged][]string // accounts
	lost  uint64
}

func newLogons() *logons {
	return &logons{pairs: map[pair]*Access{}, logs: map[logged]*Flow{}, by: map[logged][]string{}}
}

func (l *logons) of(from, to netip.Addr, ref record.Ref) *Access {
	k := pair{from.Unmap(), to.Unmap()}
	a := l.pairs[k]
	if a == nil {
		if len(l.pairs) >= maxPairs {
			l.lost++
			return nil
		}
		a = &Access{Ref: ref}
		l.pairs[k] = a
	}
	return a
}

func (l *logons) used(from, to netip.Addr, what string, ref record.Ref) {
	if a := l.of(from, to, ref); a != nil && len(a.Used) < maxAccounts && !slices.Contains(a.Used, what) {
		a.Used = append(a.Used, what)
	}
}

func (l *logons) account(from, to netip.Addr, name string, ref record.Ref) {
	if len(name) > 128 {
		name = name[:128]
	}
	if a := l.of(from, to, ref); a != nil && len(a.Accounts) < maxAccounts && !slices.Contains(a.Accounts, name) {
		a.Accounts = append(a.Accounts, name)
	}
}

// logon takes note of a logon from another host that a host's log tells of.
// Type 10 is a remote desktop (Windows event 4624).
func (t *Traffic) logon(r *host.Logon) {
	from := r.Source.Unmap()
	if r.Outcome != "success" || grouped(from) || r.Host == "" || r.Target == "" {
		return
	}
	k := logged{from: from, to: strings.ToLower(r.Host)}
	switch {
	case r.LogonType == 10:
		k.protocol = "rdp"
	case strings.HasPrefix(r.Process, "sshd"):
		k.protocol = "ssh"
	case r.LogonType != 3:
		return
	}
	f := t.logons.logs[k]
	if f == nil {
		if len(t.logons.logs) >= maxLogged {
			t.logons.lost++
			return
		}
		f = &Flow{Orig: from, Transport: "tcp", Protocol: k.protocol, Outcome: passed.String(), FromLog: true}
		t.logons.logs[k] = f
	}
	t.count(f, r.TS, r.Ref)
	if by := t.logons.by[k]; len(by) < maxAccounts && !slices.Contains(by, r.Target) {
		t.logons.by[k] = append(by, r.Target)
	}
}

// withLogs adds what hosts' logs tell of to flows: remote desktops and shells
// as flows where no packets show them, and accounts.
func (t *Traffic) withLogs(flows []*Flow, address func(string) (netip.Addr, bool)) []*Flow {
	seen := map[flowName]bool{}
	for _, f := range flows {
		seen[flowName{f.Orig, f.Resp, f.Protocol}] = seen[flowName{f.Orig, f.Resp, f.Protocol}] || f.outcome == passed
	}
	keys := slices.SortedFunc(maps.Keys(t.logons.logs), func(a, b logged) int {
		return cmp.Or(a.from.Compare(b.from), cmp.Compare(a.to, b.to), cmp.Compare(a.protocol, b.protocol))
	})
	for _, k := range keys {
		to, ok := address(k.to)
		if to = to.Unmap(); !ok || to == k.from || grouped(to) {
			continue
		}
		f := *t.logons.logs[k]
		for _, name := range t.logons.by[k] {
			if !strings.HasSuffix(name, "$") {
				t.logons.account(k.from, to, name, f.FirstRef)
			}
		}
		if k.protocol == "" || seen[flowName{k.from, to, k.protocol}] || !t.inside(to) {
			continue
		}
		f.Resp, f.Port = to, logPorts[k.protocol]
		if !t.inside(k.from) {
			f.Orig, f.Outside = netip.Addr{}, []netip.Addr{k.from}
		}
		flows = append(flows, &f)
	}
	slices.SortFunc(flows, compareFlows)
	return flows
}

// flowName is a flow whatever its port.
type flowName struct {
	orig, resp netip.Addr
	protocol   string
}

// logPorts are the ports of what logs tell of, which they do not name.
var logPorts = map[string]uint16{"rdp": 3389, "ssh": 22}
