package app_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"longwatch/internal/app"
	"longwatch/internal/record"
	"longwatch/internal/simulate"
)

// TestRulesSeeFilesOffTheWire: a YARA rule is asked about files that captures
// carried, and its finding names the packet, the hosts and the digest.
func TestRulesSeeFilesOffTheWire(t *testing.T) {
	dir := t.TempDir()
	if _, err := simulate.Write("tgr-sta-1030", filepath.Join(dir, "exercise"), 1, simulate.Options{}); err != nil {
		t.Fatal(err)
	}
	rule := filepath.Join(dir, "document.yar")
	if err := os.WriteFile(rule, []byte(`rule carried_document { strings: $zip = "PK\x03\x04" condition: $zip at 0 }`), 0o600); err != nil {
		t.Fatal(err)
	}
	c := app.Default()
	c.Paths, c.Out, c.Rules.Paths, c.Rules.Alone = []string{filepath.Join(dir, "exercise")}, filepath.Join(dir, "case"), []string{rule}, true
	c.Extract.On = true
	cf, err := app.Hunt(t.Context(), c, silent{})
	if err != nil {
		t.Fatal(err)
	}
	kept := map[string]bool{}
	for _, x := range cf.Extracted {
		kept[x.SHA256] = true
	}
	wire := 0
	for _, f := range cf.Findings {
		if f.Detector != "yara:carried_document" || !slices.ContainsFunc(f.Refs, func(r record.Ref) bool { return strings.HasSuffix(r.File, ".pcap") && r.Pos > 0 }) {
			continue
		}
		wire++
		digest := ""
		for _, e := range f.Entities {
			if e.Kind == "hash" && kept[e.Value] {
				digest = e.Value
			}
		}
		if digest == "" {
			t.Errorf("no digest of a file that was kept: %v", f.Entities)
		}
	}
	if wire == 0 {
		t.Error("the rule was not asked about files off the wire")
	}
}

// TestFilesAtRestHaveNoTime: a script that says it is ten years old is judged
// all the same when a later time is asked for.
func TestFilesAtRestHaveNoTime(t *testing.T) {
	dir := t.TempDir()
	page := filepath.Join(dir, "wwwroot", "uploads", "a.php")
	if err := os.MkdirAll(filepath.Dir(page), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(page, []byte("<?php // inert\n$f = $_POST['f'];\n$f($_POST['a']);\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	old := time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := os.Chtimes(page, old, old); err != nil {
		t.Fatal(err)
	}
	c := app.Default()
	c.Paths, c.Out, c.Since = []string{filepath.Join(dir, "wwwroot")}, filepath.Join(dir, "case"), record.TimeOf(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	cf, err := app.Hunt(t.Context(), c, silent{})
	if err != nil {
		t.Fatal(err)
	}
	if len(cf.Findings) == 0 {
		t.Errorf("nothing is said of it; records %+v", cf.Records)
	}
}
