// Package estate is the stage of an exercise: organisations with networks,
// machines and people, and the traces that acts leave on them. An act is
// written once and shows wherever a real one would: a remote log-on is packets
// on the wire, a 4624 on the server and a ticket on the domain controller.
package estate

import (
	"fmt"
	"hash/fnv"
	"net/netip"
	"strings"
	"time"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/evtxfile"
	"longwatch/internal/simulate/packet"
	"longwatch/internal/simulate/talk"
)

// Site is one organisation's network with everything recorded about it.
type Site struct {
	Key     string // folder of its evidence
	Org     string // name of the organisation
	Zone    string // Active Directory DNS zone
	Public  string // public DNS zone
	NetBIOS string
	SID     string // domain SID without RID
	Octet   byte   // the site is 10.Octet.0.0/16
	R       *chance.Rand
	Capture *packet.Capture
	Start   time.Time   // first midnight, UTC
	Days    int         // days of ordinary activity
	Act     int         // day on which an intrusion is at its height, counted from zero
	Returns []time.Time // when the intruders come back afterwards
	Sensors []Sensor    // one for each place; none: one sensor with a true clock

	Hosts    []*Host
	Users    []*User
	DC       *Host
	Resolver []netip.Addr // upstream DNS

	lines   map[string][]line
	headers map[string]func(time.Time) string
	files   map[string]file
	outside map[netip.Addr]*packet.Station
	fixed   map[string]netip.Addr
	cached  map[string]time.Time // names in the DC's DNS cache, with expiry
	certs   map[string][][]byte
	arps    map[[2]netip.Addr]bool
	homes   map[netip.Addr]bool // outside addresses that are Windows desktops
	by      int                 // who causes what is recorded from now on; 0 is ordinary life
}

// User is an account of the domain.
type User struct {
	Name    string // sAMAccountName
	Display string
	Mail    string
	SID     string
	Admin   bool
	Service bool
	Host    *Host // usual workstation; nil for service accounts
}

// Segments of every site: the third octet of its addresses.
const (
	Management = 1
	Desktops   = 10
	Servers    = 20
	DMZ        = 30
	Plant      = 50
)

// New lays out an empty site with its capture.
func New(key, org, zone, public string, octet byte, start time.Time, days int, r *chance.Rand) *Site {
	s := &Site{Key: key, Org: org, Zone: zone, Public: public, Octet: octet, R: r, Start: start, Days: days, Act: days - 1,
		NetBIOS: strings.ToUpper(strings.FieldsFunc(strings.TrimPrefix(strings.TrimPrefix(zone, "ad."), "corp."), func(c rune) bool { return c == '.' })[0]),
		lines:   map[string][]line{}, headers: map[string]func(time.Time) string{}, files: map[string]file{},
		outside: map[netip.Addr]*packet.Station{}, fixed: map[string]netip.Addr{}, cached: map[string]time.Time{}, certs: map[string][][]byte{},
		arps: map[[2]netip.Addr]bool{}, homes: map[netip.Addr]bool{}}
	s.NetBIOS = s.NetBIOS[:min(15, len(s.NetBIOS))]
	id := r.Sub("sid")
	s.SID = fmt.Sprintf("S-1-5-21-%d-%d-%d", id.Uint32(), id.Uint32(), id.Uint32())
	var local []netip.Prefix
	for place := range 3 {
		for _, third := range segments(place) {
			local = append(local, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, octet, third, 0}), 24))
		}
	}
	router := mac(r.Sub("router"), "e81cba")
	s.Capture = packet.NewCapture(router, local, r.Sub("capture"))
	isp := r.Sub("isp")
	base := [4]byte{byte(isp.Between(62, 95)), byte(isp.IntN(250)), byte(isp.IntN(250)), 0}
	for _, last := range []byte{53, 54} {
		base[3] = last
		s.Resolver = append(s.Resolver, netip.AddrFrom4(base))
	}
	return s
}

// mac draws a hardware address of a vendor.
func mac(r *chance.Rand, vendor string) (m [6]byte) {
	fmt.Sscanf(vendor, "%02x%02x%02x", &m[0], &m[1], &m[2])
	r.Fill(m[3:])
	return m
}

