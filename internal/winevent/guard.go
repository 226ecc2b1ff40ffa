package winevent

import (
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// defenderActions is what Microsoft Defender's events tell
// (https://learn.microsoft.com/defender-endpoint/troubleshoot-microsoft-defender-antivirus).
var defenderActions = map[uint32]string{
	1006: "detected", 1015: "detected", 1116: "detected",
	1007: "cleaned", 1011: "cleaned", 1117: "cleaned",
	1008: "failed", 1118: "failed", 1119: "failed",
	1009: "restored",
	1013: "history-deleted",
	1121: "blocked", 1123: "blocked", 1125: "audited", 1126: "blocked", 1127: "blocked", 1128: "audited",
	1122: "audited", 1124: "audited",
	5000: "enabled", 5001: "disabled", 5009: "enabled", 5010: "disabled", 5011: "enabled", 5012: "disabled",
	5013: "blocked", // a change that tamper protection did not allow
}

// defender reads what Defender found, and what was done to it.
func defender(e *event) record.Record {
	if e.EventID == 5007 {
		old, now := get(e, "Old Value"), get(e, "New Value")
		s := &host.Setting{Head: head(e, e.UserSID, ""), Product: "Defender"}
		return changed(s, old, now)
	}
	action, ok := defenderActions[e.EventID]
	if !ok {
		return nil
	}
	p := &host.Protection{Product: "Defender", Action: action, Name: get(e, "Threat Name"), Image: get(e, "Process Name")}
	user := get(e, "Detection User")
	if user == "" {
		user = get(e, "User")
	}
	p.Head = head(e, user, "")
	switch {
	case e.EventID >= 1121 && e.EventID <= 1128: // rules against habits of intruders: by GUID
		p.Name = get(e, "ID")
	case e.EventID == 5013:
		p.Name = get(e, "Changed Type")
		if v := get(e, "Value"); v != "" {
			p.Name = strings.TrimSpace(p.Name + " " + v)
		}
	case e.EventID >= 5000:
		p.Name = map[uint32]string{5000: "real-time protection", 5001: "real-time protection", 5009: "antispyware", 5010: "antispyware", 5011: "antivirus", 5012: "antivirus"}[e.EventID]
	}
	p.Path = threatPath(get(e, "Path"))
	return p
}

// threatPath is the first file of Defender's list: file:_C:\x.exe; process:_pid:…
func threatPath(list string) string {
	for part := range strings.SplitSeq(list, ";") {
		kind, path, ok := strings.Cut(strings.TrimSpace(part), ":_")
		switch {
		case !ok:
			return strings.TrimSpace(part)
		case kind == "file" || kind == "containerfile":
			return strings.TrimPrefix(path, "_")
		}
	}
	return ""
}

// changed fills in a setting of which an event shows key = value before and
// after; one side is missing when it was added or removed.
func changed(s *host.Setting, old, now string) record.Record {
	name, before, _ := strings.Cut(old, " = ")
	s.Before = before
	name2, after, ok := strings.Cut(now, " = ")
	s.After = after
	switch {
	case old == "":
		s.Action, name = "added", name2
	case now == "":
		s.Action = "removed"
	default:
		s.Action = "changed"
		if ok {
			name = name2
		}
	}
	s.Name = strings.TrimSpace(name)
	return s
}

// appLocker reads programs, libraries, scripts and packages that a policy let
// run or did not.
func appLocker(e *event) record.Record {
	actions := map[uint32]string{
		8002: "allowed", 8005: "allowed", 8020: "allowed", 8023: "allowed",
		8003: "audited", 8006: "audited", 8021: "audited", 8024: "audited",
		8004: "blocked", 8007: "blocked", 8022: "blocked", 8025: "blocked",
	}
	action, ok := actions[e.EventID]
	if !ok {
		return nil
	}
	p := &host.Protection{Product: "AppLocker", Action: action, Name: get(e, "RuleName"), PID: number(get(e, "TargetProcessId"))}
	p.Head = head(e, get(e, "TargetUser"), get(e, "TargetLogonId"))
	if p.Path = get(e, "FullFilePath"); p.Path == "" {
		p.Path = get(e, "FilePath")
	}
	if digest := lower(get(e, "FileHash")); strings.Trim(digest, "0") != "" {
		p.Hashes = []string{digest}
	}
	return p
}

// codeIntegrity reads drivers and programs whose signature a policy refused, or
// would have, and unsigned drivers.
func codeIntegrity(e *event) record.Record {
	actions := map[uint32]string{
		3001: "allowed", 3004: "blocked", 3023: "blocked", 3033: "blocked", 3034: "audited", 3036: "blocked",
		3063: "blocked", 3064: "audited", 3065: "audited", 3066: "audited", 3076: "audited", 3077: "blocked", 3104: "blocked",
	}
	action, ok := actions[e.EventID]
	if !ok {
		return nil
	}
	p := &host.Protection{Head: head(e, e.UserSID, ""), Product: "CodeIntegrity", Action: action, Name: get(e, "PolicyName")}
	p.Path = firstOf(e, "FileNameBuffer", "File Name", "FileName")
	p.Image = firstOf(e, "ProcessNameBuffer", "Process Name", "ProcessName")
	if digest := lower(get(e, "SHA256 Hash")); digest != "" {
		p.Hashes = []string{digest}
	}
	return p
}

// mitigations are the exploit mitigations, two numbers each: the first only
// notes, the second stops.
var mitigations = [...]string{
	"arbitrary code guard", "child processes", "images of low integrity", "remote images", "win32k system calls", "binaries not of Microsoft",
	"export address filter", "export address filter plus", "import address filter", "stack pivot", "caller check", "simulated execution",
}

func mitigation(e *event) record.Record {
	i := int(e.EventID) - 1
	if i < 0 || i/2 >= len(mitigations) {
		return nil
	}
	p := &host.Protection{Head: head(e, e.UserSID, ""), Product: "Security-Mitigations", Action: "audited", Name: mitigations[i/2]}
	if i%2 == 1 {
		p.Action = "blocked"
	}
	p.Image = firstOf(e, "ProcessPath", "ProcessName")
	p.Command = get(e, "ProcessCommandLine")
	p.PID = number(get(e, "CallingProcessId"))
	p.Path = firstOf(e, "ImageName", "ChildImagePathName", "ModulePath")
	return p
}

// webServer reads changes of the configuration of IIS.
func webServer(e *event) record.Record {
	if e.EventID != 29 {
		return nil
	}
	s := &host.Setting{Head: head(e, e.UserSID, ""), Product: "IIS", Name: get(e, "Configuration"), Before: get(e, "OldValue"), After: get(e, "NewValue")}
	switch operation := strings.ToLower(get(e, "EditOperationType")); {
	case strings.Contains(operation, "add") || strings.Contains(operation, "insert"):
		s.Action = "added"
	case strings.Contains(operation, "delete") || strings.Contains(operation, "remove"):
		s.Action = "removed"
	default:
		s.Action = "changed"
	}
	return s
}

// policy reads changes of the audit and domain policies.
func policy(e *event) record.Record {
	s := &host.Setting{Head: head(e, subject(e), get(e, "SubjectLogonId")), Product: "Audit policy", Action: "changed"}
	switch e.EventID {
	case 4719:
		s.Name, s.After = get(e, "SubcategoryGuid"), strings.Join(strings.Fields(get(e, "AuditPolicyChanges")), " ")
	case 4713:
		s.Product, s.Name, s.After = "Domain policy", "Kerberos", get(e, "KerberosPolicyChange")
	}
	return s
}

// firstOf returns the first value of several names that has one.
func firstOf(e *event, names ...string) string {
	for _, n := range names {
		if v := get(e, n); v != "" {
			return v
		}
	}
	return ""
}
