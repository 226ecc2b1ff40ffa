package access

import (
	"fmt"
	"strings"
	"time"

	"longwatch/internal/incident"
	"longwatch/internal/record"
)

func shortName(s string) string { return incident.HostName(s) }

// dayOf is a time as a sentence has it.
func dayOf(t record.Time) string {
	if t == 0 {
		return "an unknown day"
	}
	return t.Std().UTC().Format("2006-01-02 15:04")
}

// few names the first of a list.
func few(list []string, n int) string {
	if len(list) <= n {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:n], ", "), len(list)-n)
}

// days is a span in days.
func days(d time.Duration) string {
	n := int(d / (24 * time.Hour))
	switch n {
	case 0:
		return "less than a day"
	case 1:
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

// did is how in the past tense after "it".
func did(how string) string {
	if strings.HasPrefix(how, "administrator's login") {
		return "was logged in as an administrator"
	}
	return how
}

// times is a count in words.
func times(n int64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// kindsOf names the logon types of a set of bits.
func kindsOf(bits uint32) string {
	var out []string
	for n := range int64(16) {
		if bits&(1<<uint64(n)) != 0 { // #nosec G115 -- small
			out = append(out, typeName(n))
		}
	}
	return strings.Join(out, ", ")
}
