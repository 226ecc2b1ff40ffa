package app_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/app"
	"longwatch/internal/audit/segmentation"
	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/packet"
	"longwatch/internal/simulate/talk"
)

// plant is a capture of three zones that are known: offices in 10.1.0.0/24, a
// DMZ in 10.2.0.0/24, controllers and their operators in 10.3.0.0/24.
type plant struct {
	*packet.Capture
	r        *chance.Rand
	at       time.Time
	stations map[string]*packet.Station
}

func newPlant() *plant {
	r := chance.New(8, "plant")
	local := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/24"), netip.MustParsePrefix("10.2.0.0/24"), netip.MustParsePrefix("10.3.0.0/24")}
	return &plant{Capture: packet.NewCapture([6]byte{2, 0, 0, 0, 0, 1}, local, r), r: r, at: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), stations: map[string]*packet.Station{}}
}

func (p *plant) station(ip string) *packet.Station {
	s := p.stations[ip]
	if s == nil {
		a := netip.MustParseAddr(ip)
		b := a.As4()
		s = &packet.Station{MAC: [6]byte{2, 0, b[0], b[1], b[2], b[3]}, IP: a, Stack: packet.Windows}
		if !a.IsPrivate() {
			s.Hops = 9
		}
		p.stations[ip] = s
	}
	return s
}

func (p *plant) dial(from, to string, port uint16) *packet.Conn {
	p.at = p.at.Add(20 * time.Second)
	return p.Dial(p.at, p.station(from), p.station(to), p.station(from).Port(p.r), port, packet.LAN(p.r))
}

func (p *plant) modbus(from, to string, write bool) {
	k := p.dial(from, to, 502)
	ask, answer := talk.ReadRegisters(p.r, 1, 1, 0, 8)
	k.Send(packet.Client, ask)
	k.Send(packet.Server, answer)
	if write {
		ask, answer = talk.WriteRegister(2, 1, 40, 1)
		k.Send(packet.Client, ask)
		k.Send(packet.Server, answer)
	}
	k.Close(packet.Client)
}

func (p *plant) page(from, to string, port uint16) {
	k := p.dial(from, to, port)
	k.Send(packet.Client, talk.Request("GET", "/values", "replica.example", nil, nil))
	k.Send(packet.Server, talk.Response(p.at, 200, nil, []byte("12.7")))
	k.Close(packet.Client)
}

func (p *plant) ssh(from, to string) {
	k := p.dial(from, to, 22)
	talk.StartSSH(k, p.r, "SSH-2.0-OpenSSH_9.6", "SSH-2.0-OpenSSH_8.4")
	k.Close(packet.Client)
}

func (p *plant) name(from, to string) {
	p.at = p.at.Add(time.Second)
	port := p.station(from).Port(p.r)
	p.UDP(p.at, p.station(from), p.station(to), port, 53, talk.Query(7, "www.example.com", talk.TypeA))
	p.UDP(p.at.Add(time.Millisecond), p.station(to), p.station(from), 53, port, talk.Reply(7, "www.example.com", talk.TypeA, talk.NoError, nil))
}

// live is a day that keeps the conduits: offices browse and read the replica
// in the DMZ, the replica fetches pages from the operators' server, operators
// command the controllers.
func (p *plant) live() {
	for i := 10; i < 15; i++ {
		desk := fmt.Sprintf("10.1.0.%d", i)
		p.name(desk, "10.1.0.2")
		p.page(desk, "198.51.100.7", 80)
		p.page(desk, "10.2.0.5", 80)
	}
	p.page("10.2.0.5", "10.3.0.10", 8080)
	p.page("10.2.0.5", "10.3.0.10", 8080)
	for _, operator := range []string{"10.3.0.10", "10.3.0.11"} {
		for i := 21; i < 24; i++ {
			p.modbus(operator, fmt.Sprintf("10.3.0.%d", i), i == 21)
		}
	}
}

