package estate

import (
	"strconv"
	"strings"
	"time"

	"longwatch/internal/simulate/evtxfile"
)

var (
	sysmonProvider = evtxfile.Provider{Name: "Microsoft-Windows-Sysmon", GUID: "5770385f-c22a-43e0-bf4c-06f5698ffbd9"}
	scmProvider    = evtxfile.Provider{Name: "Service Control Manager", GUID: "555908d1-a6d7-4695-8e1e-26931d2012f4", Source: "Service Control Manager"}
	taskProvider   = evtxfile.Provider{Name: "Microsoft-Windows-TaskScheduler", GUID: "de7b24ea-73c8-4a09-985d-5bdadcfa9017"}
	wmiProvider    = evtxfile.Provider{Name: "Microsoft-Windows-WMI-Activity", GUID: "1418ef04-b0b4-4623-bf7e-d74ab47bbdaa"}
	psProvider     = evtxfile.Provider{Name: "Microsoft-Windows-PowerShell", GUID: "a0c1853b-5c40-4b15-8766-3cf1c58f985a"}
	ntfsProvider   = evtxfile.Provider{Name: "Microsoft-Windows-Ntfs", GUID: "3ff37a1c-a68d-4d6e-8c9b-f79e8b16c482"}
)

func itoa(n int) string { return strconv.Itoa(n) }

func (h *Host) utcTime(at time.Time) evtxfile.Field {
	return text("UtcTime", h.told(at).UTC().Format("2006-01-02 15:04:05.000"))
}

func (h *Host) sysmon(at time.Time, id uint16, version uint8, fields ...evtxfile.Field) {
	pid := h.Base(`C:\Windows\Sysmon64.exe`).PID
	h.log(evtxfile.Event{Time: at.Add(h.r.Duration(time.Millisecond, 6*time.Millisecond)), Provider: sysmonProvider, Channel: Sysmon, ID: id, Version: version, Level: 4, Task: id, Keywords: 0x8000000000000000, PID: pid, TID: h.thread(pid), User: "S-1-5-18", Fields: fields})
}

// CreateFile is Sysmon 11.
func (p *Process) CreateFile(at time.Time, path string) {
	if !p.Host.Windows() {
		return
	}
	p.Host.sysmon(at, 11, 2, text("RuleName", "-"), p.Host.utcTime(at), guidField("ProcessGuid", p.guid), u32("ProcessId", p.PID), text("Image", p.Image), text("TargetFilename", path), text("CreationUtcTime", p.Host.told(at).UTC().Format("2006-01-02 15:04:05.000")), text("User", p.Logon.display()))
}

// SetRegistry is Sysmon 13.
func (p *Process) SetRegistry(at time.Time, key, details string) {
	p.Host.sysmon(at, 13, 2, text("RuleName", "-"), text("EventType", "SetValue"), p.Host.utcTime(at), guidField("ProcessGuid", p.guid), u32("ProcessId", p.PID), text("Image", p.Image), text("TargetObject", key), text("Details", details), text("User", p.Logon.display()))
}

// Asked is Sysmon 22: the program resolved a name.
func (p *Process) Asked(at time.Time, name, results string) {
	status := "0"
	if results == "" {
		status, results = "9003", "-"
	}
	p.Host.sysmon(at, 22, 5, text("RuleName", "-"), p.Host.utcTime(at), guidField("ProcessGuid", p.guid), u32("ProcessId", p.PID), text("QueryName", name), text("QueryStatus", status), text("QueryResults", results), text("Image", p.Image), text("User", p.Logon.display()))
}

// Connected is Sysmon 3.
func (p *Process) Connected(at time.Time, to string, sport, dport uint16) {
	p.Host.sysmon(at, 3, 5, text("RuleName", "-"), p.Host.utcTime(at), guidField("ProcessGuid", p.guid), u32("ProcessId", p.PID), text("Image", p.Image), text("User", p.Logon.display()), text("Protocol", "tcp"), evtxfile.Field{Name: "Initiated", Value: evtxfile.Bool(true)}, evtxfile.Field{Name: "SourceIsIpv6", Value: evtxfile.Bool(false)},
		text("SourceIp", p.Host.IP.String()), text("SourceHostname", p.Host.FQDN()), u16("SourcePort", sport), text("SourcePortName", "-"), evtxfile.Field{Name: "DestinationIsIpv6", Value: evtxfile.Bool(false)}, text("DestinationIp", to), text("DestinationHostname", "-"), u16("DestinationPort", dport), text("DestinationPortName", "-"))
}

