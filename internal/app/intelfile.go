package app

import (
	"fmt"

	"longwatch/internal/intel"
)

// LoadIntel reads indicators and says what became of every row. Files that were
// built before are read whole and compared with their checksums.
func LoadIntel(paths []string) (IntelReport, error) {
	set, r := intel.Load(intel.Paths(paths...)...)
	defer func() { _ = set.Close() }()
	if err := set.Verify(); err != nil {
		return IntelReport{}, fmt.Errorf("app: %w", err)
	}
	return intelReport(set, &r), nil
}

func intelReport(set *intel.Set, r *intel.Report) IntelReport {
	out := IntelReport{Rows: r.Rows, Loaded: r.Loaded, Refused: r.Refused, Reasons: []string{}, Kinds: []IntelKind{}, Unjudged: append([]string{}, set.Unjudged(allTypes())...)}
	for _, k := range set.Reaches(allTypes()) {
		out.Kinds = append(out.Kinds, IntelKind{Kind: k.Kind.String(), Rows: k.Rows, Context: k.Context, Records: append([]string{}, k.Records...)})
	}
	for _, x := range r.Reasons {
		out.Reasons = append(out.Reasons, fmt.Sprintf("%s:%d: %s", x.File, x.Line, x.Reason))
	}
	return out
}

// IntelFile is a file that BuildIntel made, or found as it should be.
type IntelFile struct {
	IntelReport

	Values int   `json:"values"` // different ones
	Bytes  int64 `json:"bytes"`
	Fresh  bool  `json:"fresh"` // it was made of the same feeds before
}

// BuildIntel makes one file of feeds, which is mapped instead of read.
func BuildIntel(out string, paths []string, again bool) (IntelFile, error) {
	b, err := intel.Build(out, version, again, intel.Paths(paths...)...)
	if err != nil {
		return IntelFile{}, err
	}
	set, _ := intel.Load(intel.Path(out))
	defer func() { _ = set.Close() }()
	return IntelFile{IntelReport: intelReport(set, &b.Report), Values: b.Values, Bytes: b.Size, Fresh: b.Fresh}, nil
}
