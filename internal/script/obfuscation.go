package script

import (
	"bytes"
	"math"
	"strings"
)

// obfuscated measures how a script hides what it says. Each sign has an innocent
// use (tables, generated code); the score counts them only beside code that runs
// text or computes names.
type obfuscated struct {
	line    int     // longest line of code, in bytes
	literal float64 // share of the file that is literals of high entropy
	escapes float64 // share of the file that is \x41 and \101
	names   int     // different names that cannot be told apart or have no letters
	calls   float64 // share of calls whose name is computed
}

// Thresholds, from what 45,000 scripts of applications do not reach together.
const (
	longLine    = 4000
	highEntropy = 4.8 // bits a byte; English text has about 4.2, Base64 5.9
	leastTold   = 8
)

func obfuscation(data []byte, toks []token, facts map[string]int) obfuscated {
	var o obfuscated
	for line := range bytes.SplitSeq(data, []byte{'\n'}) {
		o.line = max(o.line, len(line))
	}
	dense, calls := 0, 0
	names := map[string]bool{}
	for i, t := range toks {
		switch t.kind {
		case text, interp:
			if len(t.s) >= 200 && entropy(t.s) >= highEntropy && strings.Count(t.s[:200], " ") < 6 {
				dense += len(t.s)
			}
		case word:
			if i+1 < len(toks) && toks[i+1].kind == mark && toks[i+1].s == "(" {
				calls++
			}
			if n := strings.TrimLeft(t.raw, "$"); len(n) >= 4 && (strings.Trim(n, "O0oQl1I_") == "" || highBytes(n)) {
				names[n] = true
			}
		default:
		}
	}
	size := float64(max(len(data), 1))
	o.literal = float64(dense) / size
	o.escapes = float64(4*bytes.Count(data, []byte(`\x`))) / size
	o.names = len(names)
	if calls >= 4 {
		o.calls = float64(facts[DynamicCall]) / float64(2*calls) // every call is followed twice
	}
	return o
}

func highBytes(s string) bool {
	n := 0
	for i := range len(s) {
		if s[i] >= 0x80 {
			n++
		}
	}
	return 2*n > len(s)
}

// entropy is that of the bytes of s, in bits.
func entropy(s string) float64 {
	if len(s) > 1<<14 {
		s = s[:1<<14]
	}
	var n [256]int
	for i := range len(s) {
		n[s[i]]++
	}
	h := 0.0
	for _, c := range n {
		if c > 0 {
			p := float64(c) / float64(len(s))
			h -= p * math.Log2(p)
		}
	}
	return h
}

// hiding adds what obfuscation counts.
func (j *judgement) hiding(o obfuscated) {
	if !j.has(Eval) && !j.has(DynamicCall) && !j.has(LoadCode) {
		return
	}
	if o.literal > 0.3 {
		j.add(3, true, 0, "%d %% of it is encoded literals", int(100*o.literal))
	}
	if o.escapes > 0.15 {
		j.add(3, true, 0, "%d %% of it is escapes such as \\x41", int(100*o.escapes))
	}
	if o.names >= leastTold {
		j.add(3, true, 0, "%d of its names cannot be told apart", o.names)
	}
	if o.calls > 0.3 {
		j.add(2, true, 0, "%d %% of its calls have computed names", min(100, int(100*o.calls)))
	}
	if o.line > longLine && (o.literal > 0.3 || o.escapes > 0.15 || o.names >= leastTold) {
		j.add(1, true, 0, "has a line of %d characters", o.line)
	}
}
