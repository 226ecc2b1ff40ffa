package intel

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// columns says which cell holds what; -1 for none.
type columns struct {
	value, kind, source, url, confidence, severity, from, until, port, first, last, marking int

	desc, phases []int    // what is said of the value: all of them are kept
	names        []string // of all columns, as the table writes them
	pairs        []pair

	where, harmless int // Zeek's meta.if_in and meta.whitelist

	epss, percentile int    // of a table of the Exploit Prediction Scoring System
	model            string // the comment above it: version of the model, day of the scores

	tool, use, technique int // of a table of programs that can be misused
	driver               int // the name of a driver, of a table of digests of those that can be misused

	kev []int // of CISA's catalogue as a table: CVE, maker, product, name, added, due, ransomware
}

// pair is a column that holds indicators of one kind.
type pair struct {
	at   int
	kind Kind
}

func noColumns() columns {
	return columns{
		value: -1, kind: -1, source: -1, url: -1, confidence: -1, severity: -1, from: -1, until: -1, port: -1, first: -1, last: -1, marking: -1,
		where: -1, harmless: -1, epss: -1, percentile: -1, tool: -1, use: -1, technique: -1, driver: -1,
	}
}

func (c *columns) known() bool {
	return c.value >= 0 || len(c.pairs) > 0 || c.tool >= 0 || len(c.kev) > 0
}

// name is that of a column, for messages.
func (c *columns) name(i int) string {
	if i < 0 || i >= len(c.names) {
		return "a column"
	}
	return c.names[i]
}

func zeekColumns(names []string) columns {
	c := noColumns()
	c.names = names
	for i, n := range names {
		name := strings.ToLower(strings.TrimSpace(n))
		switch name {
		case "indicator":
			c.value = i
		case "indicator_type":
			c.kind = i
		case "meta.source":
			c.source = i
		case "meta.desc":
			c.desc = append(c.desc, i)
		case "meta.url":
			c.url = i
		case "meta.confidence", "meta.cif_confidence":
			c.confidence = i
		case "meta.severity", "meta.cif_severity":
			c.severity = i
		case "meta.first_seen", "meta.valid_from", "meta.cif_firstseen":
			c.from = i
			if strings.Contains(name, "first") {
				c.first = i
			}
		case "meta.last_seen", "meta.cif_lastseen":
			c.last = i
		case "meta.expires", "meta.valid_until":
			c.until = i
		case "meta.tlp", "meta.marking":
			c.marking = i
		case "meta.if_in":
			c.where = i
		case "meta.whitelist":
			c.harmless = i
		case "meta.do_notice": // whether Zeek tells somebody: here every match is a finding, and the lists decide
		default:
			if strings.HasPrefix(name, "meta.") {
				c.desc = append(c.desc, i)
			}
		}
	}
	return c
}

// plainName is the name of a column in small letters with underscores.
func plainName(n string) string {
	n = strings.ToLower(strings.Trim(strings.TrimSpace(n), `"`))
	return strings.NewReplacer("-", "_", " ", "_").Replace(n)
}

