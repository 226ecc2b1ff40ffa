// Command networks packs tables of networks into internal/asn/data/networks.zst:
// who announces which addresses and in which country they are registered. It
// is run by "make networks", which fetches two packages of npm and checks
// their sums:
//
//	go run ./internal/gen/networks -date 2026-06-17 -asn DIR -country DIR > internal/asn/data/networks.zst
//
// The folders are those of @ip-location-db/asn and @ip-location-db/asn-country.
package main

import (
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"

	"longwatch/internal/asn"
)

const from = "RouteViews (routeviews.org), NRO (nro.net) and DB-IP (https://db-ip.com), CC BY 4.0, joined by ip-location-db and packed by Longwatch"

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer) error {
	date := flag.String("date", "", "day of the data, YYYY-MM-DD")
	systems := flag.String("asn", "", "folder of @ip-location-db/asn")
	countries := flag.String("country", "", "folder of @ip-location-db/asn-country")
	flag.Parse()
	var rows []asn.Range
	for _, f := range []string{"asn-ipv4.csv", "asn-ipv6.csv"} {
		more, err := read(filepath.Join(*systems, f), system)
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	for _, f := range []string{"asn-country-ipv4.csv", "asn-country-ipv6.csv"} {
		more, err := read(filepath.Join(*countries, f), country)
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	packed, err := asn.Pack(asn.Header{Name: "built-in table of networks", Date: *date, From: from}, rows)
	if err != nil {
		return fmt.Errorf("networks: %w", err)
	}
	_, err = out.Write(packed)
	return err
}

// read reads the rows of one file: first address, last address, and what fill takes.
func read(file string, fill func(*asn.Network, []string) error) ([]asn.Range, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("networks: %w", err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	var out []asn.Range
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil || len(row) < 3 {
			return nil, fmt.Errorf("networks: %s: %q: %w", file, row, err)
		}
		first, err1 := netip.ParseAddr(row[0])
		last, err2 := netip.ParseAddr(row[1])
		v := asn.Range{First: first, Last: last}
		if err := errors.Join(err1, err2, fill(&v.Network, row[2:])); err != nil {
			return nil, fmt.Errorf("networks: %s: %q: %w", file, row, err)
		}
		out = append(out, v)
	}
}

func system(n *asn.Network, fields []string) error {
	if len(fields) != 2 {
		return errors.New("want a number and a name")
	}
	v, err := strconv.ParseUint(fields[0], 10, 32)
	n.ASN, n.Name = uint32(v), fields[1]
	return err
}

func country(n *asn.Network, fields []string) error {
	if len(fields) != 1 || len(fields[0]) != 2 {
		return errors.New("want a country of two letters")
	}
	n.Country = fields[0]
	return nil
}