// Internet is a station outside with a stable distance.
func (s *Site) Internet(ip netip.Addr) *packet.Station {
	if st, ok := s.outside[ip]; ok {
		return st
	}
	st := &packet.Station{IP: ip, Stack: packet.Linux, Hops: uint8(7 + hash(ip.String())%12)}
	if s.homes[ip] {
		st.Stack = packet.Windows
	}
	s.outside[ip] = st
	return st
}

// Household says that a Windows machine stands behind an outside address.
func (s *Site) Household(ip netip.Addr) { s.homes[ip] = true }

func hash(v string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(v))
	return h.Sum32()
}

// Fix gives a public name a certain address.
func (s *Site) Fix(name string, ip netip.Addr) { s.fixed[name] = ip }

// Address is the address of a public name: fixed, or drawn once from the
// networks of large hosting companies.
func (s *Site) Address(name string) netip.Addr {
	if ip, ok := s.fixed[name]; ok {
		return ip
	}
	nets := [][2]byte{{142, 250}, {104, 18}, {13, 107}, {151, 101}, {52, 84}, {23, 45}, {18, 155}, {172, 217}, {20, 190}, {104, 244}}
	h := hash(name)
	n := nets[h%uint32(len(nets))]
	if strings.Contains(name, "microsoft") || strings.Contains(name, "office") || strings.Contains(name, "windows") || strings.Contains(name, "live.com") {
		n = nets[2+6*(h%2)]
	}
	return netip.AddrFrom4([4]byte{n[0], n[1], byte(h >> 8), byte(1 + h>>16%253)})
}

// Host returns the machine of a name; it must exist.
func (s *Site) Host(name string) *Host {
	for _, h := range s.Hosts {
		if h.Name == name {
			return h
		}
	}
	panic("estate: no host " + name)
}

// Of returns the machines of a role.
func (s *Site) Of(role Role) []*Host {
	var list []*Host
	for _, h := range s.Hosts {
		if h.Role == role {
			list = append(list, h)
		}
	}
	return list
}

// One returns the first machine of a role; it must exist.
func (s *Site) One(role Role) *Host {
	list := s.Of(role)
	if len(list) == 0 {
		panic("estate: no host of role " + string(role))
	}
	return list[0]
}

// AddUser adds an account; RIDs rise in order of creation.
func (s *Site) AddUser(name, display string, admin, service bool) *User {
	rid := 1104 + 3*len(s.Users) + int(hash(name)%3)
	u := &User{Name: name, Display: display, SID: fmt.Sprintf("%s-%d", s.SID, rid), Admin: admin, Service: service, Mail: strings.ToLower(strings.ReplaceAll(display, " ", ".")) + "@" + s.Public}
	s.Users = append(s.Users, u)
	return u
}

// Web is a web server of the site: one that runs Windows or one that does not.
// It must exist.
func (s *Site) Web(windows bool) *Host {
	for _, h := range s.Of(WebServer) {
		if h.Windows() == windows {
			return h
		}
	}
	panic("estate: no such web server")
}

// Cause says who causes what is recorded from now on: a number from one, or zero
// for ordinary life.
func (s *Site) Cause(by int) { s.by, s.Capture.By = by, by }

// Admins and Staff are the people with and without administrative rights.
func (s *Site) Admins() []*User { return s.people(true) }

// Staff are people without administrative rights.
func (s *Site) Staff() []*User { return s.people(false) }

func (s *Site) people(admin bool) []*User {
	var list []*User
	for _, u := range s.Users {
		if u.Admin == admin && !u.Service {
			list = append(list, u)
		}
	}
	return list
}

// service is how a server presents itself in authentication.
func (s *Site) service(h *Host) talk.Service {
	return talk.Service{Host: h.Name, DNS: h.FQDN(), Domain: s.NetBIOS, Zone: s.Zone, Build: h.Build}
}

// At is a time on a day of the exercise, counted from zero.
func (s *Site) At(day, hour, minute int) time.Time {
	return s.Start.AddDate(0, 0, day).Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
}

// End is the end of the last day.
func (s *Site) End() time.Time { return s.Start.AddDate(0, 0, s.Days) }

func text(name, value string) evtxfile.Field {
	return evtxfile.Field{Name: name, Value: evtxfile.String(value)}
}
