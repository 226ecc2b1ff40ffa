package access

import (
	"strings"
	"testing"
)

func TestPasswords(t *testing.T) {
	hash, err := Hash("correct horse battery")
	if err != nil || !Known(hash) || !Verify(hash, "correct horse battery") || Verify(hash, "correct horse batterz") {
		t.Errorf("%q %v", hash, err)
	}
	if again, _ := Hash("correct horse battery"); again == hash {
		t.Error("two hashes of one password are the same: no salt")
	}
	// The reference program of argon2 gives this for "password" and "somesalt", t=2, m=65536, p=1.
	const reference = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if !Verify(reference, "password") || Verify(reference, "Password") {
		t.Error("the reference's hash is not read")
	}
	// bcrypt's well-known vector (of jBCrypt, cost 6, for the empty password).
	const bcrypt = "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s."
	if !Known(bcrypt) || !Verify(bcrypt, "") || Verify(bcrypt, "a") {
		t.Error("bcrypt's hash is not read")
	}
	for _, bad := range []string{"", "plain", "$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$"} {
		if Known(bad) || Verify(bad, "password") {
			t.Errorf("%q is taken for a hash", bad)
		}
	}
	for _, bad := range []string{"short", strings.Repeat("x", MaxPassword+1)} {
		if _, err := Hash(bad); err == nil {
			t.Errorf("a password of %d bytes was accepted", len(bad))
		}
	}
}

func TestTokens(t *testing.T) {
	a, b := NewToken(), NewToken()
	if a == b || len(a) < 48 || !strings.HasPrefix(a, tokenPrefix) || Digest(a) == Digest(b) {
		t.Errorf("%q %q", a, b)
	}
}

// FuzzVerify: an altered hash is refused at bounded cost, and never matches.
func FuzzVerify(f *testing.F) {
	f.Add("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.")
	f.Fuzz(func(t *testing.T, hash string) {
		a, err := parse(hash)
		if err == nil && (a.memory > maxMemory || a.passes > maxPasses || len(a.key) < 16) {
			t.Errorf("%+v", a)
		}
		if err == nil != (Known(hash) && !strings.HasPrefix(hash, "$2")) {
			t.Errorf("%q: %v", hash, err)
		}
	})
}
