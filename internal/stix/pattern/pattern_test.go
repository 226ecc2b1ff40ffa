package pattern

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestSpecified: patterns as the examples of STIX 2.1 section 9 show them.
func TestSpecified(t *testing.T) {
	for _, src := range []string{
		`[email-message:from_ref.value MATCHES '.+\\@example\\.com$' AND email-message:body_multipart[*].body_raw_ref.name MATCHES '^Final Report.+\\.exe$']`,
		`[file:hashes.'SHA-256' = 'aec070645fe53ee3b3763059376134f058cc337247c978add178b6ccdfb0019f' AND file:mime_type = 'application/x-pdf']`,
		`[process:command_line MATCHES '^.+>-add GlobalSign.cer -c -s -r localMachine Root$'] FOLLOWEDBY [process:command_line MATCHES '^.+>-add GlobalSign.cer -c -s -r localMachineTrustedPublisher$'] WITHIN 300 SECONDS`,
		`([ipv4-addr:value = '198.51.100.1/32' OR ipv4-addr:value = '203.0.113.33/32'] FOLLOWEDBY [domain-name:value = 'example.com']) WITHIN 600 SECONDS`,
		`[network-traffic:extensions.'socket-ext'.is_blocking = true]`,
		`[windows-registry-key:key = 'HKEY_CURRENT_USER\\Software\\foo']`,
		`[artifact:mime_type = 'application/vnd.tcpdump.pcap' AND artifact:payload_bin MATCHES '\\xd4\\xc3\\xb2\\xa1\\x02\\x00\\x04\\x00']`,
		`[x509-certificate:issuer = 'CN=WEBMAIL' AND x509-certificate:serial_number = '4c:0b:1d:19:74:86:a7:66:b4:1a:bf:40:27:21:76:28']`,
		`[file:name LIKE 'a\\_%' ] REPEATS 5 TIMES START t'2016-06-01T00:00:00Z' STOP t'2016-07-01T00:00:00Z'`,
		`[ipv6-addr:value ISSUBSET '2001:db8::/32'] AND [NOT EXISTS file:name]`,
	} {
		if _, err := Parse(src); err != nil {
			t.Errorf("%s: %v", src, err)
		}
	}
}

// TestRefused: each error says where.
func TestRefused(t *testing.T) {
	for src, want := range map[string]string{
		``:                                `character 1: the end where "[" or "(" is expected`,
		`[a:b = 'x'`:                      `character 11: the end where "]" is expected`,
		`[a:b = 'x'] nonsense`:            `character 13: "nonsense" where an operator`,
		`[a:b = "x"]`:                     `character 8: '"' has no meaning`,
		`[a:b-c = 'x']`:                   `character 4: "b-c" where a property`,
		`[a:b MATCHES '(?=x)']`:           `character 14: a regular expression that cannot be evaluated`,
		`[a:b ISSUBSET 'nowhere']`:        `neither an address nor a subnet`,
		`[a:b IN (1, 'x')]`:               `several types`,
		`[a:b = 'x'] WITHIN 0 SECONDS`:    `positive`,
		`[a:b = t'2026-02-30T00:00:00Z']`: `not a timestamp`,
		strings.Repeat("(", 1000) + `[a:b = 1]` + strings.Repeat(")", 1000): `more than 200 parentheses`,
	} {
		_, err := Parse(src)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %v, want %s", src, err, want)
		}
	}
}

func TestSimple(t *testing.T) {
	for src, want := range map[string][]Simple{
		`[domain-name:value = 'example.com']`: {{"domain-name", "value", []string{"example.com"}}},
		`[file:hashes.'SHA-256' = 'ab' OR file:hashes.MD5 IN ('cd', 'ef')] OR [url:value = 'http://x/']`: {
			{"file", "hashes.'SHA-256'", []string{"ab"}}, {"file", "hashes.MD5", []string{"cd", "ef"}}, {"url", "value", []string{"http://x/"}},
		},
		`[a:b = 'x' AND a:c = 'y']`:        nil,
		`[a:b = 'x'] WITHIN 5 SECONDS`:     nil,
		`[a:b != 'x']`:                     nil,
		`[a:b = 'x'] AND [a:b = 'y']`:      nil,
		`[process:pid = 5]`:                nil,
		`[a:b = 'x'] FOLLOWEDBY [a:b='y']`: nil,
	} {
		p, err := Parse(src)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := p.Simple()
		if diff := cmp.Diff(want, got); diff != "" || ok != (want != nil) {
			t.Errorf("%s: %s", src, diff)
		}
	}
}

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func named(name string, at time.Duration) Observation {
	return Observation{First: start.Add(at), Last: start.Add(at), Objects: map[string]Object{"0": {"type": "file", "name": name}}}
}

