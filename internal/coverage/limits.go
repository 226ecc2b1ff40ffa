package coverage

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"longwatch/internal/record"
)

// classic are the channels that every Windows host has, with the types of
// record that come from them.
var classic = map[string][]string{
	"Security":    {"process", "logon", "ticket", "share_access", "directory", "service", "task", "log_clear", "object_access", "socket"},
	"System":      {"service", "log_clear", "system_event"},
	"Application": {"database", "crash"},
}

// usual are channels that a host is expected to have when most of the others
// in the evidence have them.
var usual = map[string][]string{
	"Microsoft-Windows-Sysmon/Operational":                               {"process", "file_event", "registry", "socket", "pipe", "dns_query", "module", "process_access", "wmi"},
	"Microsoft-Windows-PowerShell/Operational":                           {"script"},
	"Microsoft-Windows-WMI-Activity/Operational":                         {"wmi"},
	"Microsoft-Windows-TaskScheduler/Operational":                        {"task"},
	"Microsoft-Windows-TerminalServices-LocalSessionManager/Operational": {"logon"},
}

// hides are the types of record that a channel makes; unknown channels make
// events only.
func hides(channel string) []string {
	if t, ok := classic[channel]; ok {
		return t
	}
	if t, ok := usual[channel]; ok {
		return t
	}
	return []string{"windows_event"}
}

// wire are the types that are lost with packets.
var wire = []string{"conn", "dns", "http", "ssl", "x509", "files", "smb_files", "smb_mapping", "dce_rpc", "kerberos", "ntlm", "ldap_search", "rdp", "ssh", "modbus", "s7comm", "dnp3", "frp", "relay_tool"}

// limits are what the counts say was missing.
func (l *Lane) limits(r *Report) []Limit {
	out := l.tampered()
	out = append(out, channels(r)...)
	out = append(out, short(r)...)
	out = append(out, l.wire()...)
	for _, h := range slices.Sorted(maps.Keys(l.commands)) {
		if n := l.commands[h]; n[0] >= 20 && n[1]*2 > n[0] {
			out = append(out, Limit{
				Kind: NoCommandLine, Host: h, Name: "process", Hides: []string{"process"}, Count: n[1], Share: float64(n[1]) / float64(n[0]),
				Why: fmt.Sprintf("%d of %d program starts on %s have no command line: set \"Include command line in process creation events\"", n[1], n[0], h),
			})
		}
	}
	if r.Since != 0 {
		out = append(out, Limit{Kind: NotSearched, End: r.Since, Why: fmt.Sprintf("records before %v were left out (--since)", r.Since)})
	}
	if r.Until != 0 {
		out = append(out, Limit{Kind: NotSearched, Start: r.Until, Why: fmt.Sprintf("records from %v on were left out (--until)", r.Until)})
	}
	if n := l.beyond + l.more; n > 0 {
		out = append(out, Limit{Kind: Unkept, Count: n, Why: fmt.Sprintf("%d records of hosts and logs beyond %d were searched, but are not in the table of sources", n, maxRows)})
	}
	return out
}

// tampered are logs that were cleared or have holes.
func (l *Lane) tampered() []Limit {
	var out []Limit
	for _, x := range l.clears {
		h := strings.ToLower(x.Host)
		out = append(out, Limit{
			Kind: Cleared, Host: h, Name: x.Channel, Hides: hides(x.Channel), Whole: true, End: When(x.TS),
			Why: fmt.Sprintf("log %q of %s was cleared at %v: what it held before is gone unless it was forwarded or archived", x.Channel, h, x.TS),
		})
	}
	for _, x := range l.gaps {
		if x.Odds < leastOdds && x.Kind != "hidden" {
			continue
		}
		h := strings.ToLower(x.Host)
		why := fmt.Sprintf("log %q of %s: %s", x.Channel, h, x.Why)
		out = append(out, Limit{Kind: Gap, Host: h, Name: x.Channel, Hides: hides(x.Channel), Start: When(x.TS), End: When(x.Until), Count: int64(x.Missing), Why: why})
	}
	for _, x := range l.files {
		h := strings.ToLower(x.Host)
		if x.Missing > 0 && !x.Forwarded {
			out = append(out, Limit{
				Kind: Gap, Host: h, Name: x.Channel, Hides: hides(x.Channel), Start: When(x.TS), End: When(x.Until), Count: int64(x.Missing), Share: float64(x.Missing) / float64(int64(x.Missing)+x.Records),
				Why: fmt.Sprintf("log %q of %s: %d of the numbers %d to %d have no record in %s", x.Channel, h, x.Missing, x.First, x.Last, x.Ref.File),
			})
		}
		if x.Wrong > 0 || x.Lost > 0 {
			out = append(out, Limit{
				Kind: Unread, Host: h, Name: x.Channel, Hides: hides(x.Channel), Count: x.Lost,
				Why: fmt.Sprintf("log %q of %s: %d chunks have wrong checksums and %d bytes could not be read in %s", x.Channel, h, x.Wrong, x.Lost, x.Ref.File),
			})
		}
	}
	return out
}

