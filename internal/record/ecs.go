package record

import "reflect"

// AppendECS appends r as one flat JSON object with dotted ECS field names,
// which Elasticsearch and OpenSearch expand on ingestion. A field without an
// ECS name is written as longwatch.TYPE.NAME; times are RFC 3339.
func (t *Type) AppendECS(dst []byte, r Record) []byte {
	rv := reflect.ValueOf(r).Elem()
	dst = append(dst, `{"event.dataset":"longwatch.`...)
	dst = append(dst, t.Name...)
	dst = append(dst, '"')
	for i := range t.Fields {
		f := &t.Fields[i]
		v, ok := f.value(rv)
		if !ok {
			continue
		}
		dst = append(dst, ',', '"')
		if f.ECS != "" {
			dst = append(dst, f.ECS...)
		} else {
			dst = append(dst, "longwatch."...)
			dst = append(dst, t.Name...)
			dst = append(dst, '.')
			dst = append(dst, f.Name...)
		}
		dst = append(dst, '"', ':')
		switch {
		case f.kind == kindTime && !f.vector:
			dst = append(dst, '"')
			dst = append(dst, Time(v.Int()).String()...)
			dst = append(dst, '"')
		case f.kind == kindInterval && !f.vector && f.ECS == "event.duration":
			dst = appendInt(dst, v.Int())
		default:
			dst = f.appendJSON(dst, v)
		}
	}
	return append(dst, '}')
}
