package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"longwatch/internal/app"
	"longwatch/internal/calendar"
)

// TestEvents: logins guessed in the weeks before votes, and on few other days,
// are said to cluster; the report and events.json say so, and a calendar that
// cannot be read stops the hunt before it begins.
func TestEvents(t *testing.T) {
	dir := t.TempDir()
	start := time.Date(2025, 1, 6, 0, 0, 0, 0, time.UTC)
	votes := []int{40, 110, 180, 250, 320}
	var log, cal strings.Builder
	cal.WriteString("events:\n")
	for _, v := range votes {
		fmt.Fprintf(&cal, "  - {name: Vote, date: %s}\n", start.AddDate(0, 0, v).Format("2006-01-02"))
	}
	for d := range 364 {
		day := start.AddDate(0, 0, d)
		fmt.Fprintf(&log, "%s web01 sshd[%d]: Accepted password for admin from 10.0.0.9 port 50022 ssh2\n", day.Add(8*time.Hour).Format(time.RFC3339), 100+d)
		before := false
		for _, v := range votes {
			before = before || d >= v-6 && d < v
		}
		if !before && d%61 != 3 {
			continue
		}
		for n := range 60 {
			fmt.Fprintf(&log, "%s web01 sshd[%d]: Failed password for invalid user u%d from 203.0.113.%d port 4%04d ssh2\n", day.Add(3*time.Hour+time.Duration(n)*time.Second).Format(time.RFC3339), 5000+d, n, 10+d%200, n)
		}
	}
	for name, text := range map[string]string{"evidence/auth.log": log.String(), "votes.yaml": cal.String(), "bad.yaml": "votes: 3\n"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := app.Default()
	c.Paths, c.Out, c.Events = []string{filepath.Join(dir, "evidence")}, filepath.Join(dir, "case"), filepath.Join(dir, "votes.yaml")
	cf, err := app.Hunt(t.Context(), c, silent{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.WriteCase(cf, c.Out); err != nil {
		t.Fatal(err)
	}
	if cf.Events == nil || cf.Events.Answer != calendar.Clusters || cf.Events.Hypotheses != 4 {
		t.Fatalf("%+v", cf.Events)
	}
	for _, f := range []string{"report.html", "events.json"} {
		b, err := os.ReadFile(filepath.Join(c.Out, f))
		if err != nil || !strings.Contains(string(b), "more than chance") {
			t.Errorf("%s does not say that activity clusters: %v", f, err)
		}
	}
	c.Out, c.Events = filepath.Join(dir, "other"), filepath.Join(dir, "bad.yaml")
	if _, err := app.Hunt(t.Context(), c, silent{}); err == nil || !strings.Contains(err.Error(), "bad.yaml") {
		t.Errorf("a bad calendar gives %v", err)
	}
	if _, err := os.Stat(c.Out); err == nil {
		t.Error("the hunt had begun")
	}
}
