package detect

import (
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// counter reports every cleared log, every hour that passed and the end.
type counter struct{}

func (counter) Handlers() []Handler {
	return []Handler{
		OnIf(func(c *host.LogClear) bool { return c.Channel != "" }, func(c *host.LogClear, out Reporter) {
			out.Report(finding.Finding{Severity: finding.High, Why: []string{c.Channel}})
		}),
		Every(time.Hour, func(now record.Time, out Reporter) {
			out.Report(finding.Finding{Title: "hour", Start: now, Refs: []record.Ref{{Pos: int64(now)}}})
		}),
		AtEnd(func(out Reporter) { out.Report(finding.Finding{Title: "end", Start: 1}) }),
	}
}

func spec(id string) Spec {
	return Spec{ID: id, Title: "log cleared", Techniques: []attack.ID{"T1070.001"}, Dossier: []string{"VT-29"},
		New: func(Env) Detector { return counter{} }}
}

func cleared(at time.Duration, channel string, pos int64) *host.LogClear {
	c := &host.LogClear{Channel: channel}
	c.TS, c.Host = record.Time(at), "dc1"
	c.Ref = record.Ref{File: "security.evtx", Kind: record.RefRecord, Pos: pos}
	return c
}

func TestEngineFillsFindings(t *testing.T) {
	e := NewEngine([]Spec{spec("a")}, Env{})
	e.Feed(cleared(time.Second, "Security", 7))
	got := e.Finish()
	want := finding.Finding{
		Detector: "a", Title: "log cleared", Severity: finding.High, Start: 1e9, End: 1e9, Why: []string{"Security"},
		Entities: []record.Entity{{Kind: "host", Value: "dc1"}}, Techniques: []attack.ID{"T1070.001"}, Dossier: []string{"VT-29"},
		Refs: []record.Ref{{File: "security.evtx", Kind: record.RefRecord, Pos: 7}},
	}
	want.Seal()
	if len(got) != 2 {
		t.Fatalf("%d findings, want the cleared log and the end", len(got))
	}
	if diff := cmp.Diff(want, got[1]); diff != "" {
		t.Error(diff)
	}
}

func TestEngineWants(t *testing.T) {
	e := NewEngine([]Spec{spec("a")}, Env{})
	defer e.Finish()
	if !e.Wants(cleared(0, "Security", 1)) || e.Wants(cleared(0, "", 1)) || e.Wants(&host.Process{}) {
		t.Error("Wants does not follow the handlers' subscriptions")
	}
}

func TestEngineClock(t *testing.T) {
	e := NewEngine([]Spec{spec("a")}, Env{})
	for _, at := range []time.Duration{time.Minute, 30 * time.Minute, 62 * time.Minute, 10 * time.Hour, 10*time.Hour + time.Minute} {
		e.Feed(cleared(at, "", 1))
	}
	var hours []time.Duration
	for _, f := range e.Finish() {
		if f.Title == "hour" {
			hours = append(hours, time.Duration(f.Start))
		}
	}
	if diff := cmp.Diff([]time.Duration{62 * time.Minute, 10 * time.Hour}, hours); diff != "" {
		t.Error(diff)
	}
}

func TestEngineSameForAnyNumberOfWorkers(t *testing.T) {
	run := func(procs int) []finding.Finding {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		e := NewEngine([]Spec{spec("a"), spec("b"), spec("c")}, Env{})
		for i := range 3 * batchLen {
			e.Feed(cleared(time.Duration(i)*time.Minute, "Security", int64(i/2)))
		}
		return e.Finish()
	}
	if diff := cmp.Diff(run(1), run(8)); diff != "" {
		t.Error(diff)
	}
}

func TestEngineMergesDoubles(t *testing.T) {
	e := NewEngine([]Spec{spec("a")}, Env{})
	e.Feed(cleared(time.Second, "Security", 7))
	e.Feed(cleared(time.Second, "Security", 7))
	if got := e.Finish(); len(got) != 2 {
		t.Errorf("%d findings, want one cleared log and the end", len(got))
	}
}

// forgetter says that it forgot as many records as it saw.
type forgetter struct{ n int }

func (f *forgetter) Handlers() []Handler {
	return []Handler{On(func(*host.LogClear, Reporter) { f.n++ })}
}

func (f *forgetter) Forgot() (n int, what string) { return f.n, "logs" }

func TestEngineTellsWhatWasForgotten(t *testing.T) {
	none := func(id string) Spec { return Spec{ID: id, New: func(Env) Detector { return &forgetter{} }} }
	e := NewEngine([]Spec{none("b"), spec("counter"), none("a")}, Env{})
	e.Feed(cleared(time.Hour, "Security", 1))
	e.Feed(cleared(2*time.Hour, "System", 2))
	e.Finish()
	want := []Forgotten{{"a", 2, "logs"}, {"b", 2, "logs"}}
	if diff := cmp.Diff(want, e.Forgotten()); diff != "" {
		t.Error(diff)
	}
}
