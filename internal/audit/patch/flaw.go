package patch

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Flaw is a vulnerability with the versions that have it.
type Flaw struct {
	CVE      string            `yaml:"cve"`
	Name     string            `yaml:"name"`
	Product  string            `yaml:"product"`
	Also     []string          `yaml:"also"` // other names of the product
	Used     map[string]string `yaml:"used"` // campaign, to how well it is known: reported or possible
	Hotfixes string            `yaml:"hotfixes"`
	Parts    int               `yaml:"parts"`
	Port     uint16            `yaml:"port"`
	Way      string            `yaml:"way"` // administration: only who reaches that reaches the flaw
	Ranges   []Range           `yaml:"ranges"`
	Versions []string          `yaml:"-"`        // single versions that have it, of advisories that list them
	Compared string            `yaml:"compared"` // against what the ranges were checked: record, record in part, or nothing
	Advisory string            `yaml:"advisory"`

	source string // where the ranges are from, in words
	vendor string // of an advisory, to tell products of one name apart
}

var cveID = regexp.MustCompile(`^CVE-\d{4}-\d{4,7}$`)

var errTable = errors.New("patch: a table of flaws cannot be read")

// Table reads the tables of flaws below dir.
func Table(fsys fs.FS, dir string) ([]Flaw, error) {
	names, err := fs.Glob(fsys, path.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	var out []Flaw
	for _, name := range names {
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		var t struct {
			Flaws []Flaw `yaml:"flaws"`
		}
		if err := yaml.Unmarshal(b, &t); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", errTable, name, err)
		}
		for i := range t.Flaws {
			f := &t.Flaws[i]
			if err := f.check(); err != nil {
				return nil, fmt.Errorf("%w: %s: %s: %w", errTable, name, f.CVE, err)
			}
			f.vendor = makerOf(f.Product)
			f.source = "the maker's advisory, as the built-in table has it, " + comparisons[f.Compared]
		}
		out = append(out, t.Flaws...)
	}
	return out, nil
}

// comparisons say against what the ranges of the built-in table were checked.
var comparisons = map[string]string{
	"record":         "compared with the CVE record",
	"record in part": "compared with the CVE record, which does not name every release",
	"":               "not compared with another source: look into the advisory before relying on it",
}

func (f *Flaw) check() error {
	if _, ok := comparisons[f.Compared]; !ok {
		return fmt.Errorf("ranges are compared with a record, or a record in part, not with %q", f.Compared)
	}
	if !cveID.MatchString(f.CVE) {
		return errors.New("no CVE identifier")
	}
	if f.Product == "" || f.Name == "" || !strings.HasPrefix(f.Advisory, "https://") {
		return errors.New("a flaw has a product, a name and an advisory")
	}
	for _, how := range f.Used {
		if how != Reported && how != Possible {
			return fmt.Errorf("use is reported or possible, not %q", how)
		}
	}
	if !slices.Contains([]string{"", "shown", "hidden"}, f.Hotfixes) {
		return fmt.Errorf("hotfixes are shown or hidden, not %q", f.Hotfixes)
	}
	if f.Way != "" && f.Way != administration {
		return fmt.Errorf("the way is administration, not %q", f.Way)
	}
	for _, r := range f.Ranges {
		if r.Fixed == "" && r.Last == "" || r.Fixed != "" && r.Last != "" {
			return errors.New("a range ends before fixed, or with last")
		}
		if r.From != "" && compare(r.From, r.Fixed+r.Last) > 0 {
			return fmt.Errorf("the range from %s ends before it", r.From)
		}
	}
	return nil
}

// administration is the way to flaws of pages and interfaces for administrators.
const administration = "administration"

// How well the use of a flaw by a campaign is known.
const (
	Reported = "reported"
	Possible = "possible"
)

// campaigns are those that use the flaw, by name.
func (f *Flaw) campaigns() []string { return slices.Sorted(maps.Keys(f.Used)) }

// Verdict is what a version means for a flaw.
type Verdict string

// The verdicts.
const (
	Affected Verdict = "affected"
	Unsure   Verdict = "unsure"
	Clean    Verdict = "not affected"
)

// judge tells whether a version has the flaw, why, and which release closes it.
func (f *Flaw) judge(version string) (v Verdict, why, fixed string) {
	switch {
	case len(f.Ranges) == 0 && len(f.Versions) == 0:
		return Unsure, "which versions have it is not in the table: look into the advisory", ""
	case version == "":
		return Unsure, "the version was not seen", f.newest()
	case numbers(version) == 0:
		return Unsure, "the version " + version + " is no number", f.newest()
	}
	if slices.ContainsFunc(f.Versions, func(o string) bool { return compare(o, version) == 0 }) {
		return Affected, version + " is listed as affected by " + f.source, ""
	}
	for i := range f.Ranges {
		r := &f.Ranges[i]
		parts := f.Parts
		if parts == 0 {
			parts = min(3, numbers(r.Fixed+r.Last))
		}
		if numbers(version) < parts && r.near(version) {
			return Unsure, fmt.Sprintf("%s is too short to tell the release, of which some have it (%s)", version, r.words()), r.Fixed
		}
		if !r.holds(version) {
			continue
		}
		switch {
		case r.Unsure != "":
			return Unsure, fmt.Sprintf("%s is %s: %s", version, r.words(), r.Unsure), f.newest()
		case f.Hotfixes == "hidden":
			return Unsure, fmt.Sprintf("%s is %s, but hotfixes that do not change the version close it too", version, r.words()), r.Fixed
		case f.Hotfixes == "shown" && strings.Contains(strings.ToLower(version), "-h"):
			return Unsure, fmt.Sprintf("%s is %s, but is a hotfix that may close it: compare with the advisory", version, r.words()), r.Fixed
		}
		return Affected, fmt.Sprintf("%s is %s, by %s", version, r.words(), f.source), r.Fixed
	}
	return Clean, "", ""
}

func (r *Range) words() string {
	s := "before " + r.Fixed
	if r.Fixed == "" {
		s = "up to " + r.Last
	}
	if r.From != "" {
		s = "from " + r.From + " on and " + s
	}
	return s
}

// newest is the greatest release that closes it.
func (f *Flaw) newest() (v string) {
	for _, r := range f.Ranges {
		if r.Fixed != "" && r.Unsure == "" && (v == "" || compare(r.Fixed, v) > 0) {
			v = r.Fixed
		}
	}
	return v
}

// Join adds the flaws of advisories to those of a table. Where both know a flaw
// of a product, the table's use by campaigns stays with the advisory's versions.
func Join(table, advisories []Flaw) []Flaw {
	at := map[string]int{}
	out := slices.Clone(table)
	for i := range out {
		at[out[i].CVE+" "+fold(out[i].Product)] = i
	}
	for _, f := range advisories {
		for _, name := range f.spellings() {
			if i, ok := at[f.CVE+" "+name]; ok && out[i].sameMaker(&f) {
				f.Product, f.Used, f.Name, f.Hotfixes, f.Port, f.Way = out[i].Product, out[i].Used, out[i].Name, out[i].Hotfixes, out[i].Port, out[i].Way
				f.Also = append(slices.Clone(out[i].Also), f.Also...)
				out[i] = f
				f.CVE = ""
				break
			}
		}
		if f.CVE != "" {
			at[f.CVE+" "+fold(f.Product)] = len(out)
			out = append(out, f)
		}
	}
	return out
}

// sameMaker tells whether two flaws can be of one maker's product.
func (f *Flaw) sameMaker(o *Flaw) bool {
	return f.vendor == "" || o.vendor == "" || related(f.vendor, o.vendor)
}
