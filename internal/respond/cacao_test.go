package respond

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"longwatch/content"
	"longwatch/internal/casefolder"
	"longwatch/internal/casefolder/casetest"
	"longwatch/internal/pypeer"
)

// planFor makes the plan of a case with the built-in steps.
func planFor(t testing.TB, c *casefolder.Case) *Plan {
	t.Helper()
	b, err := LoadBook(content.Response, content.Campaigns)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Make(&Input{Case: c, Book: b})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// twice is a case with two incidents.
func twice() *casefolder.Case {
	c := casetest.Plausible()
	second := *c.Incidents[0]
	second.ID = "i-second"
	c.Incidents = append(c.Incidents[:1:1], &second)
	return c
}

type object = map[string]any

func playbookOf(t *testing.T, p *Plan) object {
	t.Helper()
	var b bytes.Buffer
	if err := p.CACAO(&b); err != nil {
		t.Fatal(err)
	}
	var o object
	if err := json.Unmarshal(b.Bytes(), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

var (
	// Section 10.10: type, two hyphens, a UUID.
	identifier = regexp.MustCompile(`^[a-z][a-z0-9-]+[a-z0-9]--[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	// Section 10.17: RFC 3339, UTC; section 3.1: three digits.
	timestamp = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
)

// TestPlaybook: what the specification asks of a playbook beyond what its schema
// can say: everything that is referred to is there, the workflow reaches every
// step and ends, and activities are those of steps.
func TestPlaybook(t *testing.T) {
	for name, c := range map[string]*casefolder.Case{"one": casetest.Plausible(), "two": twice()} {
		t.Run(name, func(t *testing.T) {
			p := planFor(t, c)
			o := playbookOf(t, p)
			for _, k := range []string{"type", "spec_version", "id", "name", "created_by", "created", "modified", "workflow_start", "workflow"} { // section 3.1, required
				if o[k] == nil {
					t.Errorf("no %s", k)
				}
			}
			if o["type"] != "playbook" || o["spec_version"] != "cacao-2.0" || !timestamp.MatchString(fmt.Sprint(o["created"])) || o["modified"] != o["created"] {
				t.Errorf("%v %v %v %v", o["type"], o["spec_version"], o["created"], o["modified"])
			}
			w := walkPlaybook(t, o)
			if n := len(p.Sections[0].Steps) * len(p.Sections); w.actions != n {
				t.Errorf("%d of %d steps are reached", w.actions, n)
			}
			for _, a := range o["playbook_activities"].([]any) {
				if !w.activities[a.(string)] {
					t.Errorf("no step has the activity %s", a)
				}
			}
			sum := o["playbook_processing_summary"].(object)
			if sum["parallel_processing"] != (len(p.Sections) > 1) || sum["manual_playbook"] != true {
				t.Errorf("%v", sum)
			}
		})
	}
}

// walked is what a walk over a workflow found.
type walked struct {
	actions    int
	activities map[string]bool
}

// walkPlaybook goes from the start to the ends.
func walkPlaybook(t *testing.T, o object) walked {
	t.Helper()
	workflow, agents := o["workflow"].(object), o["agent_definitions"].(object)
	targets, _ := o["target_definitions"].(object)
	w := walked{activities: map[string]bool{}}
	seen := map[string]bool{}
	todo := []string{o["workflow_start"].(string)}
	for len(todo) > 0 {
		id := todo[0]
		todo = todo[1:]
		s, ok := workflow[id].(object)
		if !ok || !identifier.MatchString(id) {
			t.Fatalf("there is no step %q", id)
		}
		if seen[id] {
			continue
		}
		seen[id] = true
		switch s["type"] {
		case "end":
			if s["on_completion"] != nil {
				t.Error("an end goes on")
			}
			continue
		case "parallel":
			for _, n := range s["next_steps"].([]any) {
				todo = append(todo, n.(string))
			}
		case "action":
			w.actions++
			if agents[s["agent"].(string)] == nil || s["owner"] != s["agent"] {
				t.Errorf("%s: agent %v is not defined", id, s["agent"])
			}
			list, _ := s["targets"].([]any)
			for _, x := range list {
				if targets[x.(string)] == nil {
					t.Errorf("%s: target %v is not defined", id, x)
				}
			}
			for _, x := range s["commands"].([]any) {
				k := x.(object)
				if k["type"] != "manual" || k["command"] == "" {
					t.Errorf("%s: %v", id, k)
				}
				w.activities[k["playbook_activity"].(string)] = true
			}
		}
		todo = append(todo, s["on_completion"].(string))
	}
	if len(seen) != len(workflow) {
		t.Errorf("%d of %d steps are reached", len(seen), len(workflow))
	}
	return w
}

// TestPlaybookIsTheSameAgain: the same case gives the same bytes, and another
// case other identifiers.
func TestPlaybookIsTheSameAgain(t *testing.T) {
	var a, b bytes.Buffer
	if err := planFor(t, casetest.Plausible()).CACAO(&a); err != nil {
		t.Fatal(err)
	}
	if err := planFor(t, casetest.Plausible()).CACAO(&b); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two runs differ")
	}
	one, two := playbookOf(t, planFor(t, casetest.Plausible())), playbookOf(t, planFor(t, twice()))
	if one["id"] == two["id"] {
		t.Error("another case has the same identifier")
	}
}

const validator = `
import json, pathlib, sys
import jsonschema
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7
root, registry = pathlib.Path(sys.argv[1]), Registry()
for f in sorted(root.rglob("*.json")):
    d = json.loads(f.read_text())
    registry = registry.with_resource(d["$id"], Resource.from_contents(d, default_specification=DRAFT7))
v = jsonschema.Draft7Validator(json.loads((root / "playbook.json").read_text()), registry=registry)
good = json.load(open(sys.argv[2]))
bad = [e for e in v.iter_errors(good)]
for e in bad[:10]:
    print(list(e.absolute_path), e.message[:300])
broken = json.loads(json.dumps(good))
next(s for s in broken["workflow"].values() if s["type"] == "action").pop("agent")
broken["spec_version"] = "cacao-1.1"
if len(list(v.iter_errors(broken))) < 2:
    print("the validator finds nothing in a playbook that is broken")
    bad.append(None)
sys.exit(1 if bad else 0)
`

// TestPlaybookAgainstSchema: playbooks are valid by the schema that OASIS
// publishes (https://github.com/oasis-open/cacao-json-schemas), whatever names
// the evidence holds. LONGWATCH_CACAO_SCHEMAS names its folder "schemas".
func TestPlaybookAgainstSchema(t *testing.T) {
	dir := os.Getenv("LONGWATCH_CACAO_SCHEMAS")
	if dir == "" {
		t.Skip("LONGWATCH_CACAO_SCHEMAS does not name a copy of the folder schemas of github.com/oasis-open/cacao-json-schemas")
	}
	python := pypeer.Python(t, "jsonschema", "referencing")
	cases := []*casefolder.Case{casetest.Plausible(), twice()}
	for _, s := range casetest.Hostile {
		cases = append(cases, casetest.Case(s))
	}
	for i, c := range cases {
		var b bytes.Buffer
		if err := planFor(t, c).CACAO(&b); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(t.TempDir(), "playbook.json")
		if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), python, "-c", validator, dir, name).CombinedOutput()
		if err != nil {
			t.Errorf("case %d: %v\n%s", i, err, out)
		}
	}
}

// TestEmptyPlanHasNoPlaybook: a playbook needs a step, so none is written, and
// one of before is taken away.
func TestEmptyPlanHasNoPlaybook(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "playbook.json")
	if err := os.WriteFile(old, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := planFor(t, &casefolder.Case{}).Write(dir, func(Format) bool { return true })
	if err != nil || slices.Contains(files, old) {
		t.Errorf("%q, %v", files, err)
	}
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Errorf("the playbook of before: %v", err)
	}
}
