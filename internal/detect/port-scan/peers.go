package portscan

import (
	"iter"
	"maps"
	"net/netip"
	"slices"
)

// peers are hosts and ports, each once. Most sources fail at one or two, which
// need no map.
type peers struct {
	few  []netip.AddrPort
	many map[netip.AddrPort]struct{}
}

// fewPeers is how many are looked through one by one.
const fewPeers = 8

func (p *peers) len() int { return len(p.few) + len(p.many) }

// add tells whether x is new.
func (p *peers) add(x netip.AddrPort) bool {
	if slices.Contains(p.few, x) {
		return false
	}
	if len(p.few) < fewPeers {
		p.few = append(p.few, x)
		return true
	}
	if _, ok := p.many[x]; ok {
		return false
	}
	if p.many == nil {
		p.many = map[netip.AddrPort]struct{}{}
	}
	p.many[x] = struct{}{}
	return true
}

func (p *peers) all() iter.Seq[netip.AddrPort] {
	return func(yield func(netip.AddrPort) bool) {
		for _, x := range p.few {
			if !yield(x) {
				return
			}
		}
		for x := range maps.Keys(p.many) {
			if !yield(x) {
				return
			}
		}
	}
}
