package ordinary

import (
	"fmt"
	"time"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/estate"
	"longwatch/internal/simulate/packet"
	"longwatch/internal/simulate/talk"
)

// Noise is how much there is in ordinary life that looks like something else.
type Noise string

// The amounts of noise. Normal has administrators, deployment, backup,
// monitoring and visitors that scan; Quiet has none by hand; Loud adds a help
// desk, a vulnerability scanner that logs on, an audit of the directory, agents
// that call home, copies that leave for the cloud, and things set up wrongly.
const (
	Normal Noise = ""
	Quiet  Noise = "quiet"
	Loud   Noise = "loud"
)

// loud is a day of what else goes on in a large and untidy network.
func (l *life) loud(day int) {
	week := l.R.Sub("week")
	if day%7 == week.IntN(7) {
		l.scan(day)
	}
	if day%7 == week.IntN(7) {
		l.audit(day)
	}
	if !l.today() {
		return
	}
	l.helpdesk(day)
	l.agents(day)
	l.offsite(day)
	l.wrong(day)
}

// helpdesk is an administrator on the machines of people who called.
func (l *life) helpdesk(day int) {
	r := l.r
	u := l.Admins()[len(l.Admins())-1]
	at := l.At(day, 8, 40).Add(r.Duration(0, 40*time.Minute))
	logon := u.Host.LogOn(at, u, estate.LogonOptions{Type: 7})
	mstsc := u.Host.Spawn(at, logon, u.Host.Base(`C:\Windows\explorer.exe`), `C:\Windows\System32\mstsc.exe`, `"C:\Windows\system32\mstsc.exe"`)
	for _, h := range chance.Some(r, l.Of(estate.Workstation), 3) {
		at = at.Add(r.Duration(25*time.Minute, 90*time.Minute))
		there := u.Host.RemoteDesktop(at, h, u, r.Duration(4*time.Minute, 12*time.Minute), mstsc)
		shell := h.Spawn(there.At.Add(5*time.Second), there, h.Base(`C:\Windows\System32\userinit.exe`), `C:\Windows\explorer.exe`, `C:\Windows\Explorer.EXE`)
		cmd := h.Spawn(there.At.Add(40*time.Second), there, shell, `C:\Windows\System32\cmd.exe`, `"C:\Windows\system32\cmd.exe"`)
		t := there.At.Add(time.Minute)
		for _, c := range chance.Some(r, [][2]string{{"ipconfig.exe", "ipconfig /all"}, {"gpupdate.exe", "gpupdate /force"}, {"PING.EXE", "ping " + l.One(estate.FileServer).Name}, {"net.exe", "net use"}, {"tasklist.exe", "tasklist"}}, 3) {
			t = t.Add(r.Duration(8*time.Second, 50*time.Second))
			h.Spawn(t, there, cmd, `C:\Windows\System32\`+c[0], c[1]).End(t.Add(2 * time.Second))
		}
	}
}

// scan is the scanner trying ports of every machine, once a week.
func (l *life) scan(day int) {
	r := l.r
	from := l.One(estate.Scanner)
	at := l.At(day, 20, 0)
	for _, h := range l.Hosts {
		if h == from || h.Role == estate.PLC {
			continue
		}
		for _, port := range []uint16{21, 22, 23, 25, 80, 110, 135, 139, 143, 443, 445, 1433, 3306, 3389, 5432, 5900, 5985, 8080, 8443, 9100} {
			l.Capture.Refused(at, from.Station, h.Station, from.Port(r), port, packet.LAN(r))
			at = at.Add(r.Duration(3*time.Millisecond, 30*time.Millisecond))
		}
		if h.Windows() {
			x := l.SMB(at, from.Station, h, Account(l.Site, "svc_monitor"), "SCANNER")
			t := x.Open("ADMIN$")
			t.Look("System32")
			t.Disconnect()
			at = x.End()
		}
	}
}

// audit is an administrator checking the directory with a known audit tool.
func (l *life) audit(day int) {
	u := l.Admins()[0]
	h := u.Host
	at := l.At(day, 14, 5).Add(l.r.Duration(0, 30*time.Minute))
	logon := h.LogOn(at, u, estate.LogonOptions{Type: 7})
	p := h.Spawn(at.Add(time.Second), logon, h.Base(`C:\Windows\explorer.exe`), `C:\Tools\PingCastle\PingCastle.exe`, `PingCastle.exe --healthcheck --server `+l.Zone)
	end := h.Directory(at.Add(3*time.Second), u, 30)
	p.End(end.Add(40 * time.Second))
}

// agents call their makers at even pauses: management, backup, protection.
func (l *life) agents(day int) {
	r := l.r
	for i, h := range []*estate.Host{l.One(estate.AppServer), l.One(estate.FileServer), l.One(estate.Backup)} {
		name := []string{"agent-gateway.fleetcare.example", "ingest.watchtower-metrics.example", "control.vaultline-backup.example"}[i]
		for t := l.At(day, 0, i); t.Before(l.At(day+1, 0, 0)); t = t.Add(l.rarer(r.Around(5*time.Minute, 0.03))) {
			h.HTTPS(t, talk.GoClient, name, 1, 600, 400)
		}
	}
}

// offsite is the copy of the backup that leaves at night.
func (l *life) offsite(day int) {
	h := l.One(estate.Backup)
	name := "s3.eu-west-1.amazonaws.com"
	at := h.Resolve(l.At(day, 23, 30).Add(l.r.Duration(0, 9*time.Minute)), name)
	t, k := h.TLS(at, talk.GoClient, name, l.Internet(l.Address(name)), 443, l.Server(name))
	for range 8 {
		t.Exchange(50000, 300, 30*time.Millisecond)
	}
	t.Close(packet.Client)
	h.Spawn(at, h.Self(), h.Base(estate.Services), `C:\Program Files\Vaultline\vlagent.exe`, `"C:\Program Files\Vaultline\vlagent.exe" copy --job nightly`).End(k.Now())
}

// wrong is what was set up wrongly long ago: a service whose password ran out, a
// name that no longer exists, a script that runs everything at once.
func (l *life) wrong(day int) {
	r := l.r
	app, fs := l.One(estate.AppServer), l.One(estate.FileServer)
	for t := l.At(day, 0, 4); t.Before(l.At(day+1, 0, 0)); t = t.Add(l.rarer(20 * time.Minute)) {
		fs.FailedLogOn(t.Add(r.Duration(0, 5*time.Second)), Account(l.Site, "svc_sql"), app.IP, app.Port(r), app.Name)
		app.ResolveFailed(t.Add(7*time.Second), "licence-old."+l.Zone)
	}
	from := l.One(estate.Deployment)
	at := l.At(day, 5, 10)
	for i, h := range l.Of(estate.Workstation) {
		at = at.Add(r.Duration(2*time.Second, 30*time.Second))
		p := h.Spawn(at, h.Self(), h.Base(`C:\Windows\CCM\CcmExec.exe`), `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`, fmt.Sprintf(`powershell.exe -NoLogo -NonInteractive -ExecutionPolicy Bypass -File \\%s\Scripts\inventory.ps1 -Batch %d`, from.FQDN(), i))
		p.Script(at.Add(time.Second), "Get-CimInstance Win32_ComputerSystem; Get-CimInstance Win32_QuickFixEngineering | Select HotFixID", "")
		p.End(at.Add(12 * time.Second))
	}
}

// churn is what changes in months: people who come, travel and leave, programs
// that are new, machines that talk to others than before.
func (l *life) churn(day int) {
	r := l.r
	if r.Chance(0.05) { // somebody new
		u := l.Admins()[0]
		at := l.At(day, 9, 0).Add(r.Duration(0, 3*time.Hour))
		l.DC.LogOn(at, u, estate.LogonOptions{Type: 3, From: u.Host.IP, Port: u.Host.Port(r)}).DomainAccount(at.Add(2*time.Second), "new."+r.Letters(chance.Lower, 6), fmt.Sprint(r.Between(2000, 4000)))
	}
	if r.Chance(0.1) { // a journey
		u := chance.Pick(r, l.Staff())
		VPN(l.Site, l.At(day, 6, 0).Add(r.Duration(0, 14*time.Hour)), u, visitor(r), r.Duration(20*time.Minute, 2*time.Hour), 60+r.IntN(20))
	}
	if r.Chance(0.1) { // a program nobody had before
		var list []*estate.User
		for _, u := range l.Staff() {
			if u.Host != nil {
				list = append(list, u)
			}
		}
		u := chance.Pick(r, list)
		h, at := u.Host, l.At(day, 10, 0).Add(r.Duration(0, 4*time.Hour))
		name := chance.Pick(r, []string{"Zoom", "Slack", "KeePassXC", "Notepad++", "Greenshot", "DeepL"})
		logon := h.LogOn(at, u, estate.LogonOptions{Type: 2})
		setup := h.Spawn(at, logon, h.Base(`C:\Windows\explorer.exe`), `C:\Windows\System32\msiexec.exe`, `"C:\Windows\System32\msiexec.exe" /i "C:\Users\`+u.Name+`\Downloads\`+name+`.msi"`)
		setup.CreateFile(at.Add(20*time.Second), `C:\Program Files\`+name+`\`+name+`.exe`)
		setup.End(at.Add(time.Minute))
		p := h.Spawn(at.Add(2*time.Minute), logon, h.Base(`C:\Windows\explorer.exe`), `C:\Program Files\`+name+`\`+name+`.exe`, `"C:\Program Files\`+name+`\`+name+`.exe"`)
		host := "updates." + r.Letters(chance.Lower, 7) + ".example"
		p.Asked(at.Add(2*time.Minute), host, l.Address(host).String()+";")
		h.HTTPS(at.Add(2*time.Minute), talk.Schannel, host, 2, 600, 5000)
	}
	if r.Chance(0.06) { // an administrator on a server that is not his usual one
		u := chance.Pick(r, l.Admins())
		h := chance.Pick(r, []*estate.Host{l.One(estate.Backup), l.One(estate.Monitor), l.One(estate.Deployment)})
		at := l.At(day, 11, 0).Add(r.Duration(0, 4*time.Hour))
		logon := u.Host.LogOn(at, u, estate.LogonOptions{Type: 7})
		mstsc := u.Host.Spawn(at, logon, u.Host.Base(`C:\Windows\explorer.exe`), `C:\Windows\System32\mstsc.exe`, `"C:\Windows\system32\mstsc.exe"`)
		u.Host.RemoteDesktop(at.Add(8*time.Second), h, u, r.Duration(3*time.Minute, 9*time.Minute), mstsc)
	}
}
