package app_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"longwatch/internal/app"
	"longwatch/internal/asset"
	"longwatch/internal/audit/patch"
)

// seenVersions is a table made by hand from the banners and headers in these
// captures, as tshark shows them or, within tunnels and behind odd ports, as they
// stand in their bytes.
var seenVersions = []struct {
	file, addr, product, version string
	surety                       asset.Surety
}{
	{"zeek/traces/ssh/ssh_kex_mlkem.pcap", "10.211.55.15", "OpenSSH", "9.9", asset.Sure},
	{"zeek/traces/ssh/ssh_kex_mlkem.pcap", "10.211.55.16", "OpenSSH", "10.2", asset.Sure},
	{"zeek/traces/erspan.pcap", "192.168.69.2", "Microsoft-IIS", "7.5", asset.Likely},
	{"zeek/traces/erspan.pcap", "192.168.69.10", "Internet Explorer", "8.0", asset.Guess}, // compatibility view: it may be a later one
	{"zeek/traces/postgresql/mysql-on-port-5432.pcap", "127.0.0.1", "MySQL", "8.4.2", asset.Sure},
	{"zeek/traces/tunnels/vxlan-encapsulated-http.pcap", "54.86.237.188", "gunicorn", "19.9.0", asset.Likely},
	{"zeek/traces/tunnels/vxlan-encapsulated-http.pcap", "172.16.11.201", "curl", "7.76.1", asset.Likely},
	{"arkime/pcap/gre-sample.pcap", "172.28.2.3", "OpenSSH", "3.1p1", asset.Sure},
	{"arkime/pcap/gre-sample.pcap", "66.59.111.190", "OpenSSH", "3.6.1p1", asset.Sure},
	{"ndpi/pcap/mysql.pcapng", "192.168.88.201", "MariaDB", "10.6.12", asset.Sure},
	{"suricata/pcaps/base64/input.pcap", "2001:41d0:a:f78a::1", "Apache", "2.4.38", asset.Likely},
}

// TestVersionsOfCaptures: versions are those of the captures, or said to be
// unsure.
func TestVersionsOfCaptures(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared", "corpora")
	if _, err := os.Stat(root); err != nil {
		t.Skip("the corpora are not here: ", root)
	}
	inventories := map[string]*asset.Inventory{}
	for _, c := range seenVersions {
		inv := inventories[c.file]
		if inv == nil {
			path := filepath.Join(root, filepath.FromSlash(c.file))
			if _, err := os.Stat(path); err != nil {
				t.Logf("left out: %s is not here", c.file)
				continue
			}
			o := app.Default()
			o.Paths, o.Out, o.Format = []string{path}, t.TempDir(), "jsonl"
			if _, err := app.Records(t.Context(), o, silent{}); err != nil {
				t.Fatal(err)
			}
			var err error
			if inv, _, err = (&app.CaseRecords{Dir: o.Out}).Assets(t.Context()); err != nil {
				t.Fatal(err)
			}
			inventories[c.file] = inv
		}
		x := inv.ByAddress(netip.MustParseAddr(c.addr))
		if x == nil {
			t.Errorf("%s: nothing is known of %s", c.file, c.addr)
			continue
		}
		found := false
		for _, s := range x.Software {
			if s.Product != c.product {
				continue
			}
			found = true
			if s.Version != c.version || s.Surety != c.surety {
				t.Errorf("%s: %s is %s %s (%v), want %s (%v)", c.file, c.addr, s.Product, s.Version, s.Surety, c.version, c.surety)
			}
		}
		if !found {
			t.Errorf("%s: %s is not known to run %s: %+v", c.file, c.addr, c.product, x.Software)
		}
	}
	debian(t, inventories["suricata/pcaps/base64/input.pcap"])
}

// debian: Apache 2.4.38 of Debian may have what Apache corrected in 2.4.52, and
// the line says why that is not sure.
func debian(t *testing.T, inv *asset.Inventory) {
	if inv == nil {
		return
	}
	for _, x := range inv.Assets {
		x.Own = true // the capture is of strangers
	}
	flaws, err := patch.Advisory([]byte(`{"vulnerabilities":[{"cve":{"id":"CVE-2030-1111","configurations":[{"nodes":[{"cpeMatch":[{"vulnerable":true,"criteria":"cpe:2.3:a:apache:http_server:*:*:*:*:*:*:*:*","versionEndExcluding":"2.4.52"}]}]}]}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	r := patch.New(patch.Options{Flaws: flaws}).Report(inv)
	if len(r.Lines) != 1 || r.Lines[0].Verdict != patch.Unsure || !strings.Contains(r.Lines[0].Because, "Debian") {
		t.Errorf("%+v", r.Lines)
	}
}
