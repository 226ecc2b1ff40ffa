package script

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/url"
	"strconv"
	"strings"
)

// fold computes functions of text whose arguments are known: what obfuscation
// is made of. ok is false where it cannot.
func fold(name string, args []value) (s string, ok bool) {
	a := func(i int) string {
		if i < len(args) {
			return args[i].s
		}
		return ""
	}
	n := func(i, or int) int {
		if i < len(args) {
			if v, ok := args[i].number(); ok {
				return v
			}
		}
		return or
	}
	if len(args) == 0 {
		return "", false
	}
	switch name {
	case "base64_decode", "frombase64string", "decodebuffer", "parsebase64binary", "decode_base64", "b64decode", "atob", "tobinary":
		return unbase64(a(0))
	case "str_rot13":
		return rot13(a(0)), true
	case "strrev", "strreverse", "reverse":
		b := []byte(a(0))
		for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
		return string(b), true
	case "gzinflate":
		return inflate(flate.NewReader(strings.NewReader(a(0))))
	case "gzuncompress", "zlib_decode":
		r, err := zlib.NewReader(strings.NewReader(a(0)))
		if err != nil {
			return "", false
		}
		return inflate(r)
	case "gzdecode":
		r, err := gzip.NewReader(strings.NewReader(a(0)))
		if err != nil {
			return "", false
		}
		return inflate(r)
	case "hex2bin":
		b, err := hex.DecodeString(a(0))
		return string(b), err == nil
	case "chr", "chrw", "chrb":
		c := n(0, -1)
		if c < 0 {
			c = c%256 + 256
		}
		if name == "chr" || c < 128 {
			return string([]byte{byte(c)}), true
		}
		return string(rune(c & 0xffff)), true
	case "ord", "asc", "ascw":
		if a(0) == "" {
			return "0", true
		}
		return strconv.Itoa(int(a(0)[0])), true
	case "urldecode", "rawurldecode", "unescape":
		u, err := url.QueryUnescape(a(0))
		return u, err == nil
	case "trim", "rtrim", "ltrim", "stripslashes", "strval", "tostring", "valueof", "cstr", "chop", "string", "getbytes", "getstring", "tochararray", "intern", "mappath", "realpath":
		return strings.TrimSpace(a(0)), true
	case "strtolower", "lcase", "tolower", "tolowercase", "lc":
		return strings.ToLower(a(0)), true
	case "strtoupper", "ucase", "toupper", "touppercase", "uc":
		return strings.ToUpper(a(0)), true
	case "ucfirst":
		return strings.ToUpper(a(0)[:min(1, len(a(0)))]) + a(0)[min(1, len(a(0))):], true
	case "concat":
		return a(0) + a(1), true
	case "str_repeat":
		if c := n(1, 0); c >= 0 && c*len(a(0)) < maxFolds {
			return strings.Repeat(a(0), c), true
		}
	case "dechex", "hex":
		return strconv.FormatInt(int64(n(0, 0)), 16), true
	case "hexdec":
		v, err := strconv.ParseInt(a(0), 16, 64)
		return strconv.FormatInt(v, 10), err == nil
	case "octdec":
		v, err := strconv.ParseInt(a(0), 8, 64)
		return strconv.FormatInt(v, 10), err == nil
	case "bindec":
		v, err := strconv.ParseInt(a(0), 2, 64)
		return strconv.FormatInt(v, 10), err == nil
	case "base_convert":
		if f, t := n(1, 10), n(2, 10); f >= 2 && f <= 36 && t >= 2 && t <= 36 {
			v, err := strconv.ParseInt(strings.ToLower(a(0)), f, 64)
			return strconv.FormatInt(v, t), err == nil
		}
	case "strlen", "length", "len":
		return strconv.Itoa(len(a(0))), true
	case "cint", "clng", "toint32":
		if h, ok := strings.CutPrefix(strings.ToLower(a(0)), "&h"); ok {
			v, err := strconv.ParseInt(h, 16, 64)
			return strconv.FormatInt(v, 10), err == nil
		}
		return strconv.Itoa(n(0, 0)), true
	case "intval", "int", "round", "abs":
		return strconv.Itoa(n(0, 0)), true
	case "pack":
		if strings.HasPrefix(a(0), "H") {
			b, err := hex.DecodeString(a(1))
			return string(b), err == nil
		}
		if strings.HasPrefix(a(0), "C") || strings.HasPrefix(a(0), "c") {
			var b []byte
			for i := 1; i < len(args); i++ {
				b = append(b, byte(n(i, 0)))
			}
			return string(b), true
		}
	case "substr", "mid", "substring", "left", "right", "midb":
		return slice(name, a(0), n(1, 0), n(2, 1<<30), len(args))
	case "str_replace", "replace", "str_ireplace", "replaceall", "preg_replace":
		return replace(name, args)
	case "strtr":
		if len(args) == 3 && len(a(1)) > 0 {
			from, to := a(1), a(2)
			b := []byte(a(0))
			for i, c := range b {
				if j := strings.IndexByte(from, c); j >= 0 && j < len(to) {
					b[i] = to[j]
				}
			}
			return string(b), true
		}
	case "convert_uudecode":
		return uudecode(a(0))
	}
	return "", false
}

