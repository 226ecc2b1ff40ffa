package script

import (
	"strings"
)

// sinkOf tells which capability a call to token i feeds its argument into.
func sinkOf(toks []token, i int) string {
	t := toks[i].s
	before := ""
	if i >= 2 && (toks[i-1].s == "." || toks[i-1].s == ">") {
		before = toks[i-2].s
	}
	switch t {
	case "eval", "assert", "execute", "executeglobal", "create_function":
		if before == "" || before == "engine" {
			return EvalInput
		}
	case "system", "shell_exec", "passthru", "popen", "proc_open", "pcntl_exec":
		if before == "" || t == "exec" {
			return StartInput
		}
	case "exec":
		if before == "" || before == ")" || before == "runtime" {
			return StartInput
		}
	case "start":
		if before == "process" {
			return StartInput
		}
	case "processstartinfo", "processbuilder":
		return StartInput
	}
	return ""
}

// maxReach is how many tokens of an argument list are followed.
const maxReach = 120

// flows finds request data that reaches a sink: directly in its arguments, or
// through variables that were assigned from the request, over two rounds of
// assignments. It does not understand control flow and does not need to.
func flows(language string, f found, toks []token) {
	tainted := map[string]bool{}
	for range 3 {
		for i := 1; i+1 < len(toks); i++ {
			if toks[i].s != "=" || toks[i+1].s == "=" || toks[i-1].kind != word || platform[toks[i-1].s] && toks[i-1].s[0] != '$' {
				continue
			}
			if !tainted[toks[i-1].s] && carries(language, toks, i+1, tainted, false) {
				tainted[toks[i-1].s] = true
			}
		}
	}
	for i := range toks {
		t := toks[i]
		if t.kind != word {
			continue
		}
		if sink := sinkOf(toks, i); sink != "" && i+1 < len(toks) && (toks[i+1].s == "(" || language == "asp") && carries(language, toks, i+1, tainted, true) {
			f[sink]++
		}
		// $a($b), $_GET['f']($_POST['x']): a call whose name is computed.
		if language == "php" && strings.HasPrefix(t.s, "$") {
			if n := afterIndex(toks, i); n < len(toks) && toks[n].s == "(" {
				f[DynamicCall]++
				if (tainted[t.s] || inputs[t.s]) || carries(language, toks, n, tainted, true) {
					f[EvalInput]++
				}
			}
		}
		// .FileName = tainted; .Arguments = tainted
		if (t.s == "filename" || t.s == "arguments") && i+1 < len(toks) && toks[i+1].s == "=" && f[StartProcess] > 0 && carries(language, toks, i+2, tainted, false) {
			f[StartInput]++
		}
	}
}

// afterIndex passes over [ … ] behind a variable.
func afterIndex(toks []token, i int) int {
	n := i + 1
	for n < len(toks) && (toks[n].s == "[" || toks[n].s == "{") {
		depth := 0
		for ; n < len(toks) && n < i+maxReach; n++ {
			switch toks[n].s {
			case "[", "{":
				depth++
			case "]", "}":
				depth--
			}
			if depth == 0 {
				n++
				break
			}
		}
		if n >= i+maxReach {
			return len(toks)
		}
	}
	return n
}

// carries tells whether the expression from token i to the end of its
// statement (or of its parentheses) holds request data.
func carries(language string, toks []token, i int, tainted map[string]bool, parens bool) bool {
	depth := 0
	for n := i; n < len(toks) && n < i+maxReach; n++ {
		switch t := toks[n]; {
		case t.s == "(":
			depth++
		case t.s == ")":
			depth--
			if depth <= 0 && parens {
				return false
			}
		case t.s == ";", t.s == "{" && t.kind == mark:
			return false
		case t.kind == word && (tainted[t.s] || isInput(language, toks, n)):
			return t.s != "$_server"
		case t.kind == text && t.s == "php://input":
			return true
		}
	}
	return false
}

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

// joined finds dangerous names put together from pieces: "ev"+"al",
// 'ass'.'ert', "sys" & "tem".
func joined(f found, toks []token) {
	for i := 0; i+2 < len(toks); i++ {
		if toks[i].kind != text || toks[i+2].kind != text || len(toks[i].s) > 24 {
			continue
		}
		if op := toks[i+1].s; op != "+" && op != "." && op != "&" {
			continue
		}
		name := toks[i].s
		for n := i + 2; n < len(toks) && toks[n].kind == text && len(name) < 64; n += 2 {
			name += toks[n].s
			if n+1 >= len(toks) || toks[n+1].s != toks[i+1].s {
				break
			}
		}
		switch l := strings.ToLower(name); l {
		case "eval", "assert", "system", "shell_exec", "base64_decode", "create_function", "passthru", "wscript.shell", "cmd.exe", "frombase64string", "defineclass":
			f[HiddenName]++
		}
	}
}
