package main

import (
	"fmt"
	"strings"
)

// scenario is one mixed exercise: what simulate is asked for.
type scenario struct {
	seed    int
	kind    string   // one word for the tables
	profile string   // as simulate takes it
	options []string // as simulate takes them
}

// sourced and known are the profiles whose signs are published, and all.
var (
	sourced = []string{"volt-typhoon", "op-512", "tgr-sta-1030"}
	known   = []string{"volt-typhoon", "op-512", "tgr-sta-1030", "th12"}
)

// kinds are the kinds of scenarios, one seed after the other.
var kinds = []string{"one", "two", "false flag", "unknown", "presence", "skew", "one", "false flag", "unknown", "quiet"}

// mix is the scenario of a seed. It depends on nothing but the seed.
func mix(seed int) scenario {
	x := scenario{seed: seed, kind: kinds[seed%len(kinds)]}
	round := seed / len(kinds)
	own := known[(round+seed)%len(known)]
	small := []string{"--scale", "small"}
	switch x.kind {
	case "one":
		x.profile, x.options = own, small
	case "two":
		other := known[(round+seed+1+round%3)%len(known)]
		x.profile, x.options = own+"+"+other, small
		if round%3 == 2 { // one of the two is known to nobody
			x.profile = own + "+unknown-actor"
		}
	case "false flag":
		posed := sourced[round%len(sourced)]
		x.profile = "unknown-actor"
		if seed%len(kinds) == 7 {
			x.profile = known[(round+1)%len(known)]
			if x.profile == posed {
				x.profile = known[(round+2)%len(known)]
			}
		}
		x.options = append([]string{"--false-flag", posed}, small...)
	case "unknown":
		x.profile, x.options = "unknown-actor", small
		if seed%len(kinds) == 8 {
			x.options = append([]string{"--skew", "minutes"}, small...)
		}
	case "presence":
		x.profile, x.options = append(known, "unknown-actor")[round%5], []string{"--days", "120", "--returns", fmt.Sprint(3 + round%4)}
	case "skew":
		x.profile, x.options = own, append([]string{"--sites", fmt.Sprint(2 + round%2), "--skew", "hours"}, small...)
	case "quiet":
		x.profile, x.options = "quiet-site", []string{"--days", fmt.Sprint(60 + 30*(round%3))}
	}
	return x
}

// ablation is a way in which evidence is worse than complete.
type ablation struct {
	name    string
	options []string
}

// ablations are the complete evidence and five ways of less.
var ablations = []ablation{
	{"complete", nil},
	{"no captures", []string{"--drop", "captures"}},
	{"half the hosts", []string{"--drop", "half"}},
	{"no way in", []string{"--drop", "entry"}},
	{"last third", []string{"--span", "67-100"}},
	{"loud", []string{"--noise", "loud"}},
}

// command is what to type for an ablated scenario.
func (x scenario) command(a ablation) string {
	return "longwatch simulate " + strings.Join(x.arguments(a), " ")
}

func (x scenario) arguments(a ablation) []string {
	args := append([]string{x.profile, "--seed", fmt.Sprint(x.seed)}, x.options...)
	return append(args, a.options...)
}
