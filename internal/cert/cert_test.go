package cert

import (
	"encoding/pem"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"longwatch/internal/record"
)

type golden struct {
	name string
	want map[string]string
	der  []byte
}

// goldens are certificates that openssl made and what openssl x509 prints.
func goldens(t testing.TB) []golden {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no testdata", err)
	}
	var out []golden
	for _, p := range paths {
		a, err := txtar.ParseFile(p)
		if err != nil {
			t.Fatal(err)
		}
		g := golden{name: filepath.Base(p), want: map[string]string{}}
		for _, f := range a.Files {
			switch f.Name {
			case "want":
				for line := range strings.SplitSeq(strings.TrimSpace(string(f.Data)), "\n") {
					k, v, _ := strings.Cut(line, ": ")
					g.want[k] = v
				}
			case "cert.pem":
				b, _ := pem.Decode(f.Data)
				g.der = b.Bytes
			}
		}
		out = append(out, g)
	}
	return out
}

// describe is c in the words of the golden files.
func describe(c *Certificate) map[string]string {
	m := map[string]string{
		"fingerprint": c.Fingerprint, "version": fmt.Sprint(c.Version), "serial": c.Serial,
		"subject": c.Subject, "issuer": c.Issuer,
		"not_before": fmt.Sprint(c.NotBefore.Std().Unix()), "not_after": fmt.Sprint(c.NotAfter.Std().Unix()),
		"key_alg": c.KeyAlg, "sig_alg": c.SigAlg, "exponent": c.Key.Exponent, "curve": c.Key.Curve,
		"dns": strings.Join(c.DNS, " "), "uri": strings.Join(c.URI, " "), "email": strings.Join(c.Email, " "),
	}
	if c.Key.Bits > 0 && c.Key.Type != "ED25519" { // openssl x509 prints no size for it
		m["bits"] = fmt.Sprint(c.Key.Bits)
	}
	var ips []string
	for _, a := range c.IP {
		ips = append(ips, a.String())
	}
	m["ip"] = strings.Join(ips, " ")
	if c.CA.Set {
		m["ca"] = fmt.Sprint(c.CA.V)
	}
	if c.PathLen.Set {
		m["path"] = fmt.Sprint(c.PathLen.V)
	}
	for k, v := range m {
		if v == "" {
			delete(m, k)
		}
	}
	return m
}

func TestParse(t *testing.T) {
	for _, g := range goldens(t) {
		t.Run(g.name, func(t *testing.T) {
			c, err := Parse(g.der)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(g.want, describe(&c)); diff != "" {
				t.Errorf("-openssl +got:\n%s", diff)
			}
		})
	}
}

func TestParseTruncated(t *testing.T) {
	for _, g := range goldens(t) {
		for n := range g.der {
			c, err := Parse(g.der[:n])
			if err == nil {
				t.Fatalf("%s: %d of %d bytes pass for a certificate", g.name, n, len(g.der))
			}
			if errors.Is(err, ErrDER) && c.Version != 0 {
				t.Fatalf("%s: %d bytes: an error and half a value", g.name, n)
			}
		}
	}
}

func TestTime(t *testing.T) {
	const day = int64(24 * time.Hour / time.Second)
	for _, tc := range []struct {
		name     string
		tag      byte
		in       string
		want     int64 // seconds since 1970
		noExpiry bool
	}{
		{"UTCTime of this century", tagUTCTime, "491231235959Z", 2524607999, false},
		{"UTCTime of the last", tagUTCTime, "700102000000Z", day, false},
		{"GeneralizedTime", tagGenTime, "20500101000000Z", 2524608000, false},
		{"fraction and offset", tagGenTime, "19700102000000.25+0100", day - 3600, false},
		{"no seconds", tagUTCTime, "7001020000Z", day, false},
		{"no expiry, clipped", tagGenTime, "99991231235959Z", maxSeconds, true},
		{"letters", tagUTCTime, "70010200000xZ", 0, false},
		{"not a time", tagInteger, "700102000000Z", 0, false},
	} {
		got, noExpiry := timeOf(value{tag: tc.tag, body: []byte(tc.in)})
		if got != record.Time(tc.want*int64(time.Second)) || noExpiry != tc.noExpiry {
			t.Errorf("%s: %q is %d, %v, want %d, %v", tc.name, tc.in, int64(got)/1e9, noExpiry, tc.want, tc.noExpiry)
		}
	}
}

// RFC 6125 section 6.4.3 and RFC 2818 section 3.1.
func TestMatchesHost(t *testing.T) {
	for _, tc := range []struct {
		cert Certificate
		host string
		want bool
	}{
		{Certificate{HasSAN: true, DNS: []string{"a.example.test"}}, "a.example.test", true},
		{Certificate{HasSAN: true, DNS: []string{"*.example.test"}}, "b.example.test", true},
		{Certificate{HasSAN: true, DNS: []string{"*.example.test"}}, "c.b.example.test", false},
		{Certificate{HasSAN: true, DNS: []string{"*.example.test"}}, "example.test", false},
		{Certificate{HasSAN: true, DNS: []string{"w*.example.test"}}, "www.example.test", true},
		{Certificate{HasSAN: true, DNS: []string{"w*w.example.test"}}, "www.example.test", false},
		{Certificate{HasSAN: true, DNS: []string{"*.test"}}, "example.test", false},
		{Certificate{HasSAN: true, CommonName: "a.test"}, "a.test", false},
		{Certificate{CommonName: "a.test"}, "a.test", true},
		{Certificate{}, "", false},
	} {
		if got := tc.cert.MatchesHost(tc.host); got != tc.want {
			t.Errorf("%+v for %q: %v", tc.cert, tc.host, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, g := range goldens(f) {
		f.Add(g.der)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		c, err := Parse(der)
		if len(c.Fingerprint) != 64 {
			t.Errorf("fingerprint %q", c.Fingerprint)
		}
		if err == nil && (c.Version == 0 || c.Serial == "") {
			t.Errorf("no error, and no certificate: %+v", c)
		}
		if len(c.Subject) > maxName || len(c.Issuer) > maxName || len(c.DNS)+len(c.URI)+len(c.Email)+len(c.IP) > maxNames {
			t.Error("more than the bounds allow")
		}
		for _, s := range []string{c.Subject, c.Issuer} {
			for i := range len(s) {
				if s[i] < 0x20 || s[i] > 0x7e {
					t.Errorf("%q is not escaped", s)
				}
			}
		}
		again, _ := Parse(append(append([]byte(nil), der...), 0))
		if err == nil && (again.Subject != c.Subject || again.Serial != c.Serial) {
			t.Error("a byte after the certificate changes it")
		}
	})
}

func BenchmarkParse(b *testing.B) {
	all := goldens(b)
	n := 0
	for _, g := range all {
		n += len(g.der)
	}
	b.SetBytes(int64(n))
	b.ReportAllocs()
	for b.Loop() {
		for _, g := range all {
			if _, err := Parse(g.der); err != nil {
				b.Fatal(err)
			}
		}
	}
}
