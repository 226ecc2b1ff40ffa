package block

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"longwatch/internal/casefolder"
	"longwatch/internal/incident"
	"longwatch/internal/record"
	"longwatch/internal/store"
)

// Hosts learns from the records of a case which host has which addresses now,
// by its own log, its lease, its ticket or the DNS; a case folder does not hold
// that. notes say what could not be read.
func Hosts(ctx context.Context, c *casefolder.Case, files []store.File, types map[string]*record.Type) (hosts []casefolder.Host, notes []string, err error) {
	var nets []netip.Prefix
	for _, s := range c.HomeNet {
		if p, err := netip.ParsePrefix(s); err == nil {
			nets = append(nets, p)
		}
	}
	a := incident.NewAliases(nets)
	for i := range files {
		t := types[files[i].Type]
		if t == nil || t.Name == "conn" || !incident.Wants(t) { // connections name nobody
			continue
		}
		if _, err := files[i].Read(ctx, t, store.Options{}, a.Learn); err != nil {
			if ctx.Err() != nil {
				return nil, nil, ctx.Err()
			}
			notes = append(notes, fmt.Sprintf("addresses of hosts: %v", err))
		}
	}
	holders := a.Holders(c.Span.End)
	for _, name := range slices.Sorted(maps.Keys(holders)) {
		h := casefolder.Host{Name: name}
		for _, ip := range holders[name] {
			h.Addresses = append(h.Addresses, ip.String())
		}
		hosts = append(hosts, h)
	}
	return hosts, notes, nil
}
