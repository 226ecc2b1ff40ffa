package intel

import (
	"bufio"
	"path"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// zeek reads a Zeek intelligence file
// (https://docs.zeek.org/en/master/frameworks/intel.html): tab-separated,
// columns named by a #fields line, "-" for no value.
func (l *loader) zeek(r *bufio.Reader) error {
	l.file.Format = "zeek"
	c := noColumns()
	return l.lines(r, func(line string) {
		if rest, ok := strings.CutPrefix(line, "#fields"); ok {
			c = zeekColumns(strings.Split(strings.TrimLeft(rest, "\t "), "\t"))
			return
		}
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			return
		}
		cells := strings.Split(line, "\t")
		for i, v := range cells {
			if v == "-" {
				cells[i] = ""
			}
		}
		l.cells(&c, cells, false)
	})
}

// list reads one value a line. What follows the value after white space, "#",
// ";" or "//" is its description; a hosts file's own address is passed over.
func (l *loader) list(r *bufio.Reader) error {
	l.file.Format = "list"
	source := listName(l.file.Path)
	return l.lines(r, func(line string) {
		v := strings.TrimSpace(line)
		if v == "" || v[0] == '#' || v[0] == ';' || v[0] == '!' || strings.HasPrefix(v, "//") {
			return
		}
		l.listed(v, source)
	})
}

// listed loads one value that came without its kind, and what follows it.
func (l *loader) listed(v, source string) {
	if n := len(v); n > 1 && v[0] == '"' && v[n-1] == '"' {
		v = v[1 : n-1]
	}
	value, desc := splitNote(v)
	k, err := l.guess(value)
	if err != nil {
		l.refuseRow(err.Error() + ": " + strconv.Quote(short(v)))
		return
	}
	l.row(Indicator{Kind: k, Value: value, Source: source, Desc: desc, Confidence: Unrated.confidence(), Severity: finding.Medium})
}

// guess is Guess with what the name of the file says of digests in it.
func (l *loader) guess(value string) (Kind, error) {
	k, err := Guess(value)
	if k == Hash && l.guessed != 0 {
		if _, _, _, err := normal(l.guessed, value); err == nil {
			return l.guessed, nil
		}
	}
	return k, err
}

// nameHint is the kind of the digests in a file whose name says so; 0: of files.
func nameHint(file string) Kind {
	name := strings.ToLower(listName(file))
	switch {
	case strings.Contains(name, "hassh"):
		return HASSH
	case strings.Contains(name, "ja3"):
		return JA3
	}
	return 0
}

// splitNote parts a line of a list into the value and what is said about it.
func splitNote(v string) (value, note string) {
	if _, err := Guess(v); err == nil {
		return v, ""
	}
	if i := strings.IndexAny(v, "\t;,#"); i > 0 { // a range of addresses has spaces in it
		if value = strings.TrimSpace(v[:i]); len(prefixesOf(value)) > 0 {
			return value, strings.TrimLeft(v[i:], " \t;,#/")
		}
	}
	value, note = cutNote(v)
	switch value {
	case "0.0.0.0", "127.0.0.1", "::", "::1":
		if name, rest := cutNote(note); name != "" {
			return name, rest
		}
	}
	return value, note
}

func cutNote(v string) (value, note string) {
	i := strings.IndexAny(v, " \t;,")
	if i < 0 {
		return v, ""
	}
	return v[:i], strings.TrimLeft(v[i:], " \t;,#/")
}

// listName names a feed after its file.
func listName(file string) string {
	base := path.Base(strings.ReplaceAll(file, `\`, "/"))
	return strings.TrimSuffix(base, path.Ext(base))
}

// layouts are the ways of writing times that mean one time only: neither
// 3/4/2026 nor 03.04.26 is among them.
var layouts = [...]string{
	time.RFC3339, "2006-01-02 15:04:05 MST", "2006-01-02 15:04:05", "2006-01-02", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02 15:04:05-07:00", "2006/01/02",
	"2006/01/02 15:04:05", "20060102", "2 Jan 2006", "Jan 2, 2006", "2 January 2006", "January 2, 2006", time.RFC1123, time.RFC1123Z,
}

// dayOnly tells whether a layout has no time of day.
func dayOnly(layout string) bool { return !strings.Contains(layout, "15") }

// when reads a date or time; a date as an end includes its whole day. What
// cannot be read is no limit.
func when(s string, end bool) record.Time {
	if s == "" {
		return 0
	}
	if len(s) == len("2006-01-02") && s[4] == '-' { // most often
		if t, err := time.Parse("2006-01-02", s); err == nil {
			if end {
				t = t.Add(24*time.Hour - time.Nanosecond)
			}
			return record.TimeOf(t)
		}
	}
	for _, layout := range layouts {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if end && dayOnly(layout) {
			t = t.Add(24*time.Hour - time.Nanosecond)
		}
		return record.TimeOf(t)
	}
	if t, err := record.ParseTime(s); err == nil {
		return t
	}
	return 0
}
