// Package th12 plays the behaviour template called TH12: an unpatched edge
// appliance is taken, turns inward without noise, walks administrative
// shares, runs things through services and tasks, leaves several doors open
// and reaches the plant. The programs it "copies" are random bytes behind a
// file header.
package th12

import (
	"fmt"
	"time"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/estate"
	"longwatch/internal/simulate/packet"
	"longwatch/internal/simulate/scenario/ordinary"
	"longwatch/internal/simulate/talk"
	"longwatch/internal/simulate/truth"
)

const profile = "th12"

type play struct {
	*estate.Site
	r    *chance.Rand
	p    *truth.Plot
	edge *estate.Host
	user *estate.User
	name string // workstation name the tool gives
	now  time.Time
}

// Play writes the intrusion into the last day of the site.
func Play(s *estate.Site) truth.Campaign {
	r := s.R.Sub(profile)
	x := &play{Site: s, r: r, edge: s.One(estate.Edge), p: truth.NewPlot(profile, s.Key, "unpatched edge appliance exploited from the internet")}
	x.user = chance.Pick(r, []*estate.User{s.Admins()[0], s.Admins()[1], ordinary.Account(s, "svc_backup")})
	x.name = chance.Pick(r, []string{"WORKSTATION", "DESKTOP-" + r.Letters("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", 7), "localhost"})
	x.p.Account(x.user.Name)
	x.now = s.At(s.Act, 11, 0).Add(r.Duration(0, 3*time.Hour))
	x.entry()
	x.walk()
	x.enumerate()
	x.services()
	x.tasks(2)
	x.doors()
	x.replicate()
	x.plant()
	for _, at := range s.Returns {
		x.back(at)
	}
	return x.p.Campaign()
}

// pause is the patience of somebody who does not want to be seen.
func (x *play) pause() { x.now = x.now.Add(30*time.Second + x.r.Wait(100*time.Second)) }

func (x *play) entry() {
	log := "logs/edge/" + x.edge.Name + ".log"
	from := fmt.Sprintf("%d.%d.%d.%d", chance.Pick(x.r, []int{37, 45, 91, 146}), x.r.Between(10, 240), x.r.IntN(256), x.r.Between(2, 254))
	x.p.Remote(from)
	at := x.now.Add(-x.r.Duration(2*time.Hour, 6*time.Hour))
	x.edge.Appliance(at, 187, `logid="0100032546" type="event" subtype="system" level="critical" vd="root" logdesc="Application crashed" action="crash" msg="Pid: %d, application: sslvpnd, Firmware: FortiOS v7.0.11, Signal 11 received, Backtrace: [0x7f%08x]"`, x.r.Between(150, 900), x.r.Uint32())
	x.p.Way(at, x.edge.Name, "TH-03", "the VPN daemon crashed", log)
	admin := chance.Pick(x.r, []string{"fortisupp", "tech-", "vpnsys", "sysadm"}) + x.r.Letters(chance.Lower, 3)
	at = at.Add(x.r.Duration(3*time.Minute, 20*time.Minute))
	x.edge.Appliance(at, 189, `logid="0100032001" type="event" subtype="system" level="information" vd="root" logdesc="Admin login successful" sn="%d" user="Local_Process_Access" ui="jsconsole(%s)" method="jsconsole" srcip=%s dstip=%s action="login" status="success" reason="none" profile="super_admin" msg="Administrator Local_Process_Access logged in successfully from jsconsole(%s)"`, at.Unix(), from, from, x.edge.IP, from)
	at = at.Add(x.r.Duration(10*time.Second, 50*time.Second))
	x.edge.Appliance(at, 189, `logid="0100044547" type="event" subtype="system" level="information" vd="root" logdesc="Object attribute configured" user="Local_Process_Access" ui="jsconsole(%s)" action="Add" cfgtid=%d cfgpath="system.admin" cfgobj=%q cfgattr="password[*]accprofile[super_admin]vdom[root]" msg="Add system.admin %s"`, from, x.r.Between(1000000, 99999999), admin, admin)
	x.edge.Appliance(at.Add(40*time.Second), 189, `logid="0100044547" type="event" subtype="system" level="information" vd="root" logdesc="Object attribute configured" user=%q ui="https(%s)" action="Add" cfgtid=%d cfgpath="firewall.policy" cfgobj="%d" cfgattr="srcintf[ssl.root]dstintf[internal]action[accept]" msg="Add firewall.policy"`, admin, from, x.r.Between(1000000, 99999999), x.r.Between(40, 90))
	x.edge.Appliance(at.Add(2*time.Minute), 190, `logid="0100032095" type="event" subtype="system" level="warning" vd="root" logdesc="Admin performed an action from GUI" user=%q ui="GUI(%s)" action="download" status="success" msg="System config file has been downloaded by user %s via GUI(%s)"`, admin, from, admin, from)
	x.p.Account(admin)
	x.p.Way(at, x.edge.Name, "TH-02", "new administrator and policy on the appliance, configuration downloaded", log)
}

