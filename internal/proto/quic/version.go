package quic

import "fmt"

// The versions that are told apart.
const (
	version1      = 0x00000001
	version2      = 0x6b3343cf
	version2Draft = 0x709a50c4
	draftMin      = 0xff000001 // draft-ietf-quic-transport-01
	draftInvar    = 0xff000016 // -22: the first whose header is that of RFC 8999
	draftMax      = 0xff000022 // -34
	mvfstMin      = 0xfaceb000 // Facebook's mvfst
	mvfstMax      = 0xfaceb013
)

// A family is how packets of a version are laid out and protected.
type family uint8

const (
	unknown  family = iota
	ietf            // RFC 9000 and its drafts from -22 on
	second          // RFC 9369: other packet types and labels
	early           // drafts before -22, known by name only
	googleQ4        // Q044 to Q048: a long header, nothing encrypted
	googleQ5        // Q049, Q050: encrypted as drafts are, Google's crypto inside
	googleT         // T048 to T051: Google's framing, TLS inside
)

func familyOf(v uint32) family {
	switch {
	case v == version1, v >= draftInvar && v <= draftMax, v >= mvfstMin && v <= mvfstMax:
		return ietf
	case v == version2, v == version2Draft:
		return second
	case v >= draftMin && v < draftInvar:
		return early
	}
	if n, ok := google(v); ok {
		switch {
		case v>>24 == 'T' && n >= 48:
			return googleT
		case v>>24 == 'Q' && n >= 49:
			return googleQ5
		case v>>24 == 'Q' && n >= 44:
			return googleQ4
		}
	}
	return unknown
}

// google tells Google's versions, Q0dd and T0dd, and gives their number.
func google(v uint32) (int, bool) {
	tens, ones := v>>8&0xff-'0', v&0xff-'0'
	if lead := v >> 16; (lead != 'Q'<<8|'0' && lead != 'T'<<8|'0') || tens > 9 || ones > 9 {
		return 0, false
	}
	return int(tens*10 + ones), true
}

// greased tells the versions that only force a negotiation (RFC 9000 section 15).
func greased(v uint32) bool { return v&0x0f0f0f0f == 0x0a0a0a0a }

// versionName is Zeek's name of a version, and Google's own for theirs.
func versionName(v uint32) string {
	switch {
	case v == version1:
		return "1"
	case v == version2:
		return "quicv2"
	case v >= draftInvar && v <= draftMax:
		return fmt.Sprintf("draft-%d", v&0xff)
	case v >= mvfstMin && v <= mvfstMax:
		return fmt.Sprintf("mvfst (%x)", v)
	}
	if _, ok := google(v); ok {
		return string([]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})
	}
	return fmt.Sprintf("unknown-%x", v)
}

// salt is what the keys of Initial packets are extracted with (RFC 9001 section
// 5.2, RFC 9369 section 3.3.1, the drafts, Chromium's quic_crypto).
func salt(v uint32) string {
	switch {
	case v == version2:
		return "\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9"
	case v == version2Draft:
		return "\xa7\x07\xc2\x03\xa5\x9b\x47\x18\x4a\x1d\x62\xca\x57\x04\x06\xea\x7a\xe3\xe5\xd3"
	case v == draftInvar, v == mvfstMin, v == mvfstMin+1:
		return "\x7f\xbc\xdb\x0e\x7c\x66\xbb\xe9\x19\x3a\x96\xcd\x21\x51\x9e\xbd\x7a\x02\x64\x4a"
	case v > draftInvar && v <= 0xff00001c, v > mvfstMin+1 && v <= mvfstMax:
		return "\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02"
	case v >= 0xff00001d && v <= 0xff000020:
		return "\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99"
	}
	switch f := familyOf(v); {
	case f == googleQ5:
		return "\x50\x45\x74\xef\xd0\x66\xfe\x2f\x9d\x94\x5c\xfc\xdb\xd3\xa7\xf0\xd3\xb5\x6b\x45"
	case f == googleT && v&0xff == '1':
		return "\x7a\x4e\xde\xf4\xe7\xcc\xee\x5f\xa4\x50\x6c\x19\x12\x4f\xc8\xcc\xda\x6e\x03\x3d"
	case f == googleT:
		return "\x7f\xf5\x79\xe5\xac\xd0\x72\x91\x55\x80\x30\x4c\x43\xa2\x36\x7c\x60\x48\x83\x10"
	}
	return "\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a"
}
