package respond

import (
	"net/netip"
	"slices"

	"longwatch/internal/record"
)

// maxCuts is how many conversations a step lists.
const maxCuts = 64

// cuts are the industrial conversations that a step would end, by name.
func (w *who) cuts(what Cut, on []record.Entity) (out []Conversation) {
	for _, t := range w.talks {
		from, to := w.machine(t.From), w.machine(t.To)
		ends := func(e record.Entity) bool {
			return e.Value == from || e.Value == to || e.Value == t.From || e.Value == t.To
		}
		switch what {
		case CutHosts, CutOutside:
			if !slices.ContainsFunc(on, ends) {
				continue
			}
		case CutBorder:
			if !crosses(t.From, t.To) {
				continue
			}
		default:
			return nil
		}
		if len(out) < maxCuts {
			out = append(out, Conversation{From: called(from, t.From), To: called(to, t.To), Service: t.Service, Count: t.Count})
		}
	}
	return out
}

// called is a machine's name with its address.
func called(name, address string) string {
	if name == address {
		return address
	}
	return name + " (" + address + ")"
}

// crosses tells whether two addresses are in different networks, as far as one
// can tell without knowing the networks: /24 and /64 are what sites use most.
func crosses(a, b string) bool {
	x, err1 := netip.ParseAddr(a)
	y, err2 := netip.ParseAddr(b)
	if err1 != nil || err2 != nil || x.Is4() != y.Is4() {
		return err1 == nil && err2 == nil
	}
	bits := 24
	if x.Is6() {
		bits = 64
	}
	p, err := x.Prefix(bits)
	return err == nil && !p.Contains(y)
}
