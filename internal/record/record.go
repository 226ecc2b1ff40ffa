// Package record declares what a record is: something that happened, with a
// time and a place in the evidence. A record's struct is its only declaration;
// names, JSON, Zeek TSV, ECS and entities are derived from its tags:
//
//	type Message struct {
//		record.Conn                                  // ts, uid, id.*
//		Func uint8             `rec:"func"`          // function code
//		Name record.Opt[string] `rec:"name" ent:"domain,queried"`
//	}
//
//	var Type = record.Of[Message]("modbus")
//
//	func (*Message) RecordType() *record.Type { return Type }
package record

import "net/netip"

// Record is one thing that happened. Implementations are pointers to structs
// that embed Head (or Conn). A record is not changed after it was emitted.
type Record interface {
	RecordType() *Type
	Base() *Head
}

// Sink takes records. It may keep the record, so a producer allocates a new
// one for each Put and does not change it afterwards, unless the Sink is a
// Keeper that says otherwise. A Sink belongs to one goroutine.
type Sink interface {
	Put(r Record)
}

// Keeper is a Sink that says whether it keeps records. What one that does not
// was given may be changed and put again when Put returns.
type Keeper interface {
	Keeps() bool
}

// Keeps tells whether s may keep the records that it is given.
func Keeps(s Sink) bool {
	k, ok := s.(Keeper)
	return !ok || k.Keeps()
}

// SinkFunc makes a function a Sink.
type SinkFunc func(Record)

// Put calls f.
func (f SinkFunc) Put(r Record) { f(r) }

// Head is what every record has.
type Head struct {
	TS  Time `rec:"ts" ecs:"@timestamp"` // when it happened
	Ref Ref  `rec:"-"`                   // where the evidence says so
}

// Base returns the head.
func (h *Head) Base() *Head { return h }

// Conn is the head of records that belong to a network connection; the names
// are Zeek's.
type Conn struct {
	Head
	UID   string     `rec:"uid" ecs:"network.session.id"`                       // the connection, the same in all its records
	OrigH netip.Addr `rec:"id.orig_h" ecs:"source.ip" ent:"address,originator"` // who opened it
	OrigP uint16     `rec:"id.orig_p,port" ecs:"source.port"`
	RespH netip.Addr `rec:"id.resp_h" ecs:"destination.ip" ent:"address,responder"` // who answered
	RespP uint16     `rec:"id.resp_p,port" ecs:"destination.port"`
}

// RefKind says what Ref.Pos counts.
type RefKind uint8

// The kinds of position. RefFile cites a file as a whole.
const (
	RefFile   RefKind = iota // no position: the file itself
	RefOffset                // byte offset from the start of the evidence
	RefLine                  // line number, from 1
	RefRecord                // record number as the evidence numbers it (EVTX EventRecordID)
)

// Ref is a place in the evidence that a person can look up.
type Ref struct {
	File string // evidence path as in the manifest; members of archives follow "!"
	Kind RefKind
	Pos  int64
}

// Opt is a value that may be absent.
type Opt[T any] struct {
	V   T
	Set bool
}

// Some is a present value.
func Some[T any](v T) Opt[T] { return Opt[T]{V: v, Set: true} }

// IsOpt marks Opt whatever its type.
func (Opt[T]) IsOpt() {}

// Entity is something that records share: host, address, account, domain ...
type Entity struct {
	Kind  string `json:"kind"` // host, address, user, domain, url, file, hash, email, process, certificate, ja3, ja4, user_agent
	Value string `json:"value"`
	Role  string `json:"role,omitempty"`
}
