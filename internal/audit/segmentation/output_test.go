package segmentation

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"
	"unicode"

	"longwatch/internal/casefolder/casetest"
	"longwatch/internal/proto/ntlm"
	"longwatch/internal/proto/smb"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// hostile is traffic whose texts the adversary chose.
func hostile() *Traffic {
	w := planted()
	for _, s := range casetest.Hostile {
		c := &network.Conn{Conn: w.head("10.1.0.14", "10.3.0.22", 7777), Proto: "tcp", State: "SF", Service: s, OrigPkts: record.Some(uint64(1)), RespPkts: record.Some(uint64(1))}
		c.Ref.File = s
		w.t.Put(c)
		fine := *c // passes, and should
		fine.RespH, fine.Service = netip.MustParseAddr("10.2.0.5"), "X-"+s
		w.t.Put(&fine)
		w.t.Put(&ntlm.Auth{Conn: w.head("10.1.0.12", "10.3.0.10", 3389), Username: s})
	}
	w.t.Put(&smb.Mapping{Conn: w.head("10.1.0.12", "10.3.0.10", 445), Path: `\\<b>\C$`})
	return w.t
}

// TestHostileText: nothing that the evidence holds acts on a terminal, a page
// or a table.
func TestHostileText(t *testing.T) {
	r := Audit(hostile(), Options{Before: threeZones().t, Input: casetest.Hostile[0], Source: func(r record.Ref) string { return r.File }})
	r.Reaches = append(r.Reaches, r.ReachFrom(netip.MustParseAddr("10.1.0.12")))
	var text, page, table, rules, policy bytes.Buffer
	for _, err := range []error{r.Text(&text), r.HTML(&page), r.CSV(&table), r.Nftables(&rules), r.WritePolicy(&policy)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, b := range map[string]*bytes.Buffer{"text": &text, "page": &page, "rules": &rules} {
		for _, c := range b.String() {
			if c != '\n' && c != '\t' && !unicode.IsPrint(c) {
				t.Errorf("%s holds %U", name, c)
				break
			}
		}
	}
	for _, bad := range []string{"<script", "<img", "<i>", "</style><", "</title></style>"} {
		if strings.Contains(page.String(), bad) {
			t.Errorf("the page holds %s", bad)
		}
	}
	rows, err := csv.NewReader(&table).ReadAll()
	if err != nil || len(rows) < len(casetest.Hostile) {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	for _, row := range rows {
		for _, c := range row {
			if c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
				t.Errorf("a cell begins a formula: %q", c)
			}
		}
	}
	if z, err := ReadZones(&policy); err != nil {
		t.Errorf("the conduits cannot be given back: %v", err)
	} else if again := Audit(hostile(), Options{Zones: z}); again.Policy.Admitted != r.Policy.Admitted {
		t.Errorf("given back, the conduits admit %d, not %d", again.Policy.Admitted, r.Policy.Admitted)
	}
}

// TestPage: the page is one file that asks nobody for anything, its diagram is
// well formed, draws every zone and arrow, and the matrix marks the crossing.
func TestPage(t *testing.T) {
	r := Audit(planted().t, Options{})
	var b bytes.Buffer
	if err := r.HTML(&b); err != nil {
		t.Fatal(err)
	}
	s := b.String()
	for _, bad := range []string{"http://", "https://", "src=", "@import", "url(//"} {
		if strings.Contains(s, bad) {
			t.Errorf("the page refers to something with %q", bad)
		}
	}
	for _, want := range []string{"default-src 'none'", "Office and control met directly", "10.1.0.14 → 10.3.0.22", "conn.log", `class="critical"`} {
		if !strings.Contains(s, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	svg := s[strings.Index(s, "<svg"):strings.Index(s, "</svg>")] + "</svg>"
	d := xml.NewDecoder(strings.NewReader(svg))
	count := map[string]int{}
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := tok.(xml.StartElement); ok {
			count[e.Name.Local]++
		}
	}
	if count["g"] != 4 { // the Internet, offices, DMZ, control
		t.Errorf("%d zones are drawn, want 4", count["g"])
	}
	if arrows := count["path"] - count["marker"]; arrows != 7 {
		t.Errorf("%d arrows are drawn, want 7", arrows)
	}
}
