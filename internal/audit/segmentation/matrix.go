package segmentation

import (
	"cmp"
	"net/netip"
	"slices"

	"longwatch/internal/record"
)

// Crossing is what passed, or tried to, from one zone to another by one
// service.
type Crossing struct {
	From, To    int // zones
	Transport   string
	Port        uint16 // 0: many, or none
	Protocol    string
	ByPort      bool   // the port alone tells the protocol
	Passed      uint64 // connections
	Unanswered  uint64
	OneSided    uint64
	Bytes       uint64 // payload both ways
	Changes     uint64 // operations that change what a controller does
	First, Last record.Time
	Refs        []record.Ref // first, last, and the first change
	flows       []*Flow
}

type crossingKey struct {
	from, to  int
	protocol  string
	transport string
	port      uint16
	byPort    bool
}

// maxScanned are services between two zones that were only tried and have a row
// of their own; what a scan tried beyond them is one row of many ports.
const maxScanned = 256

// cross sums flows up by zone, zone and service. Within a zone, only the
// diagonal of the matrix has them.
func cross(flows []*Flow) []*Crossing {
	by := map[crossingKey]*Crossing{}
	scanned := map[[2]int]int{}
	var out []*Crossing
	for _, f := range flows {
		k := crossingKey{f.from, f.to, f.Protocol, f.Transport, f.Port, f.ByPort}
		c := by[k]
		if c == nil && f.outcome == tried {
			if scanned[[2]int{f.from, f.to}]++; scanned[[2]int{f.from, f.to}] > maxScanned {
				k.protocol, k.port, k.byPort = unknown, 0, false
				c = by[k]
			}
		}
		if c == nil {
			c = &Crossing{From: k.from, To: k.to, Transport: k.transport, Port: k.port, Protocol: k.protocol, ByPort: k.byPort, First: f.First}
			by[k] = c
			out = append(out, c)
		}
		c.add(f)
	}
	slices.SortStableFunc(out, func(a, b *Crossing) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Transport, b.Transport), cmp.Compare(a.Port, b.Port), compareBool(a.ByPort, b.ByPort))
	})
	for _, c := range out {
		c.Refs = refsOf(c.flows)
	}
	return out
}

func (c *Crossing) add(f *Flow) {
	switch f.outcome {
	case passed:
		c.Passed += f.Count
	case tried:
		c.Unanswered += f.Count
	case oneSided:
		c.OneSided += f.Count
	}
	c.Bytes += f.OrigBytes + f.RespBytes
	c.Changes += f.Changes
	if f.First < c.First || c.First == 0 {
		c.First = f.First
	}
	c.Last = max(c.Last, f.Last)
	c.flows = append(c.flows, f)
}

// refsOf cites the first record, the last, and the first change of what
// flows hold.
func refsOf(flows []*Flow) []record.Ref {
	first, last := flows[0], flows[0]
	var change record.Ref
	for _, f := range flows {
		if f.First < first.First {
			first = f
		}
		if f.Last > last.Last {
			last = f
		}
		if change.File == "" {
			change = f.ChangeRef
		}
	}
	var out []record.Ref
	for _, r := range []record.Ref{first.FirstRef, change, last.LastRef} {
		if r.File != "" && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

// hostsOf are the hosts at both ends of flows.
func hostsOf(flows []*Flow) (from, to []netip.Addr) {
	seen := map[netip.Addr]uint8{}
	for _, f := range flows {
		if seen[f.Orig]&1 == 0 {
			seen[f.Orig] |= 1
			from = append(from, f.Orig)
		}
		if seen[f.Resp]&2 == 0 {
			seen[f.Resp] |= 2
			to = append(to, f.Resp)
		}
	}
	slices.SortFunc(from, netip.Addr.Compare)
	slices.SortFunc(to, netip.Addr.Compare)
	return from, to
}
