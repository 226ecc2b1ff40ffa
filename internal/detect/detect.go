// Package detect is the contract for detectors with state, and the engine that
// runs them. Every detector sees the records it subscribes to in the order of
// event time, whatever order the evidence was read in, in one goroutine:
//
//	var Detector = detect.Spec{ID: "modbus-new-writer", Title: "New Modbus writer", Techniques: []attack.ID{"T0855"},
//		New: func(env detect.Env) detect.Detector { return &writers{} }}
//
//	func (d *writers) Handlers() []detect.Handler {
//		return []detect.Handler{detect.On(d.message), detect.Every(time.Hour, d.forget)}
//	}
package detect

import (
	"net/netip"
	"time"

	"longwatch/internal/asn"
	"longwatch/internal/attack"
	"longwatch/internal/baseline"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// Spec is one detector.
type Spec struct {
	ID         string // permanent: reports, tickets and suppressions refer to it
	Title      string // what it finds, one line
	Techniques []attack.ID
	Dossier    []string // detection ids of the campaign dossiers that it implements
	Also       []string // further ids, which some of its findings have instead
	New        func(env Env) Detector
}

// Env is what a detector is given at start.
type Env struct {
	HomeNet    []netip.Prefix // own networks
	OwnDomains []string       // own mail domains, lower case; empty: learned from the mail itself
	Networks   *asn.Table     // who announces an address, and from which country; nil knows nothing
	Past       *baseline.Past // what was known before this hunt; nil, or without anything loaded, knows nothing
	Memory     int64          // bytes that the tables of a detector that remembers much may take; 0: a few million
}

// Home tells whether a is in the own networks.
func (e Env) Home(a netip.Addr) bool {
	for _, p := range e.HomeNet {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// Detector has handlers; they share its state and need no locks.
type Detector interface{ Handlers() []Handler }

// Bounded is a Detector that may have to forget some of what it follows when its
// memory is full. Forgot is asked after the last record: how many, and what they
// are in words ("rhythms of contact").
type Bounded interface {
	Forgot() (n int, what string)
}

// Reporter takes findings. The engine fills in Detector, and, where the
// detector left them empty, Title and Techniques and Dossier from its Spec and
// Start, End, Entities and Refs from the record being handled.
type Reporter interface{ Report(f finding.Finding) }

// Handler is one subscription.
type Handler struct {
	Type   *record.Type
	Want   func(record.Record) bool
	Handle func(record.Record, Reporter)
	Period time.Duration
	Tick   func(record.Time, Reporter)
}

// On subscribes fn to one record type.
func On[R record.Record](fn func(R, Reporter)) Handler {
	var zero R
	return Handler{Type: zero.RecordType(), Handle: func(r record.Record, out Reporter) { fn(r.(R), out) }}
}

// OnIf subscribes fn to those records of one type for which want says yes.
// want is called early, from many goroutines, so that records nobody wants are
// not kept; it must be pure.
func OnIf[R record.Record](want func(R) bool, fn func(R, Reporter)) Handler {
	h := On(fn)
	h.Want = func(r record.Record) bool { return want(r.(R)) }
	return h
}

// Every calls fn when event time has advanced by d, with the present event
// time; a single call stands for any number of missed periods.
func Every(d time.Duration, fn func(record.Time, Reporter)) Handler {
	return Handler{Period: d, Tick: fn}
}

// AtEnd calls fn once, after the last record.
func AtEnd(fn func(Reporter)) Handler {
	return Handler{Tick: func(_ record.Time, out Reporter) { fn(out) }}
}
