package iis

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"longwatch/internal/finding"
)

// KeyList is keys of others, by the SHA-256 of their hexadecimal text in upper
// case, so that nobody finds keys here.
type KeyList struct{ hashes map[string]string }

// published are keys that shipped in a product or stand in advisories.
var published = map[string]string{
	// validationKey of every Exchange server before February 2020.
	"6d60845874ad370b4c0e1906237bb25eaf3490e22abd71b9c8423f81664e8fe3": "shipped with Microsoft Exchange (CVE-2020-0688)",
}

// maxKeyLine bounds a line of a list of keys.
const maxKeyLine = 1 << 16

// ReadKeys reads a list of disclosed keys: hexadecimal keys or their SHA-256
// hashes, any number a line, parted by anything else; # begins a comment. name
// is what findings cite.
func ReadKeys(r io.Reader, name string) (*KeyList, error) {
	l := &KeyList{hashes: map[string]string{}}
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, maxKeyLine)
	for sc.Scan() {
		line, _, _ := strings.Cut(sc.Text(), "#")
		for _, w := range strings.FieldsFunc(line, notAlnum) {
			if len(w) < 32 || strings.IndexFunc(w, func(r rune) bool { return !isHex(r) }) >= 0 {
				continue
			}
			l.hashes[keyHash(w)] = name
			if len(w) == 2*sha256.Size {
				l.hashes[strings.ToLower(w)] = name
			}
		}
	}
	if err := sc.Err(); err != nil {
		return nil, fmt.Errorf("iis: list of keys %q: %w", name, err)
	}
	return l, nil
}

// Len is how many hashes the list holds.
func (l *KeyList) Len() int { return len(l.hashes) }

func (l *KeyList) find(hash string) string {
	if s := published[hash]; s != "" {
		return s
	}
	if l != nil && l.hashes[hash] != "" {
		return "in " + l.hashes[hash]
	}
	return ""
}

func isHex(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'f' || r >= 'A' && r <= 'F'
}

func keyHash(key string) string {
	h := sha256.Sum256([]byte(strings.ToUpper(key)))
	return hex.EncodeToString(h[:])
}

// keyUse is where a static key stands.
type keyUse struct {
	s *scope
	n *node
}

func (a *audit) machineKey(s *scope, n *node) {
	static := false
	for _, name := range []string{"validationKey", "decryptionKey"} {
		v, ok := n.lookup(name)
		key, options, _ := strings.Cut(v, ",")
		key = strings.TrimSpace(key)
		if !ok || key == "" || strings.HasPrefix(strings.ToLower(key), "autogenerate") {
			if ok && name == "validationKey" && !strings.Contains(strings.ToLower(options), "isolateapps") {
				a.add(s, n, "machinekey-shared", finding.Low, "validationKey is made by the machine without IsolateApps: all applications of the account have one key")
			}
			continue
		}
		static = true
		hash := keyHash(key)
		if name == "validationKey" {
			a.keys[hash] = append(a.keys[hash], keyUse{s, n})
		}
		if where := a.known.find(hash); where != "" {
			a.add(s, n, "machinekey-published", finding.Critical, fmt.Sprintf("%s (SHA-256 %s) is %s: anybody can sign a ViewState that runs code", name, hash[:16], where))
		} else if why := guessable(key, name); why != "" {
			a.add(s, n, "machinekey-guessable", finding.High, name+" "+why)
		}
	}
	if static {
		a.add(s, n, "machinekey-static", finding.Medium, "the key stands in the file: who reads it, or a copy of it, signs ViewState, cookies and tickets for ever, patched or not")
	}
	switch v := n.attr("validation"); strings.ToUpper(v) {
	case "MD5", "3DES", "TRIPLEDES":
		a.add(s, n, "machinekey-algorithm", finding.Medium, "validation is "+quoted(v))
	case "SHA1":
		a.add(s, n, "machinekey-algorithm", finding.Low, "validation is "+quoted(v)+", the default before .NET 4")
	}
	switch v := n.attr("decryption"); strings.ToUpper(v) {
	case "DES":
		a.add(s, n, "machinekey-algorithm", finding.Medium, "decryption is "+quoted(v))
	case "3DES", "TRIPLEDES":
		a.add(s, n, "machinekey-algorithm", finding.Low, "decryption is "+quoted(v))
	}
	if v := n.attr("compatibilityMode"); strings.HasPrefix(strings.ToLower(v), "framework20") && static {
		a.add(s, n, "machinekey-algorithm", finding.Low, "compatibilityMode is "+quoted(v)+": one key for all purposes, as before .NET 4.5")
	}
}

// guessable says what is wrong with a key that should be random. A random key
// of 40 digits or more has at least 8 different bytes but for one in 10^20.
func guessable(key, name string) string {
	least := 40 // digits that the schema asks for
	if name == "decryptionKey" {
		least = 16
	}
	const longest = 4096 // digits; the schema allows 128
	if len(key) > longest {
		return "is " + several(len(key), "digit") + " long"
	}
	b, err := hex.DecodeString(key)
	switch {
	case err != nil:
		return "is not hexadecimal: it was typed, not made"
	case len(key) < least:
		return fmt.Sprintf("has %d digits", len(key))
	}
	distinct := map[byte]bool{}
	steps := map[byte]int{}
	printable := 0
	for i, x := range b {
		distinct[x] = true
		if i > 0 {
			steps[x-b[i-1]]++
		}
		if x >= 0x20 && x < 0x7f {
			printable++
		}
	}
	most := 0
	for _, n := range steps {
		most = max(most, n)
	}
	switch {
	case len(distinct) <= len(b)/3 && len(distinct) < 8:
		return fmt.Sprintf("has only %d different bytes", len(distinct))
	case most > len(b)/2:
		return "is a row of numbers"
	case printable == len(b) && len(b) >= 16:
		return "is text written as numbers"
	}
	for p := 1; p <= len(b)/2; p++ {
		if strings.HasPrefix(string(b), string(b[p:])) && p <= len(b)/2 {
			return fmt.Sprintf("repeats itself after %d bytes", p)
		}
	}
	return ""
}

// sharedKeys reports keys that several applications have.
func (a *audit) sharedKeys() {
	for hash, uses := range a.keys {
		files := map[string]bool{}
		for _, u := range uses {
			files[u.s.file.path] = true
		}
		if len(files) < 2 {
			continue
		}
		for _, u := range uses {
			a.add(u.s, u.n, "machinekey-shared", finding.Medium, fmt.Sprintf("the same validationKey (SHA-256 %s) stands in %d files: who has one has all", hash[:16], len(files)))
		}
	}
}

func notAlnum(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}
