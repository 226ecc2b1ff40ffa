package incident

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
)

// estate is a made-up organisation: what its machines do every day is learned
// from records, as in a hunt, and intrusions and accidents are written into it
// as findings. Nothing here knows how Build decides.
type estate struct {
	*rand.Rand
	domain  string
	hosts   []string // workstations, then servers
	ip      map[string]netip.Addr
	dc      string
	scanner string
	admins  []string // accounts that everybody's servers see
	users   map[string]string
	web     []string
	free    []string // machines that no intrusion has taken yet
	al      *Aliases
	logons  []*host.LogonEdge
	all     []finding.Finding
	of      map[string]string // finding id: intrusion or "noise"
	entry   map[string]string // intrusion: where it began
	n       int64
}

func newEstate(seed uint64, size int) *estate {
	e := &estate{
		Rand: rand.New(rand.NewPCG(seed, 77)), ip: map[string]netip.Addr{}, users: map[string]string{}, al: NewAliases(nil),
		of: map[string]string{}, entry: map[string]string{},
	}
	e.domain = []string{"corp.example", "ad.acme.test", "office.lan"}[e.IntN(3)]
	for i := range size {
		name := fmt.Sprintf("ws%03d", i)
		switch {
		case i < size/20+2:
			name = fmt.Sprintf("web%02d", i)
			e.web = append(e.web, name)
		case i < size/5+4:
			name = fmt.Sprintf("srv%02d", i)
		default:
			e.users[name] = fmt.Sprintf("user%03d", i)
		}
		e.hosts = append(e.hosts, name)
		e.ip[name] = netip.AddrFrom4([4]byte{10, 20, byte(i / 200), byte(i%200 + 20)})
	}
	e.dc, e.scanner = "dc01", "nessus1"
	e.ip[e.dc], e.ip[e.scanner] = netip.MustParseAddr("10.20.9.1"), netip.MustParseAddr("10.20.9.9")
	e.admins = []string{"adm.lee", "svc_deploy"}
	e.free = append([]string{}, e.hosts...)
	e.Shuffle(len(e.free), func(i, j int) { e.free[i], e.free[j] = e.free[j], e.free[i] })
	e.ordinary()
	return e
}

