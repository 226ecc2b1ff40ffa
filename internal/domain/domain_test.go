package domain

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestSkeleton: pairs from UTS 39 sections 4 and 5, and from the table itself.
func TestSkeleton(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"paypal", "раураl", true}, // Cyrillic er, a, u
		{"paypal", "paypa1", true},
		{"scope", "ѕсоре", true},
		{"rn", "m", true},
		{"google", "g00gle", true},
		{"google", "goggle", false},
		{"ministry", "mlnlstry", false}, // i and l are not of one shape in the table
	} {
		if got := Skeleton(c.a) == Skeleton(c.b); got != c.same {
			t.Errorf("%q and %q look alike: %v, want %v (%q, %q)", c.a, c.b, got, c.same, Skeleton(c.a), Skeleton(c.b))
		}
	}
}

func TestRegistrable(t *testing.T) {
	for in, want := range map[string]string{
		"www.mail.example.co.uk": "example.co.uk", "Example.ORG.": "example.org", "localhost": "localhost", "192.0.2.1": "192.0.2.1",
		"a.b.gov.br": "b.gov.br", "co.uk": "co.uk", "x.github.io": "x.github.io", "www.interior.gov.example": "interior.gov.example", "gov.example": "gov.example", "www.interior.example": "interior.example",
	} {
		if got := Registrable(in); got != want {
			t.Errorf("Registrable(%q) = %q, want %q", in, got, want)
		}
	}
	for host, want := range map[string]bool{"example.org": true, "report.pdf": false, "e.g": false, "a..org": false, "what? ever.org": false, "münchen.de": true} {
		if got := Known(host); got != want {
			t.Errorf("Known(%q) = %v, want %v", host, got, want)
		}
	}
}

func TestScripts(t *testing.T) {
	// xn--pple-43d.com is the Cyrillic а in front of pple; xn--80ak6aa92e.com
	// is Cyrillic throughout (both from public write-ups of the attack).
	for _, c := range []struct{ host, mixed, whole string }{
		{"xn--pple-43d.com", "аpple", ""},
		{"xn--80ak6aa92e.com", "", "аррӏе"},
		{"xn--mnchen-3ya.de", "", ""},
		{"xn--80ak6aa92e.xn--p1ai", "", ""}, // below .рф a Russian label is at home
		{"россия.рф", "", ""},
		{"xn--fiqs8s.cn", "", ""},
		{"例え-test.jp", "", ""},
	} {
		if got := Mixed(c.host); got != c.mixed {
			t.Errorf("Mixed(%q) = %q, want %q", c.host, got, c.mixed)
		}
		if got := WholeScript(c.host); got != c.whole {
			t.Errorf("WholeScript(%q) = %q, want %q", c.host, got, c.whole)
		}
	}
}

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		host, own string
		want      Kind
	}{
		{"rninistry.gov.example", "ministry.gov.example", Homoglyph}, // a country that the list does not know
		{"rninistry.test", "ministry.example", Homoglyph},
		{"mail.xn--80ak6aa92e.com", "apple.com", Homoglyph},
		{"mìnistry.org", "ministry.org", Accent},
		{"ministry.org.session-check.net", "ministry.org", Embedded},
		{"ministry-org.net", "ministry.org", Embedded},
		{"minisrty.org", "ministry.org", Typo},
		{"ministty.org", "ministry.org", Typo},
		{"minsitry.org", "ministry.org", Typo},
		{"ministryy.org", "ministry.org", Typo},
		{"mini-stry.org", "ministry.org", Typo},
		{"ministry-login.org", "ministry.org", Combined},
		{"secureministry.org", "ministry.org", Combined},
		{"ministry.com", "ministry.org", Suffix},
		{"www.ministry.org", "ministry.org", None},
		{"ministry.org", "mail.ministry.org", None},
		{"industry.org", "ministry.org", None},
		{"ministryofsound.org", "ministry.org", None}, // a word of its own, no lure
		{"acme.org", "acne.org", None},                // too short to tell a slip from a word
		{"vvikipedia.org", "wikipedia.org", Homoglyph},
		{"server2.org", "server1.org", None},
	} {
		got := Compare(c.host, c.own)
		if got.Kind != c.want {
			t.Errorf("Compare(%q, %q) = %v (%s), want %v", c.host, c.own, got.Kind, got.Why, c.want)
		}
		if got.Kind != None && (got.Why == "" || got.Other != c.own) {
			t.Errorf("Compare(%q, %q) gives no reason: %+v", c.host, c.own, got)
		}
	}
	if why := Compare("ministty.org", "ministry.org").Why; !strings.Contains(why, "neighbour") {
		t.Errorf("t stands beside r on the keyboard, but the reason is %q", why)
	}
}

// FuzzNames: hostile names neither panic nor grow, and no name resembles itself.
func FuzzNames(f *testing.F) {
	f.Add("xn--80ak6aa92e.com", "apple.com")
	f.Add("xn--.xn--a", "\xff.\xfe")
	f.Add(strings.Repeat("ﷺ", 300), "a.b")
	f.Fuzz(func(t *testing.T, a, b string) {
		if k := Compare(a, a).Kind; k != None {
			t.Errorf("%q resembles itself: %v", a, k)
		}
		_ = Compare(a, b)
		Mixed(a)
		WholeScript(a)
		Known(a)
		if s := Skeleton(a); len(s) > 32*4*maxName || utf8.ValidString(a) && !utf8.ValidString(s) && len(a) < maxName {
			t.Errorf("skeleton of %d bytes has %d", len(a), len(s))
		}
	})
}
