package winevent

import (
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// state reads the machine's start and end and its clock: Kernel-General 1, 12
// and 13, Kernel-Power 41, EventLog 6005, 6006 and 6008, User32 1074.
func state(e *event) record.Record {
	s := &host.SystemEvent{Head: head(e, e.UserSID, "")}
	switch e.EventID {
	case 1:
		if s.After, s.Before = instant(get(e, "NewTime")), instant(get(e, "OldTime")); s.After == 0 {
			return nil
		}
		s.Action, s.Detail, s.Image = "time-changed", get(e, "Reason"), get(e, "ProcessName")
	case 12, 6005:
		s.Action = "started"
		if build := get(e, "BuildVersion"); build != "" {
			s.Detail = "Windows " + get(e, "MajorVersion") + "." + get(e, "MinorVersion") + "." + build
		}
	case 13, 6006:
		s.Action = "stopped"
	case 41, 6008:
		s.Action = "crashed"
	case 1074: // program, computer, reason, code, kind, comment, user
		data := positional(e)
		if len(data) < 5 {
			return nil
		}
		s.Action, s.Image, s.Detail = "stop-asked", data[0], strings.TrimSpace(data[4]+" "+data[2])
		if len(data) > 6 {
			s.User = data[6]
		}
	default:
		return nil
	}
	return s
}

// auditedState reads what Security says about the machine's state: 4608 and 4609
// start and end, 4616 the clock, 4800 and 4801 the screen.
func auditedState(e *event) record.Record {
	s := &host.SystemEvent{Head: head(e, subject(e), get(e, "SubjectLogonId"))}
	switch e.EventID {
	case 4608:
		s.Action = "started"
	case 4609:
		s.Action = "stopped"
	case 4616:
		s.Action = "time-changed"
		s.Before, s.After, s.Image = instant(get(e, "PreviousTime")), instant(get(e, "NewTime")), get(e, "ProcessName")
	default:
		s.Action = "locked"
		if e.EventID == 4801 {
			s.Action = "unlocked"
		}
		s.Head = head(e, target(e), get(e, "TargetLogonId"))
	}
	return s
}

// instant reads a time as events hold it.
func instant(s string) record.Time {
	if t, err := record.ParseTime(s); err == nil {
		return t
	}
	return utc(s)
}

// profile reads hives of users that were loaded (5).
func profile(e *event) record.Record {
	if e.EventID != 5 {
		return nil
	}
	return &host.Registry{Head: head(e, e.UserSID, ""), Action: "loaded", Key: get(e, "Key"), Value: get(e, "File")}
}

// crash reads a program that failed: name, version, time stamp, the same of the
// module, exception, offset, process, its start, both paths. Newer versions
// have names for them.
func crash(e *event) record.Record {
	if e.EventID != 1000 {
		return nil
	}
	data := positional(e)
	if data == nil {
		for _, f := range e.Fields {
			data = append(data, f.Value)
		}
	}
	if len(data) < 9 {
		return nil
	}
	c := &host.Crash{Head: head(e, e.UserSID, ""), Image: data[0], Module: data[3], Exception: hexadecimal(data[6]), Offset: hexadecimal(data[7]), PID: number(hexadecimal(data[8]))}
	if len(data) > 11 && strings.Contains(data[10], `\`) {
		c.Image, c.Module = data[10], data[11]
	}
	return c
}

// hexadecimal puts 0x before digits that lack it.
func hexadecimal(s string) string {
	s = strings.ToLower(s)
	if s == "" || strings.HasPrefix(s, "0x") {
		return s
	}
	return "0x" + s
}

// software reads packages that the installer began with (1040: path), put in
// (1033) or took out (1034): name, version, language, status.
func software(e *event) record.Record {
	action := map[uint32]string{1033: "software-installed", 1034: "software-removed"}[e.EventID]
	data := positional(e)
	if e.EventID == 1040 && len(data) > 0 {
		return &host.SystemEvent{Head: head(e, e.UserSID, ""), Action: "software-installing", Detail: data[0]}
	}
	if action == "" || len(data) < 4 || number(data[3]) != 0 {
		return nil
	}
	return &host.SystemEvent{Head: head(e, e.UserSID, ""), Action: action, Detail: data[0] + " " + data[1]}
}

// deviceActions is what the providers say about devices, by number; they do not
// overlap.
var deviceActions = map[uint32]string{
	400: "configured", 410: "started", 411: "failed", 420: "removed",
	1: "arrived", 2: "removed", 1006: "arrived",
	2003: "arrived",
	6416: "arrived", 6420: "removed", 6422: "started", 6423: "blocked", 6424: "configured",
}

// device reads devices and disk images that came or went.
func device(e *event) record.Record {
	action, ok := deviceActions[e.EventID]
	if !ok {
		return nil
	}
	d := &host.Device{Head: head(e, subject(e), get(e, "SubjectLogonId")), Action: action}
	switch e.EventID {
	case 1, 2: // VHDMP: an image, by its file
		d.ID, d.Class = firstOf(e, "VhdFileName", "VhdFile"), "disk image"
		if d.ID == "" {
			return nil
		}
	case 1006: // Partition: a disk, of no size once it is gone
		d.ID, d.Class = get(e, "ParentId"), "disk"
		d.Description = strings.Join(strings.Fields(get(e, "Manufacturer")+" "+get(e, "Model")+" "+get(e, "SerialNumber")), " ")
		if get(e, "Capacity") == "0" {
			d.Action = "removed"
		}
	default:
		d.ID = firstOf(e, "DeviceInstanceId", "DeviceId", "InstanceId", "instance")
		d.Description = get(e, "DeviceDescription")
		d.Class = firstOf(e, "ClassName", "ClassGuid", "ClassId")
		d.Driver = firstOf(e, "DriverName", "ServiceName")
	}
	return d
}

// transfer reads jobs of the background transfer service: made (3), started
// (59), ended (60), failed (61).
func transfer(e *event) record.Record {
	actions := map[uint32]string{3: "created", 59: "started", 60: "stopped", 61: "failed"}
	action, ok := actions[e.EventID]
	if !ok {
		return nil
	}
	return &host.Transfer{
		Head: head(e, firstOf(e, "jobOwner", "User"), ""), Action: action,
		Name: firstOf(e, "jobTitle", "name"), ID: firstOf(e, "jobId", "Id"), URL: firstOf(e, "url", "RemoteName"), Status: get(e, "hr"),
		Bytes: number(get(e, "bytesTransferred")), PID: number(get(e, "processId")), Image: get(e, "processPath"),
	}
}

// printed reads documents (307: number, document, user, client, printer, port,
// size, pages), drivers (316) and plug-ins that did not load (808).
func printed(e *event) record.Record {
	p := &host.Print{Head: head(e, e.UserSID, "")}
	switch e.EventID {
	case 307:
		p.Action, p.Document, p.Printer, p.Bytes = "printed", get(e, "Param2"), get(e, "Param5"), number(get(e, "Param7"))
		p.User, p.Source = get(e, "Param3"), strings.ToLower(strings.TrimLeft(get(e, "Param4"), `\`))
	case 316:
		p.Action, p.Printer, p.Path = "driver-added", firstOf(e, "Param1", "DriverName"), firstOf(e, "Param4", "Param3")
	case 808:
		p.Action, p.Path, p.Status = "plugin-failed", firstOf(e, "PluginDllName", "Param1"), firstOf(e, "ErrorCode", "Param2")
	default:
		return nil
	}
	return p
}
