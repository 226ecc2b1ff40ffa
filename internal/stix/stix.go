// Package stix holds the STIX 2.1 vocabulary that we write (OASIS Standard,
// 10 June 2021): objects, deterministic identifiers and times. Objects are
// maps, because which properties an object may have depends on its type;
// encoding/json writes their keys in order, so the same object gives the same
// bytes.
package stix

import (
	"crypto/sha1" // UUID version 5 is defined over it
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"time"
)

// Object is one STIX object.
type Object map[string]any

// ID is the object's identifier.
func (o Object) ID() string { s, _ := o["id"].(string); return s }

// scoNamespace is the namespace of identifiers of cyber-observable objects
// (section 2.9).
var scoNamespace = [16]byte{0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c, 0x9c, 0x01, 0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7}

// ownNamespace is ours, for domain objects that must keep their identifier
// when the same case is written again.
var ownNamespace = [16]byte{0x6b, 0x9a, 0x2d, 0x14, 0x03, 0xe1, 0x4c, 0x57, 0x9f, 0x58, 0x21, 0x7c, 0xd0, 0x8e, 0x44, 0x3a}

// uuid5 is RFC 9562 section 5.5.
func uuid5(space [16]byte, name []byte) string {
	h := sha1.New()
	h.Write(space[:])
	h.Write(name)
	return uuid(h.Sum(nil), 5)
}

// uuid is the first 16 bytes of a digest as a UUID of that version.
func uuid(digest []byte, version byte) string {
	var u [16]byte
	copy(u[:], digest)
	u[6] = u[6]&0x0f | version<<4
	u[8] = u[8]&0x3f | 0x80
	s := hex.EncodeToString(u[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// Name is a stable identifier for an object of ours: the same type and name
// give the same identifier always. It has the form of a UUID of version 4, which
// section 2.9 asks of domain objects and validators check; its bits are not
// random but those of a SHA-256.
func Name(typ, name string) string {
	h := sha256.New()
	h.Write(ownNamespace[:])
	h.Write([]byte(typ + "\x00" + name))
	return typ + "--" + uuid(h.Sum(nil), 4)
}

// Observable is a cyber-observable object whose identifier is computed from
// the properties that its type contributes (section 2.9, chapter 6).
func Observable(typ string, contributing map[string]any, more Object) Object {
	o := Object{"type": typ, "spec_version": "2.1", "id": typ + "--" + uuid5(scoNamespace, appendCanonical(nil, contributing))}
	maps.Copy(o, contributing)
	maps.Copy(o, more)
	return o
}

// HashName is what STIX calls the algorithm of a digest in hexadecimal, by its
// length (hash-algorithm-ov, section 10.6); empty when it is none.
func HashName(digest string) string {
	if _, err := hex.DecodeString(digest); err != nil {
		return ""
	}
	switch len(digest) {
	case 32:
		return "MD5"
	case 40:
		return "SHA-1"
	case 64:
		return "SHA-256"
	case 128:
		return "SHA-512"
	}
	return ""
}

// Time is a timestamp as STIX writes it: UTC with milliseconds.
func Time(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
