// Package asset learns from records, without asking anybody, what machines
// there are, what each of them is and runs, and which needs which:
//
//	l := asset.New(asset.Options{HomeNet: nets})
//	l.Learn(record)      // every record of a type that Wants names, in any order
//	inv := l.Finish()    // assets, and who uses what of whom
//
// Every claim says how sure it is and why, and cites records. Nothing is
// guessed from an address alone. Memory is bounded by the limits in learn.go,
// whatever the number of records; what did not fit is counted in Inventory.Beyond.
package asset

import (
	"net/netip"
	"slices"

	"longwatch/internal/record"
)

// Surety is how sure a claim is.
type Surety uint8

// The degrees of surety.
const (
	Guess  Surety = iota + 1 // fits what was seen, and so would other things
	Likely                   // most hosts that do this are that
	Sure                     // the host's own word, or a service that nothing else gives
)

// String is the degree in a word.
func (s Surety) String() string {
	switch s {
	case Sure:
		return "sure"
	case Likely:
		return "likely"
	case Guess:
		return "guess"
	}
	return "unknown"
}

// MarshalText is String, so that JSON holds the word.
func (s Surety) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// The roles of assets, as Role.Name holds them.
const (
	DomainController   = "domain controller"
	DNSServer          = "DNS server"
	MailServer         = "mail server"
	WebServer          = "web server"
	FileServer         = "file server"
	DatabaseServer     = "database server"
	TimeServer         = "time server"
	DHCPServer         = "DHCP server"
	LogServer          = "log server"
	ProxyServer        = "proxy"
	TerminalServer     = "remote desktop server"
	VPNGateway         = "VPN gateway"
	DirectoryServer    = "directory server"
	RadiusServer       = "RADIUS server"
	Printer            = "printer"
	Phone              = "phone"
	Router             = "router"
	Appliance          = "appliance"
	Workstation        = "workstation"
	Server             = "server"
	PLC                = "PLC"
	RTU                = "RTU"
	IED                = "IED"
	PMU                = "phasor measurement unit"
	BuildingController = "building controller"
	FieldGateway       = "field device gateway"
	FieldDevice        = "field device"
	OPCServer          = "OPC server"
	HMI                = "HMI"
	ControlMaster      = "control master"
	Historian          = "historian"
	EngineeringStation = "engineering station"
	Group              = "multicast group"
	Broadcast          = "broadcast address"
	Unspecified        = "no address"
)

// Role is what an asset was seen to be.
type Role struct {
	Name   string       `json:"name"`
	Surety Surety       `json:"surety"`
	Why    string       `json:"why"` // a sentence
	Refs   []record.Ref `json:"-"`
	Cited  []string     `json:"cited,omitempty"` // Refs as places to look up
}

// Software is a program or system that an asset runs.
type Software struct {
	Kind      string       `json:"kind"` // os, server, client, firmware, installed
	Vendor    string       `json:"vendor,omitempty"`
	Product   string       `json:"product"`
	Version   string       `json:"version,omitempty"` // as told; empty when it was not
	Surety    Surety       `json:"surety"`            // of product and version together
	Why       string       `json:"why"`               // what said so, in its own words
	Port      uint16       `json:"port,omitempty"`    // of a server
	First     record.Time  `json:"-"`
	Last      record.Time  `json:"-"`
	FirstSeen string       `json:"first_seen,omitempty"`
	LastSeen  string       `json:"last_seen,omitempty"`
	Count     int64        `json:"count"` // records that said so
	Refs      []record.Ref `json:"-"`
	Cited     []string     `json:"cited,omitempty"`
}

