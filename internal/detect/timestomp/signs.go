package timestomp

import (
	"slices"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/winpath"
)

// signs are what speaks against the times of a script.
type signs struct {
	median bool // they are exactly the median of the neighbours'
	late   bool // first asked for long after
	proof  int  // the evidence contradicts them
	weak   int  // odd, and honest files have it too
	why    []string
	at     record.Time // when the script really came or was first seen
	recs   []record.Record
}

// verdict weighs signs with what the script's code can do. A confidence of 0 is
// no finding.
func (s *signs) verdict(score int64) (finding.Severity, uint8) {
	bad := score >= suspect
	switch {
	case s.median && s.late && bad, s.median && score >= shell, s.proof > 0 && (bad || s.median):
		return finding.High, 90
	case s.proof > 1:
		return finding.High, 85
	case s.proof > 0:
		return finding.Medium, 75
	case bad && (s.median || s.late):
		return finding.Medium, 75
	case bad && s.weak > 0:
		return finding.Medium, 65
	case s.median && s.late:
		return finding.Low, 50
	case s.weak > 1 || s.weak > 0 && (s.median || s.late):
		return finding.Low, 45
	}
	return finding.Info, 0
}

func (s *signs) add(kind *int, at record.Time, rec record.Record, why string) {
	*kind++
	s.why = append(s.why, why)
	if s.at == 0 && at != 0 {
		s.at = at
	}
	if rec != nil {
		s.recs = append(s.recs, rec)
	}
}

// signs collects them.
func (d *detector) signs(e *entry, others []*entry, u use) *signs {
	s := &signs{}
	times := make([]record.Time, len(others))
	for i, o := range others {
		times[i] = o.modified
	}
	slices.Sort(times)
	if s.median = isMedian(e.modified, times); s.median {
		s.why = append(s.why, finding.Because("%q was modified at %v, exactly the median of its %d neighbours", e.path, e.modified, len(times)))
	}
	d.inLog(s, e, others, u)
	d.names(s, e, others)
	d.copied(s, e)
	d.compilation(s, e, u)
	d.witness(s, e)
	odd(s, e, others)
	return s
}

// inLog compares with the first request.
func (d *detector) inLog(s *signs, e *entry, others []*entry, u use) {
	if u.rec == nil {
		return
	}
	if u.first.Sub(e.modified) > old && u.first.Sub(d.log.Start) >= coverage {
		s.late = true
		s.why = append(s.why, finding.Because("%q claims to be from %v, but was first asked for at %v, though the log goes back to %v", u.stem, e.modified, u.first, d.log.Start))
		s.at, s.recs = u.first, append(s.recs, u.rec)
	}
	if e.created == 0 || e.created.Sub(u.first) < far || e.created.Sub(d.log.Start) < far {
		return
	}
	for _, o := range others { // a deployment makes all files anew
		if gap := o.created.Sub(e.created); gap > -time.Hour && gap < time.Hour {
			return
		}
	}
	s.add(&s.weak, u.first, u.rec, finding.Because("%q was answered at %v, before %v, when it says that it was created: it was replaced, or its time is false", u.stem, u.first, e.created))
}

// few tells whether few of the others have a property, or there are none to
// ask: what all files of a folder have is how they were copied.
func few(others []*entry, has func(o *entry) bool) bool {
	n := 0
	for _, o := range others {
		if has(o) {
			n++
		}
	}
	return n*5 <= len(others)
}

// names compares with the times beside the name, which programs cannot set.
func (d *detector) names(s *signs, e *entry, others []*entry) {
	back := func(o *entry) bool { return o.name != 0 && o.created != 0 && o.name.Sub(o.created) > far }
	if back(e) && few(others, back) {
		s.add(&s.proof, e.name, nil, finding.Because("%q says that it was created at %v, but its name was made at %v ($FILE_NAME)", e.path, e.created, e.name))
	}
}

