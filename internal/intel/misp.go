package intel

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/stix"
)

// mispEvent is what is read of an event of the MISP core format
// (https://www.misp-standard.org/rfc/misp-standard-core.html).
type mispEvent struct {
	ID         flexible        `json:"id"`
	UUID       string          `json:"uuid"`
	Info       string          `json:"info"`
	Date       string          `json:"date"`
	Threat     flexible        `json:"threat_level_id"`
	Org        mispOrg         `json:"Orgc"`
	Tags       []mispTag       `json:"Tag"`
	Attributes []mispAttribute `json:"Attribute"`
	Objects    []struct {
		Name       string          `json:"name"`
		Attributes []mispAttribute `json:"Attribute"`
	} `json:"Object"`
}

type mispOrg struct {
	Name string `json:"name"`
}

type mispTag struct {
	Name string `json:"name"`
}

type mispAttribute struct {
	Type      string    `json:"type"`
	Relation  string    `json:"object_relation"`
	Value     string    `json:"value"`
	Comment   string    `json:"comment"`
	ToIDs     *bool     `json:"to_ids"`
	FirstSeen string    `json:"first_seen"`
	LastSeen  string    `json:"last_seen"`
	Timestamp flexible  `json:"timestamp"`
	Deleted   bool      `json:"deleted"`
	Tags      []mispTag `json:"Tag"`
}

// flexible is a string that some programs write as a number.
type flexible string

// UnmarshalJSON takes either.
func (f *flexible) UnmarshalJSON(b []byte) error {
	*f = flexible(strings.Trim(string(b), `"`))
	return nil
}

// mispQuiet are types that say something about a case, and match nothing.
var mispQuiet = []string{
	"text", "comment", "other", "link", "datetime", "counter", "float", "boolean", "size-in-bytes", "port", "attachment", "malware-sample", "campaign-name", "campaign-id", "threat-actor",
	"target-machine", "target-org", "target-location", "target-external", "target-user", "target-email", "comment", "github-repository", "phone-number", "mime-type", "AS", "internal reference", "external analysis",
}

// mispRelations are the texts of objects (https://github.com/MISP/misp-objects)
// that are values of ours: object and relation, and the type that it stands for.
var mispRelations = map[string]string{
	"process/command-line": "command-line", "process/args": "command-line", "x509/serial-number": "serial-number", "mutex/name": "mutex",
	"registry-key/key": "regkey", "ja3-plus/ja4": "ja4-fingerprint",
}

func (l *loader) mispEvent(raw []byte) {
	l.file.Format = "misp"
	var e mispEvent
	if err := json.Unmarshal(raw, &e); err != nil {
		l.refuseRow(fmt.Sprintf("an event that cannot be read: %v", err))
		return
	}
	base := Indicator{Source: e.Org.Name, Desc: e.Info, Confidence: Unrated.confidence(), Severity: finding.Medium}
	if base.Source == "" {
		base.Source = listName(l.file.Path)
	}
	switch e.Threat {
	case "1":
		base.Confidence = HighConfidence
	case "3":
		base.Confidence = Weak.confidence()
	}
	base.tagged(e.Tags)
	if id := first(e.UUID, string(e.ID)); id != "" || e.Info != "" {
		base.Event = fmt.Sprintf("event %s %q", first(id, "without id"), short(e.Info))
	}
	for _, a := range e.Attributes {
		l.mispAttribute(base, &a)
	}
	for _, o := range e.Objects {
		for _, a := range o.Attributes {
			if k, ok := mispRelations[o.Name+"/"+a.Relation]; ok && a.Type == "text" {
				a.Type = k
			}
			l.mispAttribute(base, &a)
		}
	}
}

// tagged takes markings and phases from tags.
func (i *Indicator) tagged(tags []mispTag) {
	for _, t := range tags {
		name := strings.ToLower(t.Name)
		switch {
		case strings.HasPrefix(name, "tlp:"):
			level, _ := stix.ParseTLP(name) // what nobody knows is red
			if had, err := stix.ParseTLP(i.Marking); err != nil || level > had {
				i.Marking = level.String() // the most restricted of several
			}
		case strings.HasPrefix(name, "kill-chain:"), strings.HasPrefix(name, "misp-galaxy:mitre-attack-pattern"):
			i.Phases = append(slices.Clip(i.Phases), t.Name)
		}
	}
}

func (l *loader) mispAttribute(ind Indicator, a *mispAttribute) {
	if a.Deleted || slices.Contains(mispQuiet, a.Type) {
		return
	}
	if a.Comment != "" {
		ind.Desc = a.Comment + ": " + ind.Desc
	}
	ind.tagged(a.Tags)
	ind.Seen = record.Span{Start: when(a.FirstSeen, false), End: when(a.LastSeen, false)}
	if ind.Seen.End == 0 {
		ind.Seen.End = when(string(a.Timestamp), false)
	}
	if ind.Seen.Start == 0 {
		ind.Seen.Start = ind.Seen.End
	}
	if a.ToIDs != nil && !*a.ToIDs { // the author says: not for detection
		ind.Weight, ind.Severity, ind.Rated = None, finding.Info, true
	}
	types, values := strings.Split(a.Type, "|"), []string{a.Value}
	if a.Type == "regkey|value" {
		types = types[:1]
	}
	if len(types) == 2 {
		first, second, ok := strings.Cut(a.Value, "|")
		if !ok {
			l.refuseRow(fmt.Sprintf("%q of type %s has only one part", short(a.Value), a.Type))
			return
		}
		values = []string{first, second}
		if types[1] == "port" {
			ind.Value = first + ":" + second
			if strings.Contains(first, ":") {
				ind.Value = "[" + first + "]:" + second
			}
			types, values = types[:1], []string{ind.Value}
			if types[0] == "hostname" || types[0] == "domain" {
				values[0] = first
			}
		}
	}
	for n, t := range types {
		kind, ok := kindOf(t)
		if !ok && len(types) == 2 && t == "ip" {
			kind, ok = Address, true
		}
		if !ok {
			l.refuseRow(fmt.Sprintf("type %q is not known: %q", a.Type, short(a.Value)))
			continue
		}
		ind.Kind, ind.Value = kind, values[n]
		l.row(ind)
	}
}