// Service is something that an asset answers others with.
type Service struct {
	Proto     string       `json:"proto"` // tcp or udp
	Port      uint16       `json:"port"`
	Name      string       `json:"name,omitempty"` // by content; empty when it was not recognised
	Kind      Kind         `json:"kind"`
	ByPort    bool         `json:"by_port,omitempty"` // only the port speaks for name and kind
	Clients   int          `json:"clients"`           // different addresses that it answered
	More      bool         `json:"more,omitempty"`    // there were more clients than are told apart
	Outside   bool         `json:"outside,omitempty"` // some of them are not in the own networks
	Count     int64        `json:"count"`             // connections
	First     record.Time  `json:"-"`
	Last      record.Time  `json:"-"`
	FirstSeen string       `json:"first_seen,omitempty"`
	LastSeen  string       `json:"last_seen,omitempty"`
	Refs      []record.Ref `json:"-"`
	Cited     []string     `json:"cited,omitempty"`
}

// Identity is what an industrial or other device says it is.
type Identity struct {
	Protocol string       `json:"protocol"` // that asked for it
	Unit     string       `json:"unit,omitempty"`
	Vendor   string       `json:"vendor,omitempty"`
	Product  string       `json:"product,omitempty"`
	Version  string       `json:"version,omitempty"`
	Serial   string       `json:"serial,omitempty"`
	Name     string       `json:"name,omitempty"`
	Other    []string     `json:"other,omitempty"` // "name: value", sorted
	Refs     []record.Ref `json:"-"`
	Cited    []string     `json:"cited,omitempty"`
}

// Listed is what the organisation's own list says of an asset.
type Listed struct {
	Owner       string `json:"owner,omitempty"`
	Criticality string `json:"criticality,omitempty"`
	Vendor      string `json:"vendor,omitempty"`
	Note        string `json:"note,omitempty"`
	Line        int    `json:"line"` // in the list, from 1
}

// Asset is one machine, or an address that stands for one.
type Asset struct {
	ID         string       `json:"id"`                // its first address, else its name
	Own        bool         `json:"own"`               // in an own network, or known by its own log
	Silent     bool         `json:"silent,omitempty"`  // nothing was seen to come from it: it was only written to or named
	Outside    bool         `json:"exposed,omitempty"` // it answered somebody outside the own networks
	Addresses  []netip.Addr `json:"addresses,omitempty"`
	MACs       []string     `json:"macs,omitempty"`
	Names      []string     `json:"names,omitempty"` // most trusted first
	Roles      []Role       `json:"roles,omitempty"` // surest first
	Vendor     string       `json:"vendor,omitempty"`
	Domain     string       `json:"domain,omitempty"`   // of an outside address: what it was reached as
	Network    string       `json:"network,omitempty"`  // of an outside address: who announces it
	RestsOn    string       `json:"rests_on,omitempty"` // ID of the nearest asset that everything it needs rests on
	Software   []Software   `json:"software,omitempty"` // OS first
	Services   []Service    `json:"services,omitempty"`
	Identities []Identity   `json:"identities,omitempty"`
	Notes      []string     `json:"notes,omitempty"` // such as "two MACs claim the address"
	VLANs      []uint16     `json:"vlans,omitempty"`
	Listed     *Listed      `json:"listed,omitempty"`
	First      record.Time  `json:"-"`
	Last       record.Time  `json:"-"`
	FirstSeen  string       `json:"first_seen,omitempty"` // First and Last as RFC 3339
	LastSeen   string       `json:"last_seen,omitempty"`
	Records    int64        `json:"records"` // that name it
	Refs       []record.Ref `json:"-"`       // the first ones
	Cited      []string     `json:"cited,omitempty"`
}

// Role is the surest role, or "".
func (a *Asset) Role() string {
	if len(a.Roles) == 0 {
		return ""
	}
	return a.Roles[0].Name
}

// Is tells whether the asset has the role, sure or not.
func (a *Asset) Is(role string) bool {
	return slices.ContainsFunc(a.Roles, func(r Role) bool { return r.Name == role })
}

// Name is how people call it: its first name, else its ID.
func (a *Asset) Name() string {
	if len(a.Names) > 0 {
		return a.Names[0]
	}
	return a.ID
}

// OS is the surest operating system, nil when none is known.
func (a *Asset) OS() *Software {
	for i := range a.Software {
		if a.Software[i].Kind == KindOS {
			return &a.Software[i]
		}
	}
	return nil
}

