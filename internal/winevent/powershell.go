package winevent

import (
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// powershell reads script blocks (4104), pipelines (4103, and 800 of the old
// log), and the start and end of an engine (400, 403) and of its providers (600),
// whose context holds the command line: any of them may be what a log kept.
func powershell(e *event) record.Record {
	switch e.EventID {
	case 4104:
		return &host.Script{Head: head(e, e.UserSID, ""), Text: e.Get("ScriptBlockText"), Path: get(e, "Path")}
	case 4103:
		context := e.Get("ContextInfo")
		user := after(context, "User")
		if user == "" {
			user = e.UserSID
		}
		return &host.Script{Head: head(e, user, ""), Text: e.Get("Payload"), Path: after(context, "Script Name")}
	case 800:
		data := positional(e)
		if len(data) < 3 {
			return nil
		}
		return &host.Script{Head: head(e, after(data[1], "UserId"), ""), Text: strings.TrimSpace(data[0] + "\n" + data[2]), Path: after(data[1], "ScriptName")}
	case 400, 403, 600:
		for _, d := range positional(e) {
			if command := after(d, "HostApplication"); command != "" {
				return &host.Script{Head: head(e, e.UserSID, ""), Text: command, Path: after(d, "ScriptName")}
			}
		}
	}
	return nil
}
