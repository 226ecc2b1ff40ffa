package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"longwatch/internal/casefolder/casetest"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// The page and the terminal say where it began and with what else it may have
// begun, how it moved, how far it reached, why it is one incident, and which
// clock is wrong.
func TestTheStoryIsTold(t *testing.T) {
	c := casetest.Plausible()
	c.Incidents[0].Clocks[0].Why = "the clock of host dc01 is 3 min 12 s ahead of net/core.pcap"
	page := render(t, c)
	for _, want := range []string{
		"(70 of 100)", "or email someone@example.com (30)", "<h3>Path</h3>", `class="route"`, "1. logged on", "How far it reached", "1 touched: something was done on it or to it",
		"1 possibly: within reach", "its evidence begins only at 2026-03-02 08:00:00", "Why these findings are one incident", "75 %", "Clocks of the sources", "3 min 12 s ahead",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	var b bytes.Buffer
	if err := Text(&b, c, "case"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"host DC01 (70 of 100)", "or email someone@example.com (30)", "moved", "> DC01", "1 touched (DC01), 1 accessed (10.0.0.5), 1 possibly", "there for", "3 min 12 s ahead"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the terminal does not say %q in\n%s", want, b.String())
		}
	}
}

// Each place of a path is drawn once, and none over another.
func TestRouteIsReadable(t *testing.T) {
	h := func(n int) record.Entity {
		return record.Entity{Kind: "host", Value: fmt.Sprintf("server-with-a-long-name-%02d", n)}
	}
	inc := &finding.Incident{Entry: &finding.Step{Entity: h(0)}}
	for n := 1; n < 30; n++ {
		inc.Path = append(inc.Path, finding.Move{From: h((n - 1) / 3), To: h(n), Kind: finding.Ran, Account: "CORP\\somebody", Time: record.TimeOf(time.Unix(int64(n), 0))})
	}
	inc.Path = append(inc.Path, finding.Move{From: h(29), To: h(0)}, finding.Move{From: h(1), To: h(2)}) // a circle, and a second arrival
	at := map[[2]int]string{}
	var walk func(s *stop)
	seen := 0
	drawing := string(route(inc))
	walk = func(s *stop) {
		seen++
		for where, other := range at {
			if abs(where[0]-s.x) < stopWidth && abs(where[1]-s.y) < stopHeight {
				t.Errorf("%s lies over %s", s.e.Value, other)
			}
		}
		at[[2]int{s.x, s.y}] = s.e.Value
		for _, n := range s.next {
			walk(n)
		}
	}
	for _, r := range placed(inc) {
		walk(r)
	}
	if seen != 30 || strings.Count(drawing, "<rect") != 30 || strings.Count(drawing, "began host") != 1 {
		t.Errorf("%d places, %d drawn", seen, strings.Count(drawing, "<rect"))
	}
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
