package intel

import (
	"bufio"
	"encoding/csv"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/stix"
)

// zeek reads a Zeek intelligence file
// (https://docs.zeek.org/en/master/frameworks/intel.html): tab-separated,
// columns named by a #fields line, "-" for no value.
func (l *loader) zeek(r *bufio.Reader) error {
	l.file.Format = "zeek"
	var c columns
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
		l.cells(c, cells, false)
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
		value, desc := splitNote(v)
		k, err := Guess(value)
		if err != nil {
			l.file.Rows++
			l.report.Rows++
			l.refuse(l.line, err.Error()+": "+strconv.Quote(short(v)))
			return
		}
		l.row(Indicator{Kind: k, Value: value, Source: source, Desc: desc, Confidence: Unrated.confidence(), Severity: finding.Medium})
	})
}

// splitNote parts a line of a list into the value and what is said about it.
func splitNote(v string) (value, note string) {
	if _, err := Guess(v); err == nil {
		return v, ""
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

// columns says which cell holds what; -1 for none.
type columns struct {
	value, kind, source, desc, url, confidence, severity, from, until, port, first, last, marking int
	pairs                                                                                         []pair

	epss, percentile int    // of a table of the Exploit Prediction Scoring System
	model            string // the comment above it: version of the model, day of the scores
}

// pair is a column that holds indicators of one kind.
type pair struct {
	at   int
	kind Kind
}

func noColumns() columns {
	return columns{
		value: -1, kind: -1, source: -1, desc: -1, url: -1, confidence: -1, severity: -1, from: -1, until: -1, port: -1, first: -1, last: -1, marking: -1,
		epss: -1, percentile: -1,
	}
}

func zeekColumns(names []string) columns {
	c := noColumns()
	for i, n := range names {
		switch strings.ToLower(strings.TrimSpace(n)) {
		case "indicator":
			c.value = i
		case "indicator_type":
			c.kind = i
		case "meta.source":
			c.source = i
		case "meta.desc":
			c.desc = i
		case "meta.url":
			c.url = i
		case "meta.confidence":
			c.confidence = i
		case "meta.severity":
			c.severity = i
		case "meta.first_seen", "meta.valid_from":
			c.from = i
			if strings.Contains(n, "first") {
				c.first = i
			}
		case "meta.last_seen":
			c.last = i
		case "meta.expires", "meta.valid_until":
			c.until = i
		}
	}
	return c
}

// csv reads a table. Its header names the columns, as a first row or as the
// last comment before the data; without one the column that looks most like
// indicators is taken.
func (l *loader) csv(r *bufio.Reader, comma rune, asked bool) error {
	l.file.Format = "csv"
	source := listName(l.file.Path)
	var c columns
	have, comment, skip := false, "", false
	return l.lines(r, func(line string) {
		if skip || strings.TrimSpace(line) == "" {
			return
		}
		if line[0] == '#' {
			comment = strings.TrimLeft(line, "# ")
			return
		}
		cells := splitCSV(line, comma)
		if !have {
			have = true
			guess := guessColumns(cells)
			if c = csvColumns(cells); c.known() && !guess.known() {
				if c.epss >= 0 {
					l.file.Format, c.model = "epss", comment
				}
				return
			}
			if c = csvColumns(splitCSV(comment, comma)); !c.known() {
				c = guess
			}
			if !c.known() && !asked {
				skip = true
				l.refuseFile("no column of indicators is recognised")
				return
			}
		}
		if c.source < 0 {
			cells = append(cells, source)
			d := c
			d.source = len(cells) - 1
			l.cells(d, cells, true)
			return
		}
		l.cells(c, cells, true)
	})
}

// delimiter tells whether text is a table and what parts its columns.
func delimiter(head []byte, name string) (rune, bool) {
	ext := strings.ToLower(path.Ext(name))
	for line := range strings.SplitSeq(string(head), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		tabs, commas, semis := strings.Count(line, "\t"), strings.Count(line, ","), strings.Count(line, ";")
		switch {
		case ext == ".tsv" || ext != ".csv" && tabs > 0 && tabs >= commas && !strings.HasPrefix(line, "0.0.0.0") && !strings.HasPrefix(line, "127.0.0.1"):
			return '\t', tabs > 0
		case commas > 0 && commas >= semis:
			return ',', true
		case semis > 0:
			return ';', true
		}
		return ',', ext == ".csv"
	}
	return 0, false
}

// splitCSV splits one line as RFC 4180 says; quoted line ends do not occur in
// lists of indicators.
func splitCSV(line string, comma rune) []string {
	r := csv.NewReader(strings.NewReader(line))
	r.Comma, r.LazyQuotes, r.TrimLeadingSpace, r.FieldsPerRecord = comma, true, true, -1
	cells, err := r.Read()
	if err != nil {
		return strings.Split(line, string(comma))
	}
	return cells
}

func (c columns) known() bool { return c.value >= 0 || len(c.pairs) > 0 }

// csvColumns reads a header.
func csvColumns(names []string) columns {
	c := noColumns()
	for i, n := range names {
		n = strings.ToLower(strings.Trim(strings.TrimSpace(n), `"`))
		plain := strings.NewReplacer("-", "_", " ", "_").Replace(n)
		switch plain {
		case "indicator", "ioc", "value", "ioc_value", "indicator_value", "observable":
			if c.value < 0 {
				c.value = i
			}
		case "type", "indicator_type", "ioc_type", "kind", "value_type":
			if c.kind < 0 {
				c.kind = i
			}
		case "source", "feed", "reporter", "provider":
			c.source = i
		case "description", "desc", "comment", "malware", "malware_printable", "threat", "note", "notes", "tags", "signature", "family":
			if c.desc < 0 {
				c.desc = i
			}
		case "reference", "ref", "urlhaus_link", "more":
			c.url = i
		case "confidence", "confidence_level", "score":
			c.confidence = i
		case "severity":
			c.severity = i
		case "tlp", "marking", "tlp_marking":
			c.marking = i
		case "valid_from", "first_seen", "first_seen_utc", "firstseen", "dateadded", "date_added":
			c.from = i
			if strings.Contains(plain, "first") {
				c.first = i
			}
		case "last_seen", "last_seen_utc", "lastseen", "last_online", "last_observed", "lastonline":
			c.last = i
		case "valid_until", "expires", "expiration", "expiry":
			c.until = i
		case "port", "dst_port":
			c.port = i
		case "epss":
			c.epss = i
		case "percentile":
			c.percentile = i
		default:
			if k, ok := kindOf(plain); ok {
				c.pairs = append(c.pairs, pair{i, k})
			}
		}
	}
	if c.value >= 0 {
		c.pairs = nil
	}
	ofValue := func(p pair) bool { return p.kind == Vulnerability }
	if slices.ContainsFunc(c.pairs, func(p pair) bool { return !ofValue(p) }) { // what a row says of its digest
		c.pairs = slices.DeleteFunc(c.pairs, ofValue)
	}
	return c
}

// guessColumns finds the first cell that is an indicator by itself.
func guessColumns(cells []string) columns {
	c := noColumns()
	for i, v := range cells {
		if _, err := Guess(v); err == nil {
			c.value = i
			return c
		}
	}
	return c
}

// cells loads the indicators of one row of a table.
func (l *loader) cells(c columns, cells []string, guess bool) {
	at := func(i int) string {
		if i < 0 || i >= len(cells) {
			return ""
		}
		return strings.TrimSpace(cells[i])
	}
	ind := Indicator{
		Source: at(c.source), Desc: at(c.desc), URL: at(c.url),
		Confidence: Unrated.confidence(), Severity: finding.Medium,
		From: when(at(c.from), false), Until: when(at(c.until), true),
	}
	if first, last := when(at(c.first), false), when(at(c.last), false); last != 0 || first != 0 {
		ind.Seen = record.Span{Start: first, End: max(first, last)}
	}
	if v := at(c.confidence); v != "" {
		if n, err := strconv.ParseFloat(strings.TrimSuffix(v, "%"), 64); err == nil && n >= 0 && n <= 100 {
			ind.Confidence = uint8(n)
		}
	}
	if v := at(c.severity); v != "" {
		if s, err := finding.ParseSeverity(v); err == nil {
			ind.Severity, ind.Rated = s, true
		}
	}
	if t := at(c.marking); t != "" {
		level, _ := stix.ParseTLP(t) // what nobody knows is red
		ind.Marking = level.String()
	}
	if v := at(c.port); v != "" {
		if p, err := strconv.ParseUint(v, 10, 16); err == nil {
			ind.Port = uint16(p)
		}
	}
	if c.epss >= 0 {
		ind = epss(c.model, at(c.epss), at(c.percentile))
	}
	for _, p := range c.pairs {
		if v := at(p.at); v != "" {
			ind.Kind, ind.Value = p.kind, v
			l.row(ind)
		}
	}
	if c.value < 0 {
		return
	}
	ind.Value = at(c.value)
	ok := false
	if c.kind >= 0 {
		ind.Kind, ok = l.kindOf(at(c.kind))
	}
	if !ok && guess {
		if k, err := Guess(ind.Value); err == nil {
			ind.Kind, ok = k, true
		}
	}
	if !ok {
		l.file.Rows++
		l.report.Rows++
		reason := errUnguessed
		if c.kind >= 0 {
			reason = errKind
		}
		l.refuse(l.line, reason.Error()+": "+strconv.Quote(short(at(c.kind)+" "+ind.Value)))
		return
	}
	l.row(ind)
}

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
	for _, layout := range [...]string{time.RFC3339, "2006-01-02 15:04:05 MST", "2006-01-02 15:04:05", "2006-01-02"} {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if end && layout == "2006-01-02" {
			t = t.Add(24*time.Hour - time.Nanosecond)
		}
		return record.TimeOf(t)
	}
	if t, err := record.ParseTime(s); err == nil {
		return t
	}
	return 0
}
