package drivensession

import (
	"time"

	"longwatch/internal/record/network"
)

// Config holds the bars.
type Config struct {
	Driven      time.Duration // a person at a shell takes that long; a push message does not
	Held        time.Duration // as long as only what waits is held open
	LeastAsked  uint64        // pauses that the server ended
	Share       uint64        // how many times as often as the client; heartbeats of the client are fewer than commands
	LeastAnswer uint64        // bytes: acknowledgements of pushed messages stay below
	Ratio       uint64        // answers to questions: a command is shorter than what it prints
	Beats       uint64        // even messages
	Same        uint64        // percent of them of one length
	Vary        float64       // of the times between them: a clock sets them
	LeastGap    time.Duration // quicker is a transfer
	MostBytes   uint64        // both ways, per start: small
	MostClients int           // own hosts that use the server: more is a service
}

var config = Config{
	Driven: 10 * time.Minute, Held: 30 * time.Minute, LeastAsked: 10, Share: 3, LeastAnswer: 8_000, Ratio: 3,
	Beats: 20, Same: 80, Vary: 0.2, LeastGap: 5 * time.Second, MostBytes: 400, MostClients: 2,
}

// tunnelPorts are where FRP clients went (CISA AA23-144A; dossier VT-25).
var tunnelPorts = []uint16{8080, 8443, 8043, 8000, 10443}

// verdict is what a rhythm looks like.
type verdict uint8

const (
	ordinary verdict = iota
	driven           // from outside
	held             // open, by heartbeats
)

// judge says what the rhythm of one connection to the outside looks like.
func judge(r *network.Rhythm) verdict {
	c := &config
	if isExplained(r.Service) {
		return ordinary
	}
	if r.Duration >= c.Driven && r.RespStarts >= c.LeastAsked && r.RespStarts >= c.Share*r.OrigStarts &&
		r.OrigAnswers >= c.LeastAnswer && r.OrigAnswers >= c.Ratio*r.RespBytes && !even(r.RespStarts, r.RespSame, r.RespVary.V) {
		return driven
	}
	starts, same, gap, vary := r.OrigStarts, r.OrigSame, r.OrigGap, r.OrigVary
	if r.RespStarts > starts {
		starts, same, gap, vary = r.RespStarts, r.RespSame, r.RespGap, r.RespVary
	}
	small := r.OrigBytes+r.RespBytes <= c.MostBytes*(r.OrigStarts+r.RespStarts)
	if r.Duration >= c.Held && r.Service == "" && starts >= c.Beats && vary.Set && even(starts, same, vary.V) && gap.V >= c.LeastGap && small {
		return held
	}
	return ordinary
}

// even tells whether a clock sends the same again and again.
func even(starts, same uint64, vary float64) bool {
	return starts > 1 && same*100 >= config.Same*(starts-1) && vary < config.Vary
}
