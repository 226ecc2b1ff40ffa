package intel

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// benign are lists of values that somebody says are harmless: MISP warning
// lists and the user's own. They are asked after a match, so that a list can
// take weight from an indicator without taking the indicator away.
type benign struct {
	names   []string // of the lists
	exact   map[string]uint32
	domains map[string]uint32 // with everything below
	nets    map[netip.Prefix]uint32
	lengths []int // of nets, as if all were IPv6, longest first: the closest network names the list
	parts   []benignPart
	res     []benignRE
}

type benignPart struct {
	text string
	list uint32
}

type benignRE struct {
	re   *regexp.Regexp
	list uint32
}

// Bounds of lists that are asked one after the other.
const (
	maxBenignParts = 10_000
	maxBenignREs   = 1000
)

func (b *benign) list(name string) uint32 {
	if b.exact == nil {
		b.exact, b.domains, b.nets = map[string]uint32{}, map[string]uint32{}, map[netip.Prefix]uint32{}
	}
	b.names = append(b.names, name)
	return uint32(len(b.names) - 1)
}

// warningList reads one list of the MISP warning lists
// (https://github.com/MISP/misp-warninglists).
func (l *loader) warningList(raw []byte) {
	l.file.Format = "warning list"
	var w struct {
		Name string   `json:"name"`
		Type string   `json:"type"`
		List []string `json:"list"`
	}
	if err := json.Unmarshal(raw, &w); err != nil {
		l.refuseRow(fmt.Sprintf("a list that cannot be read: %v", err))
		return
	}
	n := l.set.benign.list(first(w.Name, listName(l.file.Path)))
	for _, v := range w.List {
		l.file.Rows++
		l.report.Rows++
		if why := l.set.benign.add(n, w.Type, v); why != "" {
			l.refuse(l.line, fmt.Sprintf("%s: %q", why, short(v)))
			continue
		}
		l.file.Loaded++
		l.report.Loaded++
	}
}

// add adds a value of a list of a type, or says why it cannot.
func (b *benign) add(list uint32, typ, v string) string {
	v = strings.ToLower(Refang(v))
	if v == "" {
		return errEmpty.Error()
	}
	switch typ {
	case "cidr":
		p, err := netip.ParsePrefix(v)
		if err != nil {
			a, err := netip.ParseAddr(v)
			if err != nil {
				return errSubnet.Error()
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		b.addNet(p, list)
	case "hostname":
		b.domains[strings.Trim(v, ".*")] = list
	case "substring":
		if len(b.parts) == maxBenignParts {
			return "more parts of values than are looked for"
		}
		b.parts = append(b.parts, benignPart{v, list})
	case "regex":
		v = strings.TrimSuffix(strings.TrimPrefix(v, "/"), "/i")
		re, err := regexp.Compile("(?i)" + strings.TrimSuffix(v, "/"))
		if err != nil || len(b.res) == maxBenignREs {
			return fmt.Sprintf("a regular expression that cannot be evaluated: %v", err)
		}
		b.res = append(b.res, benignRE{re, list})
	default:
		b.exact[v] = list
		if p, err := netip.ParsePrefix(v); err == nil {
			b.addNet(p, list)
		}
	}
	return ""
}

func (b *benign) addNet(p netip.Prefix, list uint32) {
	p = wide(p)
	b.nets[p] = list
	if i, known := slices.BinarySearchFunc(b.lengths, p.Bits(), func(a, bits int) int { return bits - a }); !known {
		b.lengths = slices.Insert(b.lengths, i, p.Bits())
	}
}

// wide is a prefix of IPv4 as the one of IPv6 that it is mapped to.
func wide(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4() {
		return netip.PrefixFrom(netip.AddrFrom16(p.Addr().As16()), p.Bits()+96).Masked()
	}
	return p.Masked()
}

// Benign tells whether a value is on a list of harmless ones, and on which.
func (s *Set) Benign(value string) (list string, ok bool) {
	list, _, ok = s.benign.find(value)
	return list, ok
}

// clone is a copy that more can be added to.
func (b *benign) clone() benign {
	return benign{
		names: slices.Clone(b.names), exact: maps.Clone(b.exact), domains: maps.Clone(b.domains), nets: maps.Clone(b.nets),
		lengths: slices.Clone(b.lengths), parts: slices.Clone(b.parts), res: slices.Clone(b.res),
	}
}
