package beacon

import "math"

// rarest is how many hosts may have a peer that still counts as rare.
const rarest = 3

// traits are what is known of a channel besides its rhythm.
type traits struct {
	Hosts    int     // that have the peer
	Of       int     // hosts in all
	Same     float64 // share of contacts of the most common size
	Bytes    float64 // that a contact carries both ways, in the geometric mean; 0: not known
	Solitary float64 // events for each contact: 1 where a turn is one connection
	New      float64 // 1: it began well after the evidence of this host, 0: it was always there, 0.5: cannot be told
	Habit    bool    // hunts before saw the host there, and said what there was to say
	Nameless bool    // an address of which no name is known
	OddPort  bool    // no port of a common service
	Silent   bool    // nobody answered
	Rotating int     // peers that share the fingerprint, 0 for a channel with one peer
	Lasting  float64 // 1: it fills the time that its host was at work since it began, 0: a moment of it
	Starts   int     // times that it came soon after its host had come up
	OfStarts int     // times that the host came up since
	ByChance float64 // share of these that it would have come to without regard to them
	Daily    bool    // its period is near a whole number of days, as people have it
}

// score says how much a channel looks like a beacon, 0 to 1: how surely a timer
// drives it, times how rare its peer is, times what else is odd.
func score(r rhythm, t traits) float64 {
	by, starts := timer(r, t)*(0.2+0.8*t.Lasting), 1-math.Exp(-started(t)/5)
	return max(by, starts) * rarity(t) * context(t)
}

// timer is how surely a timer drives the channel. Contacts of one size, alone
// each, say something too, a nat each and up to eight: people's visits come in
// bunches of many sizes, of which a third or less are near the most common one.
// They cannot outweigh times that are not those of a timer.
func timer(r rhythm, t traits) float64 {
	if r.Gaps < 3 {
		return 0
	}
	e := r.Evidence + min(r.Gaps, 8)*machine(t)
	if t.Daily {
		e -= 6
	}
	return (1 - math.Exp(-max(e, 0)/5)) * min(max((r.Cover-0.35)/0.45, 0), 1)
}

// started is the evidence that a program comes up with its host: a sleep that
// is longer than the host is on shows in nothing else. People have habits in the
// morning, too, so it counts only as far as the contacts look like a machine's.
// What is in contact all the time is so then, too, and shows nothing by it.
func started(t traits) float64 {
	if t.Starts < 4 || 5*t.Starts < 3*t.OfStarts {
		return 0
	}
	n, of := float64(t.Starts), float64(max(t.OfStarts, t.Starts))
	chance := max(t.ByChance, rarelyByChance)
	if n <= of*chance {
		return 0
	}
	nats := n * math.Log(n/of/chance)
	if n < of {
		nats += (of - n) * math.Log((1-n/of)/(1-chance))
	}
	return nats / startNats * machine(t)
}

const (
	rarelyByChance = 0.05 // least chance that is taken for granted
	startNats      = 2.2  // nats for each start that a contact came with count as one
)

const (
	smallFrom    = 1 << 10 // bytes both ways: an order and its answer need no more
	smallTo      = 1 << 16 // a page
	smallUnsized = 0.5     // where no size is known
)

// small is how little a contact carries: 1 up to smallFrom bytes, falling with
// the logarithm to 0 at smallTo. Whoever only asks whether there are orders has
// nothing to send and is sent nothing; most programs ask for something.
func small(t traits) float64 {
	if t.Bytes == 0 {
		return smallUnsized
	}
	return min(max(1-math.Log2(t.Bytes/smallFrom)/math.Log2(smallTo/smallFrom), 0), 1)
}

// machine is how little the contacts look like visits of a person, 0 to 1.
func machine(t traits) float64 {
	return min(max((t.Same-0.5)/0.4, 0), 1) * min(max((t.Solitary-0.5)/0.4, 0), 1)
}

// fewHosts is how many own hosts it takes to tell what is rare.
const fewHosts = 8

// rarity is 1 for a peer of one host, and falls to 0 at a fiftieth of all hosts
// or six of them.
func rarity(t traits) float64 {
	most := max(6, float64(t.Of)/50)
	n := float64(max(t.Hosts, 1))
	if n >= most {
		return 0
	}
	rare := 1 - math.Log(n)/math.Log(most)*0.8
	if t.Of < fewHosts {
		rare *= 0.7
	}
	return rare
}

// context is what else speaks for a beacon.
func context(t traits) float64 {
	odd := 1.0
	for _, s := range []struct {
		is   bool
		much float64
	}{{t.Nameless, 0.5}, {t.OddPort, 0.4}, {t.Silent, 0.3}, {t.Rotating > 1, 0.7}} {
		if s.is {
			odd *= 1 - s.much
		}
	}
	much := 0.15 + 0.25*t.New + 0.15*machine(t) + 0.25*small(t) + 0.2*(1-odd)
	if t.Habit {
		much = max(much-0.2, 0)
	}
	return much
}