// channels are event logs that a host should have and the evidence has not.
func channels(r *Report) []Limit {
	byHost := map[string]map[string]bool{}
	for i := range r.Sources {
		if s := &r.Sources[i]; s.Log {
			if byHost[s.Host] == nil {
				byHost[s.Host] = map[string]bool{}
			}
			byHost[s.Host][s.Name] = true
		}
	}
	common := map[string]int{}
	for _, have := range byHost {
		for c := range have {
			common[c]++
		}
	}
	var out []Limit
	for _, h := range slices.Sorted(maps.Keys(byHost)) {
		if h == "" {
			continue
		}
		for _, c := range slices.Sorted(maps.Keys(classic)) {
			if !byHost[h][c] {
				out = append(out, missing(h, c, "which every Windows host has"))
			}
		}
		for _, c := range slices.Sorted(maps.Keys(usual)) {
			if n := common[c]; !byHost[h][c] && n >= 2 && 2*n > len(byHost) {
				out = append(out, missing(h, c, fmt.Sprintf("which %d of %d hosts have", n, len(byHost))))
			}
		}
	}
	return out
}

func missing(h, channel, why string) Limit {
	return Limit{
		Kind: MissingChannel, Host: h, Name: channel, Hides: hides(channel), Whole: true,
		Why: fmt.Sprintf("the evidence has event logs of %s but not %q, %s", h, channel, why),
	}
}

// short are logs that cover much less than the same log of the other hosts,
// logs that all of them cover the evidence with for a small part only, and logs
// that were silent on days when they usually are not.
func short(r *Report) []Limit {
	var all record.Span
	starts, ends := map[string][]When{}, map[string][]When{}
	for i := range r.Sources {
		s := &r.Sources[i]
		all.Grow(record.Time(s.Start))
		all.Grow(record.Time(s.End))
		if _, expected := classic[s.Name]; s.Log && s.Start != 0 && expected {
			starts[s.Name], ends[s.Name] = append(starts[s.Name], s.Start), append(ends[s.Name], s.End)
		}
	}
	whole := all.End.Sub(all.Start)
	var out []Limit
	for _, name := range slices.Sorted(maps.Keys(starts)) {
		slices.Sort(starts[name])
		slices.Sort(ends[name])
		if late := record.Time(starts[name][0]).Sub(all.Start); much(late, whole) {
			out = append(out, Limit{
				Kind: ShortLog, Name: name, Hides: hides(name), Start: When(all.Start), End: starts[name][0], Share: float64(late) / float64(whole),
				Why: fmt.Sprintf("the earliest log %q of %d hosts begins at %v, %s after the evidence does", name, len(starts[name]), starts[name][0], days(late)),
			})
		}
	}
	for i := range r.Sources {
		s := &r.Sources[i]
		if n := len(starts[s.Name]); s.Log && s.Start != 0 && n > 0 {
			out = append(out, s.short(record.Time(starts[s.Name][n/2]), record.Time(ends[s.Name][n/2]))...)
		}
	}
	return out
}

