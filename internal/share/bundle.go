// Package share passes a case on to other tools: a STIX 2.1 bundle and an
// ATT&CK Navigator layer. Identifiers are stable, so the same case gives the
// same bundle.
package share

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/stix"
)

// maxObserved bounds the observables of one incident in the bundle.
const maxObserved = 2000

// builder collects the objects of a bundle, each once.
type builder struct {
	objects map[string]stix.Object
	author  string
	marking string
}

// STIX writes the incidents of a case as a STIX 2.1 bundle. It is marked
// TLP:AMBER+STRICT: it names own hosts and accounts.
func STIX(w io.Writer, c *casefolder.Case) error {
	b := &builder{objects: map[string]stix.Object{}}
	b.marking = tlpAmberStrict
	b.objects[tlpAmberStrict] = stix.Object{
		"type": "marking-definition", "spec_version": "2.1", "id": tlpAmberStrict, "created": "2022-10-01T00:00:00.000Z", "name": "TLP:AMBER+STRICT",
		"extensions": map[string]any{tlpExtension: map[string]any{"extension_type": "property-extension", "tlp_2_0": "amber+strict"}},
	}
	b.author = stix.Name("identity", "longwatch")
	b.put(stix.Object{
		"type": "identity", "id": b.author, "name": "Longwatch", "identity_class": "system", "description": "Automated analysis; every claim cites its evidence.",
	}, epoch)
	for _, i := range c.Incidents {
		b.incident(i)
	}
	ids := make([]string, 0, len(b.objects))
	for id := range b.objects {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	list := make([]stix.Object, 0, len(ids))
	for _, id := range ids {
		list = append(list, b.objects[id])
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	enc.SetEscapeHTML(false)
	return enc.Encode(stix.Object{"type": "bundle", "id": stix.Name("bundle", strings.Join(ids, "\x00")), "objects": list})
}

// The TLP 2.0 marking and the extension that defines it, as FIRST and OASIS
// publish them.
const (
	tlpAmberStrict = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
	tlpExtension   = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
)

// epoch stands for a time that the evidence does not give.
var epoch = time.Unix(0, 0)

func timeOr(t record.Time, otherwise time.Time) time.Time {
	if t == 0 {
		return otherwise
	}
	return t.Std()
}

// put adds a domain object with the properties that all of them have.
func (b *builder) put(o stix.Object, at time.Time) string {
	o["spec_version"] = "2.1"
	o["created"], o["modified"] = stix.Time(at), stix.Time(at)
	o["object_marking_refs"] = []string{b.marking}
	if o.ID() != b.author {
		o["created_by_ref"] = b.author
	}
	if _, there := b.objects[o.ID()]; !there {
		b.objects[o.ID()] = o
	}
	return o.ID()
}

func (b *builder) relate(from, kind, to string, at time.Time, confidence uint8) string {
	return b.put(stix.Object{
		"type": "relationship", "id": stix.Name("relationship", from+kind+to), "relationship_type": kind, "source_ref": from, "target_ref": to,
		"confidence": int(confidence),
	}, at)
}

// incident adds one incident: what was seen, by which technique, whom it
// resembles, and a report that holds it together.
func (b *builder) incident(i *finding.Incident) {
	start, end := timeOr(i.Start, epoch), timeOr(i.End, epoch)
	id := b.put(stix.Object{
		"type": "incident", "id": stix.Name("incident", i.ID), "name": i.Title, "description": describe(i), "labels": []string{"severity:" + i.Severity.String()},
		"external_references": []any{map[string]any{"source_name": "longwatch", "external_id": i.ID}},
	}, end)
	refs := []string{id}
	techniques := map[attack.ID]bool{}
	var scos []string
	for _, f := range i.Findings {
		for _, t := range f.Techniques {
			techniques[t] = true
		}
	}
	for _, e := range i.Entities {
		if len(scos) == maxObserved {
			break
		}
		if o := observable(e); o != nil {
			b.objects[o.ID()] = o
			scos = append(scos, o.ID())
		}
	}
	if len(scos) > 0 {
		refs = append(refs, b.put(stix.Object{
			"type": "observed-data", "id": stix.Name("observed-data", i.ID), "first_observed": stix.Time(start), "last_observed": stix.Time(end),
			"number_observed": max(len(i.Findings), 1), "object_refs": scos,
		}, end))
	}
	for _, t := range attackOrder(techniques) {
		ap := b.put(stix.Object{
			"type": "attack-pattern", "id": stix.Name("attack-pattern", string(t)), "name": cmp.Or(attack.Name(t), string(t)),
			"external_references": []any{map[string]any{"source_name": "mitre-attack", "external_id": string(t), "url": techniqueURL(t)}},
		}, epoch)
		refs = append(refs, ap, b.relate(id, "related-to", ap, end, confidenceOf(i, t)))
	}
	refs = append(refs, b.attribution(id, i, end)...)
	b.put(stix.Object{
		"type": "report", "id": stix.Name("report", i.ID), "name": i.Title, "description": describe(i), "report_types": []string{"incident"},
		"published": stix.Time(end), "object_refs": refs,
	}, end)
}

// attribution adds the profile that leads, as an intrusion set, or as a
// campaign where it is unverified: never as its sponsor.
func (b *builder) attribution(incident string, i *finding.Incident, at time.Time) []string {
	if len(i.Attribution) == 0 || i.Attribution[0].Profile == "unattributed" {
		return nil
	}
	a := i.Attribution[0]
	typ := "intrusion-set"
	if a.Status != "sourced" {
		typ = "campaign"
	}
	var why []string
	for _, r := range a.For {
		why = append(why, "for: "+r.Because)
	}
	for _, r := range a.Against {
		why = append(why, "against: "+r.Because)
	}
	set := b.put(stix.Object{
		"type": typ, "id": stix.Name(typ, a.Profile), "name": a.Name, "confidence": int(a.Confidence),
		"description": "Resemblance judged by Longwatch: " + a.Words + ". " + strings.Join(why, "; "),
	}, at)
	return []string{set, b.relate(incident, "related-to", set, at, a.Confidence)}
}

func describe(i *finding.Incident) string {
	s := fmt.Sprintf("%d findings from %v to %v.", len(i.Findings), i.Start, i.End)
	if i.Entry != nil {
		s += fmt.Sprintf(" First seen at %s %q: %s", i.Entry.Entity.Kind, i.Entry.Entity.Value, i.Entry.Why)
	}
	return s
}

func attackOrder(set map[attack.ID]bool) []attack.ID {
	out := make([]attack.ID, 0, len(set))
	for t := range set {
		out = append(out, t)
	}
	slices.Sort(out)
	return out
}

func confidenceOf(i *finding.Incident, t attack.ID) uint8 {
	var best uint8
	for _, f := range i.Findings {
		if slices.Contains(f.Techniques, t) {
			best = max(best, f.Confidence)
		}
	}
	return best
}

func techniqueURL(t attack.ID) string {
	return "https://attack.mitre.org/techniques/" + strings.ReplaceAll(string(t), ".", "/")
}
