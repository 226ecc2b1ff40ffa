package intel

import (
	"slices"

	"longwatch/internal/record"
)

// besides are fields that Match reads though no entity is in them.
var besides = []string{"ts", "id.resp_p", "conn_state"}

// Compared tells which fields of a type Match reads: a record that has no
// others gives the same findings.
func Compared(t *record.Type) func(*record.Field) bool {
	names := slices.Clone(besides)
	for _, r := range requests {
		names = append(names, r[:]...)
	}
	switch t.Name {
	case "registry":
		names = append(names, "key", "value")
	case "share_access", "smb_files":
		names = append(names, "share", "path", "name")
	case "object_access":
		names = append(names, "object", "object_type")
	}
	return func(f *record.Field) bool { return f.Kind != "" || f.Match != "" || slices.Contains(names, f.Name) }
}
