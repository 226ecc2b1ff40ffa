package estate

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"longwatch/internal/simulate/evtxfile"
)

// Logon is a log-on session on a host.
type Logon struct {
	Host *Host
	User *User // nil: the machine itself (SYSTEM)
	ID   uint64
	Type uint32
	At   time.Time
	guid string
}

// Process is a running program.
type Process struct {
	Host    *Host
	PID     uint32
	Image   string
	Command string
	Logon   *Logon
	Parent  *Process
	At      time.Time
	guid    string
}

// Self is the machine's own session, in which services run.
func (h *Host) Self() *Logon {
	return &Logon{Host: h, ID: 0x3e7, At: h.Boot, guid: "{" + h.seed + "-0000-0000-e703-000000000000}"}
}

// Base returns a process that has run since boot: services.exe, lsass.exe,
// svchost.exe with a group, explorer.exe and so on, by its command line.
func (h *Host) Base(command string) *Process {
	if p, ok := h.base[command]; ok {
		return p
	}
	image := strings.Trim(strings.SplitN(command, " -", 2)[0], `"`)
	p := &Process{Host: h, PID: uint32(h.r.Between(120, 1050)) * 4, Image: image, Command: command, Logon: h.Self(), At: h.Boot.Add(h.r.Duration(3*time.Second, 90*time.Second))}
	p.guid = p.processGUID()
	h.base[command] = p
	return p
}

// Parents that many things hang from.
const (
	Services = `C:\Windows\System32\services.exe`
	NetSvcs  = `C:\Windows\System32\svchost.exe -k netsvcs -p -s Schedule`
	WmiPrvSE = `C:\Windows\System32\wbem\WmiPrvSE.exe -secured -Embedding`
	Lsass    = `C:\Windows\System32\lsass.exe`
)

func (p *Process) processGUID() string {
	b := p.Host.r.Bytes(2)
	t := uint32(p.At.Unix())
	return fmt.Sprintf("{%s-%04x-%04x-%02x%02x-%012x}", p.Host.seed, t>>16, t&0xffff, b[0], 0, uint64(b[1])<<24|uint64(p.PID))
}

// name and domain of the account of a session.
func (l *Logon) account() (name, domain, sid string) {
	if l.User == nil {
		return l.Host.Name + "$", l.Host.Site.NetBIOS, "S-1-5-18"
	}
	return l.User.Name, l.Host.Site.NetBIOS, l.User.SID
}

