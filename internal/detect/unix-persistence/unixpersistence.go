// Package unixpersistence finds ways to stay that are set up on a Unix host:
// units and timers, crontabs, keys of SSH, libraries forced into programs,
// start scripts, PAM, udev and sudo, programs that run as their owner. Packages
// and tools of administration make them too; what counts is what is run, who
// wrote the file, and that several kinds come together.
package unixpersistence

import (
	"path"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/unixpath"
)

// Detector looks at what files hold and at who wrote them.
var Detector = detect.Spec{
	ID:         "unix-persistence",
	Title:      "Way to stay set up on a Unix host",
	Techniques: []attack.ID{"T1543.002", "T1053.003", "T1098.004", "T1574.006", "T1548.001"},
	Dossier:    []string{"TH-20"},
	New: func(detect.Env) detect.Detector {
		return &detector{hosts: recent.New[string, doors](window, 1<<12), told: recent.New[entry, bool](window, 1<<13)}
	},
}

const window = 7 * 24 * time.Hour // dossier TH-20

// detector remembers, for a week, which kinds were written by hand on each host
// and what was reported.
type detector struct {
	hosts *recent.Map[string, doors]
	told  *recent.Map[entry, bool]
}

type entry struct{ host, what string }

type doors struct {
	trail detect.Trail
	kinds []string
	told  bool
}

// Handlers subscribes to entries of files, to files written and to calls that
// change a file's mode.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(p *host.Persistence) bool { return odd(p) != "" }, d.entry),
		detect.OnIf(func(f *host.FileEvent) bool { return writtenByHand(f) }, d.written),
		detect.OnIf(func(s *host.Syscall) bool { return setuid(s) != "" }, d.mode),
		detect.OnIf(func(s *host.Service) bool {
			return s.Action == "installed" && unixpath.Kind(s.Path) != "" && unitElsewhere(s.Path)
		}, d.unit),
	}
}

func (d *detector) once(host, what string, now record.Time) bool {
	t := d.told.At(entry{host, what}, now)
	if *t {
		return false
	}
	*t = true
	return true
}

// entry reports what a file holds.
func (d *detector) entry(p *host.Persistence, out detect.Reporter) {
	if !d.once(p.Host, p.Path+"\x00"+p.Entry, p.TS) {
		return
	}
	severity, confidence := finding.High, uint8(75)
	if p.Kind == unixpath.Sudoers || p.Kind == unixpath.LoaderPath || p.Kind == unixpath.Key {
		severity, confidence = finding.Medium, 60
	}
	f := finding.Finding{Severity: severity, Confidence: confidence, Techniques: technique(p.Kind), Why: []string{
		finding.Because("%s (%s) holds %q: %s", p.Path, p.Kind, cut(p.Entry), odd(p)),
		finding.Because("the file was last changed at %v", p.TS),
	}}
	if p.TS == 0 {
		f.Why = f.Why[:1]
	}
	out.Report(f)
}

func cut(s string) string {
	if len(s) > 200 {
		return s[:200]
	}
	return s
}

// technique is what a kind is in ATT&CK.
func technique(kind string) []attack.ID {
	switch kind {
	case unixpath.Unit:
		return []attack.ID{"T1543.002"}
	case unixpath.Timer:
		return []attack.ID{"T1053.006"}
	case unixpath.Cron:
		return []attack.ID{"T1053.003"}
	case unixpath.Key:
		return []attack.ID{"T1098.004"}
	case unixpath.Preload, unixpath.LoaderPath:
		return []attack.ID{"T1574.006"}
	case unixpath.RC:
		return []attack.ID{"T1037.004"}
	case unixpath.Profile:
		return []attack.ID{"T1546.004"}
	case unixpath.PAM:
		return []attack.ID{"T1556.003"}
	case unixpath.Sudoers:
		return []attack.ID{"T1548.003"}
	}
	return nil
}

