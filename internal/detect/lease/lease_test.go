package lease

import (
	"net/netip"
	"testing"
	"time"

	"longwatch/internal/proto/dhcp"
	"longwatch/internal/record"
)

// TestNames: the last lease names the host, until a week has passed.
func TestNames(t *testing.T) {
	var n Names
	a, day := netip.MustParseAddr("10.2.0.7"), func(d int) record.Time { return record.Time(24*time.Hour) * record.Time(100+d) }
	grant := func(name string, d int) {
		r := &dhcp.Record{AssignedAddr: a, HostName: name}
		r.TS = day(d)
		n.Learn(r)
	}
	if got := n.Name(a, day(0)); got != "10.2.0.7" {
		t.Errorf("without a lease %q", got)
	}
	grant("LAP-1", 0)
	grant("", 1)
	if got := n.Name(a, day(2)); got != "lap-1" {
		t.Errorf("with a lease %q", got)
	}
	grant("lap-2", 3)
	if got := n.Name(a, day(4)); got != "lap-2" {
		t.Errorf("given to another: %q", got)
	}
	if got := n.Name(a, day(11)); got != "10.2.0.7" {
		t.Errorf("a week later %q", got)
	}
}
