// Package asn tells who announces an address on the Internet and in which
// country it is registered, from data built into the program, so that it works
// without a network:
//
//	n := asn.New().Lookup(netip.MustParseAddr("193.0.6.139"))
//	n.Country, n.ASN, n.Name // "NL", 3333, "Reseaux IP Europeens Network Coordination Centre (RIPE NCC)"
//
// The country is the one in which a registry gave the addresses out, which is
// not always where the machine stands. A user's own databases come first: see
// Open. The data, its date and its notice lie in the folder data.
package asn

import (
	"fmt"
	"net/netip"
	"strings"
)

// Network is what is known of the surroundings of an address.
type Network struct {
	Country string // ISO 3166-1 alpha-2, upper case, "" when unknown; "EU" and "AP" stand for a region
	ASN     uint32 // number of the autonomous system that announces the address, 0 when unknown
	Name    string // name of the holder of that number
}

// Known tells whether anything is known.
func (n Network) Known() bool { return n.Country != "" || n.ASN != 0 || n.Name != "" }

// String is the network as reports write it: "AS3333 Example, NL".
func (n Network) String() string {
	var b strings.Builder
	if n.ASN != 0 {
		fmt.Fprintf(&b, "AS%d", n.ASN)
	}
	for _, s := range []string{n.Name, n.Country} {
		switch {
		case s == "":
		case b.Len() == 0:
			b.WriteString(s)
		case s == n.Name:
			b.WriteString(" " + s)
		default:
			b.WriteString(", " + s)
		}
	}
	if b.Len() == 0 {
		return "unknown network"
	}
	return b.String()
}

// Source is a database that answers come from.
type Source struct {
	Name string // what it calls itself, or the user's file
	Date string // day of its data, YYYY-MM-DD, "" when it does not say
	From string // whom the data is from, with its licence; "" for the user's own
}

// finder is one database.
type finder interface {
	find(a netip.Addr) Network
	source() Source
}

// Table answers from the user's databases, and from the built-in one where
// those say nothing. The nil Table knows nothing. It is not changed after it
// was made; any number of goroutines may use it.
type Table struct {
	user []finder
}

// New is a Table of the built-in data alone.
func New() *Table { return &Table{} }

// Lookup tells the network of a. Addresses that are not of the Internet
// (private, loopback, link-local, multicast) have none, unless a database of
// the user names them.
func (t *Table) Lookup(a netip.Addr) Network {
	if t == nil || !a.IsValid() {
		return Network{}
	}
	a = a.Unmap().WithZone("")
	var n Network
	for _, f := range t.user {
		n.fill(f.find(a))
	}
	if n.Country != "" && n.ASN != 0 || !public(a) {
		return n
	}
	n.fill(builtin().find(a))
	return n
}

// fill takes from o what n lacks. A name belongs to its number.
func (n *Network) fill(o Network) {
	if n.Country == "" {
		n.Country = o.Country
	}
	switch {
	case n.ASN == 0 && n.Name == "":
		n.ASN, n.Name = o.ASN, o.Name
	case n.Name == "" && n.ASN == o.ASN:
		n.Name = o.Name
	}
}

// Sources are the databases, the one that is asked first at the head.
func (t *Table) Sources() []Source {
	if t == nil {
		return nil
	}
	var out []Source
	for _, f := range t.user {
		out = append(out, f.source())
	}
	return append(out, builtin().source())
}

func public(a netip.Addr) bool { return a.IsGlobalUnicast() && !a.IsPrivate() }
