// Package access is how members of a sharing server prove who they are:
// passwords, kept as argon2id (RFC 9106) and also read as bcrypt, as htpasswd
// writes it; bearer tokens (RFC 6750) and client certificates, kept as their
// SHA-256.
//
//	hash, err := access.Hash("correct horse battery")   // $argon2id$v=19$m=19456,t=2,p=1$...
//	ok := access.Verify(hash, "correct horse battery")
package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// What argon2id costs: 19 MiB and two passes, as OWASP advises for servers.
const (
	memory  = 19 * 1024 // KiB
	passes  = 2
	lanes   = 1
	keySize = 32 // bytes

	// Bounds of what is read from a hash, so that an altered one costs no more.
	maxMemory = 256 * 1024
	maxPasses = 10
	maxCost   = 15 // of bcrypt: two to the power of it

	// MinPassword and MaxPassword bound a password, in bytes.
	MinPassword = 10
	MaxPassword = 1024
)

// Hash makes what is kept of a password.
func Hash(password string) (string, error) {
	if len(password) < MinPassword || len(password) > MaxPassword {
		return "", fmt.Errorf("access: a password has %d to %d bytes", MinPassword, MaxPassword)
	}
	var salt [16]byte
	_, _ = rand.Read(salt[:]) // never fails
	key := argon2.IDKey([]byte(password), salt[:], passes, memory, lanes, keySize)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, passes, lanes, b64.EncodeToString(salt[:]), b64.EncodeToString(key)), nil
}

// Known says whether a text is a hash that Verify can read.
func Known(hash string) bool {
	if _, err := parse(hash); err == nil {
		return true
	}
	return isBcrypt(hash)
}

// isBcrypt says whether a hash is one of bcrypt's that does not cost more than
// seconds.
func isBcrypt(hash string) bool {
	if !strings.HasPrefix(hash, "$2") || len(hash) != 60 {
		return false
	}
	cost, err := bcrypt.Cost([]byte(hash))
	return err == nil && cost <= maxCost
}

// Verify says whether a password is that of a hash.
func Verify(hash, password string) bool {
	if len(password) > MaxPassword {
		return false
	}
	if isBcrypt(hash) {
		return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
	}
	a, err := parse(hash)
	if err != nil {
		return false
	}
	key := argon2.IDKey([]byte(password), a.salt, a.passes, a.memory, a.lanes, uint32(len(a.key)))
	return subtle.ConstantTimeCompare(key, a.key) == 1
}

// Waste costs as much as Verify: for a name that is not there, so that time
// does not tell.
func Waste(password string) {
	if len(password) <= MaxPassword {
		argon2.IDKey([]byte(password), make([]byte, 16), passes, memory, lanes, keySize)
	}
}

type argon struct {
	memory, passes uint32
	lanes          uint8
	salt, key      []byte
}

var errHash = errors.New("access: neither an argon2id nor a bcrypt hash")

func parse(hash string) (argon, error) {
	part := strings.Split(hash, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return argon{}, errHash
	}
	var a argon
	if _, err := fmt.Sscanf(part[3], "m=%d,t=%d,p=%d", &a.memory, &a.passes, &a.lanes); err != nil {
		return argon{}, errHash
	}
	var err1, err2 error
	a.salt, err1 = base64.RawStdEncoding.DecodeString(part[4])
	a.key, err2 = base64.RawStdEncoding.DecodeString(part[5])
	if err1 != nil || err2 != nil || len(a.salt) < 8 || len(a.key) < 16 || len(a.key) > 64 ||
		a.memory < 8 || a.memory > maxMemory || a.passes < 1 || a.passes > maxPasses || a.lanes < 1 || a.lanes > 16 {
		return argon{}, errHash
	}
	return a, nil
}

// tokenPrefix lets scanners for leaked secrets find our tokens.
const tokenPrefix = "lwtx_"

// NewToken makes a bearer token of 256 random bits.
func NewToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(b[:])
}

// Digest is what is kept of a token.
func Digest(token string) string {
	h := sha256.Sum256([]byte(token))
	return hex.EncodeToString(h[:])
}

// Fingerprint is what is kept of a certificate: the SHA-256 of its DER.
func Fingerprint(c *x509.Certificate) string {
	h := sha256.Sum256(c.Raw)
	return hex.EncodeToString(h[:])
}
