package intel

import (
	"bufio"
	"encoding/csv"
	"path"
	"slices"
	"strconv"
	"strings"

	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/stix"
)

// table is a table that is being read.
type table struct {
	*loader
	comma   rune
	asked   bool // the file was named itself
	source  string
	comment string // the last line of comment before the data
	columns columns
	have    bool // columns is what rows are read by
	skip    bool // no column is known

	open  []string // lines of a row whose quoted cell goes on
	first int      // line where it began
	size  int      // bytes of it
}

// Bounds of a row that goes over several lines.
const (
	maxRowLines = 256
	maxRowBytes = 1 << 18
)

// csv reads a table. Its header names the columns, as a first row or as the
// last comment before the data, or they were given; without one the column
// that looks most like indicators is taken.
func (l *loader) csv(r *bufio.Reader, comma rune, asked bool) error {
	l.file.Format = "csv"
	t := &table{loader: l, comma: comma, asked: asked, source: listName(l.file.Path), columns: noColumns()}
	err := l.lines(r, t.take)
	t.giveUp()
	return err
}

// take reads a line: a row, or a part of one.
func (t *table) take(line string) {
	switch {
	case t.skip:
	case len(t.open) > 0:
		t.open, t.size = append(t.open, line), t.size+len(line)
		if !quoteOpen(line, t.comma, true) {
			row, last := strings.Join(t.open, "\n"), t.line
			t.open, t.line = nil, t.first
			t.row1(row)
			t.line = last
		} else if len(t.open) > maxRowLines || t.size > maxRowBytes {
			t.giveUp()
		}
	case strings.TrimSpace(line) == "":
	case line[0] == '#':
		t.comment = strings.TrimLeft(line, "# ")
	case quoteOpen(line, t.comma, false):
		t.open, t.first, t.size = []string{line}, t.line, len(line)
	default:
		t.row1(line)
	}
}

// giveUp reads lines one by one after all, when a quote was never closed.
func (t *table) giveUp() {
	lines, last := t.open, t.line
	t.open = nil
	for i, line := range lines {
		if strings.TrimSpace(line) != "" {
			t.line = t.first + i
			t.row1(line)
		}
	}
	t.line = last
}

// quoteOpen tells whether a quoted cell (RFC 4180, section 2) is open at the end
// of a line; in, whether one is at its beginning.
func quoteOpen(row string, comma rune, in bool) bool {
	if strings.IndexByte(row, '"') < 0 {
		return in
	}
	start := !in
	for i := 0; i < len(row); i++ {
		switch c := row[i]; {
		case in && c == '"' && i+1 < len(row) && row[i+1] == '"':
			i++
		case in && c == '"':
			in = false
		case in:
		case rune(c) == comma:
			start = true
		case c == '"' && start:
			in, start = true, false
		case c != ' ':
			start = false
		}
	}
	return in
}

// row1 reads a whole row.
func (t *table) row1(line string) {
	cells := splitCSV(line, t.comma)
	if !t.have && !t.begin1(cells) {
		return
	}
	c := t.columns
	if c.source < 0 {
		cells = append(cells[:len(cells):len(cells)], t.source)
		c.source = len(cells) - 1
	}
	t.cells(&c, cells, true)
}

