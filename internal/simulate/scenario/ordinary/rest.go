package ordinary

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/estate"
	"longwatch/internal/simulate/packet"
	"longwatch/internal/simulate/talk"
)

// edge is a day in the log of the appliance: remote workers and its upkeep.
func (l *life) edge(day int) {
	r := l.r
	fw := l.One(estate.Edge)
	for i, u := range l.Staff() {
		if (i+day)%3 != 0 || !l.today() {
			continue
		}
		home := visitor(l.R.Sub("home/" + u.Name))
		at := l.At(day, 7, 10).Add(r.Duration(0, 11*time.Hour))
		VPN(l.Site, at, u, home, r.Duration(30*time.Minute, 4*time.Hour), i)
	}
	for range l.few(25) {
		at := l.At(day, 0, 0).Add(r.Duration(0, 24*time.Hour))
		from := visitor(r)
		fw.Appliance(at, 189, `logid="0000000013" type="traffic" subtype="forward" level="notice" vd="root" srcip=%s srcport=%d srcintf="wan1" srcintfrole="wan" dstip=%s dstport=%d dstintf="internal" policyid=0 action="deny" service=%q proto=6 duration=0 sentbyte=0 rcvdbyte=0`, from, r.Between(1025, 65000), fw.IP, chance.Pick(r, []int{22, 23, 445, 3389, 8443}), "tcp")
	}
	fw.Appliance(l.At(day, 3, 0).Add(r.Duration(0, 20*time.Minute)), 190, `logid="0100032252" type="event" subtype="system" level="information" vd="root" logdesc="FortiGuard update succeeded" user="system" action="update" status="success" msg="FortiGuard automatic update: virus and attack definitions"`)
	if day == 0 {
		u := l.Admins()[0]
		fw.Appliance(l.At(day, 10, 12), 189, `logid="0100032001" type="event" subtype="system" level="information" vd="root" logdesc="Admin login successful" sn="%d" user=%q ui="https(%s)" method="https" srcip=%s dstip=%s action="login" status="success" reason="none" profile="super_admin" msg="Administrator %s logged in successfully from https(%s)"`, l.At(day, 10, 12).Unix(), u.Name, u.Host.IP, u.Host.IP, fw.IP, u.Name, u.Host.IP)
	}
}

// VPN is one remote session in the appliance's log and, as TLS, on the wire.
func VPN(s *estate.Site, at time.Time, u *estate.User, from netip.Addr, lasts time.Duration, slot int) netip.Addr {
	fw := s.One(estate.Edge)
	inner := netip.AddrFrom4([4]byte{10, s.Octet, 212, byte(10 + slot)})
	fw.Appliance(at, 190, `logid="0101039424" type="event" subtype="vpn" level="information" vd="root" logdesc="SSL VPN tunnel up" action="tunnel-up" tunneltype="ssl-web" tunnelid=%d remip=%s user=%q group="vpn-users" dst_host="N/A" reason="login successfully" msg="SSL tunnel established"`, hash(u.Name+at.String()), from, u.Name)
	fw.Appliance(at.Add(2*time.Second), 190, `logid="0101039947" type="event" subtype="vpn" level="information" vd="root" logdesc="SSL VPN tunnel up" action="tunnel-up" tunneltype="ssl-tunnel" tunnelid=%d remip=%s tunnelip=%s user=%q group="vpn-users" dst_host="N/A" reason="tunnel established" msg="SSL tunnel established"`, hash(u.Name+at.String()), from, inner, u.Name)
	name := "vpn." + s.Public
	k := s.Dial(at.Add(-time.Second), s.Internet(from), fw.Station, 10443)
	t := talk.StartTLS(k, s.R, talk.Schannel, name, talk.TLSServer{Chain: s.Server(name).Chain})
	for range 6 {
		t.Exchange(s.R.Size(900, 9000), s.R.Size(2400, 30000), s.R.Duration(10*time.Millisecond, 90*time.Millisecond))
		k.Wait(lasts / 7)
	}
	t.Close(packet.Client)
	fw.Appliance(at.Add(lasts), 190, `logid="0101039948" type="event" subtype="vpn" level="information" vd="root" logdesc="SSL VPN tunnel down" action="tunnel-down" tunneltype="ssl-tunnel" tunnelid=%d remip=%s tunnelip=%s user=%q group="vpn-users" duration=%d sentbyte=%d rcvdbyte=%d reason="User requested termination of service" msg="SSL tunnel shutdown"`, hash(u.Name+at.String()), from, inner, u.Name, int(lasts.Seconds()), s.R.Size(400000, 9000000), s.R.Size(2000000, 90000000))
	return inner
}

