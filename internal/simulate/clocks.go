package simulate

import (
	"slices"
	"strings"
	"time"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/estate"
	"longwatch/internal/simulate/truth"
)

// Skew is how wrong the clocks of an exercise are.
type Skew string

// The amounts of skew. Members of a domain stay within the five minutes that
// Kerberos allows whatever is asked for; sensors, appliances and machines of the
// plant are anybody's guess, and text logs may be in local time without saying so.
const (
	True    Skew = ""
	Minutes Skew = "minutes"
	Hours   Skew = "hours"
)

// setClocks makes the clocks of a site wrong and returns by how much.
func setClocks(s *estate.Site, skew Skew) []truth.Clock {
	if skew == True {
		return nil
	}
	r := s.R.Sub("clocks")
	var out []truth.Clock
	note := func(source string, ahead time.Duration, why string) {
		if ahead != 0 {
			out = append(out, truth.Clock{Source: s.Key + "/" + source, Ahead: ahead.Seconds(), Why: why})
		}
	}
	for i := range s.Sensors {
		s.Sensors[i].Clock = astray(r, skew == Hours && r.Chance(0.5))
		note("network/sensor-"+string(rune('1'+i))+".pcap", s.Sensors[i].Clock, "clock")
	}
	for _, h := range s.Hosts {
		alone := !h.Windows() || slices.Contains([]estate.Role{estate.HMI, estate.Gateway}, h.Role)
		h.Clock = astray(r, skew == Hours && alone && r.Chance(0.4))
		if h.Windows() {
			note("hosts/"+h.Name, h.Clock, "clock")
		}
		if skew == Hours && r.Chance(0.4) {
			h.Zone = time.Duration(chance.Pick(r, []int{-8, -6, -5, -3, 1, 2, 3, 8, 10})) * time.Hour
		}
	}
	return out
}

// astray draws how far a clock is ahead: seconds to four minutes, or hours.
func astray(r *chance.Rand, far bool) time.Duration {
	d := r.Duration(2*time.Second, 4*time.Minute)
	if far {
		d = r.Duration(30*time.Minute, 9*time.Hour)
	}
	if r.Chance(0.5) {
		d = -d
	}
	return d.Round(time.Millisecond)
}

// textClocks says which text logs of a site tell other times than the true ones,
// now that it is known which there are.
func textClocks(s *estate.Site, files []string) []truth.Clock {
	var out []truth.Clock
	for _, h := range s.Hosts {
		for _, folder := range []string{"logs/iis/", "logs/nginx/", "logs/httperr/", "logs/syslog/", "logs/audit/", "logs/edge/"} {
			ahead, why := h.Clock+h.Zone, "zone"
			if folder == "logs/audit/" {
				ahead = h.Clock // these count seconds since 1970
			}
			if h.Zone == 0 || ahead == h.Clock {
				why = "clock"
			}
			at := s.Key + "/" + folder + h.Name
			if ahead != 0 && slices.ContainsFunc(files, func(f string) bool { return strings.HasPrefix(f, at) }) {
				out = append(out, truth.Clock{Source: at, Ahead: ahead.Seconds(), Why: why})
			}
		}
	}
	return out
}

// sensorsOf puts the sensor that sees a machine in the place of the main one in
// the steps of an intrusion.
func sensorsOf(s *estate.Site, c *truth.Campaign) {
	main := s.Key + "/" + truth.Pcap
	for i := range c.Steps {
		step := &c.Steps[i]
		for _, h := range s.Hosts {
			if h.Name != step.Host {
				continue
			}
			for j, f := range step.Files {
				if f == main {
					step.Files[j] = s.Key + "/" + h.Sensor()
				}
			}
		}
	}
}
