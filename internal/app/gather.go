package app

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/intel"
	"longwatch/internal/record"
	"longwatch/internal/rules/sigma"
)

// maxGatherRefs is how many places a gathered finding cites.
const maxGatherRefs = 12

// gathered is one claim that many records support.
type gathered struct {
	finding.Finding
	count int
	refs  []timedRef // earliest first, at most maxGatherRefs
}

type timedRef struct {
	ts  record.Time
	ref record.Ref
}

func compareRefs(a, b timedRef) int {
	return cmp.Or(cmp.Compare(a.ts, b.ts), cmp.Compare(a.ref.File, b.ref.File), cmp.Compare(a.ref.Pos, b.ref.Pos))
}

// gather joins findings of rules and indicators, which judge one record at a
// time, into one finding for each claim: the same rule or indicator, the same
// hosts and account, the same day. It is the same in every order of arrival.
type gather struct{ byKey map[string]*gathered }

func newGather() *gather { return &gather{byKey: map[string]*gathered{}} }

// key names the claim. Entities that vary from record to record, such as
// processes, are left out.
func key(f *finding.Finding) string {
	if strings.HasPrefix(f.Detector, "intel:") {
		return intel.Key(f)
	}
	var b strings.Builder
	b.WriteString(f.Detector)
	day := int64(f.Start) / int64(24*time.Hour)
	fmt.Fprintf(&b, "\x00%d", day)
	for _, e := range f.Entities {
		switch e.Kind {
		case "host", "user", "address":
			b.WriteString("\x00" + e.Kind + "=" + e.Value)
		case "file":
			if strings.HasPrefix(f.Detector, "yara:") {
				fmt.Fprintf(&b, "\x00file=%d", bucket(e.Value))
			}
		}
	}
	return b.String()
}

// maxFiles is about how many files a rule about files is told of one by one.
const maxFiles = 512

// bucket joins files by name once there are too many to tell apart.
func bucket(name string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return h.Sum32() % maxFiles
}

// add takes a finding about one record.
func (g *gather) add(f finding.Finding) {
	k := key(&f)
	x := g.byKey[k]
	if x == nil {
		x = &gathered{Finding: f}
		g.byKey[k] = x
	}
	x.merge(&gathered{Finding: f, count: 1, refs: timed(&f)})
}

// fired takes a rule that is true of a record. Its reasons are asked for only
// where they stand: those of the earliest record.
func (g *gather) fired(f *sigma.Firing) {
	c := f.Claim()
	k := key(&c)
	x := g.byKey[k]
	if x == nil {
		c.Why = f.Why()
		g.byKey[k] = &gathered{Finding: c, count: 1, refs: timed(&c)}
		return
	}
	if before(&c, &x.Finding) {
		c.Why = f.Why()
	}
	x.merge(&gathered{Finding: c, count: 1, refs: timed(&c)})
}

// before orders findings about one record each.
func before(a, b *finding.Finding) bool {
	c := cmp.Compare(a.Start, b.Start)
	if c == 0 && len(a.Refs) > 0 && len(b.Refs) > 0 {
		c = compareRefs(timedRef{ref: a.Refs[0]}, timedRef{ref: b.Refs[0]})
	}
	return cmp.Or(c, cmp.Compare(a.ID, b.ID)) < 0
}

func timed(f *finding.Finding) []timedRef {
	out := make([]timedRef, 0, len(f.Refs))
	for _, r := range f.Refs {
		out = append(out, timedRef{f.Start, r})
	}
	return out
}

// merge adds what y knows to x; which of the two came first does not matter.
func (x *gathered) merge(y *gathered) {
	x.count += y.count
	x.refs = append(x.refs, y.refs...)
	slices.SortFunc(x.refs, compareRefs)
	x.refs = slices.Compact(x.refs)
	if len(x.refs) > maxGatherRefs {
		x.refs = x.refs[:maxGatherRefs]
	}
	end := max(x.End, y.End)
	if before(&y.Finding, &x.Finding) { // the earliest record's words stand
		x.Finding = y.Finding
	}
	x.End = end
}

// into moves everything to the shared gather of a hunt.
func (g *gather) into(all *gather, mu *sync.Mutex) {
	mu.Lock()
	defer mu.Unlock()
	for k, x := range g.byKey {
		if y := all.byKey[k]; y != nil {
			y.merge(x)
		} else {
			all.byKey[k] = x
		}
	}
	g.byKey = map[string]*gathered{}
}

// findings are the claims, sealed.
func (g *gather) findings() []finding.Finding {
	out := make([]finding.Finding, 0, len(g.byKey))
	for _, x := range g.byKey {
		f := x.Finding
		f.Refs = f.Refs[:0:0]
		for _, r := range x.refs {
			f.Refs = append(f.Refs, r.ref)
		}
		if x.count > 1 {
			f.Why = append(slices.Clone(f.Why), finding.Because("seen %d times from %v to %v", x.count, f.Start, f.End))
		}
		f.Seal()
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b finding.Finding) int { return finding.Compare(&a, &b) })
	return out
}