// TestQualifiers: worked by hand from section 9.3, where the OASIS matcher
// agrees (TestPeerOwn); here so that they are tested without it.
func TestQualifiers(t *testing.T) {
	obs := []Observation{named("a", 0), named("b", 10*time.Second), named("a", 20*time.Second), named("c", 100*time.Second)}
	for src, want := range map[string][]int{
		`[file:name = 'b'] FOLLOWEDBY [file:name = 'a']`:                                                      {1, 2},
		`[file:name = 'c'] FOLLOWEDBY [file:name = 'a']`:                                                      nil,
		`[file:name = 'a'] REPEATS 2 TIMES`:                                                                   {0, 2},
		`[file:name = 'a'] REPEATS 2 TIMES WITHIN 20 SECONDS`:                                                 {0, 2},
		`[file:name = 'a'] REPEATS 2 TIMES WITHIN 19 SECONDS`:                                                 nil,
		`[file:name = 'a'] REPEATS 3 TIMES`:                                                                   nil,
		`[file:name = 'a'] AND [file:name = 'a'] AND [file:name = 'a']`:                                       nil,
		`([file:name = 'a'] OR [file:name = 'c']) START t'2026-01-01T00:01:00Z' STOP t'2026-01-01T00:02:00Z'`: {3},
		`[file:name = 'c'] START t'2026-01-01T00:00:00Z' STOP t'2026-01-01T00:01:40Z'`:                        nil,
		`([file:name = 'a'] AND [file:name = 'c']) WITHIN 80 SECONDS`:                                         {2, 3},
		`[NOT EXISTS file:size]`:                                                                              {0},
		`[EXISTS file:size]`:                                                                                  nil,
	} {
		p, err := Parse(src)
		if err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		got, err := p.Match(obs)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %s%v", src, diff, err)
		}
	}
}

// TestWorkIsBounded: what would take for ever is given up, by steps counted,
// and what is many but plain is answered.
func TestWorkIsBounded(t *testing.T) {
	var obs []Observation
	for i := range 2000 {
		obs = append(obs, named(fmt.Sprint("a", i%50), time.Duration(i)*time.Second))
	}
	hard, err := Parse(`([file:name LIKE 'a%'] AND [file:name LIKE 'a1%'] AND [file:name LIKE 'a2%'] AND [file:name LIKE 'a3%']) START t'2027-01-01T00:00:00Z' STOP t'2028-01-01T00:00:00Z' OR (([file:name LIKE 'a%'] AND [file:name LIKE 'a%']) REPEATS 4 TIMES AND [file:name = 'none'])`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hard.Match(obs); !errors.Is(err, ErrWork) {
		t.Errorf("error %v", err)
	}
	plain, err := Parse(`[file:name = 'a7'] REPEATS 40 TIMES WITHIN 86400 SECONDS`)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := plain.Match(obs); len(got) != 40 || err != nil {
		t.Errorf("%d bound, %v", len(got), err)
	}
	if like(strings.Repeat("a", 1<<16), strings.Repeat("%a", 200)+"b") {
		t.Error("a LIKE that cannot match")
	}
}

// FuzzParse: what parses evaluates, and neither panics.
func FuzzParse(f *testing.F) {
	g := []string{
		`[a:b = 'x' AND a:c NOT IN (1, 2.5)] REPEATS 2 TIMES`, `([a:b[*].c LIKE '_%'] OR [a:'q'[0] = h'00']) WITHIN 1.5 SECONDS`,
		`[a:b_ref.c ISSUBSET '::/0'] START t'2026-01-01T00:00:00Z' STOP t'2026-01-02T00:00:00.5Z' // end`,
	}
	for _, s := range g {
		f.Add(s)
	}
	obs := []Observation{named("a", 0), {First: start, Last: start.Add(time.Hour), Number: 3, Objects: map[string]Object{
		"1": {"type": "a", "b": []any{map[string]any{"c": "x"}, 2.5, nil}, "b_ref": "1", "c": true, "q": []any{"\x00"}},
	}}}
	f.Fuzz(func(t *testing.T, src string) {
		p, err := Parse(src)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error that says nothing")
			}
			return
		}
		bound, err := p.Match(obs)
		if err == nil && len(bound) > len(obs) {
			t.Errorf("%v bound", bound)
		}
		if simple, ok := p.Simple(); ok && len(simple) == 0 {
			t.Error("a simple pattern of nothing")
		}
	})
}