// csvColumns reads a header.
func csvColumns(names []string) columns {
	c := noColumns()
	c.names = make([]string, len(names))
	at := map[string]int{}
	for i, n := range names {
		c.names[i] = plainName(n)
		if _, twice := at[c.names[i]]; !twice {
			at[c.names[i]] = i
		}
	}
	if c.tools(at) || c.catalogue(at) {
		return c
	}
	has := func(name string) bool { _, ok := at[name]; return ok }
	for i, name := range c.names {
		name = strings.TrimPrefix(name, "knownvulnerablesamples_")
		switch name {
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
		case "description", "desc", "comment", "malware", "malware_printable", "threat", "note", "notes", "tags", "signature", "family", "listingreason", "application", "event_info":
			c.desc = append(c.desc, i)
		case "reference", "ref", "urlhaus_link", "more":
			c.url = i
		case "confidence", "confidence_level", "score":
			c.confidence = i
		case "severity":
			c.severity = i
		case "tlp", "marking", "tlp_marking":
			c.marking = i
		case "valid_from", "first_seen", "first_seen_utc", "firstseen", "dateadded", "date_added", "listingdate":
			c.from = i
			if strings.Contains(name, "first") {
				c.first = i
			}
		case "last_seen", "last_seen_utc", "lastseen", "last_online", "last_observed", "lastonline":
			c.last = i
		case "valid_until", "expires", "expiration", "expiry":
			c.until = i
		case "port", "dst_port":
			c.port = i
		case "kill_chain_phase", "kill_chain", "attack_technique", "mitre_attack", "mitreid":
			c.phases = append(c.phases, i)
		case "epss":
			c.epss = i
		case "percentile":
			c.percentile = i
		default:
			if k, ok := kindOf(name); ok {
				c.pairs = append(c.pairs, pair{i, k})
			}
		}
	}
	if c.value >= 0 {
		c.pairs = nil
	}
	c.aside(func(p pair) bool { return p.kind == Vulnerability }) // what a row says of its digest
	c.aside(func(p pair) bool { return c.names[p.at] == "host" || c.names[p.at] == "hostname" })
	if has("loads_despite_hvci") || has("knownvulnerablesamples_sha256") {
		c.driver = -1
		for _, n := range []string{"name", "tags"} {
			if i, ok := at[n]; ok && c.driver < 0 {
				c.driver = i
			}
		}
		if i, ok := at["category"]; ok {
			c.use = i
		}
		c.desc = nil
	}
	return c
}

// CheckColumns tells whether given columns hold indicators at all, and which of
// them says nothing to us.
func CheckColumns(names []string) error {
	if len(names) == 0 {
		return nil
	}
	for _, n := range names {
		if one := csvColumns([]string{n}); n != "-" && !one.known() && reflect.DeepEqual(one, unnamed(n)) {
			return fmt.Errorf("column %q says nothing here: use indicator, type, source, description, url, confidence, severity, tlp, first_seen, last_seen, valid_from, valid_until, port, attack_technique, a kind of indicator such as domain or sha256, or - for a column that does not matter", n)
		}
	}
	if c := csvColumns(names); !c.known() {
		return errors.New("none of the columns holds indicators: name one indicator, or by its kind")
	}
	return nil
}

// unnamed is what a column means whose name is not known.
func unnamed(n string) columns {
	c := noColumns()
	c.names = []string{plainName(n)}
	return c
}

// aside passes over columns that say something about what another one lists.
func (c *columns) aside(about func(pair) bool) {
	if slices.ContainsFunc(c.pairs, func(p pair) bool { return !about(p) }) {
		c.pairs = slices.DeleteFunc(c.pairs, about)
	}
}

// tools recognises a table of the LOLBAS project: a program, or a command of
// one, a row. Its programs come with the system: their names must match nothing.
func (c *columns) tools(at map[string]int) bool {
	for _, header := range [...][3]string{{"filename", "command_category", "mitre_att&ck_technique"}, {"name", "category", "attack_technique"}} {
		tool, ok1 := at[header[0]]
		use, ok2 := at[header[1]]
		technique, ok3 := at[header[2]]
		_, paths := at["paths"]
		if ok1 && ok2 && ok3 && paths {
			c.tool, c.use, c.technique = tool, use, technique
			return true
		}
	}
	return false
}

// catalogue recognises CISA's Known Exploited Vulnerabilities as a table.
func (c *columns) catalogue(at map[string]int) bool {
	for _, name := range [...]string{"cveid", "vendorproject", "product", "vulnerabilityname", "dateadded", "duedate", "knownransomwarecampaignuse"} {
		i, ok := at[name]
		if !ok {
			c.kev = nil
			return false
		}
		c.kev = append(c.kev, i)
	}
	return true
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
