package cli

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"longwatch/internal/taxii/server"
	"longwatch/internal/taxii/store"
)

// TestFromCentreToCentre: what one member pushes another pulls, and its hunts
// know it; what is marked too high does not leave; what was pulled can be loaded
// into another centre, which doctor then finds in order.
func TestFromCentreToCentre(t *testing.T) {
	t.Chdir(t.TempDir())
	run := func(want int, args ...string) string {
		t.Helper()
		var out bytes.Buffer
		if got := Run(args, &out, &out); got != want {
			t.Fatalf("longwatch %s: status %d, want %d\n%s", strings.Join(args, " "), got, want, out.String())
		}
		return out.String()
	}
	says := func(out string, want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("it does not say %q:\n%s", w, out)
			}
		}
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("pw", "correct horse battery")
	run(0, "taxii", "collection", "add", "High value", "--alias", "high")
	run(0, "taxii", "user", "add", "ann", "--password-file", "pw")
	run(0, "taxii", "user", "grant", "ann", "high", "--read", "--write")
	base := serve(t, "taxii.db")

	const common = `"spec_version":"2.1","created":"2026-03-02T08:00:00.000Z","modified":"2026-03-02T08:00:00.000Z"`
	indicator := func(n, value, marking string) string {
		return `{"type":"indicator","id":"indicator--00000000-0000-4000-8000-00000000000` + n + `",` + common + `,"pattern":"[domain-name:value = '` + value + `']","pattern_type":"stix","valid_from":"2026-03-02T08:00:00Z"` + marking + `}`
	}
	write("bundle.json", `{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[`+
		indicator("1", "relay.example.net", "")+","+
		indicator("2", "secret.example.net", `,"object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]`)+","+
		indicator("3", "green.example.net", `,"object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]`)+`]}`)
	write("recipients.yaml", "recipients:\n  - name: Everybody\n    tlp: clear\n")
	who := []string{"--user", "ann", "--password-file", "pw"}

	out := run(4, append([]string{"taxii", "push", base, "bundle.json", "--to", "Everybody", "--recipients", "recipients.yaml"}, who...)...)
	says(out, "1 of 3 objects added", "indicator--00000000-0000-4000-8000-000000000003", "it is TLP:GREEN, and TLP:CLEAR is the most")
	run(1, append([]string{"taxii", "push", base, "bundle.json", "--to", "Nobody", "--recipients", "recipients.yaml"}, who...)...)
	out = run(4, append([]string{"taxii", "push", base, "bundle.json"}, who...)...)
	says(out, "2 of 3 objects added", `"indicator--00000000-0000-4000-8000-000000000002": it is TLP:RED`)
	trail, err := os.ReadFile("taxii-pushed.jsonl")
	if err != nil || bytes.Count(trail, []byte("\n")) != 2 || !bytes.Contains(trail, []byte(`"tlp":"green"`)) {
		t.Errorf("the trail: %v\n%s", err, trail)
	}

	says(run(0, append([]string{"taxii", "pull", base, "-o", "feed"}, who...)...), "2 new objects")
	says(run(0, "intel", "load", "feed", "--json"), `"loaded":2`, `"refused":0`)
	says(run(0, "intel", "lookup", "relay.example.net", "feed"), "relay.example.net")
	says(run(0, "intel", "lookup", "secret.example.net", "feed"), "in no feed")

	run(0, "taxii", "collection", "add", "Copy", "--store", "other.db")
	says(run(0, "taxii", "load", "Copy", "feed", "--store", "other.db"), "2 objects loaded, 0 were there already, 0 left out")
	says(run(0, "taxii", "load", "Copy", "feed", "--store", "other.db"), "0 objects loaded, 2 were there already, 0 left out")
	write("wrong.json", `{"objects":[{"type":"tool","id":"tool--1"}]}`)
	says(run(4, "taxii", "load", "Copy", "wrong.json", "--store", "other.db"), "1 left out", "tool--1")
	says(run(0, "doctor", "--taxii-store", "other.db"), "opens; 1 API roots, 1 collections", `nobody who can prove who it is may read "Copy"`)
	says(run(0, "doctor", "--taxii-store", "taxii.db", "--audit", "audit.jsonl"), "1 users can prove who they are", "will be made by the server")
	says(run(1, "doctor", "--taxii-store", "none.db"), "fail  taxii store")
	if _, err := os.Stat("none.db"); err == nil {
		t.Error("doctor made a store")
	}
	says(run(1, "doctor", "--tls-cert", "pw", "--tls-key", "pw", "--audit", filepath.Join("nowhere", "audit")), "fail  taxii certificate", "fail  taxii audit trail")
}

// serve serves a store over HTTP on loopback until the test ends.
func serve(t *testing.T, file string) string {
	t.Helper()
	st, err := store.Open(t.Context(), file, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(t.Context(), st, server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		_ = st.Close()
	})
	return "http://" + l.Addr().String() + "/"
}
