package share

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"longwatch/internal/attack"
	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
)

// layer is the Navigator's layer format 4.5
// (https://github.com/mitre-attack/attack-navigator/blob/master/layers/spec/v4.5/layerformat.md).
type layer struct {
	Name        string            `json:"name"`
	Versions    map[string]string `json:"versions"`
	Domain      string            `json:"domain"`
	Description string            `json:"description"`
	Sorting     int               `json:"sorting"`
	HideDisable bool              `json:"hideDisabled"`
	Techniques  []technique       `json:"techniques"`
	Gradient    gradient          `json:"gradient"`
	Legend      []legend          `json:"legendItems"`
}

type technique struct {
	ID      string `json:"techniqueID"`
	Score   int    `json:"score"`
	Comment string `json:"comment"`
	Show    bool   `json:"showSubtechniques"`
}

type gradient struct {
	Colors []string `json:"colors"`
	Min    int      `json:"minValue"`
	Max    int      `json:"maxValue"`
}

type legend struct {
	Label string `json:"label"`
	Color string `json:"color"`
}

// Navigator writes an ATT&CK Navigator layer: each technique that a finding of
// low severity or above names, scored by severity.
func Navigator(w io.Writer, c *casefolder.Case) error {
	type tally struct {
		worst finding.Severity
		n     int
	}
	seen := map[attack.ID]*tally{}
	for _, f := range c.Findings {
		if f.Severity < finding.Low {
			continue
		}
		for _, t := range f.Techniques {
			if seen[t] == nil {
				seen[t] = &tally{}
			}
			seen[t].n++
			seen[t].worst = max(seen[t].worst, f.Severity)
		}
	}
	var list []Technique
	for id, t := range seen {
		list = append(list, Technique{ID: id, Score: int(t.worst) * 25, Comment: fmt.Sprintf("%d findings, worst %v", t.n, t.worst)})
	}
	return Layer(w, "Longwatch case", fmt.Sprintf("Techniques seen, from %v to %v", c.Span.Start, c.Span.End), list)
}

// Technique is a technique in a layer.
type Technique struct {
	ID      attack.ID
	Score   int // 0 to 100
	Comment string
}

// Layer writes an ATT&CK Navigator layer of techniques, sorted by id.
func Layer(w io.Writer, name, about string, list []Technique) error {
	l := layer{
		Name: name, Domain: "enterprise-attack", Description: about,
		Versions:   map[string]string{"attack": "18", "navigator": "5.1.0", "layer": "4.5"},
		Gradient:   gradient{Colors: []string{"#ffffff", "#f5c26b", "#c0392b"}, Min: 0, Max: 100},
		Techniques: []technique{},
		Legend:     []legend{{"low", "#fbe3b8"}, {"medium", "#f5c26b"}, {"high", "#d6763f"}, {"critical", "#c0392b"}},
	}
	for _, t := range list {
		l.Techniques = append(l.Techniques, technique{ID: string(t.ID), Score: t.Score, Comment: t.Comment, Show: true})
	}
	slices.SortFunc(l.Techniques, func(a, b technique) int { return cmp.Compare(a.ID, b.ID) })
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	return enc.Encode(l)
}
