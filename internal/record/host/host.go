// Package host holds what happened on a host, whoever recorded it: process,
// logon, service, task, share access and the like. Windows event logs, Sysmon,
// Linux audit and syslog all become these records, so that a detector is
// written once. Names follow ECS (https://www.elastic.co/docs/reference/ecs).
package host

import (
	"net/netip"

	"longwatch/internal/record"
)

// Head is what every host record has.
type Head struct {
	record.Head
	Host     string `rec:"host" ecs:"host.name" ent:"host"` // as the evidence names it, lower case
	User     string `rec:"user" ecs:"user.name" ent:"user"` // account that acted: DOMAIN\name when known
	LogonID  string `rec:"logon_id" ecs:"winlog.logon.id"`  // session, as 0x…
	Provider string `rec:"provider" ecs:"event.provider"`   // log and program: Security, Microsoft-Windows-Sysmon, auditd …
	Code     string `rec:"code" ecs:"event.code"`           // the source's own number or name for this event
}

// Process is a program that started. Specification: Security 4688, Sysmon 1,
// Linux audit EXECVE.
type Process struct {
	Head
	PID           int64    `rec:"pid" ecs:"process.pid"`                                                      // process id
	GUID          string   `rec:"guid" ecs:"process.entity_id"`                                               // names the process for good (Sysmon)
	Image         string   `rec:"image" ecs:"process.executable" ent:"process"`                               // path of the program
	CommandLine   string   `rec:"command_line" ecs:"process.command_line" match:"command_line"`               // as it was started
	Args          []string `rec:"args" ecs:"process.args"`                                                    // as executed, where the evidence keeps them apart
	Directory     string   `rec:"directory" ecs:"process.working_directory"`                                  // where it was started
	ParentPID     int64    `rec:"parent_pid" ecs:"process.parent.pid"`                                        // of the process that started it
	ParentGUID    string   `rec:"parent_guid" ecs:"process.parent.entity_id"`                                 // likewise, for good (Sysmon)
	ParentImage   string   `rec:"parent_image" ecs:"process.parent.executable"`                               // path of the program that started it
	ParentCommand string   `rec:"parent_command_line" ecs:"process.parent.command_line" match:"command_line"` // how that was started
	Integrity     string   `rec:"integrity" ecs:"process.Ext.token.integrity_level_name"`                     // level: Low, Medium, High, System
	OriginalName  string   `rec:"original_name" ecs:"process.pe.original_file_name"`                          // that the program's version information gives it
	Hashes        []string `rec:"hashes" ecs:"process.hash" ent:"hash"`                                       // bare hex digests
	IMPHash       string   `rec:"imphash" ecs:"process.pe.imphash" ent:"hash"`                                // hash of its imports
}

// Logon is an account that got in, failed to, or used explicit credentials.
// Specification: Security 4624, 4625, 4648, 4672; syslog, Linux audit.
type Logon struct {
	Head
	Outcome    string     `rec:"outcome" ecs:"event.outcome"`                                    // success or failure
	LogonType  int64      `rec:"logon_type" ecs:"winlog.logon.type"`                             // Windows logon type; 0 unknown
	Package    string     `rec:"auth_package" ecs:"winlog.event_data.AuthenticationPackageName"` // as NTLM, Kerberos, Negotiate
	Process    string     `rec:"logon_process" ecs:"winlog.event_data.LogonProcessName"`         // as User32, NtLmSsp, sshd
	Target     string     `rec:"target_user" ecs:"user.target.name" ent:"user,target"`           // account that was used
	TargetHost string     `rec:"target_host" ecs:"winlog.event_data.TargetServerName"`           // host that the credentials were for
	Source     netip.Addr `rec:"source_ip" ecs:"source.ip" ent:"address,originator"`             // where the logon came from
	SourceHost string     `rec:"source_host" ecs:"source.domain" ent:"host,originator"`          // likewise, as the client calls itself
	Assigned   netip.Addr `rec:"assigned_ip" ecs:"client.nat.ip" ent:"address,originator"`       // inner address that a VPN gave the client
	Privileged bool       `rec:"privileged"`                                                     // special privileges were assigned
}

// Logoff is the end of a session. Specification: Windows events 4634 and 4647,
// 23 of the desktop sessions' log.
type Logoff struct {
	Head
	LogonType int64 `rec:"logon_type" ecs:"winlog.logon.type"` // Windows logon type; 0 unknown
	Asked     bool  `rec:"asked"`                              // the user asked for it
}