// audit makes records of the capture and judges them.
func (p *plant) audit(t *testing.T, from ...string) *segmentation.Report {
	t.Helper()
	file := filepath.Join(t.TempDir(), "plant.pcap")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.WriteTo(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return auditCapture(t, file, from...)
}

func auditCapture(t *testing.T, file string, from ...string) *segmentation.Report {
	t.Helper()
	c := app.Default()
	c.Paths, c.Out = []string{file}, filepath.Join(t.TempDir(), "records")
	if _, err := app.Records(context.Background(), c, silent{}); err != nil {
		t.Fatal(err)
	}
	r, err := (&app.Segmentation{Input: c.Out, From: from}).Run(context.Background(), silent{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// passedBetween is the matrix: connections that passed from zone to zone.
func passedBetween(r *segmentation.Report) map[string]uint64 {
	out := map[string]uint64{}
	for _, c := range r.Crossing {
		if c.Passed > 0 {
			out[r.Zoning.Zones[c.From].Name+" → "+r.Zoning.Zones[c.To].Name+" "+c.Protocol] += c.Passed
		}
	}
	return out
}

// TestSegmentationOfACapture: of packets of three known zones, the matrix is
// the known one, and nothing is found while the conduits are kept; what is then
// planted is named, and an intruder's reach is what the packets show.
func TestSegmentationOfACapture(t *testing.T) {
	quiet := newPlant()
	quiet.live()
	r := quiet.audit(t)
	known := map[string]uint64{
		"enterprise → enterprise dns": 5, "enterprise → internet http": 5, "enterprise → dmz http": 5, "dmz → control http": 2, "control → control modbus": 6,
	}
	if diff := cmp.Diff(known, passedBetween(r)); diff != "" {
		t.Errorf("matrix (-known +inferred):\n%s", diff)
	}
	if len(r.Findings) > 0 {
		t.Errorf("the plant keeps its conduits: %q", r.Findings[0].Why)
	}
	p := newPlant()
	p.live()
	p.ssh("10.1.0.12", "10.2.0.5")
	p.modbus("10.1.0.13", "10.3.0.22", true)
	r = p.audit(t, "10.1.0.12", "10.1.0.13")
	if len(r.Findings) != 1 {
		t.Fatalf("%d findings, want the one that was planted", len(r.Findings))
	}
	f := r.Findings[0]
	if f.Severity.String() != "critical" || f.Changes != 1 || len(f.Pairs) != 1 || f.Pairs[0].Orig.String() != "10.1.0.13" || f.Pairs[0].Resp.String() != "10.3.0.22" || f.Pairs[0].Refs[0].Pos == 0 {
		t.Errorf("planted: %+v", f)
	}
	steps := map[string]int{}
	for _, x := range r.Reaches[0].Sure {
		steps[x.Host.String()] = x.Steps
	}
	want := map[string]int{"10.1.0.2": 1, "10.2.0.5": 1, "10.3.0.10": 2, "invalid IP": 1} // the Internet, and by SSH to the replica the operators' server
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Errorf("reach (-by hand +found):\n%s", diff)
	}
}

// TestSegmentationByHand: real captures of plants, worked out by hand from
// what tshark lists of their conversations.
func TestSegmentationByHand(t *testing.T) {
	const corpora = "../../../shared/corpora/ics-pcap/"
	tests := []struct {
		file          string
		zones         map[string]string
		matrix        map[string]uint64
		hosts, turned int
	}{
		// Two stations of 192.168.1.0/24 poll one outstation by IEC 60870-5-104, which asks a third for the time.
		{"IEC60870-5-104/JavaRMI_and_IEC_Misc.pcap", map[string]string{"192.168.1.0/24": "supervision 2", "10.209.13.0/24": "control 1"},
			map[string]uint64{"supervision → control iec104": 2, "control → supervision ntp": 1}, 4, 0},
		// One network of 16 bits, as a broadcast to 172.16.255.255 shows: 172.16.0.101 speaks MMS with seven devices on port 102,
		// five times from the middle of the connection with the device's packet first; two of the devices only confirm.
		{"IEC61850/Sample_File_MMS_and_GOOSE.pcap", map[string]string{"172.16.0.0/16": "control 2"}, nil, 12, 5},
	}
	for _, x := range tests {
		t.Run(filepath.Base(x.file), func(t *testing.T) {
			if _, err := os.Stat(corpora + x.file); err != nil {
				t.Skip("the corpora are not here")
			}
			r := auditCapture(t, corpora+x.file)
			zones, hosts := map[string]string{}, 0
			for _, z := range r.Zoning.Zones {
				for _, n := range z.Networks {
					zones[n.String()] = z.Name + " " + z.Level.String()
				}
				hosts += len(z.Members())
			}
			if diff := cmp.Diff(x.zones, zones); diff != "" {
				t.Errorf("zones (-by hand +inferred):\n%s", diff)
			}
			if diff := cmp.Diff(x.matrix, passedBetween(r)); x.matrix != nil && diff != "" {
				t.Errorf("matrix (-by hand +inferred):\n%s", diff)
			}
			if hosts != x.hosts || int(r.Traffic.Turned) != x.turned || len(r.Findings) > 0 {
				t.Errorf("%d hosts, %d turned, %d findings; want %d, %d, 0", hosts, r.Traffic.Turned, len(r.Findings), x.hosts, x.turned)
			}
		})
	}
}
