// Package winevent says what Windows events mean: it turns host.Event, however
// it was read, into the host records that detectors work on.
//
//	if r := winevent.Normalize(event); r != nil { … } // host.Process, host.Logon …
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

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Normalize returns the record that e stands for, or nil. It shares e's time
// and place, and its strings.
func Normalize(e *host.Event) record.Record {
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
	case "ESENT", "NTDS ISAM":
		return database(e)
	}
	return nil
}

// provider is who logged e.
func provider(e *host.Event) string {
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

// head is the part that all records have; user is who acted, logon the session.
func head(e *host.Event, user, logon string) host.Head {
	return host.Head{
		Head:     e.Head,
		Host:     strings.ToLower(e.Host),
		User:     user,
		LogonID:  logonID(logon),
		Provider: e.Provider,
		Code:     strconv.FormatUint(uint64(e.EventID), 10),
	}
}
