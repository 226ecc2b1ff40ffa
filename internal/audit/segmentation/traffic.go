package segmentation

import (
	"cmp"
	"net/netip"
	"slices"

	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// Bounds of what is kept. A flow takes about 400 bytes, so that traffic takes
// 150 MB at most, whatever the evidence holds.
const (
	maxFlows    = 1 << 18 // flows between hosts that passed
	maxTried    = 1 << 16 // flows that did not
	maxFolded   = 1 << 15 // flows between networks, into which what comes after these is counted, of either kind
	maxPorts    = 64      // ports told apart for two hosts; what comes after is of "many ports"
	maxNames    = 1 << 12 // protocols told apart
	maxFiles    = 1 << 16 // files of evidence whose names are shared
	maxExamples = 4       // outside addresses and words kept as examples
)

// key is what makes two connections one flow. An invalid address is the
// Internet.
type key struct {
	orig, resp netip.Addr
	port       uint16 // 0: many
	protocol   uint16 // index in names
	transport  transport
	outcome    outcome
	byPort     bool
}

// Flow is all connections from one host to one service of another with the
// same outcome.
type Flow struct {
	Orig, Resp netip.Addr // invalid: the Internet
	Folded     bool       // Orig and Resp are networks (24 bits, 64 of IPv6) of hosts that there was no room to tell apart
	Transport  string     // tcp, udp, icmp or other
	Port       uint16     // 0: many, or none
	Protocol   string     // what it is for; "unknown" when neither content nor port tells
	ByPort     bool       // the protocol is what the port is assigned to; the content did not tell
	Outcome    string     // passed, unanswered or one-sided

	Count             uint64
	OrigBytes         uint64 // payload
	RespBytes         uint64
	First, Last       record.Time
	FirstRef, LastRef record.Ref
	Outside           []netip.Addr // of the Internet, the first few
	Changes           uint64       // operations that change what a controller does
	What              []string     // a few of these, in the protocol's words
	ChangeRef         record.Ref   // the first of these
	FromLog           bool         // a host's log says so; no packets of it were seen
	outcome           outcome
	from, to          int // zones, once they are known
}

// op is what was commanded from one host to another by one protocol.
type op struct {
	orig, resp netip.Addr
	protocol   string
}

// Traffic gathers who talked to whom. It takes records one by one, keeps no
// record, and is bounded whatever they hold. It belongs to one goroutine.
type Traffic struct {
	home        []netip.Prefix
	flows       map[key]*Flow
	folded      map[key]*Flow
	tried       int // of flows, those that did not pass
	foldedTried int // likewise of folded
	ports       map[key]int
	names       map[string]uint16
	list        []string
	files       map[string]string
	ops         map[op]*Flow
	logons      *logons
	masks       map[netip.Prefix]bool          // networks wider than 24 bits, by whom hosts call in them
	links       map[link]bool                  // hosts that hear one another across networks of 24 bits, by address resolution
	claims      map[string]map[netip.Addr]bool // addresses that a hardware address says it has, a few
	claimed     int

	// What was seen and is in no flow of two hosts.
	Conns     uint64 // connections looked at
	Folded    uint64 // counted in flows between networks, for want of room
	Lost      uint64 // not even there
	Group     uint64 // to groups, to everybody, or on one link only: these cross no border
	Transit   uint64 // between two outside addresses
	Turned    uint64 // whose ends were the wrong way round
	OpsLost   uint64 // operations that there was no room to keep
	Span      record.Span
	neighbour map[netip.Prefix]bool // outside networks whose hosts were seen to talk among themselves: they are inside
}

// NewTraffic is for own networks; without any, private addresses are own.
func NewTraffic(home []netip.Prefix) *Traffic {
	return &Traffic{
		home: home, flows: map[key]*Flow{}, folded: map[key]*Flow{}, ports: map[key]int{}, names: map[string]uint16{},
		files: map[string]string{}, ops: map[op]*Flow{}, logons: newLogons(), neighbour: map[netip.Prefix]bool{}, masks: map[netip.Prefix]bool{},
		links: map[link]bool{}, claims: map[string]map[netip.Addr]bool{},
	}
}

// inside tells whether an address is of an own network.
func (t *Traffic) inside(a netip.Addr) bool {
	for _, p := range t.home {
		if p.Contains(a) {
			return true
		}
	}
	return len(t.home) == 0 && a.IsPrivate() || t.neighbour[network24(a)]
}

// grouped tells whether an address is not that of one host somewhere in the
// network.
func grouped(a netip.Addr) bool {
	if a.Is4() && a.As4()[3] == 255 {
		return true // of a network of 24 bits or more
	}
	return !a.IsValid() || a.IsMulticast() || a.IsUnspecified() || a.IsLoopback() || a.IsLinkLocalUnicast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// conn counts one connection.
func (t *Traffic) conn(c *network.Conn) {
	t.Conns++
	orig, resp, port := c.OrigH.Unmap(), c.RespH.Unmap(), c.RespP
	t.mask(c)
	if grouped(orig) || grouped(resp) || orig == resp {
		t.Group++
		return
	}
	back := turned(c)
	if back {
		t.Turned++
		orig, resp, port = resp, orig, c.OrigP
	}
	k := key{orig: orig, resp: resp, port: port, transport: transportOf(c.Proto), outcome: outcomeOf(c)}
	if back && k.outcome != passed {
		k.outcome = tried + oneSided - k.outcome // the half that was seen is the other end's
	}
	if k.transport == icmp || k.transport == otherTransport {
		k.port = 0
	}
	protocol, byPort := name(c.Service, k.transport, port)
	k.protocol, k.byPort = t.name(protocol), byPort
	if protocol == "dcerpc" && port >= 1024 || protocol == "ftp" && port >= 1024 {
		k.port = 0 // drawn anew each time
	}
	ends := [2]netip.Addr{orig, resp}
	if !t.place(&k) {
		t.Transit++
		return
	}
	f := t.flow(k)
	if f == nil {
		t.Lost++
		return
	}
	sentBytes, gotBytes := c.OrigBytes.V, c.RespBytes.V
	if back {
		sentBytes, gotBytes = gotBytes, sentBytes
	}
	f.OrigBytes += sentBytes
	f.RespBytes += gotBytes
	t.count(f, c.TS, c.Ref)
	for i, a := range ends {
		if (i == 0 && !k.orig.IsValid() || i == 1 && !k.resp.IsValid()) && len(f.Outside) < maxExamples && !slices.Contains(f.Outside, a) {
			f.Outside = append(f.Outside, a)
		}
	}
}

// place makes addresses that are not inside the Internet, and reports false
// when neither end is inside. Two hosts of one network whose packets were seen
// are inside it, whatever their addresses.
func (t *Traffic) place(k *key) bool {
	from, to := t.inside(k.orig), t.inside(k.resp)
	if !from && !to && network24(k.orig) == network24(k.resp) && len(t.neighbour) < maxNames {
		t.neighbour[network24(k.orig)] = true
		from, to = true, true
	}
	if !from {
		k.orig = netip.Addr{}
	}
	if !to {
		k.resp = netip.Addr{}
	}
	return from || to
}

func (t *Traffic) count(f *Flow, at record.Time, ref record.Ref) {
	f.Count++
	if at != 0 {
		t.Span.Grow(at)
	}
	if f.Count == 1 || at != 0 && (f.First == 0 || at < f.First) {
		f.First, f.FirstRef = at, t.ref(ref)
	}
	if at >= f.Last {
		f.Last, f.LastRef = at, t.ref(ref)
	}
}

// ref is the same place with a name that others share.
func (t *Traffic) ref(r record.Ref) record.Ref {
	name, ok := t.files[r.File]
	if !ok && len(t.files) < maxFiles {
		name = r.File
		t.files[name], ok = name, true
	}
	if ok {
		r.File = name
	}
	return r
}

func (t *Traffic) name(protocol string) uint16 {
	i, ok := t.names[protocol]
	if !ok {
		if len(t.list) >= maxNames {
			return t.name(unknown)
		}
		i = uint16(len(t.list))
		t.names[protocol], t.list = i, append(t.list, protocol)
	}
	return i
}

// flow finds the flow of a key, or makes it; nil when there is no room at all.
func (t *Traffic) flow(k key) *Flow {
	if f := t.flows[k]; f != nil {
		return f
	}
	pair := key{orig: k.orig, resp: k.resp, transport: k.transport, outcome: k.outcome}
	if k.port != 0 && t.ports[pair] >= maxPorts {
		k.port = 0
		if f := t.flows[k]; f != nil {
			return f
		}
	}
	if k.outcome == passed && len(t.flows)-t.tried < maxFlows || k.outcome != passed && t.tried < maxTried {
		t.ports[pair]++
		if k.outcome != passed {
			t.tried++
		}
		f := t.make(k, false)
		t.flows[k] = f
		return f
	}
	k.orig, k.resp = network24(k.orig).Addr(), network24(k.resp).Addr()
	if k.outcome != passed { // a scan: which ports it tried is not kept
		k.port, k.protocol, k.byPort = 0, t.name(unknown), false
	}
	f := t.folded[k]
	if f == nil && (k.outcome == passed && len(t.folded)-t.foldedTried < maxFolded || k.outcome != passed && t.foldedTried < maxFolded) {
		if k.outcome != passed {
			t.foldedTried++
		}
		f = t.make(k, true)
		t.folded[k] = f
	}
	if f != nil {
		t.Folded++
	}
	return f
}

func (t *Traffic) make(k key, folded bool) *Flow {
	return &Flow{
		Orig: k.orig, Resp: k.resp, Folded: folded, Transport: k.transport.String(), Port: k.port,
		Protocol: t.list[k.protocol], ByPort: k.byPort, Outcome: k.outcome.String(), outcome: k.outcome,
	}
}

// All are the flows in an order that does not depend on that of the records:
// by originator, responder, protocol, port, outcome.
func (t *Traffic) All() []*Flow {
	out := make([]*Flow, 0, len(t.flows)+len(t.folded))
	for _, m := range []map[key]*Flow{t.flows, t.folded} {
		for _, f := range m {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, compareFlows)
	t.addOps(out)
	return out
}

func compareFlows(a, b *Flow) int {
	return cmp.Or(a.Orig.Compare(b.Orig), a.Resp.Compare(b.Resp), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Transport, b.Transport), cmp.Compare(a.Port, b.Port),
		cmp.Compare(a.outcome, b.outcome), compareBool(a.Folded, b.Folded), compareBool(a.ByPort, b.ByPort))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// addOps tells each flow what was commanded by it.
func (t *Traffic) addOps(flows []*Flow) {
	for _, f := range flows {
		o := t.ops[op{f.Orig, f.Resp, f.Protocol}]
		if o != nil && f.outcome == passed && f.Changes == 0 {
			f.Changes, f.What, f.ChangeRef = o.Changes, o.What, o.ChangeRef
		}
	}
}
