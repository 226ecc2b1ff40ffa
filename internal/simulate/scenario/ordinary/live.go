package ordinary

import (
	"archive/zip"
	"bytes"
	"strings"
	"time"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/estate"
	"longwatch/internal/simulate/packet"
	"longwatch/internal/simulate/talk"
)

// life is one site having its ordinary days.
type life struct {
	*estate.Site
	r    *chance.Rand
	thin float64 // how many times less happens than on a full day
	tone Noise
}

// few is how often something happens that happens n times on a full day.
func (l *life) few(n int) int {
	if l.thin == 1 {
		return n
	}
	want := float64(n) / l.thin
	whole := int(want)
	if l.r.Chance(want - float64(whole)) {
		whole++
	}
	return whole
}

// rarer is the pause between things that come every d on a full day.
func (l *life) rarer(d time.Duration) time.Duration { return time.Duration(float64(d) * l.thin) }

// today tells whether something happens that happens every day of a full life.
func (l *life) today() bool { return l.thin <= 4 || l.r.Chance(4/l.thin) }

// Live fills all days of the site. thin is how many times less happens than on a
// full day: 1 is a full life, and with 20 months stay small.
func Live(s *estate.Site, thin float64, tone Noise) {
	l := &life{s, s.R.Sub("ordinary"), max(thin, 1), tone}
	for day := range s.Days {
		for _, u := range s.Users {
			if u.Host != nil && l.today() {
				l.person(day, u)
			}
		}
		for _, h := range s.Hosts {
			if h.Windows() {
				l.machine(day, h)
			}
		}
		l.operations(day)
		if l.tone != Quiet {
			l.administration(day)
		}
		if l.tone == Loud {
			l.loud(day)
		}
		if l.Days > 14 {
			l.churn(day)
		}
		l.website(day)
		l.edge(day)
		l.linux(day)
		l.plant(day)
	}
	l.mail()
	l.webroot()
}

func (l *life) agent(h *estate.Host) (talk.Agent, string) {
	if h.IP.As4()[3]%4 == 0 {
		return talk.Firefox, `C:\Program Files\Mozilla Firefox\firefox.exe`
	}
	if h.IP.As4()[3]%3 == 0 {
		return talk.Chromium, `C:\Program Files\Google\Chrome\Application\chrome.exe`
	}
	return talk.Chromium, `C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`
}

var sites = []string{
	"www.bing.com", "www.google.com", "outlook.office365.com", "teams.microsoft.com", "login.microsoftonline.com", "www.wikipedia.org", "upload.wikimedia.org", "github.com", "stackoverflow.com",
	"www.linkedin.com", "static.licdn.com", "www.youtube.com", "i.ytimg.com", "fonts.gstatic.com", "cdn.jsdelivr.net", "www.reuters.com", "weather.com", "maps.googleapis.com", "www.dhl.com", "docs.google.com",
	"drive.google.com", "www.dropbox.com", "zoom.us", "us04web.zoom.us", "sharepointonline.com", "res.cdn.office.net", "config.edge.skype.com", "assets.adobedtm.com", "www.adobe.com", "securepubads.g.doubleclick.net",
	"www.bbc.com", "static.files.bbci.co.uk", "edition.cnn.com", "www.openstreetmap.org", "tile.openstreetmap.org", "translate.google.com", "cdn.cookielaw.org", "www.booking.com", "cf.bstatic.com", "www.lufthansa.com",
	"api.github.com", "pypi.org", "registry.npmjs.org", "www.w3.org", "developer.mozilla.org", "www.ecb.europa.eu", "www.imf.org", "news.ycombinator.com", "arstechnica.com", "cdn.arstechnica.net",
}

var background = []string{"settings-win.data.microsoft.com", "v10.events.data.microsoft.com", "edge.microsoft.com", "fe3cr.delivery.mp.microsoft.com", "slscr.update.microsoft.com", "ctldl.windowsupdate.com", "clients2.google.com", "update.googleapis.com", "self.events.data.microsoft.com", "wdcp.microsoft.com", "officeclient.microsoft.com", "ecs.office.com"}