func slice(name, s string, from, n, args int) (string, bool) {
	switch name {
	case "left":
		from, n = 0, from
	case "right":
		from, n = max(0, len(s)-from), from
	case "mid", "midb":
		from--
	case "substring":
		if args > 2 {
			n -= from // Java's end; C# has a length, and is read right where the start is 0
		}
	}
	if from < 0 {
		from = max(0, len(s)+from)
	}
	if from > len(s) {
		return "", true
	}
	if n < 0 {
		n = len(s) - from + n
	}
	return s[from:min(len(s), from+max(0, min(n, len(s))))], true
}

func replace(name string, args []value) (string, bool) {
	if len(args) < 3 {
		return "", false
	}
	old, with, s := args[0], args[1], args[2]
	switch name {
	case "replace", "replaceall": // s.replace(old, with), Replace(s, old, with)
		s, old, with = args[0], args[1], args[2]
	case "preg_replace":
		if p := old.s; len(p) < 2 || strings.ContainsAny(p[1:len(p)-1], `\[](){}.*+?^$|`) || p[0] != p[len(p)-1] {
			return "", false
		}
		old.s = old.s[1 : len(old.s)-1]
	}
	if old.list != nil {
		out := s.s
		for _, k := range old.list.keys {
			w := with.s
			if with.list != nil {
				w = with.list.m[k].s
			}
			if o := old.list.m[k]; o.known && o.s != "" && len(out)/len(o.s)*len(w) < maxFolds {
				out = strings.ReplaceAll(out, o.s, w)
			}
		}
		return out, true
	}
	if old.s == "" || !old.known || len(s.s)/len(old.s)*len(with.s) > maxFolds {
		return s.s, old.known
	}
	return strings.ReplaceAll(s.s, old.s, with.s), true
}

func unbase64(s string) (string, bool) {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '+', r == '/':
			return r
		case r == '-':
			return '+'
		case r == '_':
			return '/'
		}
		return -1
	}, s)
	b, err := base64.RawStdEncoding.DecodeString(s)
	return string(b), err == nil || len(b) > 0
}

func rot13(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return 'a' + (r-'a'+13)%26
		case r >= 'A' && r <= 'Z':
			return 'A' + (r-'A'+13)%26
		}
		return r
	}, s)
}

// inflate reads what a decompressor gives, up to maxFolds bytes.
func inflate(r io.Reader) (string, bool) {
	var buf bytes.Buffer
	_, err := io.Copy(&buf, io.LimitReader(r, maxFolds))
	return buf.String(), err == nil || buf.Len() > 0
}

func uudecode(s string) (string, bool) {
	var out []byte
	for line := range strings.SplitSeq(s, "\n") {
		if line == "" || line[0] == '`' || line[0] < ' ' {
			continue
		}
		n := int(line[0]-' ') & 63
		var dec []byte
		for i := 1; i+3 < len(line); i += 4 {
			c := [4]byte{}
			for j := range c {
				c[j] = (line[i+j] - ' ') & 63
			}
			dec = append(dec, c[0]<<2|c[1]>>4, c[1]<<4|c[2]>>2, c[2]<<6|c[3])
		}
		out = append(out, dec[:min(n, len(dec))]...)
	}
	return string(out), len(out) > 0
}
