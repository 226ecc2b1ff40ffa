// Package hostpath guesses which machine a collected file is from by the
// folders it lies in. Responders keep one folder a machine, with the machine's
// own tree below it:
//
//	hostpath.Host("case/WEB01/inetpub/wwwroot/a.aspx")   // web01
//	hostpath.Host("case/db01/var/log/audit/audit.log")   // db01
//	hostpath.Host("logs/audit/db01/audit.log")           // db01
//
// A guess may be wrong; it is only used where the evidence itself names no
// machine.
package hostpath

import (
	"path"
	"slices"
	"strings"
)

// roots are folders at the top of a machine's own tree.
var roots = []string{
	"c", "c:", "c%3a", "d", "d:", "users", "windows", "inetpub", "program files", "programdata", "var", "etc", "home", "root", "opt", "srv", "tmp", "usr",
}

// logs are names of log files that say nothing of their machine.
var logs = []string{"httperr", "audit.log", "auth.log", "syslog", "messages", "secure", "access.log", "error.log"}

// general are folders that are no machines.
var general = []string{
	"", ".", "..", "iis", "httperr", "logfiles", "audit", "log", "logs", "evidence", "disk", "hosts", "case", "cases", "data", "files", "input", "linux", "windows", "syslog", "images", "tmp", "mnt", "media", "home", "work", "root",
}

// Host is the machine in lower case, or empty when the path shows none.
func Host(name string) string {
	name = strings.ToLower(strings.NewReplacer(`\`, "/", "!", "/").Replace(name))
	parts := strings.Split(path.Clean(name), "/")
	for i := 1; i < len(parts)-1; i++ {
		if slices.Contains(roots, parts[i]) || strings.HasPrefix(parts[i], "w3svc") {
			if m := machine(parts[i-1]); m != "" {
				return m
			}
		}
	}
	base := parts[len(parts)-1]
	for _, l := range logs {
		if len(parts) > 1 && strings.HasPrefix(base, l) {
			return machine(parts[len(parts)-2])
		}
	}
	return ""
}

// machine is a folder's name as a machine's, or empty when it cannot be one.
func machine(s string) string {
	for _, ext := range []string{".zip", ".tar", ".gz", ".tgz", ".7z"} {
		s = strings.TrimSuffix(s, ext)
	}
	if slices.Contains(general, s) || slices.Contains(roots, s) || len(s) > 63 || strings.ContainsAny(s, " _") {
		return ""
	}
	return s
}
