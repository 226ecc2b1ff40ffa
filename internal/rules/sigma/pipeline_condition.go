package sigma

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v3"

	"longwatch/internal/finding"
)

// subject is what a condition of a pipeline is asked about: the rule, and for
// some one of its items or field names.
type subject struct {
	run   *pipelineRun
	item  *detection
	field string
}

type conditionFunc func(x *subject) (bool, error)

type conditionMaker func(y *yaml.Node) (conditionFunc, error)

// conditions are when a step is applied: a list joined by and or or, or named
// ones in an expression.
type conditions struct {
	list    []conditionFunc
	any     bool
	negated bool
	expr    *sequence
}

// parse reads NAME_conditions, NAME_cond_op, NAME_cond_not and NAME_cond_expr.
func (c *conditions) parse(y *yaml.Node, name string, makers map[string]conditionMaker) error {
	if op := get(y, name+"_cond_op"); op != nil {
		c.any = strings.EqualFold(op.Value, "or")
	}
	if not := get(y, name+"_cond_not"); not != nil {
		if err := not.Decode(&c.negated); err != nil {
			return fmt.Errorf("%s_cond_not must be true or false", name)
		}
	}
	list := get(y, name+"_conditions")
	if list == nil {
		return nil
	}
	places := map[string]int{}
	add := func(y *yaml.Node) error {
		kind := get(y, "type")
		if kind == nil {
			return fmt.Errorf("line %d: a condition needs a type", y.Line)
		}
		maker, ok := makers[kind.Value]
		if !ok {
			return fmt.Errorf("line %d: the %s condition %q is not known", y.Line, name, kind.Value)
		}
		f, err := maker(y)
		c.list = append(c.list, f)
		return err
	}
	switch list.Kind {
	case yaml.SequenceNode:
		for _, x := range list.Content {
			if err := add(resolve(x)); err != nil {
				return err
			}
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(list.Content); i += 2 {
			places[list.Content[i].Value] = len(c.list)
			if err := add(resolve(list.Content[i+1])); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("%s_conditions must be a list or a map", name)
	}
	expr := get(y, name+"_cond_expr")
	if expr == nil {
		return nil
	}
	s, err := parseSequence(expr.Value)
	if err != nil {
		return err
	}
	for _, n := range s.names(nil) {
		if _, ok := places[n]; !ok {
			return fmt.Errorf("%s_cond_expr: there is no condition %q", name, n)
		}
	}
	s.place(places)
	c.expr = s
	return nil
}

// hold tells whether the conditions are true.
func (c *conditions) hold(x *subject) (bool, error) {
	if len(c.list) == 0 {
		return true, nil
	}
	var first error
	ask := func(i int) bool {
		ok, err := c.list[i](x)
		if err != nil && first == nil {
			first = err
		}
		return ok
	}
	ok := !c.any
	switch {
	case c.expr != nil:
		ok = c.expr.holds(ask)
	case c.any:
		for i := range c.list {
			ok = ok || ask(i)
		}
	default:
		for i := range c.list {
			ok = ok && ask(i)
		}
	}
	return ok != c.negated, first
}

// decode makes a maker of a function over its decoded parameters.
func decode[T any](f func(p *T) (conditionFunc, error)) conditionMaker {
	return func(y *yaml.Node) (conditionFunc, error) {
		p := new(T)
		if err := y.Decode(p); err != nil {
			return nil, err
		}
		return f(p)
	}
}

var ruleConditions = map[string]conditionMaker{
	"logsource": decode(func(p *struct{ Category, Product, Service string }) (conditionFunc, error) {
		s := LogSource{strings.ToLower(p.Category), strings.ToLower(p.Product), strings.ToLower(p.Service)}
		return func(x *subject) (bool, error) { return s.covers(x.run.rule.Source), nil }, nil
	}),
	"contains_field": decode(func(p *struct{ Field string }) (conditionFunc, error) {
		return func(x *subject) (bool, error) {
			return x.run.written.some(func(d *detection) bool { return d.field == p.Field }), nil
		}, nil
	}),
	"contains_detection_item": decode(func(p *struct{ Field, Value string }) (conditionFunc, error) {
		return func(x *subject) (bool, error) {
			return x.run.written.some(func(d *detection) bool {
				return d.field == p.Field && slices.ContainsFunc(d.values, func(v *yaml.Node) bool { return strings.EqualFold(d.match(v), p.Value) })
			}), nil
		}, nil
	}),
	"processing_item_applied": decode(func(p *stepID) (conditionFunc, error) {
		return func(x *subject) (bool, error) { return x.run.applied[p.ID], nil }, nil
	}),
	"processing_state":          stateCondition,
	"is_sigma_rule":             func(*yaml.Node) (conditionFunc, error) { return always(true), nil },
	"is_sigma_correlation_rule": func(*yaml.Node) (conditionFunc, error) { return always(false), nil },
	"tag": decode(func(p *struct{ Tag string }) (conditionFunc, error) {
		return func(x *subject) (bool, error) {
			return slices.ContainsFunc(x.run.rule.Tags, func(t string) bool { return strings.EqualFold(t, p.Tag) }), nil
		}, nil
	}),
	"rule_attribute": decode(func(p *struct{ Attribute, Value, Op string }) (conditionFunc, error) {
		switch p.Op {
		case "", "eq", "ne", "gt", "gte", "lt", "lte", "in", "not_in":
		default:
			return nil, fmt.Errorf("rule_attribute: unknown op %q", p.Op)
		}
		return func(x *subject) (bool, error) { return attribute(x.run.rule, p.Attribute, p.Op, p.Value) }, nil
	}),
}

type stepID struct {
	ID string `yaml:"processing_item_id"`
}

func always(v bool) conditionFunc { return func(*subject) (bool, error) { return v, nil } }

var stateCondition = decode(func(p *struct{ Key, Val, Op string }) (conditionFunc, error) {
	return func(x *subject) (bool, error) {
		v, ok := x.run.state[p.Key]
		if p.Op == "ne" {
			return v != p.Val, nil
		}
		return ok && v == p.Val, nil
	}, nil
})

var itemConditions = map[string]conditionMaker{
	"match_string": decode(func(p *struct {
		Cond, Pattern string
		Negate        bool
	},
	) (conditionFunc, error) {
		re, err := regexp.Compile(`^(?:` + p.Pattern + `)`)
		if err != nil {
			return nil, err
		}
		return values(p.Cond, func(d *detection, v *yaml.Node) bool {
			return isText(v) && re.MatchString(d.match(v)) != p.Negate || !isText(v) && p.Negate
		})
	}),
	"match_value": decode(func(p *struct{ Cond, Value string }) (conditionFunc, error) {
		return values(p.Cond, func(d *detection, v *yaml.Node) bool { return strings.EqualFold(d.match(v), p.Value) })
	}),
	"contains_wildcard": decode(func(p *struct{ Cond string }) (conditionFunc, error) {
		return values(p.Cond, func(d *detection, v *yaml.Node) bool {
			_, ok := plain(parseString(d.match(v)))
			return isText(v) && !ok
		})
	}),
	"is_null": decode(func(p *struct{ Cond string }) (conditionFunc, error) {
		return values(p.Cond, func(_ *detection, v *yaml.Node) bool { return v.Tag == "!!null" })
	}),
	"processing_item_applied": decode(func(p *stepID) (conditionFunc, error) {
		return func(x *subject) (bool, error) { return x.item != nil && slices.Contains(x.item.marks, p.ID), nil }, nil
	}),
	"processing_state": stateCondition,
}

func isText(v *yaml.Node) bool { return v.Tag == "!!str" }

// values asks about any or all values of an item.
func values(cond string, f func(d *detection, v *yaml.Node) bool) (conditionFunc, error) {
	if cond != "any" && cond != "all" && cond != "" {
		return nil, fmt.Errorf("cond must be any or all, not %q", cond)
	}
	return func(x *subject) (bool, error) {
		if cond == "all" {
			return !slices.ContainsFunc(x.item.values, func(v *yaml.Node) bool { return !f(x.item, v) }), nil
		}
		return slices.ContainsFunc(x.item.values, func(v *yaml.Node) bool { return f(x.item, v) }), nil
	}, nil
}

var nameConditions = map[string]conditionMaker{
	"include_fields": fieldsCondition(true),
	"exclude_fields": fieldsCondition(false),
	"processing_item_applied": decode(func(p *stepID) (conditionFunc, error) {
		return func(x *subject) (bool, error) { return x.item != nil && slices.Contains(x.item.marks, p.ID), nil }, nil
	}),
	"processing_state": stateCondition,
}

func fieldsCondition(include bool) conditionMaker {
	return decode(func(p *struct {
		Fields     []string
		Mode, Type string
	},
	) (conditionFunc, error) {
		var res []*regexp.Regexp
		if p.Mode == "re" || p.Type == "re" {
			for _, f := range p.Fields {
				re, err := regexp.Compile(`^(?:` + f + `)`)
				if err != nil {
					return nil, err
				}
				res = append(res, re)
			}
			return func(x *subject) (bool, error) {
				return slices.ContainsFunc(res, func(re *regexp.Regexp) bool { return x.field != "" && re.MatchString(x.field) }) == include, nil
			}, nil
		}
		return func(x *subject) (bool, error) { return slices.Contains(p.Fields, x.field) == include, nil }, nil
	})
}

// some tells whether f is true of some item.
func (w *written) some(f func(d *detection) bool) bool {
	found := false
	var visit func(d *detection)
	visit = func(d *detection) {
		found = found || d.kind == oneItem && f(d)
		for _, k := range d.kids {
			visit(k)
		}
	}
	for _, s := range w.selections {
		visit(s.what)
	}
	return found
}

// attribute compares something that a rule says of itself.
func attribute(r *Rule, name, op, value string) (bool, error) {
	var list []string
	switch name {
	case "tags":
		list = r.Tags
	case "references":
		list = r.References
	case "falsepositives":
		list = r.FalsePositives
	default:
		return compareAttribute(r, name, op, value)
	}
	has := slices.Contains(list, value)
	return op == "in" && has || op == "not_in" && !has || op == "ne", nil
}

func compareAttribute(r *Rule, name, op, value string) (bool, error) {
	statuses := []string{"unsupported", "deprecated", "experimental", "test", "stable"}
	c := 0
	switch name {
	case "level":
		l, err := finding.ParseSeverity(value)
		if err != nil {
			return false, err
		}
		c = int(r.Level) - int(l)
	case "status":
		c = slices.Index(statuses, r.Status) - slices.Index(statuses, value)
	case "date":
		c = strings.Compare(strings.ReplaceAll(r.Date, "/", "-"), strings.ReplaceAll(value, "/", "-"))
	case "modified":
		c = strings.Compare(strings.ReplaceAll(r.Modified, "/", "-"), strings.ReplaceAll(value, "/", "-"))
	case "title", "id", "author", "description", "name":
		have := map[string]string{"title": r.Title, "id": r.ID, "author": r.Author, "description": r.Description, "name": r.Name}[name]
		if op != "" && op != "eq" && op != "ne" {
			return false, fmt.Errorf("rule_attribute: %s of %s means nothing", strconv.Quote(op), name)
		}
		return (have == value) != (op == "ne"), nil
	default:
		return false, nil
	}
	switch op {
	case "ne":
		return c != 0, nil
	case "gt":
		return c > 0, nil
	case "gte":
		return c >= 0, nil
	case "lt":
		return c < 0, nil
	case "lte":
		return c <= 0, nil
	}
	return c == 0, nil
}
