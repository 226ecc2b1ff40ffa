package app_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"longwatch/internal/absence"
	"longwatch/internal/app"
	"longwatch/internal/casefolder"
	"longwatch/internal/coverage"
	"longwatch/internal/guide"
	"longwatch/internal/simulate"
)

// huntIn hunts a folder of evidence that a test may have changed.
func huntIn(t *testing.T, evidence string, guides ...string) *casefolder.Case {
	t.Helper()
	c := app.Default()
	c.Paths, c.Out, c.Guides = []string{evidence}, filepath.Join(t.TempDir(), "case"), guides
	cf, err := app.Hunt(t.Context(), c, silent{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.WriteCase(cf, c.Out); err != nil {
		t.Fatal(err)
	}
	return cf
}

func certificate(t *testing.T, cf *casefolder.Case, profile string) *absence.Certificate {
	t.Helper()
	for _, a := range cf.Absences {
		if a.Profile == profile {
			return a
		}
	}
	t.Fatalf("no certificate for %s", profile)
	return nil
}

func one(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) == 0 {
		t.Fatalf("%s: %v %v", pattern, found, err)
	}
	return found[0]
}

// rewrite changes the packets of a capture (classic pcap, little endian).
func rewrite(t *testing.T, name string, change func(n int, frame []byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	out := append([]byte(nil), b[:24]...)
	for n, at := 0, 24; at+16 <= len(b); n++ {
		size := int(binary.LittleEndian.Uint32(b[at+8:]))
		if frame := change(n, bytes.Clone(b[at+16:at+16+size])); frame != nil {
			out = append(append(out, b[at:at+16]...), frame...)
		}
		at += 16 + size
	}
	if err := os.WriteFile(name, out, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestAbsenceChanges: the certificate of a campaign that is not there changes,
// and names it, when a log is deleted, a host's logs are missing, packets are
// dropped, a capture is cut short or shares are encrypted.
func TestAbsenceChanges(t *testing.T) {
	quality(t)
	dir := filepath.Join(t.TempDir(), "exercise")
	if _, err := simulate.Write("op-512", dir, 4, simulate.Options{}); err != nil {
		t.Fatal(err)
	}
	whole := certificate(t, huntIn(t, dir), "volt-typhoon")
	if whole.Verdict == absence.CannotSay || len(whole.Could) == 0 {
		t.Fatalf("%s: %s", whole.Verdict, whole.Statement)
	}
	site := one(t, filepath.Join(dir, "*", "hosts"))
	dc := one(t, filepath.Join(site, "*DC*"))
	for _, c := range []struct {
		name   string
		change func(t *testing.T, dir string)
		kind   string
		names  string // in the limit's words
	}{
		{"a log deleted", func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, rel(t, dir, dc), "Application.evtx")); err != nil {
				t.Fatal(err)
			}
		}, coverage.MissingChannel, "Application"},
		{"all logs of a host deleted", func(t *testing.T, dir string) {
			if err := os.RemoveAll(filepath.Join(dir, rel(t, dir, dc))); err != nil {
				t.Fatal(err)
			}
		}, coverage.NoLog, strings.ToLower(filepath.Base(dc))},
		{"packets dropped", func(t *testing.T, dir string) {
			rewrite(t, one(t, filepath.Join(dir, "*", "network", "*.pcap")), func(n int, frame []byte) []byte {
				if n%40 == 39 {
					return nil
				}
				return frame
			})
		}, coverage.MissedBytes, "payload"},
		{"the sensor says that it dropped packets", func(t *testing.T, dir string) {
			name := one(t, filepath.Join(dir, "*", "network", "*.pcap"))
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, nextGeneration(b, 4321), 0o600); err != nil {
				t.Fatal(err)
			}
		}, coverage.DroppedPackets, "4321 packets"},
		{"capture cut short", func(t *testing.T, dir string) {
			name := one(t, filepath.Join(dir, "*", "network", "*.pcap"))
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(name, info.Size()/2); err != nil {
				t.Fatal(err)
			}
		}, coverage.Unread, ".pcap"},
		{"shares encrypted", func(t *testing.T, dir string) {
			rewrite(t, one(t, filepath.Join(dir, "*", "network", "*.pcap")), func(_ int, frame []byte) []byte {
				return bytes.ReplaceAll(frame, []byte("\xfeSMB"), []byte("\xfdSMB"))
			})
		}, coverage.EncryptedSMB, "SMB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			own := filepath.Join(t.TempDir(), "exercise")
			if err := os.CopyFS(own, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			c.change(t, own)
			got := certificate(t, huntIn(t, own), "volt-typhoon")
			if got.Digest == whole.Digest || got.Evidence.Digest == whole.Evidence.Digest {
				t.Error("the certificate did not change")
			}
			at := slices.IndexFunc(got.Limits, func(l coverage.Limit) bool { return l.Kind == c.kind && strings.Contains(l.Why, c.names) })
			if at < 0 {
				t.Fatalf("no limit %s names %q among %d", c.kind, c.names, len(got.Limits))
			}
			if slices.ContainsFunc(whole.Limits, func(l coverage.Limit) bool { return l.Kind == c.kind && l.Why == got.Limits[at].Why }) {
				t.Error("the whole evidence has that limit too")
			}
			if !slices.ContainsFunc(got.Could, func(l absence.Line) bool {
				return slices.Contains(l.Reach.Limits, got.Limits[at].Why)
			}) {
				t.Error("no detection is said to be touched by it")
			}
			if got.Share > whole.Share {
				t.Errorf("the share grew from %.2f to %.2f", whole.Share, got.Share)
			}
		})
	}
}