// ordinary is what everybody does, every third day of three months.
func (e *estate) ordinary() {
	for d := range 30 {
		at := t0.Add(time.Duration(3*d) * day)
		e.al.Learn(&host.Ticket{Head: host.Head{Head: record.Head{TS: at}, Host: e.dc}})
		for i, h := range e.hosts {
			own := &host.Socket{Initiated: true, OrigH: e.ip[h]}
			own.Host, own.TS = h+"."+e.domain, at
			e.al.Learn(own)
			for _, to := range []string{e.dc, e.hosts[len(e.web)+(i*7)%3]} {
				e.conn(h, to, at)
			}
			for _, image := range []string{"cmd", "powershell"} {
				p := &host.Process{Image: `C:\Windows\System32\` + image + ".exe", Hashes: []string{digest(image)}}
				p.Host, p.TS = h, at
				e.al.Learn(p)
			}
		}
		for _, n := range []string{e.dc, e.scanner} {
			own := &host.Socket{Initiated: true, OrigH: e.ip[n]}
			own.Host, own.TS = n+"."+e.domain, at
			e.al.Learn(own)
		}
		for _, h := range e.hosts {
			e.conn(e.scanner, h, at)
		}
		for k, h := range e.hosts {
			if k%2 == 0 {
				l := &host.Logon{Outcome: "success", Target: "CORP\\" + e.admins[k%4/2], Source: e.ip[e.hosts[len(e.hosts)-1-k%5]]}
				l.Host, l.TS = h+"."+e.domain, at
				e.al.Learn(l)
			}
		}
	}
}

func digest(name string) string {
	return strings.Repeat(fmt.Sprintf("%02x", len(name)+int(name[0])), 20)
}

func (e *estate) conn(from, to string, at record.Time) {
	c := &network.Conn{}
	c.OrigH, c.RespH, c.TS = e.ip[from], e.ip[to], at
	e.al.Learn(c)
}

// name is a machine as this or that source of evidence names it.
func (e *estate) name(h, role string) record.Entity {
	switch {
	case e.IntN(3) == 0:
		return record.Entity{Kind: "address", Value: e.ip[h].String(), Role: role}
	case e.IntN(2) == 0:
		return record.Entity{Kind: "host", Value: strings.ToUpper(h) + "." + e.domain, Role: role}
	}
	return record.Entity{Kind: "host", Value: h, Role: role}
}

// put writes a finding of an intrusion or of chance.
func (e *estate) put(of, title string, sev finding.Severity, conf int, at time.Duration, techniques string, entities ...record.Entity) {
	e.n++
	f := finding.Finding{
		Detector: "d-" + title, Title: title, Severity: sev, Confidence: uint8(conf), Start: t0.Add(at), End: t0.Add(at), Entities: entities,
		Why: []string{"because"}, Refs: []record.Ref{{File: fmt.Sprintf("log%d", e.n%40), Kind: record.RefLine, Pos: e.n}},
	}
	for id := range strings.FieldsSeq(techniques) {
		f.Techniques = append(f.Techniques, attack.ID(id))
	}
	f.Seal()
	e.all = append(e.all, f)
	e.of[f.ID] = of
}

func ent(kind, value, role string) record.Entity {
	return record.Entity{Kind: kind, Value: value, Role: role}
}

// intrusion writes a campaign over machines of its own: a way in, work on each
// machine, moves from one to the next, theft on the domain controller, traffic
// to its own servers.
type intrusion struct {
	e       *estate
	name    string
	at      time.Duration
	held    []string // machines
	account string   // in use
	c2      string
	domain  string
	hash    string
	loud    int // findings of routine work on each machine
}

func (e *estate) intrude(name string, machines, loud int, at, dwell time.Duration) {
	x := &intrusion{
		e: e, name: name, at: at, loud: loud, c2: fmt.Sprintf("198.51.%d.%d", len(e.entry), e.IntN(250)+1),
		domain: fmt.Sprintf("cdn%d-%s.example", e.IntN(1000), name), hash: strings.Repeat(fmt.Sprintf("%02x", e.IntN(256)), 12) + fmt.Sprintf("%08x", e.Uint32()),
	}
	x.enter()
	step := dwell / time.Duration(machines+1)
	for len(x.held) < machines && len(e.free) > 0 {
		x.at += time.Duration(float64(step) * (0.2 + 1.6*e.Float64()))
		from := x.held[e.IntN(len(x.held))]
		x.move(from, e.take())
		if len(x.held) == machines/2 {
			x.robDirectory(x.held[e.IntN(len(x.held))])
		}
	}
}

func (e *estate) take() string {
	h := e.free[len(e.free)-1]
	e.free = e.free[:len(e.free)-1]
	return h
}

// enter is one of three ways in.
func (x *intrusion) enter() {
	e := x.e
	h := e.take()
	switch e.IntN(3) {
	case 0: // a page of a server that can be reached from outside
		x.account = `NT AUTHORITY\SYSTEM`
		e.put(x.name, "exploit then page", finding.High, 70, x.at, "T1190", ent("address", x.c2, "originator"), e.name(h, "responder"))
		x.at += time.Duration(e.IntN(30)+1) * time.Minute
		e.put(x.name, "page that only one posts to", finding.Medium, 60, x.at, "T1505.003", ent("address", x.c2, "originator"), ent("host", h, ""), ent("file", "/app/"+x.name+"x.aspx", ""))
		e.entry[x.name] = h
	case 1: // a message
		user := e.users[h]
		if user == "" {
			user = "owner." + h
		}
		e.put(x.name, "lure", finding.Medium, 60, x.at, "T1566.002", ent("email", "boss@"+x.domain, "sender"), ent("email", user+"@acme.test", "recipient"))
		x.at += time.Duration(e.IntN(20)+1) * time.Hour
		x.account = `CORP\` + user
		e.put(x.name, "loader", finding.High, 75, x.at, "T1204.002", e.name(h, ""), ent("user", x.account, ""), ent("hash", x.hash, ""))
		e.entry[x.name] = "boss@" + x.domain
	default: // an account from outside
		x.account = fmt.Sprintf(`CORP\%s`, []string{"pat." + x.name, e.admins[0]}[e.IntN(2)])
		e.put(x.name, "logon from a new country", finding.Medium, 55, x.at, "T1078 T1133", ent("address", x.c2, "originator"), e.name(h, "responder"), ent("user", x.account, ""))
		e.entry[x.name] = h
	}
	x.held = append(x.held, h)
	x.work(h)
}

// work is what is done on one machine.
func (x *intrusion) work(h string) {
	e := x.e
	kinds := []struct{ title, techniques string }{
		{"interpreter with encoded command", "T1059.001 T1027.010"}, {"many system tools in one session", "T1082 T1033"},
		{"memory of LSASS read", "T1003.001"}, {"log cleared", "T1070.001"}, {"run key set", "T1547.001"},
	}
	for range x.loud {
		at := x.at + time.Duration(e.IntN(3600))*time.Second
		k := kinds[e.IntN(len(kinds))]
		entities := []record.Entity{e.name(h, ""), ent("process", `C:\Windows\System32\cmd.exe`, ""), ent("hash", digest("cmd"), "")}
		if e.IntN(2) == 0 {
			entities = append(entities, ent("user", x.account, ""))
		}
		e.put(x.name, k.title, finding.Severity(2+e.IntN(2)), 45+e.IntN(40), at, k.techniques, entities...)
	}
	if e.IntN(2) == 0 {
		e.put(x.name, "beacon", finding.Medium, 50+e.IntN(40), x.at+time.Hour, "T1071.001", e.name(h, "originator"), ent("address", x.c2, "responder"), ent("domain", x.domain, "queried"))
	}
}

// move goes from one machine to the next.
func (x *intrusion) move(from, to string) {
	e := x.e
	if e.IntN(4) == 0 && len(x.held) > 1 {
		x.account = `CORP\` + []string{e.admins[0], e.admins[1], "stolen." + x.name}[e.IntN(3)]
	}
	how := []struct{ title, techniques string }{
		{"program written to an administrative share and run", "T1021.002 T1570 T1569.002"}, {"program run through WMI", "T1047 T1021.003"},
		{"task registered from afar", "T1053.005 T1021.002"}, {"first remote desktop between two machines", "T1021.001"},
	}[e.IntN(4)]
	e.put(x.name, how.title, finding.High, 55+e.IntN(35), x.at, how.techniques, e.name(from, "originator"), e.name(to, "responder"), ent("user", x.account, ""))
	x.held = append(x.held, to)
	x.at += time.Duration(e.IntN(600)+5) * time.Second
	x.work(to)
}

// robDirectory takes the domain's secrets from a machine of the intruder.
func (x *intrusion) robDirectory(from string) {
	e := x.e
	e.put(x.name, "directory replication", finding.Critical, 85, x.at, "T1003.006", e.name(from, "originator"), e.name(e.dc, "responder"))
	if e.IntN(2) == 0 {
		e.put(x.name, "program run through WMI", finding.High, 80, x.at+time.Minute, "T1047 T1021.003", e.name(from, "originator"), e.name(e.dc, "responder"), ent("user", `CORP\stolen.`+x.name, ""))
		e.put(x.name, "directory database copied", finding.Critical, 90, x.at+2*time.Minute, "T1003.003", ent("host", e.dc, ""), ent("user", `CORP\stolen.`+x.name, ""))
	}
}

// accidents are false alarms: odd programs on single machines, the scanner and
// its account everywhere, somebody on the internet who tries every server.
func (e *estate) accidents(n int, span time.Duration) {
	for range n {
		at := time.Duration(e.Float64() * float64(span))
		h := e.hosts[e.IntN(len(e.hosts))]
		switch e.IntN(5) {
		case 0, 1:
			e.put("noise", "rare program", finding.Medium, 25+e.IntN(25), at, "T1059.001", e.name(h, ""), ent("hash", digest("powershell"), ""), ent("process", `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`, ""))
		case 2:
			e.put("noise", "many logons with one account", finding.Medium, 50, at, "T1021.002", e.name(e.scanner, "originator"), e.name(h, "responder"), ent("user", `CORP\svc_deploy`, ""))
		case 3:
			e.put("noise", "tried from the internet", finding.Medium, 40, at, "T1595.002", ent("address", "203.0.113.66", "originator"), e.name(e.web[e.IntN(len(e.web))], "responder"))
		default:
			e.put("noise", "admin tool by the administrator", finding.Medium, 40, at, "T1021.002", e.name(h, "originator"), e.name(e.dc, "responder"), ent("user", `CORP\`+e.admins[0], ""))
		}
	}
}

func (e *estate) build() []finding.Incident {
	return Build(e.all, Options{Aliases: e.al, Logons: e.logons, Witness: NewWitness()})
}
