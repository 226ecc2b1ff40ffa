package block_test

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"longwatch/internal/respond/block"
)

func addrs(list ...string) (out []netip.Addr) {
	for _, s := range list {
		out = append(out, netip.MustParseAddr(s))
	}
	return out
}

// sample has a block of every scope, of both families.
func sample() []block.Block {
	keep := []block.Flow{
		{Client: netip.MustParseAddr("10.0.0.5"), Server: netip.MustParseAddr("10.0.9.7"), Service: block.Service{Proto: "tcp", Port: 502}},
		{Client: netip.MustParseAddr("fd00::5"), Server: netip.MustParseAddr("fd00::9:7"), Service: block.Service{Proto: "udp", Port: 47808}},
	}
	return []block.Block{
		{ID: "b-1", Incident: "i-0001", Scope: block.Address, Addrs: addrs("198.51.100.7")},
		{ID: "b-2", Incident: "i-0001", Scope: block.Address, Addrs: addrs("2001:db8::7")},
		{ID: "b-3", Incident: "i-0001", Scope: block.Port, Addrs: addrs("203.0.113.9"), Ports: []block.Service{{Proto: "tcp", Port: 8443}, {Proto: "udp", Port: 443}}},
		{ID: "b-4", Incident: "i-0001", Scope: block.Domain, Domain: "c2.example.net"},
		{ID: "b-5", Incident: "i-0001", Scope: block.Isolate, Addrs: addrs("10.0.0.5", "fd00::5"), Host: "hist1", Keep: keep},
	}
}

// TestNFT: the kernel's own parser takes what is written, the undo as well.
func TestNFT(t *testing.T) {
	nft, err := exec.LookPath("nft")
	if err != nil {
		t.Skip("no nft here")
	}
	check := func(t *testing.T, text string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "rules.nft")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), nft, "-c", "-f", path).CombinedOutput()
		if err != nil && (strings.Contains(string(out), "Operation not permitted") || strings.Contains(string(out), "cache initialization failed")) {
			t.Skipf("nft may not look at the kernel's tables here: %s", out)
		}
		if err != nil {
			t.Errorf("%v: %s\n%s", err, out, text)
		}
	}
	for name, blocks := range map[string][]block.Block{"all": sample(), "address": sample()[:1], "isolate": sample()[4:]} {
		t.Run(name, func(t *testing.T) {
			r, err := block.Text("nftables", blocks)
			if err != nil {
				t.Fatal(err)
			}
			check(t, r.Apply)
			check(t, r.Undo)
		})
	}
	t.Run("it judges", func(t *testing.T) { // a check that takes everything would prove nothing
		path := filepath.Join(t.TempDir(), "rules.nft")
		r, _ := block.Text("nftables", sample())
		if err := os.WriteFile(path, []byte(strings.Replace(r.Apply, "198.51.100.7", "198.51.100.777", 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), nft, "-c", "-f", path).CombinedOutput(); err == nil {
			t.Errorf("a broken address is taken: %s", out)
		}
	})
}

// TestNamesNothingElse: whatever a case holds, only addresses, names and ids
// reach a firewall.
func TestNamesNothingElse(t *testing.T) {
	for _, evil := range []string{"'; Remove-Item C:\\ #", "\nend\nconfig system admin", "x\" ] ; delete", "a.example\nset cli", "$(id)", "c2.example;drop", "’;calc;‘.example", "*.example.net", "-a.example", "a..example"} {
		blocks := []block.Block{
			{ID: "b-" + evil, Incident: evil, Scope: block.Domain, Domain: evil, Host: evil, Reason: evil},
			{ID: evil, Incident: evil, Scope: block.Isolate, Host: evil, Addrs: addrs("10.0.0.5"), Reason: evil, Caution: []string{evil}},
			{ID: evil, Incident: evil, Scope: block.Port, Addrs: addrs("203.0.113.9"), Ports: []block.Service{{Proto: evil, Port: 1}, {Proto: "tcp", Port: 2}}},
			{ID: evil, Incident: evil, Scope: block.Address, Addrs: []netip.Addr{{}, netip.MustParseAddr("fe80::1%eth0;drop"), netip.IPv4Unspecified()}},
		}
		for _, v := range block.Vendors {
			r, err := block.Text(v.Name, blocks)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{r.Apply, r.Undo} {
				for _, bad := range []string{evil, "Remove-Item", "system admin", "cli", "eth0", "calc", "0.0.0.0 "} {
					if strings.Contains(text, bad) {
						t.Errorf("%s holds %q of %q:\n%s", v.Name, bad, evil, text)
					}
				}
			}
		}
	}
}
