package winevent

import (
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// sysmon reads the events of Sysmon, by the names of its schema (sysmon -s).
func sysmon(e *event) record.Record {
	h := head(e, get(e, "User"), get(e, "LogonId"))
	image := get(e, "Image")
	switch e.EventID {
	case 1:
		return sysmonProcess(e, h)
	case 2:
		return &host.FileEvent{Head: h, Action: "times-set", Path: get(e, "TargetFilename"), Image: image, Created: utc(get(e, "CreationUtcTime")), Before: utc(get(e, "PreviousCreationUtcTime"))}
	case 3:
		return sysmonSocket(e, h)
	case 4:
		return &host.SystemEvent{Head: h, Action: "guard-" + strings.ToLower(get(e, "State")), Detail: "Sysmon " + get(e, "Version")}
	case 5:
		return &host.ProcessEnd{Head: h, PID: number(get(e, "ProcessId")), GUID: guid(get(e, "ProcessGuid")), Image: image}
	case 6, 7:
		digests, _ := hashes(get(e, "Hashes"))
		return &host.Module{Head: h, Image: image, Path: get(e, "ImageLoaded"), Signed: get(e, "Signed"), Hashes: digests}
	case 8:
		return &host.RemoteThread{
			Head: userOf(h, get(e, "SourceUser")), PID: number(get(e, "SourceProcessId")), Image: get(e, "SourceImage"),
			TargetPID: number(get(e, "TargetProcessId")), Target: get(e, "TargetImage"),
			Address: strings.ToLower(get(e, "StartAddress")), Module: get(e, "StartModule"), Function: get(e, "StartFunction"),
		}
	case 9:
		return &host.FileEvent{Head: h, Action: "raw-read", Path: get(e, "Device"), Image: image}
	case 10:
		return &host.Access{Head: userOf(h, get(e, "SourceUser")), Image: get(e, "SourceImage"), Target: get(e, "TargetImage"), Mask: get(e, "GrantedAccess"), Trace: get(e, "CallTrace")}
	case 11, 15, 23, 26, 29:
		return sysmonFile(e, h)
	case 12, 13, 14:
		return sysmonRegistry(e, h)
	case 16:
		return &host.Setting{Head: h, Product: "Sysmon", Action: "changed", Name: get(e, "Configuration"), After: get(e, "ConfigurationFileHash")}
	case 17, 18:
		action := "created"
		if e.EventID == 18 {
			action = "connected"
		}
		return &host.Pipe{Head: h, Action: action, Name: get(e, "PipeName"), Image: image}
	case 19:
		return &host.WMI{Head: h, Action: "filter", Name: get(e, "Name"), Detail: get(e, "Query")}
	case 20:
		return &host.WMI{Head: h, Action: "consumer", Name: get(e, "Name"), Detail: get(e, "Destination")}
	case 21:
		return &host.WMI{Head: h, Action: "binding", Name: get(e, "Consumer"), Detail: get(e, "Filter")}
	case 22:
		return &host.DNSQuery{Head: h, Image: image, Query: get(e, "QueryName"), Status: get(e, "QueryStatus"), Answers: answers(get(e, "QueryResults"))}
	case 24:
		return &host.ObjectAccess{Head: h, Action: "accessed", Outcome: success, Kind: "Clipboard", Object: get(e, "ClientInfo"), PID: number(get(e, "ProcessId")), Image: image}
	case 25, 27, 28:
		return sysmonGuard(e, h)
	case 255:
		return &host.SystemEvent{Head: h, Action: "guard-failed", Detail: strings.TrimSpace(get(e, "ID") + " " + get(e, "Description"))}
	}
	return nil
}

// sysmonGuard reads a process whose image was replaced in memory (25), and files
// that Sysmon did not let be written (27) or shredded (28).
func sysmonGuard(e *event, h host.Head) record.Record {
	p := &host.Protection{Head: h, Product: "Sysmon", Action: "blocked", Name: get(e, "RuleName"), Path: get(e, "TargetFilename"), Image: get(e, "Image"), PID: number(get(e, "ProcessId"))}
	if e.EventID == 25 {
		p.Action, p.Name = "detected", get(e, "Type")
	}
	p.Hashes, _ = hashes(get(e, "Hashes"))
	return p
}

func userOf(h host.Head, user string) host.Head {
	if user != "" {
		h.User = user
	}
	return h
}

func sysmonProcess(e *event, h host.Head) record.Record {
	p := &host.Process{
		Head:          h,
		PID:           number(get(e, "ProcessId")),
		GUID:          guid(get(e, "ProcessGuid")),
		Image:         get(e, "Image"),
		CommandLine:   e.Get("CommandLine"),
		Directory:     get(e, "CurrentDirectory"),
		ParentPID:     number(get(e, "ParentProcessId")),
		ParentGUID:    guid(get(e, "ParentProcessGuid")),
		ParentImage:   get(e, "ParentImage"),
		ParentCommand: get(e, "ParentCommandLine"),
		Integrity:     get(e, "IntegrityLevel"),
		OriginalName:  get(e, "OriginalFileName"),
	}
	p.Hashes, p.IMPHash = hashes(get(e, "Hashes"))
	return p
}

// dynamicPorts is where the ports begin that Windows gives to those who open
// connections (RFC 6335).
const dynamicPorts = 49152

// sysmonSocket reads a connection. When the machine did not open it, Source is
// the machine in some versions of Sysmon and the other side in others; the
// lower port then tells which side served.
func sysmonSocket(e *event, h host.Head) record.Record {
	s := &host.Socket{
		Head:      h,
		Image:     get(e, "Image"),
		Proto:     get(e, "Protocol"),
		Initiated: strings.EqualFold(get(e, "Initiated"), "true"),
		Action:    "connected",
		OrigH:     address(get(e, "SourceIp")),
		OrigP:     port(get(e, "SourcePort")),
		RespH:     address(get(e, "DestinationIp")),
		RespP:     port(get(e, "DestinationPort")),
		RespName:  strings.ToLower(get(e, "DestinationHostname")),
	}
	if !s.Initiated && s.OrigP < s.RespP && s.OrigP < dynamicPorts {
		s.OrigH, s.RespH, s.OrigP, s.RespP = s.RespH, s.OrigH, s.RespP, s.OrigP
		s.RespName = strings.ToLower(get(e, "SourceHostname"))
	}
	return s
}

func sysmonFile(e *event, h host.Head) record.Record {
	f := &host.FileEvent{Head: h, Action: "created", Path: get(e, "TargetFilename"), Image: get(e, "Image"), Created: utc(get(e, "CreationUtcTime"))}
	digests := get(e, "Hashes")
	switch e.EventID {
	case 15:
		f.Action, digests = "stream-created", get(e, "Hash")
	case 23, 26:
		f.Action = "deleted"
	}
	f.Hashes, _ = hashes(digests)
	return f
}

func sysmonRegistry(e *event, h host.Head) record.Record {
	r := &host.Registry{Head: h, Key: get(e, "TargetObject"), Value: e.Get("Details"), Image: get(e, "Image")}
	switch kind := get(e, "EventType"); {
	case strings.HasPrefix(kind, "Create") || strings.HasPrefix(kind, "Add"):
		r.Action = "created"
	case strings.HasPrefix(kind, "Delete"):
		r.Action = "deleted"
	case strings.HasPrefix(kind, "Rename"):
		r.Action, r.Value = "renamed", get(e, "NewName")
	default:
		r.Action = "set"
	}
	return r
}

// answers splits the results of a look-up: addresses, and "type:  5 name" for
// other records.
func answers(s string) []string {
	var out []string
	for a := range strings.SplitSeq(s, ";") {
		a = strings.TrimSpace(a)
		if rest, ok := strings.CutPrefix(a, "type:"); ok {
			_, a, _ = strings.Cut(strings.TrimSpace(rest), " ")
			a = strings.TrimSpace(a)
		}
		if ip := address(a); ip.IsValid() {
			a = ip.String()
		}
		if a != "" && a != "-" {
			out = append(out, a)
		}
	}
	return out
}
