package unixlog

import (
	"regexp"
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// The words of the service manager (src/core of systemd) and of the kernel.
var (
	unitState   = regexp.MustCompile(`^(Started|Stopped|Finished|Failed to start) (.+?)\.?$`)
	unitExit    = regexp.MustCompile(`^(\S+): Main process exited, code=(killed|dumped|exited), status=(.+)$`)
	unitLink    = regexp.MustCompile(`^Created symlink '?(/\S+?)'? (?:→|->) '?(/\S+?)'?\.?$`)
	kernelFault = regexp.MustCompile(`^(?:\[ *[\d.]+\] )?(\S+)\[(\d+)\]: segfault at `)
	kernelTaint = regexp.MustCompile(`^(?:\[ *[\d.]+\] )?([A-Za-z0-9_]+): (loading out-of-tree module taints kernel|module verification failed)`)
)

func systemd(s *host.Syslog) record.Record {
	if m := unitLink.FindStringSubmatch(s.Message); m != nil {
		unit := m[1][strings.LastIndexByte(m[1], '/')+1:]
		return &host.Service{Head: s.Head, Action: "installed", Name: unit, Path: m[2], StartType: m[1]}
	}
	if m := unitExit.FindStringSubmatch(s.Message); m != nil {
		if m[2] == "exited" {
			return nil
		}
		return &host.Service{Head: s.Head, Action: "crashed", Name: m[1], Path: m[2] + " " + m[3]}
	}
	m := unitState.FindStringSubmatch(s.Message)
	if m == nil {
		return nil
	}
	name, _, _ := strings.Cut(m[2], " - ") // newer ones: "Started cron.service - Regular …"
	r := &host.Service{Head: s.Head, Action: "started", Name: name}
	switch m[1] {
	case "Stopped":
		r.Action = "stopped"
	case "Failed to start":
		r.Action = "crashed"
	}
	return r
}

func kernel(s *host.Syslog) record.Record {
	if m := kernelFault.FindStringSubmatch(s.Message); m != nil {
		return &host.Service{Head: s.Head, Action: "crashed", Name: m[1], Path: s.Message}
	}
	if m := kernelTaint.FindStringSubmatch(s.Message); m != nil {
		r := &host.Module{Head: s.Head, Image: "kernel", Path: m[1]}
		if strings.HasPrefix(m[2], "module") {
			r.Signed = "false"
		}
		return r
	}
	return nil
}
