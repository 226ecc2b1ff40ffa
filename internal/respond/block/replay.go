package block

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/casefolder"
	"longwatch/internal/domain"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/share"
	"longwatch/internal/store"
)

// Bounds of what is kept while records stream by, over all blocks. What is
// beyond them is counted.
const (
	maxTalks      = 1 << 17 // ordinary conversations
	maxIndustrial = 1 << 16 // industrial ones, which ordinary ones cannot push out
	maxAnswers    = 1 << 12 // addresses that blocked names had
	maxFunctions  = 12      // words of a protocol that a conversation lists
	maxListed     = 64      // conversations of the intruder, and uses, that an effect lists
	dynamic       = 49152   // ports from here on are taken for one, where no service is known (RFC 6335 section 6)
)

// Seen is what blocks would have cut.
type Seen struct {
	Effects []Effect `json:"effects"` // in the order of the blocks
	Records int64    `json:"records"` // that were compared
}

// Replay compares the recorded traffic of a case with blocks:
//
//	r := block.NewReplay(c, plan.Blocks)
//	pass, err := store.ReadOnce(ctx, block.InOrder(files), types, r.Take)
//	seen := r.Seen(len(pass.Damaged) > 0)
type Replay struct {
	state   replay
	records int64
}

// NewReplay is for the blocks of a case.
func NewReplay(c *casefolder.Case, blocks []Block) *Replay {
	return &Replay{state: *newReplay(c, blocks)}
}

// Take is a store.Taker.
func (r *Replay) Take(t *record.Type) (put func(record.Record), want func(*record.Field) bool) {
	compare, want := r.state.reader(t)
	if compare == nil {
		return nil, nil
	}
	return func(rec record.Record) {
		r.records++
		compare(rec)
	}, want
}

// Seen is what the blocks would have cut of what was taken; damaged says that
// some records could not be read.
func (r *Replay) Seen(damaged bool) Seen {
	return Seen{Effects: r.state.finish(r.records > 0, damaged), Records: r.records}
}

// InOrder puts look-ups of names before connections, so that the addresses of a
// blocked name are known when its connections come.
func InOrder(files []store.File) []store.File {
	rank := func(f store.File) int {
		if f.Type == "dns" || f.Type == "dns_query" {
			return 0
		}
		return 1
	}
	out := slices.Clone(files)
	slices.SortStableFunc(out, func(a, b store.File) int { return cmp.Compare(rank(a), rank(b)) })
	return out
}

// source is who saw a conversation: several logs may have the same one.
type source uint8

const (
	onWire source = iota
	atClient
	atServer
	inWebLog
	asName
	asQuery
	asServerName
	asHostName
	sources
)

// key is one client, one server, one port.
type key struct {
	client, server netip.Addr
	from, to       string // names, where there is no address
	at             Service
}

// talk is what is kept of a key.
type talk struct {
	seen       [sources]int64
	operations int64
	protocol   protocol
	service    string
	kinds      []string
	functions  []string
	first      record.Time
	last       record.Time
}

func (t *talk) count() int64 { return max(slices.Max(t.seen[:]), 1) }

// state is what is kept of a block.
type state struct {
	talks, industrial map[key]*talk
	more, moreOT      int64
	refused           int64
	ownServer         string // host whose web log names the address as its own
}

type replay struct {
	blocks    []Block
	states    []state
	byAddr    map[netip.Addr][]int
	byDomain  map[string][]int
	answers   map[netip.Addr][]int // addresses that blocked names had
	names     map[netip.Addr]string
	holds     map[string]netip.Addr // by short name in lower case; of hosts with one address
	ours      *share.Ours
	incidents map[string]*scene
	talks, ot int // kept, over all blocks
}

// scene is what an incident names.
type scene struct {
	start record.Time
	addrs map[netip.Addr]bool // of hosts touched or accessed, and of those outside
	hosts map[string]bool     // short names in lower case
}

func newReplay(c *casefolder.Case, blocks []Block) *replay {
	r := &replay{
		blocks: blocks, states: make([]state, len(blocks)), byAddr: map[netip.Addr][]int{}, byDomain: map[string][]int{}, answers: map[netip.Addr][]int{},
		names: map[netip.Addr]string{}, holds: map[string]netip.Addr{}, ours: share.OursOf(c, nil), incidents: map[string]*scene{},
	}
	byName := map[string][]netip.Addr{}
	for i := range c.Hosts {
		for _, s := range c.Hosts[i].Addresses {
			if a, err := netip.ParseAddr(s); err == nil {
				a = a.Unmap().WithZone("")
				r.names[a] = c.Hosts[i].Name
				name := strings.ToLower(short(c.Hosts[i].Name))
				byName[name] = append(byName[name], a)
			}
		}
	}
	for name, list := range byName {
		if len(list) == 1 {
			r.holds[name] = list[0]
		}
	}
	for i := range blocks {
		r.states[i] = state{talks: map[key]*talk{}, industrial: map[key]*talk{}}
		for _, a := range blocks[i].Addrs {
			r.byAddr[a] = append(r.byAddr[a], i)
		}
		if d := blocks[i].Domain; d != "" {
			r.byDomain[d] = append(r.byDomain[d], i)
		}
	}
	for _, inc := range c.Incidents {
		r.incidents[inc.ID] = sceneOf(inc, byName)
	}
	return r
}