// copied looks for a program of the system with exactly the same time.
func (d *detector) copied(s *signs, e *entry) {
	for _, t := range []record.Time{e.modified, e.created} {
		if from := d.system[t]; from != "" && fraction(t) {
			s.add(&s.proof, 0, nil, finding.Because("%q has the time of %q, %v, to the last digit", e.path, from, t))
			return
		}
	}
}

// compilation compares with what ASP.NET compiled. It compiles a page again when
// its file changes and is asked for, so that a file cannot be younger than the
// compilation and yet have been asked for since.
func (d *detector) compilation(s *signs, e *entry, u use) {
	if u.rec == nil {
		return
	}
	c := d.compiled.First(u.rec.Server, u.stem)
	if c == nil || c.TS == 0 {
		return
	}
	if e.modified.Sub(c.TS) > near && u.last.Sub(e.modified) > near {
		s.add(&s.proof, c.TS, c, finding.Because("%q was compiled at %v and answered until %v, but its file says that it was last written at %v: it would have been compiled again", u.stem, c.TS, u.last, e.modified))
	}
}

// witness compares with what the host saw.
func (d *detector) witness(s *signs, e *entry) {
	f := d.made[d.events.EndOf(e.path)]
	if f == nil {
		return
	}
	switch {
	case f.Action == "times-set" && f.Before.Sub(f.Created) > far:
		s.add(&s.proof, f.TS, f, finding.Because("%s set the creation time of %q from %v back to %v", name(f), f.Path, f.Before, f.Created))
	case f.Action == "created" && e.created != 0 && f.TS.Sub(e.created) > far:
		s.add(&s.proof, f.TS, f, finding.Because("%q says that it was created at %v, but %s created it at %v", e.path, e.created, name(f), f.TS))
	case f.Action == "created" && worker(f) && f.TS.Sub(e.modified) > far:
		s.add(&s.proof, f.TS, f, finding.Because("%q says that it was last written at %v, but the web server's worker %s wrote it at %v", e.path, e.modified, name(f), f.TS))
	}
}

func name(f *host.FileEvent) string {
	if n := winpath.Base(f.Image); n != "" {
		return n
	}
	return "a program"
}

// worker tells whether the web server wrote a file: what it takes from visitors
// has the time of the writing.
func worker(f *host.FileEvent) bool {
	switch name(f) {
	case "w3wp.exe", "php-cgi.exe", "httpd.exe", "nginx.exe", "java.exe", "umworkerprocess.exe":
		return true
	}
	return false
}

// odd are weak signs, told only of one file among others without them.
func odd(s *signs, e *entry, others []*entry) {
	if len(others) < leastNeighbours {
		return
	}
	round := func(o *entry) bool { return !fraction(o.modified) && (o.created == 0 || !fraction(o.created)) }
	fine := 0
	for _, o := range others {
		if o.precise {
			fine++
		}
	}
	if round(e) && fine >= leastNeighbours && few(others, round) {
		s.add(&s.weak, 0, nil, finding.Because("%q has times of whole seconds, which programs set and archives keep; its %d neighbours have fractions", e.path, len(others)))
	}
	moved := func(o *entry) bool { return o.created.Sub(o.modified) > far && o.created != 0 }
	if moved(e) && few(others, moved) {
		s.add(&s.weak, e.created, nil, finding.Because("%q was created at %v, after its last modification at %v: it was copied here, or that was set back; its neighbours were not", e.path, e.created, e.modified))
	}
}

// isMedian tells whether t is the median of others: the middle one, or the
// middle of the two central ones, or (as rounding goes) one of these.
func isMedian(t record.Time, others []record.Time) bool {
	n := len(others)
	if n < leastNeighbours || len(slices.Compact(slices.Clone(others))) < leastDistinct {
		return false
	}
	if n%2 == 1 {
		return t == others[n/2]
	}
	a, b := others[n/2-1], others[n/2]
	mid := a + (b-a)/2
	return t == mid || t == a || t == b || (t/1e9 == mid/1e9)
}
