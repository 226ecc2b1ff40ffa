package absence

import (
	"fmt"
	"io"
	"strings"

	"longwatch/internal/coverage"
)

// Bounds of the page for people; the JSON file has the rest.
const (
	pageFiles   = 200
	pageSources = 200
	pageLimits  = 60
)

// Markdown writes the certificate for people.
func (out *Certificate) Markdown(w io.Writer) error {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	say("# Not-found certificate: %s", coverage.Plain(out.Name))
	say("\n**%s.** %s\n", strings.ToUpper(out.Verdict[:1])+out.Verdict[1:], coverage.Plain(out.Statement))
	for _, m := range out.Means {
		say("- %s", coverage.Plain(m))
	}
	if len(out.Found) > 0 {
		say("\n## What was found\n\n| time | finding | severity | dossier | incident |\n| --- | --- | --- | --- | --- |")
		for _, f := range out.Found {
			say("| %s | %s (`%s`) | %s | %s | %s |", f.Start, coverage.Plain(f.Title), f.ID, f.Severity, strings.Join(f.Dossier, " "), f.Incident)
		}
	}
	say("\n## What was searched\n")
	say("%d files, %d bytes, records from %s to %s; %d files could not be read whole. Digest over all file hashes: `%s`.", out.Evidence.Files, out.Evidence.Bytes, out.Evidence.Start, out.Evidence.End, out.Evidence.Broken, out.Evidence.Digest)
	out.sources(say)
	if len(out.Limits) > 0 {
		say("\n## What was missing, cut or hidden\n")
		for n, l := range out.Limits {
			if n == pageLimits {
				say("- and %d more, in the JSON file", len(out.Limits)-n)
				break
			}
			say("- %s: %s", l.Kind, coverage.Plain(l.Why))
		}
	}
	lines(say, "Detections that could have fired", out.Could)
	lines(say, "Detections that could not have fired, and why", out.CouldNot)
	say("\n## Files\n\n| file | SHA-256 | from | to |\n| --- | --- | --- | --- |")
	for n, f := range out.Evidence.List {
		if n == pageFiles {
			say("\n%d more files are in the JSON file and in manifest.json.", out.Evidence.Files-n)
			break
		}
		name := "`" + coverage.Plain(f.Path) + "`"
		if f.Why != "" {
			name += " (" + coverage.Plain(f.Why) + ")"
		}
		say("| %s | `%s` | %s | %s |", name, f.SHA256, f.Start, f.End)
	}
	say("\nLongwatch %s, content `%s`; rules: %s.\nDigest of this certificate (SHA-256 of its JSON): `%s`", coverage.Plain(out.Version), out.Content, coverage.Plain(strings.Join(out.Rules, ", ")), out.Digest)
	_, err := io.WriteString(w, b.String())
	return err
}

func (out *Certificate) sources(say func(string, ...any)) {
	say("\n| host | log or kind of record | records | from | to | days | silent days |\n| --- | --- | --- | --- | --- | --- | --- |")
	n := 0
	for i := range out.Sources {
		s := &out.Sources[i]
		if n++; n > pageSources {
			say("\n%d more rows are in the JSON file.", len(out.Sources)-i)
			return
		}
		host := s.Host
		if host == "" {
			host = "off the wire or of no host"
		}
		say("| %s | %s | %d | %s | %s | %d | %d |", coverage.Plain(host), coverage.Plain(s.Name), s.Records, s.Start.Day(), s.End.Day(), s.Days, s.Silent)
	}
}

func lines(say func(string, ...any), title string, list []Line) {
	say("\n## %s\n", title)
	if len(list) == 0 {
		say("None.")
		return
	}
	for _, l := range sorted(list) {
		r := &l.Reach
		s := fmt.Sprintf("- %s (`%s`", coverage.Plain(l.Title), coverage.Plain(l.ID))
		if len(l.Dossier) > 0 {
			s += ", " + strings.Join(l.Dossier, " ")
		}
		s += ")"
		if r.Can != coverage.No {
			s += ": " + searched(r)
		}
		if len(r.Without) > 0 {
			s += "; without " + coverage.Plain(strings.Join(r.Without, "; "))
		}
		if len(r.Limits) > 0 {
			s += "; **in part**: " + coverage.Plain(strings.Join(r.Limits, "; "))
		}
		say("%s", s)
	}
}

// searched says how much a detection had before it.
func searched(r *coverage.Reach) string {
	s := fmt.Sprintf("%d records", r.Records)
	if r.Hosts > 0 {
		s += fmt.Sprintf(" of %d hosts", r.Hosts)
	}
	if r.Start != 0 {
		s += fmt.Sprintf(", %s to %s", r.Start.Day(), r.End.Day())
	}
	return s
}
