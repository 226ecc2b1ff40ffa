package sigma

// This file says which log sources of Sigma's taxonomy
// (https://sigmahq.io/docs/basics/log-sources.html and the SigmaHQ rule
// repository's logsource guides) our records are.

// windowsServices are the services of product windows by event log channel.
var windowsServices = map[string][]string{
	"Security":                             {"security"},
	"System":                               {"system"},
	"Application":                          {"application"},
	"Microsoft-Windows-Sysmon/Operational": {"sysmon"},
	"Microsoft-Windows-PowerShell/Operational":    {"powershell"},
	"PowerShellCore/Operational":                  {"powershell"},
	"Windows PowerShell":                          {"powershell-classic"},
	"Microsoft-Windows-TaskScheduler/Operational": {"taskscheduler"},
	"Microsoft-Windows-WMI-Activity/Operational":  {"wmi"},
	"DNS Server":                                                               {"dns-server"},
	"Microsoft-Windows-DNS-Server/Audit":                                       {"dns-server-audit"},
	"Microsoft-Windows-DNS-Server/Analytical":                                  {"dns-server-analytic"},
	"Microsoft-Windows-DNS-Client/Operational":                                 {"dns-client"},
	"Microsoft-Windows-DNS Client Events/Operational":                          {"dns-client"},
	"Microsoft-Windows-DriverFrameworks-UserMode/Operational":                  {"driver-framework"},
	"Microsoft-Windows-DHCP-Server/Operational":                                {"dhcp"},
	"Microsoft-Windows-NTLM/Operational":                                       {"ntlm"},
	"Microsoft-Windows-Windows Defender/Operational":                           {"windefend"},
	"Microsoft-Windows-PrintService/Admin":                                     {"printservice-admin"},
	"Microsoft-Windows-PrintService/Operational":                               {"printservice-operational"},
	"Microsoft-Windows-TerminalServices-LocalSessionManager/Operational":       {"terminalservices-localsessionmanager"},
	"Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational":   {"terminalservices-remoteconnectionmanager"},
	"Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational":            {"rdpcorets"},
	"Microsoft-Windows-SmbClient/Security":                                     {"smbclient-security"},
	"Microsoft-Windows-SmbClient/Connectivity":                                 {"smbclient-connectivity"},
	"Microsoft-Windows-SMBServer/Connectivity":                                 {"smbserver-connectivity"},
	"Microsoft-Windows-SMBServer/Security":                                     {"smbserver-security"},
	"Microsoft-Windows-AppLocker/MSI and Script":                               {"applocker"},
	"Microsoft-Windows-AppLocker/EXE and DLL":                                  {"applocker"},
	"Microsoft-Windows-AppLocker/Packaged app-Deployment":                      {"applocker"},
	"Microsoft-Windows-AppLocker/Packaged app-Execution":                       {"applocker"},
	"MSExchange Management":                                                    {"msexchange-management"},
	"Microsoft-ServiceBus-Client":                                              {"microsoft-servicebus-client"},
	"Microsoft-Windows-LDAP-Client/Debug":                                      {"ldap_debug", "ldap"},
	"Directory Service":                                                        {"ldap", "directory-service"},
	"Microsoft-Windows-Windows Firewall With Advanced Security/Firewall":       {"firewall-as"},
	"Microsoft-Windows-Bits-Client/Operational":                                {"bits-client"},
	"Microsoft-Windows-CodeIntegrity/Operational":                              {"codeintegrity-operational"},
	"Microsoft-Windows-Security-Mitigations/KernelMode":                        {"security-mitigations"},
	"Microsoft-Windows-Security-Mitigations/UserMode":                          {"security-mitigations"},
	"Microsoft-Windows-Security-Mitigations/Kernel Mode":                       {"security-mitigations"},
	"Microsoft-Windows-Security-Mitigations/User Mode":                         {"security-mitigations"},
	"Microsoft-Windows-Diagnosis-Scripted/Operational":                         {"diagnosis-scripted"},
	"Microsoft-Windows-Shell-Core/Operational":                                 {"shell-core"},
	"OpenSSH/Operational":                                                      {"openssh"},
	"Microsoft-Windows-LSA/Operational":                                        {"lsa-server"},
	"Microsoft-Windows-VHDMP-Operational":                                      {"vhdmp"},
	"Microsoft-Windows-VHDMP/Operational":                                      {"vhdmp"},
	"Microsoft-Windows-AppXDeploymentServer/Operational":                       {"appxdeployment-server"},
	"Microsoft-Windows-AppxPackaging/Operational":                              {"appxpackaging-om"},
	"Microsoft-Windows-AppModel-Runtime/Admin":                                 {"appmodel-runtime"},
	"Microsoft-Windows-CAPI2/Operational":                                      {"capi2"},
	"Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational": {"certificateservicesclient-lifecycle-system"},
	"Microsoft-IIS-Configuration/Operational":                                  {"iis-configuration"},
	"Microsoft-Windows-Hyper-V-Worker-Admin":                                   {"hyper-v-worker"},
	"Microsoft-Windows-Hyper-V-Worker":                                         {"hyper-v-worker"},
	"Microsoft-Windows-Kernel-EventTracing/Admin":                              {"kernel-event-tracing"},
	"Microsoft-Windows-Kernel-EventTracing":                                    {"kernel-event-tracing"},
	"Microsoft-Windows-Kernel-ShimEngine/Operational":                          {"kernel-shimengine"},
	"Microsoft-Windows-Kernel-ShimEngine/Diagnostic":                           {"kernel-shimengine"},
	"Microsoft-Windows-NetworkProfile/Operational":                             {"networkprofile"},
	"Microsoft-Windows-SENSE/Operational":                                      {"sense"},
	"Microsoft-Windows-WinRM/Operational":                                      {"winrm"},
	"Microsoft-Windows-Application-Experience/Program-Telemetry":               {"application-experience"},
	"Microsoft-Windows-Application-Experience/Program-Compatibility-Assistant": {"application-experience"},
	"Microsoft-Windows-StorageSpaces-ManagementAgent/WHC":                      {"storagespaces"},
	"Microsoft-Windows-WebAuthN/Operational":                                   {"webauthn"},
	"Microsoft-Windows-Known Folders API Service":                              {"known-folders"},
	"Symantec Endpoint Protection Client":                                      {"symantec"},
}