// begin1 finds the columns; it tells whether the row is data.
func (t *table) begin1(cells []string) bool {
	guess := guessColumns(cells)
	if len(t.loader.columns) > 0 {
		t.columns, t.have = csvColumns(t.loader.columns), true
		if t.headed(cells, guess.known()) {
			t.remark(t.line, "taken for the header that the given columns stand for: "+strconv.Quote(short(strings.Join(cells, string(t.comma)))))
			return false
		}
		return true
	}
	if c := csvColumns(cells); c.known() && !guess.known() {
		t.columns, t.have = c, true
		switch {
		case c.epss >= 0:
			t.file.Format, t.columns.model = "epss", t.comment
		case len(c.kev) > 0:
			t.file.Format = "kev"
		case c.tool >= 0:
			t.file.Format = "lolbas"
		case c.driver >= 0:
			t.file.Format = "loldrivers"
		}
		return false
	}
	c := csvColumns(splitCSV(t.comment, t.comma))
	if !c.known() {
		c = guess
	}
	switch {
	case c.known():
		t.columns, t.have = c, true
		return true
	case cells[0] != "" && strings.Join(cells[1:], "") == "" && (t.asked || strings.ContainsAny(cells[0], " \n")):
		t.refuseRow("no indicator is recognised in it: " + strconv.Quote(short(cells[0])))
		return false // a title or a licence, and the table after it
	}
	t.have, t.columns = true, c
	if !t.asked {
		t.skip = true
		t.refuseFile("no column of indicators is recognised")
		return false
	}
	return true
}

