package backup

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/crypto/poly1305" //nolint:staticcheck // restic's own authenticator is Poly1305-AES
	"golang.org/x/crypto/scrypt"
)

// The layout and the encryption are those of restic's design document
// ("Repository Layout", "Keys, Encryption and MAC"), versions 1 and 2.

const (
	maxSmall  = 64 << 20 // bytes of a key, snapshot or index, before and after decompression
	maxScrypt = 1 << 21  // N times r that a key may ask for: 256 MiB
	maxWork   = 1 << 24  // N times r times p: seconds; restic measures the machine that makes the key and asks for half a second of it
	extension = 16       // bytes of the MAC
	ivSize    = 16       //
)

// Snapshot is one point in time of a restic repository.
type Snapshot struct {
	ID    string    `json:"id"`
	Time  time.Time `json:"time"`
	Host  string    `json:"hostname"`
	Paths []string  `json:"paths"`
	Tree  string    `json:"tree"`
}

// Repository is what is known of a restic repository.
type Repository struct {
	Files     int64      `json:"files"`
	Bytes     int64      `json:"bytes"`
	Opened    bool       `json:"opened"` // with a password: its lists were read too
	Snapshots []Snapshot `json:"snapshots,omitempty"`
	Damage    []*Damage  `json:"damage,omitempty"`
}

// named are the folders whose files are named by the hash of their content.
var named = []string{"data", "index", "keys", "snapshots"}

