package host

import (
	"net/netip"

	"longwatch/internal/record"
)

// RemoteThread is a thread that one process started in another. Specification:
// Sysmon 8.
type RemoteThread struct {
	Head
	PID       int64  `rec:"pid" ecs:"process.pid"`                                      // of the process that started it
	Image     string `rec:"image" ecs:"process.executable" ent:"process"`               // path of its program
	TargetPID int64  `rec:"target_pid"`                                                 // of the process that it runs in
	Target    string `rec:"target_image"`                                               // path of that process's program
	Address   string `rec:"start_address" ecs:"process.thread.Ext.start_address"`       // where it begins, as 0x…
	Module    string `rec:"start_module" ecs:"process.thread.Ext.start_address_module"` // library that lies there; empty for memory of no file
	Function  string `rec:"start_function"`                                             // function that lies there, when it is exported
}

// ObjectAccess is an object of the system that was asked for, used, deleted or
// given other permissions: what is no file or registry key, and of those what
// only asks. Specification: Security 4656, 4660, 4661, 4663, 4670, 4673, 4674
// and 4907.
type ObjectAccess struct {
	Head
	Action  string `rec:"action" ecs:"event.action"`      // requested, accessed, deleted, permissions-changed, auditing-changed, privilege-used
	Outcome string `rec:"outcome" ecs:"event.outcome"`    // success or failure
	Kind    string `rec:"object_type"`                    // as File, Key, Process, SAM_DOMAIN, SERVICE OBJECT
	Object  string `rec:"object"`                         // its name; of privileges, which
	Handle  string `rec:"handle"`                         // number that later events of the process call it by, as 0x…
	Access  string `rec:"access"`                         // access mask, as 0x…
	Before  string `rec:"before"`                         // security descriptor (SDDL) that it had
	After   string `rec:"after"`                          // and that it was given
	PID     int64  `rec:"pid" ecs:"process.pid"`          // process that did it
	Image   string `rec:"image" ecs:"process.executable"` // path of its program
	Service string `rec:"service"`                        // part of the system that was asked, as Security, SC Manager
}

// Protection is something that a guard of the host saw, stopped or let pass.
// Specification: Microsoft Defender 1006 to 1127 and 5001 to 5013, AppLocker
// 8002 to 8025, CodeIntegrity 3001 to 3104, Security-Mitigations 1 to 24,
// Sysmon 25, 27 and 28.
type Protection struct {
	Head
	Product string   `rec:"product" ecs:"observer.product"`                               // guard: Defender, AppLocker, CodeIntegrity, Security-Mitigations, Sysmon
	Action  string   `rec:"action" ecs:"event.action"`                                    // detected, cleaned, failed, blocked, audited, allowed, restored, history-deleted, enabled, disabled
	Name    string   `rec:"name" ecs:"rule.name"`                                         // threat, rule or protection
	Path    string   `rec:"path" ecs:"file.path" ent:"file"`                              // file that it was about
	Image   string   `rec:"image" ecs:"process.executable"`                               // program that touched it, or that was stopped
	PID     int64    `rec:"pid" ecs:"process.pid"`                                        // process id, where it is told
	Command string   `rec:"command_line" ecs:"process.command_line" match:"command_line"` // of that program, where it is told
	Hashes  []string `rec:"hashes" ecs:"file.hash" ent:"hash"`                            // of the file, bare hex digests
}

// Setting is a setting of the system or of a service that was changed.
// Specification: Security 4719, 4739 and 4950, Defender 5007, IIS-Configuration
// 29, Sysmon 16, DNSServer 541, SQL Server 15457.
type Setting struct {
	Head
	Product string `rec:"product" ecs:"observer.product"`    // what it is a setting of: Audit policy, Defender, IIS, Firewall, Sysmon, DNS Server, SQL Server, Domain policy
	Action  string `rec:"action" ecs:"event.action"`         // changed, added or removed
	Name    string `rec:"name" ecs:"registry.path"`          // which: path, subcategory or key
	Before  string `rec:"before"`                            // value that it had
	After   string `rec:"after" ecs:"registry.data.strings"` // value that it was given
	Image   string `rec:"image" ecs:"process.executable"`    // program that did it
}

// SystemEvent is a change of the state of the whole machine. Specification:
// System 12, 13, 41, 1074, 6005, 6006 and 6008, Kernel-General 1, Security
// 1100, 1104, 1105, 4608, 4616, 4800 and 4801, Sysmon 4 and 255, MsiInstaller
// 1033, 1034 and 1040.
type SystemEvent struct {
	Head
	Action string      `rec:"action" ecs:"event.action"`      // started, stopped, stop-asked, crashed, time-changed, log-stopped, log-full, log-archived, locked, unlocked, guard-started, guard-stopped, guard-failed, software-installing, software-installed, software-removed
	Detail string      `rec:"detail" ecs:"event.reason"`      // reason, product, path or error, as the log has it; of a start the version of Windows where the log tells it
	Image  string      `rec:"image" ecs:"process.executable"` // program that asked for it
	Before record.Time `rec:"before"`                         // clock before it was set
	After  record.Time `rec:"after"`                          // and after
}

