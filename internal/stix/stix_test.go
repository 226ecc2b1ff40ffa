package stix

import (
	"regexp"
	"testing"
	"time"
)

// TestObservable: identifiers as other implementations compute them. The
// expected ones are those of the OASIS Python library (stix2 3.0.2).
func TestObservable(t *testing.T) {
	tests := []struct {
		typ   string
		props map[string]any
		want  string
	}{
		{"ipv4-addr", map[string]any{"value": "198.51.100.3"}, "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"},
		{"domain-name", map[string]any{"value": "example.com"}, "domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7"},
		{"url", map[string]any{"value": "https://example.com/a?b=c&d=<e>"}, "url--ed095f78-4468-5d29-8f9b-8d7920ed6ea2"},
		{"file", map[string]any{"name": "grün\u2028.txt"}, "file--30d448ee-9dff-5405-a5a2-af55f8b2287e"},
		{"file", map[string]any{"hashes": map[string]string{"SHA-256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}, "file--22f8ff52-8f62-5f03-a53a-6f50f54fd74c"},
		{"user-account", map[string]any{"account_login": `CORP\alice`}, "user-account--d25a7f6e-f8c7-5f2e-a455-6008100134cc"},
	}
	for _, tt := range tests {
		if got := Observable(tt.typ, tt.props, nil).ID(); got != tt.want {
			t.Errorf("%s %v: %s, want %s", tt.typ, tt.props, got, tt.want)
		}
	}
}

// TestTime: UTC with three digits (section 3.2 allows any number; we keep one form).
func TestTime(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 123456789, time.FixedZone("", 3600))
	if got := Time(at); got != "2026-03-02T08:00:00.123Z" {
		t.Errorf("time %s", got)
	}
}

// TestName: one name, one identifier, of version 4 (RFC 9562 section 5.4), and
// another type is another identifier.
func TestName(t *testing.T) {
	a := Name("incident", "a")
	if a != Name("incident", "a") || a == Name("incident", "b") || Name("report", "a")[8:] == a[10:] {
		t.Error("identifiers do not follow type and name")
	}
	if !regexp.MustCompile(`^incident--[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(a) {
		t.Errorf("identifier %s", a)
	}
}
