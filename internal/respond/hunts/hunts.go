// Package hunts writes questions for the next hour: is the intruder elsewhere
// too, and does he come back? They are made of the incident's own values and of
// what was done in it, once, as a model, and written in the languages of the
// systems that defenders ask.
//
//	list := hunts.Derive(c, hunts.Options{})
//	trial := hunts.NewTrial(list) // what each finds in the case itself
//	_, err := store.ReadOnce(ctx, files, types, trial.Take)
//	text, err := hunts.Text("kql", list)
//
// Every value is escaped for its language by one function that knows it; a
// value that a language cannot hold is left out and said so.
package hunts

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"longwatch/internal/finding"
)

// Source is what kind of event a hunt looks at.
type Source string

// The sources.
const (
	Network Source = "network" // connections to an address
	Inbound Source = "inbound" // requests from an address, at a web server
	DNS     Source = "dns"     // names asked for
	Process Source = "process" // programs started
	Files   Source = "file"    // files written
	Logon   Source = "logon"   // accounts that logged on
)

// Field is what of an event is compared.
type Field string

// The fields.
const (
	Remote  Field = "remote"  // address of the other end
	Name    Field = "name"    // that was asked for
	Hash    Field = "hash"    // of the program
	Command Field = "command" // line
	Path    Field = "path"    // of the file
	Account Field = "account" // without its domain
	From    Field = "from"    // address that a logon came from
)

// Op is how a field is compared. All comparisons leave case aside.
type Op string

// The operators.
const (
	Is       Op = "is"
	Contains Op = "contains"
	EndsWith Op = "ends with"
	Below    Op = "is or is below" // of names
)

// Clause is true when the field compares to any of the values.
type Clause struct {
	Field Field    `json:"field"`
	Op    Op       `json:"op"`
	Any   []string `json:"any"`
}

// Hunt is one question: all clauses are true of one event.
type Hunt struct {
	ID         string           `json:"id"` // UUID, the same in every run
	Title      string           `json:"title"`
	Why        string           `json:"why"`
	Incident   string           `json:"incident"`
	Source     Source           `json:"source"`
	All        []Clause         `json:"all"`
	Techniques []string         `json:"techniques"`
	Findings   []string         `json:"findings"` // ids, at most 32
	Severity   finding.Severity `json:"severity"`
	Seen       int64            `json:"seen"`  // records of the case that it is true of; see Try
	Tried      bool             `json:"tried"` // Seen was counted
}

// maxValues bounds the values of a clause: languages and consoles have bounds of
// their own, of which this is below all.
const maxValues = 200

const maxFindings = 32

// seal gives a hunt its id.
func (h *Hunt) seal() {
	sum := sha256.New()
	_, _ = fmt.Fprintf(sum, "%s\x00%s\x00%s", h.Incident, h.Source, h.Title)
	for i := range h.All {
		c := &h.All[i]
		slices.Sort(c.Any)
		c.Any = slices.Compact(c.Any)
		c.Any = c.Any[:min(len(c.Any), maxValues)]
		_, _ = fmt.Fprintf(sum, "\x00%s\x00%s\x00%q", c.Field, c.Op, c.Any)
	}
	b := sum.Sum(nil)[:16]
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80 // RFC 9562, version 8: of our own making
	x := hex.EncodeToString(b)
	h.ID = strings.Join([]string{x[:8], x[8:12], x[12:16], x[16:20], x[20:]}, "-")
	slices.Sort(h.Findings)
	h.Findings = slices.Compact(h.Findings)
	h.Findings = append([]string{}, h.Findings[:min(len(h.Findings), maxFindings)]...)
	slices.Sort(h.Techniques)
	h.Techniques = append([]string{}, slices.Compact(h.Techniques)...)
}

// Language is one way to write hunts.
type Language struct {
	Name  string // as Text takes it
	File  string // what it is written to
	About string
	write func(list []Hunt) string
}

// Languages are all of them, in the order in which they are shown.
var Languages = []Language{
	{"sigma", "hunts-sigma.yml", "Sigma rules", writeSigma},
	{"spl", "hunts-splunk.spl", "Splunk SPL, over the Common Information Model's field names", writeSPL},
	{"kql", "hunts-defender.kql", "Microsoft KQL, Defender XDR and Sentinel", writeKQL},
	{"esql", "hunts-elastic.esql", "Elastic ES|QL, over ECS", writeESQL},
	{"vql", "hunts-velociraptor.vql", "Velociraptor VQL", writeVQL},
	{"osquery", "hunts-osquery.sql", "osquery SQL", writeOsquery},
	{"zeek", "hunts-zeek.intel", "Zeek intelligence file, also for longwatch retro --intel", writeZeek},
}

// Text writes hunts in a language. It is empty when the language can say none
// of them.
func Text(language string, list []Hunt) (string, error) {
	for _, l := range Languages {
		if l.Name == strings.ToLower(language) {
			return l.write(list), nil
		}
	}
	var names []string
	for _, l := range Languages {
		names = append(names, l.Name)
	}
	return "", fmt.Errorf("hunts: unknown language %q: use %s", language, strings.Join(names, ", "))
}

// remark is text that can stand in a comment of any of the languages: one line
// of plain letters.
func remark(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || strings.ContainsRune("*/\\`$<>{}[]|;#\"'", r) {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	s = strings.ReplaceAll(s, "--", "- -")
	return s[:min(len(s), 200)]
}
