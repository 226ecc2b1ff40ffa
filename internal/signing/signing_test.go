package signing

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestKnownSignature: test 3 of RFC 8032, section 7.1.
func TestKnownSignature(t *testing.T) {
	b64 := func(s string) string {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString(b)
	}
	s := Signature{
		Key: b64("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"),
		Sig: b64("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
	}
	if err := s.Verify(nil, []byte{0xaf, 0x82}); err != nil {
		t.Error(err)
	}
	if err := s.Verify(nil, []byte{0xaf, 0x83}); !errors.Is(err, ErrForged) {
		t.Errorf("of another text: %v", err)
	}
}

// TestOpenSSL: keys and signatures are those of others, both ways.
func TestOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("no openssl here")
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	run := func(args ...string) string {
		out, err := exec.CommandContext(t.Context(), openssl, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	if err := Generate(at("ours")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at("text"), []byte("what happened"), 0o600); err != nil {
		t.Fatal(err)
	}
	ours, err := Private(at("ours"))
	if err != nil {
		t.Fatal(err)
	}
	sig, err := base64.StdEncoding.DecodeString(Sign(ours, []byte("what happened")).Sig)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at("sig"), sig, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := run("pkeyutl", "-verify", "-pubin", "-inkey", at("ours.pub"), "-rawin", "-in", at("text"), "-sigfile", at("sig")); !strings.Contains(out, "Verified Successfully") {
		t.Errorf("openssl says %s", out)
	}

	run("genpkey", "-algorithm", "ed25519", "-out", at("theirs"))
	run("pkey", "-in", at("theirs"), "-pubout", "-out", at("theirs.pub"))
	run("pkeyutl", "-sign", "-inkey", at("theirs"), "-rawin", "-in", at("text"), "-out", at("sig2"))
	their, err := Public(at("theirs.pub"))
	if err != nil {
		t.Fatal(err)
	}
	made, err := os.ReadFile(at("sig2"))
	if err != nil {
		t.Fatal(err)
	}
	s := Signature{Key: base64.StdEncoding.EncodeToString(their), Sig: base64.StdEncoding.EncodeToString(made)}
	if err := s.Verify(their, []byte("what happened")); err != nil {
		t.Error(err)
	}
	run("genrsa", "-traditional", "-out", at("rsa"), "2048")
	if _, err := Private(at("rsa")); err == nil {
		t.Error("an RSA key is taken")
	}
}

// TestStranger: a text that somebody else signed is told from an altered one.
func TestStranger(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		if err := Generate(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	a, err := Private(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Public(filepath.Join(dir, "b.pub"))
	if err != nil {
		t.Fatal(err)
	}
	s := Sign(a, []byte("text"))
	if err := s.Verify(b, []byte("text")); !errors.Is(err, ErrStranger) {
		t.Errorf("got %v", err)
	}
	if err := s.Verify(nil, []byte("text")); err != nil {
		t.Error(err)
	}
	if own, err := Public(filepath.Join(dir, "a")); err != nil || s.Verify(own, []byte("text")) != nil {
		t.Errorf("the public key of a private one: %v", err)
	}
	if info, err := os.Stat(filepath.Join(dir, "a")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the private key: %v %v", info.Mode(), err)
	}
	if err := Generate(filepath.Join(dir, "a")); err == nil {
		t.Error("a key was written over")
	}
}
