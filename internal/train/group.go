package train

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Tally counts judgements.
type Tally struct {
	Attacks  int     `json:"attacks"`
	Missed   int     `json:"missed"` // attacks called ordinary
	Ordinary int     `json:"ordinary"`
	Alarms   int     `json:"false_alarms"`   // ordinary items called suspicious
	Seconds  float64 `json:"median_seconds"` // per item
	Sure     float64 `json:"mean_sure"`      // percent
	Looked   int     `json:"looked_closer"`  // items of which the details were opened

	seconds []float64
	sure    int
}

func (t *Tally) add(a *Answer) {
	switch {
	case a.Attack:
		t.Attacks++
		t.Missed += one(!a.Right)
	default:
		t.Ordinary++
		t.Alarms += one(!a.Right)
	}
	t.Looked += one(a.Looked)
	t.seconds = append(t.seconds, a.Seconds)
	t.sure += a.Sure
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// done works out what is not a count.
func (t *Tally) done() {
	slices.Sort(t.seconds)
	if n := len(t.seconds); n > 0 {
		t.Seconds = math.Round(10*(t.seconds[(n-1)/2]+t.seconds[n/2])/2) / 10
		t.Sure = math.Round(10*float64(t.sure)/float64(n)) / 10
	}
}

// All is how many judgements were counted.
func (t *Tally) All() int { return t.Attacks + t.Ordinary }

// Right is how many were right.
func (t *Tally) Right() int { return t.All() - t.Missed - t.Alarms }

// Share is the share of right judgements, in percent.
func (t *Tally) Share() float64 {
	if t.All() == 0 {
		return 0
	}
	return math.Round(1000*float64(t.Right())/float64(t.All())) / 10
}

// ByTopic is the tally of one topic.
type ByTopic struct {
	Topic Topic  `json:"topic"`
	Name  string `json:"name"`
	Tally
}

// ByItem is the tally of one item.
type ByItem struct {
	Item  string `json:"item"`
	Topic Topic  `json:"topic"`
	Tally
}

// BySure is how often a degree of certainty was right.
type BySure struct {
	Sure  int `json:"sure"` // percent
	Times int `json:"times"`
	Right int `json:"right"`
}

// Group is the results of many.
type Group struct {
	Participants int       `json:"participants"`
	Drills       []string  `json:"drills"`
	Total        Tally     `json:"total"`
	Topics       []ByTopic `json:"topics"`
	Sures        []BySure  `json:"calibration"`
	Items        []ByItem  `json:"items"` // most often misjudged first
	Replaced     int       `json:"replaced,omitempty"`
	Odd          []string  `json:"odd,omitempty"` // items about which files do not agree
}

// Sum adds results up. Of two by one participant of one drill the later counts.
// The order of the results makes no difference.
func Sum(all []*Results) *Group {
	type who struct{ drill, participant string }
	last := map[who]*Results{}
	g := &Group{}
	for _, r := range all {
		k := who{r.Drill, strings.ToLower(r.Participant)}
		old := last[k]
		if old != nil {
			g.Replaced++
		}
		if old == nil || cmp.Or(cmp.Compare(r.Started, old.Started), cmp.Compare(r.text(), old.text())) > 0 {
			last[k] = r
		}
	}
	people, drills := map[string]bool{}, map[string]bool{}
	topics, items, sures := map[Topic]*Tally{}, map[string]*ByItem{}, map[int]*BySure{}
	truth := map[string][2]int{}
	for k, r := range last {
		people[k.participant], drills[k.drill] = true, true
		for n := range r.Answers {
			a := &r.Answers[n]
			g.Total.add(a)
			tally(topics, a.Topic).add(a)
			if items[a.Item] == nil {
				items[a.Item] = &ByItem{Item: a.Item, Topic: a.Topic}
			}
			items[a.Item].add(a)
			items[a.Item].Topic = min(items[a.Item].Topic, a.Topic)
			t := truth[a.Item]
			t[one(a.Attack)]++
			truth[a.Item] = t
			if sures[a.Sure] == nil {
				sures[a.Sure] = &BySure{Sure: a.Sure}
			}
			sures[a.Sure].Times++
			sures[a.Sure].Right += one(a.Right)
		}
	}
	g.Participants = len(people)
	for d := range drills {
		g.Drills = append(g.Drills, d)
	}
	slices.Sort(g.Drills)
	g.finish(topics, items, sures)
	for id, t := range truth {
		if t[0] > 0 && t[1] > 0 {
			g.Odd = append(g.Odd, id)
		}
	}
	slices.Sort(g.Odd)
	return g
}

func tally[K comparable](of map[K]*Tally, k K) *Tally {
	if of[k] == nil {
		of[k] = &Tally{}
	}
	return of[k]
}

func (g *Group) finish(topics map[Topic]*Tally, items map[string]*ByItem, sures map[int]*BySure) {
	g.Total.done()
	for _, t := range Topics {
		if x := topics[t.ID]; x != nil {
			x.done()
			g.Topics = append(g.Topics, ByTopic{Topic: t.ID, Name: t.Name, Tally: *x})
		}
	}
	for _, x := range items {
		x.done()
		g.Items = append(g.Items, *x)
	}
	slices.SortFunc(g.Items, func(a, b ByItem) int {
		return cmp.Or(cmp.Compare(a.Share(), b.Share()), cmp.Compare(b.All(), a.All()), cmp.Compare(a.Item, b.Item))
	})
	for _, s := range Sures {
		if x := sures[s]; x != nil {
			g.Sures = append(g.Sures, *x)
		}
	}
}

// text is the results in one form, to tell two files with one time apart.
func (r *Results) text() string {
	b, err := json.Marshal(r)
	if err != nil {
		return ""
	}
	return string(b)
}

// JSON writes the group as JSON.
func (g *Group) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(g)
}

