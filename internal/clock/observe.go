package clock

import (
	"cmp"
	"net"
	"net/netip"
	"strings"

	"longwatch/internal/proto/dns"
	"longwatch/internal/proto/http"
	"longwatch/internal/proto/kerberos"
	"longwatch/internal/proto/ntlm"
	"longwatch/internal/proto/smb"
	"longwatch/internal/proto/smtp"
	"longwatch/internal/proto/syslog"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/mail"
	"longwatch/internal/record/network"
	"longwatch/internal/record/web"
)

// Observe takes from r which event it is of, who saw it and when. Records that
// no second source can have seen are passed over.
func (s *Sketch) Observe(r record.Record) {
	switch r := r.(type) {
	case *network.Conn:
		s.connection("tcp", &r.Conn, r.Base())
	case *host.Socket:
		s.socket(r)
	case *host.DNSQuery:
		s.key("dns")
		s.text(strings.TrimSuffix(r.Query, "."))
		if r.Source.IsValid() { // a server's log
			s.addr(r.Source, 0)
		}
		s.ofHost(&r.Head, hostSide)
	case *host.Logon:
		s.logon(r)
	case *host.Ticket:
		s.ticket(r)
	case *host.Syslog:
		s.blocked(r)
		if len(r.Message) >= minMessage {
			s.key("syslog")
			s.text(tail(r.Message))
			s.ofHost(&r.Head, hostSide)
		}
	case *host.ShareAccess:
		s.share(r.Source, r.Host, lastPart(r.Share), r.Path)
		s.ofHost(&r.Head, hostSide)
	case *web.Access:
		s.access(r)
	case *mail.Message:
		s.message(r)
	default:
		s.protocol(r)
	}
}

// minMessage is how long a message must be to be told from others.
const minMessage = 24

// blocked is a connection that an appliance refused: a capture may have seen the
// attempt. Those that it let through are records of their own.
func (s *Sketch) blocked(r *host.Syslog) {
	if r.Get("srcport") == "" || r.Get("duration") != "0" {
		return
	}
	from, err1 := netip.ParseAddrPort(net.JoinHostPort(r.Get("srcip"), r.Get("srcport")))
	to, err2 := netip.ParseAddrPort(net.JoinHostPort(r.Get("dstip"), r.Get("dstport")))
	if err1 != nil || err2 != nil {
		return
	}
	s.key("tcp")
	s.addr(from.Addr(), from.Port())
	s.addr(to.Addr(), to.Port())
	s.ofHost(&r.Head, hostSide)
}

// tail is the last part of a message: carriers put different things before it.
func tail(s string) string { return s[max(0, len(s)-96):] }

// hostName is a host's name as sources are compared by it: lower case, without
// its domain.
func hostName(s string) string {
	s = strings.ToLower(strings.Trim(s, `\. `))
	if _, err := netip.ParseAddr(s); err == nil {
		return s
	}
	name, _, _ := strings.Cut(s, ".")
	if strings.HasPrefix(name, "w3svc") || name == "localhost" || name == "-" {
		return ""
	}
	return name
}

// ofHost remembers the event of the buffer as the host's log has it.
func (s *Sketch) ofHost(h *host.Head, side uint8) { s.putHost(h.Host, h.Base(), side) }

func (s *Sketch) putHost(name string, h *record.Head, side uint8) {
	if name = hostName(name); name == "" {
		return
	}
	n := s.intern("host " + name)
	if n != noSource {
		s.hostOf(h.Ref.File, n)
	}
	s.put(sight{source: n, side: side, ts: h.TS})
}

// ofCapture remembers it as a capture, or another file, has it.
func (s *Sketch) ofCapture(h *record.Head, side uint8, who uint32) {
	if s.lastFile != h.Ref.File || s.lastSource == noSource {
		s.lastFile, s.lastSource = h.Ref.File, s.intern(fileSource(h.Ref.File))
	}
	s.put(sight{source: s.lastSource, side: side, who: who, ts: h.TS})
}

// connection is named by its two ends; ports of the originator are given out
// anew after hours only.
func (s *Sketch) connection(proto string, c *record.Conn, h *record.Head) {
	if c.OrigP == 0 || !c.OrigH.IsValid() {
		return
	}
	s.key(proto)
	s.addr(c.OrigH, c.OrigP)
	s.addr(c.RespH, c.RespP)
	s.ofCapture(h, anySide, 0)
}

func (s *Sketch) socket(r *host.Socket) {
	if r.OrigP == 0 || !r.OrigH.IsValid() || r.Action != "" && r.Action != "connected" {
		return
	}
	s.key("tcp")
	s.addr(r.OrigH, r.OrigP)
	s.addr(r.RespH, r.RespP)
	side := farSide
	if r.Initiated {
		side = hostSide
	}
	s.ofHost(&r.Head, side)
}

// logon is seen by the host that lets in, by the wire (NTLM), by the domain
// controller that gives the ticket for it, and by the host where the password
// was typed.
func (s *Sketch) logon(r *host.Logon) {
	user := bare(r.Target)
	if user == "" || r.Privileged {
		return
	}
	switch {
	case r.Outcome == "": // explicit credentials, at the source
		s.key("explicit")
		s.text(user)
		s.text(hostName(r.TargetHost))
		s.ofHost(&r.Head, farSide)
		return
	case r.LogonType == 3 && r.Source.IsValid():
		s.key("ntlm")
		s.addr(r.Source, 0)
		s.text(user)
		s.text(hostName(r.Host))
		s.ofHost(&r.Head, hostSide)
		s.key("ticket")
		s.addr(r.Source, 0)
		s.text(hostName(r.Host))
		s.ofHost(&r.Head, hostSide)
	}
	s.key("explicit")
	s.text(user)
	s.text(hostName(r.Host))
	s.ofHost(&r.Head, hostSide)
}

