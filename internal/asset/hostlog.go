package asset

import (
	"strings"

	"longwatch/internal/proto/ntlm"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/mail"
	"longwatch/internal/record/web"
)

// products are what appliances call themselves in records, with their vendors.
var products = map[string]struct{ vendor, product string }{
	"fortios": {"Fortinet", "FortiOS"}, "panos": {"Palo Alto Networks", "PAN-OS"}, "asa": {"Cisco", "ASA"}, "ios": {"Cisco", "IOS"}, "ivanti": {"Ivanti", "Connect Secure"},
	"netscaler": {"Citrix", "NetScaler"}, "bigip": {"F5", "BIG-IP"}, "versa": {"Versa", "Versa Director"},
}

// learnHost learns from a machine's own log.
func (l *Learner) learnHost(r record.Record) {
	switch r := r.(type) {
	case *web.Access:
		l.webLog(r)
	case *host.Socket:
		k := l.logs(r.Host, &r.Head.Head)
		own, other := r.OrigH, r.RespH
		if !r.Initiated {
			own, other = other, own
		}
		l.at(l.host(other), &r.Head.Head)
		if a := l.at(l.host(own), &r.Head.Head); a != nil && k != nil && !own.IsUnspecified() {
			a.call(r.Host, logged)
			a.spoke = true
		}
		l.outside(r.RespH, r.RespName)
		l.socket(r)
	case *mail.Message:
		if r.Event != "" && r.Host != "" {
			l.logs(r.Host, &r.Head).hint(MailServer, Sure, "its log of messages", &r.Head)
		}
	case *host.Ticket:
		k := l.logs(r.Host, &r.Head.Head)
		k.hint(DomainController, Sure, "its log says that it gave out Kerberos tickets", &r.Head.Head)
		if from := l.host(r.Source); from >= 0 && r.Status == "0x0" {
			l.loggedUse(from, r.Host, use{head: &r.Head.Head, port: 88, name: "krb", kind: Authentication})
		}
	case *host.Logon:
		l.logs(r.Host, &r.Head.Head)
		if k := l.at(l.host(r.Source), &r.Head.Head); k != nil && r.SourceHost != "" {
			k.call(r.SourceHost, claimed)
		}
	case *host.Syslog:
		k := l.logs(r.Host, &r.Head.Head)
		l.appliance(k, r.Product, &r.Head.Head)
		k.all(firmware(r.Product, r.Message), &r.Head.Head)
	case *host.ConfigChange:
		l.appliance(l.logs(r.Host, &r.Head.Head), r.Product, &r.Head.Head)
	case *host.SystemEvent:
		k := l.logs(r.Host, &r.Head.Head)
		if version, ok := strings.CutPrefix(r.Detail, "Windows "); ok && r.Action == "started" {
			k.all(ntVersion(version, Sure, "its log says at a start that it is "+quote(r.Detail)), &r.Head.Head)
		}
		if r.Action == "software-installed" {
			k.installed(r)
		}
	default:
		if f, ok := r.RecordType().Field("host"); ok && f.Len(r) > 0 {
			if name, isText := f.StringAt(r, 0); isText {
				l.logs(name, r.Base())
			}
		}
	}
}

// logs is the host whose log a record is of.
func (l *Learner) logs(name string, h *record.Head) *known {
	k := l.at(l.named(name), h)
	if k != nil {
		k.spoke = true
	}
	return k
}

// loggedUse notes that a host at an address used a service of a host by name.
// The server is found when all is known.
func (l *Learner) loggedUse(from int32, server string, u use) {
	to := l.named(server)
	if to < 0 || to == from {
		return
	}
	l.serve(l.hosts[to], from, false, l.use(from, to, &u), &u)
}

// socket notes a connection that a host itself saw.
func (l *Learner) socket(r *host.Socket) {
	if r.Action != "connected" && r.Action != "" || !r.OrigH.IsValid() || !r.RespH.IsValid() || r.RespH.IsMulticast() {
		return
	}
	orig, resp := l.host(r.OrigH), l.host(r.RespH)
	if orig < 0 || resp < 0 || orig == resp {
		return
	}
	name, kind, byPort := classify("", r.Proto, r.RespP)
	if kind == Other {
		return
	}
	u := use{head: &r.Head.Head, udp: r.Proto == "udp", port: r.RespP, name: name, kind: kind, byPort: byPort}
	l.serve(l.hosts[resp], orig, !l.own(r.OrigH.Unmap()), l.use(orig, resp, &u), &u)
}

func (l *Learner) appliance(k *known, product string, h *record.Head) {
	p, ok := products[product]
	if k == nil || !ok {
		return
	}
	k.hint(Appliance, Sure, "its log is that of "+p.vendor+" "+p.product, h)
	k.runs(Software{Kind: KindFirmware, Vendor: p.vendor, Product: p.product, Surety: Sure, Why: "the form of its log"}, h)
}

// installed reads MsiInstaller 1033: product and version.
func (k *known) installed(r *host.SystemEvent) {
	s := Software{Kind: KindInstalled, Product: r.Detail, Surety: Sure, Why: "its log says that it was installed: " + quote(r.Detail)}
	if i := strings.LastIndexByte(r.Detail, ' '); i > 0 && i < len(r.Detail)-1 && r.Detail[i+1] >= '0' && r.Detail[i+1] <= '9' {
		s.Product, s.Version = r.Detail[:i], r.Detail[i+1:]
	}
	k.runs(s, &r.Head.Head)
}

// webLog learns from a web server's log.
func (l *Learner) webLog(r *web.Access) {
	var k *known
	var at int32 = -1
	if r.ServerIP.IsValid() && !r.ServerIP.IsUnspecified() {
		at = l.host(r.ServerIP)
		k = l.at(at, &r.Head)
		k.call(r.Server, asked)
	} else if r.Server != "" {
		at = l.named(r.Server)
		k = l.at(at, &r.Head)
	}
	client := l.host(r.ClientIP)
	l.at(client, &r.Head)
	if k == nil {
		return
	}
	k.spoke = true
	k.hint(WebServer, Sure, "its log of requests", &r.Head)
	if r.Product == "iis" || r.Product == "httperr" {
		k.runs(Software{Kind: KindServer, Vendor: "Microsoft", Product: "Microsoft-IIS", Surety: Sure, Why: "the form of its log"}, &r.Head)
	}
	k.served(r.Stem+"?"+r.Query, uint64(r.Status), r.ServerPort, &r.Head)
	if client < 0 || client == at || r.Status == 0 || r.Status >= 400 {
		return
	}
	port := r.ServerPort
	if port == 0 {
		port = 80
	}
	u := use{head: &r.Head, port: port, name: "http", kind: Web}
	l.serve(k, client, !l.own(r.ClientIP.Unmap()), l.use(client, at, &u), &u)
}

// ntlmVersions takes the versions that both sides' messages bear.
func (l *Learner) ntlmVersions(r *ntlm.Auth) {
	l.hostAt(r.OrigH).all(ntVersion(r.ClientVersion, Likely, "its NTLM messages bear the version "+r.ClientVersion), &r.Head)
	l.hostAt(r.RespH).all(ntVersion(r.ServerVersion, Likely, "its NTLM messages bear the version "+r.ServerVersion), &r.Head)
}
