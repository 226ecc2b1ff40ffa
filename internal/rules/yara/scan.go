package yara

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"longwatch/internal/rules/yara/module"
	"longwatch/internal/rules/yara/pattern"
)

// Scanner scans one file after the other with the same rules. It is for one
// goroutine and keeps its tables for the next file.
type Scanner struct {
	rules *Rules
	// AllFinds keeps every find of every string, as yara -s shows them, rather
	// than as many as the conditions ask for.
	AllFinds bool

	data    []byte
	size    int64
	input   Input
	state   module.State
	machine pattern.Machine
	lengths []int

	links   []linkState // by link
	touched []int32     // links with finds or spent work
	chained [][]Find    // by string: finds of those with several links
	pending []*Rule     // rules to be asked
	asked   []bool      // by rule: in pending
	matched []bool      // by rule
	all     int         // finds of all links
	work    int         // left for all patterns
	rows    int         // comparisons left for all other strings
	perLink int         // work of one string
	stopped []string
}

// linkState is what is known of one link in this file.
type linkState struct {
	finds   []Find
	spent   int
	touched bool
	full    bool // no more finds are wanted
}

// Scanner makes a scanner.
func (r *Rules) Scanner() *Scanner {
	return &Scanner{
		rules: r, links: make([]linkState, len(r.links)), chained: make([][]Find, len(r.strings)),
		asked: make([]bool, len(r.List)), matched: make([]bool, len(r.List)),
	}
}

// Scan judges one file.
func (s *Scanner) Scan(in Input) Result {
	s.begin(in)
	s.search()
	return s.judge()
}

// begin forgets the file before.
func (s *Scanner) begin(in Input) {
	for _, i := range s.touched {
		l := &s.links[i]
		f := l.finds[:0]
		if cap(f) > 1<<12 {
			f = nil
		}
		*l = linkState{finds: f}
		s.chained[s.rules.links[i].str.index] = nil
	}
	s.touched = s.touched[:0]
	for _, r := range s.pending {
		s.asked[r.index] = false
	}
	s.pending = s.pending[:0]
	clear(s.matched)
	s.stopped = nil
	s.data, s.input, s.size = in.Data, in, in.Size
	if s.size == 0 {
		s.size = int64(len(in.Data))
	}
	s.state.Reset(in.Data, in.Time, int64(len(in.Data))*moduleWork)
	s.all = 0
	s.work = scanWork + scanWorkPerByte*len(in.Data)
	s.rows = rowWork + rowWorkPerByte*len(in.Data)
	s.perLink = stringWork + stringWorkPerByte*len(in.Data)
}

// touch notes that something is known of a link.
func (s *Scanner) touch(l *link) *linkState {
	st := &s.links[l.index]
	if !st.touched {
		st.touched = true
		s.touched = append(s.touched, int32(l.index))
	}
	return st
}

// search finds all strings.
func (s *Scanner) search() {
	r := s.rules
	for _, l := range r.fixedAt {
		if l.str.only <= int64(len(s.data)) {
			s.verifyForm(l, int(l.str.only))
		}
	}
	r.searcher.Scan(s.data, func(id int32, pos int) bool {
		a := &r.atoms[id]
		if a.link.pattern == nil {
			s.verifyForm(a.link, pos-int(a.back))
		} else {
			s.verifyPattern(a, pos)
		}
		return s.rows > 0
	})
	for _, l := range r.slow {
		s.slow(l)
	}
	if s.work <= 0 || s.rows <= 0 {
		s.stopped = append(s.stopped, "the strings of all rules together cost too much in this file: what was found before that is judged")
	}
	s.chain()
}

// slow looks for a pattern of which no bytes are certain, at every place where
// its first byte can be.
func (s *Scanner) slow(l *link) {
	if l.pattern == nil {
		for pos := 0; pos < len(s.data) && !s.links[l.index].full && s.rows > 0; pos++ {
			s.verifyForm(l, pos)
		}
		return
	}
	start := atom{link: l}
	for pos, b := range s.data {
		if !l.pattern.Starts(b) {
			continue
		}
		s.verifyPattern(&start, pos)
		if s.links[l.index].full || s.work <= 0 {
			return
		}
	}
}

// verifyForm looks whether a row of bytes really stands at a place.
func (s *Scanner) verifyForm(l *link, pos int) {
	if s.links[l.index].full {
		return
	}
	s.rows--
	for i := range l.forms {
		f := &l.forms[i]
		if l.xored && f.xorAt(s.data, pos, l.key) || !l.xored && f.at(s.data, pos) {
			s.found(l, pos, len(f.value), f.wide)
			return
		}
	}
}

// verifyPattern runs a pattern from an atom that was found.
func (s *Scanner) verifyPattern(a *atom, pos int) {
	l := a.link
	st := &s.links[l.index]
	if st.full || s.work <= 0 || !s.near(a, pos) {
		return
	}
	st = s.touch(l)
	s.machine.Work = min(s.perLink-st.spent, s.work)
	before := s.machine.Work
	length, wide := -1, false
	if l.ascii {
		length = s.machine.Forward(l.pattern, s.data, pos, a.place, false)
	}
	if length < 0 && l.wide {
		wide = true
		length = s.machine.Forward(l.pattern, s.data, pos, a.place, true)
	}
	certain := len(a.near) > 0 // an atom, rather than just a place
	switch {
	case length < 0 || length == 0 && !certain:
	case certain:
		s.lengths = s.machine.Backward(l.pattern, s.data, pos, a.place, wide, s.lengths[:0])
		for _, b := range s.lengths {
			s.found(l, pos-b, b+length, wide)
		}
	default:
		s.found(l, pos, length, wide)
	}
	spent := before - s.machine.Work
	st.spent += spent
	s.work -= spent
	if st.spent >= s.perLink {
		st.full = true
		s.stopped = append(s.stopped, fmt.Sprintf("string %s of rule %s costs too much in this file", l.str.Name, l.str.rule.Name))
	}
}

