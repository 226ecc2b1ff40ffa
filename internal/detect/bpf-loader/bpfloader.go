// Package bpfloader finds programs loaded into the kernel by what does not do
// so on a host: a person in a session, a program from a folder that anybody may
// write. A rootkit made of such programs hides processes and files.
package bpfloader

import (
	"path"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/record/host"
	"longwatch/internal/unixpath"
)

// Detector looks at bpf calls and at bpftool.
var Detector = detect.Spec{
	ID:         "bpf-loader",
	Title:      "Program loaded into the kernel by an unusual process",
	Techniques: []attack.ID{"T1014"},
	Dossier:    []string{"TG-24"},
	New:        func(detect.Env) detect.Detector { return &detector{told: recent.New[key, bool](24*time.Hour, 1<<12)} },
}

// detector remembers, for a day, what was reported of each host and program.
type detector struct{ told *recent.Map[key, bool] }

type key struct{ host, image string }

// Handlers subscribes to loads.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(s *host.Syscall) bool { return load(s) && why(s) != "" }, d.call),
		detect.OnIf(func(p *host.Process) bool { return bpftool(p) }, d.command),
	}
}

// load tells whether a call loads a program: command 5 is BPF_PROG_LOAD
// (linux/bpf.h).
func load(s *host.Syscall) bool {
	if s.Syscall != "bpf" || !s.Success {
		return false
	}
	return s.Op == "LOAD" || len(s.Args) > 0 && (s.Args[0] == "5" || s.Args[0] == "BPF_PROG_LOAD")
}

// known are programs that load them for a living, in the folders of a system's
// own programs.
var known = []string{
	"systemd", "systemd-networkd", "systemd-oomd", "systemd-nspawn", "runc", "crun", "conmon", "dockerd", "containerd", "containerd-shim-runc-v2", "kubelet", "cilium-agent", "calico-node", "falco",
	"tetragon", "tracee", "datadog-agent", "system-probe", "osqueryd", "elastic-agent", "elastic-endpoint", "auditbeat", "packetbeat", "mdatp", "wdavdaemon", "falcon-sensor", "falcon-sensor-bpf", "sysdig", "dragent",
	"snapd", "snap-confine", "NetworkManager", "libvirtd", "virtqemud", "node_exporter", "ebpf_exporter", "pcp", "pmdabpf", "parca-agent", "beyla", "pixie", "lxcfs", "lxd", "incusd", "keepalived", "suricata",
}

// tools are what administrators trace with.
var tools = []string{"bpftrace", "bpftool", "perf", "python3", "tcpdump", "tc", "ip", "bcc", "stap", "trace-cmd"}

// why says what is unusual about a load, empty when nothing is.
func why(s *host.Syscall) string {
	base := path.Base(s.Image)
	switch {
	case s.Image == "":
		return "" // the kernel's own log does not say who
	case strings.HasSuffix(s.Image, " (deleted)"):
		return "the program's file was deleted while it ran"
	case unixpath.UserWritable(s.Image), strings.HasPrefix(s.Image, "/memfd:"):
		return "the program lies where anybody may write"
	case unixpath.Hidden(s.Image):
		return "the program lies under a hidden name"
	case slices.Contains(known, base):
		return ""
	case s.LogonID == "":
		return "" // a service, of which there are many
	case slices.Contains(tools, base) || strings.HasPrefix(base, "python"):
		return ""
	case strings.HasPrefix(s.Image, "/home/") || strings.HasPrefix(s.Image, "/root/"):
		return "somebody who was logged in ran it from a home folder"
	}
	return ""
}

func (d *detector) call(s *host.Syscall, out detect.Reporter) {
	t := d.told.At(key{s.Host, s.Image}, s.TS)
	if *t {
		return
	}
	*t = true
	severity, confidence := finding.High, uint8(70)
	if strings.HasPrefix(why(s), "somebody") {
		severity, confidence = finding.Medium, 55
	}
	out.Report(finding.Finding{Severity: severity, Confidence: confidence, Why: []string{
		finding.Because("%q (process %d) of %s loaded a program into the kernel; %s", s.Image, s.PID, s.Host, why(s)),
		"compare with bpftool prog list of a host like it; if it hides anything, do not trust programs on this one",
	}})
}

// bpftool tells whether a person loads, attaches or pins a program by hand.
func bpftool(p *host.Process) bool {
	f := strings.Fields(p.CommandLine)
	for i, w := range f {
		if path.Base(w) == "bpftool" {
			rest := strings.Join(f[i+1:], " ")
			for _, verb := range []string{"prog load", "prog loadall", "prog attach", "prog pin", "prog run", "cgroup attach", "net attach"} {
				if strings.Contains(rest, verb) {
					return true
				}
			}
		}
	}
	return false
}

func (d *detector) command(p *host.Process, out detect.Reporter) {
	t := d.told.At(key{p.Host, p.CommandLine}, p.TS)
	if *t {
		return
	}
	*t = true
	out.Report(finding.Finding{Title: "Program loaded into the kernel by hand", Severity: finding.Medium, Confidence: 60, Why: []string{
		finding.Because("%q of %s ran %q", p.User, p.Host, p.CommandLine), "ask whether they trace something",
	}})
}
