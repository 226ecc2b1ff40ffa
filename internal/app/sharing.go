package app

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/intel"
	"longwatch/internal/share"
)

// SharedLog is the file of a case folder that says what left it.
const SharedLog = "shared.jsonl"

// Sharing is what share is asked to do.
type Sharing struct {
	Case       string   // folder
	Out        string   // folder; empty only shows
	To         string   // recipient
	Recipients string   // file; empty means that nobody is checked
	Formats    []string // all when empty
	Harmless   []string // files and folders with lists of harmless values
	Policy     share.Policy
}

// Share decides what of a case may leave and, with Out, writes it and logs
// that it left.
func Share(s Sharing) (*share.Parcel, []share.Sent, error) {
	c, err := casefolder.Read(s.Case)
	if err != nil {
		return nil, nil, err
	}
	for _, id := range s.Policy.Incidents {
		if !slices.ContainsFunc(c.Incidents, func(i *finding.Incident) bool { return i.ID == id }) {
			return nil, nil, fmt.Errorf("app: the case has no incident %q", id)
		}
	}
	if len(s.Harmless) > 0 {
		set, report := intel.Load(intel.Paths(s.Harmless...)...)
		if report.Loaded == 0 {
			return nil, nil, fmt.Errorf("app: no list of harmless values in %q: %v", s.Harmless, report.Reasons)
		}
		s.Policy.Known = func(_, value string) (string, bool) { return set.Benign(value) }
	}
	p := share.Pack(c, s.Policy)
	formats, err := s.formats(p)
	if err != nil || s.Out == "" {
		return p, nil, err
	}
	if err := os.MkdirAll(s.Out, 0o750); err != nil {
		return p, nil, fmt.Errorf("app: %w", err)
	}
	var sent []share.Sent
	for _, f := range formats {
		one := share.Sent{
			Time: time.Now().UTC().Truncate(time.Second), To: s.To, TLP: p.Marking, Format: f.Name, File: filepath.Join(s.Out, f.File),
			Items: len(p.Items), Withheld: len(p.Withheld), Incidents: []string{},
		}
		for i := range p.Incidents {
			one.Incidents = append(one.Incidents, p.Incidents[i].ID)
		}
		h := sha256.New()
		if err := casefolder.WriteFile(one.File, func(w io.Writer) error { return f.Write(io.MultiWriter(w, h), p) }); err != nil {
			return p, sent, fmt.Errorf("app: %s: %w", f.File, err)
		}
		one.SHA256 = hex.EncodeToString(h.Sum(nil))
		if err := share.Log(filepath.Join(s.Case, SharedLog), one); err != nil {
			return p, sent, fmt.Errorf("app: what was sent could not be logged, remove %s: %w", one.File, err)
		}
		sent = append(sent, one)
	}
	return p, sent, nil
}

// formats are those asked for, after the recipient was checked for each.
func (s *Sharing) formats(p *share.Parcel) ([]share.Format, error) {
	formats := share.Formats
	if len(s.Formats) > 0 {
		formats = nil
		for _, name := range s.Formats {
			f, err := share.FormatNamed(name)
			if err != nil {
				return nil, err
			}
			formats = append(formats, f)
		}
	}
	if s.Recipients == "" {
		return formats, nil
	}
	file, err := os.Open(s.Recipients)
	if err != nil {
		return nil, fmt.Errorf("app: %w", err)
	}
	defer func() { _ = file.Close() }()
	list, err := share.Recipients(file)
	if err != nil {
		return nil, err
	}
	var allowed []share.Format
	var refused error
	for _, f := range formats {
		switch err := share.Allow(list, s.To, p, f); {
		case err == nil:
			allowed = append(allowed, f)
		case len(s.Formats) > 0: // asked for by name
			return nil, err
		default:
			refused = err
		}
	}
	if len(allowed) == 0 {
		return nil, refused
	}
	return allowed, nil
}

// Answer answers a private question from a case.
func Answer(key []byte, question io.Reader, dir string) (*share.Answer, error) {
	q, err := share.ReadQuestion(question)
	if err != nil {
		return nil, err
	}
	c, err := casefolder.Read(dir)
	if err != nil {
		return nil, err
	}
	return share.Reply(key, q, c)
}
