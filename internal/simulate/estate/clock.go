package estate

import (
	"net/netip"
	"time"

	"longwatch/internal/simulate/packet"
)

// Branch is one place of an organisation: its segments are those of the main
// one with 60 more in the third octet for each branch.
const Branch = 60

// Sensor is a place where traffic was captured.
type Sensor struct {
	Clock time.Duration // by how much its clock is ahead
}

// told is the time that a machine's own clock shows.
func (h *Host) told(at time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	return at.Add(h.Clock)
}

// local is what a machine writes into text logs that name no zone.
func (h *Host) local(at time.Time) time.Time { return at.Add(h.Clock + h.Zone).UTC() }

// Place is the number of the branch that an address belongs to, from zero.
func (s *Site) Place(ip netip.Addr) int {
	if a := ip.As4(); ip.Is4() && a[0] == 10 && a[1] == s.Octet && a[2] < 200 {
		return int(a[2]) / Branch
	}
	return 0
}

// Sensor is the file that the traffic of a host's place is in.
func (h *Host) Sensor() string {
	return "network/sensor-" + itoa(h.Site.Place(h.IP)+1) + ".pcap"
}

// sensors are the views of the places: each sees the traffic of its own
// segments. A site of one place has one sensor that sees all.
func (s *Site) sensors() []packet.View {
	if len(s.Sensors) < 2 {
		v := packet.View{}
		if len(s.Sensors) == 1 {
			v.Clock = s.Sensors[0].Clock
		}
		return []packet.View{v}
	}
	views := make([]packet.View, len(s.Sensors))
	for i, sensor := range s.Sensors {
		views[i].Clock = sensor.Clock
		for _, third := range segments(i) {
			views[i].Segments = append(views[i].Segments, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, s.Octet, third, 0}), 24))
		}
	}
	views[0].Segments = append(views[0].Segments, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, s.Octet, 212, 0}), 24)) // the VPN ends at the main place
	return views
}

// segments are the third octets of a place.
func segments(place int) []byte {
	out := []byte{Management, Desktops, Servers, DMZ, Plant}
	for i := range out {
		out[i] += byte(Branch * place)
	}
	return out
}
