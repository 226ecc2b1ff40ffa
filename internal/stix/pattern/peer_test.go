package pattern

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"longwatch/internal/pypeer"
)

// peerCase is a pattern, what was observed, and what the OASIS matcher says.
type peerCase struct {
	Pattern string   `json:"pattern"`
	Objects []Object `json:"objects"`
	Version string   `json:"version,omitempty"`
	Verdict string   `json:"verdict,omitempty"`
}

// flat takes objects out of bundles. The matcher's tests of STIX 2.0 give
// observed data other types, which it does not look at.
func flat(objects []Object) []Object {
	var out []Object
	for _, o := range objects {
		inside, ok := o["objects"].([]any)
		if o["type"] != "bundle" || !ok {
			if o["number_observed"] != nil {
				o["type"] = "observed-data"
			}
			out = append(out, o)
			continue
		}
		for _, i := range inside {
			if m, ok := i.(map[string]any); ok {
				out = append(out, m)
			}
		}
	}
	return out
}

func verdict(c peerCase) string {
	p, err := Parse(c.Pattern)
	if err != nil {
		return "error: " + err.Error()
	}
	obs, err := Observed(flat(c.Objects))
	if err != nil {
		return "error: " + err.Error()
	}
	bound, err := p.Match(obs)
	switch {
	case err != nil:
		return "error: " + err.Error()
	case bound == nil:
		return "no match"
	}
	return "match"
}

// explained are the differences from the OASIS matcher that we mean, by what
// it says. Where it gives up on a value, section 9 says that the comparison is
// false; it reads only IPv4, while section 9.5 names IPv6 too.
func explained(c peerCase, ours string) string {
	switch {
	case strings.HasPrefix(c.Verdict, "error") && strings.HasPrefix(ours, "error"):
		return "both refuse"
	case strings.Contains(c.Verdict, "Invalid IPv4 address") || strings.Contains(c.Verdict, "Invalid CIDR subnet"):
		return "a value that is no IPv4 address or subnet ends its evaluation"
	case strings.Contains(c.Verdict, "Invalid timestamp in JSON"):
		return "a value that is no timestamp ends its evaluation"
	case strings.HasPrefix(c.Verdict, "error: ParseException") && strings.Contains(c.Pattern, "START "):
		return "STIX 2.0 wrote times as strings; both forms are read"
	case strings.HasPrefix(c.Verdict, "error: ParseException") && strings.Contains(c.Pattern, "EXISTS"):
		return "EXISTS is of STIX 2.1 only"
	}
	return ""
}

func comparePeer(t *testing.T, cases []peerCase, leave int) {
	t.Helper()
	same, why := 0, map[string]int{}
	for _, c := range cases {
		ours := verdict(c)
		if ours == c.Verdict {
			same++
			continue
		}
		if reason := explained(c, ours); reason != "" {
			why[reason]++
			continue
		}
		if leave--; leave < 0 {
			t.Fatal("more differences")
		}
		js, _ := json.Marshal(c.Objects)
		t.Errorf("%s\n STIX %s, on %.1500s\n ours: %s\n OASIS: %s", c.Pattern, c.Version, js, ours, c.Verdict)
	}
	t.Logf("%d of %d the same; explained: %v", same, len(cases), why)
	if same < len(cases)*4/5 {
		t.Errorf("only %d of %d verdicts could be compared", same, len(cases))
	}
}

// TestPeerOwn: the patterns of the OASIS matcher's own tests.
func TestPeerOwn(t *testing.T) {
	python := pypeer.Python(t, "stix2matcher", "pytest")
	if testing.Short() {
		t.Skip("its tests take a minute")
	}
	out, err := exec.CommandContext(t.Context(), python, "testdata/peer.py", "own").Output()
	if err != nil {
		t.Fatal(err)
	}
	var cases []peerCase
	d := json.NewDecoder(bytes.NewReader(out))
	d.UseNumber()
	if err := d.Decode(&cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 500 {
		t.Fatalf("only %d cases", len(cases))
	}
	comparePeer(t, cases, 20)
}

// TestPeerGenerated: ten thousand patterns over observations that were made
// from the same few words, so that about half match.
func TestPeerGenerated(t *testing.T) {
	python := pypeer.Python(t, "stix2matcher")
	n := 10_000
	if testing.Short() {
		n = 500
	}
	g := generator{rand.New(rand.NewPCG(7, 9))}
	cases := make([]peerCase, n)
	for i := range cases {
		cases[i] = peerCase{Pattern: g.pattern(), Objects: g.observed()}
	}
	in, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "testdata/peer.py", "ask")
	cmd.Stdin = bytes.NewReader(in)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	var verdicts []string
	if err := json.Unmarshal(out, &verdicts); err != nil {
		t.Fatal(err)
	}
	matches := 0
	for i := range cases {
		// As after a file: numbers are json.Number.
		js, _ := json.Marshal(cases[i].Objects)
		cases[i].Objects = nil
		d := json.NewDecoder(bytes.NewReader(js))
		d.UseNumber()
		if err := d.Decode(&cases[i].Objects); err != nil {
			t.Fatal(err)
		}
		cases[i].Verdict, cases[i].Version = verdicts[i], "2.1"
		if verdicts[i] == "match" {
			matches++
		}
	}
	if matches < n/5 || matches > n*4/5 {
		t.Errorf("%d of %d match: the cases say little", matches, n)
	}
	comparePeer(t, cases, 5)
}

// generator makes patterns and observations out of a small world.
type generator struct{ *rand.Rand }

func (g generator) of(list ...string) string { return list[g.IntN(len(list))] }

