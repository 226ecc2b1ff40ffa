package domain

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Kind is how one name resembles another.
type Kind uint8

// The ways, the plainest intent first.
const (
	None      Kind = iota
	Homoglyph      // looks the same: other characters of the same shape
	Accent         // the same but for accents
	Embedded       // the whole other name in front of a foreign one: example.org.login.test
	Typo           // one slip away: a letter more, less, swapped or from the next key
	Combined       // the other's label with another word
	Suffix         // the same label below another suffix
)

var kindNames = [...]string{"no likeness", "homoglyph", "accent", "embedded name", "one slip away", "own name with another word", "other suffix"}

// String is the kind in words.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// Likeness says that a name resembles another, and how.
type Likeness struct {
	Kind  Kind
	Other string // the name that it resembles
	Why   string // in words
}

const (
	leastTypo     = 6 // letters of a label: shorter ones have too many neighbours that are words of their own
	leastCombined = 5
	leastGlyph    = 3
)

// lureWords are what deceivers put beside the name of an organisation.
var lureWords = []string{
	"login", "logon", "signin", "secure", "security", "account", "accounts", "verify", "verification", "support", "help", "helpdesk", "service", "services", "portal",
	"mail", "email", "webmail", "owa", "office", "office365", "o365", "online", "update", "updates", "auth", "sso", "vpn", "remote", "cloud", "docs", "document",
	"documents", "share", "sharepoint", "file", "files", "download", "invoice", "payment", "payments", "billing", "pay", "hr", "it", "admin", "gov", "govt",
	"official", "info", "news", "press", "notice", "alert", "id", "my", "web", "app", "team", "group", "corp", "inc", "llc", "ltd", "gmbh", "int", "eu", "us",
}

// Compare tells how host resembles own; None when it does not, or is the same
// or below it.
func Compare(host, own string) Likeness {
	host, own = Clean(host), Clean(own)
	none := Likeness{}
	if host == "" || own == "" || len(host) > maxName || len(own) > maxName {
		return none
	}
	reg, ownReg := Registrable(host), Registrable(own)
	if reg == ownReg || host == own || strings.HasSuffix(host, "."+own) {
		return none
	}
	label, suffix := split(reg)
	ownLabel, ownSuffix := split(ownReg)
	is := func(k Kind, why string) Likeness { return Likeness{Kind: k, Other: own, Why: why} }
	shown, ownShown := Unicode(label), Unicode(ownLabel)
	long := utf8.RuneCountInString(ownShown)
	switch {
	case long >= leastGlyph && shown != ownShown && Skeleton(shown) == Skeleton(ownShown):
		return is(Homoglyph, "it looks the same, in other characters")
	case long >= leastGlyph && shown != ownShown && Bare(shown) == Bare(ownShown):
		if strings.ContainsFunc(shown+ownShown, func(r rune) bool { return r >= 0x80 }) {
			return is(Accent, "it is the same but for accents")
		}
		return is(Homoglyph, "its letters look the same together")
	case strings.HasPrefix(host, own+".") || strings.Contains(host, "."+own+"."):
		return is(Embedded, "the whole name stands in front of another one, "+reg)
	case strings.HasPrefix(host, strings.ReplaceAll(own, ".", "-")+".") || strings.HasPrefix(label, strings.ReplaceAll(ownReg, ".", "-")):
		return is(Embedded, "the whole name stands in it with hyphens for dots")
	case long >= leastTypo:
		if why := slip(shown, ownShown); why != "" {
			return is(Typo, why)
		}
	}
	if word := combined(label, ownLabel); word != "" {
		return is(Combined, "it is the name with "+word)
	}
	if label == ownLabel && suffix != ownSuffix && long >= leastGlyph+1 {
		return is(Suffix, "it is the same label below ."+suffix+" instead of ."+ownSuffix)
	}
	return none
}

func split(registrable string) (label, suffix string) {
	label, suffix, _ = strings.Cut(registrable, ".")
	return label, suffix
}

// combined returns the word that label has beside own.
func combined(label, own string) string {
	if utf8.RuneCountInString(own) < leastCombined || len(label) <= len(own) {
		return ""
	}
	parts := strings.Split(label, "-")
	if i := slices.Index(parts, own); i >= 0 && len(parts) > 1 {
		return strings.Join(slices.Delete(parts, i, i+1), "-")
	}
	for _, rest := range []string{strings.TrimPrefix(label, own), strings.TrimSuffix(label, own)} {
		if rest != label && slices.Contains(lureWords, strings.Trim(rest, "-")) {
			return strings.Trim(rest, "-")
		}
	}
	return ""
}

// slip says what one slip of the fingers makes own into label, or nothing.
func slip(label, own string) string {
	if label == own || isNumber(label, own) {
		return ""
	}
	a, b := []rune(label), []rune(own)
	switch len(a) - len(b) {
	case 0:
		return replaced(a, b)
	case 1:
		if i, ok := extra(a, b); ok {
			if a[i] == '-' {
				return "a hyphen was added"
			}
			if i > 0 && a[i] == a[i-1] || i+1 < len(a) && a[i] == a[i+1] {
				return "the letter " + string(a[i]) + " is doubled"
			}
			return "the letter " + string(a[i]) + " was added"
		}
	case -1:
		if i, ok := extra(b, a); ok {
			return "the letter " + string(b[i]) + " is missing"
		}
	}
	return ""
}

// isNumber tells whether two labels differ in digits only, as the sites of one
// owner do: mail1, mail2.
func isNumber(a, b string) bool {
	trim := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return -1
			}
			return r
		}, s)
	}
	return trim(a) == trim(b)
}

// replaced compares labels of one length.
func replaced(a, b []rune) string {
	first, n := -1, 0
	for i := range a {
		if a[i] != b[i] {
			if n++; n == 1 {
				first = i
			}
		}
	}
	switch {
	case n == 1 && neighbours(a[first], b[first]):
		return "the letter " + string(b[first]) + " became its neighbour on the keyboard, " + string(a[first])
	case n == 1:
		return "the letter " + string(b[first]) + " became " + string(a[first])
	case n == 2 && first+1 < len(a) && a[first] == b[first+1] && a[first+1] == b[first]:
		return "two letters are swapped"
	}
	return ""
}

// extra finds the one character that long has and short has not.
func extra(long, short []rune) (int, bool) {
	i := 0
	for i < len(short) && long[i] == short[i] {
		i++
	}
	return i, slices.Equal(long[i+1:], short[i:])
}

// keyboard are the rows of the common Latin layout; a key's neighbours stand
// beside it and above and below.
var keyboard = []string{"1234567890-", "qwertyuiop", "asdfghjkl", "zxcvbnm"}

func neighbours(a, b rune) bool {
	at := func(r rune) (row, col int) {
		for i, keys := range keyboard {
			if j := strings.IndexRune(keys, r); j >= 0 {
				return i, j
			}
		}
		return -9, -9
	}
	ra, ca := at(a)
	rb, cb := at(b)
	if ra < 0 || rb < 0 {
		return false
	}
	switch ra - rb {
	case 0:
		return ca-cb == 1 || cb-ca == 1
	case 1: // a is below b, half a key to the right
		return cb == ca || cb == ca+1
	case -1:
		return ca == cb || ca == cb+1
	}
	return false
}