// ProcessEnd is a program that ended. Specification: Windows event 4689, Sysmon
// event 5.
type ProcessEnd struct {
	Head
	PID    int64  `rec:"pid" ecs:"process.pid"`               // process id
	GUID   string `rec:"guid" ecs:"process.entity_id"`        // Sysmon's own id of the process
	Image  string `rec:"image" ecs:"process.executable"`      // path of the program
	Status string `rec:"exit_status" ecs:"process.exit_code"` // as 0x…
}

// Service is a service or daemon that was installed, changed, started or
// stopped. Specification: System 7045 and 7036, Security 4697.
type Service struct {
	Head
	Action    string `rec:"action" ecs:"event.action"`                            // installed, changed, started, stopped, crashed, deleted
	Name      string `rec:"name" ecs:"service.name"`                              // of the service
	Path      string `rec:"path" ecs:"process.command_line" match:"command_line"` // program that it runs, with its arguments
	Kind      string `rec:"service_type"`                                         // as user mode service, kernel driver; from the Security log as 0x…
	StartType string `rec:"start_type"`                                           // as auto start, demand start; from the Security log as a number
	Account   string `rec:"account" ent:"user,service"`                           // that it runs as
}

// Task is a scheduled task that was registered, changed, run or deleted.
// Specification: Security 4698 to 4702, TaskScheduler 106 to 201.
type Task struct {
	Head
	Action  string `rec:"action" ecs:"event.action"`                               // registered, changed, started, completed, deleted, enabled, disabled
	Name    string `rec:"name"`                                                    // path of the task
	Command string `rec:"command" ecs:"process.command_line" match:"command_line"` // what it runs, from the task's XML when known
}

// ShareAccess is a file share that was used (5140, 5145 and the like).
// Specification: Security event log.
type ShareAccess struct {
	Head
	Source netip.Addr `rec:"source_ip" ecs:"source.ip" ent:"address,originator"` // where it came from
	Share  string     `rec:"share"`                                              // \\*\ADMIN$
	Path   string     `rec:"path"`                                               // relative target name
	Access string     `rec:"access"`                                             // access mask, as 0x…
	Write  bool       `rec:"write"`                                              // it asked to write, append or delete
}

// FileEvent is a file that was created, changed, renamed or deleted, or whose
// times were set, or a disk read past its files. Specification: Sysmon 2, 9, 11,
// 15, 23, 26 and 29; Security 4663.
type FileEvent struct {
	Head
	Action  string      `rec:"action" ecs:"event.action"`         // created, changed, accessed, deleted, times-set, stream-created, raw-read
	Path    string      `rec:"path" ecs:"file.path" ent:"file"`   // of the file, after the event
	Image   string      `rec:"image" ecs:"process.executable"`    // program that did it
	Created record.Time `rec:"created" ecs:"file.created"`        // the creation time that it was given
	Before  record.Time `rec:"created_before"`                    // creation time before it was set
	Hashes  []string    `rec:"hashes" ecs:"file.hash" ent:"hash"` // of the content, bare hex digests
}

// Registry is a registry key or value that was created, set, renamed or
// deleted, or a hive that was loaded. Specification: Sysmon 12 to 14, Security
// 4657 and 4663, User Profiles Service 5.
type Registry struct {
	Head
	Action string `rec:"action" ecs:"event.action"`                              // created, set, renamed, deleted or loaded
	Key    string `rec:"key" ecs:"registry.path" match:"registry_key"`           // path of the key, with the value's name where the log joins them
	Value  string `rec:"value" ecs:"registry.data.strings" match:"command_line"` // what was set
	Image  string `rec:"image" ecs:"process.executable"`                         // program that did it
}

