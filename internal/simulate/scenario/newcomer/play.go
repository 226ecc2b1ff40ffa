// Package newcomer plays an intrusion by nobody in particular: a software
// vendor's update brings the intruder in, tickets are asked for and guessed
// offline, remote management leads on, and what was collected leaves for a
// storage service. It is coherent, and its behaviour is in no dossier: what is
// asked of an analyst is to see it and to name nobody. The programs are random
// bytes that are nowhere on a disk; commands are text in logs.
//
// Techniques: T1195.002 supply chain, T1087.002 directory queries, T1558.003
// Kerberoasting, T1021.006 remote management, T1562.001 protection switched
// off, T1560.001 archive, T1567.002 cloud storage, T1102 web service.
package newcomer

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

// Profile is what the truth calls the intruder.
const Profile = "unknown-actor"

type play struct {
	*estate.Site
	r       *chance.Rand
	p       *truth.Plot
	app     *estate.Host // where the product runs
	agent   *estate.Process
	user    *estate.User // the account whose password was guessed
	product string
	folder  string
	hub     string // service that the commands come from
	store   string // service that the haul goes to
	now     time.Time
}

// Play writes the intrusion into the day of the act.
func Play(s *estate.Site) truth.Campaign {
	r := s.R.Sub(Profile)
	x := &play{Site: s, r: r, app: s.One(estate.AppServer), user: ordinary.Account(s, "svc_sql"),
		product: chance.Pick(r, []string{"Cordelia", "Halyard", "Marlin", "Tessera"}),
		hub:     chance.Pick(r, []string{"api.notion.com", "api.trello.com", "api.airtable.com"}),
		store:   chance.Pick(r, []string{"s3.eu-central-003.backblazeb2.com", "s3.us-west-1.wasabisys.com", "uploads.pcloud.com"})}
	vendor := "update." + strings.ToLower(x.product) + "-software.example"
	x.folder = `C:\Program Files\` + x.product + `\Agent\`
	x.p = truth.NewPlot(Profile, s.Key, "an update of the asset agent "+x.product+", tampered with at its vendor")
	x.p.Account(x.user.Name)
	x.p.Remote(vendor)
	s.Fix(vendor, netip.AddrFrom4([4]byte{chance.Pick(r, []byte{52, 99, 3}), byte(r.Between(20, 200)), byte(r.IntN(256)), byte(r.Between(2, 254))}))
	x.now = s.At(s.Act, 6, 30).Add(r.Duration(0, 2*time.Hour))
	x.update(vendor)
	x.polls(5)
	x.survey()
	x.tickets()
	x.manage()
	x.collect()
	x.leave()
	x.stay()
	for _, at := range s.Returns {
		x.back(at)
	}
	return x.p.Campaign()
}

func (x *play) pause(mean time.Duration) { x.now = x.now.Add(5*time.Second + x.r.Wait(mean)) }

// update is the product's own updater replacing a library.
func (x *play) update(vendor string) {
	updater := x.app.Base(x.folder + `updater.exe`)
	updater.Asked(x.now, vendor, x.Address(vendor).String()+";")
	at := x.app.HTTPS(x.now, talk.Schannel, vendor, 3, 700, 9000)
	library := x.folder + chance.Pick(x.r, []string{"inventory.dll", "transport.dll", "collector.dll"})
	updater.CreateFile(at.Add(time.Second), x.folder+`package.zip`)
	updater.CreateFile(at.Add(3*time.Second), library)
	name := strings.ToLower(x.product) + "-agent.exe"
	x.app.ServiceState(at.Add(4*time.Second), x.product+" Asset Agent", "stopped")
	x.agent = x.app.Spawn(at.Add(6*time.Second), x.app.Self(), x.app.Base(estate.Services), x.folder+name, `"`+x.folder+name+`" --service`)
	x.app.ServiceState(at.Add(6*time.Second), x.product+" Asset Agent", "running")
	x.agent.Loaded(at.Add(7*time.Second), library, false)
	x.p.Way(x.now, x.app.Name, "", "tampered update installed by the updater of "+x.product, truth.EVTX(x.app.Name, estate.Sysmon), x.app.Sensor())
	x.now = at.Add(x.r.Duration(40*time.Minute, 70*time.Minute))
}

// polls ask a note-taking service for commands, at long and uneven pauses.
func (x *play) polls(n int) {
	begin := x.now
	for range n {
		x.agent.Asked(x.now, x.hub, x.Address(x.hub).String()+";")
		x.now = x.app.HTTPS(x.now, talk.GoClient, x.hub, 2, 500, 900)
		x.now = x.now.Add(x.r.Around(11*time.Minute, 0.6))
	}
	x.p.Remote(x.hub)
	x.p.Step(begin, x.app.Name, "", "commands fetched from "+x.hub, truth.EVTX(x.app.Name, estate.Sysmon), x.app.Sensor())
}

// shell is one command that the agent starts.
func (x *play) shell(script string) *estate.Process {
	ps := x.app.Spawn(x.now, x.app.Self(), x.agent, `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`, `powershell.exe -NoProfile -NonInteractive -Command -`)
	ps.Script(x.now.Add(300*time.Millisecond), script, "")
	ps.End(x.now.Add(x.r.Duration(2*time.Second, 20*time.Second)))
	return ps
}

// survey reads the directory.
func (x *play) survey() {
	begin := x.now
	x.shell(`$s=[adsisearcher]'(&(objectCategory=computer)(operatingSystem=*server*))';$s.PageSize=500;$s.FindAll()|%{$_.Properties.dnshostname}`)
	x.now = x.app.Directory(x.now.Add(time.Second), x.user, x.r.Between(20, 30))
	x.pause(3 * time.Minute)
	x.shell(`$s=[adsisearcher]'(&(objectCategory=user)(servicePrincipalName=*))';$s.FindAll()|%{$_.Properties.serviceprincipalname}`)
	x.now = x.app.Directory(x.now.Add(time.Second), x.user, x.r.Between(6, 12))
	x.p.Step(begin, x.app.Name, "", "servers and service accounts read from the directory", truth.EVTX(x.app.Name, estate.PowerShell), x.app.Sensor())
	x.pause(10 * time.Minute)
}

// tickets asks for tickets of service accounts with the weak cipher.
func (x *play) tickets() {
	begin := x.now
	who := chance.Pick(x.r, x.Staff())
	for _, name := range []string{"svc_sql", "svc_backup", "svc_monitor", "svc_deploy"} {
		x.now = x.app.WeakTicket(x.now.Add(x.r.Duration(100*time.Millisecond, 900*time.Millisecond)), who, ordinary.Account(x.Site, name))
	}
	x.p.Account(who.Name)
	x.p.Step(begin, x.app.Name, "", "tickets of four service accounts asked for with RC4", truth.EVTX(x.DC.Name, estate.Security), x.app.Sensor())
	x.polls(3)
}

// manage goes on over WinRM with the guessed account.
func (x *play) manage() {
	for i, h := range []*estate.Host{x.One(estate.FileServer), x.DC} {
		begin := x.now
		ordinary.WinRM(x.Site, x.r, x.now, x.app, x.user, h)
		l := h.LogOn(x.now.Add(200*time.Millisecond), x.user, estate.LogonOptions{Type: 3, From: x.app.IP, Port: x.app.Port(x.r)})
		host := h.Spawn(x.now.Add(500*time.Millisecond), l, h.Base(`C:\Windows\System32\svchost.exe -k DcomLaunch -p`), `C:\Windows\System32\wsmprovhost.exe`, `C:\Windows\system32\wsmprovhost.exe -Embedding`)
		script := `Set-MpPreference -DisableRealtimeMonitoring $true -DisableScriptScanning $true`
		what := "protection switched off over remote management"
		if i == 1 {
			script, what = `Get-ADGroupMember 'Domain Admins' | Select SamAccountName; Get-ADComputer -Filter * -Properties LastLogonDate`, "directory questioned over remote management"
		}
		host.Script(x.now.Add(time.Second), script, "")
		x.now = x.now.Add(4 * time.Second)
		x.p.Step(begin, h.Name, "", what, truth.EVTX(h.Name, estate.Security), truth.EVTX(h.Name, estate.PowerShell), x.app.Sensor())
		x.pause(12 * time.Minute)
	}
}

// collect reads shares and packs what was read.
func (x *play) collect() {
	fs := x.One(estate.FileServer)
	begin := x.now
	s := x.app.KerberosSMB(x.now, fs, x.user)
	t := s.Open("Finance")
	for i := range x.r.Between(14, 22) {
		name := fmt.Sprintf(`%s\%s-%02d.xlsx`, chance.Pick(x.r, []string{"Board", "Audit", "Treasury"}), chance.Pick(x.r, []string{"position", "forecast", "liquidity"}), i)
		t.Read(name, append([]byte("PK\x03\x04\x14\x00\x06\x00"), x.r.Bytes(x.r.Between(9000, 30000))...))
		s.Wait(x.r.Wait(time.Second))
	}
	t.Disconnect()
	x.now = s.End()
	x.p.Step(begin, fs.Name, "", "files of the finance department read in bulk", truth.EVTX(fs.Name, estate.Security), x.app.Sensor())
	x.pause(4 * time.Minute)
	p := x.app.Spawn(x.now, x.app.Self(), x.agent, x.folder+`7za.exe`, `7za.exe a -mx=1 -v4m "`+x.folder+`cache\upload.7z" "`+x.folder+`cache\in"`)
	p.CreateFile(x.now.Add(3*time.Second), x.folder+`cache\upload.7z.001`)
	p.End(x.now.Add(9 * time.Second))
	x.p.Step(x.now, x.app.Name, "", "what was read was packed", truth.EVTX(x.app.Name, estate.Sysmon))
	x.pause(6 * time.Minute)
}

// leave sends the archive to a storage service.
func (x *play) leave() {
	sync := x.app.Spawn(x.now, x.app.Self(), x.agent, x.folder+`sync.exe`, `sync.exe copy "`+x.folder+`cache" vault:in --transfers 4 --no-check-certificate`)
	sync.Asked(x.now.Add(time.Second), x.store, x.Address(x.store).String()+";")
	at := x.app.Resolve(x.now.Add(time.Second), x.store)
	t, k := x.app.TLS(at, talk.GoClient, x.store, x.Internet(x.Address(x.store)), 443, x.Server(x.store))
	sync.Connected(at, x.Address(x.store).String(), k.ClientPort(), 443)
	for range 10 {
		t.Exchange(60000, 400, 30*time.Millisecond)
	}
	t.Close(packet.Client)
	sync.End(k.Now().Add(time.Second))
	x.p.Remote(x.store)
	x.p.Step(x.now, x.app.Name, "", "archive sent to "+x.store, truth.EVTX(x.app.Name, estate.Sysmon), x.app.Sensor())
	x.now = k.Now()
	x.pause(10 * time.Minute)
}

// stay leaves a script and a task on the file server, from within the session.
func (x *play) stay() {
	fs := x.One(estate.FileServer)
	begin := x.now
	ordinary.WinRM(x.Site, x.r, x.now, x.app, x.user, fs)
	l := fs.LogOn(x.now.Add(200*time.Millisecond), x.user, estate.LogonOptions{Type: 3, From: x.app.IP, Port: x.app.Port(x.r)})
	host := fs.Spawn(x.now.Add(500*time.Millisecond), l, fs.Base(`C:\Windows\System32\svchost.exe -k DcomLaunch -p`), `C:\Windows\System32\wsmprovhost.exe`, `C:\Windows\system32\wsmprovhost.exe -Embedding`)
	script := `C:\ProgramData\` + x.product + `\health.ps1`
	host.CreateFile(x.now.Add(2*time.Second), script)
	l.TaskRegistered(x.now.Add(4*time.Second), `\`+x.product+`\Health`, estate.TaskXML(x.NetBIOS+`\`+x.user.Name, x.now, `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`, `-NoProfile -File `+script))
	x.now = x.now.Add(20 * time.Second)
	x.p.Step(begin, fs.Name, "", "script and task left on the file server", truth.EVTX(fs.Name, estate.Security), truth.EVTX(fs.Name, estate.Sysmon), x.app.Sensor())
}

// back is a return weeks later: a few questions to the hub and a small haul.
func (x *play) back(at time.Time) {
	x.now = at
	x.polls(2)
	x.shell(`Get-ChildItem \\` + x.One(estate.FileServer).Name + `\Finance -Recurse | Where LastWriteTime -gt (Get-Date).AddDays(-14)`)
	x.pause(5 * time.Minute)
	x.leave()
}
