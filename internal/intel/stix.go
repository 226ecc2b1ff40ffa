package intel

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/stix"
	"longwatch/internal/stix/pattern"
)

// stixObject is what is read of the objects of STIX 2.0 and 2.1.
type stixObject struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Pattern     string   `json:"pattern"`
	PatternType string   `json:"pattern_type"`
	ValidFrom   string   `json:"valid_from"`
	ValidUntil  string   `json:"valid_until"`
	Created     string   `json:"created"`
	Modified    string   `json:"modified"`
	Confidence  *float64 `json:"confidence"`
	Revoked     bool     `json:"revoked"`
	CreatedBy   string   `json:"created_by_ref"`
	Labels      []string `json:"labels"`
	Types       []string `json:"indicator_types"`
	Markings    []string `json:"object_marking_refs"`
	Phases      []struct {
		Chain string `json:"kill_chain_name"`
		Phase string `json:"phase_name"`
	} `json:"kill_chain_phases"`
	References []struct {
		URL string `json:"url"`
	} `json:"external_references"`
	Definition struct {
		TLP string `json:"tlp"`
	} `json:"definition"`
	Extensions map[string]struct {
		TLP string `json:"tlp_2_0"`
	} `json:"extensions"`

	Relation string   `json:"relationship_type"` // of relationships
	From     string   `json:"source_ref"`
	To       string   `json:"target_ref"`
	Objects  []string `json:"object_refs"` // of reports and groupings
}

// stixPart is an indicator that waits for the objects it refers to, which may
// stand behind it.
type stixPart struct {
	object stixObject
	line   int
}

// Pattern is an indicator that says more than that one value was seen.
type Pattern struct {
	Indicator // without Kind and Value

	Pattern *pattern.Pattern
}

// stix reads one object; indicators wait for the end of the file.
func (l *loader) stix(typ string, raw []byte) {
	l.file.Format = "stix"
	if !stixRead[typ] {
		return
	}
	var o stixObject
	if err := json.Unmarshal(raw, &o); err != nil {
		l.refuseRow(fmt.Sprintf("a %s that cannot be read: %v", typ, err))
		return
	}
	if why := o.contradicts(typ); why != "" {
		l.refuseRow(why)
		return
	}
	switch typ {
	default:
		l.stixRelated.add(typ, &o)
	case "indicator":
		l.stixParts = append(l.stixParts, stixPart{o, l.line})
	case "identity":
		l.stixNames[o.ID] = o.Name
	case "marking-definition":
		tlp := o.Definition.TLP
		for _, e := range o.Extensions {
			tlp = max(tlp, e.TLP)
		}
		if tlp = strings.ToLower(tlp); tlp == "white" {
			tlp = "clear"
		}
		if tlp != "" {
			l.stixNames[o.ID] = tlp
		}
	}
}

// resolveSTIX loads the indicators of a file, now that all it refers to is known.
func (l *loader) resolveSTIX() {
	for i := range l.stixParts {
		p := &l.stixParts[i]
		l.line = p.line
		l.stixIndicator(&p.object)
	}
	l.stixParts, l.stixRelated, l.bundle = nil, stixRelated{}, ""
	clear(l.stixNames)
}

