package sigma

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// piped compiles rules with a pipeline.
func piped(t *testing.T, rules, pipeline string) (*Engine, []Refused) {
	t.Helper()
	p, err := ParsePipeline([]byte(pipeline))
	if err != nil {
		t.Fatal(err)
	}
	return CompileWith(Options{Trees: []fs.FS{fstest.MapFS{"r.yml": {Data: []byte(rules)}}}, Pipelines: []*Pipeline{p}})
}

const pipedRule = `
title: t
id: x
status: test
tags: [attack.t1059]
logsource: {product: windows, category: process_creation}
detection:
  s:
    Image|endswith: '\a.exe'
    CommandLine|contains|all: [one, two]
  f: {User: bob}
  condition: s and not f
`

func TestPipelines(t *testing.T) {
	image, line := []string{"Image", `C:\a.exe`}, []string{"CommandLine", "one two"}
	tests := []struct {
		name, pipeline string
		fields         []string
		want           bool
	}{
		{"nothing to do", "transformations: []", slices.Concat(image, line), true},
		{"one name", "transformations:\n- {type: field_name_mapping, mapping: {Image: exe}}", slices.Concat([]string{"exe", `C:\a.exe`}, line), true},
		{"one name, not the old one", "transformations:\n- {type: field_name_mapping, mapping: {Image: exe}}", slices.Concat(image, line), false},
		{"several names are alternatives", "transformations:\n- {type: field_name_mapping, mapping: {Image: [exe, path]}}", slices.Concat([]string{"path", `C:\a.exe`}, line), true},
		{"prefix of names", "transformations:\n- {type: field_name_prefix_mapping, mapping: {Command: process.}}", slices.Concat(image, []string{"process.Line", "two one"}), true},
		{"prefix for all names", "transformations:\n- {type: field_name_prefix, prefix: 'w.'}", []string{"w.Image", `\a.exe`, "w.CommandLine", "one two"}, true},
		{"suffix for some", "transformations:\n- {type: field_name_suffix, suffix: .k, field_name_conditions: [{type: include_fields, fields: [Image]}]}", slices.Concat([]string{"Image.k", `\a.exe`}, line), true},
		{"fields by expression", "transformations:\n- {type: field_name_suffix, suffix: .k, field_name_conditions: [{type: include_fields, mode: re, fields: ['Com.*']}]}", slices.Concat(image, []string{"CommandLine.k", "one two"}), true},
		{"dropped item asks nothing", "transformations:\n- {type: drop_detection_item, field_name_conditions: [{type: include_fields, fields: [CommandLine]}]}", image, true},
		{"all items of a filter dropped", "transformations:\n- {type: drop_detection_item, field_name_conditions: [{type: include_fields, fields: [User]}]}", slices.Concat(image, line), false},
		{"condition added", "transformations:\n- {type: add_condition, conditions: {Site: [x, y]}}", slices.Concat(image, line, []string{"Site", "y"}), true},
		{"condition added and not met", "transformations:\n- {type: add_condition, conditions: {Site: x}}", slices.Concat(image, line), false},
		{"condition added, negated", "transformations:\n- {type: add_condition, negated: true, conditions: {Site: x}}", slices.Concat(image, line), true},
		{"condition of the log source", "transformations:\n- {type: add_condition, template: true, conditions: {Site: $category}}", slices.Concat(image, line, []string{"Site", "process_creation"}), true},
		{"rule condition is not met", "transformations:\n- {type: add_condition, conditions: {Site: x}, rule_conditions: [{type: logsource, category: file_event}]}", slices.Concat(image, line), true},
		{"rule condition negated", "transformations:\n- {type: add_condition, conditions: {Site: x}, rule_cond_not: true, rule_conditions: [{type: tag, tag: attack.t1059}]}", slices.Concat(image, line), true},
		{"rule conditions joined by or", "transformations:\n- {type: add_condition, conditions: {Site: x}, rule_cond_op: or, rule_conditions: [{type: contains_field, field: No}, {type: contains_detection_item, field: User, value: bob}]}", slices.Concat(image, line), false},
		{"rule conditions as expression", "transformations:\n- {type: add_condition, conditions: {Site: x}, rule_cond_expr: a and not b, rule_conditions: {a: {type: contains_field, field: User}, b: {type: rule_attribute, attribute: status, op: gte, value: test}}}", slices.Concat(image, line), true},
		{"step after a step", "transformations:\n- {id: i, type: set_state, key: k, val: v}\n- {type: add_condition, conditions: {Site: x}, rule_conditions: [{type: processing_item_applied, processing_item_id: i}, {type: processing_state, key: k, val: v}]}", slices.Concat(image, line), false},
		{"replaced text", "transformations:\n- {type: replace_string, regex: '\\\\(a)\\.exe', replacement: '/\\1'}", slices.Concat([]string{"Image", "/bin/a"}, line), true},
		{"replaced where a value matches", "transformations:\n- {type: set_value, value: zzz, detection_item_conditions: [{type: match_string, pattern: '.*one', cond: any}]}", slices.Concat(image, []string{"CommandLine", "zzz"}), true},
		{"mapped text", "transformations:\n- {type: map_string, mapping: {one: [eins, uno]}}", slices.Concat(image, []string{"CommandLine", "eins uno two"}), true},
		{"regular expressions of texts", "transformations:\n- {type: regex, method: plain}", slices.Concat([]string{"Image", `C:\A.EXE`}, line), false},
		{"nested", "transformations:\n- {type: nest, rule_conditions: [{type: is_sigma_rule}], items: [{type: field_name_mapping, mapping: {Image: exe}}]}", slices.Concat([]string{"exe", `\a.exe`}, line), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, refused := piped(t, pipedRule, tt.pipeline)
			if len(refused) > 0 {
				t.Fatal(refused)
			}
			n := 0
			e.NewMatcher().Match(&host.Event{Channel: sysmonLog, EventID: 1, Fields: kv(tt.fields...)}, func(*Firing) { n++ })
			if (n == 1) != tt.want {
				t.Errorf("fired %d times, want %v", n, tt.want)
			}
		})
	}
}