// IsRestic tells whether dir is a restic repository.
func IsRestic(dir string) bool {
	for _, name := range append([]string{"config"}, named...) {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// CheckRestic reads every file of the repository and compares its hash with
// its name. With a password it also reads what the repository lists, and tells
// which packs and trees are missing. It never writes, nor takes a lock.
func CheckRestic(ctx context.Context, dir string, password []byte, o CheckOptions) (*Repository, error) {
	if !IsRestic(dir) {
		return nil, fmt.Errorf("backup: %q is no restic repository: it lacks config, data, index, keys or snapshots", dir)
	}
	rep, there := &Repository{}, map[string]bool{}
	err := walk(ctx, dir, nil, o.Jobs, func(e *Entry) error {
		rep.Bytes += e.Size
		if e.Type != "" || !slices.Contains(named, strings.SplitN(e.name(), "/", 2)[0]) {
			return nil
		}
		rep.Files++
		if o.Progress != nil {
			o.Progress(rep.Files, rep.Bytes)
		}
		id := filepath.Base(e.name())
		switch {
		case e.Error != "":
			rep.damage(Unreadable, e.name(), "cannot be read: "+e.Error)
		case e.SHA256 != id:
			rep.damage(Changed, e.name(), fmt.Sprintf("its content has the hash %s, its name says another", e.SHA256))
		default:
			there[e.name()] = true
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("backup: reading %q: %w", dir, err)
	}
	if len(password) > 0 {
		err = rep.lists(dir, password, there)
	}
	return rep, err
}

func (r *Repository) damage(v Verdict, path, why string) {
	r.Damage = append(r.Damage, &Damage{Verdict: v, Path: path, Why: why})
}

// lists reads snapshots and indexes and looks for what they name.
func (r *Repository) lists(dir string, password []byte, there map[string]bool) error {
	key, err := unlock(dir, password, there)
	if err != nil {
		return err
	}
	r.Opened = true
	if _, err := key.load(filepath.Join(dir, "config")); err != nil {
		r.damage(Changed, "config", err.Error())
	}
	blobs := map[string]bool{}
	for _, name := range below(there, "index/") {
		var index struct {
			Packs []struct {
				ID    string
				Blobs []struct{ ID string }
			}
		}
		if err := key.decode(filepath.Join(dir, name), &index); err != nil {
			r.damage(Changed, name, err.Error())
			continue
		}
		for _, p := range index.Packs {
			pack := "data/" + p.ID[:min(2, len(p.ID))] + "/" + p.ID
			if !there[pack] && !there["data/"+p.ID] {
				r.damage(Missing, pack, fmt.Sprintf("the index lists it with %d pieces of files; it is not there or not whole", len(p.Blobs)))
				continue
			}
			for _, b := range p.Blobs {
				blobs[b.ID] = true
			}
		}
	}
	for _, name := range below(there, "snapshots/") {
		s := Snapshot{ID: filepath.Base(name)}
		if err := key.decode(filepath.Join(dir, name), &s); err != nil {
			r.damage(Changed, name, err.Error())
			continue
		}
		if !blobs[s.Tree] {
			r.damage(Missing, name, fmt.Sprintf("the list of files of the snapshot of %s is in no whole pack: it cannot be restored", stamp(s.Time)))
			continue
		}
		r.Snapshots = append(r.Snapshots, s)
	}
	slices.SortFunc(r.Snapshots, func(a, b Snapshot) int { return a.Time.Compare(b.Time) })
	return nil
}

func below(there map[string]bool, prefix string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(there)) {
		if strings.HasPrefix(name, prefix) {
			out = append(out, name)
		}
	}
	return out
}

// repoKey is a master key.
type repoKey struct{ encrypt, macK, macR []byte }

// errCipher is that something does not decrypt: a wrong key or damage.
var errCipher = errors.New("it does not decrypt: damaged, or of another repository")

// unlock tries password on every key of the repository.
func unlock(dir string, password []byte, there map[string]bool) (*repoKey, error) {
	var untried []string
	for _, name := range below(there, "keys/") {
		b, err := small(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("backup: %w", err)
		}
		k, err := openKey(b, password)
		if err == nil {
			return k, nil
		}
		if !errors.Is(err, errCipher) {
			untried = append(untried, fmt.Sprintf("%s: %v", name, err))
		}
	}
	if len(untried) > 0 {
		return nil, fmt.Errorf("backup: the password opens no key of %q; not tried: %s", dir, strings.Join(untried, "; "))
	}
	return nil, fmt.Errorf("backup: the password opens no key of %q", dir)
}

// openKey decrypts a master key. The error is errCipher when password is not
// the key's own, and another when the key could not be tried.
func openKey(b, password []byte) (*repoKey, error) {
	var file struct {
		KDF        string
		N, R, P    int
		Salt, Data []byte
	}
	if err := json.Unmarshal(b, &file); err != nil {
		return nil, fmt.Errorf("no key file: %w", err)
	}
	if file.KDF != "scrypt" || file.N < 2 || file.R < 1 || file.P < 1 {
		return nil, fmt.Errorf("a key of %q with N %d, r %d and p %d", file.KDF, file.N, file.R, file.P)
	}
	if file.N > maxScrypt || file.R > maxScrypt/file.N || file.P > maxWork/(file.N*file.R) {
		return nil, fmt.Errorf("it asks for more work than a key may: N %d, r %d, p %d", file.N, file.R, file.P)
	}
	derived, err := scrypt.Key(password, file.Salt, file.N, file.R, file.P, 64)
	if err != nil {
		return nil, err
	}
	user := &repoKey{encrypt: derived[:32], macK: derived[32:48], macR: derived[48:]}
	plain, err := user.open(file.Data)
	if err != nil {
		return nil, err
	}
	var master struct {
		Mac     struct{ K, R string }
		Encrypt string
	}
	if err := json.Unmarshal(plain, &master); err != nil {
		return nil, fmt.Errorf("what it locks is no master key: %w", err)
	}
	k := &repoKey{encrypt: unbase64(master.Encrypt), macK: unbase64(master.Mac.K), macR: unbase64(master.Mac.R)}
	if len(k.encrypt) != 32 || len(k.macK) != 16 || len(k.macR) != 16 {
		return nil, errors.New("what it locks is no master key")
	}
	return k, nil
}

func unbase64(s string) []byte {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil
	}
	return b
}

// open checks and decrypts: IV, AES-256 in counter mode, Poly1305-AES.
func (k *repoKey) open(b []byte) ([]byte, error) {
	if len(b) < ivSize+extension {
		return nil, errCipher
	}
	iv, body, mac := b[:ivSize], b[ivSize:len(b)-extension], b[len(b)-extension:]
	pad, err := aes.NewCipher(k.macK)
	if err != nil {
		return nil, errCipher
	}
	var once [32]byte
	copy(once[:], k.macR)
	pad.Encrypt(once[16:], iv)
	var tag [16]byte
	copy(tag[:], mac)
	if !poly1305.Verify(&tag, body, &once) {
		return nil, errCipher
	}
	stream, err := aes.NewCipher(k.encrypt)
	if err != nil {
		return nil, errCipher
	}
	plain := make([]byte, len(body))
	cipher.NewCTR(stream, iv).XORKeyStream(plain, body)
	return plain, nil
}

// load reads, decrypts and decompresses one file.
func (k *repoKey) load(path string) ([]byte, error) {
	b, err := small(path)
	if err != nil {
		return nil, err
	}
	plain, err := k.open(b)
	if err != nil || len(plain) == 0 || plain[0] != 2 {
		return plain, err
	}
	z, err := zstd.NewReader(bytes.NewReader(plain[1:]), zstd.WithDecoderMaxMemory(maxSmall), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, errCipher
	}
	defer z.Close()
	return io.ReadAll(io.LimitReader(z, maxSmall))
}

func (k *repoKey) decode(path string, v any) error {
	b, err := k.load(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return errCipher
	}
	return nil
}

// small reads a file that is never large.
func small(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxSmall+1))
	if err == nil && len(b) > maxSmall {
		return nil, errors.New("too large for what it is")
	}
	return b, err
}
