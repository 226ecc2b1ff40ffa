package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
	yaml "go.yaml.in/yaml/v3"

	"longwatch/content"
	"longwatch/internal/app"
)

const dossierLead = `The campaign dossiers rank sixty detections by how much they tell against how often they are wrong. This page says for
each what carries it, what it needs to see, how many of our own cases it fires and stays quiet in, and in which files of
public evidence it fires. Where the last column says "only our own", nobody but us has tested it: read such a finding with
more care.

The files of public evidence belong to others and are not part of Longwatch; their names are those of the corpora that
"go run ./bench/dossier" was given, and a test fires each of them again where they are present.
`

// publicEvidence has a detection and a file in which it fires on each line,
// written by bench/dossier.
//
//go:embed public-evidence.tsv
var publicEvidence string

// carrier is what reports a detection of the dossiers, with its own cases.
type carrier struct {
	name         string // as the page shows it
	fires, quiet int
}

// coverage is all that is known of the detections, by id in capitals.
type coverage struct {
	carriers map[string][]carrier
	public   map[string][]string
}

// dossiers renders what carries the detections of the dossiers.
func dossiers(root string, parts app.Parts) (string, error) {
	c, err := newCoverage(root, parts)
	if err != nil {
		return "", err
	}
	d := newDoc("Detections of the campaign dossiers", dossierLead)
	own, none := 0, 0
	for _, r := range ranked {
		public := c.evidence(r)
		switch {
		case r.without != "":
			none++
		case len(public) == 0:
			own++
		}
	}
	d.printf("\nOf %d detections %d fire in public evidence, %d only in our own cases, and %d are not there.\n\n", len(ranked), len(ranked)-own-none, own, none)
	d.table("#", "id", "detection", "needs", "carried by", "fires / quiet", "public evidence")
	for i, r := range ranked {
		list := c.of(r)
		var names []string
		fires, quiet := 0, 0
		for _, x := range list {
			names = append(names, x.name)
			fires, quiet = fires+x.fires, quiet+x.quiet
		}
		cases, public := fmt.Sprintf("%d / %d", fires, quiet), "only our own"
		if fires+quiet == 0 {
			cases = "-"
		}
		if files := c.evidence(r); len(files) > 0 {
			public = codes(files)
		}
		if r.without != "" {
			names, public = []string{"nothing: " + r.without}, "-"
		}
		d.row(fmt.Sprint(i+1), strings.Join(r.ids, ", "), r.says, r.needs, strings.Join(names, ", "), cases, public)
	}
	return d.String(), nil
}

func newCoverage(root string, parts app.Parts) (*coverage, error) {
	c := &coverage{carriers: map[string][]carrier{}, public: map[string][]string{}}
	for line := range strings.Lines(publicEvidence) {
		if id, file, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			c.public[id] = append(c.public[id], file)
		}
	}
	for _, s := range parts.Detectors {
		fires, quiet, err := cases(filepath.Join(root, "internal/detect", s.ID, "testdata"), s.Dossier)
		if err != nil {
			return nil, err
		}
		for id, n := range fires {
			c.carriers[id] = append(c.carriers[id], carrier{fmt.Sprintf("[`%s`](detectors.md#%s)", s.ID, s.ID), n, quiet})
		}
	}
	if err := c.rules(); err != nil {
		return nil, err
	}
	return c, c.indicators()
}

// cases counts by detection the cases in which a detector reports it, and
// those in which it has to stay quiet. A finding that names none has those of
// the detector.
func cases(dir string, all []string) (fires map[string]int, quiet int, err error) {
	fires = map[string]int{}
	for _, id := range all {
		fires[strings.ToUpper(id)] = 0
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil {
		return nil, 0, err
	}
	for _, file := range files {
		if strings.HasPrefix(filepath.Base(file), "quiet-") {
			quiet++
			continue
		}
		ar, err := txtar.ParseFile(file)
		if err != nil {
			return nil, 0, err
		}
		here := map[string]bool{}
		for _, f := range ar.Files {
			if f.Name != "findings.jsonl" {
				continue
			}
			for line := range strings.Lines(string(f.Data)) {
				var want struct {
					Dossier []string `json:"dossier"`
				}
				if strings.TrimSpace(line) == "" {
					continue
				}
				if err := json.Unmarshal([]byte(line), &want); err != nil {
					return nil, 0, fmt.Errorf("%s: %w", file, err)
				}
				if want.Dossier == nil {
					want.Dossier = all
				}
				for _, id := range want.Dossier {
					here[strings.ToUpper(id)] = true
				}
			}
		}
		for id := range here {
			fires[id]++
		}
	}
	return fires, quiet, nil
}

// rules adds the built-in Sigma rules, which carry their cases themselves.
func (c *coverage) rules() error {
	return fs.WalkDir(content.Rules, "rules", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".yml") {
			return err
		}
		b, err := fs.ReadFile(content.Rules, name)
		if err != nil {
			return err
		}
		var rule struct {
			Tags  []string `yaml:"tags"`
			Tests struct {
				Fires []any `yaml:"fires"`
				Quiet []any `yaml:"quiet"`
			} `yaml:"tests"`
		}
		if err := yaml.Unmarshal(b, &rule); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, tag := range rule.Tags {
			if id, ok := strings.CutPrefix(tag, "dossier."); ok {
				id = strings.ToUpper(id)
				c.carriers[id] = append(c.carriers[id], carrier{code(strings.TrimPrefix(name, "rules/")), len(rule.Tests.Fires), len(rule.Tests.Quiet)})
			}
		}
		return nil
	})
}

// indicators adds the indicators of the profiles. All of a profile's carry the
// id that ends in IOC.
func (c *coverage) indicators() error {
	files, err := fs.Glob(content.Campaigns, "campaigns/*/indicators.yaml")
	if err != nil {
		return err
	}
	for _, name := range files {
		b, err := fs.ReadFile(content.Campaigns, name)
		if err != nil {
			return err
		}
		var list struct {
			Indicators []struct {
				Dossier []string `yaml:"dossier"`
			} `yaml:"indicators"`
		}
		if err := yaml.Unmarshal(b, &list); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		ids := map[string]bool{}
		for _, x := range list.Indicators {
			for _, id := range x.Dossier {
				ids[strings.ToUpper(id)] = true
			}
		}
		campaign := strings.Split(name, "/")[1]
		ids[strings.ToUpper(campaign[:2])+"-IOC"] = len(list.Indicators) > 0
		for id, there := range ids {
			if there {
				c.carriers[id] = append(c.carriers[id], carrier{name: "indicators of [" + campaign + "](campaigns.md)"})
			}
		}
	}
	return nil
}

// of are the carriers of a row, each once.
func (c *coverage) of(r rank) []carrier {
	var out []carrier
	for _, id := range r.all() {
		for _, x := range c.carriers[id] {
			i := slices.IndexFunc(out, func(o carrier) bool { return o.name == x.name })
			if i < 0 {
				out = append(out, x)
			} else {
				out[i].fires = max(out[i].fires, x.fires)
			}
		}
	}
	slices.SortFunc(out, func(a, b carrier) int { return strings.Compare(a.name, b.name) })
	return out
}

// evidence are the public files of a row.
func (c *coverage) evidence(r rank) []string {
	var out []string
	for _, id := range r.all() {
		out = append(out, c.public[id]...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
