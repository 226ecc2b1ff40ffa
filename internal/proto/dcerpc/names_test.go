package dcerpc

import "testing"

// Numbers and names from MS-SCMR section 3.1.4, MS-TSCH sections 3.2.5.2 and
// 3.2.5.4, MS-RRP, MS-DRSR, MS-WMI, MS-DNSP, MS-EVEN, MS-EVEN6 and MS-LSAD.
func TestNames(t *testing.T) {
	for _, c := range []struct {
		uuid     string
		opnum    uint16
		endpoint string
		op       string
		noise    bool
	}{
		{svcctl, 2, "svcctl", "DeleteService", false},
		{svcctl, 12, "svcctl", "CreateServiceW", false},
		{svcctl, 19, "svcctl", "StartServiceW", false},
		{svcctl, 45, "svcctl", "CreateServiceWOW64W", false},
		{svcctl, 55, "svcctl", "unknown-55", false},
		{svcctl, 60, "svcctl", "CreateWowService", false},
		{svcctl, 64, "svcctl", "OpenSCManager2", false},
		{tasks, 1, "ITaskSchedulerService", "SchRpcRegisterTask", false},
		{tasks, 19, "ITaskSchedulerService", "SchRpcEnableTask", false},
		{atsvc, 0, "atsvc", "NetrJobAdd", false},
		{winreg, 5, "winreg", "BaseRegCloseKey", true},
		{winreg, 20, "winreg", "BaseRegSaveKey", false},
		{winreg, 31, "winreg", "BaseRegSaveKeyEx", false},
		{"e3514235-4b06-11d1-ab04-00c04fc2dcd2", 3, "drsuapi", "DRSGetNCChanges", false},
		{"9556dc99-828c-11cf-a37e-00aa003240c7", 24, "IWbemServices", "ExecMethod", false},
		{"50abc2a4-574d-40b3-9d66-ee4fd5fba076", 18, "dnsserver", "DnssrvEnumRecords4", false},
		{"82273fdc-e32a-18c3-3f78-827929dc23ea", 12, "eventlog", "ElfrClearELFA", false},
		{eventlog, 6, "IEventService", "EvtRpcClearLog", false},
		{"12345778-1234-abcd-ef00-0123456789ab", 76, "lsarpc", "LsarLookupSids3", false},
		{"12345778-1234-abcd-ef00-0123456789ac", 64, "samr", "SamrConnect5", false},
		{spoolss, 65, "spoolss", "RpcRemoteFindFirstPrinterChangeNotificationEx", false},
		{efsLsa, 0, "efsrpc2", "EfsRpcOpenFileRaw", false},
		{"00000000-0000-0000-0000-000000000001", 7, "unknown-00000000-0000-0000-0000-000000000001", "unknown-7", false},
	} {
		op, noise := operationName(c.uuid, c.opnum)
		if e := endpointName(c.uuid); e != c.endpoint || op != c.op || noise != c.noise {
			t.Errorf("%s %d: %s %s %v, want %s %s %v", c.uuid, c.opnum, e, op, noise, c.endpoint, c.op, c.noise)
		}
	}
}
