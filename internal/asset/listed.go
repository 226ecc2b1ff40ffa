package asset

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Entry is one line of the organisation's own list of assets.
type Entry struct {
	Addresses []netip.Addr `json:"addresses,omitempty"`
	Name      string       `json:"name,omitempty"`
	MAC       string       `json:"mac,omitempty"`
	Listed
}

// Match is what comparing a list with what was seen gave.
type Match struct {
	File      string   `json:"file"`
	Entries   int      `json:"entries"`
	NeverSeen []Entry  `json:"never_seen"` // listed, and in no record
	NotListed []string `json:"not_listed"` // IDs of own assets that spoke and are not in the list
	Problems  []string `json:"problems,omitempty"`
}

const (
	maxList    = 64 << 20 // bytes
	maxEntries = 1 << 20
	maxProblem = 50 // told; more are counted
)

// columns are the fields of a list by the names that people give them, lower
// case, without spaces, dashes and underscores.
var columns = map[string]string{
	"address": "address", "addresses": "address", "ip": "address", "ips": "address", "ipaddress": "address", "ipv4": "address", "ipv6": "address",
	"name": "name", "hostname": "name", "host": "name", "fqdn": "name", "asset": "name", "assetname": "name", "dnsname": "name",
	"mac": "mac", "macaddress": "mac", "owner": "owner", "responsible": "owner", "contact": "owner", "criticality": "criticality", "priority": "criticality", "tier": "criticality", "impact": "criticality",
	"vendor": "vendor", "supplier": "vendor", "manufacturer": "vendor", "note": "note", "notes": "note", "comment": "note", "description": "note", "purpose": "note",
}

func column(name string) string {
	return columns[strings.NewReplacer(" ", "", "-", "", "_", "").Replace(strings.ToLower(strings.TrimSpace(name)))]
}

// ReadList reads a list of assets: CSV whose first line names the columns, or
// YAML, a list of entries, alone or below "assets". Known columns are address,
// name, mac, owner, criticality, vendor and note, and other usual names of
// these. Problems tell lines that could not be used.
func ReadList(r io.Reader) (entries []Entry, problems []string, err error) {
	b, err := io.ReadAll(io.LimitReader(r, maxList+1))
	switch {
	case err != nil:
		return nil, nil, err
	case len(b) > maxList:
		return nil, nil, fmt.Errorf("asset: the list is larger than %d bytes", maxList)
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	head, _, _ := bytes.Cut(b, []byte("\n"))
	isCSV := false
	for _, name := range bytes.FieldsFunc(head, func(r rune) bool { return r == ',' || r == ';' || r == '\t' }) {
		isCSV = isCSV || column(strings.Trim(strings.TrimSpace(string(name)), `"`)) != ""
	}
	if isCSV {
		return readCSV(b, head)
	}
	return readYAML(b)
}

// lister gathers entries and what is wrong with them.
type lister struct {
	entries  []Entry
	problems []string
	more     int
}

func (l *lister) problem(line int, format string, args ...any) {
	if len(l.problems) >= maxProblem {
		l.more++
		return
	}
	l.problems = append(l.problems, fmt.Sprintf("line %d: ", line)+fmt.Sprintf(format, args...))
}

func (l *lister) done() ([]Entry, []string, error) {
	if l.more > 0 {
		l.problems = append(l.problems, fmt.Sprintf("%d more lines could not be used", l.more))
	}
	if len(l.entries) == 0 {
		return nil, l.problems, errors.New("asset: the list names no asset by address, name or MAC")
	}
	return l.entries, l.problems, nil
}

// put adds an entry of its values by column.
func (l *lister) put(line int, get func(string) string) {
	e := Entry{Name: fold(get("name")), Listed: Listed{Owner: clip(get("owner")), Criticality: clip(get("criticality")), Vendor: clip(get("vendor")), Note: clip(get("note")), Line: line}}
	e.MAC = strings.ToLower(strings.NewReplacer("-", ":", ".", ":").Replace(strings.TrimSpace(clip(get("mac")))))
	for _, s := range strings.FieldsFunc(get("address"), func(r rune) bool { return strings.ContainsRune(" ,;|\t", r) }) {
		a, err := netip.ParseAddr(s)
		if err != nil {
			l.problem(line, "%q is no address", clip(s))
			continue
		}
		e.Addresses = append(e.Addresses, a.Unmap().WithZone(""))
	}
	switch {
	case len(e.Addresses) == 0 && e.Name == "" && e.MAC == "":
		l.problem(line, "no address, name or MAC")
	case len(l.entries) >= maxEntries:
		l.problem(line, "more than %d entries", maxEntries)
	default:
		l.entries = append(l.entries, e)
	}
}

func readCSV(b, head []byte) ([]Entry, []string, error) {
	r := csv.NewReader(bytes.NewReader(b))
	r.FieldsPerRecord, r.LazyQuotes, r.TrimLeadingSpace = -1, true, true
	for _, sep := range []rune{',', ';', '\t'} {
		if bytes.ContainsRune(head, sep) {
			r.Comma = sep
			break
		}
	}
	names, err := r.Read()
	if err != nil {
		return nil, nil, fmt.Errorf("asset: the list: %w", err)
	}
	at := map[string][]int{}
	for i, n := range names {
		if c := column(n); c != "" {
			at[c] = append(at[c], i)
		}
	}
	var l lister
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		line, _ := r.FieldPos(0)
		if err != nil {
			l.problem(line, "%v", err)
			continue
		}
		l.put(line, func(c string) string {
			var values []string
			for _, i := range at[c] {
				if i < len(row) && strings.TrimSpace(row[i]) != "" {
					values = append(values, strings.TrimSpace(row[i]))
				}
			}
			return strings.Join(values, " ")
		})
	}
	return l.done()
}