// person is a day of somebody at a workstation.
func (l *life) person(day int, u *estate.User) {
	h, r := u.Host, l.r
	at := l.At(day, 7, 30).Add(r.Duration(0, 100*time.Minute))
	leave := l.At(day, 16, 0).Add(r.Duration(0, 110*time.Minute))
	at = h.Ticket(at, u)
	logon := h.LogOn(at, u, estate.LogonOptions{Type: 2})
	shell := h.Spawn(at.Add(2*time.Second), logon, h.Base(`C:\Windows\System32\userinit.exe`), `C:\Windows\explorer.exe`, `C:\Windows\Explorer.EXE`)
	l.policy(at.Add(3*time.Second), h, u)
	l.noise(at.Add(5*time.Second), h)
	agent, browser := l.agent(h)
	running := h.Spawn(at.Add(40*time.Second), logon, shell, browser, `"`+browser+`"`)
	office := `C:\Program Files\Microsoft Office\root\Office16\`
	h.Spawn(at.Add(70*time.Second), logon, shell, office+"OUTLOOK.EXE", `"`+office+`OUTLOOK.EXE"`)
	h.HTTPS(at.Add(75*time.Second), talk.Schannel, "outlook.office365.com", 4, 1500, 3500)
	for t := at.Add(r.Duration(2*time.Minute, 10*time.Minute)); t.Before(leave); t = t.Add(l.rarer(5*time.Minute + r.Wait(48*time.Minute))) {
		switch r.IntN(10) {
		case 0, 1:
			l.files(t, h, u)
		case 2:
			document := chance.Pick(r, []string{"Budget", "Minutes", "Report", "Offer", "Plan", "Contract"}) + chance.Pick(r, []string{" 2026", "_v2", " final", ""})
			program, extension := "WINWORD.EXE", ".docx"
			if r.Chance(0.4) {
				program, extension = "EXCEL.EXE", ".xlsx"
			}
			p := h.Spawn(t, logon, shell, office+program, `"`+office+program+`" /n "C:\Users\`+u.Name+`\Documents\`+document+extension+`"`)
			p.CreateFile(t.Add(4*time.Second), `C:\Users\`+u.Name+`\AppData\Roaming\Microsoft\Office\Recent\`+document+`.LNK`)
			p.End(t.Add(r.Duration(time.Minute, 40*time.Minute)))
		case 3:
			p := h.Spawn(t, logon, shell, `C:\Windows\System32\notepad.exe`, `"C:\Windows\system32\notepad.exe"`)
			p.End(t.Add(r.Duration(10*time.Second, 20*time.Minute)))
		default:
			l.browse(t, h, agent, running)
		}
	}
	for range l.few(4) {
		t := at.Add(r.Duration(0, leave.Sub(at)))
		h.HTTPS(t, talk.Schannel, chance.Pick(r, background), 1, 1200, 1500)
	}
	if r.Chance(0.15) {
		t := at.Add(r.Duration(time.Hour, 6*time.Hour))
		l.One(estate.FileServer).FailedLogOn(t, u, h.IP, h.Port(r), h.Name)
	}
	running.End(leave)
	logon.LogOff(leave.Add(20 * time.Second))
}

// policy is what a member fetches from the controller after a log-on.
func (l *life) policy(at time.Time, h *estate.Host, u *estate.User) {
	x := h.KerberosSMB(h.Directory(at, u, l.r.Between(2, 6)), l.DC, u)
	t := x.Open("SYSVOL")
	for _, id := range []string{"{31B2F340-016D-11D2-945F-00C04FB984F9}", "{6AC1786C-016F-11D2-945F-00C04FB984F9}"} {
		t.Read(l.Zone+`\Policies\`+id+`\gpt.ini`, []byte("[General]\r\nVersion=65539\r\n"))
	}
	if l.r.Chance(0.5) {
		t.Missing(l.Zone + `\Policies\{31B2F340-016D-11D2-945F-00C04FB984F9}\User\comment.cmtx`)
	}
	t.Disconnect()
	x.End()
}

// files is work on the file server.
func (l *life) files(at time.Time, h *estate.Host, u *estate.User) {
	r := l.r
	x := h.KerberosSMB(at, l.One(estate.FileServer), u)
	t := x.Open(chance.Pick(r, []string{"Shared", "Projects", "Finance", "Public"}))
	for range r.Between(1, 4) {
		name := chance.Pick(r, []string{"2026", "Archive", "Templates", "Team"}) + `\` + chance.Pick(r, []string{"summary", "invoice", "agenda", "photo", "list", "drawing", "letter"}) + "-" + r.Letters("0123456789", 3) + chance.Pick(r, []string{".docx", ".pdf", ".xlsx", ".jpg"})
		data := document(r, name, r.Size(5000, 40000))
		if r.Chance(0.3) {
			t.Write(name, data)
		} else {
			t.Read(name, data)
		}
		x.Wait(r.Wait(3 * time.Second))
	}
	if r.Chance(0.06) {
		t.Denied(`Management\salaries.xlsx`)
	}
	t.Disconnect()
	x.End()
}

// document is content with the first bytes its extension promises.
func document(r *chance.Rand, name string, n int) []byte {
	if strings.HasSuffix(name, ".docx") || strings.HasSuffix(name, ".xlsx") {
		return office(r, name, n)
	}
	b := r.Bytes(n)
	magic := map[string]string{".pdf": "%PDF-1.7\n%", ".jpg": "\xff\xd8\xff\xe0\x00\x10JFIF\x00"}
	for extension, m := range magic {
		if len(name) > 5 && name[len(name)-len(extension):] == extension {
			copy(b, m)
		}
	}
	return b
}

// office is a small Office Open XML file with one picture of noise in it.
func office(r *chance.Rand, name string, n int) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	put := func(name string, data []byte) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err == nil {
			w.Write(data) // a bytes.Buffer does not fail
		}
	}
	part := map[bool]string{true: "word/document.xml", false: "xl/workbook.xml"}[strings.HasSuffix(name, ".docx")]
	put("[Content_Types].xml", []byte(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>`))
	put(part, []byte("<?xml version=\"1.0\"?><body>"+talk.Prose(words, 300)+"</body>"))
	put(strings.Split(part, "/")[0]+"/media/image1.jpeg", append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00"), r.Bytes(max(n-1200, 100))...))
	z.Close()
	return b.Bytes()
}

