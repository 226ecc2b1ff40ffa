package incident

import (
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// maxWitnessed is how many records are remembered by their place; the oldest
// are forgotten first, and findings that cite them name no session.
const maxWitnessed = 1 << 18

// Witness remembers in which session the records of hosts were made, so that
// findings that cite them can be told by session. It is not safe for
// concurrent use.
type Witness struct {
	at    map[record.Ref]string // session, as sessionName writes it
	queue []record.Ref
}

// NewWitness returns an empty one.
func NewWitness() *Witness { return &Witness{at: map[record.Ref]string{}} }

// Learn takes the next record.
func (w *Witness) Learn(r record.Record) {
	var h *host.Head
	switch r := r.(type) {
	case *host.Logon:
		h = &r.Head
	case *host.Process:
		h = &r.Head
	default:
		return
	}
	name := sessionName(h)
	if name == "" {
		return
	}
	if len(w.queue) == maxWitnessed {
		delete(w.at, w.queue[0])
		w.queue = w.queue[1:]
	}
	w.queue = append(w.queue, h.Ref)
	w.at[h.Ref] = name
}

// sessionName names a session for good within its host's uptime; the sessions
// that every Windows has as long as it runs have no name.
func sessionName(h *host.Head) string {
	switch h.LogonID {
	case "", "0x0", "0x3e7", "0x3e5", "0x3e4", "0x3e6":
		return ""
	}
	name := HostName(h.Host)
	if name == "" || strings.HasPrefix(h.LogonID, "0x") && len(h.LogonID) < 4 {
		return ""
	}
	return h.LogonID + " on " + name
}

// sessions are those of the records at refs.
func (w *Witness) sessions(refs []record.Ref) []node {
	if w == nil {
		return nil
	}
	var out []node
	for _, r := range refs {
		if s, ok := w.at[r]; ok && len(out) < maxSessions {
			out = add(out, node{"session", s})
		}
	}
	return out
}

// maxSessions is how many sessions a finding is told by.
const maxSessions = 4
