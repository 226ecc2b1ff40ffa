package dns

import "strconv"

// Types whose data is read.
const (
	typeA          = 1
	typeNS         = 2
	typeCNAME      = 5
	typeSOA        = 6
	typeWKS        = 11
	typePTR        = 12
	typeHINFO      = 13
	typeMX         = 15
	typeTXT        = 16
	typeAAAA       = 28
	typeLOC        = 29
	typeNB         = 32 // NetBIOS; NIMLOC elsewhere
	typeSRV        = 33 // NBSTAT in NetBIOS
	typeNAPTR      = 35
	typeA6         = 38
	typeOPT        = 41
	typeDS         = 43
	typeSSHFP      = 44
	typeRRSIG      = 46
	typeNSEC       = 47
	typeDNSKEY     = 48
	typeNSEC3      = 50
	typeNSEC3PARAM = 51
	typeSVCB       = 64
	typeHTTPS      = 65
	typeSPF        = 99
	typeTKEY       = 249
	typeTSIG       = 250
	typeANY        = 255
	typeCAA        = 257
	typeBIND       = 65534 // private use: BIND's progress of signing
)

// Classes that updates give a meaning of their own (RFC 2136 section 2.4).
const (
	classNone = 254
	classAny  = 255
)

// Operations that are recorded.
const (
	opQuery   = 0
	opInverse = 1 // obsolete (RFC 3425), and not recorded
	opNotify  = 4
	opUpdate  = 5 // in NetBIOS: registration, which looks like a query
)

// From the IANA "Domain Name System (DNS) Parameters" registry, spelled as
// Zeek spells them.
var typeNames = map[uint16]string{
	1: "A", 2: "NS", 3: "MD", 4: "MF", 5: "CNAME", 6: "SOA", 7: "MB", 8: "MG", 9: "MR", 10: "NULL", 11: "WKS", 12: "PTR", 13: "HINFO", 14: "MINFO",
	15: "MX", 16: "TXT", 17: "RP", 18: "AFSDB", 19: "X25", 20: "ISDN", 21: "RT", 22: "NSAP", 23: "NSAP-PTR", 24: "SIG", 25: "KEY", 26: "PX",
	27: "GPOS", 28: "AAAA", 29: "LOC", 30: "NXT", 31: "EID", 32: "NIMLOC", 33: "SRV", 34: "ATMA", 35: "NAPTR", 36: "KX", 37: "CERT", 38: "A6",
	39: "DNAME", 40: "SINK", 41: "OPT", 42: "APL", 43: "DS", 44: "SSHFP", 45: "IPSECKEY", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 49: "DHCID",
	50: "NSEC3", 51: "NSEC3PARAM", 52: "TLSA", 53: "SMIMEA", 55: "HIP", 56: "NINFO", 57: "RKEY", 58: "TALINK", 59: "CDS", 60: "CDNSKEY",
	61: "OPENPGPKEY", 62: "CSYNC", 63: "ZONEMD", 64: "SVCB", 65: "HTTPS", 99: "SPF", 100: "UINFO", 101: "UID", 102: "GID", 103: "UNSPEC", 104: "NID",
	105: "L32", 106: "L64", 107: "LP", 108: "EUI48", 109: "EUI64", 249: "TKEY", 250: "TSIG", 251: "IXFR", 252: "AXFR", 253: "MAILB", 254: "MAILA",
	255: "*", 256: "URI", 257: "CAA", 32768: "TA", 32769: "DLV", 65281: "WINS", 65282: "WINS-R",
	65422: "XPF", 65521: "INTEGRITY",
}

// numbered caches nothing: unknown codes are rare.
func numbered(prefix string, n uint16) string { return prefix + strconv.Itoa(int(n)) }

func typeName(t uint16) string {
	if n, ok := typeNames[t]; ok {
		return n
	}
	return numbered("query-", t)
}

func className(c uint16) string {
	switch c {
	case 1:
		return "C_INTERNET"
	case 2:
		return "C_CSNET"
	case 3:
		return "C_CHAOS"
	case 4:
		return "C_HESIOD"
	case 254:
		return "C_NONE"
	case 255:
		return "C_ANY"
	}
	return numbered("qclass-", c)
}

var rcodeNames = [...]string{
	"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSet", "NOTAUTH", "NOTZONE",
	"unassigned-11", "unassigned-12", "unassigned-13", "unassigned-14", "unassigned-15",
}

// opcodeName names the operation; NetBIOS (RFC 1002 section 4.2.1.1) has its own.
func opcodeName(op uint8, netbios bool) string {
	if netbios {
		switch op {
		case 0:
			return "netbios-query"
		case 5:
			return "netbios-registration"
		case 6:
			return "netbios-release"
		case 7:
			return "netbios-wack"
		case 8:
			return "netbios-refresh"
		}
	}
	switch op {
	case 0:
		return "query"
	case 1:
		return "iquery"
	case 2:
		return "server-status"
	case 4:
		return "notify"
	case 5:
		return "dynamic-update"
	case 6:
		return "dso"
	}
	return "opcode-" + strconv.Itoa(int(op))
}
