// Package scanlist reads what scans of the Internet found: the JSON lines that
// Shodan exports (https://datapedia.shodan.io), and tables (CSV) with the columns
// ip and product, and port, banner, country, org, timestamp where there are any,
// as a user makes them from any other source. They tell what stands at the other
// end of a connection, as the home router that an intruder comes through.
package scanlist

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/evidence"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
	"longwatch/internal/textline"
)

// Format is lists of scan results.
var Format = evidence.Format{
	Name: "scanlist", Sniff: sniff, Emits: []*record.Type{network.ScanResultType},
	New: func(f *evidence.File, _ *evidence.Env) evidence.Reader { return &reader{f: f} },
}

const (
	maxColumns = 64
	maxText    = 200 // bytes of a product, banner or holder
)

func sniff(_ string, head []byte) evidence.Match {
	if _, ok := header(firstLine(head)); ok {
		return evidence.Sure
	}
	good, bad := textline.Tally(head, 4, func(line string) bool {
		_, ok := shodan([]byte(line))
		return ok
	})
	if good > bad {
		return evidence.Sure
	}
	// A line of Shodan's may be longer than the head.
	if line := firstLine(head); good+bad == 0 && strings.HasPrefix(line, "{") && strings.Contains(line, `"_shodan"`) && strings.Contains(line, `"ip_str"`) {
		return evidence.Sure
	}
	return evidence.None
}

func firstLine(head []byte) string {
	line, _, _ := strings.Cut(string(textline.DecodedHead(head)), "\n")
	return strings.TrimSpace(strings.TrimPrefix(line, "\ufeff"))
}

// header reads the first line of a table: its columns by name.
func header(line string) (map[string]int, bool) {
	names, ok := cells(strings.ToLower(line))
	if !ok || len(names) > maxColumns {
		return nil, false
	}
	columns := map[string]int{}
	for i, n := range names {
		switch n = strings.TrimSpace(n); n {
		case "ip_str", "address", "addr":
			n = "ip"
		case "device", "service":
			n = "product"
		case "data":
			n = "banner"
		case "date", "time", "last_seen":
			n = "timestamp"
		case "organization", "isp", "as_name":
			n = "org"
		}
		columns[n] = i
	}
	_, ip := columns["ip"]
	_, product := columns["product"]
	return columns, ip && product
}

func cells(line string) ([]string, bool) {
	r := csv.NewReader(strings.NewReader(line))
	row, err := r.Read()
	return row, err == nil
}

type reader struct {
	f       *evidence.File
	columns map[string]int // of a table; nil for JSON lines
}

// Read implements evidence.Reader.
func (r *reader) Read(ctx context.Context, out evidence.Outlet) error {
	sink := out.Lane()
	first := true
	return textline.Each(ctx, r.f, out, func(lines *textline.Reader) {
		line := strings.TrimPrefix(string(lines.Bytes()), "\ufeff")
		if first {
			first = false
			if columns, ok := header(line); ok {
				r.columns = columns
				return
			}
		}
		var x *network.ScanResult
		ok := false
		switch {
		case strings.TrimSpace(line) == "":
			return
		case r.columns != nil:
			x, ok = r.row(line)
		default:
			x, ok = shodan([]byte(line))
		}
		if !ok {
			lines.Bad("scan-line", "a line names no address")
			return
		}
		x.Ref = lines.Ref()
		sink.Put(x)
	})
}

// row reads one line of a table.
func (r *reader) row(line string) (*network.ScanResult, bool) {
	row, ok := cells(line)
	if !ok {
		return nil, false
	}
	get := func(name string) string {
		if i, there := r.columns[name]; there && i < len(row) {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	addr, err := netip.ParseAddr(get("ip"))
	if err != nil {
		return nil, false
	}
	port, _ := strconv.ParseUint(get("port"), 10, 16) // 0 where it is none
	x := &network.ScanResult{Addr: addr.Unmap(), Port: uint16(port), Product: cut(get("product")), Banner: cut(get("banner")), Country: country(get("country")), Holder: cut(get("org"))}
	x.TS = when(get("timestamp"))
	return x, true
}

// shodan reads one line of an export of Shodan's.
func shodan(line []byte) (*network.ScanResult, bool) {
	var j struct {
		IP        string `json:"ip_str"`
		Port      uint16 `json:"port"`
		Product   string `json:"product"`
		Device    string `json:"devicetype"`
		Data      string `json:"data"`
		Time      string `json:"timestamp"`
		Org       string `json:"org"`
		Transport string `json:"transport"`
		Location  struct {
			Country string `json:"country_code"`
		} `json:"location"`
	}
	if json.Unmarshal(line, &j) != nil || j.Port == 0 {
		return nil, false
	}
	addr, err := netip.ParseAddr(j.IP)
	if err != nil {
		return nil, false
	}
	product := strings.TrimSpace(j.Product + " " + j.Device)
	banner, _, _ := strings.Cut(strings.TrimSpace(j.Data), "\n")
	x := &network.ScanResult{Addr: addr.Unmap(), Port: j.Port, Product: cut(product), Banner: cut(strings.TrimSpace(banner)), Country: country(j.Location.Country), Holder: cut(j.Org)}
	x.TS = when(j.Time)
	return x, true
}

func country(s string) string {
	if len(s) != 2 {
		return ""
	}
	return strings.ToUpper(s)
}

// when reads a time; lists that give none, or another form, have 0.
func when(s string) record.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999", "2006-01-02 15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return record.TimeOf(t)
		}
	}
	return 0
}

// cut bounds a text, at a rune.
func cut(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	for len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "")
	}
	return s
}
