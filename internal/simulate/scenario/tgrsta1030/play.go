// Package tgrsta1030 plays the published behaviour of TGR-STA-1030 at a
// ministry: a lure about a reorganisation with a link to a file share, a
// loader on a workstation, a web server taken by an old flaw, a framed web
// shell conversation, tunnels, and the signals of a kernel rootkit. The
// archive, the program and the handler are look-alikes that cannot run.
package tgrsta1030

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/estate"
	"longwatch/internal/simulate/packet"
	"longwatch/internal/simulate/scenario/ordinary"
	"longwatch/internal/simulate/talk"
	"longwatch/internal/simulate/truth"
)

const profile = "tgr-sta-1030"

type play struct {
	*estate.Site
	r      *chance.Rand
	p      *truth.Plot
	victim *estate.User
	web    *estate.Host
	now    time.Time
	domain string // command and control
	name   string // base name of archive and program
	vps    []netip.Addr
	web2   string // name of the planted handler
	frame  frame
}

var published = []string{"abwxjp5.me", "brackusi0n.live", "dog3rj.tech", "emezonhe.me", "gouvn.me", "msonline.help", "pickupweb.me", "pr0fu5a.me", "q74vn.live", "servgate.me", "zamstats.me", "zrheblirsy.me"}

// Play writes the intrusion into the last days of the site.
func Play(s *estate.Site) truth.Campaign {
	r := s.R.Sub(profile)
	x := &play{Site: s, r: r, web: s.Web(false), p: truth.NewPlot(profile, s.Key, "mail about a reorganisation with a link to an archive on mega.nz")}
	for _, u := range chance.Some(r, s.Staff(), len(s.Staff())) {
		if u.Host != nil {
			x.victim = u
		}
	}
	x.domain = chance.Pick(r, published)
	if r.Chance(0.6) {
		x.domain = chance.Pick(r, []string{"doc", "mail", "web", "gov", "upd", "srv"}) + r.Letters("abcdefghijkmnpqrstuvwxyz0135", r.Between(3, 5)) + "." + chance.Pick(r, []string{"me", "live", "help", "tech"})
	}
	for range 3 {
		net := chance.Pick(r, [][2]byte{{157, 230}, {159, 65}, {165, 22}, {178, 128}, {188, 166}, {139, 162}, {45, 76}})
		x.vps = append(x.vps, netip.AddrFrom4([4]byte{net[0], net[1], byte(r.IntN(256)), byte(r.Between(2, 254))}))
	}
	s.Fix(x.domain, x.vps[0])
	s.Fix("raw.githubusercontent.com", netip.AddrFrom4([4]byte{185, 199, byte(r.Between(108, 111)), 133}))
	for _, v := range x.vps {
		x.p.Remote(v.String())
	}
	x.p.Remote(x.domain)
	x.p.Account(x.victim.Name)
	x.recon()
	x.lure()
	x.click()
	x.loader()
	x.beacon()
	x.exploit()
	x.server()
	for _, at := range s.Returns {
		x.back(at)
	}
	return x.p.Campaign()
}

// recon looks for products of a regional kit the day before.
func (x *play) recon() {
	at := x.At(max(x.Act-1, 0), 3, 10).Add(x.r.Duration(0, 3*time.Hour))
	var asks []ordinary.Ask
	for _, path := range []string{"/weaver/bsh.servlet.BshServlet", "/seeyon/htmlofficeservlet", "/EemAdminService/EemAdmin", "/autodiscover/autodiscover.json", "/crowd/admin/uploadplugin.action", "/commandcenter/", "/ecp/", "/struts2-showcase/index.action", "/webadm/?q=moni_detail.do&action=gragh"} {
		asks = append(asks, ordinary.Ask{Path: path, Status: 404, Pause: x.r.Wait(4 * time.Second)})
	}
	ordinary.Visit(x.Site, at, x.web, x.vps[1], "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36", asks)
	x.p.Step(at, x.web.Name, "TG-01", "one source asks for products of several vendors", x.accessLog(), truth.Pcap)
}

func (x *play) accessLog() string { return "logs/nginx/" + x.web.Name + "/access.log" }

