package asset

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"longwatch/internal/asn"
	"longwatch/internal/record"
)

// Limits of what is kept. Each is per Learner, or per host where it says so.
const (
	maxHosts    = 1 << 18 // addresses and names; about 1 KiB each when much is known of them
	maxOutside  = 3 << 16 // of them not in the own networks: strangers must not crowd out those at home
	maxEdges    = 3 << 17 // pairs of client and service, about 1 KiB each
	maxAbroad   = 1 << 17 // of them with a stranger, likewise
	maxServices = 128     // of a host
	maxClients  = 4096    // of a service, told apart
	maxSoftware = 48      // of a host
	maxNames    = 16      // of a host
	maxMACs     = 8       // of a host
	maxIDs      = 32      // devices behind a host's address
	maxOther    = 16      // other values of an identity
	maxDays     = 1024    // of an edge
	maxText     = 200     // bytes of a value that evidence wrote
	keptRefs    = 3
)

// Options say what is known beforehand.
type Options struct {
	HomeNet  []netip.Prefix // own networks; without any, private addresses are own
	Networks *asn.Table     // who holds outside addresses; nil: unknown
}

// Learner gathers what records say of assets. It is not safe for concurrent
// use. The same records give the same inventory in any order, unless a limit
// was reached.
type Learner struct {
	opt       Options
	hosts     []*known
	strangers int // hosts not in the own networks
	abroad    int // edges with one of them
	byAddr    map[netip.Addr]int32
	byName    map[string]int32
	edges     map[edgeKey]*edge
	control   map[edgeKey]*edge     // what was done to processes, by pair and port
	domains   map[netip.Addr]string // outside names by address, see supplier.go
	addrsOf   map[string][]nameOf   // made by merge
	beyond    Beyond
	span      record.Span
	records   int64
}

// known is what is known of one address, or of one name that no address has.
type known struct {
	addr     netip.Addr
	name     string // of one without address
	stranger bool   // not in the own networks
	span     record.Span
	spoke    bool
	count    int64
	refs     refs
	macs     []claim // hardware addresses that claimed the address
	names    []claim
	vlans    []uint16
	soft     map[softKey]*Software
	serves   map[serviceKey]*service
	ids      map[string]*Identity
	hints    map[string]*Role
	does     access
	more     bool // there was more of it than is kept
}

// claim is a value with how far it can be trusted and how often it was told.
type claim struct {
	value string
	rank  uint8
	count int64
}

type serviceKey struct {
	udp  bool
	port uint16
}

// service is a port that answered.
type service struct {
	name    string
	kind    Kind
	byPort  bool
	clients map[int32]struct{}
	more    bool
	outside bool
	span    record.Span
	count   int64
	refs    refs
}

type edgeKey struct {
	from, to int32
	udp      bool
	port     uint16
}

type edge struct {
	name   string
	kind   Kind
	byPort bool
	days   []int32
	count  int64
	bytes  uint64
	does   access
	span   record.Span
	refs   refs
}

// New returns a Learner that knows nothing yet.
func New(opt Options) *Learner {
	return &Learner{opt: opt, byAddr: map[netip.Addr]int32{}, byName: map[string]int32{}, edges: map[edgeKey]*edge{}, control: map[edgeKey]*edge{}, domains: map[netip.Addr]string{}}
}

// own tells addresses of the own networks.
func (l *Learner) own(a netip.Addr) bool {
	if len(l.opt.HomeNet) == 0 {
		return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast()
	}
	return slices.ContainsFunc(l.opt.HomeNet, func(p netip.Prefix) bool { return p.Contains(a) })
}

// host is the place of an address, -1 when there is no room for it or it is none.
func (l *Learner) host(a netip.Addr) int32 {
	if !a.IsValid() {
		return -1
	}
	a = a.Unmap().WithZone("")
	if i, ok := l.byAddr[a]; ok {
		return i
	}
	stranger := !l.own(a)
	if len(l.hosts) >= maxHosts || stranger && l.strangers >= maxOutside {
		l.beyond.Hosts++
		return -1
	}
	if stranger {
		l.strangers++
	}
	i := int32(len(l.hosts)) // #nosec G115 -- at most maxHosts
	l.hosts = append(l.hosts, &known{addr: a, stranger: stranger})
	l.byAddr[a] = i
	return i
}

// named is the place of a host that is only known by name.
func (l *Learner) named(name string) int32 {
	name = fold(name)
	if name == "" || strings.ContainsAny(name, " /\\") {
		return -1
	}
	if a, err := netip.ParseAddr(name); err == nil {
		return l.host(a)
	}
	if i, ok := l.byName[name]; ok {
		return i
	}
	if len(l.hosts) >= maxHosts {
		l.beyond.Hosts++
		return -1
	}
	i := int32(len(l.hosts)) // #nosec G115 -- at most maxHosts
	l.hosts = append(l.hosts, &known{name: name})
	l.byName[name] = i
	return i
}

// at is the host of place i after it was seen in a record; nil for -1.
func (l *Learner) at(i int32, h *record.Head) *known {
	if i < 0 {
		return nil
	}
	k := l.hosts[i]
	k.count++
	k.span.Grow(h.TS)
	k.refs.add(h)
	return k
}

// refs are the first places that say something, by time.
type refs struct {
	n  int
	at [keptRefs]record.Time
	r  [keptRefs]record.Ref
}

// add keeps the reference of h if it is among the first ones.
func (r *refs) add(h *record.Head) {
	if h.Ref.File == "" {
		return
	}
	if r.n == keptRefs && (h.TS > r.at[keptRefs-1] || h.TS == r.at[keptRefs-1] && compareRefs(h.Ref, r.r[keptRefs-1]) >= 0) {
		return
	}
	i := 0
	for ; i < r.n; i++ {
		c := cmp.Or(cmp.Compare(h.TS, r.at[i]), compareRefs(h.Ref, r.r[i]))
		if c == 0 {
			return
		}
		if c < 0 {
			break
		}
	}
	r.n = min(r.n+1, keptRefs)
	copy(r.at[i+1:r.n], r.at[i:])
	copy(r.r[i+1:r.n], r.r[i:])
	r.at[i], r.r[i] = h.TS, h.Ref
}

// merge adds those of o.
func (r *refs) merge(o *refs) {
	for i := range o.n {
		r.add(&record.Head{TS: o.at[i], Ref: o.r[i]})
	}
}

func (r *refs) list() []record.Ref { return slices.Clone(r.r[:r.n]) }

func compareRefs(a, b record.Ref) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Pos, b.Pos))
}

// addClaim counts a claim among at most n, and says whether there were more; a
// higher rank of the same value stands.
func addClaim(list []claim, value string, rank uint8, n int, more bool) (claims []claim, beyond bool) {
	for i := range list {
		if list[i].value == value {
			list[i].rank = max(list[i].rank, rank)
			list[i].count++
			return list, more
		}
	}
	if len(list) < n {
		return append(list, claim{value: value, rank: rank, count: 1}), more
	}
	return list, true
}

// fold is a name as names are compared: lower case, without the last dot.
func fold(name string) string {
	return strings.ToLower(strings.TrimSuffix(strings.TrimSpace(clip(name)), "."))
}

// clip cuts what evidence wrote, makes it UTF-8 and takes out characters that
// act without being seen, so that what is kept can be shown anywhere.
func clip(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
}