// Crash is a program that failed. Specification: Application Error 1000.
type Crash struct {
	Head
	PID       int64  `rec:"pid" ecs:"process.pid"`                        // process id
	Image     string `rec:"image" ecs:"process.executable" ent:"process"` // path of the program, or its name
	Module    string `rec:"module" ecs:"dll.path"`                        // path or name of the module that it failed in
	Exception string `rec:"exception" ecs:"error.code"`                   // exception, as 0x…
	Offset    string `rec:"offset"`                                       // in the module, as 0x…
}

// Device is a device, or a disk image, that came or went. Specification:
// Kernel-PnP 400 to 430, DriverFrameworks-UserMode 2003, Security 6416 to
// 6424, Partition 1006, VHDMP 1 and 2.
type Device struct {
	Head
	Action      string `rec:"action" ecs:"event.action"`           // arrived, configured, started, removed, blocked, failed
	ID          string `rec:"device_id" ecs:"device.id"`           // instance id, with serial number where it has one; of images, the file
	Description string `rec:"description" ecs:"device.model.name"` // make and model, as the device says
	Class       string `rec:"class"`                               // name or GUID of the kind of device
	Driver      string `rec:"driver"`                              // driver that serves it
}

// FirewallRule is a rule or setting of the host's own firewall that was
// changed. Specification: Windows Firewall 2002 to 2006, 2032, 2033, 2052, 2071,
// 2073 and 2097, Security 4946 to 4950.
type FirewallRule struct {
	Head
	Action      string `rec:"action" ecs:"event.action"`         // rule-added, rule-changed, rule-deleted, rules-deleted, settings-changed, reset
	ID          string `rec:"rule_id" ecs:"rule.id"`             // of the rule; of settings, which
	Name        string `rec:"rule" ecs:"rule.name"`              // as a person reads it; of settings, the value
	Program     string `rec:"program"`                           // that it is for
	Service     string `rec:"service" ecs:"service.name"`        // that it is for
	Direction   string `rec:"direction" ecs:"network.direction"` // in or out
	Verdict     string `rec:"verdict"`                           // allow or block
	Proto       string `rec:"proto" ecs:"network.transport"`     // tcp, udp, or a number
	LocalPorts  string `rec:"local_ports"`                       // as the rule writes them
	RemotePorts string `rec:"remote_ports"`                      // likewise
	Remote      string `rec:"remote"`                            // addresses of the other side, as the rule writes them
	Profiles    string `rec:"profiles"`                          // networks it holds in, as the log has it
	Image       string `rec:"image" ecs:"process.executable"`    // program that did it
}

// Transfer is a file that a service of the system fetched or sent for somebody.
// Specification: Bits-Client 3, 59, 60 and 61.
type Transfer struct {
	Head
	Action string `rec:"action" ecs:"event.action"`      // created, started, stopped, failed
	Name   string `rec:"name"`                           // of the job
	ID     string `rec:"job_id"`                         // of the job
	URL    string `rec:"url" ecs:"url.full" ent:"url"`   // where it comes from or goes to
	Bytes  int64  `rec:"bytes" ecs:"file.size"`          // that were moved
	Status string `rec:"status" ecs:"error.code"`        // as the log has it
	PID    int64  `rec:"pid" ecs:"process.pid"`          // process that asked
	Image  string `rec:"image" ecs:"process.executable"` // path of its program
}

// RemoteAccess is a step of somebody working on another machine, where it is no
// logon by itself: a client that goes out, a server that is asked, a session
// left or taken over. Specification: TerminalServices 22, 24, 40, 261, 1024 and
// 1102, RdpCoreTS 131 and 140, WinRM 6, 91, 161, 168 and 169, SMBClient 30803 to
// 31010, SMBServer 551, 1009 and 3000, NTLM 8001 to 8004, NETLOGON 5805 and 5827
// to 5831, Security 4779.
type RemoteAccess struct {
	Head
	Proto      string     `rec:"service" ecs:"network.protocol"`                       // rdp, winrm, smb, ntlm, netlogon
	Action     string     `rec:"action" ecs:"event.action"`                            // outgoing, asked, accepted, refused, allowed, disconnected, shell-started
	Outcome    string     `rec:"outcome" ecs:"event.outcome"`                          // success or failure, where the log tells
	Target     string     `rec:"target_host" ent:"host,target"`                        // host that a client went to, lower case
	Account    string     `rec:"target_user" ecs:"user.target.name" ent:"user,target"` // account that was used
	Source     netip.Addr `rec:"source_ip" ecs:"source.ip" ent:"address,originator"`   // where it came from
	SourceHost string     `rec:"source_host" ecs:"source.domain"`                      // likewise, as the client calls itself
	Session    int64      `rec:"session"`                                              // number of the desktop session
	Detail     string     `rec:"detail"`                                               // resource, status or reason, as the log has it
	Image      string     `rec:"image" ecs:"process.executable"`                       // program that did it
}