// share names the use of a file on a share, or of the share itself.
func (s *Sketch) share(client netip.Addr, server, share, file string) {
	s.key("smb")
	s.addr(client, 0)
	s.text(hostName(server))
	s.text(share)
	s.text(strings.Trim(strings.ReplaceAll(file, "/", `\`), `\`))
}

// lastPart is a share's name without its server.
func lastPart(share string) string {
	share = strings.TrimRight(share, `\`)
	return share[strings.LastIndexByte(share, '\\')+1:]
}

// server is the first part of \\server\share.
func server(share string) string {
	name, _, _ := strings.Cut(strings.TrimLeft(share, `\`), `\`)
	return name
}

// bare is an account without its domain.
func bare(user string) string {
	if i := strings.LastIndexByte(user, '\\'); i >= 0 {
		user = user[i+1:]
	}
	user, _, _ = strings.Cut(user, "@")
	return user
}

// ticket is seen by the domain controller, by the wire, and soon after by the
// host that it is for.
func (s *Sketch) ticket(r *host.Ticket) {
	if !r.Source.IsValid() || r.Service == "" {
		return
	}
	service := strings.TrimSuffix(r.Service, "$")
	service, _, _ = strings.Cut(service, "@")
	s.key("kerberos")
	s.text(r.Kind)
	s.addr(r.Source, 0)
	s.text(bare(r.Service))
	s.ofHost(&r.Head, hostSide)
	if r.Kind == "TGS" {
		s.key("ticket")
		s.addr(r.Source, 0)
		s.text(hostName(service))
		s.ofHost(&r.Head, farSide)
	}
}

func (s *Sketch) access(r *web.Access) {
	uri := r.Stem
	if r.Query != "" && r.Query != "-" {
		uri += "?" + r.Query
	}
	s.key("http")
	s.addr(r.ClientIP, 0)
	s.text(r.Method)
	s.text(uri)
	name := hostName(r.Server)
	if name == "" && r.ServerIP.IsValid() {
		name = r.ServerIP.Unmap().String()
	}
	s.putHost(name, r.Base(), hostSide)
}

// message is named by its id. A log of a mail server and the wire time it as
// they see it, a mail store by what the receiving server wrote into its header.
func (s *Sketch) message(r *mail.Message) {
	if r.MessageID == "" {
		return
	}
	s.key("mail")
	s.text(r.MessageID)
	switch {
	case r.UID != "": // its smtp record has the time of the wire
	case r.Host != "" && (r.Event == mail.Received || r.Event == mail.Delivered):
		s.putHost(r.Host, r.Base(), anySide)
	case r.Event == "":
		s.put(sight{source: s.intern("mail store " + r.Ref.File), ts: r.TS})
	}
}

// protocol takes records of protocols: what captures saw, and sensors.
func (s *Sketch) protocol(r record.Record) {
	side, who := wireSide, uint32(0)
	switch r := r.(type) {
	case *dns.Message:
		s.key("dns")
		s.text(r.Query)
		asked := len(s.buf)
		s.addr(orNone(r.OrigH), 0)
		s.ofCapture(r.Base(), side, 0) // for a server's log
		who = fold(orNone(r.OrigH))
		s.buf = s.buf[:asked]
	case *http.Request:
		s.key("http")
		s.addr(orNone(r.OrigH), 0)
		s.text(r.Method)
		s.text(r.URI)
		who = fold(orNone(r.RespH))
	case *ntlm.Auth:
		s.key("ntlm")
		s.addr(orNone(r.OrigH), 0)
		s.text(r.Username)
		s.text(hostName(cmp.Or(r.ServerDNS, r.ServerNetBIOS)))
	case *kerberos.Exchange:
		service, _, _ := strings.Cut(r.Service, "@")
		name, _, _ := strings.Cut(service, "/")
		if !strings.EqualFold(name, "krbtgt") {
			name = service
		}
		s.key("kerberos")
		s.text(r.RequestType)
		s.addr(orNone(r.OrigH), 0)
		s.text(name)
	case *smb.File:
		s.share(orNone(r.OrigH), server(r.Path), lastPart(r.Path), r.Name)
	case *smb.Mapping:
		s.share(orNone(r.OrigH), server(r.Path), lastPart(r.Path), "")
	case *syslog.Record:
		if len(r.Message) < minMessage {
			return
		}
		s.key("syslog")
		s.text(tail(r.Message))
	case *smtp.Record:
		id := strings.Trim(r.MsgID, "<> ")
		if id == "" {
			return
		}
		s.key("mail")
		s.text(id)
		side = anySide
	default:
		return
	}
	s.ofCapture(r.Base(), side, who)
}

// orNone is an address, or the unspecified one where a log has none.
func orNone(ip netip.Addr) netip.Addr {
	if !ip.IsValid() {
		return netip.IPv6Unspecified()
	}
	return ip
}

// fold stands for an address; never 0.
func fold(ip netip.Addr) uint32 {
	b := ip.Unmap().As16()
	return uint32(mix(b[:])) | 1
}
