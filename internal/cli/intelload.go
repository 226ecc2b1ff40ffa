package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"longwatch/internal/app"
	"longwatch/internal/intel"
	"longwatch/internal/terminal"
)

// maxNamed is how many record types a line of intel load names.
const maxNamed = 4

// maxReason is how much of a reason is shown: a path, and a sentence that quotes.
const maxReason = 2000

// printReasons writes what was refused. Names of files are the archive's words.
func printReasons(w io.Writer, reasons []string) {
	for _, line := range reasons {
		_, _ = fmt.Fprintln(w, terminal.Clean(line, maxReason))
	}
}

// printIntel writes what was loaded, by kind, with where it is looked for.
func printIntel(w io.Writer, r *app.IntelReport) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, k := range r.Kinds {
		where := "nothing: no record holds one"
		switch {
		case k.Context:
			where = "nothing: it is context, told by lookup"
		case len(k.Records) > maxNamed:
			where = fmt.Sprintf("%d kinds of record", len(k.Records))
		case len(k.Records) > 0:
			where = strings.Join(k.Records, ", ")
		}
		_, _ = fmt.Fprintf(t, "%d\t%s\tcompared with %s\n", k.Rows, k.Kind, where)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, u := range r.Unjudged {
		_, _ = fmt.Fprintf(w, "not judged: %s\n", u)
	}
	_, err := fmt.Fprintf(w, "%d rows: %d loaded, %d refused\n%d different values, written in %d ways\n", r.Rows, r.Loaded, r.Refused, r.Values, r.Written)
	return err
}

// maxSource is how much of a source's name is shown.
const maxSource = 60

// printStatus writes what each source is worth; found tells that cases were
// looked at.
func printStatus(w io.Writer, status []intel.SourceStatus, found bool) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', tabwriter.AlignRight)
	head := "rows\tvalues\talone\texpired\tnewest\t"
	if found {
		head += "findings\tvalues found\t"
	}
	_, _ = fmt.Fprint(t, head+"  source, and which other has most of it\n")
	for i := range status {
		s := &status[i]
		newest := "unknown"
		if s.Newest != 0 {
			newest = s.Newest.Std().UTC().Format("2006-01-02")
		}
		_, _ = fmt.Fprintf(t, "%d\t%d\t%d\t%d\t%s\t", s.Rows, s.Values, s.Alone, s.Expired, newest)
		if found {
			_, _ = fmt.Fprintf(t, "%d\t%d (%.1f %%)\t", s.Hits, s.Found, 100*float64(s.Found)/float64(max(s.Values, 1)))
		}
		_, _ = fmt.Fprintf(t, "  %s", terminal.Clean(s.Source, maxSource))
		if len(s.Shared) > 0 {
			_, _ = fmt.Fprintf(t, " (%s has %d too)", terminal.Clean(s.Shared[0].Source, maxSource), s.Shared[0].Values)
		}
		_, _ = fmt.Fprintln(t)
	}
	return t.Flush()
}
