package winevent

import "testing"

// TestSeldom takes events of the sources that log little, as their makers
// document them, and says what an analyst reads in them.
func TestSeldom(t *testing.T) {
	const bob = ` user=BANK\bob logon_id=0x8d7099`
	for _, c := range []struct {
		name     string
		provider string
		id       uint32
		fields   []string
		want     string
	}{
		{"thread in another process", sysmonLog, 8, []string{"SourceProcessId=3000", `SourceImage=C:\x.exe`, "TargetProcessId=600", `TargetImage=C:\Windows\System32\lsass.exe`, "StartAddress=0x00007FFB", "StartModule=-", "StartFunction=-", `SourceUser=BANK\bob`},
			`remote_thread user=BANK\bob pid=3000 image=C:\x.exe target_pid=600 target_image=C:\Windows\System32\lsass.exe start_address=0x00007ffb`},
		{"disk read past its files", sysmonLog, 9, []string{`Image=C:\x.exe`, `Device=\Device\HarddiskVolume2`}, `file_event action=raw-read path=\Device\HarddiskVolume2 image=C:\x.exe`},
		{"image replaced in memory", sysmonLog, 25, []string{"ProcessId=4012", `Image=C:\x.exe`, "Type=Image is replaced"}, `protection product=Sysmon action=detected name=Image is replaced image=C:\x.exe pid=4012`},
		{"executable blocked", sysmonLog, 27, []string{`Image=C:\x.exe`, `TargetFilename=C:\Temp\y.exe`, "Hashes=MD5=00AA"}, `protection product=Sysmon action=blocked path=C:\Temp\y.exe image=C:\x.exe pid=0 hashes=00aa`},
		{"clipboard", sysmonLog, 24, []string{"ProcessId=7", `Image=C:\Windows\System32\rdpclip.exe`, "ClientInfo=user: bob ip: 10.0.0.7 hostname: WS7"}, `object_access action=accessed outcome=success object_type=Clipboard object=user: bob ip: 10.0.0.7 hostname: WS7 pid=7 image=C:\Windows\System32\rdpclip.exe`},
		{"Sysmon stopped", sysmonLog, 4, []string{"State=Stopped", "Version=15.0"}, `system_event action=guard-stopped detail=Sysmon 15.0`},
		{"Sysmon's rules replaced", sysmonLog, 16, []string{`Configuration=C:\c.xml`, "ConfigurationFileHash=SHA256=AA"}, `setting product=Sysmon action=changed name=C:\c.xml after=SHA256=AA`},

		{"LSASS opened, by the audit log", securityLog, 4656, []string{"SubjectUserName=bob", "SubjectDomainName=BANK", "SubjectLogonId=0x8d7099", "ObjectServer=Security", "ObjectType=Process", `ObjectName=\Device\HarddiskVolume2\Windows\System32\lsass.exe`, "HandleId=0x1b8", "AccessMask=0x1010", "ProcessId=0x1", `ProcessName=C:\x.exe`},
			`process_access` + bob + ` image=C:\x.exe target_image=\Device\HarddiskVolume2\Windows\System32\lsass.exe access=0x1010`},
		{"key read", securityLog, 4663, []string{"SubjectUserName=bob", "SubjectDomainName=BANK", "SubjectLogonId=0x8d7099", "ObjectServer=Security", "ObjectType=Key", `ObjectName=\REGISTRY\MACHINE\SYSTEM\ControlSet001\Control\Lsa\JD`, "HandleId=0x1b8", "AccessMask=0x1", "ProcessId=0x1", `ProcessName=C:\x.exe`},
			`object_access` + bob + ` action=accessed outcome=success object_type=Key object=\REGISTRY\MACHINE\SYSTEM\ControlSet001\Control\Lsa\JD handle=0x1b8 access=0x1 pid=1 image=C:\x.exe service=Security`},
		{"object deleted", securityLog, 4660, []string{"SubjectUserName=bob", "SubjectDomainName=BANK", "SubjectLogonId=0x8d7099", "ObjectServer=Security", "HandleId=0x1678", "ProcessId=0xef0", `ProcessName=C:\Windows\System32\cmd.exe`},
			`object_access` + bob + ` action=deleted outcome=success handle=0x1678 pid=3824 image=C:\Windows\System32\cmd.exe service=Security`},
		{"permissions changed", securityLog, 4670, []string{"SubjectUserName=bob", "SubjectDomainName=BANK", "SubjectLogonId=0x8d7099", "ObjectServer=Security", "ObjectType=File", `ObjectName=C:\a`, "OldSd=D:AI", "NewSd=D:(A;;FA;;;WD)"},
			`object_access` + bob + ` action=permissions-changed outcome=success object_type=File object=C:\a before=D:AI after=D:(A;;FA;;;WD) pid=0 service=Security`},
		{"privilege used", securityLog, 4673, []string{"SubjectUserName=bob", "SubjectDomainName=BANK", "SubjectLogonId=0x8d7099", "ObjectServer=Security", "PrivilegeList=SeDebugPrivilege", "ProcessId=0x10", `ProcessName=C:\x.exe`},
			`object_access` + bob + ` action=privilege-used outcome=success object=SeDebugPrivilege pid=16 image=C:\x.exe service=Security`},
		{"group members listed", securityLog, 4799, []string{"TargetUserName=Administrators", "TargetDomainName=Builtin", "SubjectUserName=bob", "SubjectDomainName=BANK", "SubjectLogonId=0x8d7099", `CallerProcessName=C:\x.exe`},
			`directory` + bob + ` action=enumerated object=Builtin\Administrators properties=C:\x.exe`},
		{"recovery password set", securityLog, 4794, []string{"SubjectUserName=bob", "SubjectDomainName=BANK", "SubjectLogonId=0x8d7099", "Workstation=DC1", "Status=0x0"}, `directory` + bob + ` action=password-reset`},
		{"share made", securityLog, 5142, []string{"SubjectUserName=bob", "SubjectDomainName=BANK", "SubjectLogonId=0x8d7099", `ShareName=\\*\out`, `ShareLocalPath=C:\out`}, `share_change` + bob + ` action=created share=\\*\out path=C:\out`},
		{"password filter", securityLog, 4614, []string{"NotificationPackageName=evilfilter"}, `module image=lsass.exe path=evilfilter`},
		{"security package", securityLog, 4622, []string{`SecurityPackageName=C:\Windows\system32\mimi.DLL : Mimi`}, `module image=lsass.exe path=C:\Windows\system32\mimi.DLL`},
		{"connection blocked", securityLog, 5157, []string{"ProcessID=4", `Application=\device\x.exe`, "Direction=%%14593", "SourceAddress=10.0.0.7", "SourcePort=50000", "DestAddress=203.0.113.9", "DestPort=443", "Protocol=6"},
			`socket image=\device\x.exe proto=tcp initiated=true id.orig_h=10.0.0.7 id.orig_p=50000 id.resp_h=203.0.113.9 id.resp_p=443 action=blocked`},
		{"port taken", securityLog, 5158, []string{"ProcessID=4", `Application=\device\x.exe`, "SourceAddress=0.0.0.0", "SourcePort=4444", "Protocol=6"}, `socket image=\device\x.exe proto=tcp initiated=false id.orig_p=0 id.resp_p=4444 action=bound`},
		{"clock set, audited", securityLog, 4616, []string{"SubjectUserName=bob", "SubjectDomainName=BANK", "SubjectLogonId=0x8d7099", "PreviousTime=2026-01-02T00:00:00.5000000Z", "NewTime=2026-01-01T00:00:00.0000000Z", "ProcessId=0x1", `ProcessName=C:\x.exe`},
			`system_event` + bob + ` action=time-changed image=C:\x.exe before=1767312000.500000 after=1767225600.000000`},
		{"audit policy", securityLog, 4719, []string{"SubjectUserName=bob", "SubjectDomainName=BANK", "SubjectLogonId=0x8d7099", "CategoryId=%%8274", "SubcategoryId=%%12804", "SubcategoryGuid={0cce9227-69ae-11d9-bed3-505054503030}", "AuditPolicyChanges=%%8448, %%8450"},
			`setting` + bob + ` product=Audit policy action=changed name={0cce9227-69ae-11d9-bed3-505054503030} after=%%8448, %%8450`},
		{"certificate", securityLog, 4887, []string{"RequestId=42", `Requester=BANK\bob`, "Attributes=CertificateTemplate:User\nSAN:upn=da@bank.local", "Subject=CN=bob"}, `certificate user=BANK\bob action=issued request_id=42 requester=BANK\bob subject=CN=bob attributes=CertificateTemplate:User SAN:upn=da@bank.local`},
		{"session left", securityLog, 4779, []string{"AccountName=da", "AccountDomain=BANK", "LogonID=0x4af", "SessionName=RDP-Tcp#3", "ClientName=WS7", "ClientAddress=10.0.0.7"},
			`remote_access user=BANK\da logon_id=0x4af service=rdp action=disconnected target_user=BANK\da source_ip=10.0.0.7 source_host=ws7 session=0 detail=RDP-Tcp#3`},
		{"network policy refused", securityLog, 6273, []string{"SubjectUserName=bob", "SubjectDomainName=BANK", "CallingStationID=203.0.113.9", "ClientName=vpn1", "AuthenticationType=MS-CHAPv2"}, `logon outcome=failure logon_type=0 auth_package=MS-CHAPv2 logon_process=NPS target_user=BANK\bob target_host=vpn1 source_ip=203.0.113.9 privileged=false`},
		{"device known", securityLog, 6416, []string{"SubjectUserName=DC1$", "SubjectDomainName=BANK", "DeviceId=USB\\VID_0781", "DeviceDescription=USB Mass Storage Device", "ClassName=USB"}, `device user=BANK\DC1$ action=arrived device_id=USB\VID_0781 description=USB Mass Storage Device class=USB`},
		{"audit log stopped", "Microsoft-Windows-Eventlog", 1100, nil, `system_event action=log-stopped`},

		{"Defender found", "Microsoft-Windows-Windows Defender", 1116, []string{"Threat Name=Trojan:X", `Detection User=BANK\bob`, `Path=containerfile:_C:\a.zip; file:_C:\a.zip->b.exe`, `Process Name=C:\Windows\explorer.exe`},
			`protection user=BANK\bob product=Defender action=detected name=Trojan:X path=C:\a.zip image=C:\Windows\explorer.exe pid=0`},
		{"Defender off", "Microsoft-Windows-Windows Defender", 5001, nil, `protection product=Defender action=disabled name=real-time protection pid=0`},
		{"Defender excludes", "Microsoft-Windows-Windows Defender", 5007, []string{"Old Value=", `New Value=HKLM\SOFTWARE\Microsoft\Windows Defender\Exclusions\Paths\C:\Temp = 0x0`}, `setting product=Defender action=added name=HKLM\SOFTWARE\Microsoft\Windows Defender\Exclusions\Paths\C:\Temp after=0x0`},
		{"AppLocker", "Microsoft-Windows-AppLocker", 8004, []string{"RuleName=-", "TargetUser=S-1-5-21-1", "TargetProcessId=99", `FilePath=%OSDRIVE%\X.EXE`, "FileHash=00FF", `FullFilePath=C:\x.exe`}, `protection user=S-1-5-21-1 product=AppLocker action=blocked path=C:\x.exe pid=99 hashes=00ff`},
		{"code integrity", "Microsoft-Windows-CodeIntegrity", 3077, []string{`File Name=\Device\x.sys`, `Process Name=System`, "PolicyName=Base"}, `protection product=CodeIntegrity action=blocked name=Base path=\Device\x.sys image=System pid=0`},
		{"mitigation", "Microsoft-Windows-Security-Mitigations", 12, []string{`ProcessPath=\Device\a.exe`, "ProcessCommandLine=a.exe -x", "CallingProcessId=44", `ImageName=\Windows\x.dll`}, `protection product=Security-Mitigations action=blocked name=binaries not of Microsoft path=\Windows\x.dll image=\Device\a.exe pid=44 command_line=a.exe -x`},
		{"IIS module", "Microsoft-Windows-IIS-Configuration", 29, []string{`Configuration=/system.webServer/modules/add[@name="x"]`, "EditOperationType=Add", "OldValue=", `NewValue=`}, `setting product=IIS action=added name=/system.webServer/modules/add[@name="x"]`},

		{"firewall rule", "Microsoft-Windows-Windows Firewall With Advanced Security", 2097, []string{"RuleId={1}", "RuleName=open", `ApplicationPath=C:\x.exe`, "Direction=1", "Protocol=6", "LocalPorts=4444", "Action=3", "Profiles=2147483647", "RemoteAddresses=*", `ModifyingApplication=C:\Windows\System32\netsh.exe`, "ModifyingUser=S-1-5-18"},
			`firewall_rule user=S-1-5-18 action=rule-added rule_id={1} rule=open program=C:\x.exe direction=in verdict=allow proto=tcp local_ports=4444 remote=* profiles=2147483647 image=C:\Windows\System32\netsh.exe`},
		{"look-up, client", "Microsoft-Windows-DNS-Client", 3008, []string{"QueryName=a.example.org", "QueryType=1", "QueryStatus=0", "QueryResults=203.0.113.9;"}, `dns_query query=a.example.org status=0 answers=203.0.113.9 qtype=1`},
		{"look-up, server", "Microsoft-Windows-DNSServer", 256, []string{"InterfaceIP=10.0.0.1", "Source=10.0.0.7", "QNAME=a.example.org.", "QTYPE=16"}, `dns_query image=dns.exe query=a.example.org qtype=16 source_ip=10.0.0.7`},
		{"plug-in of the DNS server", "Microsoft-Windows-DNS-Server-Service", 770, []string{`param1=\\10.0.0.7\x\y.dll`}, `module image=dns.exe path=\\10.0.0.7\x\y.dll`},

		{"shell of a desktop", "Microsoft-Windows-TerminalServices-LocalSessionManager", 24, []string{`User=BANK\da`, "SessionID=3", "Address=10.0.0.7"}, `remote_access user=BANK\da service=rdp action=disconnected target_user=BANK\da source_ip=10.0.0.7 session=3`},
		{"desktop client", "Microsoft-Windows-TerminalServices-ClientActiveXCore", 1024, []string{"Name=Server Name", "Value=FS1"}, `remote_access service=rdp action=outgoing target_host=fs1 session=0`},
		{"desktop reached", "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS", 131, []string{"ConnType=TCP", "ClientIP=10.0.0.7:50412"}, `remote_access service=rdp action=accepted source_ip=10.0.0.7 session=0 detail=TCP`},
		{"remote management, client", "Microsoft-Windows-WinRM", 6, []string{"connection=http://FS1:5985/wsman?PSVersion=5.1"}, `remote_access service=winrm action=outgoing target_host=fs1 session=0 detail=http://FS1:5985/wsman?PSVersion=5.1`},
		{"remote management, server", "Microsoft-Windows-WinRM", 91, []string{"resourceUri=http://schemas.microsoft.com/powershell/Microsoft.PowerShell"}, `remote_access service=winrm action=asked session=0 detail=http://schemas.microsoft.com/powershell/Microsoft.PowerShell`},
		{"share refused", "Microsoft-Windows-SMBServer", 551, []string{`ClientName=\\10.0.0.7`, `UserName=BANK\bob`, "Status=0xc000006d"}, `remote_access service=smb action=refused outcome=failure target_user=BANK\bob source_ip=10.0.0.7 session=0 detail=0xc000006d`},
		{"share client", "Microsoft-Windows-SMBClient", 31001, []string{`ServerName=\FS1`, "UserName=bob", "Reason=1"}, `remote_access service=smb action=outgoing outcome=failure target_host=fs1 target_user=bob session=0 detail=1`},
		{"NTLM at the controller", "Microsoft-Windows-NTLM", 8004, []string{"SChannelName=FS1", "UserName=bob", "DomainName=BANK", "WorkstationName=WS7"}, `remote_access user=BANK\bob service=ntlm action=asked target_host=fs1 target_user=BANK\bob source_host=ws7 session=0`},
		{"weak channel", "NETLOGON", 5829, []string{"WS7$", "BANK"}, `remote_access user=WS7$ service=netlogon action=allowed outcome=success target_user=WS7$ session=0 detail=BANK`},

		{"transfer", "Microsoft-Windows-Bits-Client", 59, []string{"transferId={1}", "name=job", "Id={2}", "url=http://203.0.113.9/x", "bytesTransferred=0"}, `transfer action=started name=job job_id={2} url=http://203.0.113.9/x bytes=0 pid=0`},
		{"printed", "Microsoft-Windows-PrintService", 307, []string{"Param1=2", "Param2=plan.docx", "Param3=bob", `Param4=\\WS7`, "Param5=HP", "Param7=100", "Param8=1"}, `print user=bob action=printed document=plan.docx printer=HP source_host=ws7 bytes=100`},
		{"print plug-in", "Microsoft-Windows-PrintService", 808, []string{`PluginDllName=C:\Windows\system32\spool\DRIVERS\x64\3\x.dll`, "ErrorCode=0x45a"}, `print action=plugin-failed path=C:\Windows\system32\spool\DRIVERS\x64\3\x.dll bytes=0 status=0x45a`},
		{"stick", "Microsoft-Windows-DriverFrameworks-UserMode", 2003, []string{"instance=SWD\\WPDBUSENUM\\x", "lifetime={1}"}, `device action=arrived device_id=SWD\WPDBUSENUM\x`},
		{"disk gone", "Microsoft-Windows-Partition", 1006, []string{"Capacity=0", "Manufacturer=SanDisk ", "Model=Ultra", "SerialNumber=7", "ParentId=USB\\VID"}, `device action=removed device_id=USB\VID description=SanDisk Ultra 7 class=disk`},
		{"image mounted", "Microsoft-Windows-VHDMP", 1, []string{`VhdFileName=\\?\C:\a.iso`}, `device action=arrived device_id=\\?\C:\a.iso class=disk image`},

		{"clock set", "Microsoft-Windows-Kernel-General", 1, []string{"NewTime=2026-01-01T00:00:00.0000000Z", "OldTime=2026-01-02T00:00:00.5000000Z", "Reason=1"}, `system_event action=time-changed detail=1 before=1767312000.500000 after=1767225600.000000`},
		{"restart asked", "User32", 1074, []string{"param1=C:\\Windows\\system32\\shutdown.exe (DC1)", "param2=DC1", "param3=No title", "param4=0x800000ff", "param5=restart", "param6=", `param7=BANK\bob`}, `system_event user=BANK\bob action=stop-asked detail=restart No title image=C:\Windows\system32\shutdown.exe (DC1)`},
		{"power lost", "EventLog", 6008, []string{"10:00:00", "1/2/2026"}, `system_event action=crashed`},
		{"program failed", "Application Error", 1000, []string{"w3wp.exe", "10.0", "4e5b", "x.dll", "1.0", "5f5e", "c0000005", "0000abcd", "1a2c", "01d9", `C:\Windows\System32\inetsrv\w3wp.exe`, `C:\x.dll`, "guid"},
			`crash pid=6700 image=C:\Windows\System32\inetsrv\w3wp.exe module=C:\x.dll exception=0xc0000005 offset=0x0000abcd`},
		{"software", "MsiInstaller", 1033, []string{"AnyDesk", "8.0", "1033", "0", "AnyDesk GmbH"}, `system_event action=software-installed detail=AnyDesk 8.0`},
		{"hive", "Microsoft-Windows-User Profiles Service", 5, []string{`File=C:\Users\bob\ntuser.dat`, "Key=S-1-5-21-1"}, `registry action=loaded key=S-1-5-21-1 value=C:\Users\bob\ntuser.dat`},

		{"SQL login failed", "MSSQLSERVER", 18456, []string{"sa", " Reason: Password did not match", " [CLIENT: 10.0.0.7]"}, `logon outcome=failure logon_type=0 logon_process=MSSQL target_user=sa source_ip=10.0.0.7 privileged=false`},
		{"shell of the database", "MSSQLSERVER", 15457, []string{"xp_cmdshell", "0", "1"}, `setting product=SQL Server action=changed name=xp_cmdshell before=0 after=1 image=sqlservr.exe`},
		{"SSH", "OpenSSH", 4, []string{"process=sshd", "payload=Failed password for invalid user root from 203.0.113.9 port 4711 ssh2"}, `logon outcome=failure logon_type=0 auth_package=password logon_process=sshd target_user=root source_ip=203.0.113.9 privileged=false`},
		{"Exchange", "MSExchange CmdletLogs", 1, []string{"New-MailboxExportRequest", `-Mailbox "a" -FilePath "\\127.0.0.1\c$\x.aspx"`, "bank.local/Users/bob"}, `script user=bank.local/Users/bob text=New-MailboxExportRequest -Mailbox "a" -FilePath "\\127.0.0.1\c$\x.aspx"`},
		{"LDAP", "Microsoft-Windows-LDAP-Client", 30, []string{"SearchFilter=(servicePrincipalName=*)", "DistinguishedName=DC=bank"}, `directory action=searched object=DC=bank properties=(servicePrincipalName=*)`},
		{"database opened", "ESENT", 102, []string{"ntdsutil", "1", "x: ", "0", "10"}, `database action=engine-started image=ntdsutil data=ntdsutil data=1 data=x:  data=0 data=10`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := text(t, makeEvent(c.provider, c.id, c.fields...)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
