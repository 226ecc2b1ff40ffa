package evtx

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"longwatch/internal/record"
)

// How likely it is that something missing was taken away, as odds: so many to
// one. The numbers behind them are rough; what they order is not.
const (
	mostOdds = 1e6
	// skipRate is how often the service itself leaves out a number: we have seen
	// none in a million records.
	skipRate = 1e-6
)

// gapOdds judges a gap between record numbers of a log that counts its own
// records. Damage explains as many records as would have fitted the bytes that
// could not be read, twice over; then the gap says little.
func (s *sequence) gapOdds(g run, missing uint64) float64 {
	if s.records == 0 {
		return 1
	}
	held := 2 * float64(s.lost) / (float64(s.bytes) / float64(s.records))
	if s.lost > 0 && float64(missing) <= held {
		return 0.1
	}
	if s.foreign || g.from == 0 {
		return 1
	}
	return min(1/(skipRate*float64(s.records)), mostOdds)
}

// ratio is odds in words.
func ratio(odds float64) string {
	if odds < 1 {
		return fmt.Sprintf("1 to %.0f", 1/odds)
	}
	return fmt.Sprintf("%.0f to 1", odds)
}

// Bounds of what is kept to judge silences.
const (
	maxChannels = 64  // of one file; forwarded events hold those of many hosts
	maxSilences = 128 // the longest pauses of a channel
	minPauses   = 500 // fewer say nothing about what is usual
	minSilence  = time.Hour
	minOdds     = 20
)

type channelKey struct{ host, channel string }

// channels keeps the longest pauses between records of each channel.
type channels struct{ list map[channelKey]*channel }

type channel struct {
	records int64
	pauses  int64
	last    record.Time
	longest []pause // a heap of sorts: unordered until full, then the least is replaced
	least   int
}

// pause is the time between a record and the next.
type pause struct {
	first    uint64 // the record after it
	from, to record.Time
}

func (p pause) length() time.Duration { return p.to.Sub(p.from) }

// add takes the next record; next tells that it follows the previous one of the
// file. A pause that ends with the start of the system, or begins with its end,
// explains itself.
func (cs *channels) add(n *numbered, next bool) {
	if n.channel == "" {
		return
	}
	key := channelKey{n.host, n.channel}
	c := cs.list[key]
	if c == nil {
		if cs.list == nil {
			cs.list = map[channelKey]*channel{}
		}
		if len(cs.list) == maxChannels {
			return
		}
		c = &channel{}
		cs.list[key] = c
	}
	c.records++
	if next && c.last != 0 && n.info.written > c.last && !n.restart {
		c.pause(pause{n.info.id, c.last, n.info.written})
	}
	c.last = n.info.written
}

func (c *channel) pause(p pause) {
	c.pauses++
	if len(c.longest) < maxSilences {
		c.longest = append(c.longest, p)
		if len(c.longest) == maxSilences {
			c.findLeast()
		}
		return
	}
	if p.length() > c.longest[c.least].length() {
		c.longest[c.least] = p
		c.findLeast()
	}
}

func (c *channel) findLeast() {
	for i, p := range c.longest {
		if p.length() < c.longest[c.least].length() {
			c.least = i
		}
	}
}

// main is the channel with most records.
func (cs *channels) main() (best channelKey) {
	var most int64
	for k, c := range cs.list {
		if c.records > most || c.records == most && (k.channel < best.channel || k.channel == best.channel && k.host < best.host) {
			best, most = k, c.records
		}
	}
	return best
}

// silence is a pause that is too long for its channel.
type silence struct {
	channelKey
	pause
	records int64
	usual   time.Duration // the length that hardly any other pause has
	odds    float64
}

// silences are the pauses that their channel's other pauses do not explain, up
// to three of each.
func (cs *channels) silences() []silence {
	var out []silence
	for key, c := range cs.list {
		if c.pauses < minPauses || len(c.longest) < maxSilences {
			continue
		}
		sorted := slices.Clone(c.longest)
		slices.SortFunc(sorted, func(a, b pause) int {
			return cmp.Or(cmp.Compare(b.length(), a.length()), cmp.Compare(a.first, b.first))
		})
		for i := range 3 {
			odds := tailOdds(sorted[i:])
			if sorted[i].length() < minSilence || odds < minOdds {
				break
			}
			out = append(out, silence{key, sorted[i], c.records, sorted[i+1].length(), odds})
		}
	}
	slices.SortFunc(out, func(a, b silence) int {
		return cmp.Or(cmp.Compare(a.channel, b.channel), cmp.Compare(a.host, b.host), cmp.Compare(a.first, b.first))
	})
	return out
}

// tailOdds are the odds against a first pause as long as it is, by how the
// others fall off: a Pareto tail through them (Hill's estimator). The pauses
// are the longest of a channel, longest first.
func tailOdds(p []pause) float64 {
	k := len(p) - 1
	least := max(p[k].length(), time.Second)
	sum := 0.0
	for _, x := range p[1:k] {
		sum += math.Log(max(1, float64(x.length())/float64(least)))
	}
	if sum < 1e-9 {
		return mostOdds
	}
	slope := float64(k-1) / sum
	expected := float64(k) * math.Pow(float64(p[0].length())/float64(least), -slope)
	return min(1/max(expected, 1/mostOdds), mostOdds)
}

// restarts are the events around which a log is silent for a good reason: the
// system or the log service stops or starts (Eventlog 6005, 6006, 6008, 1100;
// Kernel-General 12, 13; Kernel-Power 41, 42, 107; User32 1074; Security 4608,
// 4609).
func restarts(channel string, id uint32) bool {
	switch channel {
	case "System":
		switch id {
		case 1, 12, 13, 41, 42, 107, 109, 1074, 6005, 6006, 6008, 6009:
			return true
		}
	case "Security":
		return id == 4608 || id == 4609 || id == 1100 || id == 1102
	}
	return false
}