func (l *life) browse(at time.Time, h *estate.Host, a talk.Agent, p *estate.Process) {
	r := l.r
	for range r.Between(2, 4) {
		name := chance.Pick(r, sites)
		if r.Chance(0.1) {
			h.ResolveFailed(at, r.Letters(chance.Lower, 9)+"."+l.Zone)
		}
		p.Asked(at.Add(10*time.Millisecond), name, l.Address(name).String()+";")
		h.HTTPS(at, a, name, r.Between(1, 3), 600, 1900)
		at = at.Add(r.Wait(4*time.Second) + 200*time.Millisecond)
	}
	if r.Chance(0.25) {
		l.plain(at, h)
	}
}

// plain is one of the requests that still go without TLS.
func (l *life) plain(at time.Time, h *estate.Host) {
	r := l.r
	host, path, body := "www.msftconnecttest.com", "/connecttest.txt", []byte("Microsoft Connect Test")
	kind, agent := "text/plain", "Microsoft NCSI"
	if r.Chance(0.5) {
		host, path, body = "ocsp.digicert.com", "/MFEwTzBNMEswSTAJBgUrDgMCGgUABBSAUQYBMq2awn1Rh6Doh%2FsBYgFV7gQUA95QNVbRTLtm8KPiGxvDl7I90VUCEA", talk.OCSP(r, at)
		kind, agent = "application/ocsp-response", "Microsoft-CryptoAPI/10.0"
	}
	at = h.Resolve(at, host)
	k := l.Dial(at, h.Station, l.Internet(l.Address(host)), 80)
	k.Send(packet.Client, talk.Request("GET", path, host, talk.Header{"Connection: Close", "User-Agent: " + agent}, nil))
	k.Send(packet.Server, talk.Response(k.Now(), 200, talk.Header{"Content-Type: " + kind, "Cache-Control: max-age=3600", "Connection: close"}, body))
	k.Close(packet.Server)
}
