package sigma

import (
	"strings"

	"longwatch/internal/record"
)

// Hit is an event for which a rule is true that a correlation looks at. It is
// a record so that hits can be put into the order of time like all others.
type Hit struct {
	record.Head
	Rule     uint32      `rec:"rule"`     // number of the rule among those that are matched
	Values   []record.KV `rec:"values"`   // the fields that correlations ask for
	Entities []record.KV `rec:"entities"` // kind and role of what the event is about, to value
}

// HitType is the schema of Hit.
var HitType = record.Of[Hit]("sigma_hit")

// RecordType returns HitType.
func (*Hit) RecordType() *record.Type { return HitType }

// maxHitEntities bounds the entities kept of one event.
const maxHitEntities = 12

// hit keeps what the correlations of r need of the event in v.
func (r *Rule) hit(v *view, rec record.Record) *Hit {
	h := &Hit{Head: *rec.Base(), Rule: uint32(r.number)}
	for _, a := range r.asks {
		if i := v.head(a.field); i >= 0 {
			h.Values = append(h.Values, record.KV{Name: a.name, Value: strings.Clone(v.vals[i].text)})
		}
	}
	for _, e := range entities(rec) {
		if len(h.Entities) == maxHitEntities {
			break
		}
		h.Entities = append(h.Entities, record.KV{Name: e.Kind + "/" + e.Role, Value: e.Value})
	}
	return h
}

// value is the hit's value of a field.
func (h *Hit) value(name string) (string, bool) {
	for i := range h.Values {
		if h.Values[i].Name == name {
			return h.Values[i].Value, true
		}
	}
	return "", false
}

// occurrence is what a correlation counts: an event that one of its rules is
// true of, or another correlation that came true with an event.
type occurrence struct {
	ts    record.Time
	ref   record.Ref
	place int // of the rule in the correlation
	rule  *Rule
	hit   *Hit
	below *occurrence // what made a correlation come true
}

// value is the occurrence's value of a field: for a correlation that of the
// event that made it come true.
func (o *occurrence) value(name string) (string, bool) {
	if o.below == nil {
		return o.hit.value(name)
	}
	return o.below.value(o.rule.corr.field(o.below.rule, name))
}
