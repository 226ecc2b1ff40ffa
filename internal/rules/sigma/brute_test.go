package sigma

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// This file holds an evaluator that knows nothing of the compiler: it reads a
// rule as the specification words it and evaluates it without any index. Rules
// and events are random.

// bruteRule is a rule as it was made up.
type bruteRule struct {
	selections []bruteSelection
	condition  string
}

type bruteSelection struct {
	name string
	maps [][]bruteItem // any of these, each all of its items
}

type bruteItem struct {
	key    string // field|modifier…
	values []any  // string, int, nil, bool
}

// text is the rule as YAML.
func (r *bruteRule) text(id int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "title: r%d\nid: r%d\nlogsource: {product: windows, category: process_creation}\ndetection:\n", id, id)
	for _, s := range r.selections {
		fmt.Fprintf(&b, "  %s:\n", s.name)
		for _, m := range s.maps {
			lead := "    - "
			if m[0].key == "" {
				for _, v := range m[0].values {
					fmt.Fprintf(&b, "    - %s\n", yamlValue(v))
				}
				continue
			}
			for _, it := range m {
				var vs []string
				for _, v := range it.values {
					vs = append(vs, yamlValue(v))
				}
				fmt.Fprintf(&b, "%s%q: [%s]\n", lead, it.key, strings.Join(vs, ", "))
				lead = "      "
			}
		}
	}
	fmt.Fprintf(&b, "  condition: %s\n", r.condition)
	return b.String()
}

var bruteRegexps = map[string]*regexp.Regexp{}

func bruteRegexp(s string) *regexp.Regexp {
	re := bruteRegexps[s]
	if re == nil {
		re = regexp.MustCompile(s)
		bruteRegexps[s] = re
	}
	return re
}

func yamlValue(v any) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case string:
		return "'" + strings.ReplaceAll(x, "'", "''") + "'"
	}
	return fmt.Sprint(v)
}

// bruteMatch turns a string with wildcards into a regular expression over the
// whole value, and asks that.
func bruteMatch(pattern, value string, cased, openStart, openEnd bool) bool {
	var re strings.Builder
	re.WriteString("(?s")
	if !cased {
		re.WriteString("i")
	}
	re.WriteString(")")
	if !openStart {
		re.WriteString("^")
	}
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\' && i+1 < len(pattern) && strings.IndexByte(`\*?`, pattern[i+1]) >= 0:
			i++
			re.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		case c == '*':
			re.WriteString(".*")
		case c == '?':
			re.WriteString(".")
		default:
			_, n := utf8.DecodeRuneInString(pattern[i:])
			re.WriteString(regexp.QuoteMeta(pattern[i : i+n]))
			i += n - 1
		}
	}
	if !openEnd {
		re.WriteString("$")
	}
	return bruteRegexp(re.String()).MatchString(value)
}

// bruteItemHolds evaluates one field|modifiers: values.
func bruteItemHolds(it bruteItem, ev map[string][]string) bool {
	parts := strings.Split(it.key, "|")
	field, mods := parts[0], parts[1:]
	has := func(m string) bool { return slices.Contains(mods, m) }
	present := ev[field]
	if field == "" {
		for _, vs := range ev {
			present = append(present, vs...)
		}
	}
	one := func(v any) bool {
		if has("exists") {
			return (len(ev[field]) > 0) == v.(bool)
		}
		if v == nil {
			return len(present) == 0 || present[0] == ""
		}
		for _, p := range present {
			if bruteValueHolds(v, p, mods, field == "", ev) {
				return true
			}
		}
		return false
	}
	holds := has("all")
	for _, v := range it.values {
		if has("all") {
			holds = holds && one(v)
		} else {
			holds = holds || one(v)
		}
	}
	return holds != has("neq")
}

