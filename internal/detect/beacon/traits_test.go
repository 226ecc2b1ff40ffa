package beacon

import (
	"fmt"
	"math"
	"net/netip"
	"testing"
	"time"

	"longwatch/internal/proto/dhcp"
	"longwatch/internal/proto/ssl"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// A name is followed by the hello of TLS, which tells no size: the connections to
// its addresses do, and tell a program that always asks for as much from one that
// does not.
func TestSizesOfAName(t *testing.T) {
	o := newOffice()
	size := func(name, to string, bytes func(i int) uint64) (same, carried float64) {
		for i := range 40 {
			at := o.start.Add(time.Duration(i) * 10 * time.Minute)
			c := &network.Conn{Conn: o.head(at, 1, to), Proto: "tcp", OrigBytes: record.Some(bytes(i)), RespBytes: record.Some(uint64(200))}
			o.d.conn(c, nil)
			o.d.tls(&ssl.Record{Conn: o.head(at, 1, to), ServerName: name}, nil)
		}
		i, _ := o.d.hosts.at(o.head(o.start, 1, to).OrigH)
		return o.d.sizes(o.d.channels[channelID(i, byName, name)])
	}
	if same, carried := size("steady.example", "203.0.113.1", func(int) uint64 { return 300 }); same != 1 || math.Abs(carried-500) > 5 {
		t.Errorf("always 300 bytes there and 200 back: %.2f alike, %.0f bytes", same, carried)
	}
	if same, _ := size("varied.example", "203.0.113.2", func(i int) uint64 { return uint64(100 << (i % 8)) }); same > 0.5 {
		t.Errorf("eight sizes in turn: %.2f alike", same)
	}
}

// Many names of one party with one program are how any service is built; peers of
// several parties with one rare fingerprint have one owner who does not say so.
func TestOwners(t *testing.T) {
	for _, c := range []struct {
		what string
		name func(i int) string
		want bool
	}{
		{"names of one party", func(i int) string { return fmt.Sprintf("n%d.service.example.com", i) }, false},
		{"domains of their own", func(i int) string { return fmt.Sprintf("www.rotating%d.com", i) }, true},
	} {
		o := newOffice()
		for i := range 60 {
			at := o.start.Add(48*time.Hour + time.Duration(i)*10*time.Minute)
			o.d.conn(&network.Conn{Conn: o.head(o.start.Add(time.Duration(i)*time.Second), 1, "198.51.100.7"), Proto: "tcp"}, nil)
			to := fmt.Sprintf("203.0.113.%d", i%10)
			o.d.conn(&network.Conn{Conn: o.head(at, 1, to), Proto: "tcp", OrigBytes: record.Some(uint64(300)), RespBytes: record.Some(uint64(100))}, nil)
			o.d.tls(&ssl.Record{Conn: o.head(at, 1, to), ServerName: c.name(i % 10), JA4: "t12i_rare"}, nil)
		}
		i, _ := o.d.hosts.at(o.head(o.start, 1, "198.51.100.7").OrigH)
		ch := o.d.channels[channelID(i, byPrint, "ja4 t12i_rare")]
		if ch == nil {
			t.Fatalf("%s: not followed", c.what)
		}
		if f, ok := o.d.score(ch); !ok || f.t.Rotating > 1 != c.want {
			t.Errorf("%s: %d owners of about %d peers, %v", c.what, f.t.Rotating, ch.distinct(), ok)
		}
	}
}

// What is in contact every minute is so in the first quarter of an hour of the
// day, too.
func TestComesUpWithItsHost(t *testing.T) {
	once := traits{Starts: 12, OfStarts: 14, Same: 1, Solitary: 1, ByChance: 0.03}
	always := once
	always.ByChance = 1
	if a, b := started(once), started(always); a < 10 || b != 0 {
		t.Errorf("evidence %.1f for one contact a day with the host's coming up, %.1f for one a minute", a, b)
	}
	if rare := (traits{Starts: 3, OfStarts: 3, Same: 1, Solitary: 1}); started(rare) != 0 {
		t.Error("three times may be chance")
	}
	h := &host{hours: 200}
	for _, c := range []struct {
		events uint32
		least  float64
		most   float64
	}{{20, 0.02, 0.03}, {12000, 0.99, 1}} {
		if p := byChance(&channel{events: c.events}, h); p < c.least || p > c.most {
			t.Errorf("%d contacts in 200 hours come within a quarter of an hour by chance with %.3f", c.events, p)
		}
	}
}

func TestSmall(t *testing.T) {
	for _, c := range []struct{ bytes, want float64 }{{300, 1}, {1024, 1}, {8192, 0.5}, {65536, 0}, {1e7, 0}, {0, smallUnsized}} {
		if got := small(traits{Bytes: c.bytes}); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%.0f bytes: %.2f, want %.2f", c.bytes, got, c.want)
		}
	}
}

// A host is called what its address was leased to, for a week after the last
// renewal; before the first lease that is seen, what that one says.
func TestNamed(t *testing.T) {
	o := newOffice()
	a := o.head(o.start, 1, "198.51.100.7").OrigH
	day := func(n int) record.Time { return o.start.Add(time.Duration(n) * 24 * time.Hour) }
	for _, x := range []struct {
		day  int
		name string
	}{{2, "LAP-1"}, {3, "lap-1"}, {9, ""}, {10, "lap-2"}} {
		r := &dhcp.Record{AssignedAddr: a, HostName: x.name}
		r.TS = day(x.day)
		if x.name != "" {
			o.d.lease(r, nil)
		}
	}
	i, _ := o.d.hosts.at(a)
	for n, want := range map[int]string{0: "lap-1", 2: "lap-1", 9: "lap-1", 10: "lap-2", 17: "lap-2", 18: a.String()} {
		if got := o.d.hosts.list[i].named(day(n)); got != want {
			t.Errorf("on day %d %q, want %q", n, got, want)
		}
	}
}

// A fingerprint of other peers that happens to keep about the same time is not
// the same contacts: a beacon must not be told under somebody else's name.
func TestSameContacts(t *testing.T) {
	print := &channel{kind: byPrint, value: "ja4 system", first: 1, last: 100}
	for i := range 9 {
		print.notePeer(netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), "")
	}
	other := &channel{kind: byName, value: "other.example", first: 2, last: 90}
	for i := 0; other.peers == nil; i++ { // an address that the few bits tell apart
		if a := netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}); print.peerBits>>(hashAddr(a)%64)&1 == 0 {
			other.notePeer(a, "")
		}
	}
	one := &channel{kind: byName, value: "one.example", first: 2, last: 90}
	one.notePeer(netip.AddrFrom4([4]byte{198, 51, 100, 8}), "") // not among those that are kept
	r := rhythm{Median: 600}
	if same(found{c: print, r: r}, found{c: other, r: r}) || !same(found{c: print, r: r}, found{c: one, r: r}) {
		t.Error("a peer that the fingerprint was never met at is taken for one of its, or one of its for another")
	}
}

// What hunts before saw the host at already was there to be told of then.
func TestHabitCountsLess(t *testing.T) {
	x := traits{Hosts: 1, Of: 100, Same: 1, Solitary: 1, Bytes: 500, Lasting: 1}
	r := rhythm{Gaps: 500, Evidence: 400, Cover: 1}
	y := x
	y.Habit = true
	if a, b := score(r, x), score(r, y); a < leastScore || b >= leastScore {
		t.Errorf("scores %.2f without a memory and %.2f as a habit, want one above %v and one below", a, b, leastScore)
	}
}