func (l *Logon) display() string {
	if l.User == nil {
		return `NT AUTHORITY\SYSTEM`
	}
	return l.Host.Site.NetBIOS + `\` + l.User.Name
}

// Spawn starts a program: Security 4688 and Sysmon 1.
func (h *Host) Spawn(at time.Time, l *Logon, parent *Process, image, command string) *Process {
	p := &Process{Host: h, PID: h.pid(), Image: image, Command: command, Logon: l, Parent: parent, At: at}
	p.guid = p.processGUID()
	if !h.Windows() {
		return p
	}
	name, domain, sid := l.account()
	elevation, label := "%%1936", "S-1-16-16384"
	if l.User != nil {
		elevation, label = "%%1938", "S-1-16-8192"
		if l.User.Admin {
			elevation, label = "%%1937", "S-1-16-12288"
		}
	}
	h.audit(at, 4688, 13312, 2,
		evtxfile.Field{Name: "SubjectUserSid", Value: evtxfile.SID(sid)}, text("SubjectUserName", name), text("SubjectDomainName", domain), hex64("SubjectLogonId", l.ID),
		hex64("NewProcessId", uint64(p.PID)), text("NewProcessName", image), text("TokenElevationType", elevation), hex64("ProcessId", uint64(parent.PID)), text("CommandLine", command),
		evtxfile.Field{Name: "TargetUserSid", Value: evtxfile.SID("S-1-0-0")}, text("TargetUserName", "-"), text("TargetDomainName", "-"), hex64("TargetLogonId", 0),
		text("ParentProcessName", parent.Image), evtxfile.Field{Name: "MandatoryLabel", Value: evtxfile.SID(label)})
	integrity := map[string]string{"S-1-16-16384": "System", "S-1-16-8192": "Medium", "S-1-16-12288": "High"}[label]
	file := image[strings.LastIndexByte(image, '\\')+1:]
	about := describe(file)
	if about.company == "-" && strings.HasPrefix(strings.ToLower(image), `c:\windows\system32\`) {
		about = product{"10.0.20348.1", strings.TrimSuffix(file, ".exe"), operatingSystem, "Microsoft Corporation", file}
	}
	directory := `C:\Windows\system32\`
	if l.User != nil && l.Type != 3 {
		directory = `C:\Users\` + l.User.Name + `\`
	}
	session := uint32(0)
	if l.Type == 2 || l.Type == 10 || l.Type == 11 {
		session = 1 + l.Type/10
	}
	h.sysmon(at, 1, 5,
		text("RuleName", "-"), h.utcTime(at), guidField("ProcessGuid", p.guid), u32("ProcessId", p.PID), text("Image", image),
		text("FileVersion", about.version), text("Description", about.description), text("Product", about.product), text("Company", about.company), text("OriginalFileName", about.original),
		text("CommandLine", command), text("CurrentDirectory", directory), text("User", l.display()), guidField("LogonGuid", l.guid), hex64("LogonId", l.ID),
		u32("TerminalSessionId", session), text("IntegrityLevel", integrity), text("Hashes", about.hashes(image)),
		guidField("ParentProcessGuid", parent.guid), u32("ParentProcessId", parent.PID), text("ParentImage", parent.Image), text("ParentCommandLine", parent.Command), text("ParentUser", parent.Logon.display()))
	return p
}

// End records that a program ended (Sysmon 5).
func (p *Process) End(at time.Time) {
	p.Host.sysmon(at, 5, 3, text("RuleName", "-"), p.Host.utcTime(at), guidField("ProcessGuid", p.guid), u32("ProcessId", p.PID), text("Image", p.Image), text("User", p.Logon.display()))
}

// product is the version resource of a program.
type product struct{ version, description, product, company, original string }

func (p product) hashes(image string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(image[strings.LastIndexByte(image, '\\')+1:]) + p.version + p.company))
	return "SHA256=" + strings.ToUpper(hex.EncodeToString(sum[:])) + ",IMPHASH=" + strings.ToUpper(hex.EncodeToString(sum[8:24]))
}

const operatingSystem = "Microsoft® Windows® Operating System"

// describe knows common programs; others have no version resource.
func describe(file string) product {
	known := map[string]product{
		"cmd.exe":        {"10.0.20348.1", "Windows Command Processor", operatingSystem, "Microsoft Corporation", "Cmd.Exe"},
		"powershell.exe": {"10.0.20348.1", "Windows PowerShell", operatingSystem, "Microsoft Corporation", "PowerShell.EXE"},
		"wmic.exe":       {"10.0.20348.1", "WMI Commandline Utility", operatingSystem, "Microsoft Corporation", "wmic.exe"},
		"net.exe":        {"10.0.20348.1", "Net Command", operatingSystem, "Microsoft Corporation", "net.exe"},
		"net1.exe":       {"10.0.20348.1", "Net Command", operatingSystem, "Microsoft Corporation", "net1.exe"},
		"reg.exe":        {"10.0.20348.1", "Registry Console Tool", operatingSystem, "Microsoft Corporation", "reg.exe"},
		"ntdsutil.exe":   {"10.0.20348.1", "NT5DS", operatingSystem, "Microsoft Corporation", "ntdsutil.exe"},
		"rundll32.exe":   {"10.0.20348.1", "Windows host process (Rundll32)", operatingSystem, "Microsoft Corporation", "RUNDLL32.EXE"},
		"netsh.exe":      {"10.0.20348.1", "Network Command Shell", operatingSystem, "Microsoft Corporation", "netsh.exe"},
		"whoami.exe":     {"10.0.20348.1", "whoami - displays logged on user information", operatingSystem, "Microsoft Corporation", "whoami.exe"},
		"schtasks.exe":   {"10.0.20348.1", "Task Scheduler Configuration Tool", operatingSystem, "Microsoft Corporation", "schtasks.exe"},
		"wevtutil.exe":   {"10.0.20348.1", "Eventing Command Line Utility", operatingSystem, "Microsoft Corporation", "wevtutil.exe"},
		"msedge.exe":     {"134.0.3124.51", "Microsoft Edge", "Microsoft Edge", "Microsoft Corporation", "msedge.exe"},
		"chrome.exe":     {"134.0.6998.89", "Google Chrome", "Google Chrome", "Google LLC", "chrome.exe"},
		"OUTLOOK.EXE":    {"16.0.17928.20440", "Microsoft Outlook", "Microsoft Outlook", "Microsoft Corporation", "Outlook.exe"},
		"WINWORD.EXE":    {"16.0.17928.20440", "Microsoft Word", "Microsoft Office", "Microsoft Corporation", "WinWord.exe"},
		"EXCEL.EXE":      {"16.0.17928.20440", "Microsoft Excel", "Microsoft Office", "Microsoft Corporation", "Excel.exe"},
	}
	if p, ok := known[file]; ok {
		return p
	}
	return product{"-", "-", "-", "-", "-"}
}