// Socket is a network connection, or a port being opened for some, seen by the
// host itself. Specification: Sysmon 3, Security 5152, 5154 to 5159.
type Socket struct {
	Head
	Image     string     `rec:"image" ecs:"process.executable" ent:"process"` // program that has it
	Proto     string     `rec:"proto" ecs:"network.transport"`                // tcp or udp
	Initiated bool       `rec:"initiated"`                                    // this host opened the connection
	OrigH     netip.Addr `rec:"id.orig_h" ecs:"source.ip" ent:"address,originator"`
	OrigP     uint16     `rec:"id.orig_p,port" ecs:"source.port"`
	RespH     netip.Addr `rec:"id.resp_h" ecs:"destination.ip" ent:"address,responder"`
	RespP     uint16     `rec:"id.resp_p,port" ecs:"destination.port"`
	RespName  string     `rec:"resp_name" ecs:"destination.domain" ent:"domain"` // name of the other end, as the host resolved it
	Action    string     `rec:"action" ecs:"event.action"`                       // connected, blocked; listening, bound or their refusal: of ports of id.resp, with no other end
}

// Pipe is a named pipe that was created or connected to. Specification: Sysmon
// 17 and 18.
type Pipe struct {
	Head
	Action string `rec:"action" ecs:"event.action"`         // created or connected
	Name   string `rec:"name" ecs:"file.name" match:"pipe"` // of the pipe
	Image  string `rec:"image" ecs:"process.executable"`    // program that did it
}

// Module is a library or driver that a process loaded. Specification: Sysmon 6
// and 7, Security 4610, 4611, 4614 and 4622, DNS Server 770.
type Module struct {
	Head
	Image  string   `rec:"image" ecs:"process.executable"`   // program that loaded it
	Path   string   `rec:"path" ecs:"dll.path" ent:"file"`   // of the library or driver
	Signed string   `rec:"signed"`                           // true or false, as the log says
	Hashes []string `rec:"hashes" ecs:"dll.hash" ent:"hash"` // of the file, bare hex digests
}

// Access is one process opening another. Specification: Sysmon 10, Security 4656
// and 4663 of processes.
type Access struct {
	Head
	Image  string `rec:"image" ecs:"process.executable"` // program that opened the other
	Target string `rec:"target_image"`                   // program that was opened
	Mask   string `rec:"access"`                         // as 0x…
	Trace  string `rec:"call_trace"`                     // modules and offsets that the call came through
}

// DNSQuery is a look-up seen by the host itself: by the one that asks, or by the
// server. Specification: Sysmon 22, DNS-Client 3008, DNSServer 256 to 258.
type DNSQuery struct {
	Head
	Image   string     `rec:"image" ecs:"process.executable"`                     // program that asked
	Query   string     `rec:"query" ecs:"dns.question.name" ent:"domain,queried"` // name that was asked for
	Status  string     `rec:"status"`                                             // of Windows: 0 for success; of a server the response code
	Answers []string   `rec:"answers" ecs:"dns.resolved_ip"`                      // addresses and names that came back
	Kind    string     `rec:"qtype" ecs:"dns.question.type"`                      // number of the record type that was asked for
	Source  netip.Addr `rec:"source_ip" ecs:"source.ip" ent:"address,originator"` // who asked, at a server
}

// Script is script text that ran. Specification: PowerShell 400, 403, 600, 800,
// 4103 and 4104, MSExchange CmdletLogs 1 and 6, shell history.
type Script struct {
	Head
	Text string `rec:"text" ecs:"powershell.file.script_block_text" match:"command_line"` // of the script or command
	Path string `rec:"path" ecs:"file.path"`                                              // file that it is from
}

// LogClear is a log that was cleared. Specification: Security 1102, System
// 104.
type LogClear struct {
	Head
	Channel string `rec:"channel"` // log that was cleared
}

// Directory is an operation on a directory service or an account: 4662, 4720,
// 4728, 4732, 4738, 5136 and the like, LDAP searches.
type Directory struct {
	Head
	Action     string `rec:"action" ecs:"event.action"` // accessed, created, changed, deleted, enabled, disabled, member-added, member-removed, password-reset, locked-out, unlocked, right-added, right-removed, moved, restored, enumerated, password-read, history-added, trust-added, trust-removed, trust-changed, searched
	Object     string `rec:"object" ent:"user,target"`  // account, group or distinguished name
	Properties string `rec:"properties"`                // GUIDs of 4662, attribute of 5136, member of 4732
}

// Database is an ESENT database event (102, 103, 216, 300 to 302, 325 to 327 of
// the Application log). Specification: Microsoft, ESE events.
type Database struct {
	Head
	Action string   `rec:"action" ecs:"event.action"`       // moved, created, attached, detached, engine-started, engine-stopped, recovery-started, log-replayed, recovered
	Path   string   `rec:"path" ecs:"file.path" ent:"file"` // of the database
	Image  string   `rec:"image"`                           // program that did it
	Data   []string `rec:"data"`                            // the event's values, as the log has them
}

