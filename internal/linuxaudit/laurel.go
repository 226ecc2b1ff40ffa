package linuxaudit

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"longwatch/internal/record"
)

// Laurel reads an event as laurel writes it (https://github.com/threathunters-io/laurel,
// log format): one JSON object with a member per type of record, arguments as
// a list, bytes that are no text percent-encoded.
func Laurel(text []byte) ([]*Line, bool) {
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil {
		return nil, false
	}
	var id, node string
	if json.Unmarshal(members["ID"], &id) != nil {
		return nil, false
	}
	_ = json.Unmarshal(members["NODE"], &node) // only with name_format
	stamp, _, ok := strings.Cut(id, ":")
	ts, err := record.ParseTime(stamp)
	if !ok || err != nil {
		return nil, false
	}
	var out []*Line
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if name == "ID" || name == "NODE" || strings.ToUpper(name) != name {
			continue
		}
		var objects []map[string]any
		if json.Unmarshal(members[name], &objects) != nil {
			var one map[string]any
			if json.Unmarshal(members[name], &one) != nil {
				continue
			}
			objects = append(objects, one)
		}
		for _, o := range objects[:min(len(objects), maxLines)] {
			out = append(out, &Line{Type: name, Node: node, ID: id, TS: ts, interpreted: true, fields: laurelFields(o)})
		}
	}
	return out, len(out) > 0
}

// laurelFields are the members of a record; ARGV becomes argc and a0, a1 …
func laurelFields(o map[string]any) []record.KV {
	var out []record.KV
	names := make([]string, 0, len(o))
	for name := range o {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		switch v := o[name].(type) {
		case string:
			out = append(out, record.KV{Name: name, Value: strings.TrimPrefix(v, "0x")})
		case float64:
			out = append(out, record.KV{Name: name, Value: strconv.FormatInt(int64(v), 10)})
		case []any:
			if name != "ARGV" {
				continue
			}
			out = append(out, record.KV{Name: "argc", Value: strconv.Itoa(len(v))})
			for i, a := range v[:min(len(v), maxFields)] {
				text, _ := a.(string)
				out = append(out, record.KV{Name: "a" + strconv.Itoa(i), Value: "\x00" + text})
			}
		}
		if len(out) >= maxFields {
			break
		}
	}
	return out
}