func bruteValueHolds(v any, value string, mods []string, anywhere bool, ev map[string][]string) bool {
	has := func(m string) bool { return slices.Contains(mods, m) }
	s := fmt.Sprint(v)
	switch {
	case has("re"):
		flags := ""
		if has("i") {
			flags = "(?i)"
		}
		return bruteRegexp(flags + s).MatchString(value)
	case has("cidr"):
		ip, err := netip.ParseAddr(value)
		return err == nil && netip.MustParsePrefix(s).Contains(ip)
	case has("lt") || has("lte") || has("gt") || has("gte"):
		n, err := strconv.ParseFloat(value, 64)
		x := float64(v.(int))
		return err == nil && (has("lt") && n < x || has("lte") && n <= x || has("gt") && n > x || has("gte") && n >= x)
	case has("fieldref"):
		return slices.ContainsFunc(ev[s], func(o string) bool { return strings.EqualFold(o, value) })
	}
	texts := []string{s}
	if has("windash") {
		texts = bruteDashes(s)
	}
	if has("wide") {
		texts[0] = strings.Join(strings.Split(texts[0], ""), "\x00") + "\x00"
	}
	if has("base64") {
		texts[0] = base64.StdEncoding.EncodeToString([]byte(texts[0]))
	}
	if has("base64offset") {
		src := texts[0]
		texts = nil
		for i := range 3 {
			// What is the same whatever stands before and after: encode with
			// two neighbours and keep the common middle.
			a := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", i) + src + "\x00\x00\x00"))
			b := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\xff", i) + src + "\xff\xff\xff"))
			from := 0
			for a[from] != b[from] || i > 0 && from < i {
				from++
			}
			to := from
			for to < len(a) && a[to] == b[to] {
				to++
			}
			texts = append(texts, a[from:to])
		}
	}
	for _, t := range texts {
		if bruteMatch(t, value, has("cased"), anywhere || has("contains") || has("endswith"), anywhere || has("contains") || has("startswith")) {
			return true
		}
	}
	return false
}

// bruteDashes writes every option of a value with each kind of dash.
func bruteDashes(s string) []string {
	at := bruteRegexp(`(^|[^0-9A-Za-z_])([-/])[0-9A-Za-z_]`).FindStringSubmatchIndex(s)
	if at == nil {
		return []string{s}
	}
	i := at[4]
	var out []string
	for _, rest := range bruteDashes(s[i+1:]) {
		for _, d := range []string{"-", "/", "–", "—", "―"} {
			out = append(out, s[:i]+d+rest)
		}
	}
	return out
}

// bruteHolds evaluates a condition by putting truth values in its place, from
// the innermost out.
func bruteHolds(r *bruteRule, ev map[string][]string) bool {
	truth := map[string]bool{}
	for _, s := range r.selections {
		for _, m := range s.maps {
			all := true
			for _, it := range m {
				all = all && bruteItemHolds(it, ev)
			}
			truth[s.name] = truth[s.name] || all
		}
	}
	cond := " " + r.condition + " "
	cond = bruteRegexp(`(\w+) of ([\w*]+)`).ReplaceAllStringFunc(cond, func(m string) string {
		f := strings.Fields(m)
		re := bruteRegexp("^" + strings.ReplaceAll(f[2], "*", ".*") + "$")
		n, total := 0, 0
		for name, v := range truth {
			if !re.MatchString(name) && f[2] != "them" {
				continue
			}
			total++
			if v {
				n++
			}
		}
		need, err := strconv.Atoi(f[0])
		if err != nil {
			need = total
		}
		return strconv.FormatBool(n >= need)
	})
	for name, v := range truth {
		cond = bruteRegexp(`\b`+name+`\b`).ReplaceAllString(cond, strconv.FormatBool(v))
	}
	for {
		before := cond
		for _, x := range [...][2]string{
			{`\(\s*(true|false)\s*\)`, "$1"}, {`\bnot\s+true\b`, "false"}, {`\bnot\s+false\b`, "true"},
		} {
			cond = bruteRegexp(x[0]).ReplaceAllString(cond, x[1])
		}
		if cond != before {
			continue
		}
		for _, x := range [...][2]string{{`\btrue\s+and\s+true\b`, "true"}, {`\b(true|false)\s+and\s+(true|false)\b`, "false"}} {
			if next := bruteRegexp(x[0]).ReplaceAllString(cond, x[1]); next != cond {
				cond = next
				break
			}
		}
		if cond != before {
			continue
		}
		// An or is read only when no and is left beside it.
		for _, x := range [...][2]string{{`(^|[\s(])false\s+or\s+false($|[\s)])`, "${1}false$2"}, {`(^|[\s(])(true|false)\s+or\s+(true|false)($|[\s)])`, "${1}true$4"}} {
			if next := bruteRegexp(x[0]).ReplaceAllString(cond, x[1]); next != cond {
				cond = next
				break
			}
		}
		if cond == before {
			break
		}
	}
	return strings.TrimSpace(cond) == "true"
}

