package asset

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"longwatch/internal/record"
)

// hint notes what role a record says that k has. The surest sentence stands;
// of equally sure ones the one in front of the others.
func (k *known) hint(role string, surety Surety, why string, h *record.Head) {
	if k == nil {
		return
	}
	r := k.hints[role]
	if r == nil {
		r = &Role{Name: role}
		if k.hints == nil {
			k.hints = map[string]*Role{}
		}
		k.hints[role] = r
	}
	why = clip(why)
	if surety > r.Surety || surety == r.Surety && why < r.Why {
		r.Surety, r.Why = surety, why
	}
	if len(r.Refs) < keptRefs && h.Ref.File != "" {
		r.Refs = append(r.Refs, h.Ref)
	}
}

// part says that a host has a role, from what it was seen to do.
func (k *known) part(role string, surety Surety, format string, args ...any) {
	r := &record.Head{}
	k.hint(role, surety, fmt.Sprintf(format, args...), r)
}

const (
	someClients = 3 // a shared printer or workstation serves one or two
	manyPolled  = 3 // controllers that a historian reads
)

// roleOf are roles of those that answer a protocol, and how sure they are with
// a client or two and with several; 0: none follows.
var roleOf = map[string]struct {
	role      string
	one, more Surety
}{
	"dns": {DNSServer, Likely, Sure}, "smtp": {MailServer, Likely, Sure}, "imap": {MailServer, Sure, Sure}, "pop3": {MailServer, Sure, Sure},
	"http": {WebServer, Likely, Likely}, "ssl": {WebServer, Guess, Likely}, "http2": {WebServer, Likely, Likely}, "quic": {WebServer, Guess, Likely},
	"smb": {FileServer, 0, Likely}, "nfs": {FileServer, Likely, Sure}, "ftp": {FileServer, Likely, Likely},
	"mysql": {DatabaseServer, Sure, Sure}, "postgresql": {DatabaseServer, Sure, Sure}, "tds": {DatabaseServer, Sure, Sure}, "mongodb": {DatabaseServer, Likely, Likely}, "oracle": {DatabaseServer, Likely, Likely}, "redis": {DatabaseServer, Likely, Sure},
	"ntp": {TimeServer, Likely, Sure}, "dhcp": {DHCPServer, Likely, Sure}, "syslog": {LogServer, Likely, Sure}, "socks": {ProxyServer, Likely, Sure}, "http-proxy": {ProxyServer, Likely, Sure},
	"rdp": {TerminalServer, 0, Likely}, "radius": {RadiusServer, Likely, Sure}, "ldap": {DirectoryServer, Likely, Likely}, "krb": {DomainController, Likely, Likely},
	"openvpn": {VPNGateway, Likely, Likely}, "wireguard": {VPNGateway, Guess, Likely}, "ipsec": {VPNGateway, Guess, Likely},
	"jetdirect": {Printer, Likely, Likely}, "lpd": {Printer, Likely, Likely}, "ipp": {Printer, Likely, Likely},
	"modbus": {PLC, Likely, Likely}, "s7comm": {PLC, Sure, Sure}, "enip": {PLC, Likely, Likely}, "fins": {PLC, Sure, Sure}, "ads": {PLC, Likely, Likely},
	"dnp3": {RTU, Likely, Likely}, "iec104": {RTU, Likely, Likely}, "mms": {IED, Likely, Likely}, "synchrophasor": {PMU, Likely, Likely},
	"hart-ip": {FieldGateway, Likely, Likely}, "fox": {BuildingController, Likely, Likely}, "opcua-binary": {OPCServer, Sure, Sure},
}

// offered gives a host the roles of the services that it was seen to give.
func (k *known) offered() {
	krb, ldap, smb := (*service)(nil), (*service)(nil), (*service)(nil)
	for key, s := range k.serves {
		name := plain(s.name)
		switch name {
		case "krb":
			krb = s
		case "ldap":
			ldap = s
		case "smb":
			smb = s
		}
		r, ok := roleOf[name]
		if !ok {
			continue
		}
		surety := r.one
		if len(s.clients) >= someClients {
			surety = r.more
		}
		if surety == 0 {
			continue // any machine with Windows answers it
		}
		how := fmt.Sprintf("it answered %s as %s on %s", clients(s), name, key)
		if s.byPort {
			surety, how = min(surety, Guess), fmt.Sprintf("it answered %s on %s, the port of %s; the content was not recognised", clients(s), key, name)
		}
		k.partOf(r.role, surety, how, s)
	}
	if krb != nil && ldap != nil {
		surety := Likely
		if smb != nil || !krb.byPort && !ldap.byPort {
			surety = Sure
		}
		k.partOf(DomainController, surety, "it gives Kerberos tickets and answers LDAP, "+clients(krb)+" asked", krb)
	}
}

// partOf is part with the references of a service.
func (k *known) partOf(role string, surety Surety, why string, s *service) {
	k.part(role, surety, "%s", why)
	r := k.hints[role]
	for _, ref := range s.refs.list() {
		if len(r.Refs) < keptRefs && !slices.Contains(r.Refs, ref) {
			r.Refs = append(r.Refs, ref)
		}
	}
}

func clients(s *service) string {
	switch n := len(s.clients); {
	case s.more:
		return fmt.Sprintf("more than %d hosts", n)
	case n == 1:
		return "one host"
	default:
		return fmt.Sprintf("%d hosts", n)
	}
}

