package estate

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"longwatch/internal/simulate/packet"
	"longwatch/internal/simulate/talk"
)

// meet lets two stations of one segment find each other by ARP, once.
func (s *Site) meet(at time.Time, a, b *packet.Station) {
	x, y := a.IP.As4(), b.IP.As4()
	if x[0] != 10 || y[0] != 10 || x[2] != y[2] || s.arps[[2]netip.Addr{a.IP, b.IP}] {
		return
	}
	s.arps[[2]netip.Addr{a.IP, b.IP}], s.arps[[2]netip.Addr{b.IP, a.IP}] = true, true
	s.Capture.ARP(at.Add(-900*time.Microsecond), a, b)
}

// path draws the way between two stations: local, or to the internet with a
// round trip that belongs to the far end.
func (s *Site) path(a, b *packet.Station) packet.Path {
	far := b
	if a.Hops > 0 {
		far = a
	}
	if far.Hops == 0 {
		return packet.LAN(s.R)
	}
	return packet.Path{RTT: time.Duration(4+hash(far.IP.String())%120) * time.Millisecond, Mbps: float64(20 + hash(far.IP.String())%160)}
}

// Dial opens a connection between any two stations.
func (s *Site) Dial(at time.Time, client, server *packet.Station, port uint16) *packet.Conn {
	s.meet(at, client, server)
	return s.Capture.Dial(at, client, server, client.Port(s.R), port, s.path(client, server))
}

// Resolve asks for a name as the host would: members ask the controller,
// which asks upstream unless it remembers; others ask upstream themselves.
// It returns the time the answer arrived.
func (h *Host) Resolve(at time.Time, name string) time.Time {
	return h.lookup(at, name, talk.TypeA, []talk.Answer{{Name: name, Type: talk.TypeA, TTL: 300, IP: h.Site.Address(name)}}, talk.NoError)
}

// ResolveFailed asks for a name that does not exist.
func (h *Host) ResolveFailed(at time.Time, name string) time.Time {
	return h.lookup(at, name, talk.TypeA, nil, talk.NXDomain)
}

// ResolveLocal asks the controller for another machine of the site.
func (h *Host) ResolveLocal(at time.Time, other *Host) time.Time {
	s := h.Site
	if s.DC == nil || h == s.DC {
		return at
	}
	name := other.FQDN()
	return s.ask(at, h.Station, s.DC.Station, name, talk.TypeA, []talk.Answer{{Name: name, Type: talk.TypeA, TTL: 1200, IP: other.IP}}, talk.NoError, 400*time.Microsecond)
}

// Lookup asks for a record of any kind.
func (h *Host) Lookup(at time.Time, name string, kind uint16, answers []talk.Answer) time.Time {
	return h.lookup(at, name, kind, answers, talk.NoError)
}

func (h *Host) lookup(at time.Time, name string, kind uint16, answers []talk.Answer, rcode int) time.Time {
	s := h.Site
	if kind == talk.TypeA && len(answers) == 1 && cdn(name) {
		alias := fmt.Sprintf("%s.%s", strings.ReplaceAll(name, ".", "-"), []string{"edgekey.net", "cloudfront.net", "trafficmanager.net", "fastly.net"}[hash(name)%4])
		answers = []talk.Answer{{Name: name, Type: talk.TypeCNAME, TTL: 300, Text: alias}, {Name: alias, Type: talk.TypeA, TTL: 60, IP: answers[0].IP}}
	}
	upstream := s.Internet(s.Resolver[s.R.IntN(len(s.Resolver))])
	if s.DC == nil || h == s.DC || (!h.Windows() && h.Role != LinuxServer) {
		return s.ask(at, h.Station, upstream, name, kind, answers, rcode, s.R.Duration(6*time.Millisecond, 40*time.Millisecond))
	}
	took := s.R.Duration(200*time.Microsecond, 900*time.Microsecond)
	if key := fmt.Sprint(name, kind); s.cached[key].Before(at) {
		s.cached[key] = at.Add(10 * time.Minute)
		done := s.ask(at.Add(200*time.Microsecond), s.DC.Station, upstream, name, kind, answers, rcode, s.R.Duration(6*time.Millisecond, 60*time.Millisecond))
		took += done.Sub(at)
	}
	return s.ask(at, h.Station, s.DC.Station, name, kind, answers, rcode, took)
}

func cdn(name string) bool {
	return len(name) < 48 && (strings.HasPrefix(name, "cdn") || hash(name)%5 == 0)
}

func (s *Site) ask(at time.Time, from, to *packet.Station, name string, kind uint16, answers []talk.Answer, rcode int, took time.Duration) time.Time {
	s.meet(at, from, to)
	id, port := uint16(s.R.Uint32()), from.Port(s.R)
	s.Capture.UDP(at, from, to, port, 53, talk.Query(id, name, kind))
	at = at.Add(took)
	s.Capture.UDP(at, to, from, 53, port, talk.Reply(id, name, kind, rcode, answers))
	return at.Add(s.R.Duration(300*time.Microsecond, 3*time.Millisecond))
}

