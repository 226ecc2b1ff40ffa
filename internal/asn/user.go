package asn

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"
)

const (
	maxFile = 2 << 30  // bytes of a user's database
	maxRows = 16 << 20 // rows of a CSV
	maxName = 200      // bytes of a name
)

// Open makes a Table that asks the databases in files first, in their order:
// MaxMind DB (GeoLite2, DB-IP, IPinfo, ip-location-db), or CSV as readCSV
// reads it.
func Open(files []string) (*Table, error) {
	t := &Table{}
	for _, name := range files {
		f, err := open(name)
		if err != nil {
			return nil, err
		}
		t.user = append(t.user, f)
	}
	return t, nil
}

func open(name string) (finder, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("asn: %w", err)
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("asn: %s: %d bytes are more than a database of networks has", name, info.Size())
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("asn: %w", err)
	}
	base := filepath.Base(name)
	// The metadata of a MaxMind DB begins with this mark, near the end of the file.
	if bytes.Contains(data[max(0, len(data)-128<<10):], []byte("\xab\xcd\xefMaxMind.com")) {
		return openMMDB(base, data)
	}
	t, err := readCSV(base, data)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// mmdb is a MaxMind DB.
type mmdb struct {
	name string
	r    *maxminddb.Reader
}

func openMMDB(name string, data []byte) (finder, error) {
	r, err := maxminddb.OpenBytes(data)
	if err != nil {
		return nil, fmt.Errorf("asn: %s: %w", name, err)
	}
	return &mmdb{name, r}, nil
}

// mmdbRecord has the fields that the publishers of such databases use.
type mmdbRecord struct {
	Country           mmdbCountry `maxminddb:"country"`
	RegisteredCountry mmdbCountry `maxminddb:"registered_country"`
	CountryCode       string      `maxminddb:"country_code"`
	Number            uint32      `maxminddb:"autonomous_system_number"`
	Organization      string      `maxminddb:"autonomous_system_organization"`
}

type mmdbCountry struct {
	ISO string `maxminddb:"iso_code"`
}

// mmdbFlat is the record of IPinfo, whose country is no map and whose number
// is text: "AS3333".
type mmdbFlat struct {
	Country string `maxminddb:"country_code"`
	ASN     string `maxminddb:"asn"`
	Name    string `maxminddb:"as_name"`
}

func (m *mmdb) find(a netip.Addr) Network {
	res := m.r.Lookup(a)
	if !res.Found() {
		return Network{}
	}
	var r mmdbRecord
	var n Network
	if res.Decode(&r) == nil {
		n = Network{Country: code(r.Country.ISO, r.RegisteredCountry.ISO, r.CountryCode), ASN: r.Number, Name: cut(r.Organization)}
	}
	var flat mmdbFlat
	if n.ASN == 0 && res.Decode(&flat) == nil {
		number, _ := system(flat.ASN)
		n.fill(Network{Country: code(flat.Country), ASN: number, Name: cut(flat.Name)})
	}
	return n
}

func (m *mmdb) source() Source {
	return Source{Name: m.name + " (" + m.r.Metadata.DatabaseType + ")", Date: m.r.Metadata.BuildTime().UTC().Format(time.DateOnly)}
}

// code is the first of s that is a country.
func code(s ...string) string {
	for _, c := range s {
		if isCountry(c) {
			return strings.ToUpper(c)
		}
	}
	return ""
}

func isCountry(s string) bool {
	return len(s) == 2 && letter(s[0]) && letter(s[1])
}

func letter(c byte) bool { c |= 0x20; return c >= 'a' && c <= 'z' }

func cut(s string) string { return strings.ToValidUTF8(s[:min(len(s), maxName)], "") }

// system reads "AS3333" or "3333".
func system(s string) (uint32, bool) {
	if len(s) > 2 && strings.EqualFold(s[:2], "as") {
		s = s[2:]
	}
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err == nil
}

