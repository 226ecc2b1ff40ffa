package intel

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Why a name of Windows or a serial number cannot be an indicator.
var (
	errWildcard = errors.New("a wildcard: say it as a STIX pattern with LIKE, or as a rule")
	errFragment = errors.New("a piece of a command line this short is in many")
	errSerial   = errors.New("not a certificate's serial number in hexadecimal")
	errBrief    = errors.New("a serial number this short belongs to many certificates")
)

// minFragment is how many bytes of a command line are worth looking for.
const minFragment = 6

// namespaces are where Windows keeps named objects; which one a program wrote
// out, or a sensor logged, says nothing.
var namespaces = []string{`basenamedobjects\`, `global\`, `local\`}

// mutexName is a mutex without the namespace in front of it. Names of mutexes
// are told apart by case.
func mutexName(s string) string {
	s = strings.TrimLeft(strings.TrimSpace(s), `\`)
	if rest, ok := cutFold(s, `sessions\`); ok {
		if _, after, ok := strings.Cut(rest, "\\"); ok {
			s = after
		}
	}
	for _, n := range namespaces {
		if rest, ok := cutFold(s, n); ok {
			s = rest
		}
	}
	return s
}

// pipeName is a pipe's name in lower case, without server and \pipe\.
func pipeName(s string) string {
	s = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(s), "/", `\`))
	s = strings.TrimLeft(s, `\`)
	for _, dir := range [...]string{`pipe\`, `device\namedpipe\`} {
		if rest, ok := strings.CutPrefix(s, dir); ok {
			return strings.TrimLeft(rest, `\`)
		}
	}
	if _, rest, ok := strings.Cut(s, `\`); ok { // \\server\pipe\name, \\.\pipe\name
		if rest, ok := strings.CutPrefix(rest, `pipe\`); ok {
			return strings.TrimLeft(rest, `\`)
		}
	}
	return s
}

// cutFold is strings.CutPrefix without regard to case; prefix is in lower case.
func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// hives are the names of the registry's trees, as programs and logs write them,
// and the short one that we compare with. More specific ones stand first.
var hives = []struct{ long, short string }{
	{`registry\machine\`, `hklm\`}, {`registry\user\`, `hku\`},
	{`hkey_local_machine\`, `hklm\`}, {`hkey_current_user\`, `hkcu\`}, {`hkey_users\`, `hku\`},
	{`hkey_classes_root\`, `hklm\software\classes\`}, {`hkcr\`, `hklm\software\classes\`},
	{`hklm:\`, `hklm\`}, {`hkcu:\`, `hkcu\`},
}

// appendRegistry appends the comparable form of a registry key: lower case, a
// short name for the hive, a user's own hive as hkcu, the set of services in
// use as currentcontrolset, and no difference between the views of 32 and of 64
// bits.
func appendRegistry[T string | []byte](dst []byte, s T) []byte {
	start, slash := len(dst), true
	for i := range len(s) {
		c := lower(s[i])
		if c == '\\' && slash {
			continue // doubled, or in front
		}
		slash = c == '\\'
		dst = append(dst, c)
	}
	key := bytes.TrimRight(dst[start:], `\ `)
	key = bytes.TrimLeft(key, ` `)
	if rest, ok := bytes.CutPrefix(key, []byte(`computer\`)); ok {
		key = rest
	}
	var buf [2 * maxText]byte
	out := buf[:0]
	for _, h := range hives {
		if rest, ok := bytes.CutPrefix(key, []byte(h.long)); ok {
			out, key = append(out, h.short...), rest
			break
		}
	}
	out = append(out, key...)
	if rest, ok := bytes.CutPrefix(out, []byte(`hku\s-1-`)); ok {
		sid, below, _ := bytes.Cut(rest, []byte(`\`))
		own := `hkcu\`
		if bytes.HasSuffix(sid, []byte("_classes")) {
			own = `hkcu\software\classes\`
		}
		out = append([]byte(own), below...)
	}
	if rest, ok := bytes.CutPrefix(out, []byte(`hklm\system\controlset`)); ok && len(rest) > 3 && rest[3] == '\\' && isDigits(string(rest[:3])) {
		out = append([]byte(`hklm\system\currentcontrolset`), rest[3:]...)
	}
	if i := bytes.Index(out, []byte(`\wow6432node\`)); i >= 0 {
		out = append(out[:i], out[i+len(`\wow6432node`):]...)
	}
	return append(dst[:start], out...)
}

// sharedKeys are where many programs enter themselves: listed alone, without
// the name of the entry, they say nothing.
var sharedKeys = []string{
	`software\microsoft\windows\currentversion\run`, `software\microsoft\windows\currentversion\runonce`, `software\microsoft\windows\currentversion\runservices`,
	`software\microsoft\windows\currentversion\policies\explorer\run`, `software\microsoft\windows\currentversion\explorer`, `software\microsoft\windows\currentversion\uninstall`,
	`software\microsoft\windows\currentversion\internet settings`, `software\microsoft\windows nt\currentversion\winlogon`, `software\microsoft\windows nt\currentversion\image file execution options`,
	`software\microsoft\windows nt\currentversion\windows`, `software\microsoft\windows nt\currentversion`, `software\microsoft\windows\currentversion`, `software\microsoft\windows`, `software\microsoft`, `software`,
	`software\classes`, `software\classes\clsid`, `system`, `system\currentcontrolset`, `system\currentcontrolset\services`, `system\currentcontrolset\control`, `system\currentcontrolset\control\lsa`,
	`system\currentcontrolset\control\session manager`, `software\policies`, `software\policies\microsoft`, `environment`,
}

// isShared tells whether a key is one that many programs use.
func isShared(key string) bool {
	for _, hive := range [...]string{`hklm\`, `hkcu\`, ``} {
		if rest, ok := strings.CutPrefix(key, hive); ok {
			if slices.Contains(sharedKeys, rest) {
				return true
			}
		}
	}
	return key == "hklm" || key == "hkcu" || key == "hku"
}

// appendFolded appends text as fragments of command lines are compared: in lower
// case, runs of white space as one space.
func appendFolded[T string | []byte](dst []byte, s T) []byte {
	space := false
	for i := range len(s) {
		switch c := s[i]; c {
		case ' ', '\t', '\r', '\n':
			if !space {
				dst = append(dst, ' ')
			}
			space = true
		default:
			dst = append(dst, lower(c))
			space = false
		}
	}
	return dst
}

// maxSerial is the length in bytes that RFC 5280 section 4.1.2.2 allows.
const maxSerial = 20

// decimalDigits is up to how many digits alone are read as decimal.
const decimalDigits = 12

// serialNumber is the number as bytes, without zeros in front. Digits alone, no
// more than twelve, are decimal, as programs print short serial numbers; all
// else is hexadecimal, with or without colons.
func serialNumber(s string) ([]byte, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	plain := strings.NewReplacer(":", "", " ", "", "-", "").Replace(strings.TrimPrefix(s, "0x"))
	if plain == s && len(s) <= decimalDigits && isDigits(s) {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			return nil, errSerial
		}
		plain = strconv.FormatUint(n, 16)
	}
	plain = strings.TrimLeft(plain, "0")
	if len(plain)%2 == 1 {
		plain = "0" + plain
	}
	key, err := hex.DecodeString(plain)
	switch {
	case err != nil || len(key) > maxSerial+1:
		return nil, errSerial
	case len(key) < 4:
		return nil, errBrief
	}
	return key, nil
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// normalName brings names of Windows, fragments of command lines and serial
// numbers into the form they are compared in.
func normalName(k Kind, v string) ([]byte, error) {
	var key []byte
	switch k {
	case Pipe:
		key = []byte(pipeName(v))
	case Mutex:
		key = []byte(mutexName(v))
	case RegistryKey:
		name, data, composed := strings.Cut(v, "|")
		if key = appendRegistry(nil, name); composed && len(key) > 0 {
			key = append(append(key, '|'), appendFolded(nil, strings.TrimSpace(data))...)
		}
	case CommandLine:
		if key = bytes.TrimSpace(appendFolded(nil, v)); len(key) < minFragment {
			return nil, errFragment
		}
		return key, nil
	case Serial:
		return serialNumber(v)
	}
	switch {
	case len(key) == 0:
		return nil, errEmpty
	case bytes.ContainsAny(key, "*?") && k != RegistryKey || bytes.IndexByte(key, '*') >= 0:
		return nil, errWildcard
	}
	return key, nil
}

// guessName tells pipes and registry keys by how they begin.
func guessName(v string) Kind {
	s := strings.ToLower(strings.TrimLeft(v, `\`))
	for _, h := range hives {
		if strings.HasPrefix(s, h.long) {
			return RegistryKey
		}
	}
	for _, p := range [...]string{`hklm\`, `hkcu\`, `hku\`} {
		if strings.HasPrefix(s, p) {
			return RegistryKey
		}
	}
	if strings.HasPrefix(v, `\`) && (strings.HasPrefix(s, `pipe\`) || strings.HasPrefix(s, `.\pipe\`)) {
		return Pipe
	}
	return 0
}
