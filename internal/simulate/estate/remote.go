package estate

import (
	"fmt"
	"strings"
	"time"

	"longwatch/internal/simulate/packet"
	"longwatch/internal/simulate/talk"
)

// Session is an SMB session of a client at a server, with the log-on the
// server recorded for it.
type Session struct {
	*talk.SMB
	Client *packet.Station
	Server *Host
	Logon  *Logon
	User   *User

	account talk.Account
	name    string // how the client names the server
}

// SMB opens a session. workstation is the NetBIOS name a client gives with
// NTLM; with Kerberos it is empty.
func (s *Site) SMB(at time.Time, client *packet.Station, server *Host, u *User, workstation string) *Session {
	k := s.Dial(at, client, server.Station, 445)
	a := talk.Account{User: u.Name, Domain: s.NetBIOS, Workstation: workstation, Realm: strings.ToUpper(s.Zone), Kerberos: workstation == ""}
	m := talk.StartSMB(k, s.R, a, s.service(server))
	ntlm := workstation != ""
	if ntlm && s.DC != nil {
		s.DC.validated(k.Now().Add(-time.Millisecond), u, workstation)
	}
	l := server.LogOn(k.Now(), u, LogonOptions{Type: 3, From: client.IP, Port: k.ClientPort(), Workstation: workstation, NTLM: ntlm})
	return &Session{SMB: m, Client: client, Server: server, Logon: l, User: u, account: a, name: server.FQDN()}
}

// KerberosSMB gets the service ticket first, as members do.
func (h *Host) KerberosSMB(at time.Time, server *Host, u *User) *Session {
	at = h.ResolveLocal(at, server)
	at = h.Access(at, u, server, "cifs")
	return h.Site.SMB(at.Add(500*time.Microsecond), h.Station, server, u, "")
}

// Open connects to a share (Security 5140).
func (x *Session) Open(share string) *Share {
	t := x.Connect(x.name, share)
	x.Logon.shareOpened(x.Now(), x.Client.IP, x.Conn().ClientPort(), share)
	return &Share{Share: t, x: x, name: share}
}

// End logs the session off.
func (x *Session) End() time.Time {
	x.Logoff()
	x.Logon.LogOff(x.Now().Add(x.Server.r.Duration(200*time.Millisecond, 12*time.Second)))
	return x.Now()
}

// Share is an open share whose accesses the server audits.
type Share struct {
	*talk.Share
	x    *Session
	name string
}

