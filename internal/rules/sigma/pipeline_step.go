package sigma

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v3"
)

// transformations make what each kind of step does of its parameters.
var transformations = map[string]func(y *yaml.Node) (transformation, error){
	"field_name_mapping":        mapNames,
	"field_name_prefix_mapping": mapPrefixes,
	"field_name_prefix":         affix("prefix"),
	"field_name_suffix":         affix("suffix"),
	"drop_detection_item": func(*yaml.Node) (transformation, error) {
		return func(run *pipelineRun, s *step) error {
			return run.items(s, func(*detection) (*detection, error) { return nil, nil })
		}, nil
	},
	"add_condition":         addCondition,
	"change_logsource":      changeSource,
	"hashes_fields":         splitHashes,
	"replace_string":        replaceString,
	"map_string":            mapString,
	"set_value":             setValue,
	"regex":                 toRegexp,
	"case":                  changeCase,
	"set_state":             setState,
	"value_placeholders":    func(y *yaml.Node) (transformation, error) { return nothing(y) },
	"wildcard_placeholders": wildcards,
	// Types are the same to us, and lists of fields and attributes of queries are not used.
	"convert_type": nothing, "add_field": nothing, "remove_field": nothing, "set_field": nothing, "set_custom_attribute": nothing,
	"rule_failure": func(y *yaml.Node) (transformation, error) {
		err := errors.New(param(y, "message"))
		return func(*pipelineRun, *step) error { return err }, nil
	},
	"detection_item_failure": func(y *yaml.Node) (transformation, error) {
		err := errors.New(param(y, "message"))
		return func(run *pipelineRun, s *step) error {
			return run.items(s, func(*detection) (*detection, error) { return nil, err })
		}, nil
	},
}

func nothing(*yaml.Node) (transformation, error) {
	return func(*pipelineRun, *step) error { return nil }, nil
}

// param is the text of a parameter.
func param(y *yaml.Node, name string) string {
	if v := get(y, name); v != nil {
		return v.Value
	}
	return ""
}

// lists reads a map of names to one or several names.
func lists(y *yaml.Node, name string) (map[string][]string, error) {
	m := get(y, name)
	if m == nil || m.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s must be a map", name)
	}
	out := map[string][]string{}
	for i := 0; i+1 < len(m.Content); i += 2 {
		k := m.Content[i]
		key := k.Value
		if k.Tag == "!!null" {
			key = ""
		}
		out[key] = texts(m.Content[i+1])
	}
	return out, nil
}

// renaming is a step that gives fields other names.
func renaming(names func(field string) ([]string, bool)) transformation {
	return func(run *pipelineRun, s *step) error {
		run.rule.renames = append(run.rule.renames, func(field string) string {
			ok, err := s.name.hold(&subject{run: run, field: field})
			if to, has := names(field); err == nil && ok && has && len(to) > 0 {
				return to[0]
			}
			return field
		})
		return run.items(s, func(d *detection) (*detection, error) {
			if slices.Contains(d.chain, "fieldref") {
				for i, v := range d.values {
					if to, ok := names(v.Value); ok && len(to) > 0 {
						d.values[i] = textNode(to[0], v)
					}
				}
			}
			to, ok := names(d.field)
			if !ok {
				return d, nil
			}
			out := &detection{kind: anyOf}
			for _, name := range to {
				n := *d
				if n.field = name; d.field == "" && !slices.Contains(d.chain, "contains") && !slices.Contains(d.chain, "re") {
					n.chain = append([]string{"contains"}, d.chain...) // keywords are looked for anywhere
				}
				out.kids = append(out.kids, &n)
			}
			switch len(out.kids) {
			case 0:
				return nil, nil
			case 1:
				return out.kids[0], nil
			}
			return out, nil
		})
	}
}

func mapNames(y *yaml.Node) (transformation, error) {
	m, err := lists(y, "mapping")
	return renaming(func(f string) ([]string, bool) { to, ok := m[f]; return to, ok }), err
}

func mapPrefixes(y *yaml.Node) (transformation, error) {
	m, err := lists(y, "mapping")
	prefixes := make([]string, 0, len(m))
	for p := range m {
		prefixes = append(prefixes, p)
	}
	slices.SortFunc(prefixes, func(a, b string) int { return len(b) - len(a) })
	return renaming(func(f string) ([]string, bool) {
		for _, p := range prefixes {
			if rest, ok := strings.CutPrefix(f, p); ok && f != "" {
				var out []string
				for _, to := range m[p] {
					out = append(out, to+rest)
				}
				return out, true
			}
		}
		return nil, false
	}), err
}

