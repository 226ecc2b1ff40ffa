// Package talk encodes what two machines say to each other in an exercise:
// DNS, HTTP, TLS, SMB2 with named pipes and DCE/RPC, NTLM, Kerberos, SSH, RDP,
// NTP and Modbus. Messages are well formed, but secrets, signatures and
// ciphertext are random bytes: nothing here can authenticate, decrypt or
// attack anything, and no socket is ever opened.
package talk

import "time"

// tlv is one DER element.
func tlv(tag byte, content ...[]byte) []byte {
	n := 0
	for _, c := range content {
		n += len(c)
	}
	b := []byte{tag}
	switch {
	case n < 0x80:
		b = append(b, byte(n))
	case n < 0x100:
		b = append(b, 0x81, byte(n))
	case n < 0x10000:
		b = append(b, 0x82, byte(n>>8), byte(n))
	default:
		b = append(b, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	for _, c := range content {
		b = append(b, c...)
	}
	return b
}

func derSeq(c ...[]byte) []byte         { return tlv(0x30, c...) }
func derSet(c ...[]byte) []byte         { return tlv(0x31, c...) }
func derCtx(n byte, c ...[]byte) []byte { return tlv(0xa0|n, c...) }
func derOctets(b []byte) []byte         { return tlv(0x04, b) }
func derBits(b []byte) []byte           { return tlv(0x03, []byte{0}, b) }
func derGeneral(s string) []byte        { return tlv(0x1b, []byte(s)) }

func derInt(v int64) []byte {
	b := []byte{byte(v)}
	for v > 127 || v < -128 {
		v >>= 8
		b = append([]byte{byte(v)}, b...)
	}
	return tlv(0x02, b)
}

// derBig is a positive INTEGER from big-endian bytes.
func derBig(b []byte) []byte {
	if len(b) > 0 && b[0]&0x80 != 0 {
		return tlv(0x02, []byte{0}, b)
	}
	return tlv(0x02, b)
}

// derTime is a UTCTime, or a GeneralizedTime when general.
func derTime(t time.Time, general bool) []byte {
	if general {
		return tlv(0x18, []byte(t.UTC().Format("20060102150405Z")))
	}
	return tlv(0x17, []byte(t.UTC().Format("060102150405Z")))
}

func derOID(arcs ...uint32) []byte {
	b := []byte{byte(arcs[0]*40 + arcs[1])}
	for _, a := range arcs[2:] {
		var group []byte
		for group = []byte{byte(a & 0x7f)}; a > 0x7f; {
			a >>= 7
			group = append([]byte{byte(a&0x7f) | 0x80}, group...)
		}
		b = append(b, group...)
	}
	return tlv(0x06, b)
}
