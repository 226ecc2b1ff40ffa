package block_test

import (
	"net/netip"
	"strings"
	"testing"

	"longwatch/internal/respond/block"
)

// FuzzText: whatever a case calls its incidents, blocks and names, no text holds
// a sign that ours never hold, and each has as many lines as it would have with
// ordinary values in their place, or fewer.
func FuzzText(f *testing.F) {
	f.Add("i-1", "b-1", "c2.example.net", "hist1")
	f.Add("i\n-1", "b'; x", "a.example\nset cli", "$(x)")
	f.Fuzz(func(t *testing.T, incident, id, name, host string) {
		blocks := func(incident, id, name string) []block.Block {
			return []block.Block{
				{ID: id, Incident: incident, Scope: block.Domain, Domain: name},
				{ID: id, Incident: incident, Scope: block.Isolate, Host: host, Addrs: []netip.Addr{netip.MustParseAddr("10.0.0.5")}},
			}
		}
		for _, v := range block.Vendors {
			got, err := block.Text(v.Name, blocks(incident, id, name))
			if err != nil {
				t.Fatal(err)
			}
			plain, _ := block.Text(v.Name, blocks("i-1", "b-1", "c2.example.net"))
			for _, pair := range [][2]string{{got.Apply, plain.Apply}, {got.Undo, plain.Undo}} {
				if n, most := strings.Count(pair[0], "\n"), strings.Count(pair[1], "\n"); n > most {
					t.Errorf("%s: %d lines, %d with ordinary values:\n%s", v.Name, n, most, pair[0])
				}
				if i := strings.IndexFunc(pair[0], func(r rune) bool { return r > 0x7e || r < 0x20 && r != '\n' && r != '\t' && r != '\r' }); i >= 0 {
					t.Errorf("%s holds %q", v.Name, pair[0][i:])
				}
			}
		}
	})
}
