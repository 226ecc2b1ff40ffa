// Package rpcenumeration finds a host that asks others over RPC who they are:
// which shares, sessions and users they have, who is in which group. Calls are
// told by interface and number, since tools disagree about their names, and
// counted by kind, since one kind alone is a program's routine.
package rpcenumeration

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/proto/dcerpc"
)

// Detector counts enumerating calls of a client within five minutes.
var Detector = detect.Spec{
	ID:         "rpc-enumeration",
	Title:      "Hosts asked over RPC for shares, sessions and users",
	Techniques: []attack.ID{"T1135", "T1049", "T1087.002", "T1069.002"},
	Dossier:    []string{"TH-06"},
	New: func(detect.Env) detect.Detector {
		return &detector{clients: recent.New[netip.Addr, questions](window, 1<<12)}
	},
}

const (
	window     = 5 * time.Minute
	leastCalls = 5 // as BZAR counts by default
	leastKinds = 3
	maxTargets = 1 << 10
)

// call is an operation of an interface.
type call struct {
	uuid  string
	opnum uint16
}

const (
	srvsvc = "4b324fc8-1670-01d3-1278-5a47bf6ee188" // MS-SRVS
	wkssvc = "6bffd098-a112-3610-9833-46c3f87e345a" // MS-WKST
	samr   = "12345778-1234-abcd-ef00-0123456789ac" // MS-SAMR
	lsarpc = "12345778-1234-abcd-ef00-0123456789ab" // MS-LSAT
)

// calls are those that list something, by what they list.
var calls = map[call]string{
	{srvsvc, 15}: "shares", {srvsvc, 12}: "sessions", {wkssvc, 2}: "logged on users",
	{samr, 13}: "users of the domain", {samr, 25}: "members of groups", {samr, 33}: "members of local groups", {samr, 11}: "groups of the domain", {samr, 15}: "local groups",
	{samr, 40}: "accounts with their details", {samr, 48}: "accounts with their details", {samr, 51}: "accounts with their details",
	{lsarpc, 14}: "names of accounts", {lsarpc, 15}: "accounts by their numbers", {lsarpc, 57}: "accounts by their numbers", {lsarpc, 58}: "names of accounts", {lsarpc, 68}: "names of accounts",
}

// detector remembers, for five minutes, what each client asked.
type detector struct {
	clients *recent.Map[netip.Addr, questions]
}

type questions struct {
	trail   detect.Trail
	calls   int
	kinds   map[string]int
	targets []netip.Addr
	told    bool
}

// Handlers subscribes to calls that were answered.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(func(c *dcerpc.Call) bool {
		return c.Fault == "" && c.OrigH != c.RespH && calls[call{strings.ToLower(c.UUID), c.Opnum}] != ""
	}, d.call)}
}

func (d *detector) call(c *dcerpc.Call, out detect.Reporter) {
	q := d.clients.At(c.OrigH, c.TS)
	if !q.trail.Add(c) {
		return
	}
	q.calls++
	if q.kinds == nil {
		q.kinds = map[string]int{}
	}
	q.kinds[calls[call{strings.ToLower(c.UUID), c.Opnum}]]++
	if !slices.Contains(q.targets, c.RespH) && len(q.targets) < maxTargets {
		q.targets = append(q.targets, c.RespH)
	}
	if q.told || q.calls < leastCalls || len(q.kinds) < leastKinds {
		return
	}
	q.told = true
	severity, confidence := finding.Low, uint8(45)
	if len(q.targets) > 2 {
		severity, confidence = finding.Medium, 55
	}
	kinds := slices.SortedFunc(maps.Keys(q.kinds), func(a, b string) int { return cmp.Or(q.kinds[b]-q.kinds[a], strings.Compare(a, b)) })
	f := q.trail.Finding(severity, confidence,
		finding.Because("%v asked %d hosts %d times within five minutes for %s", c.OrigH, len(q.targets), q.calls, strings.Join(kinds, ", ")),
		"could also be: a scanner of vulnerabilities, a backup or an inventory, which have hosts of their own")
	f.Ask = []string{finding.Because("Does %v belong to somebody who administers others?", c.OrigH)}
	out.Report(f)
}