// rows are the rows of a CSV in the order of their first addresses; those of
// equal first address from the widest to the narrowest.
type rows struct {
	name string
	list []Range
	wide []netip.Addr // greatest last address of list[:i+1]
}

// readCSV reads a table with commas, semicolons or tabs. A row begins with a
// network ("192.0.2.0/24"), an address, or the first and last address of a
// range; after it, in any order, come a number ("3333", "AS3333"), a country
// of two letters, and a name. Lines that begin so with something else, as a
// header, are passed over; a file of which no row can be read is an error.
// Where rows overlap, the narrowest that begins last counts.
func readCSV(name string, data []byte) (*rows, error) {
	first, _, _ := strings.Cut(string(data[:min(len(data), 4096)]), "\n")
	r := csv.NewReader(bufio.NewReader(bytes.NewReader(data)))
	r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord, r.Comment = -1, true, true, '#'
	for _, c := range "\t;," {
		if strings.ContainsRune(first, c) {
			r.Comma = c
			break
		}
	}
	t := &rows{name: name}
	for len(t.list) < maxRows {
		row, err := r.Read()
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			continue
		}
		if err != nil {
			break
		}
		if v, ok := readRow(row); ok {
			t.list = append(t.list, v)
		}
	}
	if len(t.list) == 0 {
		return nil, fmt.Errorf("asn: %s: neither a MaxMind DB nor a table whose rows begin with a network or a range of addresses", name)
	}
	slices.SortStableFunc(t.list, func(a, b Range) int {
		if c := a.First.Compare(b.First); c != 0 {
			return c
		}
		return b.Last.Compare(a.Last)
	})
	t.wide = make([]netip.Addr, len(t.list))
	for i := range t.list {
		t.wide[i] = t.list[i].Last
		if i > 0 && t.wide[i].Less(t.wide[i-1]) {
			t.wide[i] = t.wide[i-1]
		}
	}
	return t, nil
}

func readRow(row []string) (Range, bool) {
	for i := range row {
		row[i] = strings.TrimSpace(row[i])
	}
	v, rest, ok := readSpan(row)
	if !ok {
		return v, false
	}
	for _, s := range rest {
		number, numeric := system(s)
		switch {
		case numeric && v.ASN == 0:
			v.ASN = number
		case isCountry(s) && v.Country == "":
			v.Country = strings.ToUpper(s)
		case s != "" && !numeric && v.Name == "":
			v.Name = cut(strings.Clone(s))
		}
	}
	return v, v.Known()
}

// readSpan reads the addresses at the head of a row.
func readSpan(row []string) (v Range, rest []string, ok bool) {
	if p, err := netip.ParsePrefix(row[0]); err == nil {
		p = p.Masked()
		return Range{First: p.Addr(), Last: lastOf(p)}, row[1:], true
	}
	a, err := netip.ParseAddr(row[0])
	if err != nil {
		return v, nil, false
	}
	v.First, v.Last, rest = a.Unmap().WithZone(""), a.Unmap().WithZone(""), row[1:]
	if len(rest) > 0 {
		if b, err := netip.ParseAddr(rest[0]); err == nil {
			v.Last, rest = b.Unmap().WithZone(""), rest[1:]
		}
	}
	return v, rest, v.First.BitLen() == v.Last.BitLen() && !v.Last.Less(v.First)
}

// lastOf is the last address of p.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// maxLook is how many rows that begin before an address are looked at.
const maxLook = 4096

func (t *rows) find(a netip.Addr) Network {
	i, _ := slices.BinarySearchFunc(t.list, a, func(r Range, a netip.Addr) int {
		if r.First.Compare(a) <= 0 {
			return -1
		}
		return 1
	})
	for n := 0; n < maxLook && i > 0; n++ {
		i--
		if t.wide[i].Less(a) {
			break
		}
		if r := &t.list[i]; !r.Last.Less(a) && r.First.BitLen() == a.BitLen() {
			return r.Network
		}
	}
	return Network{}
}

func (t *rows) source() Source { return Source{Name: t.name} }
