package app_test

import (
	"os"
	"path/filepath"
	"testing"

	"longwatch/internal/app"
)

// webCase hunts lines of a web log into a case.
func webCase(t *testing.T, logs, out string, lines string) []app.Aside {
	t.Helper()
	if err := os.WriteFile(filepath.Join(logs, "access.log"), []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	c := app.Default()
	c.Paths, c.Out = []string{logs}, out
	cf, err := app.Hunt(t.Context(), c, silent{})
	if err != nil {
		t.Fatal(err)
	}
	aside, err := app.WriteCase(cf, out)
	if err != nil {
		t.Fatal(err)
	}
	return aside
}

// TestOutdatedPlanIsSetAside: a plan that was made of a case stays while the
// case says the same, and is out of the way once it says something else; what
// somebody noted in it is kept, however often that happens.
func TestOutdatedPlanIsSetAside(t *testing.T) {
	const line = `192.0.2.7 - - [03/Mar/2026:10:00:01 +0000] "GET /a HTTP/1.1" 200 12 "-" "Mozilla/5.0"` + "\n"
	logs, out := t.TempDir(), filepath.Join(t.TempDir(), "case")
	webCase(t, logs, out, line)
	plan := func() {
		t.Helper()
		if _, err := (&app.Respond{Case: out}).Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(out, "respond", "plan.md"), []byte("[x] done at noon"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	plan()
	if aside := webCase(t, logs, out, line); len(aside) != 0 {
		t.Errorf("the same evidence sets aside %v", aside)
	}
	if _, err := os.Stat(filepath.Join(out, "respond", "plan.md")); err != nil {
		t.Errorf("the plan of a case that says the same is gone: %v", err)
	}
	for _, want := range []string{"respond-outdated", "respond-outdated-2"} {
		lines := line + line
		if want == "respond-outdated-2" {
			plan()
			lines += line
		}
		aside := webCase(t, logs, out, lines)
		if len(aside) != 1 || aside[0].To != filepath.Join(out, want) {
			t.Fatalf("set aside: %v, want %s", aside, want)
		}
		if _, err := os.Stat(filepath.Join(out, "respond")); err == nil {
			t.Error("a plan of other evidence is still where the plan of the case lies")
		}
		if b, err := os.ReadFile(filepath.Join(out, want, "plan.md")); err != nil || string(b) != "[x] done at noon" {
			t.Errorf("what was noted is lost: %q, %v", b, err)
		}
		if _, err := os.Stat(filepath.Join(out, want, "OUTDATED.txt")); err != nil {
			t.Error(err)
		}
	}
}
