package ordinary

import (
	"bytes"
	"fmt"
	"image"
	"image/color/palette"
	"image/jpeg"
	"image/png"
	"net/netip"
	"strings"
	"time"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/estate"
	"longwatch/internal/simulate/packet"
	"longwatch/internal/simulate/talk"
)

var browsers = []string{
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/134.0.0.0 Safari/537.36",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/134.0.0.0 Safari/537.36 Edg/134.0.0.0",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:136.0) Gecko/20100101 Firefox/136.0",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 18_3_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Mobile/15E148 Safari/604.1",
	"Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Mobile Safari/537.36",
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Safari/605.1.15",
}

var robots = []string{
	"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
	"Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
}

var words = strings.Fields("service customer report office account request public form notice annual region project safety contact update network supply team program news station quality access schedule document")

// Pages of a web server: what visitors ask for.
func pages(h *estate.Host) []string {
	if h.Windows() {
		return []string{"/", "/default.aspx", "/about.aspx", "/contact.aspx", "/news/list.aspx", "/Content/site.css", "/Scripts/site.js", "/images/logo.png", "/Account/Login.aspx", "/uploads/brochure-2025.pdf"}
	}
	return []string{"/", "/index.html", "/about/", "/contact/", "/news/", "/static/css/main.css", "/static/js/app.js", "/static/img/logo.png", "/login", "/media/annual-report.pdf"}
}

// visitor draws an address of a household or office somewhere.
func visitor(r *chance.Rand) netip.Addr {
	net := chance.Pick(r, [][2]int{{73, 10}, {81, 2}, {92, 40}, {109, 80}, {151, 30}, {176, 60}, {187, 20}, {201, 17}, {217, 90}, {24, 100}})
	return netip.AddrFrom4([4]byte{byte(net[0]), byte(net[1] + r.IntN(60)), byte(r.IntN(256)), byte(r.Between(1, 254))})
}

// Visit makes requests of one client to the site's web server, on the wire
// and in its log. Each request may carry a body and gets one.
func Visit(s *estate.Site, at time.Time, web *estate.Host, client netip.Addr, agent string, list []Ask) time.Time {
	if strings.Contains(agent, "Windows NT") {
		s.Household(client)
	}
	from := s.Internet(client)
	if client.As4()[0] == 10 {
		for _, h := range s.Hosts {
			if h.IP == client {
				from = h.Station
			}
		}
	}
	k := s.Dial(at, from, web.Station, 80)
	for i, a := range list {
		if i > 0 {
			k.Wait(a.Pause)
		}
		method := a.Method
		if method == "" {
			method = "GET"
		}
		header := talk.Header{"Connection: keep-alive"}
		if agent != "" {
			header = append(header, "User-Agent: "+agent)
		}
		header = append(header, "Accept: */*", "Accept-Encoding: gzip, deflate")
		if a.Referer != "" {
			header = append(header, "Referer: "+a.Referer)
		}
		header = append(header, a.Header...)
		target := a.Path
		if a.Query != "" {
			target += "?" + a.Query
		}
		request := talk.Request(method, target, "www."+s.Public, header, a.Body)
		begin := k.Now()
		k.Send(packet.Client, request)
		think := a.Think
		if think == 0 {
			think = s.R.Duration(time.Millisecond, 60*time.Millisecond)
		}
		k.Wait(think)
		status := a.Status
		if status == 0 {
			status = 200
		}
		kind := a.Kind
		if kind == "" {
			kind = kindOf(a.Path)
		}
		answer := a.Answer
		if answer == nil && status != 304 {
			answer = page(s, a.Path, status)
		}
		reply := talk.Header{"Content-Type: " + kind}
		if web.Windows() {
			reply = append(reply, "Cache-Control: private", "Server: Microsoft-IIS/10.0", "X-Powered-By: ASP.NET")
			if strings.Contains(a.Path, ".as") {
				reply = append(reply, "X-AspNet-Version: 4.0.30319")
			}
		} else {
			reply = append(reply, "Server: nginx/1.22.1")
		}
		if len(answer) > 600 && strings.HasPrefix(kind, "text/html") && a.Answer == nil {
			answer = talk.Gzip(answer)
			reply = append(reply, "Content-Encoding: gzip", "Vary: Accept-Encoding")
		}
		response := talk.Response(k.Now(), status, reply, answer)
		if status == 200 && !web.Windows() && len(answer) > 1200 && strings.HasPrefix(kind, "text/html") {
			response = talk.Chunked(k.Now(), reply, answer, 4096)
		}
		k.Send(packet.Server, response)
		hit := estate.Hit{Client: client.String(), Method: method, Path: a.Path, Query: a.Query, Status: status, Agent: agent, Referer: a.Referer, Sent: len(response), Received: len(request), Took: k.Now().Sub(begin)}
		if web.Windows() {
			web.IIS(k.Now(), 80, hit)
		} else {
			hit.Sent = len(answer)
			web.Combined(k.Now(), "nginx", hit)
		}
	}
	k.Close(packet.Client)
	return k.Now()
}

