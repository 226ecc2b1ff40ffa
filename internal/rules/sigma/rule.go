package sigma

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	yaml "go.yaml.in/yaml/v3"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
)

// document is one YAML document as written. Fields that longwatch does not
// use are not read.
type document struct {
	Title          string    `yaml:"title"`
	ID             string    `yaml:"id"`
	Status         string    `yaml:"status"`
	Description    string    `yaml:"description"`
	Author         yaml.Node `yaml:"author"`
	Level          string    `yaml:"level"`
	Tags           []string  `yaml:"tags"`
	References     []string  `yaml:"references"`
	FalsePositives yaml.Node `yaml:"falsepositives"`
	LogSource      struct {
		Category string `yaml:"category"`
		Product  string `yaml:"product"`
		Service  string `yaml:"service"`
	} `yaml:"logsource"`
	Detection   yaml.Node `yaml:"detection"`
	Correlation yaml.Node `yaml:"correlation"`
	Filter      yaml.Node `yaml:"filter"`
	Action      string    `yaml:"action"`
	Tests       struct {
		Fires []yaml.Node `yaml:"fires"`
		Quiet []yaml.Node `yaml:"quiet"`
	} `yaml:"tests"` // not of Sigma: events that the rule must and must not be true of
}

// maxFile bounds one rule file.
const maxFile = 8 << 20

// parseFile reads every document of a file.
func (e *Engine) parseFile(file string, text []byte) {
	if len(text) > maxFile {
		e.refuse(file, 0, document{}, fmt.Errorf("larger than %d bytes", maxFile))
		return
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var root yaml.Node
		err := dec.Decode(&root)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			e.refuse(file, 0, document{}, err)
			return // the decoder cannot find the next document
		}
		if len(root.Content) == 0 {
			continue
		}
		line := root.Content[0].Line
		var d document
		if err := root.Decode(&d); err != nil {
			e.refuse(file, line, d, err)
			continue
		}
		r, err := e.compile(file, line, &d)
		if err != nil {
			e.refuse(file, line, d, err)
			continue
		}
		e.Rules = append(e.Rules, r)
	}
}

func (e *Engine) refuse(file string, line int, d document, err error) {
	e.refused = append(e.refused, Refused{File: file, Line: line, ID: d.ID, Title: d.Title, Reason: err.Error()})
}

var techniqueTag = regexp.MustCompile(`^attack\.t\d{4}(\.\d{3})?$`)

// compile makes a rule of a document.
func (e *Engine) compile(file string, line int, d *document) (*Rule, error) {
	switch {
	case d.Correlation.Kind != 0:
		return nil, errCorrelation
	case d.Filter.Kind != 0:
		return nil, errFilter
	case d.Action != "":
		return nil, errAction
	case d.LogSource.Category == "" && d.LogSource.Product == "" && d.LogSource.Service == "":
		return nil, errNoSource
	case d.Detection.Kind != yaml.MappingNode:
		return nil, errNoDetection
	}
	r := &Rule{
		ID: strings.ToLower(d.ID), Title: d.Title, Status: d.Status, Description: strings.TrimSpace(d.Description),
		Author: flat(&d.Author), Tags: d.Tags, References: d.References, File: file, Line: line, Level: finding.Medium,
		FalsePositives: texts(&d.FalsePositives),
		Source: LogSource{
			Category: strings.ToLower(d.LogSource.Category), Product: strings.ToLower(d.LogSource.Product), Service: strings.ToLower(d.LogSource.Service),
		},
	}
	if r.ID == "" {
		r.ID = fmt.Sprintf("%s:%d", file, line)
	}
	if e.ids[r.ID] {
		return nil, errTwice
	}
	if d.Level != "" {
		level, err := finding.ParseSeverity(d.Level)
		if err != nil {
			return nil, err
		}
		r.Level = level
	}
	for _, t := range d.Tags {
		t = strings.ToLower(t)
		if id, ok := strings.CutPrefix(t, "dossier."); ok {
			r.Dossier = append(r.Dossier, strings.ToUpper(id))
		}
		if techniqueTag.MatchString(t) {
			r.Techniques = append(r.Techniques, attack.ID(strings.ToUpper(strings.TrimPrefix(t, "attack."))))
		}
	}
	if err := e.detection(r, &d.Detection); err != nil {
		return nil, err
	}
	var err error
	if r.tests, err = readTests(d); err != nil {
		return nil, err
	}
	if !e.routable(r) {
		return nil, errUnsupported
	}
	e.ids[r.ID] = true
	return r, nil
}

// detection builds the selections and the condition of r.
func (e *Engine) detection(r *Rule, y *yaml.Node) error {
	b := &builder{fields: &e.fields, placeholders: e.placeholders}
	var conditions []string
	for i := 0; i+1 < len(y.Content); i += 2 {
		name, v := y.Content[i].Value, resolve(y.Content[i+1])
		switch name {
		case "condition":
			conditions = texts(v)
			continue
		case "timeframe":
			continue // for aggregations, which the condition would name
		}
		n, err := b.detection(v, 0)
		if err != nil {
			return fmt.Errorf("selection %q: %w", name, err)
		}
		r.selects = append(r.selects, &node{op: opSelect, name: name, kids: []*node{n}})
	}
	if len(conditions) == 0 {
		return errNoCondition
	}
	var kids []*node
	for _, c := range conditions {
		n, err := parseCondition(c, r.selects)
		if err != nil {
			return err
		}
		kids = append(kids, n)
	}
	r.cond = group(opOr, kids)
	return nil
}

// texts are the strings of a value or list.
func texts(y *yaml.Node) []string {
	switch y.Kind {
	case yaml.ScalarNode:
		if y.Value == "" {
			return nil
		}
		return []string{y.Value}
	case yaml.SequenceNode:
		var out []string
		for _, c := range y.Content {
			if c = resolve(c); c.Kind == yaml.ScalarNode {
				out = append(out, c.Value)
			}
		}
		return out
	}
	return nil
}

// flat is the text of a value, lists joined.
func flat(y *yaml.Node) string { return strings.Join(texts(y), ", ") }
