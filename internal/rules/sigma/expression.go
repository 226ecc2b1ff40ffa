package sigma

import (
	"bytes"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// expression is a regular expression with what can be told without running
// it. The engine of the standard library takes at most as many steps as there
// are instructions times characters; where that is many, they are counted.
type expression struct {
	re     *regexp.Regexp
	tree   *syntax.Regexp
	prog   *syntax.Prog
	prefix string // what every match begins with

	least int      // bytes of the shortest text that it matches
	need  [][]byte // one of these, in lower case, is in whatever it matches; nil when that cannot be told
	part  *run     // a run that is part of whatever it matches
	run   *run     // the whole of the expression, when it asks for a run of characters only
}

// run is so many characters of a class, one after the other: .{1000,}
type run struct {
	least int
	holds func(rune) bool
}

// maxNeed bounds the texts looked for before an expression is run.
const maxNeed = 8

func compileRegexp(text string) (*expression, error) {
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	x := &expression{run: runOf(tree), part: partOf(tree)}
	x.tree = tree.Simplify()
	if x.prog, err = syntax.Compile(x.tree); err != nil {
		return nil, err
	}
	if n := len(x.prog.Inst); n > maxProgram {
		return nil, fmt.Errorf("it is compiled to %d instructions, more than %d", n, maxProgram)
	}
	if x.re, err = regexp.Compile(text); err != nil {
		return nil, err
	}
	if x.prog.StartCond() == 0 {
		x.prefix, _ = x.prog.Prefix()
	}
	x.least = shortestMatch(x.tree)
	if need := regexpLiterals(x.tree, 1); len(need) <= maxNeed {
		for _, s := range need {
			x.need = append(x.need, []byte(s))
		}
	}
	return x, nil
}

// match tells whether the expression is found in value i of v.
func (x *expression) match(v *view, i int) bool {
	text, folded := v.vals[i].text, v.folded(i)
	if len(text) < x.least {
		return v.spend(1) && false
	}
	if x.run != nil {
		return v.spend(1+len(text)/every) && x.run.in(text)
	}
	if !v.spend(1 + (len(x.need)+1)*len(text)/searched) {
		return false
	}
	if len(x.need) > 0 && !slices.ContainsFunc(x.need, func(s []byte) bool { return bytes.Contains(folded, s) }) {
		return false
	}
	if x.part != nil && !x.part.in(text) {
		return false
	}
	if steps := len(x.prog.Inst) * (len(text) + 1); steps <= direct {
		return v.spend(1+steps/every) && x.re.MatchString(text)
	}
	found, left := v.machine.match(x.prog, x.prefix, text, v.work)
	v.work = left
	return found
}

// in tells whether text has such a run.
func (r *run) in(text string) bool {
	if len(text) < r.least {
		return false
	}
	n := 0
	for _, c := range text {
		if !r.holds(c) {
			n = 0
			continue
		}
		if n++; n >= r.least {
			return true
		}
	}
	return false
}

// runOf is the run that a whole expression asks for, nil when it asks for
// anything else.
func runOf(re *syntax.Regexp) *run {
	for re.Op == syntax.OpCapture {
		re = re.Sub[0]
	}
	least := 1
	switch re.Op {
	case syntax.OpRepeat:
		least = re.Min
	case syntax.OpPlus:
	default:
		return nil
	}
	if least < 1 {
		return nil
	}
	switch sub := re.Sub[0]; sub.Op {
	case syntax.OpAnyCharNotNL:
		return &run{least, func(r rune) bool { return r != '\n' }}
	case syntax.OpAnyChar:
		return &run{least, func(rune) bool { return true }}
	case syntax.OpCharClass:
		return &run{least, func(r rune) bool { return inClass(sub.Rune, r) }}
	}
	return nil
}

// minRun is the shortest run worth looking for before an expression is run.
const minRun = 8

// partOf is the longest run that must be in whatever re matches, nil when
// there is none worth looking for.
func partOf(re *syntax.Regexp) *run {
	switch re.Op {
	case syntax.OpCapture:
		return partOf(re.Sub[0])
	case syntax.OpConcat:
		var best *run
		for _, s := range re.Sub {
			if r := partOf(s); r != nil && (best == nil || r.least > best.least) {
				best = r
			}
		}
		return best
	}
	if r := runOf(re); r != nil && r.least >= minRun {
		return r
	}
	return nil
}

// inClass tells whether r is in one of the ranges of a class.
func inClass(ranges []rune, r rune) bool {
	for i := 0; i+1 < len(ranges); i += 2 {
		if r >= ranges[i] && r <= ranges[i+1] {
			return true
		}
	}
	return false
}

// regexpLiterals returns texts of at least so many bytes, in lower case, of
// which one occurs in whatever re matches; none when that cannot be told.
func regexpLiterals(re *syntax.Regexp, least int) []string {
	switch re.Op {
	case syntax.OpLiteral:
		fold := re.Flags&syntax.FoldCase != 0
		if s := longestASCII(re.Rune, fold); len(s) >= least {
			return []string{s}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return regexpLiterals(re.Sub[0], least)
	case syntax.OpRepeat:
		if re.Min > 0 {
			return regexpLiterals(re.Sub[0], least)
		}
	case syntax.OpConcat:
		return concatLiterals(re, least)
	case syntax.OpAlternate:
		var all []string
		for _, s := range re.Sub {
			t := regexpLiterals(s, least)
			if len(t) == 0 {
				return nil
			}
			all = append(all, t...)
		}
		return all
	}
	return nil
}

// concatLiterals finds them in a row of expressions: in one of them, or where
// some that match few texts stand side by side.
func concatLiterals(re *syntax.Regexp, least int) []string {
	var best []string
	try := func(t []string) {
		for _, s := range t {
			if len(s) < least {
				return
			}
		}
		if len(t) > 0 && (best == nil || findability(t) > findability(best)) {
			best = t
		}
	}
	var row []string
	for _, s := range re.Sub {
		texts := exactTexts(s)
		if len(texts) == 0 || len(texts)*max(len(row), 1) > maxNeed {
			try(row)
			row = texts
			try(regexpLiterals(s, least))
			continue
		}
		if row == nil {
			row = []string{""}
		}
		var next []string
		for _, a := range row {
			for _, b := range texts {
				next = append(next, a+b)
			}
		}
		row = next
	}
	try(row)
	return best
}

// exactTexts are all texts that re matches, in lower case; none when they are
// many or have letters that fold to others outside ASCII.
func exactTexts(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		if s := longestASCII(re.Rune, re.Flags&syntax.FoldCase != 0); len(s) == len(re.Rune) {
			return []string{s}
		}
	case syntax.OpCapture:
		return exactTexts(re.Sub[0])
	case syntax.OpCharClass:
		var out []string
		for i := 0; i+1 < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				if r >= utf8.RuneSelf || len(out) == maxNeed {
					return nil
				}
				out = append(out, string(appendFold(nil, string(r))))
			}
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	return nil
}

// shortestMatch is how many bytes a text needs at least for re to match.
func shortestMatch(re *syntax.Regexp) int {
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpCapture, syntax.OpPlus:
		return shortestMatch(re.Sub[0])
	case syntax.OpRepeat:
		return min(re.Min*shortestMatch(re.Sub[0]), maxText)
	case syntax.OpConcat:
		n := 0
		for _, s := range re.Sub {
			n += shortestMatch(s)
		}
		return n
	case syntax.OpAlternate:
		n := maxText
		for _, s := range re.Sub {
			n = min(n, shortestMatch(s))
		}
		return n
	}
	return 0
}

// longestASCII is the longest run of runes that have one lower-case form,
// folded. K and s fold to letters outside ASCII, too.
func longestASCII(runes []rune, fold bool) string {
	var best, run []rune
	for _, r := range runes {
		if r >= utf8.RuneSelf || fold && (r|0x20 == 'k' || r|0x20 == 's') {
			run = run[:0]
			continue
		}
		if run = append(run, r); len(run) > len(best) {
			best = slices.Clone(run)
		}
	}
	return string(appendFold(nil, string(best)))
}

// findability grades texts of which one must occur: by the shortest, where a
// rare byte makes up for three.
func findability(texts []string) int {
	least := 1 << 20
	for _, t := range texts {
		n := len(t)
		if rareByte(t) >= 0 {
			n += 3
		}
		least = min(least, n)
	}
	return least
}
