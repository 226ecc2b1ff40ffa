package asset

import (
	"net/netip"
	"strings"

	"longwatch/internal/domain"
	"longwatch/internal/proto/dhcp"
	"longwatch/internal/proto/dns"
	"longwatch/internal/proto/kerberos"
	"longwatch/internal/proto/netbiosdgm"
	"longwatch/internal/proto/ntlm"
	"longwatch/internal/proto/radius"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// How far a name can be trusted.
const (
	asked   uint8 = iota + 1 // a client asked the host for it: any name of a web server
	claimed                  // the host's own word on the wire, which an intruder chooses
	looked                   // an answer of DNS
	leased                   // a lease, or a ticket for the machine's own account
	logged                   // the host's own log
)

const maxDomains = 1 << 18 // outside addresses whose name is known

// call notes a name of k.
func (k *known) call(name string, rank uint8) {
	name = fold(name)
	if host, port, ok := strings.Cut(name, ":"); ok && rank == asked && !strings.Contains(port, ":") {
		name = host
	}
	if k == nil || name == "" || strings.ContainsAny(name, " /\\*") || k.addr.IsLoopback() || k.addr.IsUnspecified() {
		return
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return
	}
	k.names, k.more = addClaim(k.names, name, rank, maxNames, k.more)
}

// hardware notes a MAC of k.
func (k *known) hardware(mac string, rank uint8) {
	mac = strings.ToLower(clip(mac))
	if k == nil || len(mac) != 17 || mac == "00:00:00:00:00:00" || mac == "ff:ff:ff:ff:ff:ff" {
		return
	}
	k.macs, k.more = addClaim(k.macs, mac, rank, maxMACs, k.more)
}

// outside notes the name that an outside address was reached by. The name in
// front of others is kept, so that the order of records does not matter.
func (l *Learner) outside(a netip.Addr, name string) {
	if !a.IsValid() || l.own(a.Unmap()) {
		return
	}
	name = domain.Registrable(fold(name))
	if name == "" || !domain.Known(name) {
		return
	}
	a = a.Unmap()
	old, ok := l.domains[a]
	if ok && old <= name || !ok && len(l.domains) >= maxDomains {
		return
	}
	l.domains[a] = name
}

// learnNames learns from records about names and addresses.
func (l *Learner) learnNames(r record.Record) bool {
	switch r := r.(type) {
	case *network.ARP:
		l.arp(r)
	case *network.Weird:
		l.at(l.host(r.OrigH), &r.Head)
		l.at(l.host(r.RespH), &r.Head)
	case *dns.Message:
		l.dns(r)
	case *dhcp.Record:
		l.dhcp(r)
	case *ntlm.Auth:
		l.seen(&r.Conn)
		l.ntlmVersions(r)
		l.hostAt(r.OrigH).call(r.Hostname, claimed)
		l.hostAt(r.RespH).call(r.ServerDNS, claimed)
		if r.ServerDNS == "" {
			l.hostAt(r.RespH).call(r.ServerNetBIOS, claimed)
		}
	case *kerberos.Exchange:
		l.seen(&r.Conn)
		client, _, _ := strings.Cut(r.Client, "/")
		if name, machine := strings.CutSuffix(client, "$"); machine && r.RequestType != "AP" {
			l.hostAt(r.OrigH).call(name, leased)
		}
		if r.RequestType != "AP" && r.Success.V {
			l.hostAt(r.RespH).hint(DomainController, Sure, "it gave out Kerberos tickets", &r.Head)
		}
	case *netbiosdgm.Datagram:
		l.seen(&r.Conn)
		if r.SourceAddr == r.OrigH && r.SourceType <= 0x20 {
			l.hostAt(r.OrigH).call(r.Source, claimed)
		}
		l.browser(r)
	case *radius.Record:
		l.seen(&r.Conn)
		if r.NASAddr == r.OrigH {
			l.hostAt(r.OrigH).call(r.NASName, claimed)
		}
	default:
		return false
	}
	return true
}

// seen notes that both ends of a connection were named once more. The record
// of the connection itself says who spoke.
func (l *Learner) seen(c *record.Conn) {
	l.at(l.host(c.OrigH), &c.Head)
	l.at(l.host(c.RespH), &c.Head)
}

// hostAt is the host with an address, nil when it is not kept. The methods of
// known that note something do nothing for nil.
func (l *Learner) hostAt(a netip.Addr) *known {
	i := l.host(a)
	if i < 0 {
		return nil
	}
	return l.hosts[i]
}

func (l *Learner) arp(r *network.ARP) {
	from := l.at(l.host(r.OrigH), &r.Head)
	if from != nil {
		from.spoke = true
		from.hardware(r.OrigHW, looked)
		from.vlan(record.Opt[uint16]{V: r.VLAN, Set: r.VLAN != 0})
	}
	if r.OrigH != r.RespH {
		l.at(l.host(r.RespH), &r.Head) // who is asked for need not be there
	}
}

func (l *Learner) dns(r *dns.Message) {
	l.seen(&r.Conn)
	if r.RespP == 53 && r.RCode.Set {
		l.hostAt(r.RespH).hint(DNSServer, Sure, "it answered questions of DNS", &r.Head)
	}
	if r.RespP != 53 || r.QTypeName == "PTR" {
		l.reverse(r)
		return
	}
	for _, a := range r.Addresses {
		a = a.Unmap()
		if !l.own(a) {
			l.outside(a, r.Query)
			continue
		}
		l.at(l.host(a), &r.Head)
		l.hostAt(a).call(r.Query, looked)
	}
}

// reverse takes the name of an address from the answer to a question for it.
func (l *Learner) reverse(r *dns.Message) {
	rest, ok := strings.CutSuffix(fold(r.Query), ".in-addr.arpa")
	if !ok || r.QTypeName != "PTR" || len(r.Names) == 0 {
		return
	}
	parts := strings.Split(rest, ".")
	if len(parts) != 4 {
		return
	}
	a, err := netip.ParseAddr(parts[3] + "." + parts[2] + "." + parts[1] + "." + parts[0])
	if err == nil && l.own(a) {
		l.hostAt(a).call(r.Names[0], looked)
	}
}

func (l *Learner) dhcp(r *dhcp.Record) {
	client := r.AssignedAddr
	if !client.IsValid() || client.IsUnspecified() {
		client = r.ClientAddr
	}
	ack := strings.Contains(strings.Join(r.MsgTypes, ","), "ACK")
	if k := l.at(l.host(client), &r.Head); k != nil {
		if ack {
			k.hardware(r.MAC, leased)
			k.call(r.ClientFQDN, leased)
			k.call(r.HostName, leased)
		}
		k.spoke = k.spoke || ack
		k.fingerprint(r)
	}
	if s := l.at(l.host(r.ServerAddr), &r.Head); s != nil && ack {
		s.spoke = true
		s.hint(DHCPServer, Sure, "it gave out addresses by DHCP", &r.Head)
	}
	for _, a := range r.Routers {
		if k := l.at(l.host(a), &r.Head); k != nil && ack {
			k.hint(Router, Sure, "the DHCP server names it as router", &r.Head)
		}
	}
	for _, a := range r.DNSServers {
		if k := l.at(l.host(a), &r.Head); k != nil && ack {
			k.hint(DNSServer, Likely, "the DHCP server names it as DNS server", &r.Head)
		}
	}
}
