package detect

import (
	"slices"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// Trail collects the records that lead to a finding: where they stand, when
// they happened and whom they name. A record that comes twice counts once.
// The zero value is ready for use; at most 64 records are kept.
type Trail struct {
	Refs     []record.Ref
	Span     record.Span
	Entities []record.Entity
}

// Add takes note of r. It returns false when r was there already.
func (t *Trail) Add(r record.Record) bool {
	head := r.Base()
	if slices.Contains(t.Refs, head.Ref) {
		return false
	}
	t.Span.Grow(head.TS)
	if len(t.Refs) >= maxRefs {
		return true
	}
	t.Refs = append(t.Refs, head.Ref)
	for _, e := range r.RecordType().Entities(r) {
		if !slices.Contains(t.Entities, e) {
			t.Entities = append(t.Entities, e)
		}
	}
	return true
}

// Join adds all of o.
func (t *Trail) Join(o *Trail) {
	t.Span.Grow(o.Span.Start)
	t.Span.Grow(o.Span.End)
	for _, r := range o.Refs {
		if len(t.Refs) < maxRefs && !slices.Contains(t.Refs, r) {
			t.Refs = append(t.Refs, r)
		}
	}
	for _, e := range o.Entities {
		if !slices.Contains(t.Entities, e) {
			t.Entities = append(t.Entities, e)
		}
	}
}

// Finding is a finding about what the trail holds.
func (t *Trail) Finding(s finding.Severity, confidence uint8, why ...string) finding.Finding {
	return finding.Finding{
		Severity: s, Confidence: confidence, Why: why, Start: t.Span.Start, End: t.Span.End,
		Entities: slices.Clone(t.Entities), Refs: slices.Clone(t.Refs),
	}
}
