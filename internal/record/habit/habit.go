// Package habit holds what departs from habit: the first time that a host or an
// account does something, and days on which a host sends more than it ever did.
// The records are made from others by what was learned between hunts.
package habit

import "longwatch/internal/record"

// Novelty is something that a host or an account was not seen with before,
// though it is known for long enough. Specification: none; made from records of
// logons, connections and programs.
type Novelty struct {
	record.Head             // of the record that shows it first
	Kind        string      `rec:"kind,enum"`   // what is new: source, network, target, route, peer, site, ja4, user_agent, ssh_client, certificate, software
	Account     string      `rec:"account"`     // the account that it is new for; empty when it is new for a host
	Host        string      `rec:"host"`        // the host that it is new for, or where the account logged on
	Source      string      `rec:"source"`      // of logons: host or address that the account came from
	Value       string      `rec:"value"`       // what is new
	Shown       string      `rec:"shown"`       // as the evidence writes it, where that differs
	Since       record.Time `rec:"since"`       // day on which the host or account was first seen
	ActiveDays  uint64      `rec:"active_days"` // days before on which it was seen; 16 stands for more
	Had         uint64      `rec:"had"`         // values of the kind that it had before; 16 stands for more
	Holders     uint64      `rec:"holders"`     // hosts or accounts that have had the value, with this one, up to three days later
	Among       uint64      `rec:"among"`       // hosts or accounts of which any value of the kind is known
	ValueSince  record.Time `rec:"value_since"` // day on which anybody first had the value
	OtherHours  bool        `rec:"other_hours"` // it was never active at this hour of this day of the week, nor an hour before or after
	OddHour     bool        `rec:"odd_hour"`    // nor on any other day of the week
	Doubted     string      `rec:"doubted"`     // finding about the host or account at the time when the value came; it is not taken for a habit since
	Kept        bool        `rec:"kept"`        // what is known is from hunts before
	Established bool        `rec:"established"` // of a source: others logged on from there for three weeks or longer
}

// Outflow is a day, or some days, on which a host sent unusually much.
// Specification: none; made from records of connections.
type Outflow struct {
	record.Head              // of the largest connection
	Kind        string       `rec:"kind,enum"`   // day: to a class of peers on one day; stream: to one peer over days
	Host        string       `rec:"host"`        // that sent
	Class       string       `rec:"class"`       // of the peers: web, mail, other outside, inside
	Sent        uint64       `rec:"sent"`        // bytes
	Days        uint64       `rec:"days"`        // on which they were sent
	First       record.Time  `rec:"first"`       // of these days
	PastDays    uint64       `rec:"past_days"`   // days before on which it sent to the class
	Median      uint64       `rec:"past_median"` // bytes of such a day
	P95         uint64       `rec:"past_p95"`    // likewise, of all but one in twenty
	Max         uint64       `rec:"past_max"`    // likewise, of the largest
	Peer        string       `rec:"peer"`        // that got most: domain, or address where no name is known
	PeerAddr    string       `rec:"peer_addr"`   // its address
	PeerSent    uint64       `rec:"peer_sent"`   // bytes that it got
	PeerTaken   uint64       `rec:"peer_taken"`  // bytes that it gave
	Largest     uint64       `rec:"largest"`     // bytes of the largest connection to it that day
	PeerSince   record.Time  `rec:"peer_since"`  // day on which the host first used it
	Holders     uint64       `rec:"holders"`     // hosts that have used it
	Among       uint64       `rec:"among"`       // hosts of which any peer is known
	Since       record.Time  `rec:"since"`       // day on which the host was first seen
	OddHour     bool         `rec:"odd_hour"`    // the largest connection began at an hour at which the host was never active
	More        []record.Ref `rec:"-"`           // further records that say so
}

// The schemas, and all of them in Types.
var (
	NoveltyType = record.Of[Novelty]("novelty")
	OutflowType = record.Of[Outflow]("outflow")

	Types = []*record.Type{NoveltyType, OutflowType}
)

// RecordType returns NoveltyType.
func (*Novelty) RecordType() *record.Type { return NoveltyType }

// RecordType returns OutflowType.
func (*Outflow) RecordType() *record.Type { return OutflowType }
