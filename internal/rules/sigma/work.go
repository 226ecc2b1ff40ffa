package sigma

import (
	"fmt"
	"maps"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// What a rule may cost is counted in steps, never in time, so that the same
// evidence gives the same findings on any machine. A step is a few nanoseconds.
const (
	// eventWork and eventWorkPerByte are the steps that one rule may take for
	// one event, by the length of its values.
	eventWork        = 256_000
	eventWorkPerByte = 128
	// maxProgram is how many instructions one regular expression may have, and
	// maxPrograms those of all rules.
	maxProgram  = 20_000
	maxPrograms = 1_000_000
	// direct is how many times instructions and characters a regular expression
	// may have to be run by the standard library, which takes at most as many
	// steps, ordinarily a small part of them: one in every is counted.
	direct = 1 << 16
	every  = 16
	// searched is how many bytes of a text are searched in one step.
	searched = 32
)

// holds tells whether a rule is true of the event in v; stopped tells that
// finding out cost too much, so that nobody knows.
func (r *Rule) holds(v *view) (ok, stopped bool) {
	v.grant()
	ok = r.cond.eval(v)
	if v.work < 0 {
		return false, true
	}
	return ok, false
}

// grant gives the next rule its steps.
func (v *view) grant() { v.work = eventWork + eventWorkPerByte*len(v.buf) }

// Stopped is a rule that took more steps than it may, for so many events. It
// is not true of those.
type Stopped struct {
	Rule   *Rule
	Events int
}

// String says it in one line.
func (s Stopped) String() string {
	return fmt.Sprintf("%q (%s, %s:%d) was stopped on %d events, whose texts cost its patterns too much: it may be true of them", s.Rule.Title, s.Rule.ID, s.Rule.File, s.Rule.Line, s.Events)
}

// Stopped adds up which rules matchers had to stop, in the order of the rules.
func (e *Engine) Stopped(matchers []*Matcher) []Stopped {
	events := map[int]int{}
	for _, m := range matchers {
		for n, x := range m.stopped {
			events[n] += x
		}
	}
	var out []Stopped
	for _, n := range slices.Sorted(maps.Keys(events)) {
		out = append(out, Stopped{e.matched[n], events[n]})
	}
	return out
}

// spend counts steps and tells whether there are some left.
func (v *view) spend(steps int) bool {
	v.work -= steps
	return v.work >= 0
}

// machine runs regular expressions a character at a time, all ways at once
// (Pike's algorithm), and counts each instruction that it looks at. It is for
// those that might be too much for the engine of the standard library, which
// does not say what it does.
type machine struct {
	came  []uint32 // instructions after the last character
	now   []uint32 // those before the next one, and matches
	seen  []uint32 // by instruction: the generation that looked at it
	gen   uint32
	stack []uint32
}

// match tells whether prog is found in text, unless it needs more than work
// steps; left is what remains, below 0 when it was not enough. prefix is what
// every match begins with.
func (m *machine) match(prog *syntax.Prog, prefix, text string, work int) (found bool, left int) {
	if len(m.seen) < len(prog.Inst) {
		m.seen, m.gen = make([]uint32, len(prog.Inst)), 0
	}
	anchored := prog.StartCond()&syntax.EmptyBeginText != 0
	m.came = m.came[:0]
	before, at := rune(-1), 0
	for {
		if len(m.came) == 0 && !anchored && prefix != "" {
			skip := strings.Index(text[at:], prefix)
			if skip < 0 {
				return false, work - len(text[at:])/searched
			}
			if skip > 0 {
				at += skip
				before, _ = utf8.DecodeLastRuneInString(text[:at])
				work -= skip / searched
			}
		}
		c, n := rune(-1), 0
		if at < len(text) {
			c, n = utf8.DecodeRuneInString(text[at:])
		}
		flags := syntax.EmptyOpContext(before, c)
		if m.gen++; m.gen == 0 {
			clear(m.seen)
			m.gen = 1
		}
		m.now = m.now[:0]
		for _, pc := range m.came {
			work = m.follow(prog, pc, flags, work)
		}
		if !anchored || at == 0 {
			work = m.follow(prog, uint32(prog.Start), flags, work)
		}
		if work -= len(m.now); work < 0 {
			return false, work
		}
		m.came = m.came[:0]
		for _, pc := range m.now {
			i := &prog.Inst[pc]
			if i.Op == syntax.InstMatch {
				return true, work
			}
			if n > 0 && i.MatchRune(c) {
				m.came = append(m.came, i.Out)
			}
		}
		if n == 0 || anchored && len(m.came) == 0 {
			return false, work
		}
		before, at = c, at+n
	}
}

// follow puts every instruction that pc leads to without taking a character
// into now.
func (m *machine) follow(prog *syntax.Prog, pc uint32, flags syntax.EmptyOp, work int) int {
	m.stack = append(m.stack[:0], pc)
	for len(m.stack) > 0 && work >= 0 {
		pc := m.stack[len(m.stack)-1]
		m.stack = m.stack[:len(m.stack)-1]
		work--
		if m.seen[pc] == m.gen {
			continue
		}
		m.seen[pc] = m.gen
		i := &prog.Inst[pc]
		switch i.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			m.stack = append(m.stack, i.Arg, i.Out)
		case syntax.InstCapture, syntax.InstNop:
			m.stack = append(m.stack, i.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(i.Arg)&^flags == 0 {
				m.stack = append(m.stack, i.Out)
			}
		case syntax.InstFail:
		case syntax.InstMatch, syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			m.now = append(m.now, pc)
		}
	}
	return work
}
