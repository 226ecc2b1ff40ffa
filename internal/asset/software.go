package asset

import (
	"strconv"
	"strings"

	"longwatch/internal/proto/dhcp"
	"longwatch/internal/proto/http"
	"longwatch/internal/proto/imap"
	"longwatch/internal/proto/ldap"
	"longwatch/internal/proto/mysql"
	"longwatch/internal/proto/netbiosdgm"
	"longwatch/internal/proto/ntp"
	"longwatch/internal/proto/pop3"
	"longwatch/internal/proto/postgresql"
	"longwatch/internal/proto/rdp"
	"longwatch/internal/proto/sip"
	"longwatch/internal/proto/smb"
	"longwatch/internal/proto/smtp"
	"longwatch/internal/proto/snmp"
	"longwatch/internal/proto/ssdp"
	"longwatch/internal/proto/ssh"
	"longwatch/internal/proto/ssl"
	"longwatch/internal/proto/tds"
	"longwatch/internal/record"
)

// The kinds of software.
const (
	KindOS        = "os"
	KindServer    = "server"
	KindClient    = "client"
	KindFirmware  = "firmware"
	KindInstalled = "installed" // by the host's own log; what it does is not known
)

type softKey struct {
	kind, product, version string
	port                   uint16
}

// runs notes software of k.
func (k *known) runs(s Software, h *record.Head) {
	s.Product, s.Version, s.Vendor, s.Why = strings.TrimSpace(clip(s.Product)), strings.TrimSpace(clip(s.Version)), clip(s.Vendor), clip(s.Why)
	if k == nil || s.Product == "" {
		return
	}
	if s.Vendor == "" {
		s.Vendor = vendorOf(s.Product)
	}
	key := softKey{s.Kind, s.Product, s.Version, s.Port}
	old := k.soft[key]
	if old == nil {
		if len(k.soft) >= maxSoftware {
			k.more = true
			return
		}
		if k.soft == nil {
			k.soft = map[softKey]*Software{}
		}
		old = &s
		k.soft[key] = old
	} else if s.Surety > old.Surety || s.Surety == old.Surety && s.Why < old.Why {
		old.Surety, old.Why = s.Surety, s.Why
	}
	old.Count++
	span := record.Span{Start: old.First, End: old.Last}
	span.Grow(h.TS)
	old.First, old.Last = span.Start, span.End
	if len(old.Refs) < keptRefs && h.Ref.File != "" {
		old.Refs = append(old.Refs, h.Ref)
	}
}

// all notes several.
func (k *known) all(list []Software, h *record.Head) {
	for i := range list {
		k.runs(list[i], h)
	}
}

// learnSoftware learns from records in which programs say what they are.
func (l *Learner) learnSoftware(r record.Record) bool {
	switch r := r.(type) {
	case *ssh.Record:
		l.seen(&r.Conn)
		l.hostAt(r.RespH).all(sshBanner(r.Server, KindServer, r.RespP), &r.Head)
		l.hostAt(r.OrigH).all(sshBanner(r.Client, KindClient, 0), &r.Head)
	case *http.Request:
		l.http(r)
	case *ssl.Record:
		l.seen(&r.Conn)
		l.outside(r.RespH, r.ServerName)
		if r.Established && l.own(r.RespH.Unmap()) {
			l.hostAt(r.RespH).call(r.ServerName, asked)
		}
	case *mysql.Command:
		l.seen(&r.Conn)
		l.hostAt(r.RespH).all(mysqlVersion(r.Server, r.RespP), &r.Head)
	case *postgresql.Exchange:
		l.seen(&r.Conn)
		l.hostAt(r.RespH).all(postgresVersion(r.Server, r.RespP), &r.Head)
	case *tds.Session:
		l.tds(r)
	case *snmp.Record:
		l.snmp(r)
	case *ssdp.Record:
		l.seen(&r.Conn)
		l.hostAt(r.OrigH).all(productList(r.Server, KindServer, 0, "SSDP says", Likely), &r.Head)
	case *sip.Record:
		l.seen(&r.Conn)
		l.hostAt(r.OrigH).all(productList(r.UserAgent, KindClient, 0, "SIP User-Agent", Likely), &r.Head)
		l.hostAt(r.RespH).all(productList(r.Server, KindServer, r.RespP, "SIP Server", Likely), &r.Head)
	case *rdp.Session:
		l.seen(&r.Conn)
		l.hostAt(r.OrigH).call(r.ClientName, claimed)
		if r.ClientBuild != "" {
			l.hostAt(r.OrigH).runs(Software{Kind: KindClient, Product: "Remote Desktop client", Version: strings.TrimPrefix(r.ClientBuild, "RDP "), Surety: Likely, Why: "its RDP client says " + quote(r.ClientBuild)}, &r.Head)
		}
	default:
		return l.learnMore(r)
	}
	return true
}

