package linuxaudit

import (
	"net/netip"
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// user makes the record of a line that stands alone: what programs in user
// space told the audit system.
func (e *event) user(l *Line) record.Record {
	good := l.get("res") == "success" || l.get("res") == "1"
	switch l.Type {
	case "USER_LOGIN": // USER_AUTH says the same once more
		r := &host.Logon{Head: e.head(l), Outcome: "success", Process: l.text("exe"), Target: l.text("acct")}
		if !good {
			r.Outcome = "failure"
		}
		if id := l.get("ID"); r.Target == "" && id != "" {
			r.Target = strings.TrimPrefix(id, "\x00")
		}
		r.Source, _ = netip.ParseAddr(l.text("addr"))
		return r
	case "USER_LOGOUT":
		return &host.Logoff{Head: e.head(l)}
	case "USER_CMD":
		p := &host.Process{Head: e.head(l), CommandLine: l.text("cmd"), Directory: l.text("cwd"), ParentImage: l.text("exe"), PID: l.number("pid")}
		p.Image, _, _ = strings.Cut(p.CommandLine, " ")
		return p
	case "ADD_USER", "DEL_USER", "ADD_GROUP", "DEL_GROUP", "USER_MGMT", "USER_CHAUTHTOK", "GRP_MGMT":
		return e.account(l, good)
	case "SERVICE_START", "SERVICE_STOP":
		s := &host.Service{Head: e.head(l), Action: "started", Name: l.text("unit"), Path: l.text("exe")}
		if l.Type == "SERVICE_STOP" {
			s.Action = "stopped"
		}
		if !good {
			s.Action = "crashed"
		}
		return s
	case "ANOM_ABEND":
		return &host.Service{Head: e.head(l), Action: "crashed", Name: l.text("comm"), Path: l.text("exe")}
	case "DAEMON_END", "DAEMON_ABORT":
		return &host.Service{Head: e.head(l), Action: "stopped", Name: "auditd"}
	case "CONFIG_CHANGE":
		return e.configuration(l)
	case "ANOM_PROMISCUOUS":
		if l.get("prom") == "0" {
			return nil
		}
		return &host.ConfigChange{Head: e.head(l), Product: "linux", Action: "changed", Object: "interface", Name: l.text("dev"), Command: "promiscuous"}
	}
	return nil
}

func (e *event) account(l *Line, good bool) record.Record {
	if !good {
		return nil
	}
	d := &host.Directory{Head: e.head(l), Object: l.text("acct"), Properties: l.text("op")}
	if d.Object == "" {
		d.Object = strings.TrimPrefix(l.get("ID"), "\x00")
	}
	if d.Object == "" && l.get("id") != "" {
		d.Object = "uid " + l.get("id")
	}
	switch l.Type {
	case "ADD_USER", "ADD_GROUP":
		d.Action = "created"
	case "DEL_USER", "DEL_GROUP":
		d.Action = "deleted"
	case "USER_CHAUTHTOK":
		d.Action = "password-reset"
	default:
		d.Action = "changed"
	}
	return d
}

// configuration is a change of the audit system's own rules: what is removed
// or switched off is not recorded any more.
func (e *event) configuration(l *Line) record.Record {
	c := &host.ConfigChange{Head: e.head(l), Product: "auditd", Action: "changed", Object: "audit rules", Name: l.text("key")}
	switch op := strings.TrimPrefix(l.get("op"), "\x00"); {
	case op == "remove_rule" || op == "remove":
		c.Action = "deleted"
	case op == "add_rule" || op == "add":
		c.Action = "created"
	case l.get("audit_enabled") == "0" || op == "set" && l.get("audit_enabled") == "0":
		c.Object, c.Command = "audit", "audit_enabled=0"
	default:
		return nil
	}
	return c
}
