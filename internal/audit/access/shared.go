package access

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

const (
	together  = 2 * time.Minute  // nobody sits down at two desks so close in time
	backForth = 15 * time.Minute // nor goes to another and back
	manyDesks = 4                // desks of one day that are too many for one person
	vpnJump   = 10 * time.Minute // nor comes from two networks
)

// seat is where a person sat, by what is known at the end.
type seat struct {
	sit
	name string
}

// shared are accounts that more than one person uses.
func (a *Audit) shared(v *view) (lines []Line) {
	homes := v.homes()
	remotes := map[string][]remote{}
	for _, s := range a.sessions {
		remotes[s.who] = append(remotes[s.who], s)
	}
	for _, x := range v.people {
		if is, _ := x.isService(); is {
			continue
		}
		seats := v.seats(x)
		names := seatNames(seats)
		if len(names) < 2 {
			continue
		}
		var reasons []Reason
		clashes := 0
		close, refs := clash(seats)
		if close > 0 {
			clashes += close
			reasons = append(reasons, because(refs, "%s it was used at two places so close in time that one person cannot have been at both", times(int64(close))))
		}
		if n, over, places := v.overlaps(x, remotes[x.key()]); n > 0 {
			clashes += n
			reasons = append(reasons, because(over, "%s sessions of it from different places (%s) were open at the same time", times(int64(n)), few(places, 4)))
		}
		most, on, dayRefs := busiest(seats)
		if most >= manyDesks {
			reasons = append(reasons, because(dayRefs, "on %s it was used from %d places", on, most))
		}
		var others []string
		for _, n := range names {
			if h := homes[n]; h != nil && h != x {
				others = append(others, fmt.Sprintf("%s (%s)", n, h.name))
			}
		}
		if len(others) > 0 {
			reasons = append(reasons, because(nil, "places that are mostly another's: %s", few(others, 5)))
		}
		nobody := nobodys.MatchString(x.user) && x.local == ""
		sure := clashes > 0 && len(names) >= 3 || clashes >= 3
		if clashes == 0 && most < manyDesks && (!nobody || len(names) < 3) || clashes == 1 && len(names) == 2 && !nobody {
			continue
		}
		l := Line{
			Class: Shared, Account: x.name, Severity: finding.Medium, Sure: sure, Hosts: names, First: stamp(seats[0].at), Last: stamp(seats[len(seats)-1].at), at: seats[0].at, Owner: x.owner(),
			Says: fmt.Sprintf("is used from %d places (%s) as if by several people", len(names), few(names, 4)), Reasons: reasons,
			Do: "ask who knows its password; give each person an own account, so that a record names somebody",
		}
		if nobody {
			l.Reasons = append(l.Reasons, because(nil, "its name is nobody's"))
		}
		if !sure {
			l.Severity, l.Doubt = finding.Low, "one person who moves, or an address that changes, may look alike"
		}
		if x.privileged() {
			l.Severity++
		}
		if x.entry != nil && x.entry.Type == "shared" {
			l.Severity, l.Sure, l.Doubt = finding.Low, true, ""
			l.Reasons = append(l.Reasons, because(nil, "the inventory lists it as shared"))
		}
		lines = append(lines, l)
	}
	return lines
}

// homes are for each host the account that sat at it most.
func (v *view) homes() map[string]*account {
	most := map[string]int64{}
	homes := map[string]*account{}
	for _, x := range v.people {
		for at, u := range x.uses {
			if u.console.n > most[at] {
				most[at], homes[at] = u.console.n, x
			}
		}
	}
	return homes
}

// seats are where an account's person sat, in order of time: not the hosts that
// were reached from a seat and used to go on.
func (v *view) seats(x *account) (out []seat) {
	for _, s := range x.sits {
		name := s.seat
		if name == "" {
			name = v.nameOf(s.addr, s.at)
			if u := x.uses[name]; u != nil && u.console.n == 0 && u.types&(1<<10|1<<unixBit) != 0 {
				continue // it came through that host
			}
		}
		out = append(out, seat{s, name})
	}
	slices.SortFunc(out, func(a, b seat) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.name, b.name), cmp.Compare(a.ref.File, b.ref.File), cmp.Compare(a.ref.Pos, b.ref.Pos))
	})
	return out
}

