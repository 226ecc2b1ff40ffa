package ordinary

import (
	"fmt"
	"net/netip"
	"time"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/estate"
	"longwatch/internal/simulate/packet"
	"longwatch/internal/simulate/talk"
)

// noise is what a machine sends to its neighbours unasked.
func (l *life) noise(at time.Time, h *estate.Host) {
	r := l.r
	a := h.IP.As4()
	everyone := netip.AddrFrom4([4]byte{a[0], a[1], a[2], 255})
	l.Capture.Multicast(at, h.Station, everyone, 137, 137, talk.NetBIOSQuery(uint16(r.Uint32()), chance.Pick(r, []string{"WPAD", l.NetBIOS})))
	l.Capture.Multicast(at.Add(300*time.Millisecond), h.Station, netip.AddrFrom4([4]byte{224, 0, 0, 252}), h.Port(r), 5355, talk.LinkLocalQuery(uint16(r.Uint32()), "wpad"))
	l.Capture.Multicast(at.Add(2*time.Second), h.Station, netip.AddrFrom4([4]byte{239, 255, 255, 250}), h.Port(r), 1900, talk.Discover())
}

type habit struct{ task, image, command string }

var habits = []habit{
	{`\Microsoft\Windows\UpdateOrchestrator\Schedule Scan`, `C:\Windows\System32\usoclient.exe`, `C:\Windows\system32\usoclient.exe StartScan`},
	{`\Microsoft\Windows\Windows Defender\Windows Defender Scheduled Scan`, `C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.25010.11-0\MpCmdRun.exe`, `"C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.25010.11-0\MpCmdRun.exe" Scan -ScheduleJob -ScanTrigger 55`},
	{`\Microsoft\Windows\Application Experience\MareBackup`, `C:\Windows\System32\CompatTelRunner.exe`, `C:\Windows\system32\compattelrunner.exe -m:appraiser.dll -f:DoScheduledTelemetryRun`},
	{`\MicrosoftEdgeUpdateTaskMachineUA`, `C:\Program Files (x86)\Microsoft\EdgeUpdate\MicrosoftEdgeUpdate.exe`, `"C:\Program Files (x86)\Microsoft\EdgeUpdate\MicrosoftEdgeUpdate.exe" /ua /installsource scheduler`},
	{`\Microsoft\Windows\Defrag\ScheduledDefrag`, `C:\Windows\System32\defrag.exe`, `C:\Windows\system32\defrag.exe -c -h -o -$`},
	{`\Microsoft\Windows\DiskCleanup\SilentCleanup`, `C:\Windows\System32\cleanmgr.exe`, `C:\Windows\system32\cleanmgr.exe /autocleanstoragesense /d C:`},
}

var coming = []string{"Windows Update", "Windows Modules Installer", "Background Intelligent Transfer Service", "Microsoft Account Sign-in Assistant", "Windows Error Reporting Service", "Client License Service (ClipSVC)", "Network Setup Service", "Software Protection"}

