package quic

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
)

const (
	keySize    = 16
	tagSize    = 16
	sampleSize = 16
	maxNumber  = 4 // bytes of a packet number
	maxPacket  = 10_000
)

// keys protect the Initial packets of one direction (RFC 9001 section 5).
type keys struct {
	aead cipher.AEAD
	head cipher.Block
	iv   []byte
}

// initialKeys derives the keys of client and server from the connection ID
// that the client first sent to; nil when the system's crypto refuses.
func initialKeys(version uint32, dcid []byte) *[2]keys {
	secret, err := hkdf.Extract(sha256.New, dcid, []byte(salt(version)))
	if err != nil {
		return nil
	}
	var out [2]keys
	for i, who := range []string{"client in", "server in"} {
		own := expand(secret, who, sha256.Size)
		label := "quic "
		if familyOf(version) == second {
			label = "quicv2 "
		}
		data, err := aes.NewCipher(expand(own, label+"key", keySize))
		if err != nil {
			return nil
		}
		if out[i].aead, err = cipher.NewGCM(data); err != nil {
			return nil
		}
		if out[i].head, err = aes.NewCipher(expand(own, label+"hp", keySize)); err != nil {
			return nil
		}
		out[i].iv = expand(own, label+"iv", out[i].aead.NonceSize())
	}
	return &out
}

// expand is HKDF-Expand-Label with an empty context (RFC 8446 section 7.1).
func expand(secret []byte, label string, n int) []byte {
	const prefix = "tls13 "
	info := append([]byte{0, byte(n), byte(len(prefix) + len(label))}, prefix+label...)
	out, err := hkdf.Expand(sha256.New, secret, string(append(info, 0)), n)
	if err != nil {
		return make([]byte, n)
	}
	return out
}

// open decrypts a packet whose number begins at byte at (RFC 9001 sections
// 5.3, 5.4). It leaves the packet as it is.
func (k *keys) open(packet []byte, at int) ([]byte, bool) {
	if len(packet) > maxPacket || len(packet) < at+maxNumber+sampleSize {
		return nil, false
	}
	var mask [aes.BlockSize]byte
	k.head.Encrypt(mask[:], packet[at+maxNumber:at+maxNumber+sampleSize])
	head := append([]byte(nil), packet[:at+maxNumber]...)
	head[0] ^= mask[0] & 0x0f
	n := int(head[0]&3) + 1
	head = head[:at+n]
	nonce := append([]byte(nil), k.iv...)
	number := head[at:]
	for i, m := range mask[1 : 1+n] {
		number[i] ^= m
		nonce[len(nonce)-n+i] ^= number[i]
	}
	plain, err := k.aead.Open(nil, nonce, packet[at+n:], head)
	return plain, err == nil
}
