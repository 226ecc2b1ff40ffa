package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"longwatch/internal/app"
	"longwatch/internal/intel"
)

var errAsOf = errors.New("--as-of: want a day as 2026-01-31 or a time as 2026-01-31T12:00:00Z")

func newIntelLookup() *cobra.Command {
	var asJSON bool
	var asOf string
	cmd := &cobra.Command{
		Use:   "lookup VALUE [PATH...]",
		Short: "say what is known of an address, domain, hash or other value",
		Long: `Shows all that the built-in indicators and those of PATH know of a value: why it is
bad, who says so, since when and until when, how sure that is today after ageing,
how it may be passed on, what else was published with it, which networks, domains
or URLs it is part of, and whether a list of harmless values would hold a match
back. The value may be defanged, and of any kind: address, subnet, domain, URL,
e-mail address, digest, fingerprint, serial number, path, pipe, registry key,
mutex, account, command line, CVE or program.`,
		Example: `  longwatch intel lookup 'hxxp://c[.]example[.]com/a' feeds/
  longwatch intel lookup 203.0.113.7 feeds.lwi --as-of 2026-03-01
  longwatch intel lookup CVE-2024-3400 kev.json epss_scores.csv --json`,
		Args: atLeastOne("value"),
		RunE: func(cmd *cobra.Command, args []string) error {
			at, err := timeOf(asOf)
			if err != nil {
				return err
			}
			a, unread, err := app.LookupIntel(args[0], args[1:], at)
			if err != nil {
				return err
			}
			for _, u := range unread {
				_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "longwatch: %s\n", u)
			}
			if asJSON {
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetIndent("", "  ")
				return e.Encode(a)
			}
			p := &answerPrinter{w: cmd.OutOrStdout()}
			p.answer(a)
			return p.err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	cmd.Flags().StringVar(&asOf, "as-of", "", "judge as of this day or time (default now)")
	return cmd
}

// timeOf reads a day or a time; the zero time when there is none.
func timeOf(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range [...]string{"2006-01-02", time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errAsOf
}

// answerPrinter writes an answer for people. Values and texts come from feeds:
// what is not plain text in them is escaped.
type answerPrinter struct {
	w   io.Writer
	err error
}

func (p *answerPrinter) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

// clean is a text of a feed without what a terminal would obey.
func clean(s string) string {
	q := strconv.QuoteToGraphic(s)
	return strings.ReplaceAll(strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`), `\\`, `\`)
}

func (p *answerPrinter) answer(a *intel.Answer) {
	if len(a.Known)+len(a.Covering) == 0 {
		p.line("%q is in no feed that was read", a.Asked)
		p.harmless(a)
		return
	}
	p.line("%s", p.headline(a))
	p.harmless(a)
	for i := range a.Known {
		p.known(&a.Known[i], "")
	}
	for i := range a.Covering {
		p.known(&a.Covering[i], "part of ")
	}
	for i := range a.Together {
		p.together(&a.Together[i])
	}
}

// headline is the answer in one sentence.
func (p *answerPrinter) headline(a *intel.Answer) string {
	sources, part, context := map[string]bool{}, map[string]bool{}, 0
	for i := range a.Known {
		if a.Known[i].Context {
			context++
			continue
		}
		for _, s := range a.Known[i].Says {
			sources[s.Source] = true
		}
	}
	for i := range a.Covering {
		for _, s := range a.Covering[i].Says {
			part[s.Source] = true
		}
	}
	var parts []string
	switch {
	case len(sources) > 0:
		parts = append(parts, "listed by "+count(len(sources), "source"))
	case len(part) > 0:
		parts = append(parts, "not listed itself, but part of what is listed by "+count(len(part), "source"))
	case context > 0:
		parts = append(parts, "known as context, matched with nothing")
	}
	if len(sources)+len(part) > 0 {
		parts = append(parts, fmt.Sprintf("%d of 100 sure as of %s", a.Best, day(a.AsOf)))
	}
	if a.Marking != "" {
		parts = append(parts, "TLP:"+strings.ToUpper(clean(a.Marking)))
	}
	return fmt.Sprintf("%q: %s", a.Asked, strings.Join(parts, ", "))
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func day(stamp string) string { return stamp[:min(len(stamp), len("2006-01-02"))] }

func (p *answerPrinter) harmless(a *intel.Answer) {
	if a.Harmless != "" {
		p.line("  held back: it is on the list of harmless values %q, so a match is told at info", a.Harmless)
	}
}

func (p *answerPrinter) known(k *intel.Known, how string) {
	p.line("")
	p.line("%s%s  %s", how, k.Kind, clean(k.Value))
	var said []*intel.Says // what differs in nothing but its place is told once
	places := map[*intel.Says][]place{}
	for i := range k.Says {
		s := &k.Says[i]
		at := slices.IndexFunc(said, func(o *intel.Says) bool { return alike(o, s) })
		if at < 0 {
			at = len(said)
			said = append(said, s)
		}
		places[said[at]] = append(places[said[at]], place{s.File, s.Line})
	}
	for _, s := range said {
		p.says(s, k.Context, places[s])
	}
}

// alike tells whether two rows say the same, wherever they stand.
func alike(a, b *intel.Says) bool {
	x, y := *a, *b
	x.File, x.Line, y.File, y.Line = "", 0, "", 0
	return reflect.DeepEqual(x, y)
}

// place is where a row stands.
type place struct {
	file string
	line int
}

// maxPlaces is how many rows that say the same are cited.
const maxPlaces = 5

// cited are rows by file: a.csv line 2, 3 and 4.
func cited(at []place) []string {
	var out []string
	for len(at) > 0 {
		file := at[0].file
		var lines []string
		rest := at[:0:0]
		for _, p := range at {
			if p.file == file {
				lines = append(lines, strconv.Itoa(p.line))
			} else {
				rest = append(rest, p)
			}
		}
		word := "line"
		if len(lines) > 1 {
			word = "lines"
		}
		words := fmt.Sprintf("%s %s %s", clean(file), word, strings.Join(lines[:min(len(lines), maxPlaces)], ", "))
		if more := len(lines) - maxPlaces; more > 0 {
			words += fmt.Sprintf(" and %d more", more)
		}
		out, at = append(out, words), rest
	}
	return out
}

func (p *answerPrinter) says(s *intel.Says, context bool, at []place) {
	head := "  " + clean(s.Source)
	if s.Profile != "" {
		head += ", campaign " + clean(s.Profile)
	}
	switch {
	case context:
	case s.Now == s.Given:
		head += fmt.Sprintf(", %d of 100 sure", s.Now)
	default:
		head += fmt.Sprintf(", %d of 100 sure, now %d (%s)", s.Given, s.Now, s.Why)
	}
	p.line("%s", head)
	p.detail(clean(s.Says))
	p.detail(seen(s))
	p.detail(clean(strings.Join(append(append([]string{}, s.Links...), s.Phases...), ", ")))
	var limits []string
	if s.Port != 0 {
		limits = append(limits, fmt.Sprintf("only port %d", s.Port))
	}
	if s.Role != "" {
		limits = append(limits, "only as "+clean(s.Role))
	}
	if s.In != "" {
		limits = append(limits, "only at "+clean(s.In))
	}
	if s.Marking != "" {
		limits = append(limits, "TLP:"+strings.ToUpper(clean(s.Marking)))
	}
	p.detail(strings.Join(limits, ", "))
	p.detail(clean(s.Event))
	p.detail(clean(s.URL))
	for _, line := range cited(at) {
		p.detail(line)
	}
}

func (p *answerPrinter) detail(s string) {
	if s != "" {
		p.line("    %s", s)
	}
}

// seen is when a source saw a value and for how long it holds.
func seen(s *intel.Says) string {
	var parts []string
	switch {
	case s.FirstSeen != "" && s.LastSeen != "" && day(s.FirstSeen) != day(s.LastSeen):
		parts = append(parts, "seen from "+day(s.FirstSeen)+" to "+day(s.LastSeen))
	case s.LastSeen != "" || s.FirstSeen != "":
		parts = append(parts, "seen on "+day(max(s.FirstSeen, s.LastSeen)))
	}
	if s.ValidFrom != "" {
		parts = append(parts, "valid from "+day(s.ValidFrom))
	}
	if s.ValidUntil != "" {
		parts = append(parts, "valid until "+day(s.ValidUntil))
	}
	return strings.Join(parts, ", ")
}

func (p *answerPrinter) together(t *intel.Together) {
	p.line("")
	p.line("published with %s, in %s", count(t.Count, "other value"), clean(t.Event))
	for i := range t.Values {
		p.line("  %-12s  %s", t.Values[i].Kind, clean(t.Values[i].Value))
	}
	if more := t.Count - len(t.Values); more > 0 {
		p.line("  and %d more", more)
	}
}