func TestPipelineOfSources(t *testing.T) {
	e, refused := piped(t, "title: t\nid: x\nlogsource: {product: elsewhere, category: programs}\ndetection:\n  s: {Hash: ['SHA1=aa', 'MD5=bb'], N|expand: '%names%'}\n  condition: s\n", `
name: here
vars: {names: [ann, bob]}
transformations:
- {type: change_logsource, category: process_creation, product: windows, rule_conditions: [{type: logsource, category: programs}]}
- {type: hashes_fields, valid_hash_algos: [SHA1, MD5], field_prefix: File}
`)
	if len(refused) > 0 {
		t.Fatal(refused)
	}
	n := 0
	e.NewMatcher().Match(&host.Event{Channel: sysmonLog, EventID: 1, Fields: kv("FileMD5", "BB", "N", "bob")}, func(*Firing) { n++ })
	if n != 1 {
		t.Errorf("fired %d times", n)
	}
}

// TestPipelineAndCorrelation: group-by names the field as the rule does, and
// events have it under the name of the pipeline.
func TestPipelineAndCorrelation(t *testing.T) {
	e, refused := piped(t, "title: a\nname: a\nlogsource: {product: windows, service: security}\ndetection:\n  s: {User: bob}\n  condition: s\n---\ntitle: two\ncorrelation: {type: event_count, rules: [a], group-by: [User], timespan: 1m, condition: {gte: 2}}\n",
		"transformations:\n- {type: field_name_mapping, mapping: {User: who}}")
	if len(refused) > 0 {
		t.Fatal(refused)
	}
	var events []*host.Event
	for i := range 2 {
		events = append(events, &host.Event{Head: record.Head{TS: record.Time(i + 1)}, Channel: "Security", EventID: 1, Fields: kv("who", "bob")})
	}
	if found := correlate(e, events); len(found) != 1 {
		t.Errorf("found %v", found)
	}
}

func TestPipelineRefusals(t *testing.T) {
	for text, reason := range map[string]string{
		"[]":                             "must be a map",
		"transformations: {}":            "must be a list",
		"transformations: [{type: odd}]": "odd",
		"transformations: [{id: x}]":     "no type",
		"transformations: [{type: set_state, rule_conditions: [{type: odd}]}]":                                 "odd",
		"transformations: [{type: replace_string, regex: '('}]":                                                "missing",
		"transformations: [{type: change_logsource}]":                                                          "no log source",
		"transformations: [{type: set_state, rule_cond_expr: x, rule_conditions: {y: {type: is_sigma_rule}}}]": "no condition",
	} {
		if _, err := ParsePipeline([]byte(text)); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%q: %v", text, err)
		}
	}
	_, refused := piped(t, pipedRule, "name: p\ntransformations:\n- {type: rule_failure, message: not for us}")
	if len(refused) != 1 || !strings.Contains(refused[0].Reason, "not for us") {
		t.Errorf("refused %v", refused)
	}
}

// FuzzPipeline: whatever a pipeline says, rules compile or are refused.
func FuzzPipeline(f *testing.F) {
	f.Add("transformations:\n- {type: field_name_mapping, mapping: {Image: [a, b]}}")
	f.Add("transformations:\n- {type: replace_string, regex: 'o', replacement: '\\g<0>*'}\n- {type: regex}")
	f.Add("transformations:\n- {type: nest, items: [{type: hashes_fields, valid_hash_algos: [MD5], field_to_parse: [CommandLine]}]}")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePipeline([]byte(text))
		if err != nil {
			return
		}
		e, refused := CompileWith(Options{Trees: []fs.FS{fstest.MapFS{"r.yml": {Data: []byte(pipedRule)}}}, Pipelines: []*Pipeline{p}})
		if e.Len()+len(refused) != 1 {
			t.Fatalf("%d rules, refused %v", e.Len(), refused)
		}
	})
}