// ShareChange is a file share that was made, changed or taken away.
// Specification: Security 5142, 5143 and 5144.
type ShareChange struct {
	Head
	Action string `rec:"action" ecs:"event.action"` // created, changed, deleted
	Share  string `rec:"share"`                     // as \\*\name
	Path   string `rec:"path" ecs:"file.path"`      // folder that it shows
	Before string `rec:"before"`                    // security descriptor (SDDL) that it had
	After  string `rec:"after"`                     // and that it was given
}

// Print is a document that was printed, or a driver or plug-in of the spooler.
// Specification: PrintService 307, 316, 808.
type Print struct {
	Head
	Action   string `rec:"action" ecs:"event.action"`       // printed, driver-added, plugin-failed
	Document string `rec:"document"`                        // that was printed
	Printer  string `rec:"printer"`                         // or the driver's name
	Path     string `rec:"path" ecs:"file.path" ent:"file"` // of the driver's or plug-in's files
	Source   string `rec:"source_host" ecs:"source.domain"` // client that it came from
	Bytes    int64  `rec:"bytes"`                           // of the document
	Status   string `rec:"status" ecs:"error.code"`         // error, as the log has it
}

// Certificate is a certificate that a certification authority was asked for,
// gave or refused, or that was taken from the machine with its key.
// Specification: Security 4886 to 4888, CertificateServicesClient-Lifecycle
// 1007.
type Certificate struct {
	Head
	Action     string `rec:"action" ecs:"event.action"`              // requested, issued, denied, exported
	Request    string `rec:"request_id"`                             // number at the authority
	Requester  string `rec:"requester" ent:"user,originator"`        // account that asked
	Subject    string `rec:"subject" ecs:"x509.subject.common_name"` // whom it names
	Attributes string `rec:"attributes"`                             // of the request: template, alternative names, machine
}

// The schemas of the records of this file.
var (
	RemoteThreadType = record.Of[RemoteThread]("remote_thread")
	ObjectAccessType = record.Of[ObjectAccess]("object_access")
	ProtectionType   = record.Of[Protection]("protection")
	SettingType      = record.Of[Setting]("setting")
	SystemEventType  = record.Of[SystemEvent]("system_event")
	CrashType        = record.Of[Crash]("crash")
	DeviceType       = record.Of[Device]("device")
	FirewallRuleType = record.Of[FirewallRule]("firewall_rule")
	TransferType     = record.Of[Transfer]("transfer")
	RemoteAccessType = record.Of[RemoteAccess]("remote_access")
	ShareChangeType  = record.Of[ShareChange]("share_change")
	PrintType        = record.Of[Print]("print")
	CertificateType  = record.Of[Certificate]("certificate")
)

// RecordType returns RemoteThreadType.
func (*RemoteThread) RecordType() *record.Type { return RemoteThreadType }

// RecordType returns ObjectAccessType.
func (*ObjectAccess) RecordType() *record.Type { return ObjectAccessType }

// RecordType returns ProtectionType.
func (*Protection) RecordType() *record.Type { return ProtectionType }

// RecordType returns SettingType.
func (*Setting) RecordType() *record.Type { return SettingType }

// RecordType returns SystemEventType.
func (*SystemEvent) RecordType() *record.Type { return SystemEventType }

// RecordType returns CrashType.
func (*Crash) RecordType() *record.Type { return CrashType }

// RecordType returns DeviceType.
func (*Device) RecordType() *record.Type { return DeviceType }

// RecordType returns FirewallRuleType.
func (*FirewallRule) RecordType() *record.Type { return FirewallRuleType }

// RecordType returns TransferType.
func (*Transfer) RecordType() *record.Type { return TransferType }

// RecordType returns RemoteAccessType.
func (*RemoteAccess) RecordType() *record.Type { return RemoteAccessType }

// RecordType returns ShareChangeType.
func (*ShareChange) RecordType() *record.Type { return ShareChangeType }

// RecordType returns PrintType.
func (*Print) RecordType() *record.Type { return PrintType }

// RecordType returns CertificateType.
func (*Certificate) RecordType() *record.Type { return CertificateType }
