package domain

import (
	"slices"
	"strings"
	"unicode"
)

// together are scripts that one word of a language mixes: UTS 39 section 5.2,
// "highly restrictive".
var together = [][]string{
	{"Latin", "Han", "Hiragana", "Katakana"}, {"Latin", "Han", "Bopomofo"}, {"Latin", "Han", "Hangul"},
}

// scripts are those that host names use, in the order in which they are tried.
var scripts = []string{
	"Latin", "Cyrillic", "Greek", "Han", "Hiragana", "Katakana", "Hangul", "Arabic", "Hebrew", "Thai", "Devanagari", "Armenian", "Georgian", "Cherokee",
	"Bengali", "Tamil", "Telugu", "Kannada", "Malayalam", "Gujarati", "Gurmukhi", "Sinhala", "Ethiopic", "Khmer", "Lao", "Myanmar", "Tibetan", "Bopomofo",
	"Mongolian", "Coptic", "Lisu",
}

// Scripts are the scripts of the letters of s, in the order in which they come;
// digits, signs and marks belong to none.
func Scripts(s string) []string {
	var out []string
	for _, r := range s {
		if !unicode.IsLetter(r) {
			continue
		}
		name := "Other"
		for _, n := range scripts {
			if unicode.Is(unicode.Scripts[n], r) {
				name = n
				break
			}
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// Mixed returns the first label of a name, decoded, that mixes scripts as no
// language does; empty when there is none.
func Mixed(host string) string {
	for label := range strings.SplitSeq(Unicode(host), ".") {
		if len(label) > maxName {
			continue
		}
		if s := Scripts(label); len(s) > 1 && !slices.ContainsFunc(together, func(t []string) bool { return within(s, t) }) {
			return label
		}
	}
	return ""
}

func within(s, t []string) bool {
	return !slices.ContainsFunc(s, func(x string) bool { return !slices.Contains(t, x) })
}

// WholeScript returns the first label that is all of another script and yet
// looks like Latin letters throughout (UTS 39 section 5.1, whole-script
// confusables), below a suffix in Latin letters; empty when there is none.
func WholeScript(host string) string {
	labels := strings.Split(Unicode(host), ".")
	if last := labels[len(labels)-1]; !slices.Equal(Scripts(last), []string{"Latin"}) {
		return ""
	}
	for _, label := range labels[:len(labels)-1] {
		s := Scripts(label)
		if len(label) > maxName || len(s) != 1 || s[0] == "Latin" || len([]rune(label)) < 3 {
			continue
		}
		if looks := Skeleton(label); !strings.ContainsFunc(looks, func(r rune) bool { return r >= 0x80 }) {
			return label
		}
	}
	return ""
}
