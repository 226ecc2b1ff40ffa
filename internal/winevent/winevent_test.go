package winevent

import (
	"strings"
	"testing"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// makeEvent makes an event out of name=value lines; a line without = is positional.
func makeEvent(provider string, id uint32, fields ...string) *host.Event {
	e := &host.Event{
		Head:     record.Head{TS: 1_558_016_235_000_000_000, Ref: record.Ref{File: "log.evtx", Kind: record.RefRecord, Pos: 7}},
		Host:     "dc1.insecurebank.local",
		Provider: provider,
		EventID:  id,
	}
	for _, f := range fields {
		name, value, ok := strings.Cut(f, "=")
		if !ok {
			name, value = "Data", f
		}
		e.Fields = append(e.Fields, record.KV{Name: name, Value: value})
	}
	return e
}

const (
	securityLog = "Microsoft-Windows-Security-Auditing"
	sysmonLog   = "Microsoft-Windows-Sysmon"
)

// auditEvent is an audit event that bob caused.
func auditEvent(id uint32, fields ...string) *host.Event {
	return makeEvent(securityLog, id, append([]string{"SubjectUserName=bob", "SubjectDomainName=BANK", "SubjectLogonId=0x8d7099"}, fields...)...)
}

const task = `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2"><Settings><ExecutionTimeLimit>P3D</ExecutionTimeLimit></Settings>
<Actions Context="Author"><Exec><Command>cmd.exe</Command><Arguments>/C tasklist &gt; %windir%\Temp\x.tmp 2&gt;&amp;1</Arguments></Exec></Actions></Task>`

// TestNormalize takes events as Microsoft documents them (see the package
// comment) and says what an analyst reads in them.
func TestNormalize(t *testing.T) {
	for _, c := range []struct {
		name string
		in   *host.Event
		want string
	}{
		{"process", auditEvent(4688, "NewProcessId=0x21a4", `NewProcessName=C:\a.exe`, "ProcessId=0x2480", "CommandLine=a.exe -k", "TargetUserName=-", "TargetDomainName=-", "TargetLogonId=0x0", `ParentProcessName=C:\Windows\System32\cmd.exe`, "MandatoryLabel=S-1-16-12288"),
			`process user=BANK\bob logon_id=0x8d7099 pid=8612 image=C:\a.exe command_line=a.exe -k parent_pid=9344 parent_image=C:\Windows\System32\cmd.exe integrity=High`},
		{"logon", auditEvent(4624, "TargetUserName=alice", "TargetDomainName=BANK", "TargetLogonId=0x0004AF", "LogonType=3", "LogonProcessName=NtLmSsp ", "AuthenticationPackageName=NTLM", "WorkstationName=WS7", "IpAddress=::ffff:10.0.0.7"),
			`logon user=BANK\bob logon_id=0x4af outcome=success logon_type=3 auth_package=NTLM logon_process=NtLmSsp target_user=BANK\alice source_ip=10.0.0.7 source_host=ws7 privileged=false`},
		{"failed logon", makeEvent(securityLog, 4625, "SubjectUserName=-", "TargetUserName=Administrator", "TargetDomainName=-", "LogonType=10", "IpAddress=23.94.153.202"),
			`logon outcome=failure logon_type=10 target_user=Administrator source_ip=23.94.153.202 privileged=false`},
		{"explicit credentials", auditEvent(4648, "TargetUserName=da", "TargetDomainName=BANK", "TargetServerName=fs1", `ProcessName=C:\x.exe`),
			`logon user=BANK\bob logon_id=0x8d7099 logon_type=0 logon_process=C:\x.exe target_user=BANK\da target_host=fs1 privileged=false`},
		{"NTLM refused", makeEvent(securityLog, 4776, "PackageName=MICROSOFT_AUTHENTICATION_PACKAGE_V1_0", "TargetUserName=da", `Workstation=\\WS7`, "Status=0xc000006a"),
			`logon outcome=failure logon_type=0 auth_package=MICROSOFT_AUTHENTICATION_PACKAGE_V1_0 target_user=da source_host=ws7 privileged=false`},
		{"service ticket", makeEvent(securityLog, 4769, "TargetUserName=lgrove@BANK.LOCAL", "TargetDomainName=BANK.LOCAL", "ServiceName=SQL$", "TicketEncryptionType=0x17", "IpAddress=::ffff:172.16.66.19", "Status=0x0"),
			`ticket user=BANK.LOCAL\lgrove request_type=TGS service=SQL$ encryption=0x17 status=0x0 source_ip=172.16.66.19`},
		{"task", auditEvent(4698, `TaskName=\CYAlyNSS`, "TaskContent="+task),
			`task user=BANK\bob logon_id=0x8d7099 action=registered name=\CYAlyNSS command=cmd.exe /C tasklist > %windir%\Temp\x.tmp 2>&1`},
		{"admin share", auditEvent(5145, "IpAddress=10.0.2.17", `ShareName=\\*\ADMIN$`, `RelativeTargetName=x.exe`, "AccessMask=0x12019f"),
			`share_access user=BANK\bob logon_id=0x8d7099 source_ip=10.0.2.17 share=\\*\ADMIN$ path=x.exe access=0x12019f write=true`},
		{"share read", auditEvent(5140, "IpAddress=10.0.2.17", `ShareName=\\*\IPC$`, "AccessMask=0x1"),
			`share_access user=BANK\bob logon_id=0x8d7099 source_ip=10.0.2.17 share=\\*\IPC$ access=0x1 write=false`},
		{"replication", auditEvent(4662, "ObjectName=%{c6faf700-bfe4-452a-a766-424f84c29583}", "Properties=%%7688 {1131f6aa-9c07-11d1-f79f-00c04fc2dcd2}"),
			`directory user=BANK\bob logon_id=0x8d7099 action=accessed object=%{c6faf700-bfe4-452a-a766-424f84c29583} properties=%%7688 {1131f6aa-9c07-11d1-f79f-00c04fc2dcd2}`},
		{"group member", auditEvent(4732, "MemberName=-", "MemberSid=S-1-5-21-1-2-3-1000", "TargetUserName=Administrators", "TargetDomainName=Builtin"),
			`directory user=BANK\bob logon_id=0x8d7099 action=member-added object=Builtin\Administrators properties=S-1-5-21-1-2-3-1000`},
		{"inbound connection", makeEvent(securityLog, 5156, `Application=System`, "Direction=%%14592", "SourceAddress=172.18.38.6", "SourcePort=58087", "DestAddress=172.18.38.5", "DestPort=445", "Protocol=6"),
			`socket image=System proto=tcp initiated=false id.orig_h=172.18.38.6 id.orig_p=58087 id.resp_h=172.18.38.5 id.resp_p=445 action=connected`},
		{"log cleared", makeEvent("Microsoft-Windows-Eventlog", 104, "SubjectUserName=a-jbrown", "SubjectDomainName=3B", "Channel=System"),
			`log_clear user=3B\a-jbrown channel=System`},
		{"service installed", makeEvent("Service Control Manager", 7045, "ServiceName=WinPwnage", "ImagePath=%COMSPEC% /c echo", "ServiceType=user mode service", "StartType=demand start", "AccountName=LocalSystem"),
			`service action=installed name=WinPwnage path=%COMSPEC% /c echo service_type=user mode service start_type=demand start account=LocalSystem`},
		{"service running, in German", makeEvent("Service Control Manager", 7036, "param1=Windows-Fehlerberichterstattung", "param2=ausgeführt", "Binary=5700650072005300760063002F0034000000"),
			`service action=started name=Windows-Fehlerberichterstattung`},
		{"file times set", makeEvent(sysmonLog, 2, `TargetFilename=C:\w\a.aspx`, "CreationUtcTime=2012-01-01 00:00:00.000", "PreviousCreationUtcTime=2019-05-16 14:17:15.500", `User=BANK\bob`),
			`file_event user=BANK\bob action=times-set path=C:\w\a.aspx created=1325376000.000000 created_before=1558016235.500000`},
		{"connection to the machine, old Sysmon", makeEvent(sysmonLog, 3, "Initiated=false", "Protocol=tcp", "SourceIp=10.0.2.17", "SourceHostname=PC01.example.corp", "SourcePort=139", "DestinationIp=10.0.2.18", "DestinationPort=49184"),
			`socket proto=tcp initiated=false id.orig_h=10.0.2.18 id.orig_p=49184 id.resp_h=10.0.2.17 id.resp_p=139 resp_name=pc01.example.corp action=connected`},
		{"look-up", makeEvent(sysmonLog, 22, "QueryName=raw.githubusercontent.com", "QueryStatus=0", "QueryResults=type:  5 github.map.fastly.net;::ffff:151.101.208.133;"),
			`dns_query query=raw.githubusercontent.com status=0 answers=github.map.fastly.net answers=151.101.208.133`},
		{"module", makeEvent(sysmonLog, 7, `ImageLoaded=C:\x\a.dll`, "Signed=false", "Hashes=SHA1=F359D3C074135BBCA9A4C98A6B6544690EDAE93D,IMPHASH=00000000000000000000000000000000"),
			`module path=C:\x\a.dll signed=false hashes=f359d3c074135bbca9a4c98a6b6544690edae93d`},
		{"database created", makeEvent("ESENT", 325, "NTDS", "3392", "", "2", `C:\t\Active Directory\ntds.dit`, "0"),
			`database action=created path=C:\t\Active Directory\ntds.dit image=NTDS data=NTDS data=3392 data= data=2 data=C:\t\Active Directory\ntds.dit data=0`},
		{"pipeline", makeEvent("PowerShell", 800, "Get-Item x", "Data=\tUserId=R\\Clippy\r\n\tScriptName=C:\\x.ps1\r\n", "CommandInvocation(Get-Item)"),
			"script user=R\\Clippy text=Get-Item x\nCommandInvocation(Get-Item) path=C:\\x.ps1"},
		{"engine ended", makeEvent("PowerShell", 403, "Stopped", "Available", "Data=\tNewEngineState=Stopped\r\n\tHostApplication=powershell.exe -nop x.ps1\r\n"),
			`script text=powershell.exe -nop x.ps1`},
		{"remote desktop", makeEvent("Microsoft-Windows-TerminalServices-LocalSessionManager", 21, `User=BANK\da`, "SessionID=3", "Address=10.0.0.7"),
			`logon user=BANK\da outcome=success logon_type=10 target_user=BANK\da source_ip=10.0.0.7 privileged=false`},
		{"permanent WMI consumer", makeEvent("Microsoft-Windows-WMI-Activity", 5861, "Namespace=//./root/subscription", "ESS=evil", "CONSUMER=CommandLineEventConsumer=evil", "PossibleCause=Binding"),
			"wmi action=binding name=evil detail=CommandLineEventConsumer=evil\nBinding"},
		{"logoff", makeEvent(securityLog, 4634, "TargetUserName=alice", "TargetDomainName=BANK", "TargetLogonId=0x4af", "LogonType=3"),
			`logoff user=BANK\alice logon_id=0x4af logon_type=3 asked=false`},
		{"process ended", auditEvent(4689, "Status=0x0", "ProcessId=0x21a4", `ProcessName=C:\a.exe`),
			`process_end user=BANK\bob logon_id=0x8d7099 pid=8612 image=C:\a.exe exit_status=0x0`},
		{"remote desktop, authenticated", makeEvent("Microsoft-Windows-TerminalServices-RemoteConnectionManager", 1149, "Param1=da", "Param2=BANK", "Param3=10.0.0.7"),
			`logon user=BANK\da outcome=success logon_type=10 target_user=BANK\da source_ip=10.0.0.7 privileged=false`},
		{"object moved", auditEvent(5139, "OldObjectDN=CN=a,OU=x", "NewObjectDN=CN=a,OU=y"),
			`directory user=BANK\bob logon_id=0x8d7099 action=moved object=CN=a,OU=y properties=CN=a,OU=x`},
		{"right given", auditEvent(4704, "TargetSid=S-1-5-21-1-2-3-1000", "PrivilegeList=SeDebugPrivilege\n\t\t\tSeTcbPrivilege"),
			`directory user=BANK\bob logon_id=0x8d7099 action=right-added object=S-1-5-21-1-2-3-1000 properties=SeDebugPrivilege SeTcbPrivilege`},
		{"service crashed", makeEvent("Service Control Manager", 7034, "param1=Windows Defender", "param2=1"),
			`service action=crashed name=Windows Defender`},
		{"nothing", makeEvent("Microsoft-Windows-Kernel-General", 16), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := text(t, c.in); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// text writes the records of e as type and fields, without those of the head
// that are the same in all.
func text(t *testing.T, e *host.Event) string {
	t.Helper()
	var out []string
	if r := new(Normalizer).Normalize(e); r != nil {
		if *r.Base() != e.Head {
			t.Errorf("head is %+v, not the event's", r.Base())
		}
		typ := r.RecordType()
		out = append(out, typ.Name)
		for i := range typ.Fields {
			f := &typ.Fields[i]
			switch f.Name {
			case "ts", "provider", "code":
				continue
			case "host":
				if got := f.Text(r)[0]; got != "dc1.insecurebank.local" {
					t.Errorf("host is %q", got)
				}
				continue
			}
			for _, v := range f.Text(r) {
				out = append(out, f.Name+"="+v)
			}
		}
	}
	return strings.Join(out, " ")
}

func FuzzTaskCommand(f *testing.F) {
	f.Add(task)
	f.Add("<Exec><Command>a</Command></Exec><Exec ><Arguments>&amp;</Arguments></Exec><ComHandler><ClassId>{x}</ClassId>")
	f.Fuzz(func(t *testing.T, xml string) {
		if got := taskCommand(xml); len(got) > 2*len(xml)+1 {
			t.Errorf("command of %d bytes out of %d", len(got), len(xml))
		}
	})
}
