// Package yara says which rules of the YARA language a file satisfies:
//
//	rules, refused := yara.Compile(yara.Options{}, os.DirFS("rules"))
//	s := rules.Scanner()
//	for _, m := range s.Scan(yara.Input{Data: data, Name: "evil.exe"}).Matches {
//		fmt.Println(m.Rule.Name, m.Strings)
//	}
//
// It is an engine of its own that gives what YARA 4.2 gives. All strings of
// all rules are searched for in one pass (package search), by the four bytes
// of each that are rarest; what is found is verified (package pattern); and
// only rules whose strings were found are asked their condition, unless they
// can be true without any. Steps are counted: a string or condition that costs
// more than it may is stopped and named in Result.Stopped.
package yara

import (
	"fmt"
	"slices"
	"strings"

	"longwatch/internal/rules/yara/search"
	"longwatch/internal/rules/yara/syntax"
)

// Bounds of one scan. They are counted in steps, never in time, so that the
// same file always gives the same result.
const (
	// stringWork and stringWorkPerByte are the steps that the pattern of one
	// string may take.
	stringWork        = 20_000_000
	stringWorkPerByte = 16
	// scanWork and scanWorkPerByte are the same for all patterns of a scan.
	scanWork        = 400_000_000
	scanWorkPerByte = 64
	// rowWork and rowWorkPerByte are how many rows of bytes may be compared.
	rowWork        = 100_000_000
	rowWorkPerByte = 128
	// conditionWork are the nodes of one rule's condition that may be looked at.
	conditionWork = 10_000_000
	// moduleWork are the bytes that the functions of modules may read, per byte of the file.
	moduleWork = 64
	// maxFinds is how often one string is found at most, as in YARA.
	maxFinds = 1_000_000
	// keptFinds is how many finds of a string are kept when no rule counts them.
	keptFinds = 64
	// maxAllFinds bounds the memory of all finds of a scan.
	maxAllFinds = 8_000_000
)

// Meta is one line about a rule.
type Meta struct{ Name, Value string }

// Rule is one rule that can be used.
type Rule struct {
	Tree            int    // which of those given to Compile
	File            string // where it is written
	Line            int
	Namespace       string // the file that was loaded: rules see each other within it
	Name            string
	Tags            []string
	Meta            []Meta
	Global, Private bool
	Strings         []*String
	// Absent names what rules of this kind ask and this program cannot know, as
	// the report of a sandbox. Such a rule can be silent for want of it.
	Absent []string

	index     int
	space     *namespace
	condition node
	needs     bool // cannot be true without one of its strings
}

// MetaOf is the value of the first meta line of a name, in any case.
func (r *Rule) MetaOf(name string) string {
	for _, m := range r.Meta {
		if strings.EqualFold(m.Name, name) {
			return m.Value
		}
	}
	return ""
}

// String is a string of a rule.
type String struct {
	Name    string // with its $
	Line    int
	Text    string // as written, shortened
	Private bool

	index  int // in Rules.strings
	rule   *Rule
	finder finder
	// counted is set when the rule asks how often, where or how long: then all
	// finds are kept.
	counted bool
	// only is the one offset that matters, when the rule asks for no other; -1
	// otherwise.
	only int64
	// fixed collects what the conditions ask, for only.
	fixed fixedOffset
}

// Refusal is a rule, or a file, that cannot be used.
type Refusal struct {
	Tree int // which of those given to Compile
	File string
	Line int
	Rule string // empty: all of the file
	Why  string
}

// String says it in one line.
func (r Refusal) String() string {
	if r.Rule == "" {
		return fmt.Sprintf("%s:%d: %s", r.File, r.Line, r.Why)
	}
	return fmt.Sprintf("%s:%d: rule %s: %s", r.File, r.Line, r.Rule, r.Why)
}

// Rules are compiled rules. They are not changed and can be used by many
// scanners at once.
type Rules struct {
	List []*Rule // in the order in which they are judged

	strings  []*String
	searcher *search.Searcher
	atoms    []atom
	// links are the matchers of all strings. Most strings have one; those with
	// long jumps have one for every part.
	links []*link
	// slow are the strings of which no bytes are certain.
	slow []*link
	// fixedAt are those that only matter at one offset.
	fixedAt   []*link
	always    []*Rule // rules to be asked even when none of their strings is found
	globals   []*Rule
	externals map[string]any
}

// Empty tells whether there is nothing to scan with.
func (r *Rules) Empty() bool { return r == nil || len(r.List) == 0 }

// Options say what rules can ask beside the file.
type Options struct {
	// Externals are variables by name: string, int64, float64 or bool. Those of
	// Input are always there.
	Externals map[string]any
}

// Input is one file.
type Input struct {
	Data []byte
	Size int64 // of the whole file, when Data is only its start; 0: len(Data)
	Path string
	Time int64 // seconds since 1970 of the evidence; 0: unknown
}

// inputExternals are the variables that rules for file scanners expect.
var inputExternals = []string{"filename", "filepath", "extension", "filetype", "owner"}

// Match is a rule that a file satisfies.
type Match struct {
	Rule    *Rule
	Strings []Found // by place in the rule
}

// Found is where a string was found.
type Found struct {
	String *String
	Finds  []Find // in order of offsets
}

// Find is one place.
type Find struct {
	Offset int64
	Length int32
}

// Result is what a scan found out.
type Result struct {
	Matches []Match
	// Stopped has one sentence for each string and rule that cost too much.
	Stopped []string
}

// Names of the matching rules, sorted.
func (r Result) Names() []string {
	var out []string
	for _, m := range r.Matches {
		out = append(out, m.Rule.Name)
	}
	slices.Sort(out)
	return out
}

// flagsOf completes what a string's modifiers imply.
func flagsOf(s *syntax.String) syntax.Flags {
	f := s.Flags
	if !f.Has(syntax.Wide | syntax.Xor | syntax.Base64 | syntax.Base64Wide) {
		f |= syntax.ASCII
	}
	if s.Kind == syntax.Hex {
		f |= syntax.DotAll
	}
	return f
}
