package sigma

import (
	"fmt"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v3"
)

// written is a detection as its author wrote it. Pipelines change it before
// it is compiled.
type written struct {
	selections []selection
	conditions []string
	timeframe  string // for an aggregation
	added      []addition
}

// selection is a named part of a detection.
type selection struct {
	name string
	what *detection
}

// addition is a condition that a pipeline asks for besides the rule's own.
type addition struct {
	what    *detection
	negated bool
}

// detectionKind is how the parts of a detection are joined.
type detectionKind uint8

const (
	allOf detectionKind = iota // a map: all of kids
	anyOf                      // a list: any of kids
	oneItem
)

// detection is a map, a list or one item.
type detection struct {
	kind detectionKind
	kids []*detection

	// An item: field|modifier|…: values.
	field  string // "" for keywords
	chain  []string
	values []*yaml.Node
	marks  []string // steps of pipelines that were applied to it
}

// key is the item's field and modifiers as written.
func (d *detection) key() string { return strings.Join(append([]string{d.field}, d.chain...), "|") }

// readDetections reads the detection part of a rule.
func readDetections(y *yaml.Node) (*written, error) {
	w := &written{}
	for i := 0; i+1 < len(y.Content); i += 2 {
		name, v := y.Content[i].Value, resolve(y.Content[i+1])
		switch name {
		case "condition":
			w.conditions = texts(v)
			continue
		case "timeframe":
			w.timeframe = v.Value
			continue
		}
		d, err := readDetection(v, 0)
		if err != nil {
			return nil, fmt.Errorf("selection %q: %w", name, err)
		}
		w.selections = append(w.selections, selection{name, d})
	}
	return w, nil
}

// readDetection reads one selection: a map is all of its items, a list any of
// its entries, a single value a keyword.
func readDetection(y *yaml.Node, depth int) (*detection, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("detection nested deeper than %d", maxDepth)
	}
	y = resolve(y)
	switch y.Kind {
	case yaml.MappingNode:
		d := &detection{kind: allOf}
		for i := 0; i+1 < len(y.Content); i += 2 {
			k, err := readItem(y.Content[i].Value, y.Content[i+1])
			if err != nil {
				return nil, err
			}
			d.kids = append(d.kids, k)
		}
		return d, nil
	case yaml.SequenceNode:
		if len(y.Content) == 0 {
			return nil, fmt.Errorf("an empty list")
		}
		if isScalarList(y) {
			return readItem("", y)
		}
		d := &detection{kind: anyOf}
		for _, c := range y.Content {
			k, err := readDetection(c, depth+1)
			if err != nil {
				return nil, err
			}
			d.kids = append(d.kids, k)
		}
		return d, nil
	case yaml.ScalarNode:
		return readItem("", y)
	}
	return nil, fmt.Errorf("line %d: neither map, list nor value", y.Line)
}

func isScalarList(y *yaml.Node) bool {
	return !slices.ContainsFunc(y.Content, func(c *yaml.Node) bool { return resolve(c).Kind != yaml.ScalarNode })
}

// readItem reads field|modifier|…: value or list of values.
func readItem(key string, y *yaml.Node) (*detection, error) {
	parts := strings.Split(key, "|")
	d := &detection{kind: oneItem, field: parts[0], chain: parts[1:]}
	y = resolve(y)
	switch y.Kind {
	case yaml.SequenceNode:
		for _, v := range y.Content {
			if v = resolve(v); v.Kind != yaml.ScalarNode {
				return nil, fmt.Errorf("field %q: line %d: a value must be a string, number, boolean or null", key, v.Line)
			}
			d.values = append(d.values, v)
		}
	case yaml.ScalarNode:
		d.values = []*yaml.Node{y}
	default:
		return nil, fmt.Errorf("field %q: a map cannot be a value", key)
	}
	if len(d.values) == 0 {
		return nil, fmt.Errorf("field %q: an empty list of values", key)
	}
	return d, nil
}