// short compares a log with the usual begin and end of that log.
func (s *Source) short(begin, end record.Time) []Limit {
	var out []Limit
	whole := end.Sub(begin)
	if late := record.Time(s.Start).Sub(begin); much(late, whole) {
		out = append(out, Limit{
			Kind: ShortLog, Host: s.Host, Name: s.Name, Hides: hides(s.Name), Start: When(begin), End: s.Start, Share: min(1, float64(late)/float64(whole)),
			Why: fmt.Sprintf("log %q of %s begins at %v, %s after those of other hosts: it was small, cleared, or begins there", s.Name, s.Host, s.Start, days(late)),
		})
	}
	if early := end.Sub(record.Time(s.End)); much(early, whole) {
		out = append(out, Limit{
			Kind: ShortLog, Host: s.Host, Name: s.Name, Hides: hides(s.Name), Start: s.End, End: When(end), Share: min(1, float64(early)/float64(whole)),
			Why: fmt.Sprintf("log %q of %s ends at %v, %s before those of other hosts", s.Name, s.Host, s.End, days(early)),
		})
	}
	if s.Silent > 0 && s.Days >= 4*s.Silent {
		out = append(out, Limit{
			Kind: SilentDays, Host: s.Host, Name: s.Name, Hides: hides(s.Name), Start: s.Start, End: s.End, Count: int64(s.Silent), Share: float64(s.Silent) / float64(s.Silent+s.Days),
			Why: fmt.Sprintf("log %q of %s has records on %d days and none on %d days between them", s.Name, s.Host, s.Days, s.Silent),
		})
	}
	return out
}

// much tells whether a stretch is worth telling.
func much(d, whole time.Duration) bool { return d > 12*time.Hour && 4*d > whole }

func days(d time.Duration) string {
	if d < 48*time.Hour {
		return fmt.Sprintf("%.0f hours", d.Hours())
	}
	return fmt.Sprintf("%.0f days", d.Hours()/24)
}

// wire are what packets did not show.
func (l *Lane) wire() []Limit {
	var out []Limit
	if share := part(l.missed, l.payload); share >= shareFloor {
		out = append(out, Limit{
			Kind: MissedBytes, Hides: wire, Count: int64(min(l.missed, 1<<62)), Share: share,
			Why: fmt.Sprintf("%d bytes of payload (%s) are missing from %d connections: the sensor dropped packets or saw one way only", l.missed, percent(share), l.gappy),
		})
	}
	if l.smbHidden > 0 {
		share := part(l.smbHidden, l.smb+l.smbHidden)
		out = append(out, Limit{
			Kind: EncryptedSMB, Hides: []string{"smb_files", "smb_mapping", "smb_transfer", "dce_rpc"}, Count: int64(min(l.smbHidden, 1<<62)), Share: share, Whole: l.smb == 0,
			Why: fmt.Sprintf("%d SMB messages (%s) in %d connections are encrypted: shares, files and calls in them cannot be seen on the wire", l.smbHidden, percent(share), l.sealed),
		})
	}
	if l.tlsHidden > 0 {
		share := part(uint64(l.tlsHidden), uint64(l.tls))
		out = append(out, Limit{
			Kind: HiddenCert, Hides: []string{"x509"}, Count: l.tlsHidden, Share: share, Whole: l.tls == l.tlsHidden,
			Why: fmt.Sprintf("TLS 1.3 hides the server's certificate of %d of %d connections (%s): hashes of certificates cannot be compared there", l.tlsHidden, l.tls, percent(share)),
		})
	}
	return out
}

// Dropped is the limit of a capture whose sensor says that it lost packets.
func Dropped(path string, dropped, kept int64) Limit {
	share := float64(dropped) / float64(dropped+kept)
	return Limit{
		Kind: DroppedPackets, Name: path, Hides: wire, Count: dropped, Share: share,
		Why: fmt.Sprintf("the sensor of %q says that it dropped %d packets (%s)", path, dropped, percent(share)),
	}
}

func part(n, of uint64) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// percent is a share in words that never rounds to nothing or to all.
func percent(share float64) string {
	switch p := 100 * share; {
	case p > 0 && p < 0.1:
		return "less than 0.1 %"
	case p > 99.9 && p < 100:
		return "more than 99.9 %"
	case p < 10:
		return fmt.Sprintf("%.1f %%", p)
	default:
		return fmt.Sprintf("%.0f %%", p)
	}
}