func hash(s string) uint32 {
	v := uint32(2166136261)
	for _, c := range []byte(s) {
		v = (v ^ uint32(c)) * 16777619
	}
	return v
}

// linux is a day of the Linux servers: cron, log rotation, an administrator.
func (l *life) linux(day int) {
	r := l.r
	for _, h := range l.Hosts {
		if h.Role != estate.LinuxServer && (h.Role != estate.WebServer || h.Windows()) {
			continue
		}
		a := h.Audit()
		root := estate.Caller{UID: 0, AUID: 4294967295, Session: 4294967295, PPID: 812}
		for t := l.At(day, 0, 17); t.Before(l.At(day+1, 0, 0)); t = t.Add(l.rarer(time.Hour)) {
			at := t.Add(r.Duration(0, 900*time.Millisecond))
			c := root
			c.Command, c.Exe = "run-parts", "/usr/bin/run-parts"
			a.Exec(at, c, "/", "run-parts", "--report", "/etc/cron.hourly")
			h.Syslog(at, "syslog", fmt.Sprintf("CRON[%d]", r.Between(900, 30000)), "(root) CMD (   cd / && run-parts --report /etc/cron.hourly)")
		}
		if !l.today() {
			continue
		}
		c := root
		c.Command, c.Exe = "logrotate", "/usr/sbin/logrotate"
		a.Exec(l.At(day, 6, 25), c, "/", "/usr/sbin/logrotate", "/etc/logrotate.conf")
		c.Command, c.Exe = "apt-get", "/usr/bin/apt-get"
		a.Exec(l.At(day, 6, 40), c, "/", "apt-get", "-qq", "-y", "update")
		h.HTTPS(l.At(day, 6, 40).Add(time.Second), talk.OpenSSL, "deb.debian.org", 2, 300, 12000)

		u := chance.Pick(r, l.Admins())
		at := l.At(day, 13, 0).Add(r.Duration(0, 90*time.Minute))
		k := l.Dial(at, u.Host.Station, h.Station, 22)
		talk.StartSSH(k, r, "SSH-2.0-OpenSSH_for_Windows_9.5", "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3")
		h.Syslog(k.Now(), "auth.log", fmt.Sprintf("sshd[%d]", r.Between(900, 30000)), "Accepted publickey for %s from %s port %d ssh2: ED25519 SHA256:%s", u.Name, u.Host.IP, k.ClientPort(), r.Letters(chance.Mixed, 43))
		session := r.Between(20, 900)
		a.Login(k.Now(), u.Name, 1000, session, u.Host.IP.String())
		person := estate.Caller{UID: 1000, AUID: 1000, Session: session, TTY: "pts0", PPID: a.PID()}
		for _, argv := range chance.Some(r, [][]string{{"df", "-h"}, {"journalctl", "-u", "nginx", "-n", "50"}, {"tail", "-n", "100", "/var/log/syslog"}, {"top", "-b", "-n", "1"}, {"ls", "-la", "/var/backups"}, {"systemctl", "status", "nginx"}, {"kill", "-HUP", "812"}}, 4) {
			k.Send(packet.Client, r.Bytes(76))
			k.Send(packet.Server, r.Bytes(r.Size(400, 3000)))
			person.Command, person.Exe = argv[0], "/usr/bin/"+argv[0]
			a.Exec(k.Now(), person, "/home/"+u.Name, argv...)
			if argv[0] == "kill" {
				a.Kill(k.Now().Add(2*time.Millisecond), person, 812, 1, true)
			}
			k.Wait(r.Wait(25 * time.Second))
		}
		k.Close(packet.Client)
		c = root
		c.Command, c.Exe = "systemd", "/usr/lib/systemd/systemd"
		if day == 0 {
			a.LoadBPF(l.At(0, 6, 41), c, r.Between(20, 90))
		}
	}
}

// plant is the polling of controllers by the operator station.
func (l *life) plant(day int) {
	stations := l.Of(estate.HMI)
	if len(stations) == 0 {
		return
	}
	r := l.r
	for i, plc := range l.Of(estate.PLC) {
		k := l.Dial(l.At(day, 0, 0).Add(time.Duration(i+1)*2*time.Second), stations[0].Station, plc.Station, 502)
		for n := uint16(0); k.Now().Before(l.At(day+1, 0, 0).Add(-5 * time.Minute)); n++ {
			up, down := talk.ReadRegisters(r, n, 1, 100+uint16(i)*50, 24)
			k.Send(packet.Client, up)
			k.Send(packet.Server, down)
			k.Wait(r.Around(l.rarer(4*time.Minute), 0.01))
		}
		k.Close(packet.Client)
	}
}

