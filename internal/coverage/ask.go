package coverage

// obtain says for types of record which evidence has them and how to get it.
var obtain = map[string]string{
	"conn":          "packets, or flow logs such as Zeek's conn.log: a tap or mirror port at the edge and between servers",
	"dns":           "DNS in packets, or a resolver's log",
	"dns_query":     "Sysmon event 22 or the DNS client's log of the hosts",
	"http":          "clear HTTP in packets, or a proxy's log",
	"ssl":           "TLS in packets, or Zeek's ssl.log",
	"x509":          "certificates in packets (TLS 1.2 and older), or Zeek's x509.log",
	"files":         "files in packets, or Zeek's files.log",
	"smb_files":     "SMB in packets between servers, or Zeek's smb_files.log",
	"smb_mapping":   "SMB in packets between servers, or Zeek's smb_mapping.log",
	"smb_session":   "SMB in packets between servers",
	"dce_rpc":       "DCE/RPC in packets between servers, or Zeek's dce_rpc.log",
	"kerberos":      "Kerberos in packets of domain controllers",
	"ldap_search":   "LDAP in packets of domain controllers",
	"process":       "Security 4688 with command lines, Sysmon 1, or auditd execve",
	"process_end":   "Security 4689 or Sysmon 5",
	"logon":         "Security 4624, 4625, 4648 of all hosts and domain controllers",
	"ticket":        "Security 4768, 4769, 4776 of domain controllers",
	"share_access":  "Security 5140 and 5145 of file servers (object access, detailed file share)",
	"service":       "System 7045 or Security 4697",
	"task":          "Security 4698 to 4702 or the TaskScheduler's operational log",
	"file_event":    "Sysmon 11, or Security 4663 with auditing of the folders",
	"registry":      "Sysmon 12 to 14, or Security 4657 with auditing of the keys",
	"socket":        "Sysmon 3 or Security 5156",
	"pipe":          "Sysmon 17 and 18",
	"module":        "Sysmon 7",
	"script":        "PowerShell 4103 and 4104 (script block logging)",
	"database":      "the Application log of domain controllers, where ESENT writes 216 and 325 to 327",
	"directory":     "Security 4662, 5136 and account events of domain controllers",
	"wmi":           "the operational log of WMI-Activity",
	"log_clear":     "Security 1102 and System 104",
	"syscall":       "auditd with rules for kill, bpf and execve",
	"host_syslog":   "syslog of appliances and Linux hosts",
	"config_change": "configuration events in the appliances' syslog",
	"web_access":    "logs of web servers: IIS W3C with referer and bytes, Apache, nginx",
	"web_script":    "a copy of the web roots",
	"web_compiled":  "a copy of Temporary ASP.NET Files",
	"web_site":      "applicationHost.config and web.config",
	"file":          "files and folders as they lie on disk",
	"file_times":    "the master file table ($MFT) of the web servers' disks",
	"mail":          "mailboxes, or the mail gateway's copies",
	"persistence":   "units, cron tables and start-up files of Linux hosts",
	"shell_history": "shell histories of Linux hosts",
	"windows_event": "Windows event logs",
	"modbus":        "packets of the control network",
	"s7comm":        "packets of the control network",
	"dnp3":          "packets of the control network",
	"arp":           "packets of the local segment",
	"log_gap":       "event log files as they lie on the hosts, rather than exports",
	"log_file":      "event log files as they lie on the hosts, rather than exports",
}

// Ask says what to obtain for records of a type.
func Ask(name string) string {
	if how, ok := obtain[name]; ok {
		return name + " records (" + how + ")"
	}
	return name + " records"
}