// headed tells whether a first row is a header: nothing in it is an indicator
// where the given columns want one that would be recognised, or its cells are
// words that columns have.
func (t *table) headed(cells []string, guessed bool) bool {
	if guessed {
		return false
	}
	recognised := func(p pair) bool { return p.kind <= URL || p.kind == Email || p.kind == Hash }
	if t.columns.kind < 0 && !slices.ContainsFunc(t.columns.pairs, func(p pair) bool { return !recognised(p) }) {
		return true
	}
	c := csvColumns(cells)
	return c.known() || slices.ContainsFunc(t.loader.columns, func(n string) bool { return n != "-" && slices.Contains(c.names, plainName(n)) })
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

// splitCSV splits one row as RFC 4180 says.
func splitCSV(line string, comma rune) []string {
	r := csv.NewReader(strings.NewReader(line))
	r.Comma, r.LazyQuotes, r.TrimLeadingSpace, r.FieldsPerRecord = comma, true, true, -1
	cells, err := r.Read()
	if err != nil {
		return strings.Split(line, string(comma))
	}
	return cells
}

// cells loads the indicators of one row of a table.
func (l *loader) cells(c *columns, cells []string, guess bool) {
	at := func(i int) string {
		if i < 0 || i >= len(cells) {
			return ""
		}
		return strings.TrimSpace(cells[i])
	}
	if c.tool >= 0 {
		l.row(known(Tool, at(c.tool), "LOLBAS", misusedWords+strings.TrimSpace(at(c.use)+" "+at(c.technique))))
		return
	}
	if k := c.kev; len(k) > 0 {
		l.row(exploited(at(k[0]), at(k[1]), at(k[2]), at(k[3]), at(k[4]), at(k[5]), at(k[6])))
		return
	}
	ind := l.rowOf(c, at)
	if c.epss >= 0 {
		ind = epss(c.model, at(c.epss), at(c.percentile))
	}
	if v := at(c.harmless); strings.EqualFold(v, "T") || strings.EqualFold(v, "true") {
		l.refuseRow("the source says that it is harmless: " + strconv.Quote(short(at(c.value))))
		return
	}
	some := false
	for _, p := range c.pairs {
		values := []string{at(p.at)}
		if p.kind == Hash || p.kind == Certificate { // several samples of a driver, as LOLDrivers writes them
			values = strings.FieldsFunc(values[0], func(r rune) bool { return r == ',' || r == ' ' || r == ';' })
		}
		for _, v := range values {
			if v != "" && v != "-" {
				some = true
				ind.Kind, ind.Value = p.kind, v
				l.row(ind)
			}
		}
	}
	switch {
	case c.value < 0 && !some && len(c.pairs) > 0:
		l.refuseRow("no value in the columns of indicators: " + strconv.Quote(short(strings.Join(cells, " "))))
		return
	case c.value < 0 && !some:
		l.refuseRow(errUnguessed.Error() + ": " + strconv.Quote(short(strings.Join(cells, " "))))
		return
	case c.value < 0:
		return
	}
	ind.Value = at(c.value)
	ok := false
	if c.kind >= 0 {
		ind.Kind, ok = l.kindOf(at(c.kind))
	}
	if !ok && guess {
		if k, err := l.guess(ind.Value); err == nil {
			ind.Kind, ok = k, true
		}
	}
	if !ok && guess && len(cells) <= 2 && c.kind < 0 { // a line of a list among those with notes
		l.listed(ind.Value, ind.Source)
		return
	}
	if !ok {
		reason := errUnguessed
		if c.kind >= 0 {
			reason = errKind
		}
		l.refuseRow(reason.Error() + ": " + strconv.Quote(short(at(c.kind)+" "+ind.Value)))
		return
	}
	l.row(ind)
}

// rowOf is what a row says beside its values.
func (l *loader) rowOf(c *columns, at func(int) string) Indicator {
	ind := Indicator{Source: at(c.source), URL: at(c.url), Confidence: Unrated.confidence(), Severity: finding.Medium, In: at(c.where)}
	if c.driver >= 0 {
		ind.Desc = strings.TrimSpace(at(c.use) + " " + at(c.driver))
	}
	for _, i := range c.desc {
		if v := at(i); v != "" && !strings.Contains(ind.Desc, v) {
			if ind.Desc != "" {
				ind.Desc += "; "
			}
			ind.Desc += v
		}
	}
	for _, i := range c.phases {
		if v := at(i); v != "" {
			ind.Phases = append(ind.Phases, v)
		}
	}
	time := func(i int, end bool) record.Time {
		v := at(i)
		t := when(v, end)
		if t == 0 && v != "" && !noTime(v) {
			l.odd(c.name(i), v, "taken as if it said no time")
		}
		return t
	}
	ind.From, ind.Until = time(c.from, false), time(c.until, true)
	if first, last := when(at(c.first), false), time(c.last, false); last != 0 || first != 0 {
		ind.Seen = record.Span{Start: first, End: max(first, last)}
	}
	if v := at(c.confidence); v != "" {
		if n, ok := confidenceOf(v); ok {
			ind.Confidence = n
		} else {
			l.odd(c.name(c.confidence), v, "taken as 50 of 100")
		}
	}
	if v := at(c.severity); v != "" {
		if s, err := finding.ParseSeverity(strings.ToLower(v)); err == nil {
			ind.Severity, ind.Rated = s, true
		} else {
			l.odd(c.name(c.severity), v, "taken as if it said none")
		}
	}
	if t := at(c.marking); t != "" {
		level, err := stix.ParseTLP(t) // what nobody knows is red
		ind.Marking = level.String()
		if err != nil {
			l.odd(c.name(c.marking), t, "taken as TLP:RED")
		}
	}
	if v := at(c.port); v != "" {
		if p, err := strconv.ParseUint(v, 10, 16); err == nil {
			ind.Port = uint16(p)
		} else {
			l.odd(c.name(c.port), v, "taken as any port")
		}
	}
	return ind
}

// noTime tells whether a cell says that there is no time.
func noTime(v string) bool {
	switch strings.ToLower(v) {
	case "-", "none", "null", "never", "n/a", "na", "unknown", "0", "0000-00-00", "0000-00-00 00:00:00":
		return true
	}
	return false
}

// confidenceOf reads a confidence: 0 to 100, a fraction of one, or one of the
// words of STIX 2.1, appendix A, in its None/Low/Medium/High scale.
func confidenceOf(v string) (uint8, bool) {
	v = strings.ToLower(strings.TrimSpace(v))
	switch v {
	case "none":
		return 0, true
	case "low":
		return 15, true
	case "med", "medium", "moderate":
		return 50, true
	case "high":
		return 85, true
	}
	n, err := strconv.ParseFloat(strings.TrimSuffix(v, "%"), 64)
	if err != nil || !(n >= 0 && n <= 100) {
		return 0, false
	}
	if n <= 1 && strings.Contains(v, ".") && !strings.HasSuffix(v, "%") {
		n *= 100
	}
	return uint8(n + 0.5), true
}
