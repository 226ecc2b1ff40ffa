package beacon

import (
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/record"
)

const (
	rawGaps    = 48           // times between events that are kept one by one
	bins       = 84           // of the histogram that takes over: four to an octave, from a second to 24 days
	pause      = uint32(1e9)  // added to a time during which the host was off, twice when it ended with the host's coming up
	maxGap     = uint32(99e7) // hundredths of a second: 114 days
	classes    = 4            // sizes told apart
	keptRefs   = 6
	keptPeers  = 4
	fewWaits   = 3 // waits with the host on all the time below which those across nights are all there is
	offHours   = 2 // hours in which a host sends nothing out: it is off, or nobody works
	cost       = 520
	nearEvents = time.Second // events closer than that are one
)

// deads are the waits, in seconds, below which two events may count as one:
// whoever asks and then sends the answer makes two connections a turn.
var deads = []float64{1, 5, 30, 300, 3600}

// better is by how many nats joining events has to explain more.
const better = 3

// kind is what a channel is followed by.
type kind uint8

const (
	byAddress kind = iota
	byName         // server name of TLS and QUIC, Host header
	byURL          // in the clear, or told by a proxy
	byDomain       // asked for in DNS
	byPrint        // JA4, certificate or user agent, over all rare peers that share it
)

// channel is what is kept of one host and whom it talks to: counts, the times
// between events, sizes, a few places in the evidence. About half a kilobyte.
type channel struct {
	kind         kind
	host         uint32
	value        string
	peer         uint64 // key of what may be popular
	first, last  record.Time
	events       uint32 // more than a second apart
	contacts     uint32 // all
	answered     uint32
	named        uint32 // contacts by address whose name was known
	gaps         []uint32
	hist         *[bins]uint16
	dead         float64 // for the histogram, chosen when it took over
	since        float64 // seconds that wait to be long enough for the histogram
	keepPauses   bool    // likewise: whether times with the host off count
	sizes        tally
	volume       float64 // sum of the logarithms to base 2 of the bytes of sized contacts, both ways
	port         uint16
	starts       uint32 // contacts soon after the host came up, the first each time
	startSeen    uint32 // number of the host's start that was counted last
	startsBefore uint32 // of the host, when the channel began
	hoursBefore  uint32 // at work, of the host, likewise
	refs         []record.Ref
	lastRef      record.Ref
	peers        []netip.Addr // examples
	names        []string     // likewise, of a fingerprint behind a proxy
	peerBits     uint64       // one for each peer, by hash
	ownerBits    uint64       // of a fingerprint, one for each party that has peers, by hash
}

// contact is one connection, request or query.
type contact struct {
	ref      record.Ref
	at       record.Time
	peer     netip.Addr
	name     string // of the peer, where a proxy stands before it
	port     uint16
	owner    uint64 // hash of the party that has the peer, where a fingerprint is followed
	size     uint64 // bytes that the host sent, or of both ways where no more is told
	reply    uint64 // bytes that it was sent, where told apart
	sized    bool   // size is known
	answered bool
}

// add takes note of a contact; off tells whether the host was off since the
// last, up when it came up last.
func (c *channel) add(x contact, off func(from, to record.Time) bool, up record.Time) {
	if x.ref == c.lastRef && c.contacts > 0 {
		return // the same evidence twice
	}
	c.lastRef = x.ref
	c.contacts++
	if x.answered {
		c.answered++
	}
	c.port = x.port
	if x.sized {
		c.sizes.add(x.size)
		c.volume += math.Log2(float64(x.size + x.reply + 1))
	}
	c.notePeer(x.peer, x.name)
	if c.kind == byPrint {
		c.ownerBits |= 1 << (x.owner % 64)
	}
	if len(c.refs) < keptRefs {
		c.refs = append(c.refs, x.ref)
	} else if c.contacts&(c.contacts-1) == 0 { // 8, 16, 32 ...
		c.refs[keptRefs-1] = x.ref
	}
	if c.first == 0 {
		c.first, c.last, c.events = x.at, x.at, 1
		return
	}
	wait := x.at.Sub(c.last)
	if wait < nearEvents {
		return
	}
	c.events++
	g := uint32(min(int64(wait/(10*time.Millisecond)), int64(maxGap)))
	if off(c.last, x.at) {
		g += pause
		if x.at.Sub(up) <= startWithin {
			g += pause
		}
	}
	c.last = x.at
	c.gap(g)
}

// notePeer counts who was at the other end: an address, or the name that a proxy
// was asked for.
func (c *channel) notePeer(a netip.Addr, name string) {
	if !a.IsValid() {
		if c.kind != byPrint || name == "" {
			return
		}
		c.peerBits |= 1 << (hashString(uint64(byName), name) % 64)
		if len(c.names) < keptPeers && !slices.Contains(c.names, name) {
			c.names = append(c.names, strings.Clone(name[:min(len(name), longName)]))
		}
		return
	}
	c.peerBits |= 1 << (hashAddr(a) % 64)
	if len(c.peers) < keptPeers && !slices.Contains(c.peers, a) {
		c.peers = append(c.peers, a)
	}
}