// Machine tells whether the asset is one, rather than an address that stands
// for several or for none.
func (a *Asset) Machine() bool { return !a.Is(Group) && !a.Is(Broadcast) && !a.Is(Unspecified) }

// Industrial tells whether the asset takes part in control.
func (a *Asset) Industrial() bool {
	return slices.ContainsFunc(a.Roles, func(r Role) bool { return industrial[r.Name] })
}

// Device tells whether the asset is a controller or another device that
// control protocols speak to, rather than a computer that speaks to them.
func (a *Asset) Device() bool {
	return slices.ContainsFunc(a.Roles, func(r Role) bool { return device[r.Name] })
}

var (
	device     = map[string]bool{PLC: true, RTU: true, IED: true, PMU: true, BuildingController: true, FieldGateway: true, FieldDevice: true}
	industrial = map[string]bool{PLC: true, RTU: true, IED: true, PMU: true, BuildingController: true, FieldGateway: true, FieldDevice: true, OPCServer: true, HMI: true, ControlMaster: true, Historian: true, EngineeringStation: true}
)

// Edge says that one asset uses a service of another.
type Edge struct {
	From      int          `json:"-"`      // place in Inventory.Assets, of the client
	To        int          `json:"-"`      // likewise of the server
	Client    string       `json:"client"` // its ID
	Server    string       `json:"server"` // likewise
	Kind      Kind         `json:"kind"`
	Proto     string       `json:"proto"`
	Port      uint16       `json:"port"`
	Name      string       `json:"name,omitempty"`    // of the service
	ByPort    bool         `json:"by_port,omitempty"` // only the port speaks for name and kind
	Needed    bool         `json:"needed"`            // the client cannot work without some service of this kind; else it uses it
	Days      int          `json:"days"`              // different days (UTC) that it was used on
	Count     int64        `json:"count"`             // connections
	Bytes     uint64       `json:"bytes"`             // payload in both directions, where it is known
	Access    string       `json:"access,omitempty"`  // of control: the furthest that the client went, a word of package ot
	First     record.Time  `json:"-"`
	Last      record.Time  `json:"-"`
	FirstSeen string       `json:"first_seen,omitempty"`
	LastSeen  string       `json:"last_seen,omitempty"`
	Refs      []record.Ref `json:"-"`
	Cited     []string     `json:"cited,omitempty"`
}

// Inventory is what was learned.
type Inventory struct {
	Span     record.Span `json:"-"`
	Assets   []*Asset    `json:"assets"` // own ones first, by address, then by name
	Edges    []Edge      `json:"edges"`  // by client, server, kind and port
	Beyond   Beyond      `json:"beyond"`
	Learned  int64       `json:"records"` // records that were learned from
	Home     []string    `json:"home"`    // own networks
	byAddr   map[netip.Addr]int
	byName   map[string]int
	excluded map[string]struct{} // names that several assets have
}

// Beyond counts what the limits left out.
type Beyond struct {
	Hosts    int64 `json:"hosts,omitempty"`    // records of addresses that were too many
	Edges    int64 `json:"edges,omitempty"`    // connections of pairs that were too many
	Services int64 `json:"services,omitempty"` // connections to services of a host that were too many
}

// ByAddress is the asset with the address, nil when there is none.
func (inv *Inventory) ByAddress(a netip.Addr) *Asset {
	if i, ok := inv.byAddr[a.Unmap().WithZone("")]; ok {
		return inv.Assets[i]
	}
	return nil
}

// Find is the place of the asset that s names: an ID, an address, or a name in
// full or without its domain when only one asset has it. It is -1 when there
// is none.
func (inv *Inventory) Find(s string) int {
	if a, err := netip.ParseAddr(s); err == nil {
		if i, ok := inv.byAddr[a.Unmap().WithZone("")]; ok {
			return i
		}
		return -1
	}
	if i, ok := inv.byName[fold(s)]; ok {
		return i
	}
	return -1
}

// ByName is the asset that Find finds, nil when there is none.
func (inv *Inventory) ByName(s string) *Asset {
	if i := inv.Find(s); i >= 0 {
		return inv.Assets[i]
	}
	return nil
}
