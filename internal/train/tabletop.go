package train

import (
	"errors"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	text "text/template"
	"time"

	"longwatch/internal/record"
)

// Phases of the plan that respond writes, in its order.
var Phases = []string{"preserve", "scope", "contain", "eradicate", "recover", "watch", "close"}

// phaseNames are the words for them.
var phaseNames = map[string]string{
	"preserve": "preserve", "scope": "scope", "contain": "contain", "eradicate": "eradicate", "recover": "recover", "watch": "watch for return", "close": "close",
}

// chairs are who sits at the table.
var chairs = map[string]string{
	"director": "Director", "it": "Head of IT", "admin": "Administrator", "desk": "Service desk", "staff": "The member of staff", "operator": "Plant operator",
	"engineer": "Process engineer", "legal": "Legal and data protection", "press": "Communications",
}

// Good is an answer to hope for, and the phase of the plan that it belongs to.
type Good struct {
	Phase  string `yaml:"phase"`
	Answer string `yaml:"answer"`
}

// Question is for one chair.
type Question struct {
	Role string `yaml:"role"`
	Ask  string `yaml:"ask"`
	Good []Good `yaml:"good"`
}

// Who is the chair in words.
func (q *Question) Who() string { return chairs[q.Role] }

// Inject is what the facilitator tells next.
type Inject struct {
	ID        string            `yaml:"id"`
	Hours     float64           `yaml:"hours"` // after the first inject, by the campaign's own pace
	From      From              `yaml:"from"`  // findings that it retells; none: it is about people
	OnlyCase  bool              `yaml:"onlycase"`
	Facts     map[string]string `yaml:"facts"`
	Title     string            `yaml:"title"`
	Tell      string            `yaml:"tell"`
	Questions []Question        `yaml:"questions"`
}

// Script is the exercise of one campaign.
type Script struct {
	Title   string   `yaml:"title"`
	Minutes int      `yaml:"minutes"`
	Intro   string   `yaml:"intro"`
	Goals   []string `yaml:"goals"`
	Injects []Inject `yaml:"injects"`
}

func (s *Script) check(defaults func(map[string]string) facts) error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if s.Title == "" || s.Minutes < 30 || s.Intro == "" || len(s.Goals) == 0 || len(s.Injects) < 3 {
		fail("a script needs title, 30 minutes or more, intro, goals and three injects")
	}
	seen := map[string]bool{}
	for n := range s.Injects {
		i := &s.Injects[n]
		if !idPattern.MatchString(i.ID) || seen[i.ID] || i.Title == "" || i.Tell == "" || len(i.Questions) == 0 {
			fail("inject %q needs an id of its own, title, tell and questions", i.ID)
		}
		if n > 0 && i.Hours < s.Injects[n-1].Hours {
			fail("inject %q is earlier than the one before", i.ID)
		}
		seen[i.ID] = true
		for _, t := range []string{i.Title, i.Tell} {
			errs = append(errs, inertText(t, defaults(i.Facts)))
		}
		for _, q := range i.Questions {
			if q.Who() == "" || q.Ask == "" || len(q.Good) == 0 {
				fail("inject %q: a question needs a known role, ask and good answers", i.ID)
			}
			errs = append(errs, inertText(q.Ask, defaults(i.Facts)))
			for _, g := range q.Good {
				if !slices.Contains(Phases, g.Phase) || g.Answer == "" {
					fail("inject %q: a good answer needs a phase of %v", i.ID, Phases)
				}
				errs = append(errs, inertText(g.Answer, defaults(i.Facts)))
			}
		}
	}
	return errors.Join(errs...)
}

// Tabletop is a script filled in, with its times.
type Tabletop struct {
	Title, Intro, Incident string
	Minutes                int
	Goals                  []string
	Told                   []ToldInject
	Chairs                 []string
	Own                    bool // its times are an incident's
}

// ToldInject is an inject as it is told.
type ToldInject struct {
	ID, Title, Tell string
	Minute          int    // of the exercise
	When            string // by the incident's or the campaign's own time
	Evidence        []string
	Questions       []Question

	at record.Time
}

