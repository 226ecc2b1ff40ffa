package hunts_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"longwatch/internal/attack"
	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/pypeer"
	"longwatch/internal/record"
	"longwatch/internal/respond/hunts"
	"longwatch/internal/rules/sigma"
)

// evil are values that an intruder may choose, and that must stay values.
var evil = []string{
	`a"b' or 1=1 --`, "x') UNION SELECT * FROM users; --", `c:\temp\%_*?.exe`, "line\nfeed | delete", `") | take 1 //`, "`$(id)`", "ü–\u202e名", `\\srv\c$\a`, "*/ /* {{x}}", "end\\", "```", "nul\x00x", "#{x}",
}

// finding of a process with everything that a case can hold.
func sample(extra ...string) *casefolder.Case {
	e := func(kind, v, role string) record.Entity { return record.Entity{Kind: kind, Value: v, Role: role} }
	f := []*finding.Finding{
		{ID: "f-1", Title: "Tunnel", Severity: finding.High, Confidence: 80, Start: 100, End: 200, Techniques: []attack.ID{"T1572"}, Entities: []record.Entity{e("address", "198.51.100.7", "responder"), e("address", "10.0.0.5", "originator")}},
		{ID: "f-4", Title: "Name", Severity: finding.High, Confidence: 80, Start: 100, End: 200, Techniques: []attack.ID{"T1572"}, Entities: []record.Entity{e("domain", "c2.example.net", "queried")}},
		{ID: "f-2", Title: "Program", Severity: finding.Critical, Confidence: 90, Start: 110, End: 210, Techniques: []attack.ID{"T1003.003", "T1090.001"}, Entities: []record.Entity{
			e("host", "srv1", ""), e("user", `CORP\a-olga`, ""), e("process", `C:\Users\Public\ronfxx.exe`, ""), e("hash", "4f5bd1255d0706ca8db02bf1759be0da399c63b103437e7aca1831bd7e369bd5", ""), e("hash", "5a74bb9f738a5b92f3889e3c60717c40", ""),
		}},
		{ID: "f-3", Title: "Session", Severity: finding.High, Confidence: 90, Start: 120, End: 220, Techniques: []attack.ID{"T1021.001"}, Entities: []record.Entity{e("address", "10.0.0.5", "originator"), e("user", `CORP\a-olga`, "")}},
	}
	for _, v := range extra {
		f[1].Entities = append(f[1].Entities, e("process", `C:\Temp\`+v+`.exe`, ""), e("user", v, ""), e("domain", v, ""), e("address", v, ""), e("hash", v, ""), e("host", v, ""))
	}
	reach := []finding.Reach{{Entity: e("host", "srv1", ""), Grade: finding.Touched, Findings: []string{"f-2"}}, {Entity: e("user", "a-olga", ""), Grade: finding.Touched, Findings: []string{"f-2"}}}
	for _, v := range extra {
		reach = append(reach, finding.Reach{Entity: e("user", v, ""), Grade: finding.Touched, Findings: []string{"f-2"}})
	}
	id := "i-1"
	if len(extra) > 0 {
		id += extra[0]
	}
	return &casefolder.Case{Findings: f, Incidents: []*finding.Incident{{ID: id, Severity: finding.Critical, Start: 100, End: 300, Findings: f, Reach: reach}}, HomeNet: []string{"10.0.0.0/8"}, Hosts: []casefolder.Host{{Name: "srv1", Addresses: []string{"10.0.0.5"}}}}
}

// TestDerive: every kind of value is hunted for once, and what is ours is not.
func TestDerive(t *testing.T) {
	got := map[hunts.Source][]string{}
	for _, h := range hunts.Derive(sample(), hunts.Options{}) {
		for _, c := range h.All {
			got[h.Source] = append(got[h.Source], c.Any...)
		}
		if len(h.Findings) == 0 || h.Severity < finding.Medium || len(h.ID) != 36 {
			t.Errorf("%+v", h)
		}
	}
	for source, want := range map[hunts.Source][]string{
		hunts.Network: {"198.51.100.7"}, hunts.Inbound: {"198.51.100.7"}, hunts.DNS: {"c2.example.net"}, hunts.Files: {"ronfxx.exe"}, hunts.Logon: {"a-olga", "10.0.0.5"},
	} {
		if !slices.Equal(got[source], want) {
			t.Errorf("%s: %q, want %q", source, got[source], want)
		}
	}
	for _, want := range []string{"5a74bb9f738a5b92f3889e3c60717c40", "ntdsutil", "portproxy"} {
		if !slices.Contains(got[hunts.Process], want) {
			t.Errorf("%q is not hunted for in %q", want, got[hunts.Process])
		}
	}
	if slices.Contains(got[hunts.Process], "schtasks") {
		t.Error("what was not done is hunted for")
	}
}

// all is every language's text of hunts of ordinary and of hostile values.
func all(t *testing.T, language string) []string {
	t.Helper()
	var out []string
	list := hunts.Derive(sample(), hunts.Options{})
	for _, v := range evil { // whatever a language is given is a value to it
		list = append(list, hunts.Hunt{
			ID: "00000000-0000-8000-8000-000000000000", Title: v, Why: v, Incident: v, Source: hunts.Process, Severity: finding.High,
			All: []hunts.Clause{{Field: hunts.Command, Op: hunts.Contains, Any: []string{v, "plain"}}},
		}, hunts.Hunt{
			ID: "00000000-0000-8000-8000-000000000001", Title: v, Why: v, Incident: v, Source: hunts.Logon, Severity: finding.High,
			All: []hunts.Clause{{Field: hunts.Account, Op: hunts.Is, Any: []string{v, "plain"}}, {Field: hunts.From, Op: hunts.Is, Any: []string{"192.0.2.1"}}},
		}, hunts.Hunt{
			ID: "00000000-0000-8000-8000-000000000002", Title: v, Why: v, Incident: v, Source: hunts.Files, Severity: finding.High,
			All: []hunts.Clause{{Field: hunts.Path, Op: hunts.EndsWith, Any: []string{v}}},
		})
	}
	for _, h := range list {
		text, err := hunts.Text(language, []hunts.Hunt{h})
		if err != nil {
			t.Fatal(err)
		}
		if text != "" {
			out = append(out, text)
		}
	}
	if len(out) < 5 {
		t.Fatalf("%d texts in %s", len(out), language)
	}
	return out
}

// TestSigmaCompiles: our own engine takes every rule.
func TestSigmaCompiles(t *testing.T) {
	for _, text := range all(t, "sigma") {
		engine, refused := sigma.Compile(fstest.MapFS{"h.yml": {Data: []byte(text)}})
		if len(refused) > 0 || len(engine.Rules) == 0 {
			t.Errorf("%v:\n%s", refused, text)
		}
	}
}

// judged gives texts to a Python program, which prints what is wrong with each,
// and checks that it finds the broken one wrong.
func judged(t *testing.T, python, program string, texts []string, broken string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "texts.json")
	b, err := json.Marshal(append(slices.Clone(texts), broken))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", program, path)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var wrong []string
	if err := json.Unmarshal(out, &wrong); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if len(wrong) != len(texts)+1 {
		t.Fatalf("%d of %d judged", len(wrong), len(texts)+1)
	}
	if wrong[len(texts)] == "" {
		t.Errorf("the peer takes anything: %s", broken)
	}
	for i, w := range wrong[:len(texts)] {
		if w != "" {
			t.Errorf("%s:\n%s", w, texts[i])
		}
	}
}

const each = `
import json, sys
out = []
for text in json.load(open(sys.argv[1])):
    try:
        out.append(judge(text))
    except Exception as e:
        out.append(repr(e))
print(json.dumps(out))
`

// TestPySigma: pySigma takes every rule.
func TestPySigma(t *testing.T) {
	judged(t, pypeer.Python(t, "sigma.collection"), `
from sigma.collection import SigmaCollection
def judge(text):
    c = SigmaCollection.from_yaml(text)
    for r in c.rules:
        for cond in r.detection.parsed_condition:
            cond.parsed
    return "; ".join(map(str, c.errors)) if len(c.rules) else "no rule"
`+each, all(t, "sigma"), "title: x\nlogsource: {category: y}\ndetection: {a: {b: c}, condition: nothing}\n")
}

// TestESQL: the grammar of Elasticsearch takes every query.
func TestESQL(t *testing.T) {
	judged(t, pypeer.Python(t, "esql_parser.EsqlBaseParser"), `
from antlr4 import InputStream, CommonTokenStream
from antlr4.error.ErrorListener import ErrorListener
from esql_parser.EsqlBaseLexer import EsqlBaseLexer
from esql_parser.EsqlBaseParser import EsqlBaseParser
class L(ErrorListener):
    def __init__(self): self.e = []
    def syntaxError(self, r, o, line, col, msg, e): self.e.append(f"{line}:{col} {msg}")
def judge(text):
    e = L(); l = EsqlBaseLexer(InputStream(text)); l.removeErrorListeners(); l.addErrorListener(e)
    p = EsqlBaseParser(CommonTokenStream(l)); p.removeErrorListeners(); p.addErrorListener(e)
    p.singleStatement()
    return "; ".join(e.e)
`+each, parts(all(t, "esql")), "FROM logs | WHERE (")
}

// TestKQL: a grammar of Kusto's language takes every query.
func TestKQL(t *testing.T) {
	judged(t, pypeer.Python(t, "kusto_query_language_parser", "antlr4"), `
import os, sys
import kusto_query_language_parser as k
sys.path[:0] = [os.path.join(k.__path__[0], d) for d in ("parse_tools_v4.13", "parse_tools")] # by release
from antlr4 import InputStream, CommonTokenStream
from antlr4.error.ErrorListener import ErrorListener
from KqlLexer import KqlLexer as Lexer
from KqlParser import KqlParser as Parser
class L(ErrorListener):
    def __init__(self): self.e = []
    def syntaxError(self, r, o, line, col, msg, e): self.e.append(f"{line}:{col} {msg}")
def judge(text):
    e = L(); l = Lexer(InputStream(text)); l.removeErrorListeners(); l.addErrorListener(e)
    p = Parser(CommonTokenStream(l)); p.removeErrorListeners(); p.addErrorListener(e)
    p.top()
    return "; ".join(e.e)
`+each, parts(all(t, "kql")), "T | where (")
}

// parts are single queries: a text may hold one for each table.
func parts(texts []string) (out []string) {
	for _, text := range texts {
		for p := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
			out = append(out, p)
		}
	}
	return out
}

// TestOsquery: SQLite, of which osquery is made, runs every query over the
// tables of osquery's schema, and finds the rows that hold the value and no
// other.
func TestOsquery(t *testing.T) {
	python := pypeer.Python(t, "sqlite3")
	judged(t, python, `
import sqlite3
db = sqlite3.connect(":memory:")
for table in ["process_open_sockets(pid, remote_address, remote_port)", "processes(pid, parent, name, path, cmdline, start_time)", "dns_cache(name, type)", "hash(path, md5, sha1, sha256)", "file(path, size, mtime)", "logged_in_users(user, type, tty, host, time)"]:
    db.execute("CREATE TABLE " + table)
def judge(text):
    for q in text.split(";\n"):
        if q.strip():
            db.execute(q)
    return ""
`+each, all(t, "osquery"), "SELECT * FROM nowhere;\n")
	for _, v := range evil {
		if strings.Contains(v, "\x00") {
			continue // no argument of a program can hold it
		}
		text, err := hunts.Text("osquery", []hunts.Hunt{{Source: hunts.Process, All: []hunts.Clause{{Field: hunts.Command, Op: hunts.Contains, Any: []string{v}}}}})
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), python, "-c", `
import sqlite3, sys
db = sqlite3.connect(":memory:")
db.execute("CREATE TABLE processes(pid, parent, name, path, cmdline, start_time)")
v = sys.argv[1]
db.execute("INSERT INTO processes(pid, cmdline) VALUES (1, ?), (2, ?), (3, 'cmd.exe /c dir')", ("x " + v + " y", "x " + v[:-1] + "Q" + " y"))
print([r[0] for r in db.execute(sys.argv[2])])`, v, strings.TrimSuffix(strings.TrimSpace(text), ";"))
		out, err := cmd.CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != "[1]" {
			t.Errorf("%q: %v %s\n%s", v, err, out, text)
		}
	}
}

var (
	splunkMatch = regexp.MustCompile(`match\(process, "((?:[^"\\]|\\.)*)"\)`)
	vqlMatch    = regexp.MustCompile(`CommandLine =~ ("(?:[^"\\]|\\.)*")`)
)

// TestExpressions: the regular expressions of Splunk and Velociraptor match the
// value, in any case, and no other; nothing of the value stands outside of them.
func TestExpressions(t *testing.T) {
	for _, v := range evil {
		h := []hunts.Hunt{{Title: v, Why: v, Incident: v, Source: hunts.Process, All: []hunts.Clause{{Field: hunts.Command, Op: hunts.Contains, Any: []string{v}}}}}
		for language, find := range map[string]*regexp.Regexp{"spl": splunkMatch, "vql": vqlMatch} {
			text, err := hunts.Text(language, h)
			if err != nil {
				t.Fatal(err)
			}
			m := find.FindStringSubmatch(text)
			if m == nil {
				t.Errorf("%s: %q: no expression in\n%s", language, v, text)
				continue
			}
			source := m[1]
			if language == "vql" {
				if err := json.Unmarshal([]byte(m[1]), &source); err != nil { // VQL's strings are escaped as JSON's are
					t.Errorf("%q: %v", m[1], err)
				}
			}
			re, err := regexp.Compile(strings.ReplaceAll(source, "(?i)", "(?is)"))
			if err != nil {
				t.Errorf("%s: %q: %v", language, v, err)
				continue
			}
			if !re.MatchString("before "+v+" after") || re.MatchString("before "+v[:len(v)-1]+"Q after") {
				t.Errorf("%s: %q is not matched as it is by %s", language, v, source)
			}
			if rest := strings.ReplaceAll(text, m[0], ""); v != "```" && strings.Contains(rest, v) {
				t.Errorf("%s: %q stands outside of its expression:\n%s", language, v, rest)
			}
		}
	}
}

// TestHostileCase: a case whose every value is hostile makes texts that our
// engine takes, and no line that a value ended.
func TestHostileCase(t *testing.T) {
	list := hunts.Derive(sample(evil...), hunts.Options{})
	if len(list) == 0 {
		t.Fatal("no hunts")
	}
	for _, l := range hunts.Languages {
		text, err := hunts.Text(l.Name, list)
		if err != nil || text == "" {
			t.Fatalf("%s: %v", l.Name, err)
		}
		for _, bad := range []string{"\nfeed", "\x00", "\u202e", "UNION SELECT * FROM users; --'\n"} {
			if l.Name != "sigma" && strings.Contains(text, bad) {
				t.Errorf("%s holds %q", l.Name, bad)
			}
		}
	}
}
