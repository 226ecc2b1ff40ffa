package main

import (
	"reflect"
	"testing"

	"longwatch/internal/app"
)

// TestEveryFieldIsExplained fails for columns without a comment: the comments
// are the reference page.
func TestEveryFieldIsExplained(t *testing.T) {
	src := newSource(root)
	for _, r := range app.Reference().Records {
		texts := map[string]string{}
		if err := fieldTexts(src, reflect.TypeOf(r.New()).Elem(), texts); err != nil {
			t.Fatal(err)
		}
		for _, f := range r.Fields {
			if _, told := shared.Field(f.Name); !told && texts[f.Name] == "" {
				t.Errorf("column %s of %s has no comment", f.Name, r.Name)
			}
		}
	}
}