// mayHold tells whether all peers that o is known to have may be among those of
// a fingerprint: never no when they are.
func (c *channel) mayHold(o *channel) bool {
	for _, p := range o.peers {
		if c.peerBits&(1<<(hashAddr(p)%64)) == 0 {
			return false
		}
	}
	if name, _, _ := strings.Cut(o.value, "/"); len(o.peers) == 0 && (o.kind == byName || o.kind == byURL) { // behind a proxy
		return c.peerBits&(1<<(hashString(uint64(byName), name)%64)) != 0
	}
	return true
}

// distinct is about how many peers there were.
func (c *channel) distinct() int { return countBits(c.peerBits) }

// owners is about how many parties had the peers of a fingerprint.
func (c *channel) owners() int { return countBits(c.ownerBits) }

func (c *channel) gap(g uint32) {
	if c.hist == nil && len(c.gaps) < rawGaps {
		c.gaps = append(c.gaps, g)
		return
	}
	if c.hist == nil {
		_, c.dead, c.keepPauses = c.best(true)
		c.hist = new([bins]uint16)
		for _, old := range c.gaps {
			c.count(old)
		}
		c.gaps = nil
	}
	c.count(g)
}

// count adds a gap to the histogram.
func (c *channel) count(g uint32) {
	if g >= pause {
		if !c.keepPauses {
			c.since = 0
			return
		}
		g %= pause
	}
	c.since += float64(g) / 100
	if c.since < c.dead {
		return
	}
	i := min(max(int(4*math.Log2(c.since)), 0), bins-1)
	c.since = 0
	if c.hist[i] == math.MaxUint16 {
		for j := range c.hist {
			c.hist[j] /= 2
		}
	}
	c.hist[i]++
}

// best measures the channel with every way to join events and keeps the one
// that speaks most for a timer. quiet tells that the host hardly does anything
// else, so that hours without it say nothing; nor do they where all waits are
// longer than the host is on.
func (c *channel) best(quiet bool) (r rhythm, dead float64, pauses bool) {
	if c.hist != nil {
		var gaps []gap
		for i, n := range c.hist {
			if n > 0 {
				gaps = append(gaps, gap{math.Exp2(float64(i) / 4), math.Exp2(float64(i+1) / 4), float64(n)})
			}
		}
		return measure(gaps, c.dead), c.dead, c.keepPauses
	}
	on := 0
	for _, g := range c.gaps {
		if g < pause {
			on++
		}
	}
	pauses = 2*on < len(c.gaps) && (quiet || on < fewWaits)
	r.Evidence = math.Inf(-1)
	most := 0
	for _, d := range deads {
		gaps := c.joined(d, pauses, quiet)
		if most = max(most, len(gaps)); len(gaps) < 2 || 4*len(gaps) < most {
			break // joined waits are alike because they were joined
		}
		if m := measure(gaps, d); m.Evidence > r.Evidence+better {
			r, dead = m, d
		}
	}
	if dead == 0 {
		dead = deads[0]
	}
	return r, dead, pauses
}

// joined are the gaps with those below dead seconds added to the next. Of those
// across times with the host off, where they count, a wait that ended with the
// host's coming up says only that it was over by then, unless the host is quiet
// and seems to come up with every contact.
func (c *channel) joined(dead float64, pauses, quiet bool) []gap {
	out := make([]gap, 0, len(c.gaps))
	sum := 0.0
	for _, g := range c.gaps {
		if g >= pause {
			if !pauses || g >= 2*pause && !quiet {
				sum = 0
				continue
			}
			g %= pause
		}
		if sum += float64(g) / 100; sum >= dead {
			out = append(out, gap{sum, sum, 1})
			sum = 0
		}
	}
	return out
}

// tally counts sizes by class, eight classes to an octave, and keeps the four
// that come most: the algorithm of Misra and Gries, which never forgets a class
// that a fifth or more belong to.
type tally struct {
	class [classes]uint8
	n     [classes]uint32
	all   uint32
}

func (t *tally) add(size uint64) {
	t.all++
	k := uint8(min(8*math.Log2(float64(size+1)), 255))
	free := -1
	for i := range t.class {
		switch {
		case t.n[i] > 0 && t.class[i] == k:
			t.n[i]++
			return
		case t.n[i] == 0:
			free = i
		}
	}
	if free >= 0 {
		t.class[free], t.n[free] = k, 1
		return
	}
	for i := range t.n {
		t.n[i]--
	}
}

// unsized is what stands for the share where no size is known.
const unsized = 0.75

// same is the share of sizes within an eighth of the most common one.
func (t *tally) same() float64 {
	if t.all == 0 {
		return unsized
	}
	top := 0
	for i := range t.n {
		if t.n[i] > t.n[top] {
			top = i
		}
	}
	n := uint32(0)
	for i := range t.n {
		if d := int(t.class[i]) - int(t.class[top]); d >= -1 && d <= 1 {
			n += t.n[i]
		}
	}
	return float64(n) / float64(t.all)
}
