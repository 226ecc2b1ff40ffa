package patch

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"longwatch/internal/asset"
	"longwatch/internal/record"
)

// Item is a program, or a flaw, that a list names for a host.
type Item struct {
	Host    string
	Vendor  string
	Product string
	Version string
	Port    uint16
	CVE     string      // a scanner found it; empty in an inventory
	Exposed bool        // reached from the Internet
	Seen    record.Time // 0: not told
	Scan    bool        // of a scanner's list, rather than an inventory
	Line    int
}

func (it *Item) list() string {
	if it.Scan {
		return "the scanner's list"
	}
	return "the inventory"
}

func (it *Item) said() string { return fmt.Sprintf("%s, line %d", it.list(), it.Line) }

// Bounds of a list.
const (
	maxItems   = 1 << 19
	maxList    = 256 << 20
	maxCell    = 512
	maxColumns = 256
)

var errList = errors.New("patch: the list cannot be read")

// listColumns are what columns are called, by us and by scanners.
var listColumns = map[string]string{
	"host": "host", "hostname": "host", "ip": "host", "address": "host", "asset": "host", "dns name": "host", "fqdn": "host", "ip address": "host",
	"vendor": "vendor", "product": "product", "software": "product", "name": "product", "application": "product", "version": "version", "installed version": "version",
	"port": "port", "cve": "cve", "cves": "cve", "exposed": "exposed", "internet": "exposed", "seen": "seen", "date": "seen", "last seen": "seen", "last_seen": "seen",
}

// ReadList reads a table (CSV; comma or semicolon) of programs, with the columns
// host and product and any of vendor, version, port, exposed (yes, no), seen; a
// scanner's has host and cve, several to a cell as they come.
func ReadList(r io.Reader, scan bool) ([]Item, error) {
	in := bufio.NewReader(io.LimitReader(r, maxList))
	head, err := in.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: %w", errList, err)
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		_, _ = in.Discard(3)
		head = head[3:]
	}
	table := csv.NewReader(in)
	table.FieldsPerRecord, table.LazyQuotes, table.TrimLeadingSpace, table.ReuseRecord = -1, true, true, true
	if line, _, _ := bytes.Cut(head, []byte("\n")); bytes.Count(line, []byte(";")) > bytes.Count(line, []byte(",")) {
		table.Comma = ';'
	}
	names, err := table.Read()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errList, err)
	}
	columns := map[string]int{}
	for i, n := range names[:min(len(names), maxColumns)] {
		if c := listColumns[strings.ToLower(strings.TrimSpace(n))]; c != "" {
			if _, twice := columns[c]; !twice {
				columns[c] = i
			}
		}
	}
	_, hasHost := columns["host"]
	_, hasProduct := columns["product"]
	_, hasCVE := columns["cve"]
	if !hasHost || !hasProduct && !hasCVE {
		return nil, fmt.Errorf("%w: it needs a column host, and product or cve; others are vendor, version, port, exposed, seen", errList)
	}
	var out []Item
	for {
		row, err := table.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errList, err)
		}
		line, _ := table.FieldPos(0)
		items, err := items(row, columns, scan, line)
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", errList, line, err)
		}
		if out = append(out, items...); len(out) > maxItems {
			return nil, fmt.Errorf("%w: more than %d rows", errList, maxItems)
		}
	}
}

