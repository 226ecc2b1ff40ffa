package asset

import "strings"

// Kind is what a service is used for.
type Kind string

// The kinds of service.
const (
	NameResolution Kind = "name resolution"
	Authentication Kind = "authentication"
	Addressing     Kind = "addressing"
	Time           Kind = "time"
	File           Kind = "file"
	Mail           Kind = "mail"
	Database       Kind = "database"
	Control        Kind = "control"
	Administration Kind = "remote administration"
	Web            Kind = "web"
	Update         Kind = "update"
	Logging        Kind = "logging"
	Monitoring     Kind = "monitoring"
	Proxying       Kind = "proxy"
	Telephony      Kind = "telephony"
	Printing       Kind = "printing"
	Tunnelling     Kind = "tunnel"
	Messaging      Kind = "messaging"
	Other          Kind = "other"
)

// Needed tells whether a client that was seen to use services of this kind
// cannot work without any: it finds nothing without names, nobody may log on
// without tickets, a process is blind without its controllers, an application
// stands still without its database. Of the others a client goes without for a
// while.
func (k Kind) Needed() bool {
	switch k {
	case NameResolution, Authentication, Control, Database:
		return true
	}
	return false
}

// kindOf are kinds by the name of the protocol that the content shows, Zeek's
// words. The first word of a connection's list that is known decides, in the
// order of this list.
var kindOf = []struct {
	kind Kind
	name string
}{
	{Control, "modbus"}, {Control, "dnp3"}, {Control, "s7comm"}, {Control, "enip"}, {Control, "bacnet"},
	{Control, "iec104"}, {Control, "mms"}, {Control, "fins"}, {Control, "fox"}, {Control, "ads"}, {Control, "hart-ip"}, {Control, "opcua-binary"}, {Control, "synchrophasor"}, {Control, "cotp"},
	{Mail, "smtp"}, {Mail, "imap"}, {Mail, "pop3"},
	{Database, "mysql"}, {Database, "postgresql"}, {Database, "tds"}, {Database, "redis"}, {Database, "mongodb"}, {Database, "oracle"},
	{Administration, "rdp"}, {Administration, "ssh"}, {Administration, "rfb"}, {Administration, "telnet"}, {Administration, "winrm"},
	{Authentication, "radius"},
	{File, "smb"}, {File, "nfs"}, {File, "ftp"}, {File, "ftp-data"}, {File, "tftp"},
	{Administration, "dce_rpc"}, {Administration, "dce_rpc_cl"},
	{Authentication, "ldap"},
	{NameResolution, "dns"}, {Addressing, "dhcp"}, {Time, "ntp"},
	{Logging, "syslog"}, {Monitoring, "snmp"}, {Proxying, "socks"},
	{Telephony, "sip"}, {Tunnelling, "ipsec"}, {Tunnelling, "openvpn"}, {Tunnelling, "wireguard"},
	{Messaging, "mqtt"}, {Messaging, "xmpp"}, {Messaging, "irc"}, {Web, "websocket"},
	{Web, "http"}, {Web, "http2"}, {Web, "quic"}, {Web, "git"}, {Authentication, "krb"}, {Web, "ssl"}, {Web, "dtls"}, // Kerberos within another proves who asks
}

// carriers are names of what carries others, or proves who asks: they say what
// a service is only where nothing else does.
var carriers = map[string]bool{"ssl": true, "dtls": true, "gssapi": true, "ntlm": true, "spnego": true, "websocket": true, "cotp": true, "stun": true}

// portNames are services by port, where content says nothing: IANA's names,
// and those of the products that use them.
var portNames = map[string]map[uint16]string{
	"tcp": {
		21: "ftp", 22: "ssh", 23: "telnet", 25: "smtp", 49: "tacacs", 53: "dns", 80: "http", 88: "krb", 102: "cotp", 110: "pop3", 111: "nfs", 135: "dce_rpc", 139: "smb", 143: "imap",
		389: "ldap", 443: "ssl", 445: "smb", 464: "krb", 465: "smtp", 502: "modbus", 514: "syslog", 515: "lpd", 587: "smtp", 593: "dce_rpc", 631: "ipp", 636: "ldap", 993: "imap", 995: "pop3",
		1080: "socks", 1433: "tds", 1521: "oracle", 1723: "pptp", 1883: "mqtt", 1911: "fox", 2049: "nfs", 2404: "iec104", 3128: "http-proxy", 3268: "ldap", 3269: "ldap", 3306: "mysql", 3389: "rdp", 4840: "opcua-binary", 4911: "fox",
		5060: "sip", 5061: "sip", 5222: "xmpp", 5432: "postgresql", 5900: "rfb", 5985: "winrm", 5986: "winrm", 6379: "redis", 6514: "syslog", 8080: "http", 8443: "ssl", 8530: "wsus", 8531: "wsus", 9100: "jetdirect", 9389: "adws", 9600: "fins",
		10050: "zabbix", 20000: "dnp3", 27017: "mongodb", 34962: "profinet", 44818: "enip", 48898: "ads",
	},
	"udp": {
		53: "dns", 67: "dhcp", 69: "tftp", 88: "krb", 123: "ntp", 137: "netbios-ns", 138: "netbios-dgm", 161: "snmp", 162: "snmp", 389: "ldap", 464: "krb", 500: "ipsec", 514: "syslog", 547: "dhcpv6", 1194: "openvpn", 1645: "radius", 1646: "radius", 1701: "l2tp", 1812: "radius", 1813: "radius",
		2055: "netflow", 2222: "enip", 3389: "rdp", 4500: "ipsec", 4739: "ipfix", 5060: "sip", 5094: "hart-ip", 6343: "sflow", 9600: "fins", 20000: "dnp3", 34964: "profinet", 44818: "enip", 47808: "bacnet", 51820: "wireguard", 443: "quic",
	},
}