// windowsCategory is a category that events of a channel with certain numbers
// are, and the names that rules of the category use for their fields.
type windowsCategory struct {
	category string
	channel  string
	ids      []uint32
	aliases  map[string]string // name in the event -> name in rules
}

const (
	sysmonLog     = "Microsoft-Windows-Sysmon/Operational"
	powershellLog = "Microsoft-Windows-PowerShell/Operational"
	psCoreLog     = "PowerShellCore/Operational"
	psClassicLog  = "Windows PowerShell"
	defenderLog   = "Microsoft-Windows-Windows Defender/Operational"
)

var windowsCategories = []windowsCategory{
	{"process_creation", sysmonLog, []uint32{1}, nil},
	{"process_creation", "Security", []uint32{4688}, map[string]string{
		"NewProcessName": "Image", "ParentProcessName": "ParentImage", "NewProcessId": "ProcessId", "ProcessId": "ParentProcessId",
		"SubjectUserName": "User", "SubjectLogonId": "LogonId", "MandatoryLabel": "IntegrityLevel",
	}},
	{"file_change", sysmonLog, []uint32{2}, nil},
	{"network_connection", sysmonLog, []uint32{3}, nil},
	{"network_connection", "Security", []uint32{5156}, map[string]string{
		"Application": "Image", "SourceAddress": "SourceIp", "DestAddress": "DestinationIp", "DestPort": "DestinationPort",
	}},
	{"sysmon_status", sysmonLog, []uint32{4, 16}, nil},
	{"process_termination", sysmonLog, []uint32{5}, nil},
	{"process_termination", "Security", []uint32{4689}, map[string]string{"ProcessName": "Image"}},
	{"driver_load", sysmonLog, []uint32{6}, nil},
	{"image_load", sysmonLog, []uint32{7}, nil},
	{"create_remote_thread", sysmonLog, []uint32{8}, nil},
	{"raw_access_thread", sysmonLog, []uint32{9}, nil},
	{"process_access", sysmonLog, []uint32{10}, nil},
	{"file_event", sysmonLog, []uint32{11}, nil},
	{"registry_event", sysmonLog, []uint32{12, 13, 14}, nil},
	{"registry_add", sysmonLog, []uint32{12}, nil},
	{"registry_delete", sysmonLog, []uint32{12}, nil},
	{"registry_set", sysmonLog, []uint32{13}, nil},
	{"registry_rename", sysmonLog, []uint32{14}, nil},
	{"registry_event", "Security", []uint32{4657}, registry4657},
	{"registry_set", "Security", []uint32{4657}, registry4657},
	{"create_stream_hash", sysmonLog, []uint32{15}, nil},
	{"pipe_created", sysmonLog, []uint32{17, 18}, nil},
	{"wmi_event", sysmonLog, []uint32{19, 20, 21}, nil},
	{"dns_query", sysmonLog, []uint32{22}, nil},
	{"file_delete", sysmonLog, []uint32{23, 26}, nil},
	{"clipboard_capture", sysmonLog, []uint32{24}, nil},
	{"process_tampering", sysmonLog, []uint32{25}, nil},
	{"file_block_executable", sysmonLog, []uint32{27}, nil},
	{"file_block_shredding", sysmonLog, []uint32{28}, nil},
	{"file_executable_detected", sysmonLog, []uint32{29}, nil},
	{"sysmon_error", sysmonLog, []uint32{255}, nil},
	{"ps_module", powershellLog, []uint32{4103}, nil},
	{"ps_module", psCoreLog, []uint32{4103}, nil},
	{"ps_script", powershellLog, []uint32{4104}, nil},
	{"ps_script", psCoreLog, []uint32{4104}, nil},
	{"ps_classic_start", psClassicLog, []uint32{400}, nil},
	{"ps_classic_provider_start", psClassicLog, []uint32{600}, nil},
	{"ps_classic_script", psClassicLog, []uint32{800}, nil},
	{"antivirus", defenderLog, []uint32{1006, 1007, 1008, 1009, 1010, 1011, 1012, 1017, 1018, 1019, 1115, 1116, 1117}, map[string]string{
		"Threat Name": "Signature", "Path": "Filename",
	}},
}

