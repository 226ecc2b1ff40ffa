package app

import (
	"fmt"

	"longwatch/internal/casefolder"
)

// sources are kinds of evidence whose absence leaves a blind spot.
var sources = []struct{ record, name, why string }{
	{"conn", "no packets or flow logs", "tunnels, relays, beacons and movement between hosts cannot be seen"},
	{"process", "no process starts", "without Security 4688 with command lines or Sysmon 1, what intruders typed cannot be seen"},
	{"logon", "no logons", "use of stolen accounts cannot be seen"},
	{"database", "no ESENT events of the Application log", "copying of the directory database cannot be seen"},
	{"web_access", "no web-server logs", "use of web shells and attempts on web applications cannot be seen"},
	{"dns", "no DNS", "self-reports and tunnels through DNS cannot be seen"},
	{"mail", "no mail", "phishing cannot be seen"},
	{"syscall", "no Linux audit log", "kernel rootkits and tunnels on Linux cannot be seen"},
	{"web_script", "no web root", "web shells on disk cannot be seen"},
}

// notCovered says what this evidence could not have shown.
func notCovered(cf *casefolder.Case, searched map[string]bool) []casefolder.Coverage {
	var out []casefolder.Coverage
	for _, s := range sources {
		if !searched[s.record] {
			out = append(out, casefolder.Coverage{Name: s.name, Why: s.why})
		}
	}
	var lost int64
	damaged := 0
	for i := range cf.Evidence {
		lost += cf.Evidence[i].Lost
		if !cf.Evidence[i].Whole {
			damaged++
		}
	}
	if damaged > 0 {
		out = append(out, casefolder.Coverage{Name: "damaged evidence", Why: fmt.Sprintf("%d files could not be read whole; %d bytes were not understood", damaged, lost)})
	}
	return out
}