// pick is one of list.
func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

var (
	bruteWords  = []string{"cmd", "powershell", "whoami", `\system32\`, ".exe", "x", "^", "a-b", " -enc ", "/c", "ÄÖ", "é", "10", "%temp%", "lsass", "`"}
	bruteFields = []string{"A", "B", "CommandLine", "Image", "N", "Ip"}
)

func bruteText(r *rand.Rand) string {
	var b strings.Builder
	for range 1 + r.IntN(3) {
		b.WriteString(pick(r, bruteWords...))
	}
	return b.String()
}

func bruteRandomItem(r *rand.Rand) bruteItem {
	f := pick(r, bruteFields[:4]...)
	values := func(make func() any) []any {
		var out []any
		for range 1 + r.IntN(3) {
			out = append(out, make())
		}
		return out
	}
	str := func() any {
		s := bruteText(r)
		switch r.IntN(6) {
		case 0:
			s = "*" + s
		case 1:
			s += "*"
		case 2:
			s = strings.Replace(s, "x", "?", 1)
		case 3:
			s += `\*`
		}
		return s
	}
	word := func() any { return pick(r, bruteWords...) }
	switch r.IntN(16) {
	case 0:
		return bruteItem{f, values(str)}
	case 1, 2, 3:
		return bruteItem{f + "|" + pick(r, "contains", "startswith", "endswith"), values(word)}
	case 4:
		return bruteItem{f + "|contains|all", values(word)}
	case 5:
		return bruteItem{f + "|re" + pick(r, "", "|i"), values(func() any {
			return pick(r, "cmd|whoami", "^a", "[a-z]+\\.exe$", "(x|\\^)+", "l.a.s", ".{12,}", "`|\\^", "power(shell)?", "[0-9]{2}", "s{2}", "K")
		})}
	case 6:
		return bruteItem{"Ip|cidr", values(func() any { return pick(r, "10.0.0.0/8", "192.168.1.0/24", "fe80::/10") })}
	case 7:
		return bruteItem{"N|" + pick(r, "lt", "lte", "gt", "gte"), []any{r.IntN(20)}}
	case 8:
		return bruteItem{f + "|exists", []any{r.IntN(2) == 0}}
	case 9:
		return bruteItem{f, []any{nil}}
	case 10:
		return bruteItem{f + "|fieldref", []any{pick(r, "A", "B")}}
	case 11:
		return bruteItem{f + "|windash|contains", values(word)}
	case 12:
		return bruteItem{f + "|" + pick(r, "base64|contains", "base64offset|contains", "wide|base64offset|contains"), []any{pick(r, "whoami", "lsass", "cmd.exe")}}
	case 13:
		return bruteItem{f + "|contains|cased", values(word)}
	case 14:
		return bruteItem{f + "|neq", values(str)}
	}
	return bruteItem{"N", []any{r.IntN(20)}}
}

func bruteRandomRule(r *rand.Rand) *bruteRule {
	out := &bruteRule{}
	names := []string{"sel_a", "sel_b", "filter_x", "filter_y"}[:1+r.IntN(4)]
	for _, n := range names {
		s := bruteSelection{name: n}
		if r.IntN(8) == 0 {
			s.maps = [][]bruteItem{{{"", []any{pick(r, bruteWords...), bruteText(r)}}}}
		} else {
			for range 1 + r.IntN(2) {
				var m []bruteItem
				used := map[string]bool{}
				for range 1 + r.IntN(3) {
					if it := bruteRandomItem(r); !used[it.key] {
						used[it.key] = true
						m = append(m, it)
					}
				}
				s.maps = append(s.maps, m)
			}
		}
		out.selections = append(out.selections, s)
	}
	var expr func(depth int) string
	expr = func(depth int) string {
		if depth == 0 || r.IntN(3) == 0 {
			return pick(r, names[r.IntN(len(names))], "1 of sel_*", "all of them", "1 of them", names[r.IntN(len(names))])
		}
		switch r.IntN(4) {
		case 0:
			return "not " + pick(r, names...)
		case 1:
			return "(" + expr(depth-1) + ")"
		case 2:
			return expr(depth-1) + " and " + expr(depth-1)
		}
		return expr(depth-1) + " or " + expr(depth-1)
	}
	out.condition = expr(3)
	return out
}

func bruteRandomEvent(r *rand.Rand) []record.KV {
	var out []record.KV
	for _, f := range bruteFields {
		for range pick(r, 0, 1, 1, 1, 2) {
			v := bruteText(r)
			switch {
			case f == "N":
				v = strconv.Itoa(r.IntN(20))
			case f == "Ip":
				v = pick(r, "10.1.2.3", "192.168.1.7", "fe80::1", "8.8.8.8", "none")
			case r.IntN(10) == 0:
				v = ""
			case r.IntN(8) == 0:
				v = base64.StdEncoding.EncodeToString([]byte(pick(r, "", "x", "xy") + pick(r, "whoami", "w\x00h\x00o\x00a\x00m\x00i\x00", "lsass", "cmd.exe") + "."))
			case r.IntN(6) == 0:
				v = strings.ToUpper(v)
			}
			out = append(out, record.KV{Name: f, Value: v})
		}
	}
	return out
}

// TestAgainstBruteForce compares rules that are found by index with rules that
// are evaluated one by one, on random rules and events.
func TestAgainstBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(11, uint64(len(bruteWords))))
	rounds := 25
	if testing.Short() {
		rounds = 10
	}
	truths := 0
	for range rounds {
		var text strings.Builder
		var rules []*bruteRule
		for i := range 40 {
			x := bruteRandomRule(r)
			rules = append(rules, x)
			text.WriteString("---\n" + x.text(i))
		}
		e, refused := compileText(t, text.String())
		if len(refused) > 0 {
			t.Fatal(refused[0], "\n", text.String())
		}
		m := e.NewMatcher()
		for range 40 {
			fields := bruteRandomEvent(r)
			got := map[string]bool{}
			m.Match(&host.Event{Channel: sysmonLog, EventID: 1, Fields: fields}, func(f *Firing) {
				got[f.Rule.ID] = true
				f.Why()
			})
			ev := map[string][]string{}
			for _, kv := range fields {
				ev[kv.Name] = append(ev[kv.Name], kv.Value)
			}
			for i, x := range rules {
				want := bruteHolds(x, ev)
				if want {
					truths++
				}
				if got[fmt.Sprintf("r%d", i)] != want {
					t.Fatalf("rule is %v, brute force says %v:\n%s\n%q", !want, want, x.text(i), fields)
				}
			}
		}
	}
	t.Logf("%d of %d were true", truths, rounds*40*40)
}