// String is the port as people write it: tcp/502.
func (s serviceKey) String() string {
	if s.udp {
		return fmt.Sprintf("udp/%d", s.port)
	}
	return fmt.Sprintf("tcp/%d", s.port)
}

// asker is what a host asked of others.
type asker struct {
	devices  int // different hosts that it spoke a control protocol with
	does     access
	names    []string // of the control protocols
	everyday int      // kinds of service that people use: names, web, files, mail, tickets
	refs     refs
}

// asked gives a host the roles of what it was seen to ask others for.
func (k *known) asked(a *asker) {
	if a.devices > 0 {
		slices.Sort(a.names)
		protocols := strings.Join(slices.Compact(a.names), ", ")
		s := &service{refs: a.refs}
		switch does := a.does | k.does; {
		case does&programs != 0:
			k.partOf(EngineeringStation, Likely, fmt.Sprintf("it moved programs to or from %s by %s", hosts(a.devices), protocols), s)
		case does&configures != 0 && !slices.Contains(a.names, "dnp3") && !slices.Contains(a.names, "iec104"): // masters set clocks
			k.partOf(EngineeringStation, Guess, fmt.Sprintf("it configured %s by %s", hosts(a.devices), protocols), s)
		}
		k.operator(a, protocols, s)
	}
	if len(k.hints) == 0 && a.everyday >= 2 {
		surety, and := Guess, ""
		if k.browses() {
			surety, and = Likely, ", somebody browses on it"
		}
		k.part(Workstation, surety, "it uses %d kinds of service that people use, and serves nobody%s", a.everyday, and)
	}
	if os := k.windowsClient(); os != "" && !k.serverLike() {
		k.part(Workstation, Likely, "it runs %s and gives no service that several use", os)
	}
}

// operator tells masters, panels and historians apart, as far as what they ask
// for and their names allow.
func (k *known) operator(a *asker, protocols string, s *service) {
	does := a.does | k.does
	if slices.Contains(a.names, "dnp3") || slices.Contains(a.names, "iec104") {
		k.partOf(ControlMaster, Likely, fmt.Sprintf("it asks %s by %s", hosts(a.devices), protocols), s)
		return
	}
	verb := "reads from"
	if does&(writes|controls) != 0 {
		verb = "writes to"
	}
	k.partOf(HMI, Guess, fmt.Sprintf("it %s %s by %s", verb, hosts(a.devices), protocols), s)
	if does == reads && a.devices >= manyPolled {
		k.partOf(Historian, Guess, fmt.Sprintf("it only reads, from %s, by %s", hosts(a.devices), protocols), s)
	}
	for _, n := range k.names {
		for _, w := range []struct{ part, role string }{{"hmi", HMI}, {"scada", HMI}, {"wincc", HMI}, {"panel", HMI}, {"hist", Historian}, {"eng", EngineeringStation}, {"ews", EngineeringStation}} {
			if strings.Contains(upTo(n.value, "."), w.part) {
				k.partOf(w.role, Likely, fmt.Sprintf("it %s %s by %s, and is called %s", verb, hosts(a.devices), protocols, n.value), s)
			}
		}
	}
}

// browses tells whether a browser was seen on the host.
func (k *known) browses() bool {
	for key := range k.soft {
		for _, b := range browsers {
			if key.product == b.product && b.product != "Thunderbird" {
				return true
			}
		}
		if key.product == "Internet Explorer" || key.product == "Safari" {
			return true
		}
	}
	return false
}

func hosts(n int) string {
	if n == 1 {
		return "one host"
	}
	return fmt.Sprintf("%d hosts", n)
}

// serverLike tells a host that several others use.
func (k *known) serverLike() bool {
	for _, s := range k.serves {
		if len(s.clients) >= someClients {
			return true
		}
	}
	return false
}

// windowsClient is a desktop system that the host is known to run.
func (k *known) windowsClient() string {
	out := ""
	for _, s := range k.soft {
		if s.Kind == KindOS && (strings.HasPrefix(s.Product, "Windows 1") || s.Product == "macOS" || s.Product == "Windows XP") && !strings.Contains(s.Product, "Server") && s.Product > out {
			out = s.Product
		}
	}
	return out
}

// roles are those of k, surest first; of equally sure ones the one that says
// most.
func (k *known) roles() []Role {
	var out []Role
	for _, r := range k.hints {
		slices.SortFunc(r.Refs, compareRefs)
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b Role) int {
		return cmp.Or(cmp.Compare(b.Surety, a.Surety), cmp.Compare(weight(a.Name), weight(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// order is which role says most of a host that has several: a domain
// controller also serves names, time and files.
var order = []string{
	DomainController, PLC, RTU, IED, PMU, BuildingController, FieldGateway, FieldDevice, EngineeringStation, ControlMaster, HMI, Historian, OPCServer, Router, Appliance, VPNGateway, Printer, Phone,
	MailServer, DatabaseServer, ProxyServer, TerminalServer, FileServer, LogServer, RadiusServer, DirectoryServer, WebServer, DHCPServer, DNSServer, TimeServer, Workstation, Server,
}

func weight(role string) int {
	if i := slices.Index(order, role); i >= 0 {
		return i
	}
	return len(order)
}
