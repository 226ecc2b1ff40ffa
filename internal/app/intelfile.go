package app

import (
	"fmt"
	"slices"
	"time"

	"longwatch/content"
	"longwatch/internal/intel"
	"longwatch/internal/record"
)

// Feeds are files and folders of indicators.
type Feeds struct {
	Paths   []string
	Columns []string // of the tables among them that do not name theirs; intel.CheckColumns accepts them
}

func (f *Feeds) sources() []intel.Source {
	out := intel.Paths(f.Paths...)
	for i := range out {
		out[i] = out[i].WithColumns(f.Columns...)
	}
	return out
}

// LoadIntel reads indicators and says what became of every row. Files that were
// built before are read whole and compared with their checksums.
func LoadIntel(f Feeds) (IntelReport, error) {
	set, r := intel.Count(f.sources()...)
	defer func() { _ = set.Close() }()
	if err := set.Verify(); err != nil {
		return IntelReport{}, fmt.Errorf("app: %w", err)
	}
	return intelReport(set, &r), nil
}

func intelReport(set *intel.Set, r *intel.Report) IntelReport {
	out := IntelReport{Rows: r.Rows, Loaded: r.Loaded, Refused: r.Refused, Values: set.Values(), Written: r.Written, Reasons: []string{}, Kinds: []IntelKind{}, Unjudged: append([]string{}, set.Unjudged(allTypes())...)}
	for _, k := range set.Reaches(allTypes()) {
		out.Kinds = append(out.Kinds, IntelKind{Kind: k.Kind.String(), Rows: k.Rows, Context: k.Context, Records: append([]string{}, k.Records...)})
	}
	for _, x := range r.Reasons {
		out.Reasons = append(out.Reasons, x.String())
	}
	return out
}

// IntelFile is a file that BuildIntel made, or found as it should be.
type IntelFile struct {
	IntelReport

	Bytes int64 `json:"bytes"`
	Fresh bool  `json:"fresh"` // it was made of the same feeds before
}

// BuildIntel makes one file of feeds, which is mapped instead of read.
func BuildIntel(out string, f Feeds, again bool) (IntelFile, error) {
	b, err := intel.Build(out, version, again, f.sources()...)
	if err != nil {
		return IntelFile{}, err
	}
	set, _ := intel.Load(intel.Path(out))
	defer func() { _ = set.Close() }()
	return IntelFile{IntelReport: intelReport(set, &b.Report), Bytes: b.Size, Fresh: b.Fresh}, nil
}

// LookupIntel says what the built-in indicators and those of paths know of a
// value, judged at a time; zero is now. Files found in a folder that could not
// be read are in unread; one that was named itself is an error.
func LookupIntel(value string, paths []string, asOf time.Time) (a *intel.Answer, unread []string, err error) {
	if asOf.IsZero() {
		asOf = time.Now()
	}
	set, report := intel.Load(append([]intel.Source{intel.FS(content.Campaigns, "campaigns")}, intel.Paths(paths...)...)...)
	defer func() { _ = set.Close() }()
	for _, r := range report.Reasons {
		switch {
		case r.Line != 0 || r.File == "":
		case slices.Contains(paths, r.File):
			return nil, nil, fmt.Errorf("app: %q: %s", r.File, r.Reason)
		default:
			unread = append(unread, fmt.Sprintf("%q was not read: %s", r.File, r.Reason))
		}
	}
	return set.Ask(value, record.TimeOf(asOf)), unread, nil
}
