package main

import "testing"

// TestYears: a small organisation over two years keeps what is promised: memory
// stays within bounds, no first time is missed, none is told twice, holders are
// counted right.
func TestYears(t *testing.T) {
	o := options{hosts: 120, accounts: 240, days: 400, memory: 64 << 20, probes: 500_000}
	r := run(o, func(int) {})
	if r.bad(o) || r.falseKnown != 0 || r.falseNew != 0 || r.wrongDay != 0 || r.probeHits != 0 {
		t.Errorf("%d bytes of %d; of %d first times %d were missed, %d known ones told again, %d with a wrong day; %d of %d unknown ones were known",
			r.most, o.memory, r.firsts, r.falseKnown, r.falseNew, r.wrongDay, r.probeHits, o.probes)
	}
	if r.summary.Pairs < 100_000 || r.firsts < 1500 {
		t.Errorf("only %d pairs and %d first times: nothing is proven", r.summary.Pairs, r.firsts)
	}
	if r.few == 0 || float64(r.fewWrong) > 0.04*float64(r.few) {
		t.Errorf("of %d values of one to three holders %d are counted wrong", r.few, r.fewWrong)
	}
	if r.some == 0 || r.someOff > 0.12*float64(r.some) {
		t.Errorf("holders of %d values are off by %.1f %%", r.some, 100*r.someOff/float64(r.some))
	}
}

// TestTooSmall: in a memory that cannot hold it all the bound holds, and what is
// told again was forgotten and counted.
func TestTooSmall(t *testing.T) {
	o := options{hosts: 100, accounts: 100, days: 300, memory: 2 << 20}
	r := run(o, func(int) {})
	if r.most > o.memory || r.summary.Forgotten == 0 || r.summary.Horizon == 0 {
		t.Errorf("%d bytes of %d, %d forgotten, horizon %d days", r.most, o.memory, r.summary.Forgotten, r.summary.Horizon)
	}
}
