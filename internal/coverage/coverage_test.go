package coverage

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/proto/dns"
	"longwatch/internal/proto/smb"
	"longwatch/internal/proto/ssl"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
)

func at(day, hour int) record.Time {
	return record.TimeOf(time.Date(2026, 3, day, hour, 0, 0, 0, time.UTC))
}

func event(h, channel string, id uint32, ts record.Time) *host.Event {
	e := &host.Event{Host: h, Channel: channel, EventID: id}
	e.TS = ts
	return e
}

func process(h, line string, ts record.Time) *host.Process {
	p := &host.Process{CommandLine: line}
	p.Host, p.TS = h, ts
	return p
}

// estate is three hosts over ten days; each has the classic logs and Sysmon.
func estate() []record.Record {
	var out []record.Record
	for day := 1; day <= 10; day++ {
		for _, h := range []string{"dc1", "srv1", "srv2"} {
			for _, c := range []string{"Security", "System", "Application", "Microsoft-Windows-Sysmon/Operational"} {
				out = append(out, event(h, c, 4688, at(day, 8)))
			}
			out = append(out, process(h, "x.exe /a", at(day, 8)))
		}
	}
	return out
}

func report(rs []record.Record, lanes int) *Report {
	c := NewCensus()
	ls := make([]*Lane, lanes)
	for i := range ls {
		ls[i] = c.Lane()
	}
	for i, r := range rs {
		ls[i%lanes].Put(r)
	}
	return c.Report(Window{})
}

func kinds(r *Report) []string {
	var out []string
	for _, l := range r.Limits {
		out = append(out, l.Kind+" "+l.Host+" "+l.Name)
	}
	return out
}

// TestWhole: evidence with nothing wrong has no limits, and the report does not
// depend on the order or the number of lanes.
func TestWhole(t *testing.T) {
	rs := estate()
	want := report(rs, 1)
	if len(want.Limits) > 0 {
		t.Errorf("limits of whole evidence: %q", kinds(want))
	}
	i := slices.IndexFunc(want.Sources, func(s Source) bool { return s.Host == "dc1" && s.Name == "Security" })
	if i < 0 {
		t.Fatalf("no Security log of dc1 in %+v", want.Sources)
	}
	s := want.Sources[i]
	if s.Records != 10 || s.Days != 10 || s.Silent != 0 || s.Start != When(at(1, 8)) || s.End != When(at(10, 8)) || s.Events[4688] != 10 {
		t.Errorf("Security of dc1 is %+v", s)
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(rs), func(i, j int) { rs[i], rs[j] = rs[j], rs[i] })
	if d := cmp.Diff(want, report(rs, 5)); d != "" {
		t.Errorf("another order tells something else: %s", d)
	}
}

// TestLimits: each way to lose evidence is told, with its place.
func TestLimits(t *testing.T) {
	without := func(h, channel string) []record.Record {
		return slices.DeleteFunc(estate(), func(r record.Record) bool {
			e, ok := r.(*host.Event)
			return ok && e.Host == h && e.Channel == channel
		})
	}
	clear := &host.LogClear{Channel: "Security"}
	clear.Host, clear.TS = "SRV1", at(5, 1)
	gap := &host.LogGap{Host: "srv2", Channel: "System", Kind: "missing", Missing: 40, Odds: 500, Why: "numbers 10 to 49 are missing"}
	conn := &network.Conn{MissedBytes: 500, OrigBytes: record.Some[uint64](2000), RespBytes: record.Some[uint64](3000)}
	tls := func(version string) *ssl.Record { return &ssl.Record{Established: true, Version: version} }
	var bare []record.Record
	for i := range 30 {
		bare = append(bare, process("srv9", "", at(3, i%24)))
	}
	for _, c := range []struct {
		name, want string
		rs         []record.Record
	}{
		{"a classic channel deleted", "missing-channel dc1 Application", without("dc1", "Application")},
		{"a channel that the others have", "missing-channel srv2 Microsoft-Windows-Sysmon/Operational", without("srv2", "Microsoft-Windows-Sysmon/Operational")},
		{"cleared", "log-cleared srv1 Security", append(estate(), clear)},
		{"records cut out", "log-gap srv2 System", append(estate(), gap)},
		{"packets dropped", "missed-bytes  ", append(estate(), conn)},
		{"shares encrypted", "encrypted-smb  ", append(estate(), &smb.Session{Plain: 10, Encrypted: 90})},
		{"certificates hidden", "hidden-certificates  ", append(estate(), tls("TLSv13"), tls("TLSv12"))},
		{"no command lines", "no-command-line srv9 process", append(estate(), bare...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := kinds(report(c.rs, 2))
			if !slices.Contains(got, c.want) {
				t.Errorf("%q is not told, but %q", c.want, got)
			}
			for _, k := range got {
				if k != c.want && !strings.HasPrefix(k, "missing-channel srv9") {
					t.Errorf("%q is told as well", k)
				}
			}
		})
	}
}

