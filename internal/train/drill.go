package train

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
)

// Choice says which items a drill has.
type Choice struct {
	For   Role
	Count int
	Seed  uint64
}

// Bounds of a drill.
const (
	MinCount = 4
	MaxCount = 60
)

// Drill is the items that are judged, filled in.
type Drill struct {
	ID       string // of source, items and seed: results of the same drill are added up
	Title    string
	Campaign string
	For      Role
	Seed     uint64
	Items    []Shown
	Own      int // items that retell the incident
}

// Shown is an item as the page shows it.
type Shown struct {
	*Item
	Own    bool   // retells the incident
	Signs  []Sign // in the order in which they are marked
	facts  facts
	number map[string]int // of signs, from 1
}

// count numbers the signs in the order in which a reader meets them.
func (s *Shown) count() {
	s.number = map[string]int{}
	for _, text := range s.texts() {
		for _, m := range markPattern.FindAllStringSubmatch(*text, -1) {
			if s.number[m[1]] == 0 {
				s.number[m[1]] = len(s.number) + 1
			}
		}
	}
	s.Signs = slices.SortedFunc(slices.Values(s.Item.Signs), func(a, b Sign) int { return s.number[a.ID] - s.number[b.ID] })
}

// Drill chooses items. Those that retell the incident come before those of its
// campaign, those before others; about two of five are ordinary, so that
// somebody who calls everything an attack does not do well.
func (l *Library) Drill(s *Source, ch Choice) (*Drill, error) {
	if ch.Count < MinCount || ch.Count > MaxCount {
		return nil, fmt.Errorf("train: a drill has %d to %d items", MinCount, MaxCount)
	}
	if !slices.Contains(Roles, ch.For) {
		return nil, fmt.Errorf("train: unknown role %q: use %v", ch.For, Roles)
	}
	known := l.place(s)
	var own, campaign, attacks, ordinary []Shown
	for _, item := range l.items {
		if !slices.Contains(item.For, ch.For) {
			continue
		}
		shown := Shown{Item: item, facts: l.compose(item.campaign, item.Facts, known)}
		shown.count()
		m := s.match(&item.From)
		switch {
		case m != nil:
			shown.Own, shown.facts = true, shown.facts.over(m.facts)
			own = append(own, shown)
		case item.OnlyCase, item.campaign != Everyday && item.campaign != s.Campaign:
		case item.campaign == s.Campaign && item.Attack:
			campaign = append(campaign, shown)
		case item.Attack:
			attacks = append(attacks, shown)
		default:
			ordinary = append(ordinary, shown)
		}
	}
	own = specific(own)
	d := &Drill{Campaign: s.Campaign, For: ch.For, Seed: ch.Seed, Title: s.Title}
	r := stream(ch.Seed, s.from+string(ch.For))
	wantOrdinary := min(len(ordinary), max(1, ch.Count*2/5))
	chosen := topics{}
	d.Items = chosen.take(d.Items, ch.Count-wantOrdinary, r, own, campaign, attacks)
	d.Items = chosen.take(d.Items, ch.Count-len(d.Items), r, ordinary)
	if len(d.Items) < ch.Count {
		return nil, fmt.Errorf("train: there are only %d items for %s: ask for fewer with --count", len(d.Items), ch.For)
	}
	if !slices.ContainsFunc(d.Items, func(i Shown) bool { return i.Attack }) {
		return nil, errors.New("train: no attack among the items")
	}
	r.Shuffle(len(d.Items), func(a, b int) { d.Items[a], d.Items[b] = d.Items[b], d.Items[a] })
	for n := range d.Items {
		if d.Items[n].Own {
			d.Own++
		}
	}
	d.ID = d.digest()
	return d, nil
}

// specific leaves out what an item of a campaign retells better.
func specific(own []Shown) []Shown {
	return slices.DeleteFunc(slices.Clone(own), func(x Shown) bool {
		return x.campaign == Everyday && slices.ContainsFunc(own, func(y Shown) bool {
			return y.campaign != Everyday && y.Topic == x.Topic && y.Frame == x.Frame
		})
	})
}

// topics counts what was chosen by topic.
type topics map[Topic]int

// take adds up to n items: all of an earlier pool before any of a later one,
// and within a pool the topics that have fewest so far.
func (t topics) take(to []Shown, n int, r *rand.Rand, pools ...[]Shown) []Shown {
	for _, pool := range pools {
		pool = slices.Clone(pool)
		r.Shuffle(len(pool), func(a, b int) { pool[a], pool[b] = pool[b], pool[a] })
		for ; n > 0 && len(pool) > 0; n-- {
			best := 0
			for k := range pool {
				if t[pool[k].Topic] < t[pool[best].Topic] {
					best = k
				}
			}
			t[pool[best].Topic]++
			to = append(to, pool[best])
			pool = slices.Delete(pool, best, best+1)
		}
	}
	return to
}

// stream is the pseudo-random numbers of a seed and a label. They hide nothing.
func stream(seed uint64, label string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(label))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

func (d *Drill) digest() string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%s\x00%s\x00%d\x00", d.Title, d.For, d.Seed)
	for _, i := range d.Items {
		_, _ = fmt.Fprintf(h, "%s\x00%v\x00", i.ID, i.Attack)
		for _, text := range i.texts() {
			_, _ = fmt.Fprintf(h, "%s\x00", i.facts.fill(*text))
		}
	}
	return "d-" + hex.EncodeToString(h.Sum(nil)[:8])
}
