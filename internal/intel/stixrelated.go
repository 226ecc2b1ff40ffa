package intel

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// stixRead are the types of objects that are read beside indicators: who says
// so, how it may be passed on, and what indicators are related to.
var stixRead = map[string]bool{
	"indicator": true, "identity": true, "marking-definition": true, "relationship": true, "report": true, "grouping": true, "incident": true,
	"malware": true, "tool": true, "campaign": true, "intrusion-set": true, "threat-actor": true, "attack-pattern": true, "infrastructure": true,
	"vulnerability": true, "course-of-action": true, "location": true, "note": true, "opinion": true, "observed-data": true, "sighting": true, "malware-analysis": true,
}

// contradicts says what of an object's common properties (STIX 2.1 section 3.2)
// is missing or cannot be: then nothing that it says is used. Of an indicator
// only what cannot be is a reason: one that says too little is still of use.
func (o *stixObject) contradicts(typ string) string {
	if typ == "marking-definition" {
		return ""
	}
	created, err1 := time.Parse(time.RFC3339, o.Created)
	modified, err2 := time.Parse(time.RFC3339, o.Modified)
	switch {
	case err1 == nil && err2 == nil && modified.Before(created):
		return fmt.Sprintf("%s %q was modified before it was created", typ, short(o.ID))
	case typ == "indicator":
		return ""
	case err1 != nil || err2 != nil:
		return fmt.Sprintf("%s %q does not say when it was created and modified", typ, short(o.ID))
	}
	return ""
}

// Bounds of what is kept of the relations in one file.
const (
	maxRelated  = 1 << 18
	maxLinks    = 8    // of one indicator
	maxTogether = 2000 // indicators of a bundle that have something to do with each other
)

// stixRelated is what the objects of a file say of each other.
type stixRelated struct {
	names  map[string]string     // by id: malware "Name"
	links  map[string][]stixLink // by the id of where it begins
	events map[string]string     // by id of what is in it: report "Name"
}

type stixLink struct{ relation, to string }

func (r *stixRelated) add(typ string, o *stixObject) {
	if r.names == nil {
		r.names, r.links, r.events = map[string]string{}, map[string][]stixLink{}, map[string]string{}
	}
	if len(r.names)+len(r.links)+len(r.events) > maxRelated {
		return
	}
	switch typ {
	case "relationship":
		r.links[o.From] = append(r.links[o.From], stixLink{o.Relation, o.To})
	case "report", "grouping", "incident":
		for _, ref := range o.Objects[:min(len(o.Objects), maxRelated)] {
			if _, had := r.events[ref]; !had {
				r.events[ref] = fmt.Sprintf("%s %q", typ, short(o.Name))
			}
		}
	default:
		if o.Name != "" {
			r.names[o.ID] = fmt.Sprintf("%s %q", typ, short(o.Name))
		}
	}
}

// of says in which report an object is, and what it is related to by name.
func (r *stixRelated) of(id string) (event string, links []string) {
	for _, l := range r.links[id] {
		if name := r.names[l.to]; name != "" && len(links) < maxLinks {
			links = append(links, short(l.relation)+" "+name)
		}
	}
	slices.Sort(links)
	return r.events[id], slices.Compact(links)
}

// bundleID is the id of a bundle as an event, or empty.
func bundleID(raw json.RawMessage) string {
	var id string
	if json.Unmarshal(raw, &id) != nil || !strings.HasPrefix(id, "bundle--") {
		return ""
	}
	return short(id)
}