func affix(where string) func(y *yaml.Node) (transformation, error) {
	return func(y *yaml.Node) (transformation, error) {
		text := param(y, where)
		return renaming(func(f string) ([]string, bool) {
			switch {
			case f == "":
				return nil, false
			case where == "prefix":
				return []string{text + f}, true
			}
			return []string{f + text}, true
		}), nil
	}
}

// textNode is a string that stands where another value stood.
func textNode(s string, at *yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s, Line: at.Line}
}

func addCondition(y *yaml.Node) (transformation, error) {
	c := get(y, "conditions")
	if c == nil || c.Kind != yaml.MappingNode {
		return nil, errors.New("conditions must be a map of fields to values")
	}
	template, negated := param(y, "template") == "true", param(y, "negated") == "true"
	return func(run *pipelineRun, s *step) error {
		d, err := readDetection(c, 0)
		if err != nil {
			return err
		}
		if template {
			r := run.rule.Source
			fill := strings.NewReplacer("$category", r.Category, "$product", r.Product, "$service", r.Service, "${category}", r.Category, "${product}", r.Product, "${service}", r.Service)
			for _, k := range d.kids {
				for i, v := range k.values {
					if isText(v) {
						k.values[i] = textNode(fill.Replace(v.Value), v)
					}
				}
			}
		}
		if s.id != "" {
			d.mark(s.id)
		}
		if len(run.written.added) >= maxDepth {
			return fmt.Errorf("more than %d conditions are added", maxDepth)
		}
		run.written.added = append(run.written.added, addition{d, negated})
		return nil
	}, nil
}

func changeSource(y *yaml.Node) (transformation, error) {
	s := LogSource{strings.ToLower(param(y, "category")), strings.ToLower(param(y, "product")), strings.ToLower(param(y, "service"))}
	if s == (LogSource{}) {
		return nil, errNoSource
	}
	return func(run *pipelineRun, _ *step) error {
		run.rule.Source = s
		return nil
	}, nil
}

// splitHashes makes a field of each kind of hash.
func splitHashes(y *yaml.Node) (transformation, error) {
	var p struct {
		Algos  []string `yaml:"valid_hash_algos"`
		Prefix string   `yaml:"field_prefix"`
		Drop   bool     `yaml:"drop_algo_prefix"`
		Fields []string `yaml:"field_to_parse"`
	}
	if err := y.Decode(&p); err != nil {
		return nil, err
	}
	if len(p.Fields) == 0 {
		p.Fields = []string{"Hashes", "Hash"}
	}
	lengths := map[int]string{32: "MD5", 40: "SHA1", 64: "SHA256", 128: "SHA512"}
	return func(run *pipelineRun, s *step) error {
		return run.items(s, func(d *detection) (*detection, error) {
			if !slices.Contains(p.Fields, d.field) {
				return d, nil
			}
			out := &detection{kind: anyOf}
			for _, v := range d.values {
				algo, hash, ok := strings.Cut(strings.Replace(strings.Trim(v.Value, "*?"), "|", "=", 1), "=")
				if !ok {
					algo, hash = lengths[len(algo)], algo
				}
				if algo = strings.ToUpper(algo); !slices.Contains(p.Algos, algo) {
					continue
				}
				name := p.Prefix + algo
				if p.Drop {
					name = p.Prefix
				}
				out.kids = append(out.kids, &detection{kind: oneItem, field: name, values: []*yaml.Node{textNode(hash, v)}})
			}
			if len(out.kids) == 0 {
				return nil, fmt.Errorf("no hash of a known kind in field %q", d.field)
			}
			return out, nil
		})
	}, nil
}

// onText is a step that changes the strings among the values of items.
func onText(change func(s string) []string) transformation {
	return func(run *pipelineRun, s *step) error {
		return run.items(s, func(d *detection) (*detection, error) {
			n := *d
			n.values = nil
			for _, v := range d.values {
				if v.Tag == "!!null" {
					n.values = append(n.values, v)
					continue
				}
				for _, t := range change(v.Value) {
					n.values = append(n.values, textNode(t, v))
				}
			}
			if len(n.values) > maxValues {
				return nil, fmt.Errorf("more than %d values", maxValues)
			}
			return &n, nil
		})
	}
}

