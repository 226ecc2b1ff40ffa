package sink

import (
	"fmt"

	"longwatch/internal/record"
)

// ZeekJSON is Zeek's JSON logs: NAME.log, one object a line, without the
// columns that Zeek does not have.
var ZeekJSON = Format{
	Name: "zeek-json", Suffix: ".log", Zeek: true,
	Append: func(dst []byte, t *record.Type, r record.Record) []byte { return t.Stock().AppendJSON(dst, asZeek(r)) },
}

// Zeekish is a record of which Zeek writes less than there is, in columns that it
// has. AsZeek is the record as Zeek would write it.
type Zeekish interface{ AsZeek() record.Record }

func asZeek(r record.Record) record.Record {
	if x, ok := r.(Zeekish); ok {
		return x.AsZeek()
	}
	return r
}

// JSONL is whole records under NAME.jsonl, each with its place in the evidence.
var JSONL = Format{Name: "jsonl", Suffix: ".jsonl", Append: appendJSON}

// ZeekTSV is the same as Zeek's tab-separated logs with their header.
var ZeekTSV = Format{
	Name: "zeek-tsv", Suffix: ".log", Zeek: true,
	Head: func(t *record.Type) []byte {
		fields, types := t.Stock().ZeekHeader()
		return fmt.Appendf(nil, "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t%s\n%s\n%s\n", t.Name, fields, types)
	},
	Append: func(dst []byte, t *record.Type, r record.Record) []byte { return t.Stock().AppendZeek(dst, asZeek(r)) },
}

// ECS is JSON lines with the names of the Elastic Common Schema.
var ECS = Format{
	Name: "ecs", Suffix: ".ecs.jsonl",
	Append: func(dst []byte, t *record.Type, r record.Record) []byte { return t.AppendECS(dst, r) },
}

// Formats are all formats, the default first.
var Formats = []Format{ZeekJSON, ZeekTSV, JSONL, ECS, Parquet}

// ByName finds a format.
func ByName(name string) (Format, error) {
	for _, f := range Formats {
		if f.Name == name {
			return f, nil
		}
	}
	return Format{}, fmt.Errorf("sink: no format %q: use zeek-json, zeek-tsv, jsonl, ecs or parquet", name)
}

func appendJSON(dst []byte, t *record.Type, r record.Record) []byte {
	return record.AppendRefJSON(t.AppendJSON(dst, r), r.Base().Ref)
}
