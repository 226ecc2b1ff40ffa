// Package op512 plays the published behaviour of OP-512 on an IIS server: a
// page and two handlers in an upload folder, self-reports in hexadecimal DNS
// labels, a ciphered command channel, a worker process that runs whoami, and
// changed file times. The three files are text with the structure of such
// handlers; they do not compile and hold no working logic.
package op512

import (
	"encoding/base64"
	"encoding/hex"
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

const profile = "op-512"

type play struct {
	*estate.Site
	r      *chance.Rand
	p      *truth.Plot
	web    *estate.Host
	pool   *estate.Process // w3wp.exe
	now    time.Time
	folder string // URL path of the upload folder
	page   string // names of the three files
	twins  [2]string
	remote []netip.Addr
	zone   string // DNS zone of the self-reports
	log    string // IIS log of the day
}

// Play writes the intrusion: a first touch 75 days before, then a sprint on
// the last day.
func Play(s *estate.Site) truth.Campaign {
	r := s.R.Sub(profile)
	x := &play{Site: s, r: r, web: s.Web(true), folder: "/uploads/", p: truth.NewPlot(profile, s.Key, "files with executable extensions stored through the upload page of the web application")}
	base := []string{"preview", "thumb", "file", "media", "attach", "image", "view", "list"}
	names := chance.Some(r, base, 3)
	x.page = names[0] + r.Letters(chance.Lower, r.IntN(3)) + ".aspx"
	x.twins = [2]string{names[1] + r.Letters("0123456789", 1) + ".ashx", names[2] + r.Letters("0123456789", 1) + ".ashx"}
	pool := chance.Pick(r, []string{"DefaultAppPool", "WebPortal", "Site"})
	x.pool = x.web.Base(fmt.Sprintf(`c:\windows\system32\inetsrv\w3wp.exe -ap "%s" -v "v4.0" -l "webengine4.dll"`, pool))
	x.remote = []netip.Addr{netip.AddrFrom4([4]byte{chance.Pick(r, []byte{43, 101, 119, 150}), byte(r.Between(2, 250)), byte(r.IntN(256)), byte(r.Between(2, 254))}), netip.AddrFrom4([4]byte{chance.Pick(r, []byte{8, 47, 154}), byte(r.Between(200, 250)), byte(r.IntN(256)), byte(r.Between(2, 254))})}
	if r.Chance(0.4) {
		x.remote[1] = netip.MustParseAddr("124.156.129.151")
	}
	for _, a := range x.remote {
		x.p.Remote(a.String())
	}
	x.zone = "hcgos.com"
	if r.Chance(0.6) {
		x.zone = r.Letters(chance.Lower, r.Between(5, 8)) + chance.Pick(r, []string{".com", ".net", ".top"})
	}
	x.p.Remote(x.zone)
	x.now = s.At(s.Act, 2, 20).Add(r.Duration(0, 4*time.Hour))
	x.log = x.web.IISLog(x.now)
	x.before()
	x.drop()
	x.report()
	x.channel(x.r.Between(16, 26))
	x.escalate()
	x.files()
	for _, at := range s.Returns {
		x.now = at
		x.channel(4)
	}
	return x.p.Campaign()
}

// before is what remains of the first contact: old request logs only.
func (x *play) before() {
	for day := -75; day < -5; day += 5 {
		for range 12 {
			at := x.Start.AddDate(0, 0, day).Add(x.r.Duration(0, 23*time.Hour))
			x.web.IIS(at, 80, estate.Hit{Client: fmt.Sprintf("%d.%d.%d.%d", x.r.Between(70, 95), x.r.IntN(250), x.r.IntN(250), x.r.Between(1, 254)), Method: "GET", Path: chance.Pick(x.r, []string{"/", "/default.aspx", "/about.aspx", "/news/list.aspx"}), Status: 200,
				Agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36", Sent: x.r.Size(4000, 20000), Received: x.r.Size(500, 2000), Took: x.r.Duration(time.Millisecond, 90*time.Millisecond)})
		}
	}
	at := x.Start.AddDate(0, 0, -75).Add(3 * time.Hour)
	early := "/uploads/" + x.r.Letters(chance.Lower, 6) + ".aspx"
	for i := range 5 {
		method := "POST"
		if i == 0 {
			method = "GET"
		}
		x.web.IIS(at.Add(time.Duration(i)*40*time.Second), 80, estate.Hit{Client: x.remote[0].String(), Method: method, Path: early, Status: 200, Agent: "python-requests/2.32.3", Sent: x.r.Size(900, 4000), Received: x.r.Size(1500, 9000), Took: x.r.Duration(30*time.Millisecond, 300*time.Millisecond)})
	}
	x.p.Way(at, x.web.Name, "OP-12", "first contact, 75 days before", x.web.IISLog(at))
}

const chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36"

// ask is one request to the server by the intruder.
func (x *play) ask(agent string, a ordinary.Ask) {
	x.now = ordinary.Visit(x.Site, x.now, x.web, x.remote[0], agent, []ordinary.Ask{a})
}

// drop stores the three files.
func (x *play) drop() {
	disk := `C:\inetpub\wwwroot\uploads\`
	for i, name := range []string{"photo-" + x.r.Letters("0123456789", 4) + ".jpg", x.page, x.twins[0], x.twins[1]} {
		boundary := "----WebKitFormBoundary" + x.r.Letters(chance.Mixed, 16)
		kind, content := "application/octet-stream", []byte(x.source(name))
		if i == 0 {
			kind, content = "image/jpeg", ordinary.Photo(x.r)
		}
		x.ask(chrome, ordinary.Ask{Method: "POST", Path: "/Account/Upload.aspx", Header: talk.Header{"Content-Type: multipart/form-data; boundary=" + boundary}, Body: talk.Multipart(boundary, "ctl00$Main$FileUpload1", name, kind, content)})
		x.pool.CreateFile(x.now.Add(-30*time.Millisecond), disk+name)
		if i > 0 {
			x.p.Way(x.now, x.web.Name, "OP-02 OP-03 OP-04", "worker process stored "+name+" in the upload folder", truth.EVTX(x.web.Name, estate.Sysmon), x.log, truth.Pcap)
		}
		x.now = x.now.Add(x.r.Duration(3*time.Second, 20*time.Second))
	}
}

// report is the page telling its own address over DNS, and over HTTP when the
// name cannot be resolved.
func (x *play) report() {
	csc := x.web.Spawn(x.now, x.web.Self(), x.pool, `C:\Windows\Microsoft.NET\Framework64\v4.0.30319\csc.exe`, `"C:\Windows\Microsoft.NET\Framework64\v4.0.30319\csc.exe" /noconfig /fullpaths @"C:\Windows\Microsoft.NET\Framework64\v4.0.30319\Temporary ASP.NET Files\root\`+x.r.Hex(4)+`\`+x.r.Hex(4)+`\`+x.r.Letters(chance.Lower, 8)+`.cmdline"`)
	csc.End(x.now.Add(900 * time.Millisecond))
	for i := range 3 {
		x.ask("python-requests/2.33.0", ordinary.Ask{Path: x.folder + x.page, Kind: "text/html", Answer: []byte("<html><body>" + x.r.Hex(40) + "</body></html>")})
		address := "http://www." + x.Public + x.folder + x.page
		var labels strings.Builder
		for text := hex.EncodeToString([]byte(address)); text != ""; {
			n := min(len(text), 60)
			labels.WriteString(text[:n] + ".")
			text = text[n:]
		}
		name := "a." + labels.String() + "c." + x.zone
		if x.r.Chance(0.5) || i == 0 {
			x.web.ResolveFailed(x.now.Add(40*time.Millisecond), name)
			x.pool.Asked(x.now.Add(90*time.Millisecond), name, "")
			x.fallback()
		} else {
			x.web.Lookup(x.now.Add(40*time.Millisecond), name, talk.TypeA, []talk.Answer{{Name: name, Type: talk.TypeA, TTL: 60, IP: netip.AddrFrom4([4]byte{8, 8, 4, 4})}})
			x.pool.Asked(x.now.Add(90*time.Millisecond), name, "8.8.4.4;")
		}
		x.p.Step(x.now, x.web.Name, "OP-05 OP-06 OP-07 OP-08", "the page reported its own address in a DNS name", truth.Pcap, truth.EVTX(x.web.Name, estate.Sysmon))
		x.now = x.now.Add(5*time.Minute + x.r.Duration(5*time.Second, 4*time.Minute))
	}
}

// fallback is the report over HTTP to a bare address.
func (x *play) fallback() {
	to, port := netip.MustParseAddr("43.160.202.246"), uint16(8053)
	if x.zone != "hcgos.com" {
		to, port = x.remote[1], chance.Pick(x.r, []uint16{8053, 8090, 9053})
	}
	x.p.Remote(to.String())
	k := x.Dial(x.now.Add(6*time.Second), x.web.Station, x.Internet(to), port)
	k.Send(packet.Client, talk.Request("GET", "/?u="+hex.EncodeToString([]byte("http://www."+x.Public+x.folder+x.page)), fmt.Sprintf("%s:%d", to, port), talk.Header{"Connection: Keep-Alive"}, nil))
	k.Send(packet.Server, talk.Response(k.Now(), 200, talk.Header{"Content-Type: text/html"}, []byte("ok")))
	k.Close(packet.Client)
	x.pool.Connected(k.Now(), to.String(), k.ClientPort(), port)
	x.p.Step(k.Now(), x.web.Name, "OP-09", fmt.Sprintf("fallback report to %s:%d", to, port), truth.Pcap)
}

// cipher is what a ciphered message looks like: base64 of random bytes.
func (x *play) cipher(n int) []byte {
	return []byte(base64.StdEncoding.EncodeToString(x.r.Bytes(n / 3 * 3)))
}

// channel are commands over both handlers, some of which start programs.
func (x *play) channel(n int) {
	begin := x.now
	for i := range n {
		handler := x.twins[i%2]
		if i > 8 && x.r.Chance(0.3) {
			x.remote[0], x.remote[1] = x.remote[1], x.remote[0]
		}
		x.ask(chrome, ordinary.Ask{Method: "POST", Path: x.folder + handler, Header: talk.Header{"Content-Type: application/octet-stream"}, Body: x.cipher(x.r.Between(400, 4000)), Kind: chance.Pick(x.r, []string{"text/html", "application/octet-stream"}), Answer: x.r.Bytes(x.r.Between(300, 3000)), Think: x.r.Duration(60*time.Millisecond, 900*time.Millisecond)})
		switch i {
		case 3, 6:
			command := map[int]string{3: "whoami", 6: "whoami /priv"}[i]
			x.command(command)
		case 9:
			x.command("ipconfig /all")
		case 12:
			x.command("tasklist /svc")
		}
		x.now = x.now.Add(x.r.Wait(25*time.Second) + 2*time.Second)
	}
	x.p.Step(begin, x.web.Name, "OP-10 OP-11 OP-12 OP-13", "ciphered commands posted to both handlers", truth.Pcap, x.web.IISLog(begin))
}

// command is a child of the worker process.
func (x *play) command(text string) {
	at := x.now.Add(-200 * time.Millisecond)
	var wide []byte
	for _, c := range []byte(text) {
		wide = append(wide, c, 0)
	}
	encoded := base64.StdEncoding.EncodeToString(wide)
	sh := x.web.Spawn(at, x.web.Self(), x.pool, `C:\Windows\System32\cmd.exe`, `"cmd.exe" /c powershell -nop -e `+encoded)
	ps := x.web.Spawn(at.Add(30*time.Millisecond), x.web.Self(), sh, `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`, `powershell  -nop -e `+encoded)
	ps.Script(at.Add(180*time.Millisecond), text, "")
	program := strings.Fields(text)[0]
	x.web.Spawn(at.Add(200*time.Millisecond), x.web.Self(), ps, `C:\Windows\System32\`+program+`.exe`, `"C:\Windows\system32\`+program+`.exe"`+strings.TrimPrefix(text, program)).End(at.Add(260 * time.Millisecond))
	ps.End(at.Add(300 * time.Millisecond))
	sh.End(at.Add(310 * time.Millisecond))
	x.p.Step(at, x.web.Name, "OP-14 OP-15", "worker process ran "+text, truth.EVTX(x.web.Name, estate.Security), truth.EVTX(x.web.Name, estate.Sysmon), truth.EVTX(x.web.Name, estate.PowerShell))
}

// escalate is what potato tools leave when they run inside the worker.
func (x *play) escalate() {
	for _, pipe := range chance.Some(x.r, []string{`\pipe\lsarpc`, `\pipe\efsrpc`, `\pipe\spoolss`}, 2) {
		x.now = x.now.Add(x.r.Duration(20*time.Second, 90*time.Second))
		x.pool.PipeCreated(x.now, x.r.Letters(chance.Lower, 8)+pipe)
		x.web.LogOn(x.now.Add(200*time.Millisecond), nil, estate.LogonOptions{Type: 3, From: netip.AddrFrom4([4]byte{127, 0, 0, 1}), Port: x.web.Port(x.r), NTLM: true, Workstation: x.web.Name})
	}
	x.p.Step(x.now, x.web.Name, "OP-16", "pipes and loopback log-ons of an escalation tool in the worker", truth.EVTX(x.web.Name, estate.Sysmon), truth.EVTX(x.web.Name, estate.Security))
	x.now = x.now.Add(3 * time.Minute)
	x.web.Classic(x.now, estate.System, "WAS", 5011, "DefaultAppPool", fmt.Sprint(x.pool.PID), "0x8007006d")
}

// files puts the disk in the state it was left in.
func (x *play) files() {
	disk := ordinary.WebRoot(x.web)
	median := x.Median(disk + "uploads/")
	for _, name := range []string{x.page, x.twins[0], x.twins[1]} {
		x.File(disk+"uploads/"+name, []byte(x.source(name)), median)
		x.pool.Retimed(x.now, `C:\inetpub\wwwroot\uploads\`+name, median)
	}
	x.p.Step(x.now, x.web.Name, "OP-20 OP-21", "file times set to the median of the neighbours", truth.EVTX(x.web.Name, estate.Sysmon), disk+"uploads/"+x.page)
	temp := "disk/" + x.web.Name + "/Windows/Microsoft.NET/Framework64/v4.0.30319/Temporary ASP.NET Files/root/" + x.r.Hex(4) + "/" + x.r.Hex(4) + "/"
	for _, name := range []string{x.page, x.twins[0], x.twins[1], "old" + x.r.Letters(chance.Lower, 4) + ".ashx"} {
		tag := strings.ToLower(name) + "." + x.r.Hex(4)
		body := fmt.Sprintf("<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<preserve resultType=\"3\" virtualPath=\"/uploads/%s\" hash=\"%s\" filehash=\"%s\" flags=\"110000\" assembly=\"App_Web_%s\" type=\"ASP.uploads_%s\">\r\n    <filedeps>\r\n        <filedep name=\"/uploads/%s\" />\r\n    </filedeps>\r\n</preserve>\r\n", name, x.r.Hex(4), x.r.Hex(8), x.r.Letters(chance.Lower, 8), strings.ReplaceAll(name, ".", "_"), name)
		x.File(temp+tag+".compiled", []byte(body), x.now)
	}
	x.p.Step(x.now, x.web.Name, "OP-18", "compiled pages, one without its source", temp)
}
