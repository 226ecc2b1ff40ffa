package segmentation

import (
	"strings"
)

// class is what a protocol is for, as far as the border between zones is
// concerned.
type class uint8

const (
	other     class = iota
	field           // commands and readings of controllers: belongs below level 3
	plant           // industrial, but made to be passed on upwards: OPC UA, Niagara Fox, MQTT
	admin           // gives whoever uses it the host: RDP, SSH, Telnet, VNC, WinRM
	directory       // logs on to a directory
	basic           // names, time, echo: every host asks for it
	web             // pages and what is tunnelled like them
	files           // shares
)

// Protocols that only their names tell: none of them is called otherwise.
var classes = map[string]class{
	"modbus": field, "dnp3": field, "s7comm": field, "enip": field, "bacnet": field, "iec104": field, "mms": field, "ads": field,
	"fins": field, "hart": field, "profinet": field, "ethercat": field, "synchrophasor": field, "genisys": field, "roc_plus": field, "iso-tsap": field,
	"srtp": field, "melsec": field, "tristation": field, "omron-tcp": field, "pcworx": field, "codesys": field, "goose": field, "modbus-tls": field,
	"opcua": plant, "fox": plant, "mqtt": plant,
	"rdp": admin, "ssh": admin, "telnet": admin, "vnc": admin, "winrm": admin, "rlogin": admin, "rsh": admin, "teamviewer": admin, "anydesk": admin, "radmin": admin,
	"kerberos": directory, "ldap": directory, "ldaps": directory,
	"dns": basic, "ntp": basic, "icmp": basic, "dhcp": basic,
	"http": web, "https": web, "tls": web, "quic": web,
	"smb": files, "nfs": files, "ftp": files,
}

// contents are what parsers and other sensors write in the service of a
// connection, by what is understood here. Prefixes of the longer names of
// other sensors count, such as dnp3_tcp.
var contents = []struct{ begins, name string }{
	{"modbus", "modbus"}, {"dnp3", "dnp3"}, {"s7comm", "s7comm"}, {"enip", "enip"}, {"cip", "enip"}, {"bacnet", "bacnet"}, {"iec104", "iec104"}, {"mms", "mms"},
	{"ads", "ads"}, {"fins", "fins"}, {"omron_fins", "fins"}, {"hart", "hart"}, {"profinet", "profinet"}, {"ethercat", "ethercat"}, {"synchrophasor", "synchrophasor"}, {"genisys", "genisys"}, {"roc_plus", "roc_plus"},
	{"opcua", "opcua"}, {"fox", "fox"}, {"mqtt", "mqtt"}, {"rdp", "rdp"}, {"ssh", "ssh"}, {"telnet", "telnet"}, {"rfb", "vnc"}, {"krb", "kerberos"}, {"ldap", "ldap"},
	{"dns", "dns"}, {"ntp", "ntp"}, {"dhcp", "dhcp"}, {"http", "http"}, {"ssl", "tls"}, {"quic", "quic"}, {"smb", "smb"}, {"nfs", "nfs"}, {"ftp", "ftp"}, {"dce_rpc", "dcerpc"},
	{"cotp", "iso-tsap"},
}

// carried are contents that say how somebody logs on, or what a connection is
// wrapped in, and not what it is for.
var carried = map[string]bool{"gssapi": true, "ntlm": true, "krb": true, "krb_tcp": true, "ssl": true, "spnego": true, "cotp": true}

type endpoint struct {
	transport transport
	port      uint16
}