// Tabletop fills in the script of the source's campaign, or the everyday one.
// From an incident it tells what its evidence shows, at its times; what the
// evidence does not show is left out.
func (l *Library) Tabletop(s *Source) *Tabletop {
	campaign := s.Campaign
	script := l.scripts[campaign]
	if script == nil {
		campaign, script = Everyday, l.scripts[Everyday]
	}
	known := l.place(s)
	base := l.compose(campaign, nil, known)
	t := &Tabletop{Title: base.fill(script.Title), Intro: base.fill(script.Intro), Incident: s.Title, Minutes: script.Minutes, Own: len(s.told) > 0}
	for _, g := range script.Goals {
		t.Goals = append(t.Goals, base.fill(g))
	}
	last, lastHours := firstTime(s), 0.0
	for n := range script.Injects {
		i := &script.Injects[n]
		f := l.compose(campaign, i.Facts, known)
		m := s.match(&i.From)
		if t.Own && m == nil && !i.From.empty() || !t.Own && i.OnlyCase {
			continue
		}
		told := ToldInject{ID: i.ID}
		switch {
		case m != nil:
			f = f.over(m.facts)
			told.at = m.Start
			told.Evidence = append(told.Evidence, fmt.Sprintf("%s (%v, finding %s)", m.Title, m.Severity, m.ID))
			last, lastHours = max(last, m.Start), i.Hours
		case t.Own:
			told.at = last.Add(time.Duration((i.Hours - lastHours) * float64(time.Hour)))
		default:
			told.When = campaignTime(i.Hours)
		}
		told.Title, told.Tell = f.fill(i.Title), f.fill(i.Tell)
		for _, q := range i.Questions {
			filled := Question{Role: q.Role, Ask: f.fill(q.Ask)}
			for _, g := range q.Good {
				filled.Good = append(filled.Good, Good{Phase: g.Phase, Answer: f.fill(g.Answer)})
			}
			told.Questions = append(told.Questions, filled)
		}
		t.Told = append(t.Told, told)
	}
	t.time()
	return t
}

func firstTime(s *Source) record.Time {
	for _, x := range s.told {
		if x.Start != 0 {
			return x.Start
		}
	}
	return 0
}

// time puts the injects in the order of the incident and spreads them over the
// exercise, the last tenth of which is for the hot wash.
func (t *Tabletop) time() {
	slices.SortStableFunc(t.Told, func(a, b ToldInject) int { return int(min(1, max(-1, a.at-b.at))) })
	room := t.Minutes * 9 / 10
	for n := range t.Told {
		i := &t.Told[n]
		i.Minute = n * room / len(t.Told) / 5 * 5
		if t.Own {
			i.When = day(i.at) + ", " + since(i.at.Sub(t.Told[0].at))
		}
		for _, q := range i.Questions {
			if !slices.Contains(t.Chairs, q.Who()) {
				t.Chairs = append(t.Chairs, q.Who())
			}
		}
	}
}

// campaignTime is a time by the campaign's own pace.
func campaignTime(hours float64) string {
	d, h := int(hours)/24, int(hours)%24
	switch {
	case hours == 0:
		return "day 1"
	case d == 0:
		return fmt.Sprintf("day 1, %d hours later", h)
	}
	return fmt.Sprintf("day %d", d+1)
}

// HotWash is what is asked at the end.
var HotWash = []string{
	"What went well, and would again without the people in this room?",
	"Where did we wait, and for whom?",
	"Which decision had nobody to take it?",
	"What did we assume that nobody had checked?",
	"Which evidence, contact or key would we have needed and not had?",
}

// PhaseRows are the rows of the form.
func (t *Tabletop) PhaseRows() []string {
	out := make([]string, len(Phases))
	for n, p := range Phases {
		out[n] = phaseNames[p]
	}
	return out
}

// HotWash is the questions of the form.
func (t *Tabletop) HotWash() []string { return HotWash }

func phaseName(p string) string { return phaseNames[p] }

var scripts = template.Must(template.New("tabletop.html.tmpl").Funcs(template.FuncMap{
	"css":    func() template.CSS { return template.CSS(style) }, //nolint:gosec // our own file, embedded
	"policy": policy, "phase": phaseName, "join": strings.Join, "add": func(a, b int) int { return a + b },
}).ParseFS(templates, "tabletop.html.tmpl"))

var markdown = text.Must(text.New("tabletop.md.tmpl").Funcs(text.FuncMap{
	"phase": phaseName, "join": strings.Join, "md": markdownText, "add": func(a, b int) int { return a + b },
}).ParseFS(templates, "tabletop.md.tmpl"))

// WritePage writes the script as a page to print.
func (t *Tabletop) WritePage(w io.Writer) error {
	return scripts.ExecuteTemplate(w, "tabletop.html.tmpl", t)
}

// WriteMarkdown writes it as Markdown.
func (t *Tabletop) WriteMarkdown(w io.Writer) error {
	return markdown.ExecuteTemplate(w, "tabletop.md.tmpl", t)
}

// markdownText keeps a text from being markup.
func markdownText(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\\`*_[]<>#|~&!", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
