package ipsec

import (
	"encoding/hex"
	"strconv"
	"strings"
)

// exchanges are the kinds of exchange (IANA, "IPSec Registry" and "Internet Key
// Exchange Version 2 (IKEv2) Parameters").
var exchanges = map[uint8]string{
	1: "base", 2: "identity-protection", 3: "authentication-only", 4: "aggressive", 5: "informational", 6: "transaction",
	32: "quick-mode", 33: "new-group-mode",
	34: "ike-sa-init", 35: "ike-auth", 36: "create-child-sa", 37: "informational", 38: "ike-session-resume",
	43: "ike-intermediate", 44: "ike-followup-ke",
}

// ciphers are IKEv2's transforms of type 1.
var ciphers = map[uint16]string{
	1: "des-iv64", 2: "des", 3: "3des", 4: "rc5", 5: "idea", 6: "cast", 7: "blowfish", 8: "3idea", 9: "des-iv32", 11: "null",
	12: "aes-cbc", 13: "aes-ctr", 14: "aes-ccm-8", 15: "aes-ccm-12", 16: "aes-ccm-16", 18: "aes-gcm-8", 19: "aes-gcm-12",
	20: "aes-gcm-16", 23: "camellia-cbc", 24: "camellia-ctr", 28: "chacha20-poly1305",
}

// oldCiphers are IKEv1's.
var oldCiphers = map[uint16]string{
	1: "des-cbc", 2: "idea-cbc", 3: "blowfish-cbc", 4: "rc5-cbc", 5: "3des-cbc", 6: "cast-cbc", 7: "aes-cbc", 8: "camellia-cbc",
}

// prfs are IKEv2's transforms of type 2.
var prfs = map[uint16]string{
	1: "prf-hmac-md5", 2: "prf-hmac-sha1", 3: "prf-hmac-tiger", 4: "prf-aes128-xcbc", 5: "prf-hmac-sha2-256",
	6: "prf-hmac-sha2-384", 7: "prf-hmac-sha2-512", 8: "prf-aes128-cmac",
}

// macs are IKEv2's transforms of type 3.
var macs = map[uint16]string{
	1: "hmac-md5-96", 2: "hmac-sha1-96", 3: "des-mac", 5: "aes-xcbc-96", 12: "hmac-sha2-256-128", 13: "hmac-sha2-384-192",
	14: "hmac-sha2-512-256",
}

// hashes are IKEv1's.
var hashes = map[uint16]string{1: "md5", 2: "sha1", 3: "tiger", 4: "sha2-256", 5: "sha2-384", 6: "sha2-512"}

// groups are those of both versions.
var groups = map[uint16]string{
	1: "modp768", 2: "modp1024", 5: "modp1536", 14: "modp2048", 15: "modp3072", 16: "modp4096", 17: "modp6144", 18: "modp8192",
	19: "ecp256", 20: "ecp384", 21: "ecp521", 22: "modp1024s160", 23: "modp2048s224", 24: "modp2048s256", 25: "ecp192",
	26: "ecp224", 27: "brainpool224", 28: "brainpool256", 29: "brainpool384", 30: "brainpool512", 31: "curve25519", 32: "curve448",
	35: "ml-kem-512", 36: "ml-kem-768", 37: "ml-kem-1024",
}

// methods are IKEv1's ways to authenticate.
var methods = map[uint16]string{
	1: "pre-shared-key", 2: "dss-signature", 3: "rsa-signature", 4: "rsa-encryption", 5: "rsa-revised-encryption",
	64221: "hybrid-rsa", 65001: "xauth-pre-shared-key", 65005: "xauth-rsa-signature",
}

// failures are the notifications that report an error; IKEv2's and IKEv1's that
// have the same number are the same thing.
var failures = map[uint16]string{
	1: "unsupported-critical-payload", 4: "invalid-ike-spi", 5: "invalid-major-version", 7: "invalid-syntax", 9: "invalid-message-id",
	11: "invalid-spi", 14: "no-proposal-chosen", 16: "payload-malformed", 17: "invalid-ke-payload", 18: "invalid-id-information",
	24: "authentication-failed", 34: "single-pair-required", 35: "no-additional-sas", 36: "internal-address-failure",
	37: "failed-cp-required", 38: "ts-unacceptable", 39: "invalid-selectors", 43: "temporary-failure", 44: "child-sa-not-found",
}

// vendors are vendor IDs by the hex that they begin with; most are MD5 of a
// string that the vendor or the draft names.
var vendors = []struct{ prefix, name string }{
	{"4a131c81070358455c5728f20e95452f", "RFC 3947 NAT-T"},
	{"90cb80913ebb696e086381b5ec427b1f", "draft-ietf-ipsec-nat-t-ike-02"},
	{"cd60464335df21f87cfdb2fc68b6a448", "draft-ietf-ipsec-nat-t-ike-02"},
	{"7d9419a65310ca6f2c179d9215529d56", "draft-ietf-ipsec-nat-t-ike-03"},
	{"4485152d18b6bbcd0be8a8469579ddcc", "draft-ietf-ipsec-nat-t-ike-00"},
	{"afcad71368a1f1c96b8696fc7757", "Dead Peer Detection"},
	{"4048b7d56ebce88525e7de7f00d6c2d3", "IKE Fragmentation"},
	{"09002689dfd6b712", "XAUTH"},
	{"12f5f28c457168a9702d9fe274cc", "Cisco Unity"},
	{"1e2b516905991c7d7c96fcbfb587e461", "Microsoft"},
	{"882fe56d6fd20dbc2251613b2ebe5beb", "strongSwan"},
	{"f14b94b7bff1fef02773b8c49feded26", "FortiGate"},
	{"4f4553", "Openswan"},
}

// vendorName is the name of a vendor ID, or its hex.
func vendorName(b []byte) string {
	s := hex.EncodeToString(b[:min(len(b), maxVendor)])
	for _, v := range vendors {
		if strings.HasPrefix(s, v.prefix) {
			return v.name
		}
	}
	return s
}

func nameOf[K uint8 | uint16](names map[K]string, n K) string {
	if s, ok := names[n]; ok {
		return s
	}
	return strconv.FormatUint(uint64(n), 10)
}
