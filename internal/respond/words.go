package respond

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"longwatch/internal/casefolder"
	"longwatch/internal/record"
)

// when is a time as outputs have it, empty for none.
func when(t record.Time) string {
	if t == 0 {
		return ""
	}
	return t.Std().Format(time.RFC3339)
}

// maxText is how much of a finding's sentence a plan repeats, in bytes.
const maxText = 400

// clip shortens a sentence at a character.
func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	n := maxText
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// refsOf are the first places as people look them up.
func refsOf(refs []record.Ref) []string {
	out := []string{}
	for _, r := range refs[:min(len(refs), maxRefs)] {
		out = append(out, casefolder.Place(r))
	}
	return out
}

// maxNamed is how many places a title names.
const maxNamed = 6

// listed names the first most of a list.
func listed(list []record.Entity, most int) string {
	if len(list) == 0 {
		return "what the evidence names"
	}
	var names []string
	for _, e := range list[:min(len(list), most)] {
		names = append(names, e.Value)
	}
	if more := len(list) - most; more > 0 {
		return strings.Join(names, ", ") + fmt.Sprintf(" and %d more", more)
	}
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return names[0]
}