func readYAML(b []byte) ([]Entry, []string, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(b, &doc); err != nil {
		return nil, nil, fmt.Errorf("asset: the list is neither CSV with a known column nor YAML: %w", err)
	}
	if len(doc.Content) == 0 {
		return nil, nil, errors.New("asset: the list is empty")
	}
	list := doc.Content[0]
	if list.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(list.Content); i += 2 {
			if list.Content[i].Value == "assets" {
				list = list.Content[i+1]
				break
			}
		}
	}
	if list.Kind != yaml.SequenceNode {
		return nil, nil, errors.New("asset: the list is neither CSV with a known column nor a YAML list of assets")
	}
	var l lister
	for _, item := range list.Content {
		if item.Kind != yaml.MappingNode {
			l.problem(item.Line, "no entry with address or name")
			continue
		}
		values := map[string]string{}
		for i := 0; i+1 < len(item.Content); i += 2 {
			v := item.Content[i+1]
			text := v.Value
			if v.Kind == yaml.SequenceNode {
				var parts []string
				for _, p := range v.Content {
					parts = append(parts, p.Value)
				}
				text = strings.Join(parts, " ")
			}
			if c := column(item.Content[i].Value); c != "" {
				values[c] = strings.TrimSpace(values[c] + " " + text)
			}
		}
		l.put(item.Line, func(c string) string { return values[c] })
	}
	return l.done()
}

// Compare gives assets what the list says of them, and tells what is only in
// the list and what is not in it. An entry is an asset's when it has one of
// its addresses, its MAC, or, when it names no address, its name.
func (inv *Inventory) Compare(file string, entries []Entry, problems []string) *Match {
	m := &Match{File: file, Entries: len(entries), NeverSeen: []Entry{}, NotListed: []string{}, Problems: problems}
	byMAC := map[string]int{}
	for i, a := range inv.Assets {
		for _, mac := range a.MACs {
			byMAC[mac] = i
		}
	}
	for i := range entries {
		e := &entries[i]
		seen := false
		note := func(at int) {
			a := inv.Assets[at]
			if a.Listed == nil || a.Listed.Line > e.Line {
				listed := e.Listed
				a.Listed = &listed
			}
			seen = seen || !a.Silent
		}
		for _, addr := range e.Addresses {
			if at, ok := inv.byAddr[addr]; ok {
				note(at)
			}
		}
		if at, ok := byMAC[e.MAC]; ok && e.MAC != "" {
			note(at)
		}
		if at := inv.Find(e.Name); at >= 0 && len(e.Addresses) == 0 && e.Name != "" {
			note(at)
		}
		if !seen {
			m.NeverSeen = append(m.NeverSeen, *e)
		}
	}
	for _, a := range inv.Assets {
		if a.Own && !a.Silent && a.Listed == nil && a.Machine() {
			m.NotListed = append(m.NotListed, a.ID)
		}
	}
	return m
}
