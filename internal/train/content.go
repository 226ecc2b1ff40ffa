// Package train makes a drill: inert mails and screens that staff judge on one
// local page, and the script of an exercise at a table, from an incident of the
// organisation's own or from a campaign's profile.
//
//	lib, err := train.Load(content.Training, "training")
//	src, err := train.FromCase(c, mails, train.Source{Incident: 0})
//	d, err := lib.Drill(src, train.Choice{For: train.Staff, Count: 12, Seed: 1})
//	err = d.WritePage(w)
//
// Items and scripts are data: a folder of content/training for each campaign,
// and the folder "everyday" for what belongs to none. Words in braces, {sender},
// are facts: they have a default, and an incident puts its own in their place.
// [[sign|text]] marks what gives an item away. All of it was written for
// Longwatch; names and addresses are of nobody (RFC 2606).
package train

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"longwatch/internal/finding"
)

// Everyday is the folder of items that belong to no campaign.
const Everyday = "everyday"

// Role is whom a drill is for.
type Role string

// The roles.
const (
	Staff     Role = "staff"
	Admins    Role = "admins"
	Operators Role = "operators"
)

// Roles are all roles.
var Roles = []Role{Staff, Admins, Operators}

// Topic is what an item practises. Each has attacks and ordinary items, so that
// both kinds of mistake count.
type Topic string

// Topics are all topics with the words for them, in the order of the results.
var Topics = []struct {
	ID   Topic
	Name string
}{
	{"mail", "Mail with links and files"},
	{"payment", "Invoices and payments"},
	{"sign-in", "Passwords and sign-in prompts"},
	{"calls", "Telephone calls"},
	{"remote", "Remote sessions"},
	{"plant", "Plant and process screens"},
	{"logs", "Event logs"},
}

// Name is what people call a topic.
func (t Topic) Name() string {
	for _, known := range Topics {
		if known.ID == t {
			return known.Name
		}
	}
	return string(t)
}

func (t Topic) known() bool { return t.Name() != string(t) }

// frames are what an item can look like, with what it is called before it is judged.
var frames = map[string]string{
	"mail": "A mail in your inbox", "phone": "A prompt on your telephone", "browser": "A page in your browser",
	"window": "A window on your screen", "call": "A telephone call", "panel": "A screen in the control room", "log": "An excerpt of a log",
}

// From says which findings of an incident an item or an inject retells.
type From struct {
	Detectors []string `yaml:"detectors"`
	Dossier   []string `yaml:"dossier"`
}

func (f *From) empty() bool { return len(f.Detectors) == 0 && len(f.Dossier) == 0 }

func (f *From) matches(x *finding.Finding) bool {
	if slices.Contains(f.Detectors, x.Detector) {
		return true
	}
	return slices.ContainsFunc(x.Dossier, func(id string) bool { return slices.Contains(f.Dossier, id) })
}

// Head is one line above the body: From, To, Account.
type Head struct {
	Name string `yaml:"name"`
	Text string `yaml:"text"`
	Full string `yaml:"full"` // shown to who looks closer
}

// Link is drawn and leads nowhere.
type Link struct {
	Text string `yaml:"text"`
	To   string `yaml:"to"` // shown to who looks closer
}

// File is drawn and holds nothing.
type File struct {
	Name string `yaml:"name"`
	Note string `yaml:"note"` // shown to who looks closer
}

// Line is one turn of a call.
type Line struct {
	Who  string `yaml:"who"`
	Says string `yaml:"says"`
}

// Table is rows of a log or a process screen.
type Table struct {
	Columns []string   `yaml:"columns"`
	Rows    [][]string `yaml:"rows"`
}

// Sign is what tells an attack, or the ordinary.
type Sign struct {
	ID   string `yaml:"id"`
	Says string `yaml:"says"`
}

// Item is one thing to judge.
type Item struct {
	ID       string            `yaml:"id"`
	Title    string            `yaml:"title"` // shown once it is judged
	Topic    Topic             `yaml:"topic"`
	For      []Role            `yaml:"for"`
	Attack   bool              `yaml:"attack"`
	From     From              `yaml:"from"`     // findings that it retells
	OnlyCase bool              `yaml:"onlycase"` // left out unless an incident has such a finding
	Facts    map[string]string `yaml:"facts"`

	Frame   string   `yaml:"frame"`
	Caption string   `yaml:"caption"` // of the window
	Scene   string   `yaml:"scene"`   // what the reader was doing
	Head    []Head   `yaml:"head"`
	Text    string   `yaml:"text"`
	Lines   []Line   `yaml:"lines"`
	Table   Table    `yaml:"table"`
	Fields  []string `yaml:"fields"` // boxes to type into, drawn only
	Buttons []string `yaml:"buttons"`
	Links   []Link   `yaml:"links"`
	Files   []File   `yaml:"files"`

	Signs []Sign `yaml:"signs"`
	Why   string `yaml:"why"`
	Do    string `yaml:"do"`
	Tell  string `yaml:"tell"`

	campaign string
}

// Library is all items and scripts.
type Library struct {
	items     []*Item
	scripts   map[string]*Script
	campaigns []string
	facts     map[string]map[string]string // by campaign
}

// Campaigns are the folders but "everyday".
func (l *Library) Campaigns() []string { return slices.Clone(l.campaigns) }

