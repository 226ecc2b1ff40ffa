// Package winevent says what Windows events mean: it turns host.Event, however
// it was read, into the host records that detectors work on.
//
//	var n winevent.Normalizer
//	if r := n.Normalize(event); r != nil { … } // host.Process, host.Logon …
//
// Events are told apart by provider and number, not by message, which is
// translated, and by channel only where a collector left the provider out.
// Names of fields are those of the provider's manifest
// (https://learn.microsoft.com/windows/security/threat-protection/auditing,
// Sysmon's schema). An event that no record fits stays an event only.
package winevent

import (
	"strconv"
	"strings"
	"sync"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Normalizer turns events into records. It belongs to one goroutine.
type Normalizer struct{ accounts accountCache }

// Normalize returns the record that raw stands for, or nil. It shares raw's time
// and place, and its strings. Readers have written the host in lower case.
func (n *Normalizer) Normalize(raw *host.Event) record.Record {
	e := &event{Event: raw, accounts: &n.accounts}
	switch provider(e) {
	case "Microsoft-Windows-Security-Auditing":
		return security(e)
	case "Microsoft-Windows-Sysmon":
		return sysmon(e)
	case "Microsoft-Windows-Eventlog":
		return eventlog(e)
	case "Service Control Manager":
		return services(e)
	case "Microsoft-Windows-PowerShell", "PowerShellCore", "PowerShell":
		return powershell(e)
	case "Microsoft-Windows-TaskScheduler":
		return scheduler(e)
	case "Microsoft-Windows-WMI-Activity":
		return wmi(e)
	case "Microsoft-Windows-TerminalServices-LocalSessionManager":
		return session(e)
	case "Microsoft-Windows-TerminalServices-RemoteConnectionManager":
		return connection(e)
	case "ESENT", "NTDS ISAM":
		return database(e)
	}
	if read := readers[provider(e)]; read != nil {
		return read(e)
	}
	return nil
}

// readers read the events of providers that log little.
var readers = map[string]func(*event) record.Record{
	"Application Error":     crash,
	"EventLog":              state,
	"MSExchange CmdletLogs": cmdlet,
	"MSSQLSERVER":           sqlServer,
	"Microsoft-Windows-ActiveDirectory_DomainService":              search,
	"Microsoft-Windows-AppLocker":                                  appLocker,
	"Microsoft-Windows-Bits-Client":                                transfer,
	"Microsoft-Windows-CertificateServicesClient-Lifecycle-System": exported,
	"Microsoft-Windows-CertificateServicesClient-Lifecycle-User":   exported,
	"Microsoft-Windows-CodeIntegrity":                              codeIntegrity,
	"Microsoft-Windows-DNS-Client":                                 lookUp,
	"Microsoft-Windows-DNS-Server-Service":                         nameServer,
	"Microsoft-Windows-DNSServer":                                  nameServer,
	"Microsoft-Windows-DriverFrameworks-UserMode":                  device,
	"Microsoft-Windows-IIS-Configuration":                          webServer,
	"Microsoft-Windows-Kernel-General":                             state,
	"Microsoft-Windows-Kernel-PnP":                                 device,
	"Microsoft-Windows-Kernel-Power":                               state,
	"Microsoft-Windows-LDAP-Client":                                search,
	"Microsoft-Windows-NTLM":                                       ntlm,
	"Microsoft-Windows-Partition":                                  device,
	"Microsoft-Windows-PrintService":                               printed,
	"Microsoft-Windows-RemoteDesktopServices-RdpCoreTS":            desktop,
	"Microsoft-Windows-SMBClient":                                  smb,
	"Microsoft-Windows-SMBServer":                                  smb,
	"Microsoft-Windows-Security-Mitigations":                       mitigation,
	"Microsoft-Windows-TerminalServices-ClientActiveXCore":         desktop,
	"Microsoft-Windows-TerminalServices-RDPClient":                 desktop, // the channel
	"Microsoft-Windows-User Profiles Service":                      profile,
	"Microsoft-Windows-VHDMP":                                      device,
	"Microsoft-Windows-WinRM":                                      winRM,
	"Microsoft-Windows-Windows Defender":                           defender,
	"Microsoft-Windows-Windows Firewall With Advanced Security":    firewall,
	"MsiInstaller": software,
	"NETLOGON":     netlogon,
	"OpenSSH":      openSSH,
	"User32":       state,
}

// provider is who logged e.
func provider(e *event) string {
	if strings.HasPrefix(e.Provider, "MSSQL$") { // a named instance
		return "MSSQLSERVER"
	}
	if e.Provider != "" {
		return e.Provider
	}
	switch e.Channel {
	case "Security":
		if e.EventID == 1102 {
			return "Microsoft-Windows-Eventlog"
		}
		return "Microsoft-Windows-Security-Auditing"
	case "Windows PowerShell":
		return "PowerShell"
	}
	name, _, _ := strings.Cut(e.Channel, "/") // Microsoft-Windows-Sysmon/Operational
	return name
}

// numbers holds 0000 to 9999, so that the number of an event costs no memory.
var numbers = sync.OnceValue(func() string {
	b := make([]byte, 0, 4*10000)
	for n := range 10000 {
		b = append(b, byte('0'+n/1000), byte('0'+n/100%10), byte('0'+n/10%10), byte('0'+n%10))
	}
	return string(b)
})

// code is an event's number as text.
func code(id uint32) string {
	at := 4 * int(id)
	switch {
	case id >= 10000:
		return strconv.FormatUint(uint64(id), 10)
	case id >= 1000:
		return numbers()[at : at+4]
	case id >= 100:
		return numbers()[at+1 : at+4]
	case id >= 10:
		return numbers()[at+2 : at+4]
	}
	return numbers()[at+3 : at+4]
}

// head is the part that all records have; user is who acted, logon the session.
func head(e *event, user, logon string) host.Head {
	return host.Head{
		Head:     e.Head,
		Host:     e.Host,
		User:     user,
		LogonID:  logonID(logon),
		Provider: e.Provider,
		Code:     code(e.EventID),
	}
}
