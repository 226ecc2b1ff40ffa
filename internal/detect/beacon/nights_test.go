package beacon

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/proto/http"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// office is four weeks of hosts that are on for nine hours of each weekday and
// talk to a site that all have.
type office struct {
	d     *detector
	rng   *rand.Rand
	start record.Time
	n     int64
}

func newOffice() *office {
	env := detect.Env{HomeNet: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	return &office{d: newDetector(env, leastScore), rng: rand.New(rand.NewPCG(7, 8)), start: record.TimeOf(time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))}
}

func (o *office) head(at record.Time, host int, to string) record.Conn {
	o.n++
	return record.Conn{Head: record.Head{TS: at, Ref: record.Ref{File: "x", Pos: o.n}}, OrigH: netip.AddrFrom4([4]byte{10, 1, 0, byte(host)}), RespH: netip.MustParseAddr(to), RespP: 443}
}

// month plays the office; extra puts what else happens on the first host.
func (o *office) month(extra func(day int, on, off record.Time)) []finding.Finding {
	for day := range 28 {
		if day%7 >= 5 {
			continue
		}
		for host := range 10 {
			on := o.start.Add(time.Duration(day)*24*time.Hour + 8*time.Hour + time.Duration(o.rng.IntN(60))*time.Minute)
			for m := 0; m < 540; m += 11 {
				c := &network.Conn{Conn: o.head(on.Add(time.Duration(m)*time.Minute), host, "198.51.100.7"), Proto: "tcp", OrigBytes: record.Some(uint64(o.rng.IntN(9000))), RespBytes: record.Some(uint64(9))}
				o.d.conn(c, nil)
				if host == 0 && m == 0 {
					extra(day, on, on.Add(9*time.Hour))
				}
			}
		}
	}
	var got reports
	o.d.judge(&got)
	return got
}

// A timer of a day on a host that is off at night is late on most mornings. The
// turns that came while it was on keep time to the second.
func TestTimerLongerThanTheDay(t *testing.T) {
	o := newOffice()
	var next record.Time
	got := o.month(func(day int, on, off record.Time) {
		if day < 7 {
			return
		}
		if next == 0 || next < on {
			next = on.Add(time.Duration(60+o.rng.IntN(200)) * time.Second)
		}
		if next < off {
			c := &network.Conn{Conn: o.head(next, 0, "203.0.113.9"), Proto: "tcp", OrigBytes: record.Some(uint64(300)), RespBytes: record.Some(uint64(100))}
			o.d.conn(c, nil)
			next = next.Add(24 * time.Hour)
		}
	})
	if len(got) != 1 || got[0].Entities[1].Value != "203.0.113.9" {
		t.Errorf("%d findings: %+v", len(got), got)
	}
}

// Visits once a day, at whatever hour, are a habit and no timer.
func TestOneVisitADay(t *testing.T) {
	o := newOffice()
	got := o.month(func(day int, on, _ record.Time) {
		if day < 7 {
			return
		}
		at := on.Add(time.Duration(20+o.rng.IntN(500)) * time.Minute)
		for k := range 1 + o.rng.IntN(4) {
			c := &network.Conn{Conn: o.head(at.Add(time.Duration(k*7)*time.Second), 0, "203.0.113.9"), Proto: "tcp", OrigBytes: record.Some(uint64(o.rng.IntN(9000))), RespBytes: record.Some(uint64(9))}
			o.d.conn(c, nil)
		}
	})
	if len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// Behind a proxy the peers that share a user agent are told by the names that
// were asked for.
func TestRotationBehindAProxy(t *testing.T) {
	o := newOffice()
	turn := 0
	got := o.month(func(day int, on, off record.Time) {
		if day < 7 {
			return
		}
		for at := on.Add(time.Minute); at < off; at = at.Add(time.Duration(15+o.rng.IntN(30)) * time.Minute) {
			name := fmt.Sprintf("cdn%d.rotation%d.example", turn%9, turn%9)
			turn++
			o.d.request(&http.Request{Conn: o.head(at, 0, "10.0.0.3"), Method: connect, URI: name + ":443", Host: name, UserAgent: "client/7", StatusCode: record.Some(uint64(200))}, nil)
		}
	})
	i := slices.IndexFunc(got, func(f finding.Finding) bool {
		return slices.Contains(f.Entities, record.Entity{Kind: "user_agent", Value: "client/7"})
	})
	if i < 0 {
		t.Fatalf("not found: %+v", got)
	}
	names := 0
	for _, e := range got[i].Entities {
		if e.Kind == "domain" && strings.HasSuffix(e.Value, ".example") {
			names++
		}
	}
	if names != keptPeers {
		t.Errorf("%d names told, want %d: %+v", names, keptPeers, got[i].Entities)
	}
}

// A fingerprint that many hosts have anywhere is no one's mark, though few have
// it at rare peers.
func TestFingerprintOfMany(t *testing.T) {
	d := newOffice().d
	for i := range uint32(6) {
		d.crowd.add(anyPeer("ja4 system"), i, 1)
	}
	d.hosts.at(netip.MustParseAddr("10.1.0.1"))
	c := &channel{kind: byPrint, value: "ja4 system", peer: 1, events: 9, contacts: 9, peerBits: 0xff}
	c.gaps = []uint32{100, 100, 100}
	if f, ok := d.score(c); !ok || f.t.Rotating != 0 {
		t.Errorf("%+v %v", f.t, ok)
	}
}