func (l *loader) stixIndicator(o *stixObject) {
	ind := Indicator{
		Source: l.stixNames[o.CreatedBy], Desc: o.Description, Confidence: Unrated.confidence(), Severity: finding.Medium,
		From: when(o.ValidFrom, false), Until: when(o.ValidUntil, true), Seen: record.Span{Start: when(o.Created, false), End: when(o.Modified, false)},
	}
	if ind.Source == "" {
		ind.Source = listName(l.file.Path)
	}
	if ind.Desc == "" {
		ind.Desc = o.Name
	}
	if o.Confidence != nil && *o.Confidence >= 0 && *o.Confidence <= 100 {
		ind.Confidence = uint8(*o.Confidence)
	}
	for _, r := range o.References {
		if ind.URL == "" {
			ind.URL = r.URL
		}
	}
	ind.Event, ind.Links = l.stixRelated.of(o.ID)
	if ind.Event == "" && len(l.stixParts) <= maxTogether {
		ind.Event = l.bundle
	}
	for _, p := range o.Phases {
		ind.Phases = append(ind.Phases, p.Chain+":"+p.Phase)
	}
	highest := stix.Clear
	for _, m := range o.Markings {
		tlp := l.stixNames[m]
		if tlp == "" {
			if t, ok := stix.MarkedTLP(m); ok {
				tlp = t.String()
			}
		}
		if level, _ := stix.ParseTLP(tlp); tlp != "" && (ind.Marking == "" || level >= highest) { // what nobody knows is red
			ind.Marking, highest = level.String(), level // the most restricted of several
		}
	}
	if slices.Contains(o.Types, "benign") || slices.Contains(o.Labels, "benign") {
		l.refuseRow("the source says that it is benign")
		return
	}
	switch {
	case o.Revoked:
		l.refuseRow("its source has revoked it")
	case o.PatternType != "" && o.PatternType != "stix":
		l.refuseRow(fmt.Sprintf("a pattern of type %q: give rules to --rules", o.PatternType))
	default:
		l.stixPattern(ind, o.Pattern)
	}
}

// oneSubnet is a pattern that says no more than an indicator of a network does.
var oneSubnet = regexp.MustCompile(`^\[ipv[46]-addr:value ISSUBSET '([0-9A-Fa-f.:]+/[0-9]+)'\]$`)

// stixPattern loads what a pattern says: single values as rows, more than that
// as a pattern.
func (l *loader) stixPattern(ind Indicator, src string) {
	p, err := pattern.Parse(src)
	if err != nil {
		l.refuseRow(fmt.Sprintf("pattern %q: %v", short(src), err))
		return
	}
	if m := oneSubnet.FindStringSubmatch(src); m != nil {
		ind.Kind, ind.Value = Subnet, m[1]
		l.row(ind)
		return
	}
	simple, ok := p.Simple()
	if ok {
		for _, s := range simple {
			if _, known := stixKinds[s.Type+":"+s.Path]; !known && !strings.HasPrefix(s.Path, "hashes.") {
				ok = false
			}
		}
	}
	if !ok {
		l.file.Rows++
		l.report.Rows++
		if len(l.set.patterns) >= maxPatterns {
			l.refuse(l.line, "more patterns than are evaluated")
			return
		}
		ind.File, ind.Line = l.file.Path, l.line
		l.set.patterns = append(l.set.patterns, Pattern{Indicator: ind, Pattern: p})
		l.file.Loaded++
		l.report.Loaded++
		return
	}
	for _, s := range simple {
		for _, v := range s.Values {
			row := ind
			row.Kind, row.Value = stixKinds[s.Type+":"+s.Path], v
			if row.Kind == 0 { // hashes.NAME
				row.Kind = Hash
				if s.Type == "x509-certificate" {
					row.Kind = Certificate
				}
			}
			l.row(row)
		}
	}
}

// maxPatterns bounds the patterns that say more than single values.
const maxPatterns = 1 << 20

// stixKinds are the properties of objects that are values of ours.
var stixKinds = map[string]Kind{
	"ipv4-addr:value": Address, "ipv6-addr:value": Address, "domain-name:value": Domain, "url:value": URL, "email-addr:value": Email,
	"email-message:from_ref.value": Email, "email-message:sender_ref.value": Email, "file:name": File, "user-account:account_login": User, "user-account:user_id": User,
	"network-traffic:dst_ref.value": Address, "network-traffic:src_ref.value": Address,
	"network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'": UserAgent,
	"windows-registry-key:key": RegistryKey, "mutex:name": Mutex, "x509-certificate:serial_number": Serial,
}

// Patterns are the indicators that say more than that one value was seen.
func (s *Set) Patterns() []Pattern { return s.patterns }