// near tells whether what is certain around an atom is there.
func (s *Scanner) near(a *atom, pos int) bool {
	if len(a.near) == 0 {
		return true
	}
	s.rows--
	step := 1
	if a.wide {
		step = 2
	}
	from := pos - step*int(a.before)
	if from < 0 || from+step*len(a.near) > len(s.data) {
		return false
	}
	for i, set := range a.near {
		if !set.Has(s.data[from+step*i]) {
			return false
		}
	}
	return true
}

// found notes a find, if what is around it allows it.
func (s *Scanner) found(l *link, pos, length int, wide bool) {
	if l.fullword && !s.alone(pos, length, wide) {
		return
	}
	st := s.touch(l)
	if !s.put(st, Find{int64(pos), int32(length)}, l.greedy) {
		return
	}
	s.all++
	switch {
	case len(st.finds) >= maxFinds, s.all >= maxAllFinds:
		st.full = true
		s.stopped = append(s.stopped, fmt.Sprintf("string %s of rule %s is found too often in this file", l.str.Name, l.str.rule.Name))
	case l.single && !l.str.counted && !s.AllFinds && len(st.finds) >= keptFinds:
		st.full = true
	}
	if l.single {
		s.ask(l.str.rule)
	}
}

// put adds a find in order; it returns false when there was one at its place.
func (s *Scanner) put(st *linkState, f Find, replace bool) bool {
	i := len(st.finds)
	for i > 0 && st.finds[i-1].Offset > f.Offset {
		i--
	}
	s.rows -= len(st.finds) - i
	if i > 0 && st.finds[i-1].Offset == f.Offset {
		if replace {
			st.finds[i-1].Length = f.Length
		}
		return false
	}
	st.finds = slices.Insert(st.finds, i, f)
	return true
}

// alone tells whether no letter or digit stands beside a find.
func (s *Scanner) alone(pos, length int, wide bool) bool {
	d, end := s.data, pos+length
	if wide {
		return (pos < 2 || d[pos-1] != 0 || !alnum(d[pos-2])) && (end+1 >= len(d) || d[end+1] != 0 || !alnum(d[end]))
	}
	return (pos < 1 || !alnum(d[pos-1])) && (end >= len(d) || !alnum(d[end]))
}

func alnum(b byte) bool { return b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'z' }

// ask puts a rule on the list of those to judge.
func (s *Scanner) ask(r *Rule) {
	if !s.asked[r.index] {
		s.asked[r.index] = true
		s.pending = append(s.pending, r)
	}
}

// finds are where a string was found.
func (s *Scanner) finds(str *String) []Find {
	if l := str.finder.links; len(l) == 1 {
		return s.links[l[0].index].finds
	}
	return s.chained[str.index]
}

// external is the value of a variable that comes with the file.
func (s *Scanner) external(name string) module.Value {
	if v, ok := s.rules.externals[name]; ok {
		switch v := v.(type) {
		case string:
			return module.String(v)
		case int64:
			return module.Number(v)
		case float64:
			return module.Real(v)
		case bool:
			return module.Truth(v)
		}
	}
	full := strings.ReplaceAll(s.input.Path, `\`, "/")
	switch name {
	case "filename":
		return module.String(path.Base(full))
	case "filepath":
		return module.String(path.Dir(full))
	case "extension":
		return module.String(path.Ext(full))
	case "filetype":
		return module.String(fileType(s.data))
	}
	return module.String("")
}

// judge asks the conditions of all rules that can be true.
func (s *Scanner) judge() (out Result) {
	for _, r := range s.rules.always {
		s.ask(r)
	}
	slices.SortFunc(s.pending, func(a, b *Rule) int { return a.index - b.index })
	for _, r := range s.pending {
		s.matched[r.index] = s.condition(r)
	}
	failed := s.failedGlobals()
	for _, r := range s.pending {
		if !s.matched[r.index] || r.Private || failed[r.space] {
			continue
		}
		m := Match{Rule: r}
		for _, str := range r.Strings {
			if f := s.finds(str); len(f) > 0 && !str.Private {
				m.Strings = append(m.Strings, Found{str, slices.Clone(f)})
			}
		}
		out.Matches = append(out.Matches, m)
	}
	out.Stopped = s.stopped
	return out
}

// failedGlobals are the namespaces with a global rule that is not true.
func (s *Scanner) failedGlobals() map[*namespace]bool {
	if len(s.rules.globals) == 0 {
		return nil
	}
	failed := map[*namespace]bool{}
	for _, r := range s.rules.globals {
		if !s.matched[r.index] {
			failed[r.space] = true
		}
	}
	return failed
}

// condition judges one rule.
func (s *Scanner) condition(r *Rule) (yes bool) {
	c := context{Scanner: s, rule: r, work: conditionWork}
	defer func() {
		switch x := recover().(type) {
		case nil:
		case outOfWork:
			yes = false
			s.stopped = append(s.stopped, fmt.Sprintf("the condition of rule %s costs too much in this file", r.Name))
		default:
			panic(x)
		}
	}()
	return c.truth(r.condition)
}
