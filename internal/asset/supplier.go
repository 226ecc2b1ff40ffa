package asset

import (
	"cmp"
	"fmt"
	"slices"
)

// Supplier is somebody outside whom assets depend on.
type Supplier struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`               // outside service, software, or hardware and firmware
	Assets   int      `json:"assets"`             // own assets that depend on it
	Share    float64  `json:"share"`              // of all own machines that were seen to speak
	Kinds    []Kind   `json:"kinds,omitempty"`    // of an outside service: what it is used for
	Products []string `json:"products,omitempty"` // of a vendor, at most maxProducts
	Places   []int    `json:"-"`                  // of an outside service, its addresses in Inventory.Assets
	Why      string   `json:"why"`
}

// The types of supplier.
const (
	OutsideService = "outside service"
	SoftwareVendor = "software"
	DeviceVendor   = "hardware and firmware"
)

const (
	leastShared = 2 // assets that make a supplier a shared one
	maxProducts = 12
)

// supply gathers one supplier.
type supply struct {
	users    map[int]struct{}
	places   map[int]struct{}
	kinds    map[Kind]int
	products map[string]struct{}
}

type supplyKey struct{ name, kind string }

// suppliers finds whom several own assets depend on.
func suppliers(inv *Inventory) []Supplier {
	all := map[supplyKey]*supply{}
	get := func(name, kind string) *supply {
		k := supplyKey{name, kind}
		s := all[k]
		if s == nil {
			s = &supply{users: map[int]struct{}{}, places: map[int]struct{}{}, kinds: map[Kind]int{}, products: map[string]struct{}{}}
			all[k] = s
		}
		return s
	}
	for i := range inv.Edges {
		e := &inv.Edges[i]
		name := inv.Assets[e.To].Provider()
		if name == "" || !inv.Assets[e.From].Own {
			continue
		}
		s := get(name, OutsideService)
		s.users[e.From], s.places[e.To] = struct{}{}, struct{}{}
		s.kinds[e.Kind]++
	}
	for i := range inv.Edges { // who goes through an appliance depends on its maker
		e := &inv.Edges[i]
		if to := inv.Assets[e.To]; to.Own && to.Vendor != "" && inv.Assets[e.From].Own && (to.Is(Appliance) || to.Is(VPNGateway) || to.Is(Router)) {
			get(to.Vendor, DeviceVendor).users[e.From] = struct{}{}
		}
	}
	machines := 0
	for i, a := range inv.Assets {
		if !a.Own || a.Silent {
			continue
		}
		machines++
		if a.Vendor != "" {
			s := get(a.Vendor, DeviceVendor)
			s.users[i] = struct{}{}
			for _, id := range a.Identities {
				if id.Product != "" {
					s.products[id.Product] = struct{}{}
				}
			}
		}
		for _, soft := range a.Software {
			if soft.Vendor != "" {
				s := get(soft.Vendor, SoftwareVendor)
				s.users[i] = struct{}{}
				s.products[soft.Product] = struct{}{}
			}
		}
	}
	var out []Supplier
	for k, s := range all {
		if len(s.users) >= leastShared {
			out = append(out, s.made(k, machines))
		}
	}
	slices.SortFunc(out, func(a, b Supplier) int {
		return cmp.Or(cmp.Compare(b.Assets, a.Assets), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name))
	})
	return out
}

func (s *supply) made(k supplyKey, machines int) Supplier {
	out := Supplier{Name: k.name, Type: k.kind, Assets: len(s.users), Share: float64(len(s.users)) / float64(max(1, machines))}
	for p := range s.places {
		out.Places = append(out.Places, p)
	}
	slices.Sort(out.Places)
	for kind := range s.kinds {
		out.Kinds = append(out.Kinds, kind)
	}
	slices.SortFunc(out.Kinds, func(a, b Kind) int { return cmp.Or(cmp.Compare(s.kinds[b], s.kinds[a]), cmp.Compare(a, b)) })
	for p := range s.products {
		out.Products = append(out.Products, p)
	}
	slices.Sort(out.Products)
	out.Products = out.Products[:min(len(out.Products), maxProducts)]
	switch k.kind {
	case OutsideService:
		out.Why = fmt.Sprintf("%d own machines used %d of its addresses", out.Assets, len(out.Places))
	case SoftwareVendor:
		out.Why = fmt.Sprintf("its software was seen on %d own machines", out.Assets)
	default:
		out.Why = fmt.Sprintf("%d own machines are its make, or use an appliance of it", out.Assets)
	}
	return out
}

// Provider is who runs an outside asset: the domain that it was reached as,
// else the network that announces its address; "" for own assets and those of
// control.
func (a *Asset) Provider() string {
	if a.Own || a.Device() || !a.Machine() {
		return ""
	}
	return cmp.Or(a.Domain, a.Network)
}

// Named are the places of the assets that s names: one asset as Find finds
// it, or all addresses of an outside provider.
func (inv *Inventory) Named(s string) []int {
	if i := inv.Find(s); i >= 0 {
		return []int{i}
	}
	var out []int
	for i, a := range inv.Assets {
		if p := a.Provider(); p != "" && fold(p) == fold(s) {
			out = append(out, i)
		}
	}
	return out
}
