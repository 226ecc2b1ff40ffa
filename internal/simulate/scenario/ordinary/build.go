// Package ordinary builds an organisation and lets it have ordinary days:
// people who log on, read mail and browse, servers that are backed up,
// monitored and patched, administrators who administrate, visitors and
// scanners at the web server. It is what an intrusion has to be found in.
package ordinary

import (
	"fmt"
	"strings"
	"time"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/estate"
)

// Kind is what an organisation does; it decides names and machines.
type Kind string

// The kinds of organisation.
const (
	Utility  Kind = "utility"
	Company  Kind = "company"
	Ministry Kind = "ministry"
	Operator Kind = "operator"
	Clinic   Kind = "clinic"
)

// Plan says what to build.
type Plan struct {
	Kind  Kind
	Start time.Time // a midnight, UTC
	Days  int
	Octet byte
	Both  bool // a web server of each kind
	Sites int  // places of the organisation, one to three; 0 is one

	Skewed bool // clocks will be wrong
}

var (
	first = []string{"anna", "bela", "carla", "david", "elena", "farid", "greta", "hamid", "ines", "jonas", "katja", "liam", "maria", "nadia", "oscar", "paula", "quinn", "rosa", "stefan", "tomas", "ulla", "victor", "wanda", "yusuf", "zoe"}
	last  = []string{"acosta", "berger", "castro", "dahl", "ericson", "fischer", "gomez", "hansen", "ivanova", "jensen", "keller", "lopez", "moreau", "novak", "ortega", "pereira", "quist", "rossi", "santos", "tanaka", "urban", "vargas", "weber", "yilmaz", "ziegler"}
	// Organisations of one exercise have names of their own, as do their hosts.
	place = map[Kind][]string{
		Utility:  {"harbor", "valley", "north", "summit", "granite"},
		Company:  {"cedar", "lagoon", "prairie", "island", "delta"},
		Operator: {"river", "stone", "ridge", "coast", "upland"},
		Clinic:   {"linden", "maple", "meadow", "willow", "aspen"},
	}
	trade = map[Kind][]string{
		Utility:  {"power", "water", "utilities", "electric", "energy"},
		Company:  {"logistics", "publishing", "foods", "instruments", "insurance", "textiles"},
		Ministry: {"mof", "interior", "trade", "mines", "economy", "border"},
		Operator: {"grid", "rail", "pipeline", "ports", "transit"},
		Clinic:   {"clinic", "hospital", "labs", "care", "pharma"},
	}
	// User-assigned country codes of ISO 3166, which no country has.
	country = []string{"xa", "xb", "xd", "xf", "xh", "xj", "xm", "xq", "xv", "xy", "qm", "qp", "qs", "qv"}
)

// Build lays out the site.
func Build(p Plan, r *chance.Rand) *estate.Site {
	tld := chance.Pick(r, country)
	var name string
	if p.Kind != Ministry {
		name = chance.Pick(r, place[p.Kind]) + chance.Pick(r, trade[p.Kind])
	} else {
		name = chance.Pick(r, trade[Ministry])
	}
	public := name + ".com." + tld
	title := strings.ToUpper(name[:1]) + name[1:]
	if p.Kind == Ministry {
		public = name + ".gov." + tld
		title = "Ministry (" + strings.ToUpper(name) + ")"
	}
	zone := fmt.Sprintf(chance.Pick(r, []string{"%s.local", "ad.%s.lan", "corp.%s.internal"}), name)
	hours := map[Kind]int{Utility: -10, Company: -1, Ministry: -2, Operator: -1, Clinic: -3}[p.Kind]
	start := p.Start.Add(time.Duration(hours) * time.Hour)
	s := estate.New(name, title, zone, public, p.Octet, start, p.Days, r)
	if p.Sites > 1 || p.Skewed {
		s.Sensors = make([]estate.Sensor, max(p.Sites, 1))
	}
	b := builder{s, r, p}
	b.servers(p.Kind)
	b.people(p.Kind)
	return s
}

type builder struct {
	s *estate.Site
	r *chance.Rand
	p Plan
}

// in is the segment of a kind at the n-th of the organisation's places; the first
// is the main one, and there are not always others.
func (b *builder) in(segment byte, n int) byte {
	return segment + estate.Branch*byte(n%max(b.p.Sites, 1))
}

