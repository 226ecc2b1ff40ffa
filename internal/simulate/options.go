package simulate

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"longwatch/internal/simulate/estate"
	"longwatch/internal/simulate/scenario/falseflag"
	"longwatch/internal/simulate/scenario/ordinary"
)

// Options change an exercise; the zero value is the usual one. They can be
// combined in every way.
type Options struct {
	Start time.Time // first day; zero: a working day of March 2026 that the seed decides
	Days  int       // days of ordinary activity; zero: 2, or what Returns needs
	Small bool      // a quarter of the ordinary activity
	Noise ordinary.Noise
	Sites int  // places of each organisation with a sensor each, one to three; zero: one
	Skew  Skew // how wrong the clocks are

	Returns   int    // times that the intruder comes back in the months after; the act is then early
	FalseFlag string // profile whose published signs the intruders plant
	Drop      []Kind // evidence that is not there
	Keep      []Kind // evidence that alone is there; empty: all
	From, To  int    // percent of the time from the first to the last act, outside which logs and captures have nothing; From 0 and To 100 (or 0) are open
}

// Kind is a kind of evidence that can be kept or left out.
type Kind string

// The kinds of evidence. Half of the hosts is every second machine, which ones
// the seed decides; Entry is what shows the way in: the files that do lose what
// they had of it and of the time before, as logs do that rolled over.
const (
	Captures Kind = "captures"
	Hosts    Kind = "hosts"
	Half     Kind = "half"
	Web      Kind = "web"
	Edge     Kind = "edge"
	Syslog   Kind = "syslog"
	Audit    Kind = "audit"
	Mail     Kind = "mail"
	Disk     Kind = "disk"
	Entry    Kind = "entry"
)

// Kinds are all kinds of evidence.
func Kinds() []Kind {
	return []Kind{Captures, Hosts, Half, Web, Edge, Syslog, Audit, Mail, Disk, Entry}
}

// ParseKinds reads names of kinds.
func ParseKinds(names []string) ([]Kind, error) {
	var out []Kind
	for _, n := range names {
		if !slices.Contains(Kinds(), Kind(n)) {
			return nil, fmt.Errorf("%w: no kind of evidence is called %q; there are %s", ErrOption, n, list(Kinds()))
		}
		out = append(out, Kind(n))
	}
	return out, nil
}

func list[T ~string](of []T) string {
	s := make([]string, len(of))
	for i, v := range of {
		s[i] = string(v)
	}
	return strings.Join(s, ", ")
}

// MaxDays bounds an exercise in time. Beyond FullDays the ordinary activity is
// thinned out, so that the volume stays that of some full days.
const (
	MaxDays  = 400
	FullDays = 14
)

// ErrOption says that an option cannot be had.
var ErrOption = errors.New("simulate: bad option")

// check completes the options or says what is wrong with them.
func (o *Options) check() error {
	if o.Days <= 0 {
		o.Days = 2
		if o.Small {
			o.Days = 1
		}
		if o.Returns > 0 {
			o.Days = quietDays
		}
	}
	if o.Returns > 0 && o.Days < 4*(o.Returns+1) {
		return fmt.Errorf("%w: %d days are too few for %d returns", ErrOption, o.Days, o.Returns)
	}
	if o.Sites < 0 || o.Sites > 3 {
		return fmt.Errorf("%w: an organisation has one to three sites, not %d", ErrOption, o.Sites)
	}
	if !slices.Contains([]ordinary.Noise{ordinary.Normal, ordinary.Quiet, ordinary.Loud}, o.Noise) {
		return fmt.Errorf("%w: the noise is quiet, normal or loud, not %q", ErrOption, o.Noise)
	}
	if !slices.Contains([]Skew{True, Minutes, Hours}, o.Skew) {
		return fmt.Errorf("%w: clocks are off by minutes or hours, not %q", ErrOption, o.Skew)
	}
	o.Days = min(o.Days, MaxDays)
	if o.To == 0 {
		o.To = 100
	}
	if o.From < 0 || o.To > 100 || o.From >= o.To {
		return fmt.Errorf("%w: the span %d-%d is not within 0-100 percent", ErrOption, o.From, o.To)
	}
	if o.FalseFlag != "" && !slices.Contains(falseflag.Profiles(), o.FalseFlag) {
		return fmt.Errorf("%w: no published signs of %q; there are those of %s", ErrOption, o.FalseFlag, list(falseflag.Profiles()))
	}
	return nil
}

// quietDays is the usual length of a presence of months.
const quietDays = 120

// returns are the day of the act, early in the exercise, and when the intruder
// comes back: at working hours of his, further apart or closer by chance.
func (o *Options) returns(s *estate.Site) (act int, back []time.Time) {
	r := s.R.Sub("returns")
	act = max(o.Days/8, 1)
	step := float64(o.Days-act-2) / float64(o.Returns)
	for i := range o.Returns {
		day := act + 1 + int(step*(float64(i)+0.2+0.8*r.Float64()))
		back = append(back, s.At(min(day, o.Days-1), 8, 0).Add(r.Duration(0, 9*time.Hour)))
	}
	return act, back
}

// thin is how many times less than on a full day happens on each day.
func (o *Options) thin() float64 {
	t := 1.0
	if o.Small {
		t = 4
	}
	if o.Days > FullDays {
		t = max(t, float64(o.Days)/2)
	}
	return t
}

// words are the options as the truth tells them.
func (o *Options) words() []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if o.Small {
		add("scale small")
	}
	if o.Days != 2 {
		add("days %d", o.Days)
	}
	if o.Noise != ordinary.Normal {
		add("noise %s", o.Noise)
	}
	if o.Sites > 1 {
		add("sites %d", o.Sites)
	}
	if o.Skew != True {
		add("skew %s", o.Skew)
	}
	if o.Returns > 0 {
		add("returns %d", o.Returns)
	}
	if o.FalseFlag != "" {
		add("false flag %s", o.FalseFlag)
	}
	if len(o.Keep) > 0 {
		add("keep %s", list(o.Keep))
	}
	if len(o.Drop) > 0 {
		add("drop %s", list(o.Drop))
	}
	if o.From > 0 || o.To < 100 {
		add("span %d-%d", o.From, o.To)
	}
	return out
}
