package appliance

import (
	"strings"
	"time"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// isVersa knows the logs of Versa Analytics (Versa Networks, Log Collector Log
// Types): "2024-01-11T18:03:56+0000 secAccUserConnEventLog, applianceName=…, …".
func isVersa(m string) bool {
	i := strings.Index(m, "Log, applianceName=")
	return i > 0 && i < 96
}

func versa(s *host.Syslog) []record.Record {
	head, rest, _ := strings.Cut(s.Message, ", ")
	words := strings.Fields(head) // the time and the kind, perhaps behind a syslog head
	name, at := words[len(words)-1], ""
	if len(words) > 1 {
		at = words[len(words)-2]
	}
	for _, layout := range []string{"2006-01-02T15:04:05-0700", time.RFC3339} {
		if t, err := time.Parse(layout, at); err == nil {
			s.TS = record.TimeOf(t)
		}
	}
	s.Fields = s.Fields[:0:0]
	for part := range strings.SplitSeq(rest, ", ") {
		k, v, ok := strings.Cut(strings.Trim(part, " ,"), "=")
		if ok && len(s.Fields) < maxColumns {
			s.Fields = append(s.Fields, record.KV{Name: k, Value: v})
		}
	}
	s.Host, s.App, s.Code = strings.ToLower(s.Get("applianceName")), "versa", name
	if s.User = s.Get("userName"); s.User == "" {
		s.User = s.Get("fromUser")
	}
	switch name {
	case "secAccUserConnEventLog":
		from := addr(s.Get("racIP"))
		switch s.Get("racEventType") {
		case "create":
			l := logon(s, true, "vpn:"+s.Get("racAccessType"), s.User, from)
			l.Assigned, l.SourceHost = addr(s.Get("racTunnelIP")), strings.ToLower(s.Get("deviceName"))
			return []record.Record{l}
		case "failure":
			return []record.Record{logon(s, false, "vpn:"+s.Get("racAccessType"), s.User, from)}
		case "delete":
			return []record.Record{&host.Logoff{Head: s.Head}}
		}
	case "flowIdLog", "accessLog", "flowMonLog", "cgnatLog":
		return versaFlow(s)
	}
	return nil
}

// versaFlow is a flow; accessLog tells of it once more when it ends, with the
// bytes, so the identification alone makes no record.
func versaFlow(s *host.Syslog) []record.Record {
	if s.Code == "flowIdLog" {
		return nil
	}
	either := func(names ...string) string {
		for _, n := range names {
			if v := s.Get(n); v != "" {
				return v
			}
		}
		return ""
	}
	c := conn(s, s.Get("flowId"), 0)
	c.OrigH, c.RespH = addr(either("sourceIPv4Address", "sourceIPv6Address")), addr(either("destinationIPv4Address", "destinationIPv6Address"))
	c.OrigP, c.RespP = port(either("sourceTransportPort", "sourcePort")), port(either("destinationTransportPort", "destinationPort"))
	if !c.OrigH.IsValid() || !c.RespH.IsValid() {
		return nil
	}
	c.Proto = transport(s.Get("protocolIdentifier"))
	c.OrigBytes, c.RespBytes = count(s.Get("sentOctets")), count(s.Get("recvdOctets"))
	c.State = "SF"
	if a := either("action", "accAction"); a == "deny" || a == "drop" || a == "reject" {
		c.State = "S0"
	}
	return []record.Record{c}
}