// learnMore is learnSoftware for mail, directory, files and time.
func (l *Learner) learnMore(r record.Record) bool {
	switch r := r.(type) {
	case *smb.Mapping:
		l.seen(&r.Conn)
		switch r.ShareType {
		case "DISK":
			if share := r.Path[strings.LastIndexByte(r.Path, '\\')+1:]; strings.EqualFold(share, "sysvol") || strings.EqualFold(share, "netlogon") {
				l.hostAt(r.RespH).hint(DomainController, Sure, "it shares "+quote(share), &r.Head)
			} else if !strings.HasSuffix(share, "$") {
				l.hostAt(r.RespH).hint(FileServer, Likely, "it shares the folder "+quote(share), &r.Head)
			}
		case "PRINT":
			l.hostAt(r.RespH).hint(Printer, Likely, "it shares a printer", &r.Head)
		}
	case *smtp.Record:
		l.seen(&r.Conn)
		l.hostAt(r.OrigH).all(productList(r.UserAgent, KindClient, 0, "mail header", Guess), &r.Head)
	case *imap.Record:
		l.seen(&r.Conn)
		l.hostAt(r.RespH).all(mailBanner(r.Banner, r.RespP), &r.Head)
	case *pop3.Record:
		l.seen(&r.Conn)
		l.hostAt(r.RespH).all(mailBanner(r.Banner, r.RespP), &r.Head)
	case *ldap.Message:
		l.seen(&r.Conn)
		if r.Result == "success" {
			l.hostAt(r.RespH).hint(DirectoryServer, Sure, "it answered a bind of LDAP", &r.Head)
		}
	case *ntp.Message:
		l.seen(&r.Conn)
		if r.Mode == 4 && r.Stratum > 0 && r.Stratum < 16 && r.Leap != 3 {
			l.hostAt(r.RespH).hint(TimeServer, Sure, "it answered requests for the time, at stratum "+strconv.Itoa(int(r.Stratum)), &r.Head)
		}
	default:
		return false
	}
	return true
}

func (l *Learner) http(r *http.Request) {
	l.seen(&r.Conn)
	l.outside(r.RespH, r.Host)
	if l.own(r.RespH.Unmap()) {
		l.hostAt(r.RespH).call(r.Host, asked)
	}
	l.hostAt(r.RespH).all(productList(r.Server, KindServer, r.RespP, "HTTP Server header", Likely), &r.Head)
	l.hostAt(r.RespH).served(r.URI, r.StatusCode.V, r.RespP, &r.Head)
	l.hostAt(r.OrigH).all(userAgent(r.UserAgent), &r.Head)
}

func (l *Learner) tds(r *tds.Session) {
	l.seen(&r.Conn)
	l.hostAt(r.OrigH).call(r.Host, claimed)
	if r.ServerVersion != "" {
		l.hostAt(r.RespH).runs(Software{Kind: KindServer, Vendor: "Microsoft", Product: sqlServer(r.ServerVersion), Version: r.ServerVersion, Surety: Sure, Why: "its prelogin of TDS says " + r.ServerVersion, Port: r.RespP}, &r.Head)
	}
	if r.Application != "" {
		l.hostAt(r.OrigH).runs(Software{Kind: KindClient, Product: r.Application, Surety: Likely, Why: "it logs in to a database as " + quote(r.Application)}, &r.Head)
	}
}

func (l *Learner) snmp(r *snmp.Record) {
	l.seen(&r.Conn)
	if r.DisplayString == "" && r.SysName == "" {
		return
	}
	k := l.hostAt(r.RespH)
	if k == nil {
		return
	}
	k.call(r.SysName, claimed)
	list, role := sysDescr(r.DisplayString)
	k.all(list, &r.Head)
	if role != "" {
		k.hint(role, Sure, "it describes itself by SNMP as "+quote(firstOf(r.DisplayString, 60)), &r.Head)
	}
}

// browser takes what Windows announces of itself to its neighbours.
func (l *Learner) browser(r *netbiosdgm.Datagram) {
	if r.Version == "" || r.SourceAddr != r.OrigH || !strings.Contains(strings.ToLower(r.Command), "host") {
		return
	}
	l.hostAt(r.OrigH).all(ntVersion(r.Version, Likely, "it announces itself as Windows "+quote(r.Version)), &r.Head)
}

// fingerprint takes what a DHCP client says it is.
func (k *known) fingerprint(r *dhcp.Record) {
	c := clip(r.VendorClass)
	why := "DHCP vendor class " + quote(c)
	low := strings.ToLower(c)
	switch {
	case c == "":
	case strings.HasPrefix(c, "MSFT"):
		k.runs(Software{Kind: KindOS, Vendor: "Microsoft", Product: "Windows", Surety: Likely, Why: why}, &r.Head)
	case strings.HasPrefix(low, "android-dhcp-"):
		k.runs(Software{Kind: KindOS, Vendor: "Google", Product: "Android", Version: c[len("android-dhcp-"):], Surety: Likely, Why: why}, &r.Head)
	case strings.HasPrefix(low, "dhcpcd-"), strings.HasPrefix(low, "dhcpcd "), strings.HasPrefix(low, "udhcp "):
		program, rest, _ := strings.Cut(c, string(c[strings.IndexAny(c, "- ")]))
		version, system, _ := strings.Cut(rest, ":")
		k.runs(Software{Kind: KindClient, Product: program, Version: version, Surety: Likely, Why: why}, &r.Head)
		if name, release, ok := strings.Cut(strings.SplitN(system, ":", 2)[0], "-"); ok {
			k.runs(Software{Kind: KindOS, Product: name, Version: release, Surety: Likely, Why: why}, &r.Head)
		}
	case strings.Contains(low, "jetdirect"), strings.Contains(low, "printer"):
		k.hint(Printer, Likely, why, &r.Head)
	case strings.Contains(low, "phone"):
		k.hint(Phone, Likely, why, &r.Head)
	}
}
