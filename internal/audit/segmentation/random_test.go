package segmentation

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"longwatch/internal/finding"
)

// drawnSite is a plant whose zones are known, with one crossing planted.
type drawnSite struct {
	*wire
	r        *rand.Rand
	known    map[string]string // networks with their zone and level
	desks    int
	level3   bool
	uplink   string // host that the DMZ speaks with
	from, to string // of the crossing that was planted; to may be the Internet
}

func (s *drawnSite) often() bool { return s.r.IntN(2) == 0 }

// draw makes a plant of three to five networks: whether there is a directory,
// the Internet, a level 3, a replica or a jump host in the DMZ, and how many
// hosts, is drawn.
func draw(seed uint64) *drawnSite {
	s := &drawnSite{
		wire: newWire(), r: rand.New(rand.NewPCG(seed, 9)), uplink: "10.3.0.10",
		known: map[string]string{"10.1.0.0/24": "enterprise 4", "10.2.0.0/24": "dmz 3.5", "10.3.0.0/24": "control 2"},
	}
	s.desks = 4 + s.r.IntN(9)
	replica := s.r.IntN(3) > 0
	jump := s.often() || !replica
	s.offices(replica, jump)
	if s.level3 = s.often(); s.level3 {
		s.operations(jump)
	}
	s.middle(replica, jump)
	protocol := []string{"modbus", "s7comm", "dnp3", "enip"}[s.r.IntN(4)]
	for h := range 1 + s.r.IntN(3) {
		for p := range 1 + s.r.IntN(5) {
			s.tcp(protocol, fmt.Sprintf("10.3.0.%d", 10+h), fmt.Sprintf("10.3.0.%d", 50+p), 502, 3)
		}
	}
	if s.often() { // controllers among themselves
		s.tcp("enip", "10.3.0.50", "10.3.0.51", 44818, 2)
	}
	return s
}

func (s *drawnSite) desk(i int) string { return fmt.Sprintf("10.1.0.%d", 10+i) }

func (s *drawnSite) offices(replica, jump bool) {
	directory, internet, servers := s.often(), s.often(), s.often()
	for i := range s.desks {
		if directory {
			s.tcp("krb_tcp", s.desk(i), "10.1.0.2", 88, 1)
		}
		if internet && s.often() || !directory {
			s.tcp("ssl", s.desk(i), "203.0.113.7", 443, 1)
		}
		if replica {
			s.tcp("ssl", s.desk(i), "10.2.0.5", 443, 1)
		}
		if jump && (i == 0 || s.r.IntN(4) == 0) {
			s.tcp("rdp", s.desk(i), "10.2.0.6", 3389, 1)
		}
		if servers {
			s.known["10.11.0.0/24"] = "enterprise 4"
			s.tcp("http", s.desk(i), "10.11.0.4", 80, 1)
		}
	}
	if directory && s.often() { // the DMZ logs on to the office's directory
		s.tcp("krb_tcp", "10.2.0.5", "10.1.0.2", 88, 1)
		s.tcp("krb_tcp", "10.2.0.6", "10.1.0.2", 88, 1)
	}
}

func (s *drawnSite) operations(jump bool) {
	s.known["10.4.0.0/24"] = "operations 3"
	s.uplink = "10.4.0.7"
	s.tcp("opcua-binary", "10.4.0.7", "10.3.0.10", 4840, 3)
	if jump {
		s.tcp("rdp", "10.4.0.7", "10.3.0.10", 3389, 1)
	}
	if s.often() { // operators log on to a directory of the plant
		s.tcp("krb_tcp", "10.3.0.10", "10.4.0.2", 88, 1)
		s.tcp("smb", "10.3.0.10", "10.4.0.3", 445, 1)
	}
}

func (s *drawnSite) middle(replica, jump bool) {
	switch {
	case replica && s.level3 && s.often():
		s.tcp("tds", s.uplink, "10.2.0.5", 1433, 3)
	case replica:
		s.tcp("opcua-binary", "10.2.0.5", s.uplink, 4840, 3)
	}
	if jump {
		s.tcp("rdp", "10.2.0.6", s.uplink, 3389, 1)
	}
	if s.often() { // a page for partners
		s.tcp("ssl", "203.0.113.99", "10.2.0.9", 443, 1)
		s.tcp("ssl", s.desk(0), "10.2.0.9", 443, 1)
	}
	if s.often() { // a mirror for updates
		s.tcp("ssl", "10.2.0.8", "203.0.113.80", 443, 2)
		s.tcp("http", s.uplink, "10.2.0.8", 8530, 2)
	}
}

// plant adds one crossing that should not be.
func (s *drawnSite) plant() {
	s.from, s.to = s.desk(s.r.IntN(s.desks)), "10.3.0.10"
	switch s.r.IntN(4) {
	case 0:
		s.to = "10.3.0.50"
		s.tcp("modbus", s.from, s.to, 502, 1)
	case 1:
		s.tcp("rdp", s.from, s.to, 3389, 1)
	case 2:
		s.tcp("smb", s.from, s.to, 445, 1)
	case 3:
		s.from, s.to = "10.3.0.10", internetZone
		s.tcp("ssl", s.from, "203.0.113.10", 443, 1)
	}
}

// TestDrawnSites: of plants that are drawn, every network is taken for what it
// is, and the crossing that is planted is named, high or worse; beside it
// nothing is but a jump host of the DMZ that goes past level 3.
func TestDrawnSites(t *testing.T) {
	networks := 0
	for seed := range uint64(300) {
		s := draw(seed)
		s.plant()
		r := Audit(s.t, Options{})
		got := zonesOf(t, r)
		for n, want := range s.known {
			networks++
			if got[n] != want {
				t.Errorf("seed %d: %s is taken for %s, and is %s", seed, n, got[n], want)
			}
		}
		named := false
		for _, f := range r.Findings {
			p := f.Pairs[0]
			switch {
			case len(f.Pairs) == 1 && end(p.Orig, false) == s.from && end(p.Resp, false) == s.to && f.Severity >= finding.High:
				named = true
			case f.Severity >= finding.Medium && (end(p.Orig, false) != "10.2.0.6" || s.level3):
				t.Errorf("seed %d: %v %v, which nobody planted", seed, f.Severity, f.Why)
			}
		}
		if !named {
			t.Errorf("seed %d: %s to %s is not named: %v", seed, s.from, s.to, titlesOf(r))
		}
	}
	if networks < 900 {
		t.Errorf("%d networks", networks)
	}
}
