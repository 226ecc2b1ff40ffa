package page

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"longwatch/internal/asset"
	"longwatch/internal/proto/http"
	"longwatch/internal/proto/ntlm"
	"longwatch/internal/pypeer"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// hostile is what an intruder may call a machine or write into a banner.
var hostile = []string{`"><script>alert(1)</script>`, `=cmd|'/c calc'!A1`, "\x1b[31mred\x07", "a\u202eb", "]]>&amp;<x", "\xff\xfe", "{{.}}"}

// report is one of n clients of two servers, with what an intruder wrote.
func report(n int) *Report {
	l := asset.New(asset.Options{})
	ts := record.TimeOf(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))
	conn := func(from, to string, port uint16) record.Conn {
		ts = ts.Add(time.Second)
		return record.Conn{Head: record.Head{TS: ts, Ref: record.Ref{File: "a.pcap", Kind: record.RefOffset, Pos: int64(ts)}}, OrigH: netip.MustParseAddr(from), OrigP: 50000, RespH: netip.MustParseAddr(to), RespP: port}
	}
	for i := range n {
		pc := fmt.Sprintf("10.0.%d.%d", 1+i/250, 1+i%250)
		for _, s := range []struct {
			to, proto, service string
			port               uint16
		}{{"10.0.0.1", "udp", "dns", 53}, {"10.0.0.2", "tcp", "http", 80}, {"93.184.216.34", "tcp", "ssl", 443}} {
			l.Learn(&network.Conn{Conn: conn(pc, s.to, s.port), Proto: s.proto, Service: s.service, State: "SF", OrigBytes: record.Some(uint64(1)), RespBytes: record.Some(uint64(1))})
		}
		bad := hostile[i%len(hostile)]
		l.Learn(&http.Request{Conn: conn(pc, "10.0.0.2", 80), UserAgent: bad, Server: bad, Host: bad})
		l.Learn(&ntlm.Auth{Conn: conn(pc, "10.0.0.2", 80), Hostname: bad, ServerDNS: bad})
	}
	inv := l.Finish()
	inv.Cite(func(r record.Ref) string { return fmt.Sprintf("%s offset %d", r.File, r.Pos) })
	out := asset.NewCascade(inv).Without(inv.Find("10.0.0.1"))
	entries, problems, err := asset.ReadList(strings.NewReader("ip,owner\n10.0.0.1,\"<b>me\"\n10.9.9.9,=1+1\n"))
	if err != nil {
		panic(err)
	}
	return &Report{Case: "<case>", Inventory: inv, Analysis: inv.Analyse(), Without: &out, List: inv.Compare("<list>.csv", entries, problems), Notes: []string{"<note>"}}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	r := report(20)
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	page := string(read("assets.html"))
	for _, bad := range []string{"<script", "<case>", "<note>", "<list>", "<b>me", "\x1b", "\u202e"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	for _, want := range []string{"Without 10.0.0.1", "20 would stop", "DNS server", "10.9.9.9"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	rows, err := csv.NewReader(bytes.NewReader(read("assets.csv"))).ReadAll()
	if err != nil || len(rows) != len(r.Assets)+1 {
		t.Fatalf("%d rows of %d assets: %v", len(rows), len(r.Assets), err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) {
				t.Errorf("a spreadsheet would run %q", cell)
			}
		}
	}
	var doc struct {
		Format string
		Assets []struct {
			ID    string
			Roles []struct{ Name, Surety string }
		}
		Edges []struct{ Client, Server, Kind string }
	}
	if err := json.Unmarshal(read("assets.json"), &doc); err != nil || doc.Format != Format || len(doc.Assets) != len(r.Assets) || len(doc.Edges) != len(r.Edges) {
		t.Fatalf("%+v, %v", doc, err)
	}
	if doc.Assets[0].ID != "10.0.0.1" || doc.Assets[0].Roles[0].Name != asset.DNSServer || doc.Assets[0].Roles[0].Surety != "sure" {
		t.Errorf("%+v", doc.Assets[0])
	}
}

// wellFormed reads a document to its end and returns its text.
func wellFormed(t *testing.T, b []byte) string {
	t.Helper()
	var text strings.Builder
	d := xml.NewDecoder(bytes.NewReader(b))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return text.String()
		}
		if err != nil {
			t.Fatalf("%v near %.200q", err, b[max(0, d.InputOffset()-100):])
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if tok.Name.Local == "script" || tok.Name.Local == "x" {
				t.Fatalf("an element of somebody else's: %v", tok)
			}
		case xml.CharData:
			text.Write(tok)
		}
	}
}

// TestMap: the map is well-formed whatever machines are called, of few assets
// and of many, and shows who gives what.
func TestMap(t *testing.T) {
	for _, n := range []int{1, 20, 600} {
		var b bytes.Buffer
		if err := report(n).SVG(&b); err != nil {
			t.Fatal(err)
		}
		text := wellFormed(t, b.Bytes())
		if !strings.Contains(text, "Servers") || !strings.Contains(text, "name resolution of 10.0.0.1") {
			t.Errorf("of %d: %.2000q", n, text)
		}
		if n == 600 && b.Len() > 400_000 {
			t.Errorf("the map of %d is %d bytes", n, b.Len())
		}
	}
}

// TestGraphML compares with what networkx reads.
func TestGraphML(t *testing.T) {
	r := report(20)
	var b bytes.Buffer
	if err := r.GraphML(&b); err != nil {
		t.Fatal(err)
	}
	wellFormed(t, b.Bytes())
	python := pypeer.Python(t, "networkx")
	path := filepath.Join(t.TempDir(), "a.graphml")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	const script = `import networkx, json, sys
g = networkx.read_graphml(sys.argv[1], force_multigraph=True)
n = g.nodes["a0"]
e = next(iter(g.in_edges("a0", data=True)))[2]
print(json.dumps([g.is_directed(), g.number_of_nodes(), g.number_of_edges(), n["role"], n["own"], n["stops"], e["kind"], e["needed"], e["count"]]))`
	out, err := exec.CommandContext(t.Context(), python, "-c", script, path).CombinedOutput()
	want := fmt.Sprintf(`[true, %d, %d, "DNS server", true, 20, "name resolution", true, 1]`, len(r.Assets), len(r.Edges))
	if got := strings.TrimSpace(string(out)); err != nil || got != want {
		t.Errorf("networkx reads %s (%v), want %s", got, err, want)
	}
}
