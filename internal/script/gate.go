package script

import "regexp"

var junkName = regexp.MustCompile(`^_[a-z]{8}$`)

// swapLoop recognises RC4 without the word: a table of 256, an index reduced
// by % 256 or & 255, and elements exchanged.
func swapLoop(toks []token) bool {
	table, reduce, swaps := false, 0, 0
	for i, t := range toks {
		if t.kind == number && (t.s == "256" || t.s == "0x100") {
			if i > 0 && (toks[i-1].s == "[" || toks[i-1].s == "<") {
				table = true
			}
			if i > 0 && (toks[i-1].s == "%" || toks[i-1].s == "mod") {
				reduce++
			}
		}
		if t.kind == number && (t.s == "255" || t.s == "0xff") && i > 0 {
			switch toks[i-1].s {
			case "&", "and":
				reduce++
			case "=", "to":
				table = true
			}
		}
		// a[i] = a[j]
		if t.s == "]" && i+3 < len(toks) && toks[i+1].s == "=" && toks[i+2].kind == word && toks[i+3].s == "[" && i >= 3 {
			for n := i; n > 0 && n > i-8; n-- {
				if toks[n].s == "[" && toks[n-1].s == toks[i+2].s {
					swaps++
					break
				}
			}
		}
	}
	return table && reduce >= 2 && swaps >= 1
}

// junk counts _abcdefgh = 123 that is never read again.
type junk struct {
	assigned map[string]bool
	uses     map[string]int
}

func newJunk() *junk { return &junk{assigned: map[string]bool{}, uses: map[string]int{}} }

func (j *junk) see(toks []token, i int) {
	t := toks[i]
	if !junkName.MatchString(t.raw) {
		return
	}
	j.uses[t.raw]++
	if i+2 < len(toks) && toks[i+1].s == "=" && toks[i+2].kind == number {
		j.assigned[t.raw] = true
	}
}

func (j *junk) count() int {
	n := 0
	for name := range j.assigned {
		if j.uses[name] == 1 {
			n++
		}
	}
	return n
}
