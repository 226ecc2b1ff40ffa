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
}

// Formats are all of them, in the order of --help.
var Formats = []Format{
	{"stix", "stix.json", "STIX 2.1 bundle", STIX},
	{"misp", "misp.json", "MISP event", MISP},
	{"zeek", "longwatch.intel", "Zeek intelligence file", Zeek},
	{"suricata", "longwatch.rules", "Suricata rules", Suricata},
	{"sigma", "sigma.yml", "Sigma rules", Sigma},
	{"yara", "longwatch.yar", "YARA rules", YARA},
	{"rpz", "longwatch.rpz", "DNS response policy zone", RPZ},
	{"nftables", "longwatch.nft", "nftables sets", NFTables},
	{"csv", "indicators.csv", "table", CSV},
	{"list", "indicators.txt", "one value a line", List},
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
