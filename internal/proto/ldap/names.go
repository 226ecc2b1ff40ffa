package ldap

// Operations by their application tags (RFC 4511 section 4.2 to 4.13).
const (
	bindRequest      = 0
	bindResponse     = 1
	unbindRequest    = 2
	searchRequest    = 3
	searchEntry      = 4
	searchDone       = 5
	modifyRequest    = 6
	modifyResponse   = 7
	addRequest       = 8
	addResponse      = 9
	delRequest       = 10
	delResponse      = 11
	modDNRequest     = 12
	modDNResponse    = 13
	compareRequest   = 14
	compareResponse  = 15
	abandonRequest   = 16
	searchReference  = 19
	extendedRequest  = 23
	extendedResponse = 24
	intermediate     = 25
)

// opcodes are Zeek's names of operations, requests and answers alike.
var opcodes = map[uint8]string{
	bindRequest: "bind", bindResponse: "bind", unbindRequest: "unbind", modifyRequest: "modify", modifyResponse: "modify",
	addRequest: "add", addResponse: "add", delRequest: "delete", delResponse: "delete", modDNRequest: "modify",
	modDNResponse: "modify", compareRequest: "compare", compareResponse: "compare", abandonRequest: "abandon",
	extendedRequest: "extended", extendedResponse: "extended", intermediate: "intermediate",
}

// binds names the ways to authenticate (section 4.2, MS-ADTS section 5.1.1.1).
var binds = map[uint8]string{
	0: "bind simple", 3: "bind SASL", 9: "LDAP::BindAuthType_SICILY_PACKAGE_DISCOVERY",
	10: "sicily_negotiate", 11: "sicily_response",
}

const (
	simple   = 0
	sasl     = 3
	sicilyAt = 9 // and the two after it
)

// startTLS is the object identifier of section 4.14.1.
const startTLS = "1.3.6.1.4.1.1466.20037"

func extensionName(oid string) string {
	switch oid {
	case startTLS:
		return "StartTLS"
	case "1.3.6.1.4.1.4203.1.11.3": // RFC 4532
		return "whoami"
	}
	return "unknown"
}

const (
	resultOK       = 0
	saslInProgress = 14
)

// results are the codes of RFC 4511 appendix A and RFC 3928, 3909, 4528, 4370,
// and those of client libraries (draft-ietf-ldapext-ldap-c-api), as Zeek names
// them.
var results = map[int64]string{
	0: "success", 1: "operations error", 2: "protocol error", 3: "time limit exceeded", 4: "size limit exceeded",
	5: "compare false", 6: "compare true", 7: "auth method not supported", 8: "stronger auth required",
	9: "partial results", 10: "referral", 11: "admin limit exceeded", 12: "unavailable critical extension",
	13: "confidentiality required", 14: "SASL bind in progress", 16: "no such attribute",
	17: "undefined attribute type", 18: "inappropriate matching", 19: "constraint violation",
	20: "attribute or value exists", 21: "invalid attribute syntax", 32: "no such object", 33: "alias problem",
	34: "invalid DN syntax", 36: "alias dereferencing problem", 48: "inappropriate authentication",
	49: "invalid credentials", 50: "insufficient access rights", 51: "busy", 52: "unavailable",
	53: "unwilling to perform", 54: "loop detect", 60: "sort control missing", 61: "offset range error",
	64: "naming violation", 65: "object class violation", 66: "not allowed on non-leaf", 67: "not allowed on RDN",
	68: "entry already exists", 69: "object class mods prohibited", 70: "results too large",
	71: "affects multiple DSAs", 76: "control error", 80: "other", 81: "server down", 82: "local error",
	83: "encoding error", 84: "decoding error", 85: "timeout", 86: "auth unknown", 87: "filter error",
	88: "user canceled", 89: "param error", 90: "no memory", 91: "connect error", 92: "not supported",
	93: "control not found", 94: "no results returned", 95: "more results to return", 96: "client loop",
	97: "referral limit exceeded", 100: "invalid response", 101: "ambiguous response", 112: "TLS not supported",
	113: "intermediate response", 114: "unknown type", 115: "LCUP invalid data", 116: "LCUP unsupported scheme",
	117: "LCUP reload required", 118: "canceled", 119: "no such operation", 120: "too late", 121: "cannot cancel",
	122: "assertion failed", 123: "authorization denied",
}

func resultName(code int64) string {
	if name := results[code]; name != "" {
		return name
	}
	return "unknown"
}

func nth(n int64, names ...string) string {
	if n >= 0 && n < int64(len(names)) {
		return names[n]
	}
	return "unknown"
}
