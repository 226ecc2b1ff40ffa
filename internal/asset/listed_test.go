package asset

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompareWithList(t *testing.T) {
	const table = "\xef\xbb\xbfHost Name;IP-Address;Owner;Criticality;Supplier\n" +
		"DC01;10.0.0.1;IT;high;\n" +
		"plc;10.1.0.100;Plant;vital;Schneider\n" +
		"old-printer;10.0.0.77;Office;low;HP\n" +
		";nonsense;x;;\n" +
		"files.CORP.example.;;IT;high;\n"
	const text = `assets:
  - {hostname: DC01, ip: 10.0.0.1, owner: IT, criticality: high}
  - {hostname: plc, ip: [10.1.0.100, 10.1.0.101], owner: Plant, criticality: vital, vendor: Schneider}
  - {hostname: old-printer, address: 10.0.0.77, owner: Office, criticality: low, vendor: HP}
  - nobody
  - {name: files.CORP.example., owner: IT, criticality: high}
`
	for name, list := range map[string]string{"CSV": table, "YAML": text} {
		entries, problems, err := ReadList(strings.NewReader(list))
		if err != nil || len(entries) != 4 || len(problems) == 0 {
			t.Fatalf("%s: %v, %v, %v", name, entries, problems, err)
		}
		inv := learn(office().records)
		m := inv.Compare("list", entries, problems)
		if len(m.NeverSeen) != 1 || m.NeverSeen[0].Name != "old-printer" {
			t.Errorf("%s: never seen: %+v", name, m.NeverSeen)
		}
		want := []string{"10.0.0.3", "10.0.0.10", "10.0.0.11", "10.0.0.12", "10.0.0.13", "10.1.0.5", "10.1.0.6"}
		if d := cmp.Diff(want, m.NotListed); d != "" {
			t.Errorf("%s: not listed (-want +got):\n%s", name, d)
		}
		for addr, owner := range map[string]string{"10.0.0.1": "IT", "10.1.0.100": "Plant", "10.0.0.2": "IT"} {
			if a := inv.ByAddress(ip(addr)); a.Listed == nil || a.Listed.Owner != owner {
				t.Errorf("%s: %s is listed as %+v", name, addr, a.Listed)
			}
		}
	}
}

func TestListRefused(t *testing.T) {
	for _, list := range []string{"", "just text", "a,b,c\n1,2,3\n", "assets: 5", "owner\nx\n"} {
		if entries, _, err := ReadList(strings.NewReader(list)); err == nil {
			t.Errorf("%q gave %v", list, entries)
		}
	}
}

// FuzzReadList: every entry says which asset it is about and where it stands,
// and there is no list without an entry or an error.
func FuzzReadList(f *testing.F) {
	f.Add([]byte("ip,name\n10.0.0.1,a\n"))
	f.Add([]byte("- {ip: 10.0.0.1}\n- {name: x}\n"))
	f.Add([]byte("mac;owner\n00-11-22-33-44-55;\"x\ny\"\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, _, err := ReadList(strings.NewReader(string(b)))
		if (err == nil) != (len(entries) > 0) {
			t.Fatalf("%d entries and %v", len(entries), err)
		}
		lines := strings.Count(string(b), "\n") + strings.Count(string(b), "\r") + 1
		for _, e := range entries {
			if len(e.Addresses) == 0 && e.Name == "" && e.MAC == "" || e.Line < 1 || e.Line > lines {
				t.Fatalf("%+v of %d lines", e, lines)
			}
		}
	})
}
