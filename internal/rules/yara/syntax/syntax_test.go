package syntax

import (
	"strings"
	"testing"
)

// wrap makes a rule of strings and a condition.
func wrap(strs, condition string) string {
	if strs != "" {
		strs = "strings: " + strs
	}
	return "rule r { " + strs + " condition: " + condition + " }"
}

func TestRefused(t *testing.T) {
	for src, want := range map[string]string{
		"rule r { condition: true":                     `unexpected "end of file"`,
		"rule true { condition: true }":                `unexpected "true"`,
		"rule r : a a { condition: true }":             `duplicated tag identifier "a"`,
		wrap(`$a = ""`, "$a"):                          "empty string",
		wrap(`$a = "x" xor nocase`, "$a"):              "invalid modifier combination: xor nocase",
		wrap(`$a = "x" base64 fullword`, "$a"):         "invalid modifier combination: base64 fullword",
		wrap(`$a = "x" wide wide`, "$a"):               "duplicated modifier",
		wrap(`$a = { 41 } nocase`, "$a"):               "modifier nocase cannot be used",
		wrap(`$a = "x" xor(9-3)`, "$a"):                "invalid range of xor keys",
		wrap(`$a = "x" base64("short")`, "$a"):         "length of base64 alphabet must be 64",
		wrap(`$a = "\q"`, "$a"):                        "illegal escape sequence",
		wrap(`$a = "x`+"\n"+`"`, "$a"):                 "unterminated string",
		wrap(`$a = //`, "$a"):                          "a text, hex string or regular expression",
		wrap(`$a = { 41 zz }`, "$a"):                   "invalid character",
		wrap("", "1 +"):                                "expecting an expression",
		wrap("", strings.Repeat("(", 500)):             "nested deeper",
		wrap("", `"a" matches "b"`):                    "a regular expression",
		wrap("", "for any i, j, k in (1..2) : (true)"): "too many loop variables",
		wrap("", "99999999999999999999 == 1"):          "integer overflow",
		wrap("", "\u00e9"):                             "non-ascii character",
		"rule " + strings.Repeat("a", 200) + " {":      "identifier too long",
	} {
		f := Parse("t.yar", src)
		if len(f.Errors) != 1 || !strings.Contains(f.Errors[0].Why, want) {
			t.Errorf("%s\n got %+v, want %q", src, f.Errors, want)
		}
	}
}

// TestGoesOn: one bad rule does not spoil those after it.
func TestGoesOn(t *testing.T) {
	f := Parse("t.yar", "import \"pe\"\nrule one { condition: true }\nrule two { condition: }\nprivate rule three { condition: true }\n")
	if len(f.Rules) != 2 || f.Rules[1].Name != "three" || len(f.Errors) != 1 || f.Errors[0].Rule != "two" || f.Errors[0].Line != 3 {
		t.Errorf("got %d rules, errors %+v", len(f.Rules), f.Errors)
	}
}

func TestPrecedence(t *testing.T) {
	for src, want := range map[string]string{
		"1 + 2 * 3 == 7 and not 1 == 2 or true": "or(and(==(+(1,*(2,3)),7),not(==(1,2))),true)",
		"6 & 3 == 2":                            "==(&(6,3),2)",
		"1 | 2 ^ 3 & 4 << 1":                    "|(1,^(2,&(3,<<(4,1))))",
		"-1 - -2":                               "-(-(1),-(2))",
		"10 - 3 - 2":                            "-(-(10,3),2)",
		"1 < 2 == 3 < 4":                        "==(<(1,2),<(3,4))",
		"(1 + 1) of them and true":              "and(of,true)",
		"50 + 1 % of them":                      "of",
		"not any of them or #a > 2":             "or(not(of),>(#,2))",
	} {
		f := Parse("t.yar", wrap(`$a = "x"`, src))
		if len(f.Errors) > 0 {
			t.Fatal(src, f.Errors)
		}
		if got := show(f.Rules[0].Condition); got != want {
			t.Errorf("%s: got %s, want %s", src, got, want)
		}
	}
}

func show(x Expr) string {
	switch x := x.(type) {
	case *Binary:
		return x.Op + "(" + show(x.X) + "," + show(x.Y) + ")"
	case *Unary:
		return x.Op + "(" + show(x.X) + ")"
	case *Int:
		return string(rune('0' + x.V/10%10))[:min(1, int(x.V/10))] + string(rune('0'+x.V%10))
	case *Bool:
		return map[bool]string{true: "true", false: "false"}[x.V]
	case *Of:
		return "of"
	case *Count:
		return "#"
	}
	return "?"
}

func FuzzParse(f *testing.F) {
	f.Add("import \"pe\" rule a : t { meta: x = 1 strings: $a = \"x\" xor(1-2) $b = { 41 [2-] ( 42 | ?? ) } $c = /a+/is condition: any of them and #a in (1..2) }")
	f.Add("include \"x\" global private rule a { condition: for all i in (1,2) : ( pe.sections[i].name == \"x\" ) }")
	f.Fuzz(func(t *testing.T, src string) {
		got := Parse("f.yar", src)
		for _, e := range got.Errors {
			if e.Why == "" || e.Line < 1 || e.Line > strings.Count(src, "\n")+1 {
				t.Errorf("error %+v says nothing, or of no line of the source", e)
			}
		}
		for _, r := range got.Rules {
			if r.Name == "" || r.Condition == nil {
				t.Errorf("half a rule: %+v", r)
			}
		}
	})
}
