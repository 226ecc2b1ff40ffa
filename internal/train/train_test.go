package train

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"longwatch/content"
	"longwatch/internal/casefolder"
	"longwatch/internal/casefolder/casetest"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/mail"
)

// library is what is shipped.
func library(t testing.TB) *Library {
	t.Helper()
	l, err := Load(content.Training, "training")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// hostile is a drill and a script from a case that wants to harm.
func hostile(t testing.TB) (*Drill, *Tabletop) {
	t.Helper()
	all := strings.Join(casetest.Hostile, " ")
	c := casetest.Case(all)
	c.Incidents[0].Findings[0].Detector = "mega-lure"
	s, err := FromCase(c, nil, Options{Names: Keep, Org: all, Tell: all})
	if err != nil {
		t.Fatal(err)
	}
	d, err := library(t).Drill(s, Choice{For: Staff, Count: 12, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return d, library(t).Tabletop(s)
}

var noon = record.TimeOf(time.Date(2026, 3, 11, 6, 47, 52, 0, time.UTC))

// lureCase is an incident with a mail, and the mail as its record has it.
func lureCase() (*casefolder.Case, []*mail.Message) {
	ref := record.Ref{File: "mail/vjensen.mbox", Kind: record.RefLine, Pos: 132}
	lure := &finding.Finding{
		Detector: "mega-lure", Title: "Mail about a reorganisation with a link to MEGA", Severity: finding.Medium, Confidence: 70, Start: noon, End: noon, Dossier: []string{"TG-03"},
		Entities: []record.Entity{
			{Kind: "email", Value: "hr.department@trade-info.test", Role: "sender"}, {Kind: "email", Value: "victor.jensen@trade.test", Role: "recipient"},
			{Kind: "url", Value: "https://mega.nz/file/HjmsuewV#920-zpoEBkGCYXz6sQA9FjovhqfrTcoeT1bC3ptjNqF"}, {Kind: "address", Value: "178.128.167.132", Role: "originator"},
		},
		Why: []string{"it links to MEGA"}, Refs: []record.Ref{ref},
	}
	opened := &finding.Finding{
		Detector: "lure-archive", Title: "Archive with a guarded loader", Severity: finding.High, Confidence: 90, Start: noon.Add(50 * time.Minute), End: noon.Add(50 * time.Minute), Dossier: []string{"TG-05"},
		Entities: []record.Entity{
			{Kind: "file", Value: `C:\Users\vjensen\Downloads\Staffing plan (draft).zip`}, {Kind: "host", Value: "desktop-dv60le3.trade.test"}, {Kind: "user", Value: `TRADE\vjensen`},
		},
		Why: []string{"one program and a picture"}, Refs: []record.Ref{{File: "disk.zip", Kind: record.RefFile}},
	}
	for _, f := range []*finding.Finding{lure, opened} {
		f.Seal()
	}
	i := &finding.Incident{
		ID: "i-1", Title: "Diaoyu loader on desktop-dv60le3, opened by vjensen", Severity: finding.Critical, Start: noon, End: opened.End, Findings: []*finding.Finding{lure, opened},
		Attribution: []finding.Attribution{{Profile: "tgr-sta-1030", Confidence: 80}},
	}
	m := &mail.Message{
		From: "hr.department@trade-info.test", FromName: "Ministry Secretariat", To: []string{"victor.jensen@trade.test"},
		Subject: "Draft order on the restructuring, for Victor.Jensen@trade.test and vjensen: password=Tr0ub4dor&3 at https://mega.nz/file/HjmsuewV",
	}
	m.Ref = ref
	return &casefolder.Case{Findings: i.Findings, Incidents: []*finding.Incident{i}}, []*mail.Message{m}
}

func write(t testing.TB, d *Drill, table *Tabletop) (page, script, markdown string) {
	t.Helper()
	var b [3]bytes.Buffer
	for n, err := range []error{d.WritePage(&b[0]), table.WritePage(&b[1]), table.WriteMarkdown(&b[2])} {
		if err != nil {
			t.Fatal(n, err)
		}
	}
	return b[0].String(), b[1].String(), b[2].String()
}

var toldAttr = regexp.MustCompile(`data-told="([^"]*)"`)

// answers decodes what items turn out to be, as the page's script does.
func answers(page string) string {
	return toldAttr.ReplaceAllStringFunc(page, func(attr string) string {
		b, err := base64.StdEncoding.DecodeString(html.UnescapeString(toldAttr.FindStringSubmatch(attr)[1]))
		if err != nil {
			return "undecodable"
		}
		for i := range b {
			b[i] ^= 0x5a
		}
		return "told=" + string(b)
	})
}

// body is a page without what is ours alone: style and script; answers stand in
// it in clear.
func body(page string) string {
	page = answers(page[strings.Index(page, "</style>"):])
	at := strings.LastIndex(page, "<script>")
	if at < 0 {
		return page
	}
	return page[:at]
}

// TestOwnIncident: the drill holds the incident's own lure and archive, and
// nothing of it that can be followed, is secret or names a person.
func TestOwnIncident(t *testing.T) {
	c, mails := lureCase()
	for _, names := range []Names{Pseudonyms, Keep} {
		s, err := FromCase(c, mails, Options{Names: names, Redact: []string{"restructuring"}})
		if err != nil {
			t.Fatal(err)
		}
		d, err := library(t).Drill(s, Choice{For: Staff, Count: 12, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		page, script, markdown := write(t, d, library(t).Tabletop(s))
		if d.Own < 2 {
			t.Errorf("%s: %d items are from the incident", names, d.Own)
		}
		for _, want := range []string{"Draft order on the ▇▇▇", "hr.department@trade-info[.]", "Ministry Secretariat", "Staffing plan (draft).zip", "Staffing plan (draft).exe", "Wednesday 11 March", "06:47", "trade[.]test"} {
			if !strings.Contains(strings.ReplaceAll(body(page), "<sup>", ""), want) {
				t.Errorf("%s: the drill lacks %q", names, want)
			}
		}
		if !strings.Contains(script, "Wed 11 Mar 2026, 06:47 UTC") || !strings.Contains(markdown, "Wed 11 Mar 2026, 06:47 UTC") {
			t.Errorf("%s: the script does not keep the incident's time", names)
		}
		out := body(page) + body(script) + markdown
		for _, never := range []string{"restructuring", "Tr0ub4dor", "HjmsuewV", "zpoEBkGCYXz6sQA9FjovhqfrTcoeT1bC3ptjNqF", "178.128", "https:", "http:", "mailto:", "trade.test"} {
			if strings.Contains(out, never) {
				t.Errorf("%s: what is written holds %q", names, never)
			}
		}
		if names == Pseudonyms && strings.Contains(strings.ToLower(body(page)), "mega") {
			t.Error("the drill names a company that the mail misused")
		}
		for _, person := range []string{"ensen", "dv60le3"} {
			if has := strings.Contains(strings.ToLower(out), person); names == Pseudonyms && has {
				t.Errorf("%s: what is written names %q", names, person)
			}
		}
	}
}

var (
	startTag = regexp.MustCompile(`<([a-z]+[0-9]?)((?:\s+[a-z-]+(?:="[^"]*")?)*)\s*>`)
	hrefAttr = regexp.MustCompile(`\s(href|src|srcset|action|formaction|ping|poster|data|xlink:href)="([^"]*)"`)
)

// TestInert: nothing on the pages leads anywhere or is fetched, whatever a case
// holds, and the policy forbids what is not there.
func TestInert(t *testing.T) {
	own := regexp.MustCompile(`^#[a-z0-9-]+$`)
	d, table := hostile(t)
	page, script, markdown := write(t, d, table)
	for name, html := range map[string]string{"drill": page, "tabletop": script} {
		if !strings.Contains(html, `http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;`) {
			t.Errorf("%s: no policy", name)
		}
		for _, el := range startTag.FindAllStringSubmatch(body(html), -1) {
			if slices.Contains([]string{"img", "iframe", "object", "embed", "link", "base", "audio", "video", "script"}, el[1]) {
				t.Errorf("%s: element %s", name, el[0])
			}
			if regexp.MustCompile(`\son[a-z]+=`).MatchString(el[2]) || strings.Contains(el[2], " style=") {
				t.Errorf("%s: handler or style in %s", name, el[0])
			}
			for _, a := range hrefAttr.FindAllStringSubmatch(el[2], -1) {
				if a[1] != "href" || !own.MatchString(a[2]) {
					t.Errorf("%s: %s leads away", name, el[0])
				}
			}
		}
	}
	if live := regexp.MustCompile(`://203\.0\.113|\]\(http|(^|[^\\])<|(^|[^\\])!\[`).FindString(markdown); live != "" {
		t.Errorf("the Markdown holds %q", live)
	}
}

// TestAnswersCannotBeRead: who looks into the page's source reads neither which
// items are attacks nor why, and the script can tell both.
func TestAnswersCannotBeRead(t *testing.T) {
	d, err := library(t).Drill(FromProfile("op-512", Options{Names: Pseudonyms}), Choice{For: Staff, Count: 10, Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := d.WritePage(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	source, clear := page[strings.Index(page, "</style>"):strings.LastIndex(page, "<script>")], body(page)
	for _, i := range d.Items {
		title, err := json.Marshal(i.Title)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(source, i.Title) || !strings.Contains(clear, fmt.Sprintf(`{"attack":%v,"title":%s`, i.Attack, title)) {
			t.Errorf("%s: %q can be read in the source, or not by the script", i.ID, i.Title)
		}
	}
	for _, word := range []string{"data-attack", "gave it away", "that it is ordinary", "What to do"} {
		if strings.Contains(source, word) {
			t.Errorf("the source says %q", word)
		}
	}
}

// TestEveryDrill: for each campaign and role there is a drill of the usual size
// with both kinds of items in several topics, the same for the same seed.
func TestEveryDrill(t *testing.T) {
	l := library(t)
	for _, campaign := range l.Campaigns() {
		for _, role := range Roles {
			t.Run(campaign+"/"+string(role), func(t *testing.T) {
				s := FromProfile(campaign, Options{Names: Pseudonyms})
				make12 := func(seed uint64) *Drill {
					d, err := l.Drill(s, Choice{For: role, Count: 12, Seed: seed})
					if err != nil {
						t.Fatal(err)
					}
					return d
				}
				d := make12(1)
				attacks, topics, of := 0, map[Topic]bool{}, 0
				for _, i := range d.Items {
					attacks += one(i.Attack)
					topics[i.Topic] = true
					of += one(i.campaign == campaign)
				}
				if attacks < 5 || attacks > 8 || len(topics) < 4 || of == 0 {
					t.Errorf("%d attacks, %d topics, %d of the campaign", attacks, len(topics), of)
				}
				if again := make12(1); again.ID != d.ID {
					t.Error("the same seed gives another drill")
				}
				if other := make12(2); other.ID == d.ID {
					t.Error("another seed gives the same drill")
				}
				for _, i := range d.Items {
					for n, sign := range i.Signs {
						if i.number[sign.ID] != n+1 {
							t.Errorf("%s: sign %q is the %dth, marked as %d", i.ID, sign.ID, n+1, i.number[sign.ID])
						}
					}
				}
				var b bytes.Buffer
				if err := d.WritePage(&b); err != nil || strings.Contains(body(b.String()), "[[") || factPattern.MatchString(body(b.String())) {
					t.Errorf("the page is not filled in: %v", err)
				}
			})
		}
	}
}

// TestTimes: the script of an incident tells what its evidence shows, at its
// times and in their order; what it does not show is left out.
func TestTimes(t *testing.T) {
	c, mails := lureCase()
	s, err := FromCase(c, mails, Options{Names: Pseudonyms})
	if err != nil {
		t.Fatal(err)
	}
	table := library(t).Tabletop(s)
	var told []string
	for _, i := range table.Told {
		told = append(told, i.ID)
	}
	at := func(id string) int { return slices.Index(told, id) }
	if at("lure") < 0 || at("opened") < at("lure") || at("tunnel") >= 0 || at("kernel") >= 0 || at("window") < 0 {
		t.Errorf("told: %v", told)
	}
	if got := table.Told[at("opened")].When; got != "Wed 11 Mar 2026, 07:37 UTC, 50 minutes in" {
		t.Errorf("the archive was opened %s", got)
	}
	for n, i := range table.Told {
		if n > 0 && (i.Minute < table.Told[n-1].Minute || i.at < table.Told[n-1].at) || i.Minute > table.Minutes {
			t.Errorf("inject %s comes at minute %d", i.ID, i.Minute)
		}
	}
	if free := library(t).Tabletop(FromProfile("tgr-sta-1030", Options{})); len(free.Told) != 8 || free.Told[0].When != "day 1" || free.Own {
		t.Errorf("the campaign's own script: %+v", free)
	}
}

// TestNoIncident: what is asked for and is not there is said.
func TestNoIncident(t *testing.T) {
	c, _ := lureCase()
	for _, which := range []string{"2", "i-9", "0"} {
		if _, err := FromCase(c, nil, Options{Incident: which}); err == nil || !strings.Contains(err.Error(), "no such incident") {
			t.Errorf("incident %q: %v", which, err)
		}
	}
	if _, err := FromCase(&casefolder.Case{}, nil, Options{}); err == nil || !strings.Contains(err.Error(), "--profile") {
		t.Errorf("an empty case: %v", err)
	}
}

// TestMistakes: content that would mislead or reach somebody is refused.
func TestMistakes(t *testing.T) {
	item := `items: [{id: some-item, title: T, topic: mail, for: [staff], frame: mail, text: "%s", signs: [{id: a, says: S}], why: W, do: D, tell: T}]`
	script := `{title: T, minutes: 60, intro: I, goals: [G], injects: [` + strings.Repeat(`,{id: i-%d, title: T, tell: T, questions: [{role: it, ask: A, good: [{phase: scope, answer: A}]}]}`, 3)[1:] + `]}`
	for text, want := range map[string]string{
		"[[a|sign]]":                       "",
		"no mark":                          "marked nowhere",
		"[[a|sign]] [[b|other]]":           "is no sign",
		"[[a|sign]] https://somebody.test": "not below .example",
		"[[a|sign]] x@somebody.test":       "not below .example",
		"[[a|sign]] {nothing}":             "has no default",
	} {
		fsys := fstest.MapFS{
			"t/everyday/items.yaml":    {Data: fmt.Appendf(nil, item, text)},
			"t/everyday/tabletop.yaml": {Data: fmt.Appendf(nil, script, 1, 2, 3)},
		}
		_, err := Load(fsys, "t")
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
