package cli

import (
	"strings"
	"testing"

	"longwatch/content"
	"longwatch/internal/respond"
)

// TestProofsAreCommands: what plans name to prove a step are commands that this
// program has, with flags that they take.
func TestProofsAreCommands(t *testing.T) {
	b, err := respond.LoadBook(content.Response, content.Campaigns)
	if err != nil {
		t.Fatal(err)
	}
	for line, step := range b.Commands() {
		words := strings.Fields(line)
		if words[0] != "longwatch" {
			t.Errorf("%s: %q is no command of ours", step, line)
			continue
		}
		cmd, rest, err := newRoot(words[1:]).Find(words[1:])
		if err != nil || !cmd.Runnable() {
			t.Errorf("%s: %q: %v", step, line, err)
			continue
		}
		if err := cmd.ParseFlags(rest); err != nil {
			t.Errorf("%s: %q: %v", step, line, err)
			continue
		}
		if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
			t.Errorf("%s: %q: %v", step, line, err)
		}
	}
}
