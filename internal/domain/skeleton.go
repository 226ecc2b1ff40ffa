package domain

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

//go:embed confusables.txt
var confusables string

// prototypes maps a character to what stands for all that look like it.
var prototypes = sync.OnceValue(func() map[rune]string {
	out := make(map[rune]string, 1<<13)
	for line := range strings.Lines(confusables) {
		to, from, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		proto := string(runes(to))
		for _, r := range runes(from) {
			out[r] = proto
		}
	}
	return out
})

func runes(s string) []rune {
	var out []rune
	for f := range strings.FieldsSeq(s) {
		n, _ := strconv.ParseUint(f, 16, 21) // a bad number would show as U+0000 in the tests
		out = append(out, rune(n))
	}
	return out
}

// Skeleton is what s looks like: two strings with one skeleton look alike (UTS
// 39 section 4), here without regard to case, and with l, I and 1 as well as o
// and 0 the same. Long strings are cut.
func Skeleton(s string) string {
	s = norm.NFD.String(s[:min(len(s), 4*maxName)])
	table := prototypes()
	var b strings.Builder
	for _, r := range s {
		if p, ok := table[r]; ok {
			b.WriteString(p)
		} else {
			b.WriteRune(r)
		}
	}
	return strings.ToLower(norm.NFD.String(b.String()))
}

// Bare is the skeleton without accents, and with the pairs of letters that look
// like one in many typefaces made one.
func Bare(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, Skeleton(s))
	return pairs.Replace(s)
}

// pairs are not in Unicode's table, which compares characters only.
var pairs = strings.NewReplacer("vv", "w", "cl", "d", "cj", "g", "ii", "u")
