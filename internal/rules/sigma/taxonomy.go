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
	"Microsoft-Windows-BitLocker/BitLocker Management":                         {"bitlocker"},
	"Microsoft-Windows-Ntfs/Operational":                                       {"ntfs"},
	"Microsoft-ServiceBus-Client/Admin":                                        {"servicebus-client", "microsoft-servicebus-client"},
	"Microsoft-ServiceBus-Client/Operational":                                  {"servicebus-client", "microsoft-servicebus-client"},
	"Microsoft-ServiceBus-Client":                                              {"servicebus-client", "microsoft-servicebus-client"},
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
	aliases  []alias
}

const (
	sysmonLog     = "Microsoft-Windows-Sysmon/Operational"
	powershellLog = "Microsoft-Windows-PowerShell/Operational"
	psCoreLog     = "PowerShellCore/Operational"
	psClassicLog  = "Windows PowerShell"
	defenderLog   = "Microsoft-Windows-Windows Defender/Operational"
)

// Sysmon's event 12 and event 4657 of Security are several categories, told
// apart by EventType and OperationType. Event 12 without EventType is both.
const (
	keyCreated = 1 << 30
	keyDeleted = 1 << 31
)

// alias is a name in the evidence and the name that rules use for it.
type alias struct{ from, to string }

var windowsCategories = []windowsCategory{
	{"process_creation", sysmonLog, []uint32{1}, nil},
	{"process_creation", "Security", []uint32{4688}, []alias{
		{"NewProcessName", "Image"}, {"ParentProcessName", "ParentImage"}, {"NewProcessId", "ProcessId"}, {"ProcessId", "ParentProcessId"},
		{"SubjectUserName", "User"}, {"SubjectLogonId", "LogonId"}, {"MandatoryLabel", "IntegrityLevel"},
	}},
	{"file_change", sysmonLog, []uint32{2}, nil},
	{"network_connection", sysmonLog, []uint32{3}, nil},
	{"network_connection", "Security", []uint32{5156}, []alias{
		{"Application", "Image"}, {"SourceAddress", "SourceIp"}, {"DestAddress", "DestinationIp"}, {"DestPort", "DestinationPort"},
	}},
	{"sysmon_status", sysmonLog, []uint32{4, 16}, nil},
	{"process_termination", sysmonLog, []uint32{5}, nil},
	{"process_termination", "Security", []uint32{4689}, []alias{{"ProcessName", "Image"}}},
	{"driver_load", sysmonLog, []uint32{6}, nil},
	{"image_load", sysmonLog, []uint32{7}, nil},
	{"create_remote_thread", sysmonLog, []uint32{8}, nil},
	{"raw_access_thread", sysmonLog, []uint32{9}, nil},
	{"process_access", sysmonLog, []uint32{10}, nil},
	{"file_event", sysmonLog, []uint32{11}, nil},
	{"registry_event", sysmonLog, []uint32{12, 12 | keyCreated, 12 | keyDeleted, 13, 14}, nil},
	{"registry_add", sysmonLog, []uint32{12, 12 | keyCreated}, nil},
	{"registry_delete", sysmonLog, []uint32{12, 12 | keyDeleted}, nil},
	{"registry_set", sysmonLog, []uint32{13}, nil},
	{"registry_rename", sysmonLog, []uint32{14}, nil},
	{"registry_event", "Security", []uint32{4657, 4657 | keyCreated, 4657 | keyDeleted}, registry4657},
	{"registry_add", "Security", []uint32{4657 | keyCreated}, registry4657},
	{"registry_set", "Security", []uint32{4657, 4657 | keyCreated}, registry4657},
	{"registry_delete", "Security", []uint32{4657 | keyDeleted}, registry4657},
	{"create_stream_hash", sysmonLog, []uint32{15}, nil},
	{"pipe_created", sysmonLog, []uint32{17, 18}, nil},
	{"wmi_event", sysmonLog, []uint32{19, 20, 21}, nil},
	{"dns_query", sysmonLog, []uint32{22}, nil},
	{"file_delete", sysmonLog, []uint32{23}, nil},
	{"clipboard_capture", sysmonLog, []uint32{24}, nil},
	{"clipboard_change", sysmonLog, []uint32{24}, nil},
	{"file_delete_detected", sysmonLog, []uint32{26}, nil},
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
	{"antivirus", defenderLog, []uint32{1006, 1007, 1008, 1009, 1010, 1011, 1012, 1017, 1018, 1019, 1115, 1116, 1117}, []alias{
		{"Threat Name", "Signature"}, {"Path", "Filename"},
	}},
}

// registry4657 joins key and value name, see fillWindows.
var registry4657 = []alias{{"NewValue", "Details"}, {"ProcessName", "Image"}}