var backReference = regexp.MustCompile(`\\(\d+|g<(\w+)>)`)

func replaceString(y *yaml.Node) (transformation, error) {
	re, err := regexp.Compile(param(y, "regex"))
	if err != nil {
		return nil, err
	}
	// Python writes groups as \1 and \g<name>.
	to := backReference.ReplaceAllStringFunc(strings.ReplaceAll(param(y, "replacement"), "$", "$$"), func(m string) string {
		g := strings.Trim(strings.TrimPrefix(m[1:], "g"), "<>")
		return "${" + g + "}"
	})
	return onText(func(s string) []string { return []string{re.ReplaceAllString(s, to)} }), nil
}

func mapString(y *yaml.Node) (transformation, error) {
	m, err := lists(y, "mapping")
	return onText(func(s string) []string {
		if to, ok := m[s]; ok {
			return to
		}
		return []string{s}
	}), err
}

func setValue(y *yaml.Node) (transformation, error) {
	v := get(y, "value")
	if v == nil || v.Kind != yaml.ScalarNode {
		return nil, errors.New("value must be a string, number, boolean or null")
	}
	return func(run *pipelineRun, s *step) error {
		return run.items(s, func(d *detection) (*detection, error) {
			n := *d
			n.values = make([]*yaml.Node, len(d.values))
			for i := range n.values {
				n.values[i] = v
			}
			return &n, nil
		})
	}, nil
}

// toRegexp makes regular expressions of strings.
func toRegexp(y *yaml.Node) (transformation, error) {
	plainCase := param(y, "method") == "plain"
	return func(run *pipelineRun, s *step) error {
		return run.items(s, func(d *detection) (*detection, error) {
			for _, m := range d.chain {
				if m != "contains" && m != "startswith" && m != "endswith" && m != "all" && m != "neq" && m != "cased" {
					return d, nil
				}
			}
			n := &detection{kind: oneItem, field: d.field, chain: []string{"re"}, marks: d.marks}
			if !plainCase && !slices.Contains(d.chain, "cased") {
				n.chain = append(n.chain, "i")
			}
			for _, m := range d.chain {
				if m == "all" || m == "neq" {
					n.chain = append(n.chain, m)
				}
			}
			for _, v := range d.values {
				if !isText(v) {
					return d, nil
				}
				var b strings.Builder
				b.WriteString("(?s)^")
				for _, p := range parseString(d.match(v)) {
					switch p.wild {
					case '*':
						b.WriteString(".*")
					case '?':
						b.WriteString(".")
					default:
						b.WriteString(regexp.QuoteMeta(p.lit))
					}
				}
				b.WriteString("$")
				n.values = append(n.values, textNode(b.String(), v))
			}
			return n, nil
		})
	}, nil
}

func changeCase(y *yaml.Node) (transformation, error) {
	switch param(y, "method") {
	case "lower", "":
		return onText(func(s string) []string { return []string{strings.ToLower(s)} }), nil
	case "upper":
		return onText(func(s string) []string { return []string{strings.ToUpper(s)} }), nil
	}
	return nil, fmt.Errorf("case: the method %q is not known", param(y, "method"))
}

func setState(y *yaml.Node) (transformation, error) {
	key, val := param(y, "key"), param(y, "val")
	return func(run *pipelineRun, _ *step) error {
		run.state[key] = val
		return nil
	}, nil
}

var placeholder = regexp.MustCompile(`%[^%\s]+%`)

// wildcards puts an asterisk where a placeholder stands.
func wildcards(y *yaml.Node) (transformation, error) {
	include, exclude := []string{}, []string{}
	if v := get(y, "include"); v != nil {
		include = texts(v)
	}
	if v := get(y, "exclude"); v != nil {
		exclude = texts(v)
	}
	return func(run *pipelineRun, s *step) error {
		return run.items(s, func(d *detection) (*detection, error) {
			if !slices.Contains(d.chain, "expand") {
				return d, nil
			}
			n := *d
			n.values = slices.Clone(d.values)
			for i, v := range n.values {
				n.values[i] = textNode(placeholder.ReplaceAllStringFunc(v.Value, func(p string) string {
					name := strings.Trim(p, "%")
					if len(include) > 0 && !slices.Contains(include, name) || slices.Contains(exclude, name) {
						return p
					}
					return "*"
				}), v)
			}
			return &n, nil
		})
	}, nil
}
