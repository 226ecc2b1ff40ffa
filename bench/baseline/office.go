package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"longwatch/internal/proto/dhcp"
	"longwatch/internal/proto/http"
	"longwatch/internal/proto/ssl"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
)

// methodGet is what programs that look for updates ask with.
const methodGet = "GET"

// office makes the records of an organisation in which nothing is wrong and
// everything changes: people come, go, travel, work late, change machines and
// borrow others; servers are added; programs are updated, first on one machine;
// addresses are given out anew; some day much is uploaded. It is written from
// what makes analysts look twice, not from what our detectors look at.
type office struct {
	r       *rand.Rand
	people  []*person
	servers []string
	address map[string]netip.Addr // of machines
	out     []record.Record
	n       int64
	day     int
	story   func(o *office) // what else happens; nil: nothing
}

type person struct {
	name, laptop string
	hour         float64 // begins work
	sites        []int
	targets      []string
	from         int // first day
	away         int // days of travel left
	shift        int // hours by which the day is moved on the way
	admin, devel bool
	upload       float64 // MiB of a day, the middle
}

const (
	domainName = `corp\`
	startSites = 30
	allSites   = 400
)

func newOffice(seed uint64, people int) *office {
	o := &office{r: rand.New(rand.NewPCG(seed, 7)), address: map[string]netip.Addr{}}
	for i, s := range []string{"dc1", "fs1", "fs2", "db1", "app1", "bk1", "mail1", "ts1", "scan1"} {
		o.server(s, i)
	}
	for range people {
		o.hire(-1)
	}
	for i := range 3 {
		o.people[i].admin = true
	}
	for i := 3; i < 3+people/10; i++ {
		o.people[i].devel = true
	}
	return o
}

func (o *office) server(name string, n int) {
	o.servers = append(o.servers, name)
	o.address[name] = netip.AddrFrom4([4]byte{10, 1, 0, byte(10 + n)})
}

func (o *office) hire(day int) {
	n := len(o.people)
	p := &person{
		name: fmt.Sprintf("%suser%d", domainName, n), laptop: fmt.Sprintf("lap-%d", n), hour: 7.5 + 1.5*o.r.Float64(), from: day,
		targets: []string{"fs1", []string{"fs2", "app1", "ts1"}[n%3]}, upload: math.Exp(1 + 1.2*o.r.NormFloat64()),
	}
	for range startSites {
		p.sites = append(p.sites, int(math.Pow(o.r.Float64(), 2)*allSites))
	}
	o.people = append(o.people, p)
}

// place gives a record its place in the evidence.
func (o *office) put(r record.Record, hour float64) {
	o.n++
	h := r.Base()
	h.TS = start.Add(time.Duration(o.day)*24*time.Hour - 8*time.Hour + time.Duration(hour*float64(time.Hour)) + time.Duration(o.n%1000)*time.Millisecond)
	h.Ref = record.Ref{File: "office", Kind: record.RefLine, Pos: o.n}
	o.out = append(o.out, r)
}

func (o *office) chance(p float64) bool { return o.r.Float64() < p }

// logon is a logon over the network. Half of them carry no name of the client,
// as with Kerberos.
func (o *office) logon(account, from string, addr netip.Addr, to string, hour float64) {
	l := &host.Logon{Outcome: "success", LogonType: 3, Package: "Kerberos", Process: "Kerberos", Target: account, Source: addr}
	if o.chance(0.5) {
		l.SourceHost, l.Package = from, "NTLM"
	}
	l.Host, l.Provider, l.Code = to, "Security", "4624"
	o.put(l, hour)
}

func (o *office) conn(from, to netip.Addr, port uint16, service string, sent, taken uint64, hour float64) *network.Conn {
	c := &network.Conn{Proto: "tcp", Service: service, State: "SF", History: "ShADadFf", Duration: record.Some(time.Duration(1+o.r.IntN(90)) * time.Second), OrigBytes: record.Some(sent), RespBytes: record.Some(taken)}
	c.UID, c.OrigH, c.OrigP, c.RespH, c.RespP = fmt.Sprintf("C%d", o.n), from, uint16(49152+o.r.IntN(16000)), to, port
	o.put(c, hour)
	return c
}

// siteAddress is where a site is: the known ones share a few networks.
func siteAddress(site int) netip.Addr {
	return netip.AddrFrom4([4]byte{198, byte(18 + site%2), byte(site >> 8), byte(site)})
}

// visit is a site over TLS. The browser is one of two, and is renewed every month.
func (o *office) visit(from netip.Addr, site int, ja4 string, sent uint64, hour float64) {
	to := siteAddress(site)
	s := &ssl.Record{Version: "TLSv13", ServerName: fmt.Sprintf("www.site%d.example", site), JA4: ja4, Established: true}
	s.UID, s.OrigH, s.RespH, s.RespP = fmt.Sprintf("C%d", o.n+1), from, to, 443
	o.put(s, hour)
	o.conn(from, to, 443, "ssl", sent, uint64(1e4*math.Exp(2*math.Abs(o.r.NormFloat64()))), hour+0.0001)
}

func (o *office) browser(i int) string { return fmt.Sprintf("t13d15%02d_browser%d", o.day/30%99, i%2) }

func (o *office) run(machine, image string, hour float64) {
	p := &host.Process{Image: image, CommandLine: image, ParentImage: `C:\Windows\explorer.exe`}
	p.Host, p.Provider, p.Code = machine, "Microsoft-Windows-Sysmon", "1"
	o.put(p, hour)
}

// next makes the records of a day, in order of time.
func (o *office) next() []record.Record {
	o.out = nil
	o.changes()
	o.leases()
	weekend := o.day%7 >= 5
	for i, p := range o.people {
		if p.away == 0 && !weekend && o.chance(0.004) {
			p.away, p.shift = 5+o.r.IntN(5), o.r.IntN(17)-8
		}
		if weekend && !o.chance(0.03) {
			continue
		}
		o.work(i, p)
		if p.away > 0 {
			p.away--
		}
	}
	o.night()
	if o.story != nil {
		o.story(o)
	}
	slices.SortStableFunc(o.out, func(a, b record.Record) int { return int(min(1, max(-1, a.Base().TS-b.Base().TS))) })
	o.day++
	return o.out
}

// changes are what is new today in the house.
func (o *office) changes() {
	if o.chance(1.0 / 20) {
		o.hire(o.day)
	}
	if o.chance(1.0/45) && len(o.people) > 20 {
		o.people = slices.Delete(o.people, 12, 13) // somebody leaves
	}
	if o.chance(1.0 / 15) {
		p := o.people[o.r.IntN(len(o.people))]
		p.laptop = fmt.Sprintf("new-%d", o.day) // a new machine
	}
	if o.chance(1.0 / 30) {
		name := fmt.Sprintf("srv%d", o.day)
		o.server(name, len(o.servers))
		for range 1 + len(o.people)/4 {
			p := o.people[o.r.IntN(len(o.people))]
			p.targets = append(p.targets, name)
		}
	}
}

// leases gives addresses anew: each machine has another one after some days, and
// gets one that was another's.
func (o *office) leases() {
	for i, p := range o.people {
		if a, known := o.address[p.laptop]; known && a.IsValid() && !o.chance(0.2) {
			continue
		}
		a := netip.AddrFrom4([4]byte{10, 2, byte(i / 200), byte(20 + (i+o.day*7)%200)})
		o.address[p.laptop] = a
		d := &dhcp.Record{ClientAddr: a, AssignedAddr: a, ServerAddr: o.address["dc1"], MAC: fmt.Sprintf("02:00:00:00:%02x:%02x", i/256, i%256), HostName: p.laptop, MsgTypes: []string{"REQUEST", "ACK"}}
		o.put(d, 0.01)
	}
}

func (o *office) work(i int, p *person) {
	hour := p.hour + 0.3*o.r.NormFloat64()
	length := 8.5 + 0.5*o.r.NormFloat64()
	if o.chance(0.02) {
		length += 4 // a late evening
	}
	machine, addr := p.laptop, o.address[p.laptop]
	if p.away > 0 { // from afar: an address of the pool of the VPN
		hour += float64(p.shift)
		addr = netip.AddrFrom4([4]byte{10, 9, 0, byte(2 + o.r.IntN(60))})
	} else if o.chance(0.01) { // at another's desk
		q := o.people[o.r.IntN(len(o.people))]
		machine, addr = q.laptop, o.address[q.laptop]
	} else if o.chance(0.01) {
		machine = fmt.Sprintf("pool-%d", o.r.IntN(3))
		addr = netip.AddrFrom4([4]byte{10, 2, 9, byte(10 + len(machine)%3)})
	}
	hour = math.Mod(hour+24, 24)
	at := func() float64 { return hour + length*o.r.Float64() }
	for _, t := range append([]string{"dc1"}, p.targets...) {
		for range 2 {
			o.logon(p.name, machine, addr, t, at())
		}
		o.conn(addr, o.address[t], 445, "smb", uint64(o.r.IntN(1<<20)), uint64(o.r.IntN(1<<22)), at())
	}
	if p.admin {
		for range 3 {
			t := o.servers[o.r.IntN(len(o.servers))]
			o.logon(p.name, machine, addr, t, at())
		}
		if o.chance(0.3) {
			q := o.people[o.r.IntN(len(o.people))]
			o.logon(p.name, machine, addr, q.laptop, at())
		}
	}
	o.browse(i, p, addr, at)
	o.programs(i, p, machine, at)
}

func (o *office) browse(i int, p *person, addr netip.Addr, at func() float64) {
	for range 12 {
		site := p.sites[o.r.IntN(len(p.sites))]
		o.visit(addr, site, o.browser(i), uint64(p.upload/12*math.Exp(0.7*o.r.NormFloat64())*(1<<20)), at())
	}
	for range o.r.IntN(3) {
		o.visit(addr, 1000+o.r.IntN(60000), o.browser(i), 5000, at()) // what nobody else reads
	}
	if o.chance(0.004) { // a film for a site that many use
		o.visit(addr, o.r.IntN(8), o.browser(i), uint64(1+o.r.IntN(3))<<30, at())
	}
	if p.devel && o.chance(0.1) { // tools with clients of their own
		o.visit(addr, 2000+i*50+o.r.IntN(50), fmt.Sprintf("t13d_tool%d_%d", i, o.r.IntN(4)), 9000, at())
		q := &http.Request{Method: methodGet, Host: "pkg.example", URI: "/simple", UserAgent: fmt.Sprintf("tool%d/1.%d", i, o.day/9)}
		q.OrigH, q.RespH, q.RespP, q.UID = addr, siteAddress(3), 80, fmt.Sprintf("C%dh", o.n)
		o.put(q, at())
	}
}

func (o *office) programs(i int, p *person, machine string, at func() float64) {
	user := p.name[len(domainName):]
	for _, image := range []string{
		fmt.Sprintf(`C:\Program Files\Browser\%d.0.%d\browser.exe`, 100+(o.day+i%3)/28, o.day/28),
		`C:\Program Files\Office\root\word.exe`, `C:\Program Files\Office\root\mail.exe`, `C:\Windows\System32\notepad.exe`,
		fmt.Sprintf(`C:\Users\%s\AppData\Local\Chat\app-4.%d\chat.exe`, user, o.day/14),
	} {
		o.run(machine, image, at())
	}
	if o.chance(0.02) { // an installer unpacks itself
		o.run(machine, fmt.Sprintf(`C:\Users\%s\AppData\Local\Temp\{%08X-%04X}\setup.exe`, user, o.r.Uint32(), o.r.IntN(1<<16)), at())
	}
	if o.chance(0.01) { // a program that only he has
		o.run(machine, fmt.Sprintf(`C:\Program Files\Vendor%d\tool.exe`, o.r.IntN(1000)), at())
	}
	if i == o.day/30%len(o.people) && o.day%30 < 3 { // the pilot of what all get a week later
		o.run(machine, fmt.Sprintf(`C:\Program Files\Agent\agent%c.exe`, 'a'+o.day/30), at())
	}
	if o.day%30 > 9 {
		o.run(machine, fmt.Sprintf(`C:\Program Files\Agent\agent%c.exe`, 'a'+o.day/30), at())
	}
}

// night is what runs without people: backups, scans, reports to a partner and
// to the maker of a program.
func (o *office) night() {
	for _, s := range o.servers {
		if s != "bk1" {
			o.logon(domainName+"svc_backup", "bk1", o.address["bk1"], s, 1+o.r.Float64())
			o.conn(o.address[s], o.address["bk1"], 9102, "", uint64((20+o.r.IntN(60))<<20), 1<<20, 1.5+2*o.r.Float64())
		}
		o.run(s, `C:\Program Files\Agent\service.exe`, 0.5)
		if o.day%7 == 6 {
			o.logon(domainName+"svc_scan", "scan1", o.address["scan1"], s, 4+o.r.Float64())
		}
	}
	if o.day > 50 { // a program on one server begins to report
		for range 24 {
			o.visit(o.address["app1"], 500, "t13d_report", uint64(o.r.IntN(1<<20)), 24*o.r.Float64())
		}
	}
	if o.day%30 == 3 { // the month's figures for a partner
		o.visit(o.address["db1"], 501, "t13d_transfer", uint64(150+o.r.IntN(200))<<20, 22)
	}
}
