package sigma

import (
	"maps"
	"slices"
)

// Reads says which event logs, with the numbers of their events (none: all),
// and which types of record have events of a log source.
func (e *Engine) Reads(s LogSource) (logs map[string][]uint32, types []string) {
	logs = map[string][]uint32{}
	whole := map[string]bool{}
	windowsKinds(func(channel string, id uint32, k kindOfEvent, _ []alias) {
		switch {
		case !k.takes(s):
		case id == 0:
			whole[channel] = true
		default:
			logs[channel] = append(logs[channel], id&^(keyCreated|keyDeleted))
		}
	})
	for c := range whole {
		logs[c] = nil
	}
	for c, ids := range logs {
		slices.Sort(ids)
		logs[c] = slices.Compact(ids)
	}
	rt := &e.routes
	seen := map[string]bool{}
	take := func(name string, r *route) {
		for ; r != nil; r = r.also {
			if r.kind.takes(s) {
				seen[name] = true
			}
		}
	}
	take("process", rt.process)
	take("syscall", rt.audit)
	take("host_syslog", rt.linux)
	for _, r := range rt.web {
		take("web_access", r)
	}
	for name, r := range rt.rawType {
		take(name, r)
	}
	for _, r := range rt.syslog {
		take("host_syslog", r)
	}
	return logs, slices.Sorted(maps.Keys(seen))
}
