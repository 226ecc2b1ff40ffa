package segmentation

import (
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/detect/otops"
	"longwatch/internal/proto/dcerpc"
	"longwatch/internal/proto/ntlm"
	"longwatch/internal/proto/rdp"
	"longwatch/internal/proto/smb"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
)

// Wants tells whether records of a type say something about who talks to whom.
func Wants(t *record.Type) bool {
	switch t {
	case network.ConnType, network.ARPType, smb.MappingType, dcerpc.Type, ntlm.Type, rdp.Type, host.LogonType:
		return true
	}
	return otops.Wants(t)
}

// Put takes note of one record of a type that Wants names, in any order.
func (t *Traffic) Put(r record.Record) {
	switch r := r.(type) {
	case *network.Conn:
		t.conn(r)
	case *network.ARP:
		t.neighbours(r)
	case *smb.Mapping:
		if share := shareOf(r.Path); share != "" {
			t.logons.used(r.OrigH, r.RespH, "opened the administrative share "+share, t.ref(r.Ref))
		}
	case *dcerpc.Call:
		if what := remoteWork[strings.ToLower(r.Endpoint)]; what != "" && r.Fault == "" {
			t.logons.used(r.OrigH, r.RespH, what, t.ref(r.Ref))
		}
	case *ntlm.Auth:
		if r.Username != "" && (!r.Success.Set || r.Success.V) {
			t.logons.account(r.OrigH, r.RespH, domainAccount(r.Domain, r.Username), t.ref(r.Ref))
		}
	case *rdp.Session:
		if r.Cookie != "" {
			t.logons.account(r.OrigH, r.RespH, r.Cookie, t.ref(r.Ref))
		}
	case *host.Logon:
		t.logon(r)
	default:
		t.operation(r)
	}
}

func domainAccount(domain, user string) string {
	if domain == "" {
		return user
	}
	return domain + `\` + user
}

// remoteWork are the interfaces by which a host is administered from another.
// Specifications: MS-SCMR, MS-TSCH, MS-RRP, MS-WMI.
var remoteWork = map[string]string{
	"svcctl": "managed its services", "atsvc": "made scheduled tasks on it", "itaskschedulerservice": "made scheduled tasks on it", "winreg": "used its registry",
	"iwbemservices": "used its management interface (WMI)", "iwbemlevel1login": "used its management interface (WMI)", "iremotewinspool": "managed its printers",
}

// shareOf is the administrative share of a path: ADMIN$ or that of a drive.
func shareOf(path string) string {
	i := strings.LastIndexByte(path, '\\')
	s := strings.ToUpper(path[i+1:])
	if s == "ADMIN$" || len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] == '$' {
		return s
	}
	return ""
}

// operation takes note of an industrial operation that changes something.
func (t *Traffic) operation(r record.Record) {
	o, ok := otops.Of(r)
	if !ok {
		return
	}
	k := op{o.Client.Unmap(), o.Device.Unmap(), content(o.Protocol)}
	if !t.inside(k.orig) {
		k.orig = netip.Addr{}
	}
	if !t.inside(k.resp) {
		k.resp = netip.Addr{}
	}
	f := t.ops[k]
	if f == nil {
		if len(t.ops) >= maxTried {
			t.OpsLost++
			return
		}
		f = &Flow{ChangeRef: t.ref(r.Base().Ref)}
		t.ops[k] = f
	}
	f.Changes++
	what := o.Access + ": " + o.What
	if len(what) > 80 {
		what = what[:80]
	}
	if len(f.What) < maxExamples && !slices.Contains(f.What, what) {
		f.What = append(f.What, what)
	}
}