// installers are programs that write such files as part of their work.
var installers = []string{
	"dpkg", "apt", "apt-get", "rpm", "yum", "dnf", "dnf5", "zypper", "pacman", "apk", "snapd", "snap", "flatpak", "systemd", "systemctl", "systemd-sysv-generator", "systemd-tmpfiles", "useradd", "usermod", "crontab", "cron", "puppet", "ruby",
	"chef-client", "salt-minion", "salt-call", "ansible", "ansible-playbook", "cfengine", "cf-agent", "cloud-init", "google_guest_agent", "waagent", "amazon-ssm-agent", "vmtoolsd", "unattended-upgr", "update-rc.d", "deb-systemd-helper",
	"visudo", "pam-auth-update", "authselect", "ldconfig", "packagekitd", "debconf", "perl", "cp", "install", "tar", "rsync", "containerd", "dockerd", "runc", "podman", "buildah", "git", "postinst", "mkhomedir_helper", "oddjobd-mkhomedir", "passwd",
}

// writtenByHand tells whether a file that makes a host start something was
// written by what is no installer.
func writtenByHand(f *host.FileEvent) bool {
	if f.Action != "created" && f.Action != "changed" || f.Image == "" {
		return false
	}
	k := unixpath.Kind(f.Path)
	if k == "" || k == unixpath.History {
		return false
	}
	base := path.Base(strings.TrimSuffix(f.Image, " (deleted)"))
	return !slices.Contains(installers, base) && !strings.HasPrefix(base, "python") || unixpath.UserWritable(f.Image)
}

func (d *detector) written(f *host.FileEvent, out detect.Reporter) {
	kind := unixpath.Kind(f.Path)
	h := d.hosts.At(f.Host, f.TS)
	if !h.trail.Add(f) && slices.Contains(h.kinds, kind) {
		return
	}
	if !slices.Contains(h.kinds, kind) {
		h.kinds = append(h.kinds, kind)
	}
	if len(h.kinds) >= 2 && !h.told {
		h.told = true
		r := h.trail.Finding(finding.High, 65, finding.Because("on %s files of %d kinds that make it start something or let somebody in were written within a week, by no installer: %s", f.Host, len(h.kinds), strings.Join(h.kinds, ", ")))
		r.Title = "Several ways to stay set up on a Unix host"
		out.Report(r)
	}
	if !d.once(f.Host, f.Path, f.TS) {
		return
	}
	severity, confidence := finding.Low, uint8(40)
	switch {
	case kind == unixpath.Preload:
		severity, confidence = finding.High, 80
	case kind == unixpath.PAM, unixpath.UserWritable(f.Image), strings.HasSuffix(f.Image, " (deleted)"):
		severity, confidence = finding.High, 65
	case kind == unixpath.Key && server(f.Image), kind == unixpath.Cron && server(f.Image):
		severity, confidence = finding.High, 75
	}
	out.Report(finding.Finding{Severity: severity, Confidence: confidence, Techniques: technique(kind), Why: []string{
		finding.Because("%q of %s wrote %s (%s); %q acted", f.Image, f.Host, f.Path, kind, f.User)}})
}

// server tells whether a program is one that the network speaks to: it has no
// business with keys and crontabs.
func server(image string) bool {
	base := path.Base(image)
	for _, n := range []string{"nginx", "apache2", "httpd", "php", "java", "node", "redis-server", "postgres", "mysqld", "tomcat", "w3wp"} {
		if strings.HasPrefix(base, n) {
			return true
		}
	}
	return false
}

// mode reports a program that was made to run as its owner.
func (d *detector) mode(s *host.Syscall, out detect.Reporter) {
	p := setuid(s)
	if !d.once(s.Host, "mode "+p, s.TS) {
		return
	}
	out.Report(finding.Finding{Title: "Program made to run as its owner", Severity: finding.High, Confidence: 70, Techniques: []attack.ID{"T1548.001"}, Why: []string{
		finding.Because("%q of %s gave %q a mode with which it runs as its owner, where packages put no such programs", s.Image, s.Host, p)}})
}

// unitElsewhere tells whether a unit lies where neither packages nor
// administrators put units.
func unitElsewhere(p string) bool {
	return unixpath.UserWritable(p) || unixpath.Hidden(p)
}

func (d *detector) unit(s *host.Service, out detect.Reporter) {
	out.Report(finding.Finding{Severity: finding.High, Confidence: 75, Techniques: []attack.ID{"T1543.002"}, Why: []string{
		finding.Because("on %s the unit %q was enabled; it lies in %s, where anybody may write or nobody looks", s.Host, s.Name, s.Path)}})
}
