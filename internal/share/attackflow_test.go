package share_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"longwatch/internal/casefolder/casetest"
	"longwatch/internal/finding"
	"longwatch/internal/pypeer"
	"longwatch/internal/share"
)

func flowOf(t *testing.T, inc *finding.Incident) (raw []byte, byType map[string][]map[string]any) {
	t.Helper()
	var b bytes.Buffer
	if err := share.AttackFlow(&b, inc); err != nil {
		t.Fatal(err)
	}
	var bundle struct{ Objects []map[string]any }
	if err := json.Unmarshal(b.Bytes(), &bundle); err != nil {
		t.Fatal(err)
	}
	byType = map[string][]map[string]any{}
	ids := map[string]bool{}
	for _, o := range bundle.Objects {
		byType[o["type"].(string)] = append(byType[o["type"].(string)], o)
		if id := o["id"].(string); ids[id] {
			t.Errorf("%s is there twice", id)
		} else {
			ids[id] = true
		}
	}
	for _, o := range bundle.Objects {
		for name, v := range o {
			list, ok := v.([]any)
			if !ok || !strings.HasSuffix(name, "_refs") {
				continue
			}
			for _, id := range list {
				if !ids[id.(string)] {
					t.Errorf("%s of %s names %s, which is not there", name, o["id"], id)
				}
			}
		}
	}
	return b.Bytes(), byType
}

// One incident is one flow: its beginnings lead by OR to its steps, and every
// action can be reached from there.
func TestAttackFlow(t *testing.T) {
	_, by := flowOf(t, casetest.Plausible().Incidents[0])
	if len(by["attack-flow"]) != 1 || len(by["attack-condition"]) != 2 || len(by["attack-operator"]) != 1 || len(by["attack-action"]) < 2 || len(by["attack-asset"]) < 2 {
		t.Fatalf("%d flows, %d conditions, %d operators, %d actions, %d assets", len(by["attack-flow"]), len(by["attack-condition"]), len(by["attack-operator"]), len(by["attack-action"]), len(by["attack-asset"]))
	}
	next := map[string][]any{}
	var all []string
	for _, typ := range []string{"attack-action", "attack-condition", "attack-operator"} {
		for _, o := range by[typ] {
			all = append(all, o["id"].(string))
			for _, p := range []string{"effect_refs", "on_true_refs"} {
				list, _ := o[p].([]any)
				next[o["id"].(string)] = append(next[o["id"].(string)], list...)
			}
		}
	}
	var seen []string
	var walk func(id string)
	walk = func(id string) {
		if slices.Contains(seen, id) {
			return
		}
		seen = append(seen, id)
		for _, n := range next[id] {
			walk(n.(string))
		}
	}
	for _, s := range by["attack-flow"][0]["start_refs"].([]any) {
		walk(s.(string))
	}
	if len(seen) != len(all) {
		t.Errorf("%d of %d objects can be reached from the start", len(seen), len(all))
	}
}

// The published schemas take what we write: Attack Flow's own (from LONGWATCH_ATTACK_FLOW
// or where "make peers" puts it), and for layers the library of MITRE.
func TestSchemas(t *testing.T) {
	root := os.Getenv("LONGWATCH_ATTACK_FLOW")
	if root == "" {
		root = filepath.Join("..", "..", ".venv", "attack-flow")
	}
	if _, err := os.Stat(filepath.Join(root, "stix", "attack-flow-schema-2.0.0.json")); err != nil {
		t.Skip(`no schema of Attack Flow: "make peers" fetches it`)
	}
	python := pypeer.Python(t, "jsonschema", "referencing", "mitreattack")
	dir := t.TempDir()
	names := append([]string{"plain"}, casetest.Hostile...)
	var files []string
	for n, s := range names {
		for k, inc := range casetest.Case(s).Incidents {
			raw, _ := flowOf(t, inc)
			name := filepath.Join(dir, string(rune('a'+n))+string(rune('a'+k))+".json")
			if err := os.WriteFile(name, raw, 0o600); err != nil {
				t.Fatal(err)
			}
			files = append(files, name)
		}
	}
	var layer bytes.Buffer
	if err := share.Navigator(&layer, casetest.Plausible()); err != nil {
		t.Fatal(err)
	}
	layerFile := filepath.Join(dir, "navigator.json")
	if err := os.WriteFile(layerFile, layer.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), python, append([]string{filepath.Join("testdata", "schemas.py"), root, layerFile}, files...)...).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "extension objects valid") {
		t.Errorf("%v: %s", err, out)
	}
}