func sceneOf(inc *finding.Incident, byName map[string][]netip.Addr) *scene {
	s := &scene{start: inc.Start, addrs: map[netip.Addr]bool{}, hosts: map[string]bool{}}
	for _, r := range inc.Reach {
		if r.Grade == finding.Possibly {
			continue
		}
		if a, err := netip.ParseAddr(r.Entity.Value); err == nil {
			s.addrs[a.Unmap().WithZone("")] = true
		} else if r.Entity.Kind == "host" || r.Entity.Kind == "device" {
			name := strings.ToLower(short(r.Entity.Value))
			s.hosts[name] = true
			for _, a := range byName[name] {
				s.addrs[a] = true
			}
		}
	}
	for _, f := range inc.Findings {
		if f.Severity < finding.Medium {
			continue
		}
		for _, e := range f.Entities {
			if a, err := netip.ParseAddr(e.Value); e.Kind == "address" && err == nil && !inner(a) {
				s.addrs[a.Unmap().WithZone("")] = true
			}
		}
	}
	return s
}

// event is one sight of one conversation.
type event struct {
	key
	source    source
	service   string
	first     record.Time
	last      record.Time
	happened  bool // false: an attempt
	operation *operation
	kind      string
	functions []string
}

// conversation gives an event to the blocks that would have cut it.
func (r *replay) conversation(e *event) {
	a, b := r.byAddr[e.client], r.byAddr[e.server]
	if len(a) == 0 && len(b) == 0 && len(r.answers) == 0 {
		return
	}
	for _, i := range a {
		r.cut(i, e)
	}
	for _, i := range b {
		if !slices.Contains(a, i) {
			r.cut(i, e)
		}
	}
	for _, i := range r.answers[e.server] {
		if _, ok := r.industrial(e); ok && !slices.Contains(a, i) && !slices.Contains(b, i) {
			r.cut(i, e)
		}
	}
}

// named gives an event to the blocks of the name that was asked for, and of
// those above it.
func (r *replay) named(name string, e *event) {
	if len(r.byDomain) == 0 || name == "" {
		return
	}
	for rest := domain.Clean(name); rest != ""; _, rest, _ = strings.Cut(rest, ".") {
		for _, i := range r.byDomain[rest] {
			x := *e
			x.server, x.to = netip.Addr{}, rest
			r.cut(i, &x)
		}
	}
}

// resolved notes that a blocked name had an address.
func (r *replay) resolved(name string, a netip.Addr) {
	if len(r.byDomain) == 0 || !a.IsValid() {
		return
	}
	for rest := domain.Clean(name); rest != ""; _, rest, _ = strings.Cut(rest, ".") {
		for _, i := range r.byDomain[rest] {
			if list := r.answers[a]; !slices.Contains(list, i) && (list != nil || len(r.answers) < maxAnswers) {
				r.answers[a] = append(list, i)
			}
		}
	}
}

// industrial names the industrial protocol of an event.
func (r *replay) industrial(e *event) (protocol, bool) {
	if e.operation != nil {
		return e.operation.protocol, true
	}
	p, ok := speaks(e.service, e.at)
	if ok && !p.safety && (safe(r.names[e.server]) || safe(r.names[e.client])) {
		p.safety = true
	}
	return p, ok
}

// cut notes that block i would have cut an event.
func (r *replay) cut(i int, e *event) {
	b, s := &r.blocks[i], &r.states[i]
	if b.Scope == Port && !slices.Contains(b.Ports, e.at) || slices.Contains(b.Keep, Flow{Client: e.client, Server: e.server, Service: e.at}) {
		return
	}
	if !e.happened {
		s.refused++
		return
	}
	p, ot := r.industrial(e)
	k, list, kept, most, more := e.key, s.talks, &r.talks, maxTalks, &s.more
	if ot {
		list, kept, most, more = s.industrial, &r.ot, maxIndustrial, &s.moreOT
	} else if e.service == "" && k.at.Port >= dynamic {
		k.at.Port = 0
	}
	t := list[k]
	if t == nil {
		if *kept >= most {
			if e.operation == nil {
				*more++
			}
			return
		}
		t = &talk{first: e.first}
		list[k] = t
		*kept++
	}
	t.note(e, p)
}

// note adds an event to a talk.
func (t *talk) note(e *event, p protocol) {
	if e.first != 0 && (t.first == 0 || e.first < t.first) {
		t.first = e.first
	}
	t.last = max(t.last, e.last)
	if p.name != "" && (t.protocol.name == "" || e.operation != nil || e.service != "") {
		p.safety = p.safety || t.protocol.safety
		t.protocol = p
	}
	if t.service == "" {
		t.service = e.service
	}
	if e.operation == nil {
		t.seen[e.source]++
		return
	}
	t.operations++
	if e.kind != "" && !slices.Contains(t.kinds, e.kind) {
		t.kinds = append(t.kinds, e.kind)
	}
	for _, w := range e.functions {
		if len(t.functions) < maxFunctions && !slices.Contains(t.functions, w) {
			t.functions = append(t.functions, w)
		}
	}
	if slices.ContainsFunc(e.functions, func(w string) bool { return strings.Contains(strings.ToLower(w), "safety") }) { // CIP Safety's classes
		t.protocol.safety = true
	}
}
