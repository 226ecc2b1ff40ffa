package rules

import (
	"io/fs"
	"testing"

	"longwatch/content"
	"longwatch/internal/rules/sigma"
)

// TestBuiltIn holds the embedded rules to what their own tests say.
func TestBuiltIn(t *testing.T) {
	tree, err := fs.Sub(content.Rules, "rules")
	if err != nil {
		t.Fatal(err)
	}
	r := Check(tree)
	for _, s := range r.Refused {
		t.Errorf("refused: %s", s)
	}
	for _, s := range r.Failures {
		t.Error(s)
	}
	if r.Tests != r.Rules || r.Rules == 0 {
		t.Errorf("%d of %d rules carry tests both ways", r.Tests, r.Rules)
	}
	e, _ := sigma.Compile(tree)
	for _, rule := range e.Rules {
		if rule.Author != "Longwatch" || len(rule.FalsePositives) == 0 || len(rule.Techniques) == 0 || rule.Description == "" {
			t.Errorf("%s: author, technique, description or false positives are missing", rule.File)
		}
	}
}