// nextGeneration makes pcapng of a pcap file, with a block of statistics that
// tells of dropped packets (draft-ietf-opsawg-pcapng, section 4.6).
func nextGeneration(pcap []byte, dropped uint64) []byte {
	le := binary.LittleEndian
	block := func(kind uint32, body []byte) []byte {
		n := uint32(12 + len(body))
		out := append(le.AppendUint32(le.AppendUint32(nil, kind), n), body...)
		return le.AppendUint32(out, n)
	}
	out := block(0x0a0d0d0a, le.AppendUint64(le.AppendUint32(le.AppendUint32(nil, 0x1a2b3c4d), 1), ^uint64(0)))
	out = append(out, block(1, le.AppendUint32(le.AppendUint32(nil, le.Uint32(pcap[20:])), 0))...)
	scale := uint64(1)
	if le.Uint32(pcap) == 0xa1b23c4d {
		scale = 1000 // nanoseconds, of which the interface has microseconds
	}
	for at := 24; at+16 <= len(pcap); {
		size := int(le.Uint32(pcap[at+8:]))
		ticks := uint64(le.Uint32(pcap[at:]))*1_000_000 + uint64(le.Uint32(pcap[at+4:]))/scale
		body := le.AppendUint32(le.AppendUint32(le.AppendUint32(nil, 0), uint32(ticks>>32)), uint32(ticks))
		body = append(append(body, pcap[at+8:at+16]...), pcap[at+16:at+16+size]...)
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
		out = append(out, block(6, body)...)
		at += 16 + size
	}
	stats := le.AppendUint64(le.AppendUint32(nil, 0), 0)
	stats = le.AppendUint64(le.AppendUint16(le.AppendUint16(stats, 5), 8), dropped)
	return append(out, block(5, append(stats, 0, 0, 0, 0))...)
}

// rel is where a host's folder of the first exercise lies in a copy.
func rel(t *testing.T, _, host string) string {
	t.Helper()
	parts := strings.Split(filepath.ToSlash(host), "/")
	return filepath.Join(parts[len(parts)-3:]...)
}

// TestGuides: the guide of a campaign finds it in its own exercise, and names
// what is missing when only one log is there.
func TestGuides(t *testing.T) {
	quality(t)
	dir := filepath.Join(t.TempDir(), "exercise")
	if _, err := simulate.Write("volt-typhoon", dir, 2, simulate.Options{}); err != nil {
		t.Fatal(err)
	}
	answers := func(cf *casefolder.Case) map[string]guide.Step {
		out := map[string]guide.Step{}
		for _, g := range cf.Guides {
			for _, s := range g.Steps {
				out[s.ID] = s
			}
		}
		return out
	}
	got := answers(huntIn(t, dir, "volt-typhoon"))
	for _, id := range []string{"H1", "H2", "H3", "H4"} {
		if got[id].Answer != guide.Found {
			t.Errorf("%s: %s: %s", id, got[id].Answer, got[id].Says)
		}
	}
	few := answers(huntIn(t, one(t, filepath.Join(dir, "*", "logs", "edge")), "volt-typhoon"))
	for _, id := range []string{"H1", "H3"} {
		if s := few[id]; s.Answer != guide.CannotSay || len(s.Missing) == 0 {
			t.Errorf("%s over the edge's syslog alone: %s, missing %q", id, s.Answer, s.Missing)
		}
	}
	if s := few["H6"]; s.Answer == guide.CannotSay || s.Records == 0 {
		t.Errorf("H6 over the edge's syslog: %s, %d records", s.Answer, s.Records)
	}
	if _, err := app.Hunt(t.Context(), app.Config{Paths: []string{dir}, Out: t.TempDir(), Guides: []string{"nobody"}}, silent{}); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("an unknown guide gives %v", err)
	}
}

// TestGuideNames: guides name records, detectors and detections that exist.
func TestGuideNames(t *testing.T) {
	types := map[string]bool{"opcua_binary": true}
	for _, x := range app.RecordTypes() {
		types[x.Name] = true
	}
	ids := map[string]bool{}
	for _, d := range app.Detectors() {
		ids[d.ID] = true
	}
	guides, err := guide.Load(os.DirFS("../../content"), "campaigns")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"volt-typhoon", "op-512", "tgr-sta-1030", "th12"} {
		g := guides[p]
		if g == nil || len(g.Hunts) != 10 {
			t.Errorf("%s: the dossier has ten hunts", p)
			continue
		}
		for _, h := range g.Hunts {
			for _, group := range h.Data {
				for _, name := range group {
					if !types[name] {
						t.Errorf("%s %s: there are no %q records", p, h.ID, name)
					}
				}
			}
			for _, d := range h.Answers.Detectors {
				if !ids[d] {
					t.Errorf("%s %s: there is no detector %q", p, h.ID, d)
				}
			}
		}
	}
}