// WMI is a WMI filter, consumer, binding or operation (5857-5861, Sysmon
// 19-21). Specification: WMI-Activity event log.
type WMI struct {
	Head
	Action string `rec:"action" ecs:"event.action"`   // filter, consumer, binding, operation
	Name   string `rec:"name"`                        // of the filter, consumer or operation
	Detail string `rec:"detail" match:"command_line"` // the query, command, destination or provider's path
}

// Ticket is a Kerberos ticket that a domain controller gave or refused (4768,
// 4769, 4771). Specification: Security event log.
type Ticket struct {
	Head
	Kind       string     `rec:"request_type"`                                       // AS or TGS
	Service    string     `rec:"service"`                                            // account that the ticket is for
	Encryption string     `rec:"encryption"`                                         // as 0x…
	Status     string     `rec:"status"`                                             // as 0x…
	Source     netip.Addr `rec:"source_ip" ecs:"source.ip" ent:"address,originator"` // of the client
}

// Syscall is a system call that Linux audit recorded. Specification: Linux
// audit SYSCALL.
type Syscall struct {
	Head
	Syscall string   `rec:"syscall"`                                      // by name
	Args    []string `rec:"args"`                                         // a0 to a3, as hexadecimal without 0x
	Success bool     `rec:"success"`                                      // it did what was asked
	PID     int64    `rec:"pid" ecs:"process.pid"`                        // process id
	Image   string   `rec:"image" ecs:"process.executable" ent:"process"` // path of the program
	Command string   `rec:"command" ecs:"process.name"`                   // the process's short name
	Key     string   `rec:"key"`                                          // of the audit rule that recorded it
	Paths   []string `rec:"paths" ecs:"file.path"`                        // files that it was about
	Op      string   `rec:"op"`                                           // of BPF records: LOAD, UNLOAD
}

// Syslog is a message of a device or daemon, unparsed beyond its head.
// Specification: RFC 3164, RFC 5424.
type Syslog struct {
	Head
	Facility int64       `rec:"facility" ecs:"log.syslog.facility.code"` // 0 to 23 (RFC 5424): 4 and 10 authorization, 9 cron, 16 to 23 local
	Severity int64       `rec:"severity" ecs:"log.syslog.severity.code"` // 0 to 7 (RFC 5424): 3 error, 4 warning, 6 information
	Product  string      `rec:"product" ecs:"observer.product"`          // kind of appliance, by the shape of the message: fortios, panos, asa, ios, ivanti, netscaler, bigip, versa
	App      string      `rec:"app" ecs:"process.name"`                  // program that wrote it
	PID      string      `rec:"pid" ecs:"log.syslog.procid"`             // process id, or what stands for it
	Message  string      `rec:"message" ecs:"message"`                   // what it said
	Fields   []record.KV `rec:"fields"`                                  // structured data (RFC 5424) or key=value pairs, in order
}

// Event is a whole Windows event, as the log holds it. Specification:
// MS-EVEN6, section 2.2.
type Event struct {
	record.Head
	Host     string      `rec:"host" ecs:"host.name" ent:"host"`       // computer that the event names
	Channel  string      `rec:"channel" ecs:"winlog.channel"`          // log that it was written to
	Provider string      `rec:"provider" ecs:"event.provider"`         // that wrote it
	EventID  uint32      `rec:"event_id" ecs:"event.code"`             // its number at the provider
	RecordID uint64      `rec:"record_id" ecs:"winlog.record_id"`      // its number in the log
	Version  uint8       `rec:"version"`                               // of the event's layout
	Level    uint8       `rec:"level" ecs:"log.level"`                 // 0 to 5: 1 critical, 2 error, 3 warning, 4 information
	Task     uint16      `rec:"task"`                                  // number of the kind of work
	Opcode   uint8       `rec:"opcode"`                                // number of the step of it
	Keywords uint64      `rec:"keywords"`                              // bits that the provider gives meaning
	PID      uint32      `rec:"pid"`                                   // of the process that wrote it
	TID      uint32      `rec:"tid"`                                   // of the thread that wrote it
	UserSID  string      `rec:"user_sid" ecs:"winlog.user.identifier"` // account that it was written as
	Activity string      `rec:"activity_id" ecs:"winlog.activity_id"`  // correlates events of one activity
	Fields   []record.KV `rec:"fields"`                                // EventData and UserData; positional values are named Data

	ProviderGUID string             `rec:"provider_guid" ecs:"winlog.provider_guid"`             // GUID of the provider, as the log writes it
	Source       string             `rec:"event_source"`                                         // classic source behind the provider
	Qualifiers   record.Opt[uint16] `rec:"qualifiers"`                                           // upper half of a classic event's number
	Related      string             `rec:"related_activity_id" ecs:"winlog.related_activity_id"` // activity that this one continues
	Collector    string             `rec:"collector" ecs:"agent.name"`                           // host that gathered it, where another wrote it; lower case
	Rendered     []record.KV        `rec:"rendered"`                                             // RenderingInfo: what a collector was told in words
}