// Ask is one request of a visit.
type Ask struct {
	Method, Path, Query string
	Referer             string
	Header              talk.Header
	Body, Answer        []byte
	Status              int
	Kind                string
	Pause, Think        time.Duration
}

func kindOf(path string) string {
	for end, kind := range map[string]string{".css": "text/css", ".js": "application/javascript", ".png": "image/png", ".pdf": "application/pdf", ".jpg": "image/jpeg"} {
		if strings.HasSuffix(path, end) {
			return kind
		}
	}
	return "text/html; charset=utf-8"
}

// picture is a small PNG of coloured noise.
func picture(r *chance.Rand) []byte {
	p := image.NewPaletted(image.Rect(0, 0, 64, 32), palette.WebSafe)
	r.Fill(p.Pix)
	for i := range p.Pix {
		p.Pix[i] %= byte(len(palette.WebSafe))
	}
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		panic("ordinary: " + err.Error()) // a buffer takes everything
	}
	return b.Bytes()
}

// Photo is a JPEG of noise, as a visitor may upload.
func Photo(r *chance.Rand) []byte {
	p := image.NewGray(image.Rect(0, 0, 96, 64))
	r.Fill(p.Pix)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p, &jpeg.Options{Quality: 60}); err != nil {
		panic("ordinary: " + err.Error()) // a buffer takes everything
	}
	return b.Bytes()
}

func page(s *estate.Site, path string, status int) []byte {
	r := s.R.Sub("page" + path)
	switch {
	case status >= 300:
		return fmt.Appendf(nil, "<html><head><title>%d</title></head><body><h1>%d</h1></body></html>", status, status)
	case strings.HasSuffix(path, ".png"):
		return picture(r)
	case strings.HasSuffix(path, ".pdf"):
		return append([]byte("%PDF-1.6\n"), r.Bytes(14000)...)
	case strings.HasSuffix(path, ".css"):
		return []byte(strings.Repeat(".nav li{margin:0;padding:2px 4px;color:#345}\n", 40))
	case strings.HasSuffix(path, ".js"):
		return []byte(strings.Repeat("function t(e){return document.querySelector(e)}\n", 50))
	}
	return []byte("<!DOCTYPE html><html><head><title>" + s.Org + "</title></head><body><p>" + talk.Prose(words, 1200+r.IntN(4000)) + "</p></body></html>")
}

// website is a day of visitors, robots and scanners.
func (l *life) website(day int) {
	for _, web := range l.Of(estate.WebServer) {
		l.visitors(day, web)
	}
}

