package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"longwatch/internal/app"
)

// TestRespondAllows: what the user's list holds is neither blocked nor hunted
// for, and the plan says who says so.
func TestRespondAllows(t *testing.T) {
	quality(t)
	_, _, dir := huntedCase(t, "volt-typhoon", 3)
	read := func(out, name string) string {
		b, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	plan := func(allow ...string) string {
		out := filepath.Join(t.TempDir(), "plan")
		if _, err := (&app.Respond{Case: dir, Out: out, Allow: allow}).Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		return out
	}
	out := plan()
	const address = "155.103.76.184" // of the exercise's intruder
	if !strings.Contains(read(out, "blocks/block.nft"), address) || !strings.Contains(read(out, "hunts/hunts-zeek.intel"), address) {
		t.Fatal("the intruder's address is neither blocked nor hunted for")
	}
	list := filepath.Join(t.TempDir(), "partners.txt")
	if err := os.WriteFile(list, []byte("155.103.76.0/24\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out = plan(list)
	if strings.Contains(read(out, "blocks/block.nft"), address) || strings.Contains(read(out, "hunts/hunts-zeek.intel"), address) {
		t.Error("an allowed address is blocked or hunted for")
	}
	if !strings.Contains(read(out, "blocks/blocks.json"), "known to be harmless: "+list) {
		t.Error("nobody is told why it is left out")
	}
}
