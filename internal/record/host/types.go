package host

import "longwatch/internal/record"

// The schemas of the host records, and all of them in Types.
var (
	ProcessType     = record.Of[Process]("process")
	LogonType       = record.Of[Logon]("logon")
	LogoffType      = record.Of[Logoff]("logoff")
	ProcessEndType  = record.Of[ProcessEnd]("process_end")
	ServiceType     = record.Of[Service]("service")
	TaskType        = record.Of[Task]("task")
	ShareAccessType = record.Of[ShareAccess]("share_access")
	FileEventType   = record.Of[FileEvent]("file_event")
	RegistryType    = record.Of[Registry]("registry")
	SocketType      = record.Of[Socket]("socket")
	PipeType        = record.Of[Pipe]("pipe")
	ModuleType      = record.Of[Module]("module")
	AccessType      = record.Of[Access]("process_access")
	DNSQueryType    = record.Of[DNSQuery]("dns_query")
	ScriptType      = record.Of[Script]("script")
	LogClearType    = record.Of[LogClear]("log_clear")
	DirectoryType   = record.Of[Directory]("directory")
	DatabaseType    = record.Of[Database]("database")
	WMIType         = record.Of[WMI]("wmi")
	TicketType      = record.Of[Ticket]("ticket")
	SyscallType     = record.Of[Syscall]("syscall")
	SyslogType      = record.Of[Syslog]("host_syslog")
	EventType       = record.Of[Event]("windows_event")
	RecoveredType   = record.Of[RecoveredEvent]("windows_event_recovered")
	LogGapType      = record.Of[LogGap]("log_gap")
	LogFileType     = record.Of[LogFile]("log_file")

	Types = []*record.Type{
		ProcessType,
		LogonType,
		LogoffType,
		ProcessEndType,
		ServiceType,
		TaskType,
		ShareAccessType,
		FileEventType,
		RegistryType,
		SocketType,
		PipeType,
		ModuleType,
		AccessType,
		DNSQueryType,
		ScriptType,
		LogClearType,
		DirectoryType,
		DatabaseType,
		WMIType,
		TicketType,
		SyscallType,
		SyslogType,
		RemoteThreadType,
		ObjectAccessType,
		ProtectionType,
		SettingType,
		SystemEventType,
		CrashType,
		DeviceType,
		FirewallRuleType,
		TransferType,
		RemoteAccessType,
		ShareChangeType,
		PrintType,
		CertificateType,
		EventType,
		RecoveredType,
		LogGapType,
		LogFileType,
	}
)

// RecordType returns ProcessType.
func (*Process) RecordType() *record.Type { return ProcessType }

// RecordType returns LogonType.
func (*Logon) RecordType() *record.Type { return LogonType }

// RecordType returns LogoffType.
func (*Logoff) RecordType() *record.Type { return LogoffType }

// RecordType returns ProcessEndType.
func (*ProcessEnd) RecordType() *record.Type { return ProcessEndType }

// RecordType returns ServiceType.
func (*Service) RecordType() *record.Type { return ServiceType }

// RecordType returns TaskType.
func (*Task) RecordType() *record.Type { return TaskType }

// RecordType returns ShareAccessType.
func (*ShareAccess) RecordType() *record.Type { return ShareAccessType }

// RecordType returns FileEventType.
func (*FileEvent) RecordType() *record.Type { return FileEventType }

// RecordType returns RegistryType.
func (*Registry) RecordType() *record.Type { return RegistryType }

// RecordType returns SocketType.
func (*Socket) RecordType() *record.Type { return SocketType }

// RecordType returns PipeType.
func (*Pipe) RecordType() *record.Type { return PipeType }

// RecordType returns ModuleType.
func (*Module) RecordType() *record.Type { return ModuleType }

// RecordType returns AccessType.
func (*Access) RecordType() *record.Type { return AccessType }

// RecordType returns DNSQueryType.
func (*DNSQuery) RecordType() *record.Type { return DNSQueryType }

// RecordType returns ScriptType.
func (*Script) RecordType() *record.Type { return ScriptType }

// RecordType returns LogClearType.
func (*LogClear) RecordType() *record.Type { return LogClearType }

// RecordType returns DirectoryType.
func (*Directory) RecordType() *record.Type { return DirectoryType }

// RecordType returns DatabaseType.
func (*Database) RecordType() *record.Type { return DatabaseType }

// RecordType returns WMIType.
func (*WMI) RecordType() *record.Type { return WMIType }

// RecordType returns TicketType.
func (*Ticket) RecordType() *record.Type { return TicketType }

// RecordType returns SyscallType.
func (*Syscall) RecordType() *record.Type { return SyscallType }

// RecordType returns SyslogType.
func (*Syslog) RecordType() *record.Type { return SyslogType }

// RecordType returns EventType.
func (*Event) RecordType() *record.Type { return EventType }

// RecordType returns LogGapType.
func (*LogGap) RecordType() *record.Type { return LogGapType }

// RecordType returns LogFileType.
func (*LogFile) RecordType() *record.Type { return LogFileType }

// RecordType returns RecoveredType.
func (*RecoveredEvent) RecordType() *record.Type { return RecoveredType }
