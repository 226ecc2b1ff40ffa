package app

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"longwatch/content"
	"longwatch/internal/finding"
	"longwatch/internal/intel"
	"longwatch/internal/record"
	"longwatch/internal/share"
)

// IntelExport is which indicators are written, and how.
type IntelExport struct {
	Paths    []string    // files and folders of indicators
	BuiltIn  bool        // those of the built-in profiles too
	Format   string      // of package share
	TLP      share.TLP   // marking of what is written: nothing more restricted may be in it
	Kinds    []string    // only these; all when empty
	Sources  []string    // only these feeds; all when empty
	Markings []string    // only these, "none" for what has no marking; all when empty
	Least    uint8       // least confidence
	ValidAt  record.Time // only what means something then; 0: always
}

// Exported says what became of the indicators.
type Exported struct {
	Indicators int            `json:"indicators"` // rows that the filters let pass
	Values     int            `json:"values"`     // different ones, written
	LeftOut    map[string]int `json:"left_out"`   // values that the format has no place for, by kind
	Context    int            `json:"context"`    // indicators that are no sign: their source says so, or anybody may use them
	Harmless   int            `json:"harmless"`   // that a list of harmless values covers
}

// Run writes the indicators. It refuses, before a byte is written, when one of
// them is marked more restricted than TLP.
func (x *IntelExport) Run(w io.Writer) (*Exported, error) {
	format, err := share.FormatNamed(x.Format)
	if err != nil {
		return nil, err
	}
	sources := intel.Paths(x.Paths...)
	if x.BuiltIn {
		sources = append(sources, intel.FS(content.Campaigns, "campaigns"))
	}
	set, report := intel.Load(sources...)
	if report.Loaded == 0 {
		return nil, noIndicator(x.Paths, report.Reasons)
	}
	out := &Exported{LeftOut: map[string]int{}}
	items := map[[2]string]*share.Item{}
	for i := range set.All {
		if !x.wants(&i) {
			continue
		}
		if i.Weight == intel.None || insideOnly(i.Value) {
			out.Context++
			continue
		}
		if _, harmless := set.Benign(i.Value); harmless {
			out.Harmless++
			continue
		}
		if level, err := share.ParseTLP(i.Marking); i.Marking != "" && (err != nil || level > x.TLP) {
			return nil, fmt.Errorf("%w: %s %q of %q is TLP:%s, and TLP:%s is the most that may be in it; leave such out with --marking, or say --tlp", share.ErrRefused, i.Kind, i.Value, i.Source, strings.ToUpper(i.Marking), strings.ToUpper(x.TLP.String()))
		}
		out.Indicators++
		addItem(items, &i)
	}
	p := &share.Parcel{Marking: x.TLP}
	for _, k := range slices.SortedFunc(maps.Keys(items), func(a, b [2]string) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) }) {
		it := items[k]
		if !format.Takes(it.Kind) {
			out.LeftOut[it.Kind]++
			continue
		}
		p.Items = append(p.Items, *it)
		p.Span.Grow(it.First)
		p.Span.Grow(it.Last)
	}
	out.Values = len(p.Items)
	if err := format.Write(w, p); err != nil {
		return nil, fmt.Errorf("app: %w", err)
	}
	return out, nil
}

// insideOnly tells whether a value is an address or a network that every
// organisation has inside: nobody may block it for others.
func insideOnly(value string) bool {
	a, err := netip.ParseAddr(value)
	if err != nil {
		p, err := netip.ParsePrefix(value)
		if err != nil {
			return false
		}
		a = p.Addr()
	}
	a = a.Unmap()
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified()
}

// wants tells whether the filters let an indicator pass.
func (x *IntelExport) wants(i *intel.Indicator) bool {
	one := func(list []string, v string) bool {
		return len(list) == 0 || slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, v) })
	}
	valid := x.ValidAt == 0 || i.Within(x.ValidAt)
	return valid && one(x.Kinds, i.Kind.String()) && one(x.Sources, i.Source) && one(x.Markings, cmp.Or(i.Marking, "none")) && i.Confidence >= x.Least &&
		i.Kind != intel.Vulnerability && i.Kind != intel.Tool
}

// addItem joins an indicator with what others say of the same value.
func addItem(items map[[2]string]*share.Item, i *intel.Indicator) {
	k := [2]string{i.Kind.String(), i.Value}
	it := items[k]
	if it == nil {
		it = &share.Item{Kind: k[0], Value: i.Value, Severity: finding.Info}
		if i.Kind == intel.URL {
			it.Value = "http://" + i.Value // feeds are compared without a scheme, and readers want one
		}
		items[k] = it
	}
	it.Severity, it.Confidence = max(it.Severity, i.Severity), max(it.Confidence, i.Confidence)
	span := record.Span{Start: it.First, End: it.Last}
	for _, t := range []record.Time{i.Seen.Start, i.Seen.End} {
		span.Grow(t)
	}
	it.First, it.Last = span.Start, span.End
	if source := cmp.Or(i.Source, "unknown"); it.Source == "" {
		it.Source = source
	} else if !slices.Contains(strings.Split(it.Source, "; "), source) {
		it.Source += "; " + source
	}
	if i.Desc != "" && !slices.Contains(it.Titles, i.Desc) {
		it.Titles = append(it.Titles, i.Desc)
	}
}
