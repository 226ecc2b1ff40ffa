package intel

import (
	"slices"
	"strings"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// matchedAs are the fields of records that values of a kind are compared with,
// by what the fields hold. Kinds that are only context have none.
var matchedAs = [kinds][]string{
	Address: {"address", "domain", "host", "url"}, Subnet: {"address", "domain", "host", "url"}, Domain: {"domain", "host", "url", "email"}, URL: {"url"},
	Software: {"software", "user_agent"}, Email: {"email"}, User: {"user"}, Hash: {"hash", "certificate"}, File: {"file", "process"}, Certificate: {"certificate"},
	PublicKey: {"public_key"}, JA3: {"ja3", "ja3s"}, JA4: {"ja4"}, UserAgent: {"user_agent"}, HASSH: {"hassh"}, Serial: {"serial"}, Pipe: {"pipe"},
	RegistryKey: {"registry_key"}, Mutex: {"mutex"}, CommandLine: {"command_line"},
}

// joined are the records in which a kind is found by two fields together.
var joined = [kinds][]string{Pipe: {"share_access", "smb_files"}, RegistryKey: {"object_access"}, Mutex: {"object_access"}}

// reaches tells whether records of a type can hold a value of the kind.
func (k Kind) reaches(t *record.Type) bool {
	if slices.Contains(joined[k], t.Name) || k == URL && hasRequest(t) {
		return true
	}
	return slices.ContainsFunc(t.Fields, func(f record.Field) bool { return f.Match != "" && slices.Contains(matchedAs[k], f.Match) })
}

// hasRequest tells whether host and path of a request are in records of a type.
func hasRequest(t *record.Type) bool {
	for _, names := range requests {
		_, ok1 := t.Field(names[0])
		_, ok2 := t.Field(names[1])
		if ok1 && ok2 {
			return true
		}
	}
	return false
}

// Reach says how many indicators of one kind a set has, and which of some
// record types they are compared with. None means that they match nothing.
type Reach struct {
	Kind    Kind
	Rows    int
	Context bool     // the kind is never compared: it is only told
	Records []string // names of record types
}

// Reaches lists the kinds that the set has, with those of the record types that
// can hold a value of each.
func (s *Set) Reaches(types []*record.Type) []Reach {
	var out []Reach
	for k := Address; k < kinds; k++ {
		if s.has[k] == 0 {
			continue
		}
		r := Reach{Kind: k, Rows: s.has[k], Context: matchedAs[k] == nil}
		for _, t := range types {
			if !r.Context && k.reaches(t) {
				r.Records = append(r.Records, t.Name)
			}
		}
		out = append(out, r)
	}
	return out
}

// Unjudged says, in sentences, which indicators of the set cannot be found in
// records of these types: kinds that none of them holds, and patterns about
// objects that none of them becomes.
func (s *Set) Unjudged(types []*record.Type) []string {
	var out []string
	for _, r := range s.Reaches(types) {
		if len(r.Records) == 0 && !r.Context {
			out = append(out, finding.Because("%s indicators (%d): no record here holds one", r.Kind, r.Rows))
		}
	}
	made := map[string]bool{}
	for _, t := range types {
		for _, o := range objectsOf(t) {
			made[o] = true
		}
	}
	missing := map[string]int{}
	for i := range s.patterns {
		p := s.patterns[i].Pattern
		for n := range p.Leaves() {
			if objects := p.Types(n); !slices.ContainsFunc(objects, func(o string) bool { return made[o] }) {
				slices.Sort(objects)
				missing[strings.Join(objects, ", ")]++
				break
			}
		}
	}
	var names []string
	for o := range missing {
		names = append(names, o)
	}
	slices.Sort(names)
	for _, o := range names {
		out = append(out, finding.Because("patterns about %s (%d): no record here becomes such an object", o, missing[o]))
	}
	return out
}