func items(row []string, columns map[string]int, scan bool, line int) ([]Item, error) {
	get := func(name string) string {
		i, ok := columns[name]
		if !ok || i >= len(row) || len(row[i]) > maxCell || !utf8.ValidString(row[i]) {
			return ""
		}
		return strings.Clone(strings.TrimSpace(row[i]))
	}
	it := Item{Host: strings.ToLower(get("host")), Vendor: get("vendor"), Product: get("product"), Version: get("version"), Scan: scan, Line: line}
	if it.Host == "" {
		return nil, nil
	}
	if s := get("port"); s != "" {
		n, err := strconv.ParseUint(s, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("the port is no number: %q", s)
		}
		it.Port = uint16(n)
	}
	switch s := strings.ToLower(get("exposed")); s {
	case "", "no", "false", "0":
	case "yes", "true", "1":
		it.Exposed = true
	default:
		return nil, fmt.Errorf("exposed is yes or no, not %q", s)
	}
	if s := get("seen"); s != "" {
		t, err := time.Parse(time.DateOnly, s)
		if err != nil {
			if t, err = time.Parse(time.RFC3339, s); err != nil {
				return nil, fmt.Errorf("seen is no date: %q (write YYYY-MM-DD)", s)
			}
		}
		if y := t.Year(); y < 1980 || y > 2200 {
			return nil, fmt.Errorf("seen is no date: %q", s)
		}
		it.Seen = record.Time(t.UnixNano())
	}
	var out []Item
	for c := range strings.FieldsFuncSeq(strings.ToUpper(get("cve")), func(r rune) bool { return strings.ContainsRune(" ,;|\n", r) }) {
		if cveID.MatchString(c) {
			x := it
			x.CVE = c
			out = append(out, x)
		}
	}
	if len(out) == 0 && it.Product != "" {
		out = append(out, it)
	}
	return out, nil
}

// scanned makes lines of what a scanner says is there.
func (a *Audit) scanned(list []*program, r *Report) {
	have := map[[2]string]int{}
	for i := range r.Lines {
		have[[2]string{r.Lines[i].Host, r.Lines[i].CVE}] = i + 1
	}
	byHost := map[string]*program{}
	for _, p := range list {
		if old := byHost[p.host]; old == nil || old.exposure != internetFacing && p.exposure == internetFacing {
			byHost[p.host] = p
		}
	}
	hosts := map[string]string{}
	for _, p := range list {
		if p.asset != nil {
			hosts[p.asset.ID] = p.host
			for _, n := range p.asset.Names {
				hosts[n] = p.host
			}
			for _, ip := range p.asset.Addresses {
				hosts[ip.String()] = p.host
			}
		}
	}
	flaws := map[string]*Flaw{}
	for i := range a.opt.Flaws {
		flaws[a.opt.Flaws[i].CVE] = &a.opt.Flaws[i]
	}
	for i := range a.opt.Inventory {
		it := &a.opt.Inventory[i]
		if it.CVE == "" {
			continue
		}
		name := cmp.Or(hosts[it.Host], it.Host)
		key := [2]string{name, it.CVE}
		if n := have[key]; n > 0 {
			l := &r.Lines[n-1]
			if l.Verdict != Unsure {
				continue
			}
			l.Verdict, l.Because = Affected, it.said()+", found it; "+l.Because
			l.Score, l.Parts = 0, nil
			l.Certain = cmp.Or(map[string]string{"unseen": "by scan"}[l.Certain], l.Certain)
			a.score(l)
			continue
		}
		p := byHost[name]
		if p == nil {
			p = &program{host: name, exposure: inside, exposed: "nobody outside was seen to reach it"}
			if it.Exposed {
				p.exposure, p.exposed = internetFacing, it.list()+" says that it is reached from the Internet"
			}
		}
		q := *p
		q.product, q.port = cmp.Or(it.Product, "not told"), it.Port
		at := cmp.Or(it.Seen, a.span.End)
		q.versions = []asset.Software{{Product: q.product, Version: it.Version, Surety: asset.Sure, Why: it.said(), First: at, Last: at}}
		l := a.line(&q, it.CVE)
		l.Verdict, l.Because, l.Certain = Affected, it.said()+", found it", "by scan"
		if f := flaws[it.CVE]; f != nil {
			l.Name, l.Advisory, l.Fixed = f.Name, f.Advisory, f.newest()
			for _, c := range f.campaigns() {
				l.Campaigns = append(l.Campaigns, Use{Campaign: c, Name: cmp.Or(a.opt.Campaigns[c], c), How: f.Used[c], Here: a.opt.Here[c]})
			}
		}
		a.score(&l)
		r.Lines = append(r.Lines, l)
		have[key] = len(r.Lines)
	}
}