// registry4657 joins key and value name, see fillWindows.
var registry4657 = map[string]string{"NewValue": "Details", "ProcessName": "Image"}

// zeekCategories: records of our own parsers and of Zeek's logs carry Zeek's
// names and are services of product zeek. Some are categories, too.
var zeekCategories = map[string]string{
	"dns":  "dns",
	"http": "proxy",
	"conn": "firewall",
}

// zeekAliases are the names that rules of those categories use for Zeek's
// fields.
var zeekAliases = map[string]map[string]string{
	"dns": {"query": "query", "qtype_name": "record_type", "answers": "answer", "id.orig_h": "src_ip", "id.resp_h": "dst_ip"},
	"http": {
		"method": "cs-method", "user_agent": "c-useragent", "host": "cs-host", "referrer": "cs-referrer", "status_code": "sc-status",
		"id.orig_h": "c-ip", "id.resp_h": "dst_ip", "resp_mime_types": "c-mime-type",
	},
	"conn": {
		"id.orig_h": "src_ip", "id.orig_p": "src_port", "id.resp_h": "dst_ip", "id.resp_p": "dst_port", "proto": "protocol",
		"orig_bytes": "src_bytes", "resp_bytes": "dst_bytes",
	},
}

// vendors are the products of network devices, known by what their syslog
// looks like; every other syslog message is of product linux.
var vendors = []string{"cisco", "fortigate", "juniper", "huawei", "paloalto", "sonicwall", "f5", "citrix", "ivanti", "vmware"}

// vendorNames are other names that rules give those products.
var vendorNames = map[string]string{"fortios": "fortigate", "fortinet": "fortigate", "pan-os": "paloalto", "netscaler": "citrix"}

// syslogServices are services of product linux and the programs that write
// them; a service that is not listed is the program of that name.
var syslogServices = map[string][]string{
	"sshd":        {"sshd", "auth"},
	"sudo":        {"sudo", "auth"},
	"su":          {"su", "auth"},
	"login":       {"auth"},
	"cron":        {"cron"},
	"crond":       {"cron"},
	"systemd":     {"systemd"},
	"guacd":       {"guacamole"},
	"clamd":       {"clamav"},
	"freshclam":   {"clamav"},
	"named":       {"named"},
	"kernel":      {"kernel", "kern"},
	"modsecurity": {"modsecurity"},
}

// unread are products whose logs longwatch does not read yet. Rules for any
// other product are for syslog of a program or device of that name.
var unread = []string{"windows", "macos", "azure", "aws", "gcp", "m365", "okta", "github", "onelogin", "google_workspace", "bitbucket", "kubernetes", "opencanary", "qualys"}
