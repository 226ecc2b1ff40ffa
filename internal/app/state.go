package app

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"

	"longwatch/internal/baseline"
	"longwatch/internal/casefolder"
	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/learn"
	"longwatch/internal/record"
)

// What of --memory habits may hold, in sixteenths. What was kept is loaded when
// the evidence is read, and takes the place of connections and reassembly.
const (
	keptShare = 6
	nowShare  = 1
)

// StateFile is where habits are kept between hunts.
type StateFile struct {
	Path   string // empty: nowhere
	Ignore bool   // go on without a file that is damaged, and leave it as it is
}

// habits are what this hunt knows of the past, and learns.
type habits struct {
	file    StateFile
	memory  int64 // a sixteenth of all
	past    *baseline.Past
	learner *learn.Learner
	refused string // why the file is not used
	part    bool   // the evidence is read in part, and may be read again
}

// newHabits looks whether the state file is whole.
func newHabits(c *Config, env *detect.Env) (*habits, error) {
	h := &habits{file: c.State, memory: c.Memory / 16, past: &baseline.Past{}, part: c.Since != 0 || c.Until != 0 || c.Filter != nil}
	env.Past = h.past
	if c.State.Path == "" {
		return h, nil
	}
	err := withState(c.State.Path, baseline.Check)
	switch {
	case err == nil || errors.Is(err, fs.ErrNotExist):
	case c.State.Ignore:
		h.refused = err.Error()
	default:
		return nil, fmt.Errorf("app: state: %w; name another file, or go on without it: --state-ignore-damage", err)
	}
	return h, nil
}

// begin reads what was kept; what departs from it goes to emit.
func (h *habits) begin(env detect.Env, emit func(record.Record)) error {
	h.learner = learn.New(h.past, h.memory*nowShare, env.Home, emit)
	if h.file.Path == "" || h.refused != "" {
		return nil
	}
	m, err := LoadState(h.file.Path, h.memory*keptShare)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("app: state: %w", err)
	}
	h.past.Load(m)
	return nil
}

// withState opens a state file for fn.
func withState(path string, fn func(r io.ReaderAt, size int64) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err == nil {
		err = fn(f, info.Size())
	}
	if err != nil {
		return fmt.Errorf("%q: %w", path, err)
	}
	return nil
}

// LoadState reads a state file into at most memory bytes.
func LoadState(path string, memory int64) (m *baseline.Memory, err error) {
	err = withState(path, func(r io.ReaderAt, size int64) error {
		m, err = baseline.Read(r, size, memory)
		return err
	})
	return m, err
}

// SaveState writes a state file: as a whole, or not at all.
func SaveState(path string, m *baseline.Memory) error {
	return casefolder.WriteFile(path, m.Write)
}

// keep adds what this hunt has learned to the state file, but for what came to
// those whom a finding is about.
func (h *habits) keep(cf *casefolder.Case, home func(netip.Addr) bool, nameOf func(netip.Addr, record.Time) string) error {
	if h.file.Path == "" || h.refused != "" {
		return nil
	}
	kept := h.past.Memory()
	var files []string
	known := 0
	for i := range cf.Evidence {
		sum := cf.Evidence[i].SHA256
		files = append(files, sum)
		if kept != nil && kept.Knows(sum) {
			known++
		}
	}
	if known > 0 && known == len(files) {
		return nil // the same evidence again teaches nothing
	}
	if kept == nil {
		kept = baseline.New(h.memory * keptShare)
	}
	for _, f := range cf.Findings {
		for _, s := range suspects(f, home, nameOf) {
			kept.Suspect(s)
		}
	}
	kept.Merge(h.learner.Learned())
	if h.part {
		files = nil
	}
	kept.Hunted(files)
	if err := SaveState(h.file.Path, kept); err != nil {
		return fmt.Errorf("app: state: %w", err)
	}
	return nil
}

// suspects are the hosts and accounts that a finding is about, when it is worth
// more than a look.
func suspects(f *finding.Finding, home func(netip.Addr) bool, nameOf func(netip.Addr, record.Time) string) []baseline.Suspect {
	from, to := baseline.DayOf(f.Start), baseline.DayOf(f.End)
	if f.Severity < finding.Medium || from <= baseline.LeadDays || to == 0 {
		return nil
	}
	var out []baseline.Suspect
	for _, e := range f.Entities {
		s := baseline.Suspect{Kind: e.Kind, Name: e.Value, From: from - baseline.LeadDays, To: to + baseline.TrailDays, Finding: f.ID}
		switch e.Kind {
		case "host", "user":
		case "address":
			a, err := netip.ParseAddr(e.Value)
			if err != nil || !home(a) {
				continue
			}
			s.Kind = "host"
			if n := nameOf(a, f.Start); n != "" {
				named := s
				named.Name = n
				out = append(out, named)
			}
		default:
			continue
		}
		out = append(out, s)
	}
	return out
}

// Before implements incident.Memory.
func (h *habits) Before(e record.Entity, t record.Time) (record.Time, int) {
	s, ok := h.past.Sight(e)
	if !ok || s.First >= baseline.DayOf(t) {
		return 0, 0
	}
	return s.First.Time(), s.Holders
}

// coverage says what the past could and could not tell.
func (h *habits) coverage() []casefolder.Coverage {
	say := func(format string, args ...any) casefolder.Coverage {
		return casefolder.Coverage{Name: "habits", Why: fmt.Sprintf(format, args...)}
	}
	var out []casefolder.Coverage
	kept := h.past.Memory()
	switch {
	case h.refused != "":
		out = append(out, say("the state file was not used and not changed: %s", h.refused))
	case h.file.Path == "":
		out = append(out, say("no state file: a first time was judged only within this evidence, after %d days of it; --state keeps what is ordinary between hunts", baseline.LearnDays))
	case kept == nil:
		out = append(out, say("the state file is new: a first time was judged only within this evidence, after %d days of it", baseline.LearnDays))
	default:
		if n := kept.Totals(); n.Forgotten > 0 {
			out = append(out, say("the state file did not hold all: %d of what was learned is forgotten, nearly all of it last seen more than %d days before; a larger --memory holds more", n.Forgotten, n.Horizon))
		}
	}
	if n := h.learner.Early(); n > 0 {
		out = append(out, say("%d first times were judged before others could have had the same, because too many waited", n))
	}
	if n := h.learner.Learned().Totals(); n.Forgotten > 0 {
		out = append(out, say("%d of what this hunt learned is forgotten for lack of memory; a larger --memory holds more", n.Forgotten))
	}
	return out
}