// lure is the mail wave.
func (x *play) lure() {
	x.now = x.At(x.Act, 8, 20).Add(x.r.Duration(0, 40*time.Minute))
	subjects := []string{"Changes to the organisational structure of the ministry", "Reorganisation of departments: new staffing plan", "Draft order on the restructuring of our ministry"}
	subject := chance.Pick(x.r, subjects)
	x.name = chance.Pick(x.r, []string{"Organisational structure changes", "Restructuring order 2026", "Staffing plan (draft)", "Struktuuri muudatused 2026", "Reorganización del ministerio"})
	link := fmt.Sprintf("https://mega.nz/file/%s#%s", x.r.Letters(chance.Mixed+"0123456789", 8), x.r.Letters(chance.Mixed+"0123456789-_", 43))
	sender := chance.Pick(x.r, []string{"secretariat", "hr.department", "office"}) + "@" + strings.SplitN(x.Public, ".", 2)[0] + "-" + chance.Pick(x.r, []string{"info.example", "office.example", "portal.example"})
	users := append(chance.Some(x.r, x.Staff(), 3), x.victim)
	for i, u := range users {
		at := x.now.Add(time.Duration(i) * x.r.Duration(20*time.Second, 3*time.Minute))
		m := ordinary.Letter{
			From: fmt.Sprintf("%q <%s>", x.Org+" Secretariat", sender), To: fmt.Sprintf("%s <%s>", u.Display, u.Mail), Subject: subject,
			Received: []string{fmt.Sprintf("from %s ([%s]) by mx.%s with ESMTP", sender[strings.IndexByte(sender, '@')+1:], x.vps[2], x.Public)},
			Text:     "Dear colleagues,\r\n\r\nplease find the planned changes to the structure and staffing of our ministry. Check the entry of your department until Friday.\r\n\r\n" + link + "\r\n",
			HTML:     "<p>Dear colleagues,</p><p>please find the planned changes to the structure and staffing of our ministry. Check the entry of your department until Friday.</p><p><a href=\"" + link + "\">" + x.name + ".zip</a></p>",
		}
		files := []string{"mail/" + u.Name + ".mbox"}
		if u == x.victim {
			files = append(files, "mail/reported-"+x.r.Hex(3)+".eml")
			x.File(files[1], m.EML(x.r, at), at)
		}
		ordinary.Mbox(x.Site, u, at, m, x.r)
		x.p.Way(at, x.One(estate.MailServer).Name, "TG-03", "lure sent to "+u.Name, files...)
	}
	x.p.Remote(sender)
	x.p.Began(sender)
}

