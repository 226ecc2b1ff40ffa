package ssl

import (
	"slices"
	"strconv"

	"longwatch/internal/tlshello"
)

// A code is a number of the protocol and its name.
type code struct {
	n    uint32
	name string
}

// lookup finds n in a table that is in order.
func lookup(table []code, n uint32) (string, bool) {
	i, ok := slices.BinarySearchFunc(table, n, func(c code, n uint32) int { return int(c.n) - int(n) })
	if !ok {
		return "", false
	}
	return table[i].name, true
}

func unknown(n uint32) string { return "unknown-" + strconv.FormatUint(uint64(n), 10) }

// cipherName is the name of a cipher suite.
func cipherName(n uint32) string {
	table := suites[:]
	if n >= 0xc000 {
		table = highSuites[:]
	}
	if name, ok := lookup(table, n); ok {
		return name
	}
	return unknown(n)
}

// groupName is the name of a curve or key exchange group.
func groupName(n uint16) string {
	if tlshello.IsGREASE(n) {
		const hex = "0123456789ABCDEF"
		d := hex[n>>12]
		return string([]byte{'g', 'r', 'e', 'a', 's', 'e', '_', '0', 'x', d, 'A', d, 'A'})
	}
	if name, ok := lookup(groups[:], uint32(n)); ok {
		return name
	}
	return unknown(uint32(n))
}

// alertName is the description of an alert.
func alertName(n uint32) string {
	if name, ok := lookup(alerts[:], n); ok {
		return name
	}
	return unknown(n)
}

// versionName is the name of a protocol version.
func versionName(v uint16) string {
	switch v {
	case tlshello.SSL2:
		return "SSLv2"
	case tlshello.SSL3:
		return "SSLv3"
	case tlshello.TLS10:
		return "TLSv10"
	case tlshello.TLS11:
		return "TLSv11"
	case tlshello.TLS12:
		return "TLSv12"
	case tlshello.TLS13:
		return "TLSv13"
	case tlshello.DTLS09:
		return "DTLSv09"
	case tlshello.DTLS10:
		return "DTLSv10"
	case tlshello.DTLS12:
		return "DTLSv12"
	case tlshello.DTLS13:
		return "DTLSv13"
	}
	if tlshello.IsDraft13(v) {
		return "TLSv13-draft" + strconv.Itoa(int(v&0xff))
	}
	return unknown(uint32(v))
}

// groups are IANA's TLS Supported Groups, in order.
var groups = [...]code{
	{0x0001, "sect163k1"},
	{0x0002, "sect163r1"},
	{0x0003, "sect163r2"},
	{0x0004, "sect193r1"},
	{0x0005, "sect193r2"},
	{0x0006, "sect233k1"},
	{0x0007, "sect233r1"},
	{0x0008, "sect239k1"},
	{0x0009, "sect283k1"},
	{0x000a, "sect283r1"},
	{0x000b, "sect409k1"},
	{0x000c, "sect409r1"},
	{0x000d, "sect571k1"},
	{0x000e, "sect571r1"},
	{0x000f, "secp160k1"},
	{0x0010, "secp160r1"},
	{0x0011, "secp160r2"},
	{0x0012, "secp192k1"},
	{0x0013, "secp192r1"},
	{0x0014, "secp224k1"},
	{0x0015, "secp224r1"},
	{0x0016, "secp256k1"},
	{0x0017, "secp256r1"},
	{0x0018, "secp384r1"},
	{0x0019, "secp521r1"},
	{0x001a, "brainpoolP256r1"},
	{0x001b, "brainpoolP384r1"},
	{0x001c, "brainpoolP512r1"},
	{0x001d, "x25519"},
	{0x001e, "x448"},
	{0x001f, "brainpoolP256r1tls13"},
	{0x0020, "brainpoolP384r1tls13"},
	{0x0021, "brainpoolP512r1tls13"},
	{0x0022, "GC256A"},
	{0x0023, "GC256B"},
	{0x0024, "GC256C"},
	{0x0025, "GC256D"},
	{0x0026, "GC512A"},
	{0x0027, "GC512B"},
	{0x0028, "GC512C"},
	{0x0029, "curveSM2"},
	{0x0100, "ffdhe2048"},
	{0x0101, "ffdhe3072"},
	{0x0102, "ffdhe4096"},
	{0x0103, "ffdhe6144"},
	{0x0104, "ffdhe8192"},
	{0x0200, "MLKEM512"},
	{0x0201, "MLKEM768"},
	{0x0202, "MLKEM1024"},
	{0x11eb, "SecP256r1MLKEM768"},
	{0x11ec, "X25519MLKEM768"},
	{0x11ed, "SecP384r1MLKEM1024"},
	{0x11ee, "curveSM2MLKEM768"},
	{0x4138, "CECPQ2"},
	{0x6399, "X25519Kyber768Draft00"},
	{0x639a, "SecP256r1Kyber768Draft00"},
	{0xff01, "arbitrary_explicit_prime_curves"},
	{0xff02, "arbitrary_explicit_char2_curves"},
}

// alerts are the alert descriptions of RFC 8446 section 6 and its forerunners, in
// order.
var alerts = [...]code{
	{0x0000, "close_notify"},
	{0x000a, "unexpected_message"},
	{0x0014, "bad_record_mac"},
	{0x0015, "decryption_failed"},
	{0x0016, "record_overflow"},
	{0x001e, "decompression_failure"},
	{0x0028, "handshake_failure"},
	{0x0029, "no_certificate"},
	{0x002a, "bad_certificate"},
	{0x002b, "unsupported_certificate"},
	{0x002c, "certificate_revoked"},
	{0x002d, "certificate_expired"},
	{0x002e, "certificate_unknown"},
	{0x002f, "illegal_parameter"},
	{0x0030, "unknown_ca"},
	{0x0031, "access_denied"},
	{0x0032, "decode_error"},
	{0x0033, "decrypt_error"},
	{0x003c, "export_restriction"},
	{0x0046, "protocol_version"},
	{0x0047, "insufficient_security"},
	{0x0050, "internal_error"},
	{0x0056, "inappropriate_fallback"},
	{0x005a, "user_canceled"},
	{0x0064, "no_renegotiation"},
	{0x006e, "unsupported_extension"},
	{0x006f, "certificate_unobtainable"},
	{0x0070, "unrecognized_name"},
	{0x0071, "bad_certificate_status_response"},
	{0x0072, "bad_certificate_hash_value"},
	{0x0073, "unknown_psk_identity"},
	{0x0074, "certificate_required"},
	{0x0075, "general_error"},
	{0x0078, "no_application_protocol"},
	{0x0079, "ech_required"},
}