// maxHard is how many items the terminal names.
const maxHard = 5

// Text writes the group for a terminal. Every word in it is ours or was checked.
func (g *Group) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s: %s of %d judgements right\n", count(g.Participants, "participant"), count(len(g.Drills), "drill"), strconv.Itoa(g.Total.Right()), g.Total.All())
	fmt.Fprintf(&b, "%d of %d attacks missed, %d of %d ordinary items held up\n", g.Total.Missed, g.Total.Attacks, g.Total.Alarms, g.Total.Ordinary)
	if g.Replaced > 0 {
		fmt.Fprintf(&b, "%s left out: the same participant did the drill again\n", count(g.Replaced, "earlier result"))
	}
	b.WriteByte('\n')
	t := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "topic\tright\tmissed attacks\tfalse alarms\tseconds\tsurer than right")
	for n := range g.Topics {
		x := &g.Topics[n]
		_, _ = fmt.Fprintf(t, "%s\t%.0f %%\t%d of %d\t%d of %d\t%.0f\t%+.0f\n", x.Name, x.Share(), x.Missed, x.Attacks, x.Alarms, x.Ordinary, x.Seconds, x.Sure-x.Share())
	}
	_ = t.Flush()
	b.WriteString("\nhow sure they were, and how often right\n")
	for _, s := range g.Sures {
		fmt.Fprintf(&b, "  said %d %%   right %d of %d\n", s.Sure, s.Right, s.Times)
	}
	if hard := g.hard(); len(hard) > 0 {
		b.WriteString("\nmisjudged most often\n")
		for _, x := range hard {
			fmt.Fprintf(&b, "  %s   wrong %d of %d\n", x.Item, x.All()-x.Right(), x.All())
		}
	}
	for _, id := range g.Odd {
		fmt.Fprintf(&b, "\nfiles do not agree whether %s is an attack: one of them was altered, or they are of other versions\n", id)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func count(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return strconv.Itoa(n) + " " + of + "s"
}

func (g *Group) hard() []ByItem {
	var out []ByItem
	for _, x := range g.Items {
		if x.Right() < x.All() && len(out) < maxHard {
			out = append(out, x)
		}
	}
	return out
}

// CSV writes a row for each topic, each item and the whole.
func (g *Group) CSV(w io.Writer) error {
	c := csv.NewWriter(w)
	rows := [][]string{{"kind", "id", "name", "judgements", "right", "right_percent", "attacks", "missed", "ordinary", "false_alarms", "median_seconds", "mean_sure", "looked_closer"}}
	row := func(kind, id, name string, t *Tally) {
		rows = append(rows, []string{
			kind, id, name, strconv.Itoa(t.All()), strconv.Itoa(t.Right()), number(t.Share()), strconv.Itoa(t.Attacks), strconv.Itoa(t.Missed),
			strconv.Itoa(t.Ordinary), strconv.Itoa(t.Alarms), number(t.Seconds), number(t.Sure), strconv.Itoa(t.Looked),
		})
	}
	row("total", "all", "all topics", &g.Total)
	for n := range g.Topics {
		row("topic", string(g.Topics[n].Topic), g.Topics[n].Name, &g.Topics[n].Tally)
	}
	for n := range g.Items {
		row("item", g.Items[n].Item, g.Items[n].Topic.Name(), &g.Items[n].Tally)
	}
	return c.WriteAll(rows)
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }
