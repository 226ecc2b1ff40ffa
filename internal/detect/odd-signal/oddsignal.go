// Package oddsignal finds signals that no program sends: numbers above 64, the
// last that Linux has. Rootkits take orders that way, ShadowGuard by 900 and
// 901; the kernel refuses such a call unless somebody changed it.
package oddsignal

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Detector looks at system calls that send signals, and at what was typed.
var Detector = detect.Spec{
	ID:         "odd-signal",
	Title:      "Signal that does not exist sent to a process",
	Techniques: []attack.ID{"T1014", "T1564.001"},
	Dossier:    []string{"TG-21"},
	New:        func(detect.Env) detect.Detector { return &detector{hosts: recent.New[string, sent](time.Hour, 1<<12)} },
}

// last is SIGRTMAX (signal(7)).
const last = 64

// detector remembers, for an hour, what was reported of each host.
type detector struct{ hosts *recent.Map[string, sent] }

type sent struct{ signals []int64 }

// Handlers subscribes to calls and commands.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(s *host.Syscall) bool { n, ok := signal(s); return ok && n > last }, d.call),
		detect.OnIf(func(p *host.Process) bool { return typed(p) > last }, d.command),
	}
}

// places is which argument is the signal (man pages of the calls).
var places = map[string]int{"kill": 1, "tkill": 1, "tgkill": 2, "rt_sigqueueinfo": 1, "rt_tgsigqueueinfo": 2, "pidfd_send_signal": 1}

// signal is the number that a call sends; ok tells whether it sends one.
func signal(s *host.Syscall) (int64, bool) {
	i, ok := places[s.Syscall]
	if !ok || i >= len(s.Args) {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(s.Args[i], "0x"), 16, 64)
	if err != nil {
		return 0, false // a name: a signal that there is
	}
	return int64(int32(n)), true
}

func (d *detector) call(s *host.Syscall, out detect.Reporter) {
	n, _ := signal(s)
	if d.again(s.Host, n, s.TS) {
		return
	}
	f := finding.Finding{Severity: finding.High, Confidence: 85, Why: []string{
		finding.Because("%q (process %d) of %s sent signal %d; signals end at %d", s.Image, s.PID, s.Host, n, last),
	}}
	if s.Success {
		f.Severity, f.Confidence = finding.Critical, 95
		f.Why = append(f.Why, "the call succeeded, where an unchanged kernel refuses it: something in the kernel takes orders this way")
	}
	if n == 900 || n == 901 {
		f.Why = append(f.Why, finding.Because("%d is what the rootkit ShadowGuard takes to %s a process that it hides", n, map[int64]string{900: "add", 901: "remove"}[n]))
	}
	f.Why = append(f.Why, "do not trust what programs on this host show; take its memory or disk from outside")
	out.Report(f)
}

func (d *detector) command(p *host.Process, out detect.Reporter) {
	n := typed(p)
	if d.again(p.Host, n, p.TS) {
		return
	}
	out.Report(finding.Finding{Severity: finding.High, Confidence: 80, Why: []string{
		finding.Because("%q on %s was told %q; signals end at %d", p.User, p.Host, p.CommandLine, last),
		"ask who typed it; rootkits take orders this way",
	}})
}

// again tells whether this signal was reported of the host within the hour.
func (d *detector) again(name string, n int64, now record.Time) bool {
	s := d.hosts.At(name, now)
	if slices.Contains(s.signals, n) {
		return true
	}
	s.signals = append(s.signals, n)
	return false
}

// killCommand is kill, pkill or killall with a number for the signal; a process
// group is a negative number too, but stands behind "--" or a signal.
var killCommand = regexp.MustCompile(`(?:^|[;&|\s/(])(?:kill|pkill|killall)\s+(?:-(?:s|n)\s*|--signal[= ]|-)(\d{2,5})\s+-?\w`)

// typed is the signal of a kill command, 0 when it is none.
func typed(p *host.Process) int64 {
	if !strings.Contains(p.CommandLine, "kill") {
		return 0
	}
	m := killCommand.FindStringSubmatch(p.CommandLine)
	if m == nil {
		return 0
	}
	n, err := strconv.ParseInt(m[1], 10, 32)
	if err != nil {
		return 0
	}
	return n
}