func u16(name string, v uint16) evtxfile.Field {
	return evtxfile.Field{Name: name, Value: evtxfile.U16(v)}
}

// Loaded is Sysmon 7.
func (p *Process) Loaded(at time.Time, image string, signed bool) {
	about, verdict, who := product{"10.0.20348.1", image[strings.LastIndexByte(image, '\\')+1:], operatingSystem, "Microsoft Corporation", image[strings.LastIndexByte(image, '\\')+1:]}, "Valid", "Microsoft Windows"
	if !signed {
		about, verdict, who = product{"-", "-", "-", "-", "-"}, "Unavailable", "-"
	}
	p.Host.sysmon(at, 7, 3, text("RuleName", "-"), p.Host.utcTime(at), guidField("ProcessGuid", p.guid), u32("ProcessId", p.PID), text("Image", p.Image), text("ImageLoaded", image), text("FileVersion", about.version), text("Description", about.description), text("Product", about.product), text("Company", about.company), text("OriginalFileName", about.original), text("Hashes", about.hashes(image)),
		text("Signed", strconv.FormatBool(signed)), text("Signature", who), text("SignatureStatus", verdict), text("User", p.Logon.display()))
}

// Opened is Sysmon 10: p opened another process.
func (p *Process) Opened(at time.Time, target *Process, access uint32, trace string) {
	p.Host.sysmon(at, 10, 3, text("RuleName", "-"), p.Host.utcTime(at), guidField("SourceProcessGUID", p.guid), u32("SourceProcessId", p.PID), u32("SourceThreadId", p.Host.thread(p.PID)), text("SourceImage", p.Image), guidField("TargetProcessGUID", target.guid), u32("TargetProcessId", target.PID), text("TargetImage", target.Image), evtxfile.Field{Name: "GrantedAccess", Value: evtxfile.Hex32(access)}, text("CallTrace", trace), text("SourceUser", p.Logon.display()), text("TargetUser", target.Logon.display()))
}

