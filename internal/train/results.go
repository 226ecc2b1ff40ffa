package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"
)

// Bounds of a file of results: participants hand it in.
const (
	maxResultFile = 1 << 20 // bytes
	maxAnswers    = 2 * MaxCount
	maxSeconds    = 24 * 3600.0
	resultFormat  = "longwatch-drill-results"
)

// ErrResults is wrapped when a file is not the results of a drill.
var ErrResults = errors.New("not the results of a drill")

// Answer is one judged item.
type Answer struct {
	Item    string  `json:"item"`
	Topic   Topic   `json:"topic"`
	Attack  bool    `json:"attack"` // what it is
	Said    string  `json:"said"`   // suspicious or ordinary
	Right   bool    `json:"right"`
	Sure    int     `json:"sure"`    // percent: 50, 70, 85 or 99
	Seconds float64 `json:"seconds"` // in which the item could be seen
	Looked  bool    `json:"looked"`  // at full addresses before judging
}

// Results are what one participant saved.
type Results struct {
	Format      string   `json:"format"`
	Version     int      `json:"version"`
	Drill       string   `json:"drill"`
	Role        Role     `json:"role"`
	Seed        string   `json:"seed"`
	Participant string   `json:"participant"`
	Started     string   `json:"started"` // RFC 3339, UTC
	Answers     []Answer `json:"answers"`
}

// Sures are the degrees of certainty that a participant can choose, in percent.
var Sures = []int{50, 70, 85, 99}

var (
	participant  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,23}$`)
	drillPattern = regexp.MustCompile(`^d-[0-9a-f]{16}$`)
	seedPattern  = regexp.MustCompile(`^[0-9]{1,20}$`)
)

// ParseResults reads one file of results. Nothing of it is believed that is not
// one of the few forms that the page writes; with an error comes no result.
func ParseResults(r io.Reader) (*Results, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxResultFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxResultFile {
		return nil, fmt.Errorf("%w: larger than 1 MiB", ErrResults)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var out Results
	if err := dec.Decode(&out); err != nil {
		return nil, fmt.Errorf("%w: byte %d: not the JSON that a drill saves", ErrResults, dec.InputOffset())
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows at byte %d", ErrResults, dec.InputOffset())
	}
	if err := out.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrResults, err)
	}
	return &out, nil
}

func (r *Results) check() error {
	switch {
	case r.Format != resultFormat || r.Version != 1:
		return errors.New("another format or version")
	case !drillPattern.MatchString(r.Drill) || !slices.Contains(Roles, r.Role) || !seedPattern.MatchString(r.Seed):
		return errors.New("drill, role or seed are none")
	case !participant.MatchString(r.Participant):
		return errors.New("the participant's code is none")
	case len(r.Answers) == 0 || len(r.Answers) > maxAnswers:
		return fmt.Errorf("%d answers", len(r.Answers))
	}
	if t, err := time.Parse(time.RFC3339, r.Started); err != nil || t.Year() < 2000 || t.Year() > 9999 {
		return errors.New("the time of the start is none")
	}
	seen := map[string]bool{}
	for n := range r.Answers {
		if err := r.Answers[n].check(); err != nil {
			return fmt.Errorf("answer %d: %w", n+1, err)
		}
		if seen[r.Answers[n].Item] {
			return fmt.Errorf("answer %d: the item was judged before", n+1)
		}
		seen[r.Answers[n].Item] = true
	}
	return nil
}

func (a *Answer) check() error {
	switch {
	case !idPattern.MatchString(a.Item) || !a.Topic.known():
		return errors.New("no such item or topic")
	case a.Said != "suspicious" && a.Said != "ordinary":
		return errors.New("neither suspicious nor ordinary")
	case a.Right != (a.Attack == (a.Said == "suspicious")):
		return errors.New("called right what is wrong, or wrong what is right")
	case !slices.Contains(Sures, a.Sure):
		return errors.New("a certainty that cannot be chosen")
	case a.Seconds < 0 || a.Seconds > maxSeconds:
		return errors.New("a time that cannot be")
	}
	return nil
}
