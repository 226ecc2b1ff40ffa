package segmentation

import (
	"bytes"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// planted is a plant with conduits, and some crossings that should not be.
func planted() *wire {
	w := threeZones()
	w.tcp("modbus", "10.1.0.14", "10.3.0.22", 502, 1)
	w.modbusWrite("10.1.0.14", "10.3.0.22")
	w.tcp("rdp", "10.1.0.12", "10.3.0.10", 3389, 1)
	w.tcp("ssl", "10.3.0.11", "203.0.113.9", 443, 2)
	w.conn("icmp", "OTH", "", "10.1.0.2", "10.2.0.5", 0)
	w.tcp("dce_rpc", "10.1.0.2", "10.2.0.6", 50001, 1)
	return w
}

// TestPolicyGivenBack: the suggestion, given back as zones and conduits,
// admits everything that should have passed, and exactly the crossings that
// were planted are found again.
func TestPolicyGivenBack(t *testing.T) {
	r := Audit(planted().t, Options{})
	if len(r.Findings) != 3 || r.Policy.Missed != 0 || r.Policy.Left != 0 || r.Policy.Refused != 4 {
		t.Fatalf("%d findings, policy %+v", len(r.Findings), r.Policy)
	}
	var b bytes.Buffer
	if err := r.WritePolicy(&b); err != nil {
		t.Fatal(err)
	}
	z, err := ReadZones(&b)
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	again := Audit(planted().t, Options{Zones: z})
	got, want := map[string]bool{}, map[string]bool{}
	for _, f := range r.Findings {
		want[f.Service+" "+end(f.Pairs[0].Orig, false)+" "+end(f.Pairs[0].Resp, false)] = true
	}
	for _, f := range again.Findings {
		got[f.Service+" "+end(f.Pairs[0].Orig, false)+" "+end(f.Pairs[0].Resp, false)] = true
	}
	if len(again.Findings) != 3 || len(got) != len(want) {
		t.Errorf("found again %v, want %v", got, want)
	}
	for k := range want {
		if !got[k] {
			t.Errorf("%s is not found again", k)
		}
	}
	quiet := Audit(threeZones().t, Options{Zones: z})
	if len(quiet.Findings) > 0 {
		t.Errorf("what should pass does not: %v", titlesOf(quiet))
	}
}

// TestPolicyMinimal: nothing is admitted that was not seen: not another port,
// host or direction.
func TestPolicyMinimal(t *testing.T) {
	r := Audit(threeZones().t, Options{})
	z := r.Policy.Zoning
	seen := Flow{Orig: netip.MustParseAddr("10.2.0.5"), Resp: netip.MustParseAddr("10.3.0.10"), Transport: "tcp", Port: 4840, Protocol: "opcua"}
	port, host, back, content := seen, seen, seen, seen
	port.Port = 4841
	host.Resp = netip.MustParseAddr("10.3.0.11")
	back.Orig, back.Resp = seen.Resp, seen.Orig
	content.Protocol = "ssh"
	for name, f := range map[string]*Flow{"as seen": &seen, "another port": &port, "another host": &host, "the other way": &back, "another content": &content} {
		admitted := false
		for i := range z.Conduits {
			admitted = admitted || z.Conduits[i].admits(z.Zones[z.Of(f.Orig)].Name, z.Zones[z.Of(f.Resp)].Name, f)
		}
		if admitted != (name == "as seen") {
			t.Errorf("%s: admitted %v", name, admitted)
		}
	}
}

// TestNftables: nft reads the ruleset, whatever zones are called; and a host of
// a safety system within a network is not open to that network.
func TestNftables(t *testing.T) {
	nft, err := exec.LookPath("nft")
	if err != nil {
		nft = "/usr/sbin/nft"
	}
	if _, err := os.Stat(nft); err != nil {
		t.Skip("nft is not here")
	}
	z, err := ReadZones(strings.NewReader("zones:\n- {name: \"a; flush ruleset\", level: 4, networks: [10.1.0.0/16, 10.1.7.0/24, 'fd00:1::/64']}\n- {name: dmz, level: 3.5, networks: [10.2.0.0/24]}\n- {name: \"plant }\", level: 2, networks: [10.3.0.0/24]}\n- {name: sis, level: 1, safety: true, hosts: [10.3.0.24]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	w := planted()
	w.tcp("ssl", "10.99.0.1", "10.1.0.2", 443, 1)
	w.tcp("ssl", "fd00:1::5", "2001:db8::5", 443, 1)
	for name, opt := range map[string]Options{"inferred": {}, "given": {Zones: z}} {
		r := Audit(w.t, opt)
		var b bytes.Buffer
		if err := r.Nftables(&b); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "conduits.nft")
		if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(nft, "-c", "-f", file).CombinedOutput(); err != nil {
			if strings.Contains(string(out), "Operation not permitted") {
				t.Skipf("nft may not check here: %s", out)
			}
			t.Errorf("%s: %v: %s\n%s", name, err, out, b.String())
		}
		if opt.Zones != nil && !strings.Contains(b.String(), "ip saddr @zone3_4 ip saddr != @zone4_4 ip daddr @zone3_4 ip daddr != @zone4_4 accept") {
			t.Errorf("the network is open to the safety system in it:\n%s", b.String())
		}
	}
}
