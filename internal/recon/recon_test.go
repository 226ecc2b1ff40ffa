package recon

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"longwatch/internal/asn"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
	"longwatch/internal/record/web"
)

var start = record.TimeOf(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))

type feeder struct {
	s   *Scout
	pos int64
}

func newFeeder() *feeder {
	home := netip.MustParsePrefix("10.0.0.0/8")
	return &feeder{s: New(home.Contains, asn.New())}
}

func (f *feeder) put(r record.Record) {
	f.pos++
	r.Base().Ref = record.Ref{File: "x", Kind: record.RefRecord, Pos: f.pos}
	if f.s.Wants(r) {
		f.s.Learn(r)
	}
}

func (f *feeder) conn(hours float64, from, to string, port uint16, state string, bytes uint64) {
	c := &network.Conn{Proto: "tcp", State: state, OrigBytes: record.Some(bytes), RespBytes: record.Some(bytes)}
	c.TS, c.OrigH, c.RespH, c.RespP = start.Add(time.Duration(hours*float64(time.Hour))), netip.MustParseAddr(from), netip.MustParseAddr(to), port
	f.put(c)
}

func (f *feeder) web(hours float64, from, stem string, status uint16) {
	a := &web.Access{Server: "www", ClientIP: netip.MustParseAddr(from), Stem: stem, Status: status}
	a.TS = start.Add(time.Duration(hours * float64(time.Hour)))
	f.put(a)
}

func TestSeen(t *testing.T) {
	f := newFeeder()
	// Two scanners of one network and one of another (RIPE NCC's and Google's
	// addresses stand in), a prober of web paths, a visitor, a client, an own host.
	for i := range 5 {
		for _, from := range []string{"193.0.6.10", "193.0.6.11"} {
			f.conn(float64(i), from, fmt.Sprintf("10.0.1.%d", i+1), 22, "S0", 0)
		}
		f.conn(26, "8.8.8.8", "10.0.1.9", uint16(1000+i), "REJ", 0)
		f.web(30, "9.9.9.9", []string{"/owa/x", "/dana-na/y", "/.env", "/wp-login.php", "/seeyon/z"}[i], 404)
		f.web(31, "1.1.1.1", "/index.html", 200)
		f.conn(32, "1.0.0.1", "10.0.1.2", 443, "SF", 500)
		f.conn(33, "10.0.5.5", "10.0.1.2", uint16(i), "S0", 0)
	}
	f.web(31, "1.1.1.1", "/favicon.ico", 404)
	seen := f.s.Finish([]finding.Finding{
		{ID: "f-1", Severity: finding.High, Entities: []record.Entity{{Kind: "address", Value: "9.9.9.9"}}},
		{ID: "f-2", Severity: finding.Low, Entities: []record.Entity{{Kind: "address", Value: "8.8.8.8"}}},
	})
	if seen == nil || seen.Sources != 4 || seen.Attempts != 20 {
		t.Fatalf("%+v, want 4 sources and 20 attempts", seen)
	}
	if c := seen.Countries; len(c) != 2 || c[0] != (Country{"NL", 2, 10}) || c[1] != (Country{"US", 2, 10}) {
		t.Errorf("countries %+v", c)
	}
	if o := seen.Origins[0]; o.ASN != 3333 || o.Sources != 2 || o.Attempts != 10 || o.First != start || len(o.Top) != 2 || len(o.Refs) != 6 || o.Services[0] != "tcp/22" {
		t.Errorf("first origin %+v", o)
	}
	if g := seen.Targets[0]; g.Site != "10.0.1.0/24" || g.Service != "tcp/22" || g.Sources != 2 {
		t.Errorf("first target %+v", g)
	}
	if d := seen.Days; len(d) != 2 || d[0] != (Day{"2026-03-02", 2, 10, false}) || d[1] != (Day{"2026-03-03", 2, 10, false}) {
		t.Errorf("days %+v", d)
	}
	if e := seen.Entered; len(e) != 1 || e[0].Source != "9.9.9.9" || len(e[0].Findings) != 1 {
		t.Errorf("followed %+v", e)
	}
}

// Visitors, clients and a few failures are nobody who looks around.
func TestNobody(t *testing.T) {
	f := newFeeder()
	for i := range 50 {
		f.web(1, "1.1.1.1", fmt.Sprintf("/page%d", i), 200)
		f.conn(1, "8.8.8.8", "10.0.1.2", 443, "SF", 900)
	}
	for i := range 8 {
		f.web(2, "1.1.1.1", fmt.Sprintf("/old%d", i), 404)
		f.conn(2, "8.8.8.8", "10.0.1.2", 443, "S0", 0)
	}
	if seen := f.s.Finish(nil); seen != nil {
		t.Errorf("%+v", seen)
	}
}

// A day on which far more sources come than on others stands out.
func TestSpike(t *testing.T) {
	f := newFeeder()
	for day := range 20 {
		sources := 3
		if day == 12 {
			sources = 40
		}
		for s := range sources {
			for p := range 4 {
				f.conn(float64(24*day)+1, fmt.Sprintf("8.8.%d.%d", day, s+1), "10.0.1.2", uint16(20+p), "S0", 0)
			}
		}
	}
	for i, d := range f.s.Finish(nil).Days {
		if d.High != (i == 12) {
			t.Errorf("%+v", d)
		}
	}
}
