// Package session puts host records together into what an analyst draws on a
// whiteboard: sessions from logon to logoff with what was done in them,
// programs with the programs that started them, and who went from which host to
// which:
//
//	t := session.New(put)               // put takes host.LogonSession, host.ProcessNode …
//	t.Learn(record)                     // every record that Wants says, in order of time
//	edges := t.Finish(nameOf)           // the graph, after the last one
//
// Memory is bounded: the session, program or pair of hosts that was first seen
// longest ago is forgotten first; a session is then written as it stands.
package session

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Bounds of what is remembered.
const (
	maxSessions  = 1 << 15
	maxProcesses = 1 << 17
	maxEdges     = 1 << 15
	maxNames     = 16 // images, shares and accounts told of one session
	maxDepth     = 16 // ancestors told of one program
)

// settling is how long before its logon a session may show a sign of itself.
const settling = 5 * time.Second

// Tracker learns from records and writes what they make together.
type Tracker struct {
	put      func(record.Record)
	sessions map[sessionKey]*host.LogonSession
	queue    []sessionKey // in order of their beginning; some have ended
	tree     tree
	graph    graph
}

type sessionKey struct{ host, id string }

// New makes a Tracker. put takes records in any order.
func New(put func(record.Record)) *Tracker {
	return &Tracker{put: put, sessions: map[sessionKey]*host.LogonSession{}, tree: newTree(), graph: newGraph()}
}

// Wants tells whether Learn has a use for records of type t.
func Wants(t *record.Type) bool {
	switch t {
	case host.LogonType, host.LogoffType, host.ProcessType, host.ShareAccessType:
		return true
	}
	return false
}

// Learn takes the next record.
func (t *Tracker) Learn(r record.Record) {
	switch r := r.(type) {
	case *host.Logon:
		t.logon(r)
		t.graph.learn(r)
	case *host.Logoff:
		if s := t.sessions[keyOf(&r.Head)]; s != nil {
			s.End, s.Ended = r.TS, true
			t.close(keyOf(&r.Head))
		}
	case *host.Process:
		t.put(t.tree.learn(r))
		if s := t.touch(&r.Head); s != nil {
			s.Processes++
			s.Images = note(s.Images, base(r.Image))
		}
	case *host.ShareAccess:
		if s := t.touch(&r.Head); s != nil {
			s.Shares = note(s.Shares, r.Share)
			if !s.Source.IsValid() {
				s.Source = r.Source
			}
		}
	}
}

// Chain is the names of the programs that led to the program whose start is at
// ref, itself last; nil when it is not known or has no known parent.
func (t *Tracker) Chain(ref record.Ref) []string { return t.tree.chainAt(ref) }

// Finish writes what is still open, and the graph, which it returns too.
// nameOf names the host that had an address at a time, or returns "".
func (t *Tracker) Finish(nameOf func(netip.Addr, record.Time) string) []*host.LogonEdge {
	for _, k := range t.queue {
		t.close(k)
	}
	t.queue = nil
	edges := t.graph.finish(nameOf)
	for _, e := range edges {
		t.put(e)
	}
	return edges
}

func keyOf(h *host.Head) sessionKey { return sessionKey{h.Host, h.LogonID} }

// standing are the sessions that every Windows has as long as it runs: SYSTEM,
// LOCAL SERVICE, NETWORK SERVICE, anonymous.
func standing(id string) bool {
	switch id {
	case "", "0x3e7", "0x3e5", "0x3e4", "0x3e6":
		return true
	}
	return false
}

// logon opens a session, or adds to one what a second event says of it.
func (t *Tracker) logon(l *host.Logon) {
	switch {
	case standing(l.LogonID):
		return
	case l.Outcome == "": // explicit credentials
		if s := t.touch(&l.Head); s != nil {
			s.Explicit = note(s.Explicit, l.Target)
		}
		return
	case l.Outcome != "success":
		return
	case l.Privileged:
		if s := t.touch(&l.Head); s != nil {
			s.Privileged = true
		}
		return
	}
	key := keyOf(&l.Head)
	if s := t.sessions[key]; s != nil {
		if s.Begun && s.TS == l.TS { // the same event, from a second copy of the log
			return
		}
		if !s.Begun && l.TS.Sub(s.TS) <= settling {
			// Windows tells the privileges of a logon, or its first act, before the logon.
			s.User, s.LogonType, s.Package, s.Source, s.SourceHost, s.Begun = l.Target, l.LogonType, l.Package, l.Source, l.SourceHost, true
			s.End = max(s.End, l.TS)
			return
		}
		t.close(key)
	}
	s := t.open(&l.Head)
	s.User, s.LogonType, s.Package, s.Source, s.SourceHost, s.Begun = l.Target, l.LogonType, l.Package, l.Source, l.SourceHost, true
}

// touch returns the session of a record, a new one when its logon was before
// the evidence begins, and nil when the record names none.
func (t *Tracker) touch(h *host.Head) *host.LogonSession {
	if standing(h.LogonID) {
		return nil
	}
	s := t.sessions[keyOf(h)]
	if s == nil {
		s = t.open(h)
	}
	s.End = max(s.End, h.TS)
	return s
}

func (t *Tracker) open(h *host.Head) *host.LogonSession {
	for len(t.sessions) >= maxSessions {
		oldest := t.queue[0]
		t.queue = t.queue[1:]
		t.close(oldest)
	}
	s := &host.LogonSession{Head: *h, End: h.TS}
	key := keyOf(h)
	t.sessions[key] = s
	t.queue = append(t.queue, key)
	if len(t.queue) > 4*maxSessions {
		t.compact()
	}
	return s
}

// compact drops ended sessions from the queue.
func (t *Tracker) compact() {
	seen := map[sessionKey]bool{}
	kept := t.queue[:0]
	for _, k := range t.queue {
		if t.sessions[k] != nil && !seen[k] {
			seen[k] = true
			kept = append(kept, k)
		}
	}
	t.queue = kept
}

func (t *Tracker) close(key sessionKey) {
	if s := t.sessions[key]; s != nil {
		delete(t.sessions, key)
		t.put(s)
	}
}

// note adds a name to a short list without repetition.
func note(list []string, name string) []string {
	if name == "" || len(list) == maxNames {
		return list
	}
	if slices.Contains(list, name) {
		return list
	}
	return append(list, name)
}

// base is the last part of a path of either kind, in lower case.
func base(path string) string {
	return strings.ToLower(path[strings.LastIndexAny(path, `\/`)+1:])
}
