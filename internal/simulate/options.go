package simulate

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"longwatch/internal/simulate/scenario/falseflag"
)

// Options change an exercise; the zero value is the usual one. They can be
// combined in every way.
type Options struct {
	Start time.Time // first day; zero: a working day of March 2026 that the seed decides
	Days  int       // days of ordinary activity; zero: 2, or what Returns needs
	Small bool      // a quarter of the ordinary activity

	FalseFlag string // profile whose published signs the intruders plant
	Drop      []Kind // evidence that is not there
	Keep      []Kind // evidence that alone is there; empty: all
	From, To  int    // percent of the time that logs and captures cover; To 0: 100
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

// thin is how many times less than on a full day happens on each day.
func (o *Options) thin() float64 {
	t := 1.0
	if o.Small {
		t = 4
	}
	if o.Days > FullDays {
		t = max(t, float64(o.Days)/3)
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
