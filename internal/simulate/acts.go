package simulate

import (
	"fmt"
	"slices"
	"strings"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/estate"
	"longwatch/internal/simulate/scenario/newcomer"
	"longwatch/internal/simulate/scenario/op512"
	"longwatch/internal/simulate/scenario/ordinary"
	"longwatch/internal/simulate/scenario/tgrsta1030"
	"longwatch/internal/simulate/scenario/th12"
	"longwatch/internal/simulate/scenario/volttyphoon"
	"longwatch/internal/simulate/truth"
)

// play is an intrusion and the organisation it is usually played at.
type play struct {
	profile string
	kind    ordinary.Kind
	play    func(*estate.Site) truth.Campaign
}

// plays are the intrusions, in the order in which their sites are built.
func plays() []play {
	return []play{
		{"volt-typhoon", ordinary.Utility, volttyphoon.Play},
		{"op-512", ordinary.Company, op512.Play},
		{"tgr-sta-1030", ordinary.Ministry, tgrsta1030.Play},
		{"th12", ordinary.Operator, th12.Play},
		{newcomer.Profile, ordinary.Clinic, newcomer.Play},
	}
}

// campaigns is how many of the plays, from the first, are of the dossiers.
const campaigns = 4

// act is one site of an exercise: the organisation and what happens to it.
type act struct {
	label string // of the random stream
	kind  ordinary.Kind
	both  bool // web servers of both kinds
	plays []play
}

// acts are the organisations that some profiles ask for.
func acts(profiles []string, r *chance.Rand) ([]act, error) {
	var out []act
	for _, p := range profiles {
		switch p {
		case "all", "quiet-day":
			for _, x := range plays()[:campaigns] {
				a := act{label: string(x.kind), kind: x.kind, plays: []play{x}}
				if p == "quiet-day" {
					a.plays = nil
				}
				out = append(out, a)
			}
		case "quiet-site":
			kind := chance.Pick(r.Sub(p), plays()).kind
			out = append(out, act{label: string(kind), kind: kind})
		default:
			a, err := together(p)
			if err != nil {
				return nil, err
			}
			out = append(out, a)
		}
	}
	seen := map[string]bool{}
	for _, a := range out {
		if seen[a.label] {
			return nil, fmt.Errorf("%w: %q asks for the same organisation twice", ErrProfile, strings.Join(profiles, " "))
		}
		seen[a.label] = true
	}
	if out == nil {
		return nil, fmt.Errorf("%w: none was named", ErrProfile)
	}
	return out, nil
}

// together is one organisation with the intrusions whose names "+" joins. It is
// of the kind that has the machines all of them need.
func together(names string) (act, error) {
	var a act
	for name := range strings.SplitSeq(names, "+") {
		i := slices.IndexFunc(plays(), func(p play) bool { return p.profile == name })
		if i < 0 {
			return act{}, fmt.Errorf("%w: %q", ErrProfile, name)
		}
		a.plays = append(a.plays, plays()[i])
	}
	has := func(k ordinary.Kind) bool {
		return slices.ContainsFunc(a.plays, func(p play) bool { return p.kind == k })
	}
	a.kind = a.plays[0].kind
	switch { // an operator has a plant, and a utility the operator's station only
	case has(ordinary.Operator):
		a.kind = ordinary.Operator
	case has(ordinary.Utility):
		a.kind = ordinary.Utility
	}
	a.both = has(ordinary.Ministry) && a.kind != ordinary.Ministry || a.kind == ordinary.Ministry && has(ordinary.Company)
	a.label = string(a.kind)
	return a, nil
}