// click is the victim opening the link and unpacking the archive.
func (x *play) click() {
	h := x.victim.Host
	x.now = x.now.Add(x.r.Duration(12*time.Minute, 70*time.Minute))
	begin := x.now
	logon := h.LogOn(x.now.Add(-20*time.Minute), x.victim, estate.LogonOptions{Type: 7})
	browser := h.Spawn(x.now, logon, h.Base(`C:\Windows\explorer.exe`), `C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`, `"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe" --single-argument https://mega.nz/`)
	store := fmt.Sprintf("gfs%dn%d.userstorage.mega.co.nz", x.r.Between(200, 480), x.r.Between(100, 140))
	x.Fix("mega.nz", netip.AddrFrom4([4]byte{31, 216, 144, 5}))
	x.Fix("g.api.mega.co.nz", netip.AddrFrom4([4]byte{66, 203, 125, 15}))
	x.Fix(store, netip.AddrFrom4([4]byte{89, 44, 168, byte(x.r.Between(20, 200))}))
	for _, name := range []string{"mega.nz", "g.api.mega.co.nz", store} {
		browser.Asked(x.now, name, x.Address(name).String()+";")
		down := 20000
		if name == store {
			down = 90000
		}
		x.now = h.HTTPS(x.now, talk.Chromium, name, 3, 900, down).Add(x.r.Duration(time.Second, 6*time.Second))
	}
	user := `C:\Users\` + x.victim.Name
	browser.CreateFile(x.now, user+`\Downloads\`+x.name+`.zip`)
	explorer := h.Base(`C:\Windows\explorer.exe`)
	x.now = x.now.Add(x.r.Duration(20*time.Second, 80*time.Second))
	unpacked := user + `\Downloads\` + x.name + `\`
	explorer.CreateFile(x.now, unpacked+x.name+".exe")
	explorer.CreateFile(x.now.Add(20*time.Millisecond), unpacked+"pic1.png")
	disk := "disk/" + h.Name + "/Users/" + x.victim.Name + "/Downloads/" + x.name
	program := lookalike(x.r)
	x.File(disk+".zip", archive(x.name, program, time.Date(2025, 2, 14, 9, x.r.IntN(60), 0, 0, time.UTC)), x.now)
	x.File(disk+"/"+x.name+".exe", program, x.now)
	x.File(disk+"/pic1.png", nil, x.now)
	x.p.Began(x.victim.Name)
	x.p.Way(begin, h.Name, "TG-04 TG-05 TG-07", "archive fetched from the link and unpacked", truth.Pcap, truth.EVTX(h.Name, estate.Sysmon), disk+".zip")
}

// loader are the traces of the program on the workstation.
func (x *play) loader() {
	h := x.victim.Host
	user := `C:\Users\` + x.victim.Name
	x.now = x.now.Add(x.r.Duration(4*time.Second, 20*time.Second))
	begin := x.now
	logon := h.LogOn(x.now.Add(-time.Second), x.victim, estate.LogonOptions{Type: 7})
	path := user + `\Downloads\` + x.name + `\` + x.name + `.exe`
	loader := h.Spawn(x.now, logon, h.Base(`C:\Windows\explorer.exe`), path, `"`+path+`"`)
	decoy := user + `\Links\` + x.name + `.docx`
	loader.CreateFile(x.now.Add(600*time.Millisecond), decoy)
	h.Spawn(x.now.Add(time.Second), logon, loader, `C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE`, `"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE" /n "`+decoy+`"`)
	raw := "raw.githubusercontent.com"
	loader.Asked(x.now.Add(1200*time.Millisecond), raw, x.Address(raw).String()+";")
	at := h.Resolve(x.now.Add(1200*time.Millisecond), raw)
	for i := range 3 {
		t, k := h.TLS(at, talk.Schannel, raw, x.Internet(x.Address(raw)), 443, talk.TLSServer{TLS13: true, Chain: x.Server(raw).Chain})
		loader.Connected(at, x.Address(raw).String(), k.ClientPort(), 443)
		t.Exchange(320, []int{48000, 90000, 30000}[i], 40*time.Millisecond)
		t.Close(packet.Client)
		at = k.Now().Add(x.r.Duration(100*time.Millisecond, 900*time.Millisecond))
	}
	loader.CreateFile(at, user+`\Videos\msedgeupdate.exe`)
	loader.CreateFile(at.Add(30*time.Millisecond), user+`\Videos\msedgeupdate.dll`)
	child := h.Spawn(at.Add(500*time.Millisecond), logon, loader, user+`\Videos\msedgeupdate.exe`, `"`+user+`\Videos\msedgeupdate.exe"`)
	child.Loaded(at.Add(520*time.Millisecond), user+`\Videos\msedgeupdate.dll`, false)
	child.SetRegistry(at.Add(time.Second), `HKU\`+x.victim.SID+`\Software\Microsoft\Windows\CurrentVersion\Run\EdgeUpdate`, user+`\Videos\msedgeupdate.exe`)
	loader.End(at.Add(2 * time.Second))
	x.p.Step(begin, h.Name, "TG-08 TG-09", "the program dropped a pair of files in Videos and opened a decoy", truth.EVTX(h.Name, estate.Sysmon), truth.EVTX(h.Name, estate.Security), truth.Pcap)
	x.now = at.Add(4 * time.Second)
	child.Asked(x.now, x.domain, x.vps[0].String()+";")
	child.Connected(x.now, x.vps[0].String(), h.Port(x.r), 443)
}

// beacon is the implant of the workstation calling home.
func (x *play) beacon() {
	h := x.victim.Host
	begin := x.now
	interval := x.r.Duration(55*time.Second, 130*time.Second)
	from := x.Start.AddDate(0, 0, -x.r.Between(10, 60)).Truncate(time.Second)
	leaf := talk.Certificate{Subject: talk.Name{Common: x.domain}, Issuer: talk.Name{Country: "US", Org: "Let's Encrypt", Common: "R10"}, DNSNames: []string{x.domain}, From: from, Until: from.AddDate(0, 0, 90)}.DER(x.r)
	end := x.At(x.Act, 17, 0)
	for n := 0; x.now.Before(end) && n < 160; n++ {
		at := x.now
		if n%8 == 0 {
			at = h.Resolve(x.now, x.domain)
		}
		t, k := h.TLS(at, talk.Schannel, x.domain, x.Internet(x.vps[0]), 443, talk.TLSServer{Chain: [][]byte{leaf}})
		t.Exchange(x.r.Between(380, 460), x.r.Between(180, 260), x.r.Duration(8*time.Millisecond, 30*time.Millisecond))
		t.Close(packet.Client)
		x.now = k.Now().Add(x.r.Around(interval, 0.08))
	}
	x.p.Step(begin, h.Name, "TG-18", "regular TLS sessions to "+x.domain, truth.Pcap)
}