// machine is what Windows does by itself in a day.
func (l *life) machine(day int, h *estate.Host) {
	r := l.r
	for at := l.At(day, 0, 0).Add(r.Wait(20 * time.Minute)); at.Before(l.At(day+1, 0, 0)); at = at.Add(l.rarer(r.Wait(24*time.Minute) + 20*time.Second)) {
		switch r.IntN(9) {
		case 0, 1:
			x := chance.Pick(r, habits)
			p := h.Spawn(at, h.Self(), h.Base(estate.NetSvcs), x.image, x.command)
			took := r.Duration(time.Second, 4*time.Minute)
			h.TaskRun(at, x.task, x.image, took)
			p.End(at.Add(took))
		case 2:
			name := chance.Pick(r, coming)
			h.ServiceState(at, name, "running")
			h.ServiceState(at.Add(r.Duration(2*time.Minute, 12*time.Minute)), name, "stopped")
		case 3:
			h.ProviderStarted(at, "CIMWin32", `%systemroot%\system32\wbem\cimwin32.dll`)
		case 4:
			pid := r.Between(300, 2000) * 4
			path := `C:\Windows\system32\SRU\SRUDB.dat`
			h.Database(at, 326, "svchost", fmt.Sprintf("%d,D,50", pid), "SRUJet: ", "1", path, "0", "[1] 0.000005 +J(0) +M(C:8K, Fs:2, WS:8K # 8K, PF:0K # 0K, P:0K)", "", "")
			h.Database(at.Add(2*time.Hour), 327, "svchost", fmt.Sprintf("%d,D,35", pid), "SRUJet: ", "1", path, "0", "[1] 0.000010 +J(0) +M(C:0K, Fs:0, WS:4K # 0K, PF:0K # 0K, P:0K)", "0 0")
		case 5:
			l.child(at, h)
		case 6:
			l.member(at, h)
		case 7:
			name := chance.Pick(r, background)
			h.Base(`C:\Windows\System32\svchost.exe -k netsvcs -p -s wuauserv`).Asked(at, name, "type:  5 "+name+".akadns.net;"+l.Address(name).String()+";")
		case 8:
			h.Spawn(at, h.Self(), h.Base(estate.Services), `C:\Windows\System32\svchost.exe`, `C:\Windows\system32\svchost.exe -k `+chance.Pick(r, []string{"wsappx -p -s AppXSvc", "netsvcs -p -s wlidsvc", "LocalService -p -s LicenseManager", "NetworkService -p -s DoSvc"}))
		}
	}
	if !l.today() {
		return
	}
	at := l.At(day, r.IntN(24), r.IntN(60))
	if h != l.DC {
		q, a := talk.NTP(r, at)
		l.Capture.UDP(at, h.Station, l.DC.Station, 123, 123, q)
		l.Capture.UDP(at.Add(time.Millisecond), l.DC.Station, h.Station, 123, 123, a)
	}
	h.Classic(at, estate.Application, "MsiInstaller", 1042, `Ending a Windows Installer transaction: C:\Windows\Installer\`+r.Hex(3)+`.msi. Client Process Id: `+fmt.Sprint(r.Between(900, 4000)*4)+`.`)
	h.HTTPS(at.Add(time.Minute), talk.Schannel, "slscr.update.microsoft.com", 1, 2200, 4000)
}

// child is one of the short-lived programs Windows starts all day.
func (l *life) child(at time.Time, h *estate.Host) {
	r := l.r
	launch := h.Base(`C:\Windows\System32\svchost.exe -k DcomLaunch -p`)
	x := chance.Pick(r, []habit{
		{"", `C:\Windows\System32\dllhost.exe`, `C:\Windows\system32\DllHost.exe /Processid:{AB8902B4-09CA-4BB6-B78D-A8F59079A8D5}`},
		{"", `C:\Windows\System32\RuntimeBroker.exe`, `C:\Windows\System32\RuntimeBroker.exe -Embedding`},
		{"", `C:\Windows\System32\taskhostw.exe`, `taskhostw.exe`},
		{"", `C:\Windows\System32\SearchProtocolHost.exe`, `"C:\Windows\system32\SearchProtocolHost.exe" Global\UsGthrFltPipeMssGthrPipe` + r.Letters("0123456789", 3) + `_`},
		{"", `C:\Windows\System32\wbem\WmiPrvSE.exe`, `C:\Windows\system32\wbem\wmiprvse.exe -secured -Embedding`},
		{"", `C:\Windows\servicing\TrustedInstaller.exe`, `C:\Windows\servicing\TrustedInstaller.exe`},
		{"", `C:\Windows\System32\MoUsoCoreWorker.exe`, `C:\Windows\System32\MoUsoCoreWorker.exe -Embedding`},
	})
	p := h.Spawn(at, h.Self(), launch, x.image, x.command)
	if r.Chance(0.4) {
		p.CreateFile(at.Add(r.Duration(10*time.Millisecond, 2*time.Second)), `C:\Windows\Temp\`+chance.Pick(r, []string{"MpCmdRun", "DiagTrack", "TS_", "msi"})+r.Hex(2)+`.tmp`)
	}
	p.End(at.Add(r.Duration(2*time.Second, 5*time.Minute)))
}

// member is the machine account's own business with the controller: a ticket,
// a log-on there, and service log-ons at home.
func (l *life) member(at time.Time, h *estate.Host) {
	if h == l.DC {
		h.LogOn(at, nil, estate.LogonOptions{Type: 5})
		return
	}
	port := h.Port(l.r)
	from := l.DC.MemberLogOn(at, h, port)
	from.LogOff(at.Add(l.r.Duration(10*time.Second, 30*time.Second)))
	h.LogOn(at.Add(2*time.Second), nil, estate.LogonOptions{Type: 5})
}

// operations are backup, monitoring and software deployment.
func (l *life) operations(day int) {
	r := l.r
	if !l.today() {
		return
	}
	backup := Account(l.Site, "svc_backup")
	at := l.At(day, 22, 0).Add(r.Duration(0, 9*time.Minute))
	x := l.One(estate.Backup).KerberosSMB(at, l.One(estate.FileServer), backup)
	for _, share := range []string{"Shared", "Finance"} {
		t := x.Open(share)
		for i := range l.few(8) {
			name := fmt.Sprintf(`2026\item-%02d.xlsx`, i)
			t.Read(name, document(r, name, r.Size(14000, 50000)))
		}
		t.Disconnect()
	}
	x.End()
	l.DC.Classic(at.Add(20*time.Minute), estate.Application, "ESENT", 2001, "lsass", "780,D,0", "", fmt.Sprint(day+11))
	l.DC.Classic(at.Add(20*time.Minute+3*time.Second), estate.Application, "ESENT", 2003, "lsass", "780,D,0", "", fmt.Sprint(day+11))

	monitor := l.One(estate.Monitor)
	for t := l.At(day, 0, 3); t.Before(l.At(day+1, 0, 0)); t = t.Add(l.rarer(15 * time.Minute)) {
		jittered := t.Add(r.Duration(0, 20*time.Second))
		if t.Hour()%6 == 0 && t.Minute() < 15 {
			for i, h := range l.Hosts {
				monitor.ResolveLocal(jittered.Add(time.Duration(i)*190*time.Millisecond), h)
			}
		}
		for i, h := range l.Hosts {
			if h != monitor && h.Role != estate.Workstation && h.Role != estate.AdminPC && h.Role != estate.PLC {
				l.Capture.Echo(jittered.Add(time.Duration(i)*210*time.Millisecond), monitor.Station, h.Station, 1, uint16(r.IntN(60000)), r.Duration(200*time.Microsecond, 2*time.Millisecond))
			}
		}
	}
	for t := l.At(day, 0, 20); t.Before(l.At(day+1, 0, 0)); t = t.Add(l.rarer(4 * time.Hour)) {
		for _, h := range []*estate.Host{l.One(estate.FileServer), l.One(estate.AppServer)} {
			x := monitor.KerberosSMB(t.Add(r.Duration(0, time.Minute)), h, Account(l.Site, "svc_monitor"))
			ipc := x.Open("IPC$")
			p := ipc.Pipe("svcctl")
			c := p.Bind(talk.SvcCtl)
			manager, service := talk.NewHandle(r), talk.NewHandle(r)
			c.Call(talk.OpenSCManager(h.Name, manager))
			for _, name := range []string{"LanmanServer", "W32Time"} {
				c.Call(talk.OpenService(manager, name, service))
				c.Call(talk.QueryService(service, 4))
				c.Call(talk.CloseService(service))
			}
			c.Call(talk.CloseService(manager))
			p.Close()
			ipc.Disconnect()
			x.End()
		}
	}
	l.deploy(day)
}

// deploy pushes a package to some workstations through the administrative
// share and starts the agent installed there long ago.
func (l *life) deploy(day int) {
	r := l.r
	from, account := l.One(estate.Deployment), Account(l.Site, "svc_deploy")
	at := l.At(day, 12, 30)
	product := chance.Pick(r, []string{"7z2409-x64.msi", "AcroRdrDCUpd2500120432.msp", "vlc-3.0.21-win64.msi", "Firefox-136.0.1.msi"})
	data := r.Bytes(int(float64(r.Between(30000, 60000)) / min(l.thin, 10)))
	copy(data, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	slot := r.Letters("0123456789", 2)
	for i, h := range chance.Some(r, l.Of(estate.Workstation), 4) {
		at = at.Add(r.Duration(20*time.Second, 3*time.Minute))
		at = from.ResolveLocal(at, h)
		if i == 1 || i == 2 && r.Chance(0.5) { // switched off or at home
			at = l.Capture.Unanswered(at, from.Station, l.away(h), from.Port(r), 445)
			continue
		}
		x := from.KerberosSMB(at, h, account)
		t := x.Open("ADMIN$")
		t.Write(`ccmcache\`+slot+`\`+product, data)
		t.Disconnect()
		ipc := x.Open("IPC$")
		p := ipc.StartExisting("CcmExec", "SMS Agent Host", `C:\Windows\CCM\CcmExec.exe`, `C:\Windows\CCM\CcmExec.exe`, 12*time.Second)
		h.Spawn(x.Now(), h.Self(), p, `C:\Windows\System32\msiexec.exe`, `msiexec.exe /i C:\Windows\ccmcache\`+product+` /qn /norestart`)
		h.Classic(x.Now().Add(20*time.Second), estate.Application, "MsiInstaller", 1033, product, "1.0", "1033", "0", "Vendor", "(NULL)", "")
		ipc.Disconnect()
		x.End()
	}
}

// away is the address a laptop has in DNS while it is not there.
func (l *life) away(h *estate.Host) *packet.Station {
	a := h.IP.As4()
	a[3] = 222 + a[3]%28
	return &packet.Station{IP: netip.AddrFrom4(a)}
}

// administration is what the administrators do by hand.
func (l *life) administration(day int) {
	r := l.r
	for i, u := range l.Admins() {
		if !l.today() {
			continue
		}
		h := u.Host
		at := l.At(day, 9, 20).Add(r.Duration(0, 5*time.Hour))
		logon := h.LogOn(at, u, estate.LogonOptions{Type: 7})
		mstsc := h.Spawn(at.Add(time.Second), logon, h.Base(`C:\Windows\explorer.exe`), `C:\Windows\System32\mstsc.exe`, `"C:\Windows\system32\mstsc.exe"`)
		server := chance.Pick(r, []*estate.Host{l.One(estate.FileServer), l.One(estate.AppServer), l.One(estate.Jump)})
		there := h.RemoteDesktop(at.Add(8*time.Second), server, u, r.Duration(6*time.Minute, 25*time.Minute), mstsc)
		shell := server.Spawn(there.At.Add(5*time.Second), there, server.Base(`C:\Windows\System32\userinit.exe`), `C:\Windows\explorer.exe`, `C:\Windows\Explorer.EXE`)
		server.Spawn(there.At.Add(70*time.Second), there, shell, `C:\Windows\System32\mmc.exe`, `"C:\Windows\system32\mmc.exe" C:\Windows\system32\services.msc`)
		if r.Chance(0.5) {
			ps := server.Spawn(there.At.Add(3*time.Minute), there, shell, `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`, `"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"`)
			ps.Script(there.At.Add(3*time.Minute+20*time.Second), chance.Pick(r, []string{"Get-Service | Where-Object Status -eq 'Stopped'", "Get-EventLog -LogName System -Newest 20", "Get-Volume | Format-Table DriveLetter, SizeRemaining", "Restart-Service Spooler"}), "")
		}
		if i == 0 {
			WinRM(l.Site, r, at.Add(40*time.Minute), h, u, l.One(estate.AppServer))
		}
		if i == 1 && day%2 == 1 {
			l.psexec(l.At(day, 15, 10).Add(r.Duration(0, 40*time.Minute)), h, u, chance.Pick(r, l.Of(estate.Workstation)))
		}
	}
}

// WinRM is a management session over HTTP with message encryption.
func WinRM(s *estate.Site, r *chance.Rand, at time.Time, h *estate.Host, u *estate.User, server *estate.Host) {
	at = h.Access(at, u, server, "HTTP")
	k := s.Dial(at, h.Station, server.Station, 5985)
	server.LogOn(k.Now(), u, estate.LogonOptions{Type: 3, From: h.IP, Port: k.ClientPort()})
	for range r.Between(3, 7) {
		body := []byte("--Encrypted Boundary\r\nContent-Type: application/HTTP-Kerberos-session-encrypted\r\nOriginalContent: type=application/soap+xml;charset=UTF-8;Length=1700\r\n--Encrypted Boundary\r\nContent-Type: application/octet-stream\r\n")
		up := append(append([]byte{}, body...), append(r.Bytes(1760), "--Encrypted Boundary--\r\n"...)...)
		down := append(append([]byte{}, body...), append(r.Bytes(r.Size(2200, 9000)), "--Encrypted Boundary--\r\n"...)...)
		kind := `Content-Type: multipart/encrypted;protocol="application/HTTP-Kerberos-session-encrypted";boundary="Encrypted Boundary"`
		k.Send(packet.Client, talk.Request("POST", "/wsman?PSVersion=5.1.20348.1", server.FQDN()+":5985", talk.Header{"Connection: Keep-Alive", kind, "User-Agent: Microsoft WinRM Client"}, up))
		k.Wait(r.Duration(10*time.Millisecond, 400*time.Millisecond))
		k.Send(packet.Server, talk.Response(k.Now(), 200, talk.Header{kind, "Server: Microsoft-HTTPAPI/2.0"}, down))
	}
	k.Close(packet.Client)
	server.Spawn(at.Add(300*time.Millisecond), server.Self(), server.Base(`C:\Windows\System32\svchost.exe -k DcomLaunch -p`), `C:\Windows\System32\wsmprovhost.exe`, `C:\Windows\system32\wsmprovhost.exe -Embedding`)
}

// psexec is an administrator using the well-known tool on one machine.
func (l *life) psexec(at time.Time, h *estate.Host, u *estate.User, target *estate.Host) {
	r := l.r
	logon := h.LogOn(at, u, estate.LogonOptions{Type: 7})
	h.Spawn(at, logon, h.Base(`C:\Windows\explorer.exe`), `C:\Tools\SysinternalsSuite\PsExec64.exe`, `PsExec64.exe -accepteula \\`+target.Name+` ipconfig /all`)
	x := h.KerberosSMB(at.Add(time.Second), target, u)
	t := x.Open("ADMIN$")
	binary := r.Bytes(60000)
	copy(binary, "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00")
	t.Write("PSEXESVC.exe", binary)
	ipc := x.Open("IPC$")
	p := ipc.RunService(estate.ServiceJob{Name: "PSEXESVC", Display: "PSEXESVC", Path: `%SystemRoot%\PSEXESVC.exe`, Image: `C:\Windows\PSEXESVC.exe`, Runs: 3 * time.Second})
	for _, stream := range []string{"stdin", "stdout", "stderr"} {
		name := fmt.Sprintf("PSEXESVC-%s-%d-%s", h.Name, r.Between(900, 3000)*4, stream)
		p.PipeCreated(x.Now().Add(-2*time.Second), name)
		ipc.Pipe(name).Close()
	}
	target.Spawn(x.Now().Add(-1500*time.Millisecond), x.Logon, p, `C:\Windows\System32\ipconfig.exe`, `"ipconfig" /all`)
	t.Delete("PSEXESVC.exe")
	t.Disconnect()
	ipc.Disconnect()
	x.End()
}
