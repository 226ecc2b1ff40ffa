package segmentation

import (
	"net/netip"
	"testing"
)

// TestApart: the border between plant and office lies between hosts of different
// sides, whatever their addresses; within the plant there is none, and where it
// is not known what a host is, different networks are taken for different sides.
func TestApart(t *testing.T) {
	w := threeZones()
	for _, plc := range []string{"10.4.0.31", "10.4.0.32"} { // another network of the plant, commanded from the first
		w.tcp("modbus", "10.3.0.10", plc, 502, 20)
	}
	w.conn("udp", "S0", "dns", "10.5.0.9", "10.5.3.255", 137) // a network of 22 bits shows itself
	w.tcp("modbus", "10.5.0.9", "10.5.2.40", 502, 9)
	z := Infer(w.t)
	for _, x := range []struct {
		a, b  string
		apart bool
		why   string
	}{
		{"10.1.0.14", "10.3.0.22", true, "office and controller"},
		{"10.3.0.22", "10.1.0.14", true, "controller and office"},
		{"10.2.0.5", "10.3.0.10", true, "what stands between plant and office is not of the plant"},
		{"10.3.0.10", "10.4.0.31", false, "two networks of the plant"},
		{"10.3.0.10", "10.3.0.22", false, "one network"},
		{"::ffff:10.3.0.10", "10.4.0.31", false, "the same in another form"},
		{"10.5.0.9", "10.5.2.40", false, "one network, wider than 24 bits"},
		{"10.77.0.1", "10.3.0.22", true, "nobody saw what the first is"},
		{"203.0.113.5", "10.3.0.22", true, "the Internet"},
	} {
		if got := z.Apart(netip.MustParseAddr(x.a), netip.MustParseAddr(x.b)); got != x.apart {
			t.Errorf("%s, %s: apart %v, want %v: %s", x.a, x.b, got, x.apart, x.why)
		}
	}
}
