package winevent

import (
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// eventlog reads logs being cleared: 1102 of Security, 104 of any other; and
// logging that ends (1100), has no room (1104) or begins a new file (1105).
func eventlog(e *event) record.Record {
	switch e.EventID {
	case 1102:
		return &host.LogClear{Head: head(e, subject(e), get(e, "SubjectLogonId")), Channel: "Security"}
	case 104:
		return &host.LogClear{Head: head(e, subject(e), ""), Channel: get(e, "Channel")}
	case 1100, 1104, 1105:
		action := map[uint32]string{1100: "log-stopped", 1104: "log-full", 1105: "log-archived"}[e.EventID]
		return &host.SystemEvent{Head: head(e, "", ""), Action: action, Detail: firstOf(e, "BackupPath", "Channel")}
	}
	return nil
}

// services reads the Service Control Manager's events of the System log.
func services(e *event) record.Record {
	s := &host.Service{Head: head(e, e.UserSID, ""), Name: get(e, "param1")}
	switch e.EventID {
	case 7045:
		s.Action = "installed"
		s.Name = get(e, "ServiceName")
		s.Path = get(e, "ImagePath")
		s.Kind = get(e, "ServiceType")
		s.StartType = get(e, "StartType")
		s.Account = get(e, "AccountName")
	case 7036:
		if s.Action = serviceState(get(e, "param2"), get(e, "Binary")); s.Action == "" {
			return nil
		}
	case 7031, 7034: // it ended unexpectedly
		s.Action = "crashed"
	case 7040:
		s.Action, s.StartType = "changed", get(e, "param3")
	default:
		return nil
	}
	return s
}

// serviceState reads 7036. Its words are translated; its binary part, the name
// of the service in UTF-16 and /1 or /4 (SERVICE_STOPPED, SERVICE_RUNNING of
// MS-SCMR), is not.
func serviceState(words, binary string) string {
	binary = strings.TrimSuffix(binary, "0000")
	switch {
	case strings.HasSuffix(binary, "2F003400") || words == "running":
		return "started"
	case strings.HasSuffix(binary, "2F003100") || words == "stopped":
		return "stopped"
	}
	return ""
}

// scheduler reads the task scheduler's own log.
func scheduler(e *event) record.Record {
	t := &host.Task{Name: get(e, "TaskName"), Command: get(e, "ActionName")}
	user := get(e, "UserName")
	switch e.EventID {
	case 106:
		t.Action, user = "registered", get(e, "UserContext")
	case 140:
		t.Action = "changed"
	case 141:
		t.Action = "deleted"
	case 142:
		t.Action = "disabled"
	case 129: // with the program it started
		t.Action, t.Command = "started", get(e, "Path")
	case 110: // by hand
		t.Action, user = "started", get(e, "UserContext")
	case 200:
		t.Action = "started"
	case 201:
		t.Action = "completed"
	default:
		return nil
	}
	t.Head = head(e, user, "")
	return t
}

// wmi reads WMI's own log.
func wmi(e *event) record.Record {
	w := &host.WMI{Head: head(e, get(e, "User"), "")}
	switch e.EventID {
	case 5857:
		w.Action, w.Name, w.Detail = "operation", get(e, "ProviderName"), get(e, "ProviderPath")
	case 5858:
		w.Action, w.Name, w.Detail = "operation", get(e, "ClientMachine"), get(e, "Operation")
	case 5859, 5860:
		w.Action, w.Name, w.Detail = "filter", get(e, "NamespaceName"), get(e, "Query")
	case 5861:
		w.Action, w.Name, w.Detail = "binding", get(e, "ESS"), strings.TrimSpace(get(e, "CONSUMER")+"\n"+get(e, "PossibleCause"))
	default:
		return nil
	}
	return w
}

// database reads the ESENT engine, which names the files it creates, attaches,
// detaches and moves. Its values have no names: program, process, instance,
// then the rest of the message.
func database(e *event) record.Record {
	actions := map[uint32]string{
		102: "engine-started", 103: "engine-stopped",
		216: "moved",
		300: "recovery-started", 301: "log-replayed", 302: "recovered",
		325: "created", 326: "attached", 327: "detached",
	}
	action, ok := actions[e.EventID]
	if !ok {
		return nil
	}
	d := &host.Database{Head: head(e, e.UserSID, ""), Action: action, Data: positional(e)}
	for i, v := range d.Data {
		if i == 0 {
			d.Image = v
		} else if strings.Contains(v, `\`) {
			d.Path = v
			break
		}
	}
	return d
}
