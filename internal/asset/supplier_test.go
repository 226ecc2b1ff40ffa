package asset

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/asn"
	"longwatch/internal/proto/snmp"
	"longwatch/internal/proto/ssl"
)

// TestSuppliers: outside services go by the domain that they were reached as,
// else by who announces their addresses; makers by whose products were seen.
func TestSuppliers(t *testing.T) {
	s := office() // four machines that use 93.184.216.34
	for i := range 3 {
		pc, update := fmt.Sprintf("10.0.0.%d", 10+i), fmt.Sprintf("13.107.4.%d", 50+i%2)
		s.conn(pc, update, "tcp", 443, "ssl")
		s.add(&ssl.Record{Conn: s.head(pc, update, 443), ServerName: "fe2.update.microsoft.com.download.windowsupdate.com"})
		s.conn(pc, "193.0.6.139", "udp", 53, "dns")
	}
	s.conn("10.0.0.13", "198.51.100.7", "tcp", 443, "ssl") // one machine's alone
	s.add(&snmp.Record{Conn: s.head("10.0.0.10", "10.0.0.254", 161), DisplayString: "FortiGate-60F v7.0.5,build0304,220208 (GA)"})
	s.conn("10.0.0.12", "10.0.0.254", "tcp", 10443, "ssl")
	s.conn("10.0.0.13", "10.0.0.254", "tcp", 10443, "ssl")
	l := New(Options{Networks: asn.New()})
	for _, r := range s.records {
		l.Learn(r)
	}
	inv := l.Finish()
	var got []string
	for _, x := range inv.Analyse().Suppliers {
		if x.Type == OutsideService {
			got = append(got, fmt.Sprintf("%s: %d assets, %d addresses, for %v", x.Name, x.Assets, len(x.Places), x.Kinds))
		}
		if x.Type == DeviceVendor {
			got = append(got, fmt.Sprintf("%s: %d assets", x.Name, x.Assets))
		}
	}
	ripe := asn.New().Lookup(ip("193.0.6.139")).String()
	example := asn.New().Lookup(ip("93.184.216.34")).String()
	want := []string{
		example + ": 4 assets, 1 addresses, for [web]",
		"Fortinet: 3 assets", // the appliance and two that go through it
		ripe + ": 3 assets, 1 addresses, for [name resolution]",
		"windowsupdate.com: 3 assets, 2 addresses, for [update]",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	out := NewCascade(inv).Without(inv.Named("WindowsUpdate.com")...)
	if len(out.Lost) != 3 || len(out.Stopped) != 0 || out.Lost[0].Kind != Update {
		t.Errorf("without the updates: %+v", out)
	}
	if out := NewCascade(inv).Without(inv.Named(ripe)...); len(out.Lost) != 3 || len(out.Stopped) != 0 || out.Lost[0].Left != 1 {
		t.Errorf("without the outside server of names, the own one is left: %+v", out)
	}
}