// Write stores a file: SMB, Security 5145 and Sysmon 11 by System.
func (t *Share) Write(path string, data []byte) {
	x := t.x
	t.Put(path, data)
	x.Logon.shareFile(x.Now(), x.Client.IP, x.Conn().ClientPort(), t.name, path, true)
	if local := strings.TrimPrefix(localPath(t.name), `\??\`); local != "" {
		x.Server.Base("System").CreateFile(x.Now(), strings.TrimSuffix(local, `\`)+`\`+path)
	}
}

// Read fetches a file (Security 5145).
func (t *Share) Read(path string, data []byte) {
	t.Get(path, data)
	t.x.Logon.shareFile(t.x.Now(), t.x.Client.IP, t.x.Conn().ClientPort(), t.name, path, false)
}

// Pipe opens a pipe on IPC$ (Security 5145).
func (t *Share) Pipe(name string) *talk.Pipe {
	p := t.Share.Pipe(name)
	t.x.Logon.shareFile(t.x.Now(), t.x.Client.IP, t.x.Conn().ClientPort(), t.name, name, true)
	return p
}

// Sealed binds an interface on a pipe with packet privacy.
func (t *Share) Sealed(p *talk.Pipe, i talk.Interface) *talk.RPC {
	a := t.x.account
	if a.Workstation == "" {
		a.Workstation = "WORKSTATION"
	}
	return p.BindSealed(i, a, t.x.Server.Site.service(t.x.Server))
}

// ListShares asks a server for its shares over srvsvc.
func (t *Share) ListShares(shares []string) {
	p := t.Pipe("srvsvc")
	p.Bind(talk.SrvSvc).Call(talk.ShareEnum(t.x.Server.Name, shares))
	p.Close()
}

// ServiceJob describes a service created remotely.
type ServiceJob struct {
	Name, Display, Path string
	Image               string        // program that then runs
	Runs                time.Duration // from start to stop
	Keep                bool          // not deleted afterwards
}

// RunService creates a service over svcctl, starts it, and deletes it unless
// kept. It returns the process of the service.
func (t *Share) RunService(j ServiceJob) *Process {
	x, h := t.x, t.x.Server
	r := h.Site.R
	p := t.Pipe("svcctl")
	c := p.Bind(talk.SvcCtl)
	manager, service := talk.NewHandle(r), talk.NewHandle(r)
	c.Call(talk.OpenSCManager(h.Name, manager))
	c.Call(talk.CreateService(manager, j.Name, j.Display, j.Path, service))
	x.Logon.ServiceInstalled(x.Now(), j.Name, j.Path, "LocalSystem")
	h.Base(Services).SetRegistry(x.Now(), `HKLM\System\CurrentControlSet\Services\`+j.Name+`\ImagePath`, j.Path)
	x.Wait(r.Duration(4*time.Millisecond, 40*time.Millisecond))
	c.Call(talk.StartService(service))
	run := h.Spawn(x.Now(), h.Self(), h.Base(Services), j.Image, j.Path)
	h.ServiceState(x.Now().Add(30*time.Millisecond), j.Display, "running")
	c.Call(talk.QueryService(service, 4))
	x.Wait(j.Runs)
	if !j.Keep {
		c.Call(talk.ControlStop(service))
		h.ServiceState(x.Now().Add(20*time.Millisecond), j.Display, "stopped")
		run.End(x.Now().Add(15 * time.Millisecond))
		c.Call(talk.DeleteService(service))
	}
	c.Call(talk.CloseService(service))
	c.Call(talk.CloseService(manager))
	p.Close()
	return run
}

// StartExisting starts a service that is already installed and leaves it.
func (t *Share) StartExisting(name, display, image, command string, runs time.Duration) *Process {
	x, h := t.x, t.x.Server
	r := h.Site.R
	p := t.Pipe("svcctl")
	c := p.Bind(talk.SvcCtl)
	manager, service := talk.NewHandle(r), talk.NewHandle(r)
	c.Call(talk.OpenSCManager(h.Name, manager))
	c.Call(talk.OpenService(manager, name, service))
	c.Call(talk.StartService(service))
	run := h.Spawn(x.Now(), h.Self(), h.Base(Services), image, command)
	h.ServiceState(x.Now().Add(25*time.Millisecond), display, "running")
	x.Wait(runs)
	c.Call(talk.QueryService(service, 1))
	h.ServiceState(x.Now(), display, "stopped")
	run.End(x.Now())
	c.Call(talk.CloseService(service))
	c.Call(talk.CloseService(manager))
	p.Close()
	return run
}

// TaskJob describes a task registered remotely.
type TaskJob struct {
	Name           string // with leading backslash
	Image, Command string
	Runs           time.Duration
	Keep           bool
}

// RunTask registers a task over ITaskSchedulerService, runs it, and deletes it
// unless kept.
func (t *Share) RunTask(j TaskJob) *Process {
	x, h := t.x, t.x.Server
	p := t.Pipe("atsvc")
	c := t.Sealed(p, talk.TaskScheduler)
	c.Call(talk.Opaque(1, 1900+len(j.Command)*2, 60))
	x.Logon.TaskRegistered(x.Now(), j.Name, TaskXML(h.Site.NetBIOS+`\`+x.User.Name, x.Now(), j.Image, strings.TrimSpace(strings.TrimPrefix(j.Command, j.Image))))
	x.Wait(h.Site.R.Duration(20*time.Millisecond, 200*time.Millisecond))
	c.Call(talk.Opaque(12, 120, 40))
	run := h.Spawn(x.Now(), h.Self(), h.Base(NetSvcs), j.Image, j.Command)
	h.TaskRun(x.Now(), j.Name, j.Image, j.Runs)
	x.Wait(j.Runs)
	run.End(x.Now())
	if !j.Keep {
		c.Call(talk.Opaque(13, 80, 8))
		x.Logon.TaskDeleted(x.Now(), j.Name)
	}
	p.Close()
	return run
}

// TaskXML is the definition of a task that runs one program.
func TaskXML(author string, at time.Time, program, arguments string) string {
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Date>%s</Date>
    <Author>%s</Author>
  </RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
      <StartBoundary>%s</StartBoundary>
      <Enabled>true</Enabled>
      <ScheduleByDay>
        <DaysInterval>1</DaysInterval>
      </ScheduleByDay>
    </CalendarTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>S-1-5-18</UserId>
      <RunLevel>HighestAvailable</RunLevel>
    </Principal>
  </Principals>
  <Actions Context="Author">
    <Exec>
      <Command>%s</Command>
      <Arguments>%s</Arguments>
    </Exec>
  </Actions>
</Task>`, at.Format("2006-01-02T15:04:05"), author, at.Format("2006-01-02T15:04:05"), escape(program), escape(arguments))
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// RemoteWMI starts a program over WMI: end-point mapper, activation and
// IWbemServices with packet privacy, then the child of WmiPrvSE.
func (s *Site) RemoteWMI(at time.Time, client *packet.Station, server *Host, u *User, workstation, image, command string) (*Logon, *Process) {
	a := talk.Account{User: u.Name, Domain: s.NetBIOS, Workstation: workstation}
	k := s.Dial(at, client, server.Station, 135)
	talk.BindTCP(k, s.R, talk.Activator, "135", a, s.service(server)).Call(talk.Opaque(4, 700, 900))
	if s.DC != nil {
		s.DC.validated(k.Now(), u, workstation)
	}
	l := server.LogOn(k.Now(), u, LogonOptions{Type: 3, From: client.IP, Port: k.ClientPort(), Workstation: workstation, NTLM: true})
	port := uint16(49670 + hash(server.Name)%30)
	d := s.Dial(k.Now(), client, server.Station, port)
	talk.BindTCP(d, s.R, talk.WbemLogin, itoa(int(port)), a, s.service(server)).WithObject().Call(talk.Opaque(6, 120, 80))
	d.Close(packet.Client)
	d = s.Dial(d.Now().Add(2*time.Millisecond), client, server.Station, port)
	w := talk.BindTCP(d, s.R, talk.WbemServices, itoa(int(port)), a, s.service(server)).WithObject()
	w.Call(talk.Opaque(6, 160, 4200)) // GetObject Win32_Process
	server.ProviderStarted(d.Now(), "CIMWin32", `%systemroot%\system32\wbem\cimwin32.dll`)
	w.Call(talk.Opaque(24, 900, 700)) // ExecMethod
	p := server.Spawn(d.Now(), l, server.Base(WmiPrvSE), image, command)
	d.Close(packet.Client)
	k.Close(packet.Client)
	return l, p
}

// Desktop is the TLS end of the machine's remote desktop service, with the
// certificate Windows makes for itself.
func (h *Host) Desktop() talk.TLSServer {
	s, name := h.Site, "rdp/"+h.Name
	if s.certs[name] == nil {
		from := s.Start.AddDate(0, 0, -s.R.Sub(name).Between(3, 170)).Truncate(time.Second)
		s.selfSigned(name, talk.Name{Common: h.FQDN()}, from, from.AddDate(0, 6, 0))
	}
	return talk.TLSServer{Chain: s.certs[name]}
}

// RemoteDesktop is an RDP session: packets on both sides' clock, 4648 at the
// client, 4624 type 10 at the server. The session lasts and moves bytes.
func (h *Host) RemoteDesktop(at time.Time, server *Host, u *User, lasts time.Duration, p *Process) *Logon {
	s := h.Site
	k := s.Dial(h.Access(at, u, server, "TERMSRV"), h.Station, server.Station, 3389)
	talk.StartRDP(k, u.Name)
	t := talk.StartTLS(k, s.R, talk.Schannel, server.FQDN(), server.Desktop())
	if p != nil {
		p.Logon.Explicit(k.Now(), u, server, p)
	}
	l := server.LogOn(k.Now(), u, LogonOptions{Type: 10, From: h.IP, Port: k.ClientPort()})
	t.Exchange(1500, 9000, 30*time.Millisecond)
	for end := k.Now().Add(lasts); k.Now().Before(end); {
		t.Exchange(s.R.Size(300, 3000), s.R.Size(2500, 30000), s.R.Duration(10*time.Millisecond, 80*time.Millisecond))
		k.Wait(s.R.Wait(lasts / 30))
	}
	t.Close(packet.Client)
	l.LogOff(k.Now())
	return l
}