// portKinds are kinds of services that only their port names.
var portKinds = map[string]Kind{
	"tacacs": Authentication, "lpd": Printing, "ipp": Printing, "jetdirect": Printing, "pptp": Tunnelling, "l2tp": Tunnelling, "http-proxy": Proxying, "wsus": Update, "adws": Authentication,
	"zabbix": Monitoring, "profinet": Control, "netflow": Logging, "ipfix": Logging, "sflow": Logging, "netbios-ns": Other, "netbios-dgm": Other,
}

// pushed are services that a client sends to without an answer.
var pushed = map[uint16]bool{162: true, 514: true, 2055: true, 4739: true, 6343: true}

// within are services that are told from what carries them by their port.
var within = map[string]map[uint16]string{
	"http": {5985: "winrm", 5986: "winrm", 8530: "wsus", 8531: "wsus", 3128: "http-proxy", 631: "ipp"},
	"ssl":  {465: "smtp", 587: "smtp", 636: "ldap", 993: "imap", 995: "pop3", 1433: "tds", 3269: "ldap", 3389: "rdp", 4911: "fox", 5061: "sip", 5986: "winrm", 6514: "syslog", 8531: "wsus", 9389: "adws"},
}

// classify names the service of a connection and its kind. byPort says that
// only the port speaks for it.
func classify(service, proto string, port uint16) (name string, kind Kind, byPort bool) {
	name = byContent(service)
	if inner, ok := within[name][port]; ok {
		return inner, kindNamed(inner), false
	}
	if name != "" && !carriers[name] {
		return name, kindNamed(name), false
	}
	named := portNames[proto][port]
	switch {
	case name != "": // a carrier: what it carries was not read
		if name == "cotp" || named == "" || kindNamed(named) == Web {
			return name, kindNamed(name), false
		}
		return named, kindNamed(named), true
	case named != "":
		return named, kindNamed(named), true
	}
	word, _, _ := strings.Cut(service, ",")
	return plain(word), Other, word == ""
}

// alias are other names of the same service.
var alias = map[string]string{"s7comm-plus": "s7comm", "s7comm_plus": "s7comm", "cip": "enip", "hart_ip": "hart-ip", "opcua_binary": "opcua-binary", "kerberos": "krb", "ike": "ipsec", "rdpeudp": "rdp", "dhcpv6": "dhcp", "netbios_dgm": "netbios-dgm"}

// plain is the name of a service whatever carries it: krb of krb_tcp.
func plain(name string) string {
	name = strings.TrimSuffix(strings.TrimSuffix(name, "_tcp"), "_udp")
	if a, ok := alias[name]; ok {
		return a
	}
	return name
}

// kindNamed is the kind of a service of that name.
func kindNamed(name string) Kind {
	if k, ok := portKinds[name]; ok {
		return k
	}
	if i, ok := rankOf[name]; ok {
		return kindOf[i].kind
	}
	return Other
}

// rankOf is the place of each name in kindOf.
var rankOf = func() map[string]int {
	out := make(map[string]int, len(kindOf))
	for i := range kindOf {
		out[kindOf[i].name] = i
	}
	return out
}()

// byContent is the word of the list that comes first in kindOf, "" for none.
func byContent(service string) string {
	best, at := "", len(kindOf)
	for rest := service; rest != ""; {
		var word string
		word, rest, _ = strings.Cut(rest, ",")
		word = plain(word)
		if i, ok := rankOf[word]; ok && i < at {
			best, at = word, i
		}
	}
	return best
}