// visitors is a day of one web server.
func (l *life) visitors(day int, web *estate.Host) {
	r := l.r
	list := pages(web)
	for range l.few(45) {
		at := l.At(day, 0, 0).Add(r.Duration(0, 24*time.Hour))
		base := "http://www." + l.Public + "/"
		asks := []Ask{{Path: "/"}, {Path: list[5], Referer: base}, {Path: list[6], Referer: base}, {Path: list[7], Referer: base}}
		for range r.IntN(4) {
			asks = append(asks, Ask{Path: chance.Pick(r, list[1:5]), Referer: base, Pause: r.Wait(20 * time.Second)})
		}
		if r.Chance(0.2) {
			asks = append(asks, Ask{Path: list[9], Referer: base, Pause: r.Wait(9 * time.Second)})
		}
		if r.Chance(0.15) {
			body := []byte("__VIEWSTATE=dDwtMTA4MzE0MjEwNTs7Pj0%3D&email=" + r.Letters(chance.Lower, 8) + "%40mail.example&subject=question&message=" + strings.ReplaceAll(talk.Prose(words, 180), " ", "+"))
			asks = append(asks, Ask{Method: "POST", Path: list[3], Referer: base + strings.TrimPrefix(list[3], "/"), Header: talk.Header{"Content-Type: application/x-www-form-urlencoded"}, Body: body, Pause: r.Wait(40 * time.Second)})
		}
		Visit(l.Site, at, web, visitor(r), chance.Pick(r, browsers), asks)
	}
	for range l.few(6) {
		asks := []Ask{{Path: "/robots.txt", Status: 404}}
		for range r.Between(2, 6) {
			asks = append(asks, Ask{Path: chance.Pick(r, list[:5]), Pause: r.Wait(3 * time.Second)})
		}
		Visit(l.Site, l.At(day, r.IntN(24), r.IntN(60)), web, netip.AddrFrom4([4]byte{66, 249, 66, byte(r.Between(1, 220))}), chance.Pick(r, robots), asks)
	}
	for range l.few(5) {
		from := netip.AddrFrom4([4]byte{chance.Pick(r, []byte{45, 80, 89, 185, 193}), byte(r.IntN(250)), byte(r.IntN(250)), byte(r.Between(1, 254))})
		var asks []Ask
		for _, path := range chance.Some(r, []string{"/.env", "/wp-login.php", "/.git/config", "/phpmyadmin/", "/owa/", "/actuator/health", "/cgi-bin/luci", "/boaform/admin/formLogin", "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php", "/solr/admin/info/system"}, r.Between(2, 6)) {
			asks = append(asks, Ask{Path: path, Status: 404, Pause: r.Duration(50*time.Millisecond, 2*time.Second)})
		}
		at := l.At(day, r.IntN(24), r.IntN(60))
		Visit(l.Site, at, web, from, chance.Pick(r, []string{"Mozilla/5.0 zgrab/0.x", "Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.io/)", "curl/7.88.1", "python-requests/2.31.0"}), asks)
		l.Capture.Unanswered(at.Add(time.Second), l.Internet(from), web.Station, 40000+uint16(r.IntN(9000)), chance.Pick(r, []uint16{22, 23, 3389, 8080}))
		if web.Windows() {
			web.HTTPErr(at.Add(2*time.Minute), from.String(), uint16(r.Between(30000, 60000)), "Timer_ConnectionIdle")
		}
	}
	if day == 0 { // the weekly scan from inside
		var asks []Ask
		for _, path := range []string{"/", "/default.aspx", "/admin/", "/backup.zip", "/web.config", "/trace.axd", "/elmah.axd", "/server-status", "/.svn/entries", "/test.php", "/login", "/api/v1/", "/robots.txt", "/sitemap.xml"} {
			status := 404
			if path == "/" || path == pages(web)[1] {
				status = 200
			}
			asks = append(asks, Ask{Path: path, Status: status, Pause: r.Duration(10*time.Millisecond, 150*time.Millisecond)})
		}
		Visit(l.Site, l.At(0, 21, 5), web, l.One(estate.Scanner).IP, "Mozilla/5.0 [en] (X11, U; OpenVAS-VT 22.7.9)", asks)
	}
	for t := l.At(day, 0, 7); t.Before(l.At(day+1, 0, 0)); t = t.Add(l.rarer(30 * time.Minute)) {
		Visit(l.Site, t.Add(r.Duration(0, 5*time.Second)), web, l.One(estate.Monitor).IP, "Mozilla/5.0 (compatible; PRTG Network Monitor (www.paessler.com); Windows)", []Ask{{Path: "/"}})
	}
}