// RecoveredEvent is an event from bytes that a log does not use any more: left
// from a time before it was cleared, wrapped or exported, possibly of another
// log of the same machine. It proves that the event was recorded, not that the
// log as it stands holds it, so it is a type of its own. Specification:
// MS-EVEN6, section 2.2.
type RecoveredEvent struct{ Event }

// LogGap is a place in an event log where something seems to be missing or
// out of order, with the odds that somebody made it so. Specification: MS-EVEN6,
// section 2.2, for the numbers of records.
type LogGap struct {
	record.Head
	Host    string      `rec:"host" ecs:"host.name" ent:"host"` // computer whose log it is
	Channel string      `rec:"channel" ecs:"winlog.channel"`    // log
	Kind    string      `rec:"kind"`                            // missing, hidden, silence or clock-back
	First   uint64      `rec:"first"`                           // number of the first record that is missing; of the others, of the record behind
	Last    uint64      `rec:"last"`                            // number of the last one
	Missing uint64      `rec:"missing"`                         // records that are missing
	Until   record.Time `rec:"until"`                           // when the record behind was written; ts is when the one before was
	Records int64       `rec:"records"`                         // records of the file
	Odds    float64     `rec:"odds"`                            // so many to one that it was made, rather than happened
	Why     string      `rec:"why"`                             // in words
}

// LogFile is what one file of an event log holds and how whole it is; an archive
// that Windows set aside is a file like any other. Specification: MS-EVEN6,
// section 2.2; libevtx for the checksums.
type LogFile struct {
	record.Head
	Host      string      `rec:"host" ecs:"host.name" ent:"host"` // computer whose log it is, or that most of its records are of
	Channel   string      `rec:"channel" ecs:"winlog.channel"`    // log, likewise
	Forwarded bool        `rec:"forwarded"`                       // it holds records of several hosts or logs
	Exported  bool        `rec:"exported"`                        // the file counts anew: it was exported or gathered
	First     uint64      `rec:"first"`                           // least number of a record, as its own log counted
	Last      uint64      `rec:"last"`                            // greatest
	Until     record.Time `rec:"until"`                           // when the last one was written; ts is when the first was
	Records   int64       `rec:"records"`                         // records of the log
	Recovered int64       `rec:"recovered"`                       // others, found in bytes that it does not use
	Missing   uint64      `rec:"missing"`                         // numbers between them that no record has
	Intact    int64       `rec:"chunks_intact"`                   // chunks whose checksums are right
	Wrong     int64       `rec:"chunks_wrong"`                    // chunks of which one is wrong
	Unchecked int64       `rec:"chunks_unchecked"`                // chunks that have none, or were cut short
	Dirty     bool        `rec:"dirty"`                           // it was not closed: copied while in use, or the machine went down
	Lost      int64       `rec:"lost"`                            // bytes that could not be read
}

// Get returns the first field of that name, compared exactly.
func (e *Event) Get(name string) string { return first(e.Fields, name) }

// Get returns the first field of that name, compared exactly.
func (s *Syslog) Get(name string) string { return first(s.Fields, name) }

// first is the first value of that name, or empty.
func first(fields []record.KV, name string) string {
	for i := range fields {
		if fields[i].Name == name {
			return fields[i].Value
		}
	}
	return ""
}

// OfHost is the host that a record is of.
func (h *Head) OfHost() string { return h.Host }