// session opens SMB from the appliance itself.
func (x *play) session(h *estate.Host) *estate.Session {
	x.pause()
	x.edge.ResolveLocal(x.now.Add(-40*time.Millisecond), h)
	s := x.SMB(x.now, x.edge.Station, h, x.user, x.name)
	return s
}

func (x *play) done(s *estate.Session) {
	s.End()
	x.now = s.Now()
}

// targets are the servers of the site, the file server first.
func (x *play) targets() []*estate.Host {
	return []*estate.Host{x.One(estate.FileServer), x.One(estate.AppServer), x.One(estate.Jump), x.One(estate.Deployment), x.One(estate.Backup), x.One(estate.Gateway)}
}

// walk opens administrative shares one after the other, without a miss.
func (x *play) walk() {
	begin := x.now
	for _, h := range append([]*estate.Host{x.DC}, chance.Some(x.r, x.targets(), 5)...) {
		s := x.session(h)
		t := s.Open(chance.Pick(x.r, []string{"C$", "ADMIN$"}))
		for _, f := range chance.Some(x.r, []string{"Users", "ProgramData", "Program Files", `System32\drivers\etc\hosts`, "Temp"}, 2) {
			t.Look(f)
		}
		t.Disconnect()
		x.done(s)
		x.p.Step(s.Now(), h.Name, "TH-01 TH-05", "administrative share opened from the appliance", truth.Pcap, truth.EVTX(h.Name, estate.Security))
	}
	x.p.Step(begin, x.edge.Name, "TH-01 TH-05 TH-16 TH-17", "the appliance walks administrative shares", truth.Pcap)
}

// back is a return: a look at two servers through their administrative shares,
// and one command.
func (x *play) back(at time.Time) {
	x.now = at
	for _, h := range chance.Some(x.r, x.targets(), 2) {
		s := x.session(h)
		t := s.Open("C$")
		t.Look("Users")
		t.Disconnect()
		x.done(s)
		x.p.Step(s.Now(), h.Name, "TH-01", "administrative share opened from the appliance again", truth.Pcap, truth.EVTX(h.Name, estate.Security))
	}
	x.tasks(1)
}

// enumerate asks the controller for shares and accounts.
func (x *play) enumerate() {
	s := x.session(x.DC)
	ipc := s.Open("IPC$")
	ipc.ListShares([]string{"ADMIN$", "C$", "IPC$", "NETLOGON", "SYSVOL"})
	p := ipc.Pipe("samr")
	c := p.Bind(talk.Samr)
	server, domain := talk.NewHandle(x.r), talk.NewHandle(x.r)
	var users []string
	for _, u := range x.Users {
		users = append(users, u.Name)
	}
	for _, call := range []talk.Call{talk.SamConnect(x.DC.Name, server), talk.SamEnumDomains(server, x.NetBIOS, "Builtin"), talk.SamLookupDomain(server, x.NetBIOS, x.SID), talk.SamOpenDomain(server, x.SID, domain), talk.SamEnumUsers(domain, users), talk.SamClose(domain), talk.SamClose(server)} {
		c.Call(call)
	}
	p.Close()
	ipc.Disconnect()
	x.done(s)
	x.p.Step(s.Now(), x.DC.Name, "TH-06", "shares and accounts enumerated", truth.Pcap, truth.EVTX(x.DC.Name, estate.Security))
}

