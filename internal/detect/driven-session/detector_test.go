package drivensession

import (
	"testing"
	"time"

	"longwatch/internal/detect/detecttest"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

func TestDetector(t *testing.T) { detecttest.Run(t, Detector) }

func TestJudge(t *testing.T) {
	shell := network.Rhythm{Duration: 40 * time.Minute, RespStarts: 30, OrigStarts: 4, RespBytes: 1500, OrigBytes: 60_000, OrigAnswers: 58_000, RespVary: record.Some(1.4)}
	beats := network.Rhythm{Duration: 2 * time.Hour, OrigStarts: 240, OrigSame: 238, OrigBytes: 7000, RespBytes: 7000, OrigGap: record.Some(30 * time.Second), OrigVary: record.Some(0.01)}
	with := func(r network.Rhythm, change func(*network.Rhythm)) *network.Rhythm { change(&r); return &r }
	for _, c := range []struct {
		name string
		r    *network.Rhythm
		want verdict
	}{
		{"shell", &shell, driven},
		{"push messages", with(shell, func(r *network.Rhythm) { r.OrigAnswers = 900 }), ordinary},
		{"a monitor that asks by the clock", with(shell, func(r *network.Rhythm) { r.RespSame, r.RespVary = 29, record.Some(0.05) }), ordinary},
		{"a browser", with(shell, func(r *network.Rhythm) { r.OrigStarts, r.RespStarts = 30, 4 }), ordinary},
		{"a chat", with(shell, func(r *network.Rhythm) { r.Service = "irc" }), ordinary},
		{"heartbeats", &beats, held},
		{"keep-alive of a known protocol", with(beats, func(r *network.Rhythm) { r.Service = "ssl" }), ordinary},
		{"a stream", with(beats, func(r *network.Rhythm) { r.RespBytes = 900_000 }), ordinary},
	} {
		if got := judge(c.r); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
