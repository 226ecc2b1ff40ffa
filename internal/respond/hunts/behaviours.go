package hunts

import "longwatch/internal/attack"

// behaviour is something that was done, and the parts of command lines that do
// it: one of each group. Published commands of the sources that techniques of
// ATT&CK cite, as those who defend look for them.
type behaviour struct {
	techniques []attack.ID
	title, why string
	all        [][]string
}

const again = "Who did it once does it where he goes next."

var behaviours = []behaviour{
	{[]attack.ID{"T1003.003"}, "Directory database copied by command", again, [][]string{{"ntdsutil", "ntds.dit", "esentutl"}, {"ifm", "create full", "/y", "/vss", "copy "}}},
	{[]attack.ID{"T1003.003", "T1003.002", "T1490"}, "Shadow copy made or read by command", again, [][]string{{"vssadmin", "diskshadow", "HarddiskVolumeShadowCopy", "shadowcopy call create"}, {"create", "copy ", "\\ntds", "\\config\\"}}},
	{[]attack.ID{"T1003.001"}, "Memory of a process dumped by command", again, [][]string{{"comsvcs", "MiniDump", "procdump", "lsass"}, {"full", "-ma", "MiniDump", "#24", "#-"}}},
	{[]attack.ID{"T1003.002", "T1012"}, "Registry hive saved by command", again, [][]string{{"reg save", "reg.exe save", "reg  save", "reg export", "reg.exe export"}, {"hklm\\sam", "hklm\\system", "hklm\\security", "hkey_local_machine\\sam", "hkey_local_machine\\system", "hkey_local_machine\\security"}}},
	{[]attack.ID{"T1090", "T1090.001", "T1090.002"}, "Port forwarding set by command", again, [][]string{{"portproxy"}, {"add", "set"}}},
	{[]attack.ID{"T1070.001", "T1070"}, "Event log cleared by command", again, [][]string{{"wevtutil", "Clear-EventLog", "Remove-EventLog"}, {" cl ", "clear-log", "Clear-EventLog", "Remove-EventLog"}}},
	{[]attack.ID{"T1047"}, "Program started on another machine through WMI", again, [][]string{{"wmic", "Invoke-WmiMethod", "Invoke-CimMethod"}, {"process"}, {"call", "create"}, {"/node:", "-ComputerName"}}},
	{[]attack.ID{"T1560.001", "T1560"}, "Archive made with a password by command", again, [][]string{{" a ", " -a "}, {"-hp", " -p"}, {"-v", "-m5", ".rar", ".7z", ".zip", "-inul", "-r"}}},
	{[]attack.ID{"T1087.002", "T1087", "T1482", "T1018", "T1069.002"}, "Directory exported or trusts listed by command", again, [][]string{{"ldifde", "csvde", "adfind", "dsquery", "nltest"}, {"-f ", "-sc", "/domain_trusts", "/dclist", "/trusted_domains", "* -filter", "-default"}}},
	{[]attack.ID{"T1654"}, "Logons read out of the security log by command", again, [][]string{{"wevtutil", "Get-EventLog", "Get-WinEvent"}, {"security"}, {"4624", "4769", "4778"}}},
	{[]attack.ID{"T1136", "T1136.001", "T1136.002", "T1098"}, "Account made, or put into administrators, by command", again, [][]string{{"net user", "net1 user", "net localgroup", "net1 localgroup", "net group", "net1 group"}, {"/add"}}},
	{[]attack.ID{"T1053.005", "T1053"}, "Task made on another machine by command", again, [][]string{{"schtasks"}, {"/create"}, {" /s "}}},
	{[]attack.ID{"T1543.003", "T1569.002"}, "Service made on another machine by command", again, [][]string{{"sc ", "sc.exe"}, {"\\\\"}, {" create "}}},
	{[]attack.ID{"T1572", "T1090"}, "Tunnel started with its arguments", again, [][]string{{"frpc", "gost", "chisel", "ligolo", "iox", "plink", "-L=", "-F=", "--server_addr"}, {"-c ", "-L", "client", "://", "-R ", "fwd", "-s "}}},
}