// program is a file that starts like a Windows program and is random after.
func (x *play) program(n int) []byte {
	b := x.r.Bytes(n)
	copy(b, "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00\xb8\x00\x00\x00\x00\x00\x00\x00\x40\x00\x00\x00")
	clear(b[28:64])
	b[60] = 0x80
	copy(b[128:], "PE\x00\x00\x64\x86\x00\x00")
	return b
}

// services write a program to ADMIN$ and run it as a service that vanishes.
func (x *play) services() {
	for _, h := range chance.Some(x.r, x.targets()[:5], 3) {
		s := x.session(h)
		admin := s.Open("ADMIN$")
		file := x.r.Letters(chance.Mixed, 8) + ".exe"
		admin.Write(file, x.program(x.r.Between(40000, 90000)))
		ipc := s.Open("IPC$")
		s.Wait(x.r.Duration(time.Second, 15*time.Second))
		begin := s.Now()
		service := x.r.Letters(chance.Mixed, chance.Pick(x.r, []int{4, 8}))
		p := ipc.RunService(estate.ServiceJob{Name: service, Display: service, Path: `%systemroot%\` + file, Image: `C:\Windows\` + file, Runs: x.r.Duration(6*time.Second, 40*time.Second)})
		h.Spawn(begin.Add(2*time.Second), h.Self(), p, `C:\Windows\System32\cmd.exe`, `cmd.exe /c net localgroup administrators`).End(begin.Add(3 * time.Second))
		admin.Delete(file)
		admin.Disconnect()
		ipc.Disconnect()
		x.done(s)
		x.p.Step(begin, h.Name, "TH-07 TH-08 TH-09 TH-11", "program written to ADMIN$, run as a service, service deleted", truth.Pcap, truth.EVTX(h.Name, estate.Security), truth.EVTX(h.Name, estate.System), truth.EVTX(h.Name, estate.Sysmon))
	}
}

// tasks run commands through the task scheduler.
func (x *play) tasks(n int) {
	for _, h := range chance.Some(x.r, x.targets(), n) {
		s := x.session(h)
		ipc := s.Open("IPC$")
		name := `\` + x.r.Letters(chance.Mixed, 8)
		out := x.r.Letters(chance.Mixed, 8) + ".tmp"
		begin := s.Now()
		ipc.RunTask(estate.TaskJob{Name: name, Image: `C:\Windows\System32\cmd.exe`, Command: `cmd.exe /C ` + chance.Pick(x.r, []string{"ipconfig /all", "net view", "tasklist", "query user"}) + ` > C:\Windows\Temp\` + out + ` 2>&1`, Runs: x.r.Duration(time.Second, 9*time.Second)})
		admin := s.Open("ADMIN$")
		admin.Read(`Temp\`+out, []byte("Windows IP Configuration\r\n\r\n"))
		admin.Delete(`Temp\` + out)
		admin.Disconnect()
		ipc.Disconnect()
		x.done(s)
		x.p.Step(begin, h.Name, "TH-12", "task registered, run and deleted", truth.Pcap, truth.EVTX(h.Name, estate.Security), truth.EVTX(h.Name, estate.Tasks))
	}
}

// doors are several kinds of persistence on different machines.
func (x *play) doors() {
	list := chance.Some(x.r, x.targets()[:5], 4)
	open := func(h *estate.Host) (*estate.Session, *estate.Share) {
		s := x.session(h)
		return s, s.Open("IPC$")
	}
	h := list[0]
	s, ipc := open(h)
	admin := s.Open("ADMIN$")
	file := chance.Pick(x.r, []string{"netcfgsvc", "winmgmtx", "diaghost", "wlansvcx"}) + ".exe"
	admin.Write(`System32\`+file, x.program(70000))
	display := "Network Configuration " + chance.Pick(x.r, []string{"Helper", "Agent", "Broker"})
	ipc.RunService(estate.ServiceJob{Name: file[:len(file)-4], Display: display, Path: `C:\Windows\System32\` + file, Image: `C:\Windows\System32\` + file, Runs: 4 * time.Second, Keep: true})
	x.done(s)
	x.p.Step(s.Now(), h.Name, "TH-07 TH-08 TH-19 TH-20", "service left behind", truth.Pcap, truth.EVTX(h.Name, estate.System), truth.EVTX(h.Name, estate.Security))

	h = list[1]
	s, ipc = open(h)
	ipc.RunTask(estate.TaskJob{Name: `\Microsoft\Windows\` + chance.Pick(x.r, []string{"Diagnosis", "NetTrace", "Servicing"}) + `\` + chance.Pick(x.r, []string{"Check", "Update", "Sync"}) + x.r.Letters("0123456789", 2), Image: `C:\ProgramData\` + file, Command: `C:\ProgramData\` + file + ` -k`, Runs: 3 * time.Second, Keep: true})
	x.done(s)
	x.p.Step(s.Now(), h.Name, "TH-19 TH-20", "task left behind", truth.Pcap, truth.EVTX(h.Name, estate.Security), truth.EVTX(h.Name, estate.Tasks))

	h = list[2]
	x.pause()
	account := chance.Pick(x.r, []string{"helpsvc", "syncuser", "defaultadm"})
	l, p := x.RemoteWMI(x.now, x.edge.Station, h, x.user, x.name, `C:\Windows\System32\cmd.exe`, `cmd.exe /c net user `+account+` * /add & net localgroup administrators `+account+` /add`)
	l.AccountCreated(x.now.Add(400*time.Millisecond), account, fmt.Sprint(x.r.Between(1010, 1090)))
	p.End(x.now.Add(2 * time.Second))
	x.p.Account(account)
	x.p.Step(x.now, h.Name, "TH-13 TH-19 TH-20", "local administrator "+account+" created over WMI", truth.Pcap, truth.EVTX(h.Name, estate.Security))

	h = list[3]
	x.pause()
	l, p = x.RemoteWMI(x.now, x.edge.Station, h, x.user, x.name, `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`, `powershell.exe -NoProfile -File C:\ProgramData\cfg.ps1`)
	filter := chance.Pick(x.r, []string{"SysHealth", "DiskWatch", "UpTimer"})
	h.Consumer(x.now.Add(time.Second), filter+`Filter`, fmt.Sprintf(`CommandLineEventConsumer="%sConsumer"`, filter), fmt.Sprintf("Binding EventFilter: instance of __EventFilter { Name = \"%sFilter\"; Query = \"SELECT * FROM __InstanceModificationEvent WITHIN 600 WHERE TargetInstance ISA 'Win32_PerfFormattedData_PerfOS_System'\"; QueryLanguage = \"WQL\"; }; Perm. Consumer: instance of CommandLineEventConsumer { CommandLineTemplate = \"C:\\\\ProgramData\\\\%s\"; Name = \"%sConsumer\"; };", filter, file, filter))
	p.SetRegistry(x.now.Add(1500*time.Millisecond), `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\`+filter, `C:\ProgramData\`+file)
	p.End(x.now.Add(3 * time.Second))
	l.LogOff(x.now.Add(9 * time.Second))
	x.p.Step(x.now, h.Name, "TH-13 TH-14 TH-19 TH-20", "permanent WMI consumer and run key", truth.EVTX(h.Name, estate.WMI), truth.EVTX(h.Name, estate.Sysmon), truth.Pcap)
}

// replicate asks the controller for secrets as another controller would.
func (x *play) replicate() {
	x.pause()
	a := talk.Account{User: x.user.Name, Domain: x.NetBIOS, Workstation: x.name}
	service := talk.Service{Host: x.DC.Name, DNS: x.DC.FQDN(), Domain: x.NetBIOS, Zone: x.Zone, Build: x.DC.Build}
	k := x.Dial(x.now, x.edge.Station, x.DC.Station, 135)
	talk.BindTCP(k, x.r, talk.EndpointMap, "135", a, service).Call(talk.EptMap(talk.DrsUAPI, 49667, x.DC.IP.As4()))
	k.Close(packet.Client)
	k = x.Dial(k.Now().Add(time.Millisecond), x.edge.Station, x.DC.Station, 49667)
	c := talk.BindTCP(k, x.r, talk.DrsUAPI, "49667", a, service)
	l := x.DC.LogOn(k.Now(), x.user, estate.LogonOptions{Type: 3, From: x.edge.IP, Port: k.ClientPort(), Workstation: x.name, NTLM: true})
	c.Call(talk.Opaque(0, 60, 90))
	c.Call(talk.Opaque(12, 200, 300))
	for range x.r.Between(3, 8) {
		c.Call(talk.Opaque(3, 360, 2800))
		l.Replicated(k.Now())
		k.Wait(x.r.Wait(3 * time.Second))
	}
	c.Call(talk.Opaque(1, 20, 24))
	k.Close(packet.Client)
	l.LogOff(k.Now())
	x.p.Step(x.now, x.DC.Name, "TH-18", "directory secrets replicated to the appliance", truth.Pcap, truth.EVTX(x.DC.Name, estate.Security))
	x.now = k.Now()
}

// plant reaches the controllers through the plant gateway.
func (x *play) plant() {
	gateway := x.One(estate.Gateway)
	s := x.session(gateway)
	admin := s.Open("ADMIN$")
	file := x.r.Letters(chance.Mixed, 8) + ".exe"
	admin.Write(file, x.program(60000))
	ipc := s.Open("IPC$")
	service := x.r.Letters(chance.Mixed, 8)
	ipc.RunService(estate.ServiceJob{Name: service, Display: service, Path: `%systemroot%\` + file, Image: `C:\Windows\` + file, Runs: 50 * time.Second})
	x.done(s)
	x.p.Step(s.Now(), gateway.Name, "TH-07 TH-08 TH-09", "program run as a service on the plant gateway", truth.Pcap, truth.EVTX(gateway.Name, estate.Security), truth.EVTX(gateway.Name, estate.System))
	x.pause()
	for i, plc := range x.Of(estate.PLC) {
		k := x.Dial(x.now.Add(time.Duration(i)*20*time.Second), gateway.Station, plc.Station, 502)
		up, down := talk.ReadDeviceID(1, 1, "Phoenix Contact", "ILC 171 ETH", "4.42")
		k.Send(packet.Client, up)
		k.Send(packet.Server, down)
		for n := range 6 {
			up, down := talk.ReadRegisters(x.r, uint16(n+2), 1, uint16(n)*24, 24)
			k.Send(packet.Client, up)
			k.Send(packet.Server, down)
			k.Wait(x.r.Duration(40*time.Millisecond, 300*time.Millisecond))
		}
		ids := "TH-21"
		if i == 0 {
			up, down := talk.WriteRegister(9, 1, 112, uint16(x.r.Between(200, 900)))
			k.Send(packet.Client, up)
			k.Send(packet.Server, down)
			ids = "TH-21 TH-22"
		}
		k.Close(packet.Client)
		x.p.Step(k.Now(), plc.Name, ids, "the gateway speaks Modbus to a controller for the first time", truth.Pcap)
	}
}
