// Package signing signs what must not be altered unnoticed (seals of backups,
// logs of cases) with Ed25519 (RFC 8032). Keys are PEM files as other tools
// write and read them: PKCS #8 for the private key (RFC 8410), SubjectPublicKeyInfo
// for the public one.
//
//	openssl genpkey -algorithm ed25519 -out key.pem
//	openssl pkey -in key.pem -pubout -out key.pub.pem
package signing

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxKeyFile is far more than a key takes.
const maxKeyFile = 64 << 10

// Signature is a signature with the key that made it, so that a reader can
// tell a forged text from one that somebody else signed.
type Signature struct {
	Key string `json:"key"` // the public key: base64 of its 32 bytes
	Sig string `json:"sig"` // base64 of 64 bytes
}

// Generate writes a new pair: private to path, which only its owner may read,
// public to path with .pub added. A file that exists is not written over.
func Generate(path string) error {
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(priv)
	if err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	open, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	if err := writeNew(path, 0o600, "PRIVATE KEY", secret); err != nil {
		return err
	}
	return writeNew(path+".pub", 0o644, "PUBLIC KEY", open)
}

func writeNew(path string, mode os.FileMode, kind string, der []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("signing: cannot write the key: %w", err)
	}
	if err := pem.Encode(f, &pem.Block{Type: kind, Bytes: der}); err != nil {
		_ = f.Close()
		return fmt.Errorf("signing: cannot write the key: %w", err)
	}
	return f.Close()
}

// Private reads a private key.
func Private(path string) (ed25519.PrivateKey, error) {
	der, err := read(path, "PRIVATE KEY")
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if k, ok := key.(ed25519.PrivateKey); ok && err == nil {
		return k, nil
	}
	return nil, fmt.Errorf("signing: %q is no Ed25519 key: make one with longwatch backup key", path)
}

// Public reads a public key; that of a private key does as well.
func Public(path string) (ed25519.PublicKey, error) {
	der, err := read(path, "PUBLIC KEY")
	if err != nil {
		if priv, e := Private(path); e == nil {
			return priv.Public().(ed25519.PublicKey), nil //nolint:forcetypeassert // that of an Ed25519 key is one
		}
		return nil, err
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if k, ok := key.(ed25519.PublicKey); ok && err == nil {
		return k, nil
	}
	return nil, fmt.Errorf("signing: %q is no public Ed25519 key", path)
}

func read(path, kind string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	block, _ := pem.Decode(b)
	if block == nil || block.Type != kind {
		return nil, fmt.Errorf("signing: %q holds no PEM block %q", path, kind)
	}
	return block.Bytes, nil
}

// Sign signs text.
func Sign(key ed25519.PrivateKey, text []byte) Signature {
	pub := key.Public().(ed25519.PublicKey) //nolint:forcetypeassert // that of an Ed25519 key is one
	return Signature{Key: base64.StdEncoding.EncodeToString(pub), Sig: base64.StdEncoding.EncodeToString(ed25519.Sign(key, text))}
}

// ErrForged is that a text is not what was signed.
var ErrForged = errors.New("the signature does not fit: it was altered, or signed with another key")

// ErrStranger is that a text is signed well, but not with the key expected.
var ErrStranger = errors.New("signed with another key than the one given")

// Verify tells whether s is a signature of text. With a nil key any signer
// will do: that proves the text whole, not who wrote it.
func (s Signature) Verify(key ed25519.PublicKey, text []byte) error {
	pub, err := base64.StdEncoding.DecodeString(s.Key)
	if err != nil || len(pub) != ed25519.PublicKeySize {
		return ErrForged
	}
	sig, err := base64.StdEncoding.DecodeString(s.Sig)
	if err != nil || !ed25519.Verify(pub, text, sig) {
		return ErrForged
	}
	if key != nil && !key.Equal(ed25519.PublicKey(pub)) {
		return ErrStranger
	}
	return nil
}

// Name is how people compare the signer's key: the first 16 digits of its SHA-256.
func (s Signature) Name() string {
	pub, err := base64.StdEncoding.DecodeString(s.Key)
	if err != nil {
		return "unreadable"
	}
	h := sha256.Sum256(pub)
	return hex.EncodeToString(h[:8])
}
