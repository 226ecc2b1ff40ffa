package main

import (
	"fmt"
	"slices"
	"strings"

	"longwatch/internal/app"
	"longwatch/internal/attack"
	"longwatch/internal/detect"
)

const detectorsLead = `Detectors are the detections that need state, statistics or joins; what one event can show is a
[rule](rules.md). Each sees the records it names in the order of event time. The id is permanent and stands in
` + "`findings.jsonl`" + `; **dossier** is the detection's id in the campaign dossiers, by which [profiles](campaigns.md) refer to it.
`

// detectors renders the list of detectors, then each with its own words.
func detectors(src *source, parts app.Parts) (string, error) {
	d := newDoc("Detectors", detectorsLead)
	d.printf("\n")
	d.table("id", "finds", "techniques", "dossier")
	for _, s := range parts.Detectors {
		d.row(fmt.Sprintf("[`%s`](#%s)", s.ID, s.ID), s.Title, codes(s.Techniques), strings.Join(s.Dossier, ", "))
	}
	for _, s := range parts.Detectors {
		c, err := src.of(module + "internal/detect/" + s.ID)
		if err != nil {
			return "", err
		}
		d.section(2, s.ID)
		d.printf("%s\n", withoutName(c.pkg))
		d.printf("\n- techniques: %s\n- reads: %s\n", techniques(s.Techniques), codes(reads(s)))
	}
	return d.String(), nil
}

// techniques are ids with their names.
func techniques(ids []attack.ID) string {
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		out = append(out, strings.TrimSpace(string(id)+" "+attack.Name(id)))
	}
	if len(out) == 0 {
		return "none"
	}
	return strings.Join(out, "; ")
}

// reads are the record types that a detector subscribes to.
func reads(s detect.Spec) []string {
	var out []string
	for _, h := range s.New(detect.Env{}).Handlers() {
		if h.Type != nil {
			out = append(out, h.Type.Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