// PipeCreated is Sysmon 17.
func (p *Process) PipeCreated(at time.Time, name string) {
	p.Host.sysmon(at, 17, 1, text("RuleName", "-"), text("EventType", "CreatePipe"), p.Host.utcTime(at), guidField("ProcessGuid", p.guid), u32("ProcessId", p.PID), text("PipeName", `\`+name), text("Image", p.Image), text("User", p.Logon.display()))
}

// ServiceInstalled is System 7045 and Security 4697.
func (l *Logon) ServiceInstalled(at time.Time, name, path, account string) {
	h := l.Host
	_, _, id := l.account()
	pid := h.Base(Services).PID
	h.log(evtxfile.Event{Time: at, Provider: scmProvider, Channel: System, ID: 7045, Qualifiers: 16384, Level: 4, Keywords: 0x8080000000000000, PID: pid, TID: h.thread(pid), User: id,
		Fields: []evtxfile.Field{text("ServiceName", name), text("ImagePath", path), text("ServiceType", "user mode service"), text("StartType", "demand start"), text("AccountName", account)}})
	h.audit(at.Add(300*time.Microsecond), 4697, 12289, 0, append(l.subject(), text("ServiceName", name), text("ServiceFileName", path), evtxfile.Field{Name: "ServiceType", Value: evtxfile.Hex32(0x10)}, u32("ServiceStartType", 3), text("ServiceAccount", account))...)
}

// ServiceState is System 7036.
func (h *Host) ServiceState(at time.Time, display, state string) {
	pid := h.Base(Services).PID
	h.log(evtxfile.Event{Time: at, Provider: scmProvider, Channel: System, ID: 7036, Qualifiers: 16384, Level: 4, Keywords: 0x8080000000000000, PID: pid, TID: h.thread(pid), Fields: []evtxfile.Field{text("param1", display), text("param2", state)}})
}

func (h *Host) task(at time.Time, id uint16, fields ...evtxfile.Field) {
	pid := h.Base(NetSvcs).PID
	h.log(evtxfile.Event{Time: at, Provider: taskProvider, Channel: Tasks, ID: id, Level: 4, Task: id, Keywords: 0x8000000000000000, PID: pid, TID: h.thread(pid), User: "S-1-5-18", Fields: fields})
}

// TaskRun is TaskScheduler 200 and 201: an action ran and ended.
func (h *Host) TaskRun(at time.Time, name, action string, took time.Duration) {
	instance := h.guid()
	h.task(at, 200, text("TaskName", name), text("ActionName", action), guidField("TaskInstanceId", instance), u32("EnginePID", h.Base(NetSvcs).PID))
	h.task(at.Add(took), 201, text("TaskName", name), guidField("TaskInstanceId", instance), text("ActionName", action), u32("ResultCode", 0), u32("EnginePID", h.Base(NetSvcs).PID))
}

// Consumer is WMI-Activity 5861: a permanent event consumer was bound.
func (h *Host) Consumer(at time.Time, query, binding, cause string) {
	pid := h.Base(`C:\Windows\System32\svchost.exe -k netsvcs -p -s Winmgmt`).PID
	h.log(evtxfile.Event{Time: at, Provider: wmiProvider, Channel: WMI, ID: 5861, Keywords: 0x4000000000000000, PID: pid, TID: h.thread(pid), User: "S-1-5-18", UserData: "Operation_ESStoConsumerBinding", Namespace: "http://manifests.microsoft.com/win/2006/windows/WMI",
		Fields: []evtxfile.Field{text("Namespace", `//./ROOT/subscription`), text("ESS", query), text("CONSUMER", binding), text("PossibleCause", cause)}})
}

// ProviderStarted is WMI-Activity 5857.
func (h *Host) ProviderStarted(at time.Time, name, path string) {
	p := h.Base(WmiPrvSE)
	h.log(evtxfile.Event{Time: at, Provider: wmiProvider, Channel: WMI, ID: 5857, Keywords: 0x4000000000000000, PID: p.PID, TID: h.thread(p.PID), User: "S-1-5-20", UserData: "Operation_StartedOperational", Namespace: "http://manifests.microsoft.com/win/2006/windows/WMI",
		Fields: []evtxfile.Field{text("ProviderName", name), text("Code", "0x0"), text("HostProcess", "wmiprvse.exe"), u32("ProcessID", p.PID), text("ProviderPath", path)}})
}

// Script is PowerShell 4104: a script block was run.
func (p *Process) Script(at time.Time, block, path string) {
	_, _, id := p.Logon.account()
	p.Host.log(evtxfile.Event{Time: at, Provider: psProvider, Channel: PowerShell, ID: 4104, Version: 1, Level: 5, Task: 2, Opcode: 15, PID: p.PID, TID: p.Host.thread(p.PID), User: id, Activity: p.Host.guid(),
		Fields: []evtxfile.Field{{Name: "MessageNumber", Value: evtxfile.I32(1)}, {Name: "MessageTotal", Value: evtxfile.I32(1)}, text("ScriptBlockText", block), guidField("ScriptBlockId", p.Host.guid()), text("Path", path)}})
}

// Database is an event of the ESENT engine in the Application channel.
func (h *Host) Database(at time.Time, id uint16, inserts ...string) {
	h.log(evtxfile.Event{Time: at, Provider: evtxfile.Provider{Name: "ESENT"}, Channel: Application, ID: id, Level: 4, Task: 1, Keywords: 0x80000000000000, Inserts: inserts})
}

// Classic is an event of a source without manifest.
func (h *Host) Classic(at time.Time, channel, source string, id uint16, inserts ...string) {
	h.log(evtxfile.Event{Time: at, Provider: evtxfile.Provider{Name: source}, Channel: channel, ID: id, Level: 4, Keywords: 0x80000000000000, Inserts: inserts})
}

// VolumeMounted is Ntfs 98 in System, as a shadow copy causes.
func (h *Host) VolumeMounted(at time.Time, letter, device string) {
	h.log(evtxfile.Event{Time: at, Provider: ntfsProvider, Channel: System, ID: 98, Level: 4, Keywords: 0x8000000000000002, PID: 4, TID: h.thread(4), User: "S-1-5-18",
		Fields: []evtxfile.Field{text("DriveName", letter), text("DeviceName", device), u32("CorruptionState", 0)}})
}

// Retimed is Sysmon 2: the creation time of a file was changed.
func (p *Process) Retimed(at time.Time, path string, to time.Time) {
	const form = "2006-01-02 15:04:05.000"
	p.Host.sysmon(at, 2, 5, text("RuleName", "-"), p.Host.utcTime(at), guidField("ProcessGuid", p.guid), u32("ProcessId", p.PID), text("Image", p.Image), text("TargetFilename", path), text("CreationUtcTime", to.UTC().Format(form)), text("PreviousCreationUtcTime", p.Host.told(at).UTC().Format(form)), text("User", p.Logon.display()))
}
