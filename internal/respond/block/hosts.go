package block

import (
	"maps"
	"slices"

	"longwatch/internal/casefolder"
	"longwatch/internal/incident"
	"longwatch/internal/record"
)

// Hosts learns from the records of a case which host has which addresses now,
// by its own log, its lease, its ticket or the DNS; a case folder does not hold
// that.
type Hosts struct {
	c       *casefolder.Case
	aliases *incident.Aliases
}

// NewHosts is for the hosts of a case.
func NewHosts(c *casefolder.Case) *Hosts {
	return &Hosts{c, incident.NewNames(c.OwnNets())}
}

// Take is a store.Taker.
func (h *Hosts) Take(t *record.Type) (put func(record.Record), want func(*record.Field) bool) {
	if t.Name == "conn" || !incident.Wants(t) { // connections name nobody
		return nil, nil
	}
	return h.aliases.Learn, nil
}

// List are the hosts with what they had when the evidence ends, by name.
func (h *Hosts) List() (out []casefolder.Host) {
	holders := h.aliases.Holders(h.c.Span.End)
	for _, name := range slices.Sorted(maps.Keys(holders)) {
		x := casefolder.Host{Name: name}
		for _, ip := range holders[name] {
			x.Addresses = append(x.Addresses, ip.String())
		}
		out = append(out, x)
	}
	return out
}
