package segmentation

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestDrift: what is new, opened, closed, gone, among other hosts or of
// another volume is told, and what is as it was is not.
func TestDrift(t *testing.T) {
	z := func() *wire { return newWire() }
	before, now := z(), z()
	now.at = before.at.Add(30 * 24 * time.Hour)
	for _, w := range []*wire{before, now} {
		w.tcp("ssl", "10.1.0.1", "10.2.0.1", 443, 10) // as it was
	}
	before.tcp("ftp", "10.1.0.1", "10.2.0.1", 21, 3)
	now.tcp("rdp", "10.1.0.1", "10.3.0.1", 3389, 2)
	before.conn("tcp", "S0", "", "10.1.0.1", "10.3.0.1", 502)
	now.tcp("modbus", "10.1.0.1", "10.3.0.1", 502, 1)
	before.tcp("ssh", "10.1.0.1", "10.3.0.1", 22, 5)
	now.conn("tcp", "REJ", "", "10.1.0.1", "10.3.0.1", 22)
	before.tcp("opcua-binary", "10.2.0.1", "10.3.0.1", 4840, 5)
	now.tcp("opcua-binary", "10.2.0.9", "10.3.0.1", 4840, 5)
	before.tcp("http", "10.1.0.1", "10.2.0.1", 80, 10)
	now.tcp("http", "10.1.0.1", "10.2.0.1", 80, 90)
	before.conn("tcp", "S0", "", "10.1.0.1", "10.3.0.1", 5900) // never passed
	for i := range 20 {                                        // used by so many that one more is none
		before.tcp("mysql", fmt.Sprintf("10.1.0.%d", 100+i), "10.2.0.1", 3306, 1)
		now.tcp("mysql", fmt.Sprintf("10.1.0.%d", 101+i), "10.2.0.1", 3306, 1)
	}
	for _, w := range []*wire{before, now} { // both are watched for a day
		w.at = w.at.Add(24 * time.Hour)
		w.tcp("ssl", "10.1.0.1", "10.2.0.1", 443, 1)
	}
	zones := "zones:\n- {name: a, level: 4, networks: [10.1.0.0/24]}\n- {name: b, level: 3.5, networks: [10.2.0.0/24]}\n- {name: c, level: 2, networks: [10.3.0.0/24]}\n"
	r := Audit(now.t, Options{Zones: must(t, zones), Before: before.t})
	var got []string
	for _, c := range r.Drift.Changes {
		got = append(got, fmt.Sprintf("%s %s→%s %s, finding %v, +%v -%v", c.Kind, r.Zoning.Zones[c.From].Name, r.Zoning.Zones[c.To].Name, c.Service, c.Blamed, c.Added, c.Removed))
		if len(c.Refs) == 0 || c.Why == "" {
			t.Errorf("%s %s cites %v, says %q", c.Kind, c.Service, c.Refs, c.Why)
		}
	}
	want := []string{
		"new a→c rdp (tcp/3389), finding true, +[10.1.0.1 10.3.0.1] -[]",
		"opened a→c modbus (tcp/502), finding true, +[10.1.0.1 10.3.0.1] -[]",
		"closed a→c ssh (tcp/22), finding false, +[] -[]",
		"gone a→b ftp (tcp/21), finding false, +[] -[]",
		"hosts b→c opcua (tcp/4840), finding false, +[10.2.0.9] -[10.2.0.1]",
		"volume a→b http (tcp/80), finding false, +[] -[]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("[{10.2.0.9 2 false} {10.1.0.120 1 false} {10.1.0.100 1 true}]", fmt.Sprint(r.Drift.Hosts)); diff != "" {
		t.Errorf("hosts (-want +got):\n%s", diff)
	}
	same := Audit(now.t, Options{Zones: must(t, zones), Before: now.t})
	if len(same.Drift.Changes)+len(same.Drift.Hosts) > 0 {
		t.Errorf("compared with itself: %+v", same.Drift)
	}
}
