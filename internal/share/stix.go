package share

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/record"
	"longwatch/internal/stix"
)

// builder collects the objects of a bundle, each once.
type builder struct {
	objects map[string]stix.Object
	parcel  *Parcel
	author  string
	marking string
}

// STIX writes a STIX 2.1 bundle: for each incident what was seen, the
// indicators with their patterns and sightings, infrastructure and malware,
// techniques and what to do against them, whom it resembles, and a report that
// holds it together. Identifiers depend on the values alone, so the same case
// gives the same bundle, and platforms join what they are given twice.
func STIX(w io.Writer, p *Parcel) error {
	b := &builder{objects: map[string]stix.Object{}, parcel: p, marking: p.Marking.MarkingID()}
	b.objects[b.marking] = p.Marking.Definition()
	b.author = stix.Name("identity", "longwatch")
	b.put(stix.Object{
		"type": "identity", "id": b.author, "name": "Longwatch", "identity_class": "system", "description": "Automated analysis; every claim cites its evidence.",
	}, epoch)
	for i := range p.Incidents {
		b.incident(&p.Incidents[i])
	}
	for i := range p.Items {
		b.listed(&p.Items[i])
	}
	ids := slices.Sorted(maps.Keys(b.objects))
	list := make([]stix.Object, 0, len(ids))
	for _, id := range ids {
		list = append(list, b.objects[id])
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	enc.SetEscapeHTML(false)
	return enc.Encode(stix.Object{"type": "bundle", "id": stix.Name("bundle", strings.Join(ids, "\x00")), "objects": list})
}

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

// incident adds one incident and all that belongs to it.
func (b *builder) incident(i *Incident) {
	start, end := timeOr(i.Start, epoch), timeOr(i.End, epoch)
	if end.Before(start) {
		end = start
	}
	about := fmt.Sprintf("%d findings from %v to %v.", i.Findings, i.Start, i.End)
	id := b.put(stix.Object{
		"type": "incident", "id": stix.Name("incident", i.ID), "name": i.Title, "description": about, "labels": []string{"severity-" + i.Severity.String()},
		"external_references": []any{map[string]any{"source_name": "longwatch", "external_id": i.ID}},
	}, end)
	refs := []string{id}
	techniques := map[attack.ID]string{}
	for _, t := range i.Techniques {
		ap := b.technique(t)
		techniques[t] = ap
		refs = append(refs, ap, b.relate(id, "related-to", ap, end, i.Confidence[t]))
		if action := b.action(t, ap); len(action) > 0 {
			refs = append(refs, action...)
		}
	}
	var observed []string
	var campaign string
	if a := b.attribution(i, end); a != "" {
		campaign = a
		refs = append(refs, a, b.relate(id, "related-to", a, end, i.Attribution.Confidence))
	}
	for n := range b.parcel.Items {
		it := &b.parcel.Items[n]
		if !slices.Contains(it.Incidents, i.ID) {
			continue
		}
		sco := observable(record.Entity{Kind: it.Kind, Value: it.Value})
		if sco != nil {
			sco["object_marking_refs"] = []string{b.marking} // whoever takes the bundle apart has to see it on each
			b.objects[sco.ID()] = sco
			observed = append(observed, sco.ID())
		}
		if !it.Own {
			refs = append(refs, b.indicator(it, i, sco, techniques, campaign)...)
		}
	}
	if len(observed) > 0 {
		refs = append(refs, b.put(stix.Object{
			"type": "observed-data", "id": stix.Name("observed-data", i.ID), "first_observed": stix.Time(start), "last_observed": stix.Time(end),
			"number_observed": max(i.Findings, 1), "object_refs": observed,
		}, end))
	}
	b.put(stix.Object{
		"type": "report", "id": stix.Name("report", i.ID), "name": i.Title, "description": about, "report_types": []string{"threat-report"},
		"published": stix.Time(end), "object_refs": refs,
	}, end)
}

func (b *builder) technique(t attack.ID) string {
	o := stix.Object{
		"type": "attack-pattern", "id": stix.Name("attack-pattern", string(t)), "name": cmp.Or(attack.Name(t), string(t)),
		"external_references": []any{map[string]any{"source_name": "mitre-attack", "external_id": string(t)}},
	}
	var phases []any
	for _, tactic := range attack.TacticsOf(t) {
		phases = append(phases, map[string]any{"kill_chain_name": "mitre-attack", "phase_name": string(tactic)})
	}
	if len(phases) > 0 {
		o["kill_chain_phases"] = phases
	}
	return b.put(o, epoch)
}

// action adds what to do against a technique, where there is a short answer.
func (b *builder) action(t attack.ID, pattern string) []string {
	parent, _, _ := strings.Cut(string(t), ".")
	text, ok := actions[string(t)]
	if !ok {
		text, ok = actions[parent]
	}
	if !ok {
		return nil
	}
	name, _, _ := strings.Cut(text, ":")
	id := b.put(stix.Object{"type": "course-of-action", "id": stix.Name("course-of-action", name), "name": name, "description": text}, epoch)
	return []string{id, b.relate(id, "mitigates", pattern, epoch, 80)}
}

// attribution adds the profile that leads, as an intrusion set, or as a
// campaign where it is unverified: never as its sponsor.
func (b *builder) attribution(i *Incident, at time.Time) string {
	a := i.Attribution
	if a == nil {
		return ""
	}
	typ := "intrusion-set"
	if a.Status != "sourced" {
		typ = "campaign"
	}
	about := "Resemblance judged by Longwatch: " + a.Words + "."
	var traits []string
	for _, r := range a.For {
		traits = append(traits, "for: "+r.Trait)
	}
	for _, r := range a.Against {
		traits = append(traits, "against: "+r.Trait)
	}
	if len(traits) > 0 {
		about += " Weighed " + strings.Join(traits, "; ") + "."
	}
	return b.put(stix.Object{"type": typ, "id": stix.Name(typ, a.Profile), "name": a.Name, "confidence": int(a.Confidence), "description": about}, at)
}

// indicator adds an item as an indicator, that it was sighted, and what it is
// part of.
func (b *builder) indicator(it *Item, i *Incident, sco stix.Object, techniques map[attack.ID]string, campaign string) []string {
	pattern := patternOf(it)
	if pattern == "" {
		return nil
	}
	first, last := timeOr(it.First, epoch), timeOr(it.Last, epoch)
	if last.Before(first) {
		last = first
	}
	id := b.put(stix.Object{
		"type": "indicator", "id": stix.Name("indicator", it.Kind+"\x00"+it.Value), "name": it.Kind + " " + it.Value, "description": strings.Join(it.Titles, "; "),
		"indicator_types": []string{"malicious-activity"}, "pattern": pattern, "pattern_type": "stix", "pattern_version": "2.1",
		"valid_from": stix.Time(first), "confidence": int(it.Confidence), "labels": []string{"severity-" + it.Severity.String()},
	}, last)
	refs := []string{id}
	sighting := stix.Object{
		"type": "sighting", "id": stix.Name("sighting", i.ID+"\x00"+id), "first_seen": stix.Time(first), "last_seen": stix.Time(last), "count": max(it.Findings, 1),
		"sighting_of_ref": id, "confidence": int(it.Confidence),
	}
	refs = append(refs, b.put(sighting, last))
	for _, t := range it.Techniques {
		if ap, ok := techniques[t]; ok {
			refs = append(refs, b.relate(id, "indicates", ap, last, it.Confidence))
		}
	}
	if campaign != "" {
		refs = append(refs, b.relate(id, "indicates", campaign, last, min(it.Confidence, i.Attribution.Confidence)))
	}
	if sco != nil {
		refs = append(refs, b.relate(id, "based-on", b.seen(it, sco, first, last), last, it.Confidence))
	}
	switch it.Kind {
	case "address", "domain", "url":
		if sco != nil {
			refs = append(refs, b.infrastructure(it, i, sco, id, last)...)
		}
	case "hash", "file":
		if kind := malwareType(it.Techniques); kind != "" {
			m := b.put(stix.Object{
				"type": "malware", "id": stix.Name("malware", kind), "name": kind, "is_family": true, "malware_types": []string{kind},
				"description": "Known by what it does in these cases, not by name.",
			}, epoch)
			refs = append(refs, m, b.relate(id, "indicates", m, last, it.Confidence))
		}
	}
	return refs
}

// listed adds an item that somebody lists and no incident here shows.
func (b *builder) listed(it *Item) {
	pattern := patternOf(it)
	if it.Source == "" || it.Own || pattern == "" {
		return
	}
	first := timeOr(it.First, epoch)
	o := stix.Object{
		"type": "indicator", "id": stix.Name("indicator", it.Kind+"\x00"+it.Value), "name": it.Kind + " " + it.Value, "description": strings.Join(append([]string{"listed by " + it.Source}, it.Titles...), "; "),
		"indicator_types": []string{"malicious-activity"}, "pattern": pattern, "pattern_type": "stix", "pattern_version": "2.1",
		"valid_from": stix.Time(first), "confidence": int(it.Confidence), "labels": []string{"severity-" + it.Severity.String()},
	}
	b.put(o, timeOr(it.Last, first))
}

// seen is the observation that an indicator is based on.
func (b *builder) seen(it *Item, sco stix.Object, first, last time.Time) string {
	return b.put(stix.Object{
		"type": "observed-data", "id": stix.Name("observed-data", it.Kind+"\x00"+it.Value), "first_observed": stix.Time(first), "last_observed": stix.Time(last),
		"number_observed": max(it.Findings, 1), "object_refs": []string{sco.ID()},
	}, last)
}

// infrastructure adds the servers of one incident, and that this is one.
func (b *builder) infrastructure(it *Item, i *Incident, sco stix.Object, indicator string, at time.Time) []string {
	kind := ""
	for _, t := range it.Techniques {
		for _, tactic := range attack.TacticsOf(t) {
			switch tactic {
			case "command-and-control":
				kind = "command-and-control"
			case "exfiltration":
				kind = cmp.Or(kind, "exfiltration")
			case "reconnaissance":
				kind = cmp.Or(kind, "reconnaissance")
			case "initial-access":
				kind = cmp.Or(kind, "staging")
			}
		}
	}
	if kind == "" {
		return nil
	}
	id := b.put(stix.Object{
		"type": "infrastructure", "id": stix.Name("infrastructure", i.ID+"\x00"+kind), "name": kind + " of incident " + i.ID, "infrastructure_types": []string{kind},
	}, timeOr(i.End, epoch))
	return []string{id, b.relate(id, "consists-of", sco.ID(), at, it.Confidence), b.relate(indicator, "indicates", id, at, it.Confidence)}
}

// malwareType is the vocabulary's word for a file that these techniques name.
func malwareType(techniques []attack.ID) string {
	for _, t := range techniques {
		switch {
		case t == "T1505.003":
			return "webshell"
		case strings.HasPrefix(string(t), "T1014"):
			return "rootkit"
		case strings.HasPrefix(string(t), "T1090"), strings.HasPrefix(string(t), "T1572"), strings.HasPrefix(string(t), "T1071"):
			return "remote-access-trojan"
		case t == "T1204.002" || t == "T1566.001":
			return "dropper"
		}
	}
	return ""
}

// patternOf is the STIX pattern of an item, or empty where STIX has none.
func patternOf(it *Item) string {
	v := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(it.Value)
	switch it.Kind {
	case "subnet":
		if strings.Contains(v, ":") {
			return fmt.Sprintf("[ipv6-addr:value ISSUBSET '%s']", v)
		}
		return fmt.Sprintf("[ipv4-addr:value ISSUBSET '%s']", v)
	case "user":
		return fmt.Sprintf("[user-account:account_login = '%s']", v)
	case "address":
		if strings.Contains(v, ":") {
			return fmt.Sprintf("[ipv6-addr:value = '%s']", v)
		}
		return fmt.Sprintf("[ipv4-addr:value = '%s']", v)
	case "domain":
		return fmt.Sprintf("[domain-name:value = '%s']", v)
	case "url":
		return fmt.Sprintf("[url:value = '%s']", v)
	case "email":
		return fmt.Sprintf("[email-addr:value = '%s']", v)
	case "file":
		return fmt.Sprintf("[file:name = '%s']", v)
	case "hash":
		return fmt.Sprintf("[file:hashes.'%s' = '%s']", stix.HashName(it.Value), v)
	case "certificate":
		return fmt.Sprintf("[x509-certificate:hashes.'%s' = '%s']", stix.HashName(it.Value), v)
	case "user_agent":
		return fmt.Sprintf("[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = '%s']", v)
	}
	return ""
}

// actions are what to do first against a technique, in our words; the name is
// what stands before the colon.
var actions = map[string]string{
	"T1505.003": "Remove the web shell: preserve the file, its folder and the logs first; close the way it came in; then remove it and rotate the machine keys and the secrets that the site could read.",
	"T1505":     "Compare server components with a known state: list handlers, modules and extensions, and remove those that nobody added on purpose.",
	"T1003":     "Treat every account on the host as known to the intruder: reset them in the order that does not warn him, krbtgt twice, and service accounts with their keys.",
	"T1071":     "Block the channel: block its servers at the edge at one moment for all hosts, and watch who asks for them afterwards.",
	"T1572":     "Close the tunnel: end the process that holds it, remove how it starts again, and block its servers at the edge.",
	"T1090":     "Close the relay: remove forwarding rules and proxies that nobody set on purpose, and replace the router or appliance that was used.",
	"T1021":     "Cut the ways between hosts: let administrators reach servers only from their own workstations, and refuse remote logons of local accounts.",
	"T1078":     "Make accounts useless to him: reset what he used, demand a second factor, and end the sessions and tickets that are open.",
	"T1190":     "Close the flaw: update or take the exposed service off the Internet, then look for what was left behind before the update.",
	"T1566":     "Call the mail back: remove it from all mailboxes, and ask who opened it.",
	"T1053":     "Remove the task: export it first, then delete it and look for the same on other hosts.",
	"T1543":     "Remove the service: export its settings and program first, then delete both and look for the same on other hosts.",
	"T1070":     "Keep the logs elsewhere: forward them as they are written, and treat the gap as time in which anything may have happened.",
	"T1560":     "Ask what left: find the archives and what was in them, and compare their size with what went out.",
	"T1048":     "Ask what left: find the archives and what was in them, and compare their size with what went out.",
	"T1014":     "Rebuild the host: nothing that a kernel with a foreign program says about itself can be believed.",
	"T1562":     "Turn protection on again: restore what was switched off, and look at what happened meanwhile.",
}