// ports name what a port is assigned to, where the content was not
// understood. Source: IANA, Service Name and Transport Protocol Port Number
// Registry; for TriStation, SRTP, MELSEC, PC Worx and CODESYS the vendors'
// manuals.
var ports = map[endpoint]string{
	{tcp, 502}: "modbus", {tcp, 802}: "modbus-tls", {tcp, 20000}: "dnp3", {udp, 20000}: "dnp3", {tcp, 102}: "iso-tsap", {tcp, 44818}: "enip", {udp, 44818}: "enip", {udp, 2222}: "enip",
	{udp, 47808}: "bacnet", {tcp, 2404}: "iec104", {tcp, 48898}: "ads", {udp, 48899}: "ads", {udp, 9600}: "fins", {tcp, 9600}: "fins", {udp, 5094}: "hart", {tcp, 5094}: "hart",
	{tcp, 4712}: "synchrophasor", {udp, 4713}: "synchrophasor", {tcp, 18245}: "srtp", {tcp, 5007}: "melsec", {udp, 1502}: "tristation", {tcp, 1962}: "pcworx",
	{udp, 34964}: "profinet", {tcp, 4840}: "opcua", {tcp, 1911}: "fox", {tcp, 4911}: "fox", {tcp, 1883}: "mqtt", {tcp, 8883}: "mqtt",
	{tcp, 3389}: "rdp", {udp, 3389}: "rdp", {tcp, 22}: "ssh", {tcp, 23}: "telnet", {tcp, 5900}: "vnc", {tcp, 5901}: "vnc", {tcp, 5985}: "winrm", {tcp, 5986}: "winrm", {tcp, 513}: "rlogin", {tcp, 514}: "rsh",
	{tcp, 5938}: "teamviewer", {tcp, 7070}: "anydesk", {tcp, 4899}: "radmin",
	{tcp, 88}: "kerberos", {udp, 88}: "kerberos", {tcp, 389}: "ldap", {udp, 389}: "ldap", {tcp, 636}: "ldaps", {tcp, 3268}: "ldap", {tcp, 3269}: "ldaps",
	{udp, 53}: "dns", {tcp, 53}: "dns", {udp, 123}: "ntp", {udp, 67}: "dhcp", {tcp, 80}: "http", {tcp, 8080}: "http", {tcp, 443}: "https", {tcp, 8443}: "https", {udp, 443}: "quic",
	{tcp, 445}: "smb", {tcp, 139}: "smb", {tcp, 2049}: "nfs", {tcp, 21}: "ftp", {tcp, 135}: "dcerpc", {tcp, 25}: "smtp", {tcp, 587}: "smtp", {tcp, 465}: "smtp",
	{tcp, 143}: "imap", {tcp, 993}: "imap", {tcp, 995}: "pop3", {tcp, 1433}: "tds", {tcp, 3306}: "mysql", {tcp, 5432}: "postgresql", {tcp, 1521}: "oracle", {udp, 161}: "snmp", {udp, 162}: "snmp", {udp, 514}: "syslog", {tcp, 5450}: "pi",
}

// name says what a connection is for. byPort tells that its content did not
// say so, and only the port does.
func name(service string, t transport, port uint16) (protocol string, byPort bool) {
	best := ""
	for s := range strings.SplitSeq(service, ",") {
		if s == "" || s == "-" || best != "" && carried[s] {
			continue
		}
		n := content(s)
		if best == "" || carriedName(best) || classes[n] == field {
			best = n
		}
	}
	switch at := ports[endpoint{t, port}]; {
	case t == icmp:
		return "icmp", false
	case best == "" && at == "":
		return unknown, false
	case best == "":
		return at, true
	case best == "tls" && at != "":
		return at, at != "https" // what TLS carries, only the port tells
	case best == "http" && at == "winrm":
		return at, false
	}
	return best, false
}

// unknown is the name of a protocol that neither content nor port tells.
const unknown = "unknown"

// content is what is understood by a name of content. One that is not known
// here stays as it is, as far as it can be written in a file of zones and read
// again.
func content(s string) string {
	s = strings.ToLower(s)
	for _, c := range contents {
		if strings.HasPrefix(s, c.begins) {
			return c.name
		}
	}
	s = protocolName(short(clean(s), maxProtocol))
	if s == "" {
		return unknown
	}
	return s
}

// maxProtocol is the length of a protocol's name, in characters.
const maxProtocol = 32

// carriedName tells whether a name came from content that wraps another.
func carriedName(n string) bool {
	return n == "tls" || n == "kerberos" || n == "gssapi" || n == "ntlm" || n == "spnego" || n == "iso-tsap"
}
