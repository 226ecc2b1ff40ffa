package yara

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func compile(t testing.TB, src string) (*Rules, []Refusal) {
	t.Helper()
	return Compile(Options{}, fstest.MapFS{"t.yar": {Data: []byte(src)}})
}

func TestRefused(t *testing.T) {
	for src, want := range map[string]string{
		`rule r { condition: x }`:                                                   `t.yar:1: rule r: undefined identifier "x"`,
		`rule r { condition: pe.is_pe }`:                                            `the module is not imported`,
		`import "nothing" rule r { condition: true }`:                               `unknown module "nothing"`,
		`rule r { strings: $a = "x" condition: true }`:                              `unreferenced string "$a"`,
		`rule r { strings: $a = "x" $a = "y" condition: $a }`:                       `duplicated string identifier "$a"`,
		`rule r { condition: $a }`:                                                  `undefined string "$a"`,
		`rule r { strings: $a = "x" condition: $ and $a }`:                          `wrong use of anonymous string`,
		`rule r { strings: $a = "x" condition: 2 of ($b*) or $a }`:                  `undefined string "$b"`,
		`rule r { condition: "a" + 1 == 2 }`:                                        `type mismatch`,
		`rule r { condition: 1 \ 0 == 1 }`:                                          `division by zero`,
		`rule r { strings: $a = "x" condition: 101% of them }`:                      `percentage must be between 1 and 100`,
		`rule r { condition: for any i in (1..2) : ( for any i in (1..2) : (i) ) }`: `duplicated loop identifier "i"`,
		`import "pe" rule r { condition: pe.nothing }`:                              `invalid field name "nothing"`,
		`import "pe" rule r { condition: pe.imports(1) }`:                           `wrong arguments for function "imports"`,
		`import "pe" rule r { condition: pe.sections }`:                             `a condition is true or false`,
		`rule r { condition: true } rule r { condition: true }`:                     `duplicated identifier "r"`,
		`rule r { strings: $a = /a(/ condition: $a }`:                               `invalid regular expression "$a"`,
		`rule r { strings: $a = { 4 } condition: $a }`:                              `invalid hex string "$a"`,
		`include "gone.yar" rule r { condition: true }`:                             `can't open include file "gone.yar"`,
		`include "../../etc/passwd" rule r { condition: true }`:                     `outside of what was given`,
		`include "t.yar" rule r { condition: true }`:                                `circular`,
		"rule a { condition: x }\nrule b { condition: a }":                          `t.yar:2: rule b: depends on rule "a", which cannot be used`,
	} {
		_, refused := compile(t, src)
		var b strings.Builder
		for _, r := range refused {
			b.WriteString(r.String() + "\n")
		}
		all := b.String()
		if !strings.Contains(all, want) {
			t.Errorf("%s\n got %s want %s", src, all, want)
		}
	}
}

// TestTree: files are namespaces, an index adds nothing, and a rule of another
// file is found when no other has its name.
func TestTree(t *testing.T) {
	rules, refused := Compile(Options{}, fstest.MapFS{
		"index.yar":     {Data: []byte("include \"a/one.yar\"\ninclude \"./b/two.yara\"\n")},
		"a/one.yar":     {Data: []byte("rule same { condition: true }\nrule first { condition: is_small }")},
		"b/two.yara":    {Data: []byte("rule same { condition: filesize > 3 }\nprivate rule is_small { condition: filesize < 10 }")},
		"b/readme.txt":  {Data: []byte("not rules")},
		"b/include.yar": {Data: []byte("include \"two.yara\"\nrule third { condition: same }")},
	})
	if len(refused) > 0 {
		t.Fatal(refused)
	}
	s := rules.Scanner()
	if got := s.Scan(Input{Data: []byte("12345")}).Names(); !slices.Equal(got, []string{"first", "same", "same", "third"}) {
		t.Errorf("got %v", got)
	}
	if got := s.Scan(Input{Data: []byte("12345678901")}).Names(); !slices.Equal(got, []string{"same", "same", "third"}) {
		t.Errorf("got %v", got)
	}
}

// TestStopped: what costs too much ends, is named, and spoils nothing else.
func TestStopped(t *testing.T) {
	rules, refused := compile(t, `
		rule loop { condition: for all i in (1..1000000000) : ( for all j in (1..1000000000) : ( i > 0 ) ) }
		rule expression { strings: $a = /aaaa[^z]*a[^z]*a[^z]*z/ condition: $a }
		rule fine { strings: $a = "aaaa" condition: $a }`)
	if len(refused) > 0 {
		t.Fatal(refused)
	}
	got := rules.Scanner().Scan(Input{Data: []byte(strings.Repeat("a", 200_000))})
	if !slices.Equal(got.Names(), []string{"fine"}) || len(got.Stopped) != 2 ||
		!strings.Contains(got.Stopped[0], "rule expression") || !strings.Contains(got.Stopped[1], "rule loop") {
		t.Errorf("got %v, stopped %q", got.Names(), got.Stopped)
	}
}

// TestAbsent: rules about what is never seen can be read, and stay silent.
func TestAbsent(t *testing.T) {
	rules, refused := compile(t, `import "cuckoo" import "androguard"
		rule a { condition: cuckoo.network.http_request(/x/) or androguard.permission("y") }
		rule b { condition: not cuckoo.sync.mutex(/x/) or filesize > 0 }`)
	if len(refused) > 0 || len(rules.List[0].Absent) != 2 {
		t.Fatal(refused, rules.List)
	}
	if got := rules.Scanner().Scan(Input{Data: []byte("x")}).Names(); !slices.Equal(got, []string{"b"}) {
		t.Errorf("got %v", got)
	}
}

// TestLater: what came into the language after 4.2 is understood.
func TestLater(t *testing.T) {
	rules, refused := compile(t, `
		rule text_list { condition: for any s in ("a", "b") : ( s == "b" ) }
		rule negated_byte { strings: $a = { 61 ~62 63 } condition: $a }
		rule of_at { strings: $a = "axc" $b = "zzz" condition: any of them at 0 }
		rule for_none { strings: $a = "axc" $b = "zzz" condition: for none of them : ( # > 5 ) }
		rule unused { strings: $_a = "q" condition: true }`)
	if len(refused) > 0 {
		t.Fatal(refused)
	}
	if got := rules.Scanner().Scan(Input{Data: []byte("axc")}).Names(); len(got) != 5 {
		t.Errorf("got %v", got)
	}
}

func FuzzScan(f *testing.F) {
	for _, name := range [...]string{"strings", "hex", "regex", "conditions", "programs"} {
		src, err := os.ReadFile("testdata/differential/" + name + ".yar")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src), windowsProgram())
		f.Add(string(src), []byte("head needle haystack tail"))
	}
	f.Fuzz(func(t *testing.T, src string, data []byte) {
		if len(src) > 1<<15 || len(data) > 1<<13 {
			return
		}
		rules, _ := compile(t, src)
		s := rules.Scanner()
		few := s.Scan(Input{Data: data, Path: "x"})
		s.AllFinds = true
		all := s.Scan(Input{Data: data, Path: "x"})
		if len(few.Stopped)+len(all.Stopped) == 0 && !slices.Equal(few.Names(), all.Names()) {
			t.Errorf("matches depend on how many finds are kept: %v and %v", few.Names(), all.Names())
		}
		for _, m := range all.Matches {
			for _, str := range m.Strings {
				for _, x := range str.Finds {
					if x.Offset < 0 || x.Length < 0 || x.Offset+int64(x.Length) > int64(len(data)) {
						t.Errorf("find outside of the file: %+v", x)
					}
				}
			}
		}
	})
}
