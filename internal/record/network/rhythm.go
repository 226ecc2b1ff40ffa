package network

import (
	"time"

	"longwatch/internal/record"
)

// Rhythm is who drives a long TCP connection, and how evenly. It is written for
// connections that last five minutes or more and are quiet now and then. Zeek has
// no such log. A client asks and its server answers; where the server speaks
// first after every pause and the client has more to say than it was asked with,
// somebody outside works inside.
type Rhythm struct {
	record.Conn
	Service     string                    `rec:"service" ecs:"network.protocol"`     // as in conn
	Duration    time.Duration             `rec:"duration" ecs:"event.duration"`      // first to last packet
	OrigBytes   uint64                    `rec:"orig_bytes" ecs:"source.bytes"`      // payload
	RespBytes   uint64                    `rec:"resp_bytes" ecs:"destination.bytes"` // payload
	OrigStarts  uint64                    `rec:"orig_starts"`                        // how often the originator spoke first after a second of quiet
	RespStarts  uint64                    `rec:"resp_starts"`                        // likewise the responder
	OrigSame    uint64                    `rec:"orig_same"`                          // of orig_starts, those of the same length as the one before
	RespSame    uint64                    `rec:"resp_same"`                          // likewise the responder's
	OrigAnswers uint64                    `rec:"orig_answer_bytes"`                  // that the originator sent after the responder had spoken first
	RespAnswers uint64                    `rec:"resp_answer_bytes"`                  // the other way round
	OrigGap     record.Opt[time.Duration] `rec:"orig_gap"`                           // mean time between starts of the originator
	RespGap     record.Opt[time.Duration] `rec:"resp_gap"`                           // likewise the responder's
	OrigVary    record.Opt[float64]       `rec:"orig_gap_variation"`                 // standard deviation of these times, divided by the mean: below 0.2 a clock sets them
	RespVary    record.Opt[float64]       `rec:"resp_gap_variation"`                 // likewise the responder's
}

// RhythmType is the schema of Rhythm.
var RhythmType = record.Of[Rhythm]("rhythm")

// RecordType returns RhythmType.
func (*Rhythm) RecordType() *record.Type { return RhythmType }

// BeyondZeek keeps the record out of Zeek's formats.
func (*Rhythm) BeyondZeek() bool { return true }
