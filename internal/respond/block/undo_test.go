package block_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/pypeer"
	"longwatch/internal/respond/block"
)

func rules(t *testing.T, vendor string, blocks []block.Block) block.Rules {
	t.Helper()
	r, err := block.Text(vendor, blocks)
	if err != nil || r.Apply == "" || r.Undo == "" || len(r.Notes) == 0 {
		t.Fatalf("%+v: %v", r, err)
	}
	return r
}

// matches are what an expression finds, sorted, each once.
func matches(text, expression string) []string {
	var out []string
	for _, m := range regexp.MustCompile(expression).FindAllStringSubmatch(text, -1) {
		out = append(out, strings.Join(m[1:], " "))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestUndo: what a text makes, its undo takes away, and nothing else.
func TestUndo(t *testing.T) {
	equal := func(what string, made, gone []string) {
		t.Helper()
		if d := cmp.Diff(made, gone); d != "" || len(made) == 0 {
			t.Errorf("%s (-made +taken away):\n%s", what, d)
		}
	}
	r := rules(t, "panos", sample())
	equal("PAN-OS", matches(r.Apply, `(?m)^set (address|address-group|service|profiles custom-url-category|rulebase security rules) (\S+)`), matches(r.Undo, `(?m)^delete (address|address-group|service|profiles custom-url-category|rulebase security rules) (\S+)$`))
	r = rules(t, "ios", sample())
	equal("IOS", matches(r.Apply, `(?m)^(ip access-list extended|ipv6 access-list) (\S+)$`), matches(r.Undo, `(?m)^no (ip access-list extended|ipv6 access-list) (\S+)$`))
	r = rules(t, "asa", sample())
	equal("ASA, objects", matches(r.Apply, `(?m)^(object(?:-group)? network) (\S+)$`), matches(r.Undo, `(?m)^no (object(?:-group)? network) (\S+)$`))
	equal("ASA, lines", matches(r.Apply, `(?m)^access-list (\S+) line \d+ (.*)$`), matches(r.Undo, `(?m)^no access-list (\S+) (.*)$`))
	r = rules(t, "fortios", sample())
	made, gone := fortiTree(t, r.Apply, "edit"), fortiTree(t, r.Undo, "delete")
	equal("FortiOS", made, gone)
	r = rules(t, "windows", sample())
	equal("Windows, groups", matches(r.Apply, `-Group '([^']*)' -Description`), matches(r.Undo, `-Group '([^']*)'`))
	equal("Windows, names", matches(r.Apply, `-Comment 'longwatch-([^']*)'`), matches(r.Undo, `Comment -eq 'longwatch-([^']*)'`))
}

// fortiTree lists what is made or deleted below which table, and checks that
// every config and edit is closed.
func fortiTree(t *testing.T, text, verb string) (out []string) {
	t.Helper()
	table, open := "", false
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "#":
		case words[0] == "config":
			if table != "" {
				t.Errorf("%q within %q", line, table)
			}
			table = strings.Join(words[1:], " ")
		case words[0] == "end":
			if open || table == "" {
				t.Errorf("end of nothing, or of an open edit of %q", table)
			}
			table = ""
		case words[0] == "next":
			open = false
		case words[0] == verb:
			out = append(out, table+" "+words[1])
			open = verb == "edit"
		case words[0] != "set" || !open:
			t.Errorf("%q stands nowhere", line)
		}
	}
	if table != "" {
		t.Errorf("%q is not closed", table)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestSetsDoNotMeet: two sets of one incident have no name in common, so that
// neither takes the other away.
func TestSetsDoNotMeet(t *testing.T) {
	all := sample()
	for _, v := range block.Vendors {
		a, b := rules(t, v.Name, all[:2]), rules(t, v.Name, all[4:])
		names := `(longwatch_\w+|lw-[\w-]+|LW\d?-\w+|Longwatch i_\w+|edit \d+|longwatch-b-[\w-]+)`
		for _, n := range matches(a.Apply, names) {
			if slices.Contains(matches(b.Apply, names), n) {
				t.Errorf("%s: both sets use %s", v.Name, n)
			}
		}
	}
}

// TestNFTLoads: in a network of its own, the kernel takes two sets, keeps both,
// and is empty after both were taken away.
func TestNFTLoads(t *testing.T) {
	if exec.CommandContext(t.Context(), "unshare", "-n", "nft", "list", "ruleset").Run() != nil {
		t.Skip("no nft here, or no right to a network of one's own")
	}
	dir := t.TempDir()
	all := sample()
	script := ""
	for i, set := range [][]block.Block{all[:4], all[4:]} {
		r := rules(t, "nftables", set)
		for name, text := range map[string]string{"do": r.Apply, "undo": r.Undo} {
			if err := os.WriteFile(filepath.Join(dir, name+string(rune('0'+i))), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	script = "set -e; cd " + dir + "; nft -f do0; nft -f do1; nft -f do0; nft list tables | grep -c longwatch; nft list ruleset | grep -c 'drop'; nft -f undo0; nft list tables | grep -c longwatch; nft -f undo1; nft list tables | wc -l"
	out, err := exec.CommandContext(t.Context(), "unshare", "-n", "sh", "-c", script).CombinedOutput()
	got := strings.Fields(string(out))
	if err != nil || len(got) != 4 || got[0] != "2" || got[1] == "0" || got[2] != "1" || got[3] != "0" {
		t.Errorf("tables, drops, tables after one undo, after both: %q, %v", out, err)
	}
}

// TestPowerShell: a grammar of PowerShell takes what is written for Windows.
func TestPowerShell(t *testing.T) {
	python := pypeer.Python(t, "tree_sitter", "tree_sitter_powershell")
	r := rules(t, "windows", sample())
	b, err := json.Marshal([]string{r.Apply, r.Undo, "if (Get-NetIPAddress { 'x"})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", `
import json, sys
import tree_sitter_powershell as ps
from tree_sitter import Language, Parser
p = Parser(Language(ps.language()))
for text in json.loads(sys.argv[1]):
    root = p.parse(text.encode()).root_node
    print(root.has_error, text.count("New-NetFirewallRule"))
`, string(b))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != 3 || lines[0] != "False 14" || !strings.HasPrefix(lines[1], "False") || !strings.HasPrefix(lines[2], "True") {
		t.Errorf("%q\n%s", lines, r.Apply)
	}
}