func (b *builder) servers(kind Kind) {
	s, r := b.s, b.r
	tag := strings.ToUpper(s.Key[:min(3, len(s.Key))])
	form := chance.Pick(r, []string{"%s-%s01", "%s%s1", "SRV-%[2]s-%[1]s"})
	name := func(what string) string { return fmt.Sprintf(form, tag, what) }
	addr := r.Perm(200)
	slot := 0
	at := func() byte { slot++; return byte(20 + addr[slot]) }
	s.Add(fmt.Sprintf("%s-FW1", tag), estate.Edge, estate.Management, 1, 0)
	s.DC = s.Add(name("DC"), estate.Controller, estate.Servers, at(), 20348)
	s.Add(name("FS"), estate.FileServer, estate.Servers, at(), 20348)
	s.Add(name("BKP"), estate.Backup, estate.Servers, at(), 17763)
	s.Add(name("MON"), estate.Monitor, estate.Servers, at(), 20348)
	s.Add(name("SCCM"), estate.Deployment, estate.Servers, at(), 20348)
	s.Add(name("APP"), estate.AppServer, b.in(estate.Servers, 1), at(), 17763)
	s.Add(name("JMP"), estate.Jump, b.in(estate.Servers, 2), at(), 20348)
	s.Add(lowerName(name("scan")), estate.Scanner, estate.Servers, at(), 0)
	s.Add(lowerName(name("db")), estate.LinuxServer, estate.Servers, at(), 0)
	if kind == Ministry {
		s.Add(lowerName(name("www")), estate.WebServer, estate.DMZ, at(), 0)
	} else {
		s.Add(name("WEB"), estate.WebServer, estate.DMZ, at(), 14393)
	}
	if b.p.Both && kind == Ministry {
		s.Add(name("WEB"), estate.WebServer, estate.DMZ, at(), 14393)
	} else if b.p.Both {
		s.Add(lowerName(name("www")), estate.WebServer, estate.DMZ, at(), 0)
	}
	s.Add(lowerName(name("mx")), estate.MailServer, estate.DMZ, at(), 0)
	if kind == Utility || kind == Operator {
		s.Add(name("HMI"), estate.HMI, b.in(estate.Plant, 1), at(), 17763)
		s.Add(name("OTGW"), estate.Gateway, b.in(estate.Plant, 1), at(), 17763)
		for i := range 3 {
			s.Add(fmt.Sprintf("plc-%d", i+1), estate.PLC, b.in(estate.Plant, 1), at(), 0)
		}
	}
}

func lowerName(s string) string { return strings.ToLower(s) }

func (b *builder) people(kind Kind) {
	s, r := b.s, b.r
	given, family := chance.Some(r, first, 14), chance.Some(r, last, 14)
	form := r.IntN(3)
	account := func(i int) string {
		switch form {
		case 0:
			return given[i][:1] + family[i]
		case 1:
			return given[i] + "." + family[i]
		}
		return family[i] + given[i][:2]
	}
	title := func(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
	prefix := chance.Pick(r, []string{"WS", "PC", "LT", "DESKTOP-"})
	addr := r.Perm(200)
	for i := range 11 {
		u := s.AddUser(account(i), title(given[i])+" "+title(family[i]), false, false)
		if i < 6 {
			number := fmt.Sprintf("%s%03d", prefix, r.Between(1, 99)+100*i)
			if prefix == "DESKTOP-" {
				number = prefix + strings.ToUpper(r.Letters("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", 7))
			}
			u.Host = s.Add(number, estate.Workstation, b.in(estate.Desktops, i), byte(20+addr[i]), chance.Pick(r, []uint16{19045, 22631, 22631, 26100}))
		}
	}
	for i := 11; i < 13; i++ {
		u := s.AddUser(chance.Pick(r, []string{"adm-", "a-", "da."})+account(i), title(given[i])+" "+title(family[i]), true, false)
		u.Host = s.Add(fmt.Sprintf("%sADM%d", strings.TrimSuffix(prefix, "-"), r.Between(10, 49)+50*(i-11)), estate.AdminPC, estate.Desktops, byte(20+addr[i]), 22631)
	}
	for _, service := range []string{"svc_backup", "svc_monitor", "svc_deploy", "svc_sql"} {
		s.AddUser(service, service, true, true)
	}
}

// Account returns a service account by name.
func Account(s *estate.Site, name string) *estate.User {
	for _, u := range s.Users {
		if u.Name == name {
			return u
		}
	}
	panic("ordinary: no account " + name)
}