// TestShort: a log that begins late and one that was silent are told.
func TestShort(t *testing.T) {
	rs := slices.DeleteFunc(estate(), func(r record.Record) bool {
		e, ok := r.(*host.Event)
		return ok && (e.Host == "dc1" && e.Channel == "Security" && e.TS < at(6, 0) || e.Host == "srv1" && e.Channel == "System" && e.TS > at(4, 0) && e.TS < at(5, 0))
	})
	got := kinds(report(rs, 1))
	for _, want := range []string{"short-log dc1 Security", "silent-days srv1 System"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is not told, but %q", want, got)
		}
	}
}

// TestUnlogged: hosts that others name and that have no log are told once;
// addresses, outside names and those with a log are not.
func TestUnlogged(t *testing.T) {
	named := func(from string) record.Record {
		l := &host.Logon{SourceHost: from}
		l.Host, l.TS = "dc1", at(1, 8)
		return l
	}
	answer := func(name, addr string) record.Record {
		return &dns.Message{Query: name, Addresses: []netip.Addr{netip.MustParseAddr(addr)}}
	}
	got := kinds(report(append(estate(), named("DC1"), named("10.1.2.3"), named("WS7"), named("-"), named("fe80::1"),
		answer("ws7.corp.example", "10.0.0.7"), answer("fs.corp.example", "10.0.0.8"), answer("www.example.org", "93.184.216.34"), &smb.Mapping{Path: `\\nas\data`}), 2))
	if want := []string{"host-without-log fs ", "host-without-log nas ", "host-without-log ws7 "}; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

// TestJudge: what a detection could have found follows from what it reads.
func TestJudge(t *testing.T) {
	whole := report(estate(), 1)
	conn := &network.Conn{OrigBytes: record.Some[uint64](10)}
	crypt := report(append(estate(), &smb.Session{Encrypted: 9}, conn), 1)
	wired := func(rs ...record.Record) *Report {
		c := NewCensus()
		l := c.Lane()
		for _, r := range append(estate(), rs...) {
			l.Put(r)
		}
		return c.Report(Window{Wire: []string{"conn", "dns", "smb_files", "smb_session", "socks"}})
	}
	flows, packets := wired(conn), wired(conn, &dns.Message{Query: "a"})
	for _, c := range []struct {
		name string
		r    *Report
		d    Detection
		want Can
	}{
		{"all there", whole, Detection{Types: []string{"process"}}, Full},
		{"nothing there", whole, Detection{Types: []string{"conn", "dns"}}, No},
		{"half of a join", whole, Detection{Types: []string{"process", "dns"}}, Part},
		{"one of two is enough", whole, Detection{Types: []string{"process", "dns"}, Any: true}, Full},
		{"log with the event", whole, Detection{Logs: []Channel{{Name: "Security", Events: []uint32{4688}}}}, Full},
		{"log without the event", whole, Detection{Logs: []Channel{{Name: "Security", Events: []uint32{4624}}}}, No},
		{"stopped on some", whole, Detection{Types: []string{"process"}, Stopped: "was stopped on 3 events"}, Part},
		{"no such traffic in packets", packets, Detection{Types: []string{"socks"}}, Full},
		{"no such traffic in flow logs", flows, Detection{Types: []string{"socks"}}, No},
		{"all hidden by encryption", wired(conn, &smb.Session{Encrypted: 9}), Detection{Types: []string{"smb_files"}}, No},
		{"hidden by encryption", crypt, Detection{Types: []string{"conn", "smb_files"}}, Part},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.r.Judge(&c.d)
			if got.Can != c.want {
				t.Errorf("could fire: %v, want %v (%+v)", got.Can, c.want, got)
			}
			if c.want != Full && len(got.Without)+len(got.Limits) == 0 {
				t.Error("it does not say why")
			}
		})
	}
}

// TestBounds: more hosts than fit are counted.
func TestBounds(t *testing.T) {
	l := NewCensus()
	lane := l.Lane()
	for i := range maxRows + 7 {
		lane.Put(event(fmt.Sprint("h", i), "Odd/Operational", 1, at(1, 1)))
	}
	r := l.Report(Window{})
	i := slices.IndexFunc(r.Limits, func(x Limit) bool { return x.Kind == Unkept })
	if i < 0 || r.Limits[i].Count != 7 || len(r.Sources) != maxRows {
		t.Errorf("%d rows, limit %+v", len(r.Sources), r.Limits[max(i, 0)])
	}
}

// TestJSON: a report comes back from its JSON.
func TestJSON(t *testing.T) {
	want := report(append(estate(), &smb.Session{Plain: 1, Encrypted: 1}), 1)
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got := &Report{}
	if err := json.Unmarshal(b, got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