// TestCorrelationsAgainstBruteForce compares episodes with those found by
// looking at the whole window again with every event.
func TestCorrelationsAgainstBruteForce(t *testing.T) {
	const span = 10
	var base strings.Builder
	for i, n := range []string{"a", "b", "c"} {
		_, _ = fmt.Fprintf(&base, "title: %s\nname: %s\nlogsource: {product: windows, service: security}\ndetection: {s: {EventID: %d}, condition: s}\n---\n", n, n, i+1)
	}
	kinds := map[string]string{
		"event_count":      "rules: [a, b], condition: {gte: 4}",
		"value_count":      "rules: [a, b], condition: {gte: 3, field: V}",
		"temporal":         "rules: [a, b, c]",
		"temporal_ordered": "rules: [a, b, c]",
	}
	type event struct{ at, id, v int }
	holds := map[string]func(w []event) (from int, ok bool){
		"event_count": func(w []event) (int, bool) { return w[max(len(w)-4, 0)].at, len(w) >= 4 },
		"value_count": func(w []event) (int, bool) {
			seen := map[int]bool{}
			for _, v := range slices.Backward(w) {
				if seen[v.v] = true; len(seen) == 3 {
					return v.at, true
				}
			}
			return 0, false
		},
		"temporal": func(w []event) (int, bool) {
			last := map[int]int{}
			for _, e := range w {
				last[e.id] = e.at
			}
			from := w[len(w)-1].at
			for _, at := range last {
				from = min(from, at)
			}
			return from, len(last) == 3
		},
		"temporal_ordered": func(w []event) (int, bool) {
			if w[len(w)-1].id != 3 {
				return 0, false
			}
			for k, v := range slices.Backward(w) { // the latest beginning
				if v.id != 1 {
					continue
				}
				for _, e := range w[k:] {
					if e.id == 2 {
						return v.at, true
					}
				}
			}
			return 0, false
		},
	}
	r := rand.New(rand.NewPCG(5, 6))
	for kind, rest := range kinds {
		e, refused := compileText(t, base.String()+fmt.Sprintf("title: x\ncorrelation: {type: %s, group-by: [G], timespan: %ds, %s}\n", kind, span, rest))
		if len(refused) > 0 {
			t.Fatal(refused)
		}
		for range 150 {
			byGroup := map[string][]event{}
			var events []*host.Event
			now := 0
			for i := range 40 {
				now += 1 + r.IntN(5)
				ev := event{now, 1 + r.IntN(3), r.IntN(4)}
				g := pick(r, "g", "h")
				byGroup[g] = append(byGroup[g], ev)
				events = append(events, &host.Event{
					Head:    record.Head{TS: record.Time(int64(now) * int64(time.Second)), Ref: record.Ref{File: "f", Pos: int64(i + 1)}},
					Channel: "Security", EventID: uint32(ev.id), Fields: kv("G", g, "V", strconv.Itoa(ev.v)),
				})
			}
			var want []string
			for g, list := range byGroup {
				start, end := -1, -1
				flush := func() {
					if start >= 0 {
						want = append(want, fmt.Sprint(g, " ", start, " ", end))
					}
				}
				for i, ev := range list {
					counts := kind == "event_count" || kind == "value_count"
					if counts && ev.id == 3 {
						continue
					}
					var w []event
					for _, o := range list[:i+1] {
						if ev.at-o.at <= span && (!counts || o.id != 3) {
							w = append(w, o)
						}
					}
					from, ok := holds[kind](w)
					if !ok {
						continue
					}
					if start < 0 || ev.at-end > span {
						flush()
						start = from
					}
					end = ev.at
				}
				flush()
			}
			var got []string
			for _, f := range correlate(e, events) {
				if f.Title != "x" {
					continue // a rule that the correlation does not look at
				}
				g := f.Why[len(f.Why)-2]
				g = g[len(g)-2 : len(g)-1]
				got = append(got, fmt.Sprint(g, " ", int64(f.Start)/int64(time.Second), " ", int64(f.End)/int64(time.Second)))
			}
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Fatalf("%s: found %q, brute force %q in %v", kind, got, want, byGroup)
			}
		}
	}
}
