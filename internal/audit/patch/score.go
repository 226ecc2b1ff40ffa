package patch

import (
	"fmt"
	"math"
	"time"

	"longwatch/internal/record"
)

// The parts of a score. What somebody outside reaches comes before everything
// that nobody was seen to reach, however unsure: no sum of other parts is as much.
const (
	forFacing     = 170 // somebody outside was seen to reach it
	forEdge       = 40  // it stands where strangers come in, though none was seen
	forKEV        = 25  // it is known to be exploited
	forRansomware = 5
	forEPSS       = 20  // times the probability
	forReported   = 15  // a source of a campaign's profile reports it
	forPossible   = 5   // it is one of those that fit what a source tells
	forHere       = 10  // an incident of this case resembles that campaign
	forDay        = 10  // exposed for a year while known to be exploited, and by days for less
	notThere      = -10 // it is in the administration, which nobody outside was seen to use
	notSure       = -15
	notSeen       = -30 // the version was not seen at all

	year = 365
)

// score adds the parts, each with its reason. It is a function of what the line
// says.
func (a *Audit) score(l *Line) {
	add := func(points int, format string, args ...any) {
		if points != 0 {
			l.Score += points
			l.Parts = append(l.Parts, Part{points, fmt.Sprintf(format, args...)})
		}
	}
	switch l.Exposure {
	case internetFacing:
		add(forFacing, "internet-facing: %s", l.Exposed)
		if l.hidden {
			add(notThere, "the flaw is in the administration, which nobody outside was seen to use")
		}
	case edge:
		add(forEdge, "at the edge: %s", l.Exposed)
	}
	var x Intel
	if a.opt.Intel != nil {
		x = a.opt.Intel(l.CVE)
	}
	if x.KEV {
		add(forKEV, "known to be exploited%s", date(", in CISA's catalogue since ", x.Added))
		if x.Ransomware {
			add(forRansomware, "used for ransomware, by the same catalogue")
		}
	}
	if x.Scored {
		add(int(math.Round(forEPSS*x.EPSS)), "EPSS gives it a probability of %.2f%% within 30 days%s", 100*x.EPSS, date(", on ", x.EPSSDate))
	}
	reported, here := 0, uint8(0)
	var best Use
	for _, u := range l.Campaigns {
		points := forPossible
		if u.How == Reported {
			points = forReported
		}
		if points > reported {
			reported, best = points, u
		}
	}
	if reported > 0 {
		words := map[string]string{Reported: "used by %s, as reported", Possible: "fits what is reported of %s"}
		add(reported, words[best.How], best.Name)
	}
	for _, u := range l.Campaigns {
		if u.Here > here {
			here, best = u.Here, u
		}
	}
	if here > 0 {
		add(forHere, "an incident of this case resembles %s (%d of 100)", best.Name, here)
	}
	days := l.SinceKEV
	if days > 0 {
		add(min(forDay, 1+days*(forDay-1)/year), "seen with it %d days after it was known to be exploited", days)
	}
	switch {
	case l.Certain == "unseen":
		add(notSeen, "not sure: %s", l.Because)
	case l.Verdict == Unsure:
		add(notSure, "not sure: %s", l.Because)
	}
}

func date(before string, t record.Time) string {
	if t == 0 {
		return ""
	}
	return before + t.Std().UTC().Format(time.DateOnly)
}