func seatNames(seats []seat) []string {
	set := map[string]struct{}{}
	for _, s := range seats {
		set[s.name] = struct{}{}
	}
	return slices.Sorted(maps.Keys(set))
}

// clash counts acts at two seats that one person cannot have done.
func clash(seats []seat) (n int, refs []record.Ref) {
	for i := 1; i < len(seats); i++ {
		a, b := &seats[i-1], &seats[i]
		if a.name == b.name {
			continue
		}
		gap := b.at.Sub(a.at)
		hit := a.console && b.console && gap < together
		if !a.console && !b.console && far(a, b) && gap < vpnJump {
			hit = true
		}
		if i+1 < len(seats) && seats[i+1].name == a.name && a.console && b.console && seats[i+1].console && seats[i+1].at.Sub(a.at) < backForth {
			hit = true
		}
		if hit {
			n++
			if len(refs) < 6 {
				refs = append(refs, a.ref, b.ref)
			}
		}
	}
	return n, refs
}

// far tells whether two addresses of the Internet are of different networks, as
// far as the addresses themselves tell.
func far(a, b *seat) bool {
	if !public(a) || !public(b) || a.addr.Is4() != b.addr.Is4() {
		return false
	}
	bits := 16
	if !a.addr.Is4() {
		bits = 32
	}
	p, err := a.addr.Prefix(bits)
	return err == nil && !p.Contains(b.addr)
}

func public(s *seat) bool {
	return s.addr.IsValid() && s.addr.IsGlobalUnicast() && !s.addr.IsPrivate()
}

// busiest is the day on which the account was used from most seats.
func busiest(seats []seat) (most int, on string, refs []record.Ref) {
	for i := 0; i < len(seats); {
		d := int64(seats[i].at) / int64(day)
		set := map[string]record.Ref{}
		for ; i < len(seats) && int64(seats[i].at)/int64(day) == d; i++ {
			if _, ok := set[seats[i].name]; !ok {
				set[seats[i].name] = seats[i].ref
			}
		}
		if len(set) > most {
			most, on, refs = len(set), time.Unix(0, d*int64(day)).UTC().Format(time.DateOnly), nil
			for _, n := range slices.Sorted(maps.Keys(set)) {
				refs = append(refs, set[n])
			}
		}
	}
	return most, on, refs[:min(len(refs), 8)]
}

// overlaps counts sessions from elsewhere that were open while one from another
// place was begun. A session that never ended is as long as is known.
func (v *view) overlaps(x *account, list []remote) (n int, refs []record.Ref, places []string) {
	named := make([]string, len(list))
	slices.SortFunc(list, func(a, b remote) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.ref.File, b.ref.File), cmp.Compare(a.ref.Pos, b.ref.Pos))
	})
	for i, s := range list {
		named[i] = v.nameOf(s.from, s.start)
		if u := x.uses[named[i]]; u != nil && u.types&(1<<10) != 0 && u.console.n == 0 {
			named[i] = "" // it went on from there
		}
	}
	const window = 64 // sessions before that are compared
	for i := range list {
		for k := max(0, i-window); k < i; k++ {
			if named[i] == "" || named[k] == "" || named[i] == named[k] || !list[k].finished || list[k].end <= list[i].start {
				continue
			}
			n++
			if len(refs) < 6 {
				refs = append(refs, list[k].ref, list[i].ref)
			}
			for _, p := range []string{named[k], named[i]} {
				if !slices.Contains(places, p) {
					places = append(places, p)
				}
			}
			break
		}
	}
	slices.Sort(places)
	return n, refs, places
}