// Load reads DIR/<campaign>/items.yaml and tabletop.yaml for every folder of
// dir. The error joins all mistakes.
func Load(fsys fs.FS, dir string) (*Library, error) {
	folders, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	l := &Library{scripts: map[string]*Script{}, facts: map[string]map[string]string{}}
	var errs []error
	for _, folder := range folders {
		id := folder.Name()
		if id != Everyday {
			l.campaigns = append(l.campaigns, id)
		}
		errs = append(errs, l.loadFolder(fsys, path.Join(dir, id), id))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if l.scripts[Everyday] == nil {
		return nil, fmt.Errorf("train: %s has no folder %s with a script", dir, Everyday)
	}
	return l, nil
}

func (l *Library) loadFolder(fsys fs.FS, dir, id string) error {
	var set struct {
		Facts map[string]string `yaml:"facts"`
		Items []*Item           `yaml:"items"`
	}
	name := path.Join(dir, "items.yaml")
	if err := readYAML(fsys, name, &set); err != nil {
		return err
	}
	l.facts[id] = set.Facts
	var errs []error
	for _, item := range set.Items {
		item.campaign = id
		for _, other := range l.items {
			if other.ID == item.ID {
				errs = append(errs, fmt.Errorf("train: %s: two items are called %s", name, item.ID))
			}
		}
		if err := item.check(l.defaults(id, item.Facts)); err != nil {
			errs = append(errs, fmt.Errorf("train: %s: item %q: %w", name, item.ID, err))
		}
		l.items = append(l.items, item)
	}
	s := &Script{}
	name = path.Join(dir, "tabletop.yaml")
	if err := readYAML(fsys, name, s); err != nil {
		return errors.Join(append(errs, err)...)
	}
	if err := s.check(func(own map[string]string) facts { return l.defaults(id, own) }); err != nil {
		errs = append(errs, fmt.Errorf("train: %s: %w", name, err))
	}
	l.scripts[id] = s
	return errors.Join(errs...)
}

func readYAML(fsys fs.FS, name string, into any) error {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("train: %s: %w", name, err)
	}
	return nil
}

var (
	idPattern = regexp.MustCompile(`^[a-z][a-z0-9-]{1,47}$`)
	reserved  = regexp.MustCompile(`(?i)(?:https?://|@|www\.)([a-z0-9-]+(?:\.[a-z0-9-]+)+)`)
)

// texts are all texts that a reader may see, in the order of the page.
func (i *Item) texts() []*string {
	out := []*string{&i.Scene, &i.Caption}
	for n := range i.Head {
		out = append(out, &i.Head[n].Name, &i.Head[n].Text, &i.Head[n].Full)
	}
	out = append(out, &i.Text)
	for n := range i.Lines {
		out = append(out, &i.Lines[n].Who, &i.Lines[n].Says)
	}
	for _, row := range i.Table.Rows {
		for n := range row {
			out = append(out, &row[n])
		}
	}
	for n := range i.Fields {
		out = append(out, &i.Fields[n])
	}
	for n := range i.Links {
		out = append(out, &i.Links[n].Text, &i.Links[n].To)
	}
	for n := range i.Files {
		out = append(out, &i.Files[n].Name, &i.Files[n].Note)
	}
	for n := range i.Buttons {
		out = append(out, &i.Buttons[n])
	}
	for n := range i.Signs {
		out = append(out, &i.Signs[n].Says)
	}
	return append(out, &i.Why, &i.Do, &i.Tell)
}

func (i *Item) check(defaults facts) error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !idPattern.MatchString(i.ID) || !i.Topic.known() || frames[i.Frame] == "" {
		fail("needs an id, a known topic and a known frame: %q, %q", i.Topic, i.Frame)
	}
	if len(i.For) == 0 || slices.ContainsFunc(i.For, func(r Role) bool { return !slices.Contains(Roles, r) }) {
		fail("needs for: %v", Roles)
	}
	if i.Title == "" || i.Why == "" || i.Do == "" || i.Tell == "" || len(i.Signs) == 0 {
		fail("needs title, signs, why, do and tell")
	}
	for _, row := range i.Table.Rows {
		if len(row) != len(i.Table.Columns) {
			fail("a row has %d cells, the table %d columns", len(row), len(i.Table.Columns))
		}
	}
	marked := map[string]bool{}
	for _, text := range i.texts() {
		if err := inertText(*text, defaults); err != nil {
			errs = append(errs, err)
		}
		for _, m := range markPattern.FindAllStringSubmatch(*text, -1) {
			marked[m[1]] = true
		}
	}
	for _, s := range i.Signs {
		if !marked[s.ID] {
			fail("sign %q is marked nowhere", s.ID)
		}
		delete(marked, s.ID)
	}
	for id := range marked {
		fail("mark %q is no sign", id)
	}
	return errors.Join(errs...)
}

// inertText checks that a text of ours names nobody and uses known facts only.
func inertText(text string, defaults facts) error {
	for _, m := range reserved.FindAllStringSubmatch(text, -1) {
		if !strings.HasSuffix(m[1], ".example") {
			return fmt.Errorf("%q is not below .example", m[1])
		}
	}
	for _, m := range factPattern.FindAllStringSubmatch(text, -1) {
		if _, ok := defaults[m[1]]; !ok {
			return fmt.Errorf("fact {%s} has no default", m[1])
		}
	}
	return nil
}

// Claims are the detectors and the dossiers' detections that items and scripts
// retell.
func (l *Library) Claims() (detectors, dossier []string) {
	add := func(f *From) {
		detectors, dossier = append(detectors, f.Detectors...), append(dossier, f.Dossier...)
	}
	for _, i := range l.items {
		add(&i.From)
	}
	for _, s := range l.scripts {
		for n := range s.Injects {
			add(&s.Injects[n].From)
		}
	}
	slices.Sort(detectors)
	slices.Sort(dossier)
	return slices.Compact(detectors), slices.Compact(dossier)
}
