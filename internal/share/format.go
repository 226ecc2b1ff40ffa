// Package share passes on what a case holds: STIX, MISP, Zeek intelligence,
// rules of Suricata, Sigma and YARA, DNS response policy, nftables sets, tables
// and lists, and the ATT&CK Navigator layer. What leaves is decided once, by
// Pack, for all of them: nothing of the organisation's own unless asked.
package share

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Format is one way to write a parcel.
type Format struct {
	Name  string // as --format names it
	File  string // what it is written to
	About string
	Write func(io.Writer, *Parcel) error
	kinds []string // of items that it has a place for; nil: all
}

// Takes tells whether the format has a place for items of a kind.
func (f *Format) Takes(kind string) bool { return f.kinds == nil || slices.Contains(f.kinds, kind) }

// Formats are all of them, in the order of --help.
var Formats = []Format{
	{"stix", "stix.json", "STIX 2.1 bundle", STIX, []string{"address", "subnet", "domain", "url", "email", "user", "file", "hash", "certificate", "user_agent"}},
	{"misp", "misp.json", "MISP event", MISP, []string{"address", "subnet", "domain", "url", "email", "file", "hash", "certificate", "ja3", "ja3s", "ja4", "hassh", "user_agent"}},
	{"zeek", "longwatch.intel", "Zeek intelligence file", Zeek, []string{"address", "subnet", "domain", "url", "email", "user", "file", "hash", "certificate", "public_key", "user_agent", "software"}},
	{"suricata", "longwatch.rules", "Suricata rules", Suricata, []string{"address", "subnet", "domain", "url", "user_agent", "ja3", "ja3s", "certificate"}},
	{"sigma", "sigma.yml", "Sigma rules", Sigma, []string{"address", "subnet", "domain", "url", "hash", "file", "user_agent"}},
	{"yara", "longwatch.yar", "YARA rules", YARA, []string{"hash"}},
	{"rpz", "longwatch.rpz", "DNS response policy zone", RPZ, []string{"address", "subnet", "domain"}},
	{"nftables", "longwatch.nft", "nftables sets", NFTables, []string{"address", "subnet"}},
	{"csv", "indicators.csv", "table", CSV, nil},
	{"list", "indicators.txt", "one value a line", List, listKinds},
}

// FormatNamed finds a format.
func FormatNamed(name string) (Format, error) {
	i := slices.IndexFunc(Formats, func(f Format) bool { return f.Name == strings.ToLower(name) })
	if i >= 0 {
		return Formats[i], nil
	}
	var names []string
	for _, f := range Formats {
		names = append(names, f.Name)
	}
	return Format{}, fmt.Errorf("share: unknown format %q: use %s", name, strings.Join(names, ", "))
}