// zeekKinds: records of our own parsers and of Zeek's logs carry Zeek's names
// and are services of product zeek. Some are other log sources, too, whose
// rules have names of their own for the fields.
var zeekKinds = map[string][]struct {
	kind    kindOfEvent
	aliases []alias
}{
	"dns": {
		{kindOfEvent{product: "zeek", service: []string{"dns"}, category: []string{"dns"}}, []alias{
			{"qtype_name", "record_type"}, {"answers", "answer"}, {"id.orig_h", "src_ip"}, {"id.resp_h", "dst_ip"}, {"id.resp_p", "dst_port"}, {"id.orig_p", "src_port"},
		}},
		{kindOfEvent{category: []string{"network"}, service: []string{"dns"}}, []alias{
			{"id.orig_h", "source.ip"}, {"id.orig_p", "source.port"}, {"id.resp_h", "destination.ip"}, {"id.resp_p", "destination.port"},
			{"trans_id", "dns.id"}, {"query", "dns.question.name"}, {"qtype_name", "dns.question.type"}, {"qclass_name", "dns.question.class"},
			{"answer_names", "dns.answers.name"}, {"answers", "dns.answers.data"}, {"TTLs", "dns.answers.ttl"}, {"rcode_name", "dns.response.code"},
		}},
	},
	"http": {
		{kindOfEvent{product: "zeek", service: []string{"http"}, category: []string{"proxy"}}, []alias{
			{"method", "cs-method"}, {"user_agent", "c-useragent"}, {"user_agent", "cs-user-agent"}, {"host", "cs-host"}, {"host", "r-dns"}, {"referrer", "cs-referrer"},
			{"referrer", "cs-referer"}, {"status_code", "sc-status"}, {"version", "cs-version"}, {"username", "cs-username"}, {"id.orig_h", "c-ip"}, {"id.orig_h", "src_ip"},
			{"id.resp_h", "dst_ip"}, {"id.resp_p", "dst_port"}, {"resp_mime_types", "c-mime-type"}, {"request_body_len", "cs-bytes"}, {"response_body_len", "sc-bytes"},
		}},
		{kindOfEvent{category: []string{"webserver"}}, []alias{
			{"method", "cs-method"}, {"user_agent", "cs-user-agent"}, {"user_agent", "c-useragent"}, {"host", "cs-host"}, {"referrer", "cs-referer"}, {"referrer", "cs-referrer"},
			{"status_code", "sc-status"}, {"version", "cs-version"}, {"username", "cs-username"}, {"id.orig_h", "c-ip"}, {"id.resp_h", "s-ip"}, {"id.resp_p", "s-port"},
			{"request_body_len", "cs-bytes"}, {"response_body_len", "sc-bytes"},
		}},
	},
	"conn": {
		{kindOfEvent{product: "zeek", service: []string{"conn"}, category: []string{"firewall"}}, []alias{
			{"id.orig_h", "src_ip"}, {"id.orig_p", "src_port"}, {"id.resp_h", "dst_ip"}, {"id.resp_p", "dst_port"}, {"proto", "protocol"},
			{"orig_bytes", "src_bytes"}, {"resp_bytes", "dst_bytes"},
		}},
		{kindOfEvent{category: []string{"network"}, service: []string{"connection"}}, []alias{
			{"id.orig_h", "source.ip"}, {"id.orig_p", "source.port"}, {"id.resp_h", "destination.ip"}, {"id.resp_p", "destination.port"}, {"proto", "network.transport"},
			{"service", "network.protocol"}, {"duration", "event.duration"}, {"orig_pkts", "source.packets"}, {"resp_pkts", "destination.packets"},
			{"orig_bytes", "source.bytes"}, {"resp_bytes", "destination.bytes"}, {"conn_state", "network.state"}, {"history", "network.history"}, {"community_id", "network.community_id"},
		}},
	},
}

// networkCategories are the categories of network records, whatever wrote them.
var networkCategories = []string{"dns", "proxy", "firewall", "network", "webserver"}

// firewallAliases are the names that rules of the category firewall use for
// what network devices write in their own words.
var firewallAliases = []alias{
	{"srcip", "src_ip"}, {"src", "src_ip"}, {"SourceIP", "src_ip"}, {"dstip", "dst_ip"}, {"dst", "dst_ip"}, {"DestinationIP", "dst_ip"},
	{"srcport", "src_port"}, {"sport", "src_port"}, {"spt", "src_port"}, {"dstport", "dst_port"}, {"dport", "dst_port"}, {"dpt", "dst_port"},
	{"user", "username"}, {"suser", "username"}, {"act", "action"},
}

// vendors are the products of network devices, known by what their syslog
// looks like; every other syslog message is of product linux.
var vendors = []string{"cisco", "fortigate", "juniper", "huawei", "paloalto", "sonicwall", "f5", "citrix", "ivanti", "versa", "vmware"}

// productVendors are the products that appliances are known as by the shape of
// their messages (host.Syslog).
var productVendors = map[string]string{
	"fortios": "fortigate", "panos": "paloalto", "asa": "cisco", "ios": "cisco", "ivanti": "ivanti", "netscaler": "citrix", "bigip": "f5", "versa": "versa",
}

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