// Letter is one mail in transport form.
type Letter struct {
	From, To, Subject string // From and To as header values
	ReplyTo           string
	Received          []string // newest first
	Text, HTML        string
}

// EML encodes a letter.
func (m Letter) EML(r *chance.Rand, at time.Time) []byte {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	for _, v := range m.Received {
		line("Received: %s; %s", v, at.Format(time.RFC1123Z))
	}
	line("From: %s", m.From)
	line("To: %s", m.To)
	line("Subject: %s", m.Subject)
	if m.ReplyTo != "" {
		line("Reply-To: %s", m.ReplyTo)
	}
	domain := m.From[strings.LastIndexByte(m.From, '@')+1:]
	line("Message-ID: <%s@%s>", r.Hex(12), strings.Trim(domain, ">"))
	line("Date: %s", at.Format(time.RFC1123Z))
	line("MIME-Version: 1.0")
	boundary := "----=_Part_" + r.Hex(8)
	line("Content-Type: multipart/alternative; boundary=%q", boundary)
	line("")
	line("--%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s", boundary, m.Text)
	if m.HTML != "" {
		line("--%s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s", boundary, m.HTML)
	}
	line("--%s--", boundary)
	return []byte(b.String())
}

// Mbox adds a letter to the mailbox of a user.
func Mbox(s *estate.Site, u *estate.User, at time.Time, m Letter, r *chance.Rand) {
	body := strings.ReplaceAll(string(m.EML(r, at)), "\r\n", "\n")
	body = strings.ReplaceAll(body, "\nFrom ", "\n>From ")
	s.AppendFile("mail/"+u.Name+".mbox", []byte("From - "+at.UTC().Format("Mon Jan _2 15:04:05 2006")+"\n"+body+"\n"), at)
}

// mail is what people found in their boxes.
func (l *life) mail() {
	r := l.R.Sub("mail")
	for _, u := range l.Staff() {
		for day := range l.Days {
			for hour := 7; hour < 17; hour += r.Between(2, 5) {
				if l.thin > 1 && !r.Chance(1/l.thin) {
					continue
				}
				at := l.At(day, hour, r.IntN(60))
				to := fmt.Sprintf("%s <%s>", u.Display, u.Mail)
				relay := fmt.Sprintf("from mx by mailhub.%s with ESMTPS", l.Zone)
				switch r.IntN(3) {
				case 0:
					other := chance.Pick(r, l.Staff())
					Mbox(l.Site, u, at, Letter{From: fmt.Sprintf("%s <%s>", other.Display, other.Mail), To: to, Subject: chance.Pick(r, []string{"Re: meeting on Thursday", "Minutes", "Fwd: offer", "Leave request", "Question about the form"}), Received: []string{relay}, Text: talk.Prose(words, r.Between(120, 700))}, r)
				case 1:
					shop := chance.Pick(r, []string{"news@updates.linkedin.com", "newsletter@reuters.com", "noreply@dhl.com", "info@booking.com", "digest@github.com"})
					host := shop[strings.IndexByte(shop, '@')+1:]
					Mbox(l.Site, u, at, Letter{From: fmt.Sprintf("%s <%s>", host, shop), To: to, Subject: chance.Pick(r, []string{"Your weekly digest", "Shipment update", "What is new this week", "Deals for the weekend"}), Received: []string{fmt.Sprintf("from mail-%d.%s (mail-%d.%s [%s]) by mx.%s with ESMTPS", r.IntN(90), host, r.IntN(90), host, l.Address(host), l.Public), relay},
						Text: talk.Prose(words, 400) + "\r\nhttps://www." + host + "/view?id=" + r.Hex(10), HTML: "<p>" + talk.Prose(words, 400) + "</p><a href=\"https://www." + host + "/view?id=" + r.Hex(10) + "\">View in browser</a>"}, r)
				case 2:
					partner := chance.Pick(r, []string{"office@partner-consult.example", "sales@hartmann-supplies.example", "secretariat@union-forum.example"})
					link := ""
					if r.Chance(0.2) {
						link = "\r\nhttps://www.dropbox.com/scl/fi/" + r.Hex(9) + "/agenda.pdf?dl=0"
					}
					Mbox(l.Site, u, at, Letter{From: partner, To: to, Subject: chance.Pick(r, []string{"Invoice for February", "Draft agenda", "Your enquiry", "Delivery date"}), Received: []string{fmt.Sprintf("from %s ([%s]) by mx.%s with ESMTPS", partner[strings.IndexByte(partner, '@')+1:], visitor(r), l.Public), relay}, Text: talk.Prose(words, 350) + link}, r)
				}
			}
		}
	}
}
