package hostsurvey

import (
	"strings"

	"longwatch/internal/attack"
	"longwatch/internal/record/host"
	"longwatch/internal/winpath"
)

// plain are tools that ask one kind of question whatever their arguments.
var plain = map[string]attack.ID{
	"whoami.exe": "T1033", "quser.exe": "T1033", "qwinsta.exe": "T1033",
	"ipconfig.exe": "T1016", "arp.exe": "T1016", "getmac.exe": "T1016", "nbtstat.exe": "T1016",
	"systeminfo.exe": "T1082", "hostname.exe": "T1082", "driverquery.exe": "T1082",
	"netstat.exe": "T1049", "tasklist.exe": "T1057", "gpresult.exe": "T1615", "klist.exe": "T1033",
	"adfind.exe": "T1087.002", "dsquery.exe": "T1087.002",
}

// kindOf is the technique of the question that a program asks, or empty.
func kindOf(p *host.Process) attack.ID {
	name := winpath.Base(p.Image)
	line := strings.ToLower(p.CommandLine)
	if t := plain[name]; t != "" {
		if name == "ipconfig.exe" && strings.Contains(line, "/") && !strings.Contains(line, "/all") && !strings.Contains(line, "/displaydns") {
			return ""
		}
		return t
	}
	switch name {
	case "net.exe":
		return netKind(line)
	case "net1.exe": // net starts net1: the same question
		if winpath.Base(p.ParentImage) != "net.exe" {
			return netKind(line)
		}
	case "nltest.exe":
		if strings.Contains(line, "trust") {
			return "T1482"
		}
		return "T1018"
	case "route.exe":
		if strings.Contains(line, "print") {
			return "T1016"
		}
	case "query.exe":
		return "T1033"
	case "sc.exe":
		if strings.Contains(line, " query") {
			return "T1007"
		}
	case "wmic.exe":
		return wmiKind(line)
	}
	return ""
}

// netKind reads the word after net and the arguments that make it an order.
func netKind(line string) attack.ID {
	words := strings.Fields(line)
	if len(words) < 2 {
		return ""
	}
	domain := strings.Contains(line, "/do")
	if strings.Contains(line, "/add") || strings.Contains(line, "/del") || strings.Contains(line, "/active") {
		return ""
	}
	for _, w := range words[1:] {
		switch w {
		case "user", "users":
			if domain {
				return "T1087.002"
			}
			if len(words) <= 3 {
				return "T1087.001"
			}
			return ""
		case "group", "groups":
			return "T1069.002"
		case "localgroup":
			return "T1069.001"
		case "view":
			if strings.Contains(line, `\\`) {
				return "T1135"
			}
			return "T1018"
		case "share":
			if len(words) == 2 {
				return "T1135"
			}
			return ""
		case "accounts":
			return "T1201"
		case "session", "sessions":
			return "T1049"
		case "use":
			if len(words) == 2 {
				return "T1049"
			}
			return ""
		case "start":
			if len(words) == 2 {
				return "T1007"
			}
			return ""
		case "config":
			return "T1082"
		}
	}
	return ""
}

func wmiKind(line string) attack.ID {
	if strings.Contains(line, " call ") {
		return ""
	}
	for _, k := range []struct {
		word string
		kind attack.ID
	}{
		{"antivirusproduct", "T1518.001"}, {"process", "T1057"}, {"service", "T1007"}, {"useraccount", "T1087.001"}, {"ntdomain", "T1018"},
		{"nicconfig", "T1016"}, {"computersystem", "T1082"}, {"csproduct", "T1082"}, {" os ", "T1082"}, {"qfe", "T1082"}, {"share", "T1135"},
	} {
		if strings.Contains(line, k.word) {
			return k.kind
		}
	}
	return ""
}