func (g generator) pattern() string { return g.observation(3) }

func (g generator) observation(depth int) string {
	if depth == 0 || g.IntN(3) == 0 {
		return g.qualified("[" + g.comparison(2) + "]")
	}
	return g.qualified("(" + g.observation(depth-1) + " " + g.of("AND", "OR", "FOLLOWEDBY") + " " + g.observation(depth-1) + ")")
}

func (g generator) qualified(e string) string {
	switch g.IntN(8) {
	case 0:
		return fmt.Sprintf("%s REPEATS %d TIMES", e, 1+g.IntN(3))
	case 1:
		return fmt.Sprintf("%s WITHIN %d SECONDS", e, 1+g.IntN(120))
	case 2:
		from := g.IntN(50)
		return fmt.Sprintf("%s START t'2026-01-01T00:%02d:00Z' STOP t'2026-01-01T00:%02d:00.5Z'", e, from, from+g.IntN(60-from))
	}
	return e
}

func (g generator) comparison(depth int) string {
	if depth == 0 || g.IntN(2) == 0 {
		return g.test()
	}
	return "(" + g.comparison(depth-1) + " " + g.of("AND", "OR", "OR") + " " + g.comparison(depth-1) + ")"
}

func (g generator) test() string {
	not := g.of("", "", "", "NOT ")
	switch g.IntN(9) {
	case 0:
		return "file:size " + not + g.of("=", "!=", "<", "<=", ">", ">=") + " " + g.of("3", "10", "10.5", "-1", "+3")
	case 1:
		return "file:name " + not + g.of("LIKE", "MATCHES") + " '" + g.of("a%", "%.exe", "_.dll", "b.exe", "%", "[ab].exe", `^c\\.`, "é%") + "'"
	case 2:
		if g.IntN(2) == 0 {
			return "x-net:value " + not + "ISSUPERSET '" + g.of("192.0.2.0/24", "192.0.2.1", "203.0.113.64/26") + "'"
		}
		return "ipv4-addr:value " + not + "ISSUBSET '" + g.of("192.0.2.0/24", "198.51.0.0/16", "192.0.2.128/25", "128.0.0.0/1") + "'"
	case 3:
		return "file:name " + not + "IN ('a.exe', " + g.of("'b.exe'", "'é.txt'", "'none'") + ")"
	case 4:
		return "process:image_ref." + g.of("name", "size", "parent_ref.name") + " " + not + g.of("=", "!=") + " " + g.of("'a.exe'", "'b.exe'", "3", "true")
	case 5:
		return "process:child_refs[" + g.of("*", "0", "1", "7") + "].pid " + not + g.of("=", "<", ">") + " " + g.of("1", "2", "3")
	case 6:
		return "file:'x_data_" + g.of("hex", "bin") + "' " + not + g.of("=", "<", ">") + " " + g.of("h'616263'", "b'YWJk'", "'abc'", "'é'")
	case 7:
		return "file:x_list[" + g.of("*", "0", "2") + "] " + not + g.of("=", "!=") + " " + g.of("'p'", "'q'", "1", "1.5", "true", "false")
	}
	return "file:created " + not + g.of("=", "<", ">=", "!=") + " t'2026-01-01T0" + g.of("0", "1", "2") + ":00:00Z'"
}

func (g generator) observed() []Object {
	var out []Object
	for i := range 1 + g.IntN(4) {
		from := g.IntN(50)
		refs := []any{}
		var inside []Object
		add := func(kind string, props Object) string {
			id := fmt.Sprintf("%s--%08d-0000-4000-8000-%012d", kind, i, len(inside))
			props["type"], props["id"] = kind, id
			inside, refs = append(inside, props), append(refs, id)
			return id
		}
		parent := add("file", g.file())
		file := g.file()
		file["parent_ref"] = parent
		image := add("file", file)
		child1, child2 := add("process", Object{"pid": 1 + g.IntN(3)}), add("process", Object{"pid": 1 + g.IntN(3)})
		add("process", Object{"pid": 9, "image_ref": image, "child_refs": []any{child1, child2, "process--gone"}})
		add("ipv4-addr", Object{"value": g.of("192.0.2.1", "192.0.2.200", "198.51.100.7", "203.0.113.0/24", "192.0.2.0/25")})
		add("x-net", Object{"value": g.of("192.0.2.0/24", "203.0.113.0/24", "192.0.0.0/8", "192.0.2.0/25")})
		out = append(out, Object{
			"type": "observed-data", "id": fmt.Sprintf("observed-data--%08d-0000-4000-8000-000000000000", i), "number_observed": 1 + g.IntN(2),
			"first_observed": fmt.Sprintf("2026-01-01T00:%02d:00Z", from), "last_observed": fmt.Sprintf("2026-01-01T00:%02d:%02dZ", from+g.IntN(10), 30+g.IntN(30)), "object_refs": refs,
		})
		out = append(out, inside...)
	}
	return out
}

func (g generator) file() Object {
	return Object{
		"name": g.of("a.exe", "b.exe", "c.dll", "é.txt"), "size": []any{3, 10, 10.5, 11}[g.IntN(4)],
		"x_data_hex": g.of("616263", "616264", "e9"), "x_data_bin": g.of("YWJj", "YWJk", "6Q=="),
		"x_list":  []any{g.of("p", "q"), []any{1, 1.5, true, "q"}[g.IntN(4)], nil},
		"created": g.of("2026-01-01T00:00:00Z", "2026-01-01T01:00:00.000Z", "2026-01-01T02:30:00Z"),
	}
}