// webroot is the content of the web server's disk.
func (l *life) webroot() {
	for _, web := range l.Of(estate.WebServer) {
		l.disk(web, l.R.Sub("webroot"))
	}
}

// disk is the content of one web server's disk.
func (l *life) disk(web *estate.Host, r *chance.Rand) {
	base := WebRoot(web)
	put := func(name, body string, age int) {
		l.File(base+name, []byte(body), l.Start.AddDate(0, 0, -age).Add(r.Duration(0, 20*time.Hour)).Truncate(time.Second))
	}
	if web.Windows() {
		put("web.config", "<?xml version=\"1.0\"?>\n<configuration>\n  <system.web>\n    <compilation targetFramework=\"4.0\" />\n    <customErrors mode=\"RemoteOnly\" />\n  </system.web>\n</configuration>\n", 700)
		for i, name := range []string{"default.aspx", "about.aspx", "contact.aspx", "news/list.aspx", "Account/Login.aspx"} {
			put(name, "<%@ Page Language=\"C#\" MasterPageFile=\"~/Site.master\" AutoEventWireup=\"true\" CodeFile=\""+name[strings.LastIndexByte(name, '/')+1:]+".cs\" Inherits=\"Page"+fmt.Sprint(i)+"\" %>\n<asp:Content ContentPlaceHolderID=\"Main\" runat=\"server\">\n  <h2>"+l.Org+"</h2>\n  <p>"+talk.Prose(words, 900)+"</p>\n</asp:Content>\n", 600-i)
			put(name+".cs", "using System;\nusing System.Web.UI;\n\npublic partial class Page"+fmt.Sprint(i)+" : Page\n{\n    protected void Page_Load(object sender, EventArgs e)\n    {\n        if (!IsPostBack) { Title = \""+l.Org+"\"; }\n    }\n}\n", 600-i)
		}
		put("handlers/thumb.ashx", "<%@ WebHandler Language=\"C#\" Class=\"Thumb\" %>\nusing System.Web;\n\npublic class Thumb : IHttpHandler\n{\n    public void ProcessRequest(HttpContext context)\n    {\n        context.Response.ContentType = \"image/png\";\n        context.Response.WriteFile(context.Server.MapPath(\"~/images/logo.png\"));\n    }\n    public bool IsReusable { get { return true; } }\n}\n", 580)
	} else {
		for _, name := range []string{"index.html", "about/index.html", "contact/index.html", "news/index.html"} {
			put(name, string(page(l.Site, "/"+name, 200)), 300+r.IntN(90))
		}
	}
	put("Scripts/site.js", strings.Repeat("function t(e){return document.querySelector(e)}\n", 50), 590)
	put("Content/site.css", strings.Repeat(".nav li{margin:0;padding:2px 4px;color:#345}\n", 40), 590)
	put("images/logo.png", string(page(l.Site, "/logo.png", 200)), 640)
	for i := range 9 {
		extension := chance.Pick(r, []string{".pdf", ".jpg", ".pdf", ".docx"})
		name := chance.Pick(r, []string{"brochure", "tariff", "form", "photo", "notice"}) + fmt.Sprintf("-%d", 2017+i)
		put("uploads/"+name+extension, string(document(r, name+extension, 3000+r.IntN(9000))), 420-30*i)
	}
}

// WebRoot is where the disk of a web server is kept among the evidence.
func WebRoot(web *estate.Host) string {
	if web.Windows() {
		return "disk/" + web.Name + "/inetpub/wwwroot/"
	}
	return "disk/" + web.Name + "/var/www/html/"
}
