package sigma

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"
	"unicode/utf8"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// TestCostlyRulesAreStopped: a rule whose patterns would cost too much for an
// event is stopped, counted, and not true, whatever it denies; others go on.
func TestCostlyRulesAreStopped(t *testing.T) {
	text := strings.Repeat("ab", maxText/2)
	list := func(n int, form string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "    - "+form+"\n", i)
		}
		return b.String()
	}
	for name, detection := range map[string]string{
		"many ways":         "  s:\n    F|re: '(a|b|ab|ba|a.|.b)*a.{900}c'\n  condition: s",
		"long repetition":   "  s:\n    F|re: '([ab]{1,30}[ab]{0,30}){30}$x'\n  condition: s",
		"denied":            "  s:\n    F|startswith: a\n  t:\n    F|re: '(.*a.{200}){4}c'\n  condition: s and not t",
		"wildcards":         "  s:\n    F: '*" + strings.Repeat("?", 20000) + "c*'\n  condition: s",
		"wildcards between": "  s:\n    F: '*" + strings.Repeat("a?", 3000) + "c'\n  condition: s",
		"long literals":     "  s:\n    F|contains: '" + strings.Repeat("ab", 16000) + "?c'\n  condition: s",
		"many searches":     "  s:\n    F|contains:\n" + list(19000, "'a?b%dx'") + "  condition: not s",
		"many expressions":  "  s:\n    F|re:\n" + list(15000, "'(a|ab)+%dx{3}'") + "  condition: not s",
		"keywords":          "  s:\n" + list(19000, "'b?a%dx'") + "  condition: not s",
	} {
		t.Run(name, func(t *testing.T) {
			rule := "title: costly\nid: costly\nlogsource: {product: windows, service: application}\ndetection:\n" + detection + "\n"
			e, refused := compileText(t, rule+"---\n"+"title: plain\nid: plain\nlogsource: {product: windows, service: application}\ndetection:\n  s:\n    F|startswith: abab\n  condition: s\n")
			if len(refused) > 0 {
				t.Fatal(refused)
			}
			m := e.NewMatcher()
			var got []string
			for range 2 {
				m.Match(&host.Event{Channel: "Application", Fields: []record.KV{{Name: "F", Value: text}}}, func(f *Firing) { got = append(got, f.Rule.ID) })
			}
			if strings.Join(got, " ") != "plain plain" {
				t.Errorf("true are %q, want only the plain rule, twice", got)
			}
			s := e.Stopped([]*Matcher{m})
			if len(s) != 1 || s[0].Rule.ID != "costly" || s[0].Events != 2 {
				t.Errorf("stopped are %v, want the costly rule on 2 events", s)
			}
		})
	}
}

// TestHugeRulesAreRefused: what cannot be compiled to a program of bounded size
// is refused with the reason.
func TestHugeRulesAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ detection, why string }{
		"program":   {"  s:\n    F|re: '(abcdefghij){1000}(abcdefghij){1000}'\n  condition: s", "compiled to 24002 instructions"},
		"programs":  {"  s:\n    F|re:\n" + strings.Repeat("    - 'a{1000}'\n", 1001) + "  condition: s", "more than 1000000 instructions"},
		"condition": {"  a: {F: 1}\n  b: {F: 2}\n  condition: '" + strings.Repeat("1 of them and ", 10001) + "a'", "names more than 20000 selections"},
		"values":    {"  s:\n    F:\n" + strings.Repeat("    - 'a'\n", 20001) + "  condition: s", "more than 20000 values"},
		"dashes":    {"  s:\n    F|windash: '-a -b -c -d -e'\n  condition: s", "more than 4 options"},
	} {
		t.Run(name, func(t *testing.T) {
			_, refused := compileText(t, "title: huge\nlogsource: {product: windows}\ndetection:\n"+c.detection+"\n")
			if len(refused) != 1 || !strings.Contains(refused[0].Reason, c.why) {
				t.Errorf("refused %v, want one for %q", refused, c.why)
			}
		})
	}
}

// FuzzMachine: counting steps finds what the standard library finds, and with
// fewer steps than it takes finds nothing.
func FuzzMachine(f *testing.F) {
	for _, x := range []string{`a+b`, `^a.*c$`, `(?i)straße|\bx\B`, `(?m)^two$`, `(?s)a.b`, `[^a-f]{2,5}?z`, `(a|ab)(c|bcd)(d*)$`, `\A\z|q`, `(?:)`, `é+[ü-ÿ]`} {
		f.Add(x, "one\ntwo\nabcd a\nb straße éüz")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 200 || len(text) > 2000 {
			return
		}
		x, err := compileRegexp(pattern)
		if err != nil {
			return
		}
		want := regexp.MustCompile(pattern).MatchString(text)
		var m machine
		got, left := m.match(x.prog, x.prefix, text, 1<<40)
		if got != want {
			t.Fatalf("%q in %q: %v, want %v", pattern, text, got, want)
		}
		spent := 1<<40 - left
		if most := (len(x.prog.Inst) * 4) * (utf8.RuneCountInString(text) + 2); spent > most {
			t.Errorf("%q in %q took %d steps, more than %d", pattern, text, spent, most)
		}
		if got, left := m.match(x.prog, x.prefix, text, spent/2-1); got && left < 0 {
			t.Errorf("%q in %q was found with less than no steps left", pattern, text)
		}
		if again, _ := m.match(x.prog, x.prefix, text, spent); again != want {
			t.Errorf("%q in %q: %v with just as many steps as it takes, want %v", pattern, text, again, want)
		}
		if prog, err := syntax.Compile(x.tree); err != nil || len(prog.Inst) != len(x.prog.Inst) {
			t.Errorf("%q is compiled differently: %v", pattern, err)
		}
	})
}