// chain is the certificate chain of a public name.
func (s *Site) chain(name string) [][]byte {
	if c, ok := s.certs[name]; ok {
		return c
	}
	r := s.R.Sub("cert/" + name)
	issuers := []talk.Name{{Country: "US", Org: "Let's Encrypt", Common: "R11"}, {Country: "US", Org: "DigiCert Inc", Common: "DigiCert TLS RSA SHA256 2020 CA1"}, {Country: "US", Org: "Google Trust Services", Common: "WR2"}, {Country: "US", Org: "Microsoft Corporation", Common: "Microsoft Azure RSA TLS Issuing CA 04"}, {Country: "US", Org: "Amazon", Common: "Amazon RSA 2048 M03"}}
	issuer := issuers[hash(name)%uint32(len(issuers))]
	from := s.Start.AddDate(0, 0, -r.Between(5, 80)).Truncate(time.Second)
	leaf := talk.Certificate{Subject: talk.Name{Common: name}, Issuer: issuer, DNSNames: []string{name}, From: from, Until: from.AddDate(0, 0, 90+275*int(hash(name)%2))}
	root := talk.Certificate{Subject: issuer, Issuer: talk.Name{Country: "US", Org: issuer.Org, Common: issuer.Org + " Root"}, From: time.Date(2021, 3, 4, 0, 0, 0, 0, time.UTC), Until: time.Date(2031, 3, 4, 0, 0, 0, 0, time.UTC), CA: true}
	s.certs[name] = [][]byte{leaf.DER(r), root.DER(r)}
	return s.certs[name]
}

// selfSigned sets the certificate shown under a name.
func (s *Site) selfSigned(name string, subject talk.Name, from, until time.Time) {
	c := talk.Certificate{Subject: subject, Issuer: subject, From: from, Until: until}
	s.certs[name] = [][]byte{c.DER(s.R.Sub("cert/" + name))}
}

// Server is the TLS end of a name: its certificates and whether it is modern.
func (s *Site) Server(name string) talk.TLSServer {
	return talk.TLSServer{TLS13: hash(name)%4 != 0, Chain: s.chain(name), ALPN: "http/1.1"}
}

// HTTPS resolves a name and makes exchanges over TLS with it; up and down are
// typical sizes. It returns the time of the end.
func (h *Host) HTTPS(at time.Time, a talk.Agent, name string, exchanges, up, down int) time.Time {
	at = h.Resolve(at, name)
	t, k := h.TLS(at, a, name, h.Site.Internet(h.Site.Address(name)), 443, h.Site.Server(name))
	for range exchanges {
		t.Exchange(h.r.Size(up, 20000), h.r.Size(down, 40000), h.r.Duration(5*time.Millisecond, 120*time.Millisecond))
		k.Wait(h.r.Wait(400 * time.Millisecond))
	}
	t.Close(packet.Client)
	return k.Now()
}

// TLS opens a session to a station.
func (h *Host) TLS(at time.Time, a talk.Agent, name string, to *packet.Station, port uint16, server talk.TLSServer) (*talk.TLS, *packet.Conn) {
	k := h.Site.Dial(at, h.Station, to, port)
	return talk.StartTLS(k, h.Site.R, a, name, server), k
}

// Ticket gets the ticket-granting ticket and is recorded by the controller.
func (h *Host) Ticket(at time.Time, u *User) time.Time {
	s := h.Site
	kc := talk.Kerberos{R: s.R, Realm: strings.ToUpper(s.Zone), User: u.Name}
	k := s.Dial(at, h.Station, s.DC.Station, 88)
	up, down := kc.PreauthRequired(k.Now())
	k.Send(packet.Client, up)
	k.Send(packet.Server, down)
	k.Close(packet.Client)
	k = s.Dial(k.Now().Add(time.Millisecond), h.Station, s.DC.Station, 88)
	up, down = kc.Ticket(k.Now())
	k.Send(packet.Client, up)
	k.Send(packet.Server, down)
	s.DC.ticketGranted(k.Now(), u, h.IP, k.ClientPort())
	k.Close(packet.Client)
	return k.Now()
}

// WeakTicket gets a ticket for the service of an account with RC4, as somebody
// who means to guess its password asks for.
func (h *Host) WeakTicket(at time.Time, u, service *User) time.Time {
	s := h.Site
	kc := talk.Kerberos{R: s.R, Realm: strings.ToUpper(s.Zone), User: u.Name}
	k := s.Dial(at, h.Station, s.DC.Station, 88)
	up, down := kc.Access(k.Now(), talk.RC4, service.Name)
	k.Send(packet.Client, up)
	k.Send(packet.Server, down)
	s.DC.weakTicket(k.Now(), u, service, h.IP, k.ClientPort())
	k.Close(packet.Client)
	return k.Now()
}

// Directory opens an LDAP session with the controller and makes searches.
func (h *Host) Directory(at time.Time, u *User, searches int) time.Time {
	s := h.Site
	k := s.Dial(h.Access(at, u, s.DC, "ldap"), h.Station, s.DC.Station, 389)
	talk.StartLDAP(k, s.R, strings.ToUpper(s.Zone), s.DC.FQDN(), searches)
	return k.Now()
}

// Access gets a service ticket for a server.
func (h *Host) Access(at time.Time, u *User, server *Host, class string) time.Time {
	s := h.Site
	kc := talk.Kerberos{R: s.R, Realm: strings.ToUpper(s.Zone), User: u.Name}
	k := s.Dial(at, h.Station, s.DC.Station, 88)
	up, down := kc.Access(k.Now(), talk.AES256, class, server.FQDN())
	k.Send(packet.Client, up)
	k.Send(packet.Server, down)
	s.DC.serviceTicket(k.Now(), u, server, h.IP, k.ClientPort())
	k.Close(packet.Client)
	return k.Now()
}
