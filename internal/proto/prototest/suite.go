package prototest

import (
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"longwatch/internal/proto"
)

var update = flag.Bool("update", false, "rewrite golden records")

type testCase struct {
	path      string
	archive   *txtar.Archive
	transport proto.Transport
	events    []event
	want      []string
}

func load(t testing.TB, spec proto.Spec) []testCase {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var cases []testCase
	for _, p := range paths {
		a, err := txtar.ParseFile(p)
		if err != nil {
			t.Fatal(err)
		}
		c := testCase{path: p, archive: a, transport: proto.TCP}
		if spec.Transport == proto.UDP || strings.Contains(string(a.Comment), "transport: udp") {
			c.transport = proto.UDP
		}
		for _, f := range a.Files {
			switch f.Name {
			case "stream":
				if c.events, err = parseStream(string(f.Data)); err != nil {
					t.Fatalf("%s: %v", p, err)
				}
			case "records.jsonl":
				for line := range strings.SplitSeq(string(f.Data), "\n") {
					if line != "" {
						c.want = append(c.want, line)
					}
				}
			}
		}
		cases = append(cases, c)
	}
	return cases
}

// Run plays every case and checks what all parsers promise: the golden
// records; the same records however the stream is cut; buffers not kept; no
// panic at any truncation or gap; Used within bounds. inner are the parsers
// that Conn.Inner may reach.
func Run(t *testing.T, spec proto.Spec, inner ...proto.Spec) {
	cases := load(t, spec)
	if len(cases) == 0 {
		t.Fatal("no case in testdata: a parser needs golden records")
	}
	for _, c := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(c.path), ".txtar"), func(t *testing.T) {
			whole := play(spec, inner, c.transport, c.events, nil, t.Errorf)
			if *update {
				rewrite(t, &c, whole.records)
			} else if diff := cmp.Diff(c.want, whole.records); diff != "" {
				t.Errorf("records (-want +got):\n%s\nerr: %v, weird: %q", diff, whole.err, whole.weirds)
			}
			if spec.Probe != nil && len(c.events) > 0 && len(c.events[0].data) > 0 && spec.Probe(c.events[0].dir, c.events[0].data) == proto.No {
				if len(c.want) > 0 {
					t.Errorf("Probe says No to the first message")
				}
			}
			if c.transport == proto.TCP {
				checkCuts(t, spec, inner, &c, whole)
			}
			checkDamage(t, spec, inner, &c)
			checkHeld(t, spec, inner, &c)
		})
	}
}

func rewrite(t *testing.T, c *testCase, records []string) {
	t.Helper()
	data := []byte(strings.Join(append(records, ""), "\n"))
	for i := range c.archive.Files {
		if c.archive.Files[i].Name == "records.jsonl" {
			c.archive.Files[i].Data = data
			data = nil
		}
	}
	if data != nil {
		c.archive.Files = append(c.archive.Files, txtar.File{Name: "records.jsonl", Data: data})
	}
	if err := os.WriteFile(c.path, txtar.Format(c.archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

func checkCuts(t *testing.T, spec proto.Spec, inner []proto.Spec, c *testCase, whole outcome) {
	t.Helper()
	if diff := cmp.Diff(whole.records, play(spec, inner, c.transport, c.events, func() int { return 1 }, t.Errorf).records); diff != "" {
		t.Errorf("one byte at a time gives other records (-whole +cut):\n%s", diff)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		got := play(spec, inner, c.transport, c.events, func() int { return 1 + rng.IntN(40) }, t.Errorf)
		if diff := cmp.Diff(whole.records, got.records); diff != "" {
			t.Fatalf("random cuts give other records (-whole +cut):\n%s", diff)
		}
	}
}

// checkDamage truncates every event and puts a gap in the place of every one:
// nothing may panic or break the bounds that play checks.
func checkDamage(t *testing.T, spec proto.Spec, inner []proto.Spec, c *testCase) {
	t.Helper()
	for i := range c.events {
		ev := c.events[i]
		damaged := append([]event(nil), c.events...)
		step := 1 + len(ev.data)/64
		for n := 0; n < len(ev.data); n += step {
			damaged[i].data = ev.data[:n]
			play(spec, inner, c.transport, damaged[:i+1], nil, t.Errorf)
			play(spec, inner, c.transport, damaged, nil, t.Errorf)
		}
		damaged[i] = event{dir: ev.dir, gap: max(len(ev.data), 1)}
		play(spec, inner, c.transport, damaged, nil, t.Errorf)
	}
}

// Fuzz feeds hostile bytes: no panic, no broken bound, and on TCP the same
// records whether the bytes come whole or one at a time.
func Fuzz(f *testing.F, spec proto.Spec, inner ...proto.Spec) {
	for _, c := range load(f, spec) {
		var orig, resp []byte
		for _, ev := range c.events {
			if ev.dir == proto.Orig {
				orig = append(orig, ev.data...)
			} else {
				resp = append(resp, ev.data...)
			}
		}
		f.Add(orig, resp)
	}
	f.Fuzz(func(t *testing.T, orig, resp []byte) {
		if len(orig)+len(resp) > 1<<16 {
			return
		}
		if spec.Probe != nil {
			spec.Probe(proto.Orig, orig)
			spec.Probe(proto.Resp, resp)
		}
		events := []event{{data: orig}, {dir: proto.Resp, data: resp}}
		if spec.Transport&proto.UDP != 0 {
			play(spec, inner, proto.UDP, events, nil, t.Errorf)
		}
		if spec.Transport&proto.TCP == 0 {
			return
		}
		whole := play(spec, inner, proto.TCP, events, nil, t.Errorf)
		cut := play(spec, inner, proto.TCP, events, func() int { return 1 }, t.Errorf)
		if whole.err == nil && cut.err == nil {
			if diff := cmp.Diff(whole.records, cut.records); diff != "" {
				t.Errorf("one byte at a time gives other records (-whole +cut):\n%s", diff)
			}
		}
	})
}

// Bench plays all cases over and over and reports bytes per second.
func Bench(b *testing.B, spec proto.Spec, inner ...proto.Spec) {
	cases := load(b, spec)
	n := 0
	for _, c := range cases {
		for _, ev := range c.events {
			n += len(ev.data)
		}
	}
	b.SetBytes(int64(n))
	b.ReportAllocs()
	for b.Loop() {
		for _, c := range cases {
			e := newFake(spec, inner)
			p := spec.New(e.conn(spec, c.transport))
			if c.transport == proto.UDP {
				for _, ev := range c.events {
					_, _ = p.Parse(ev.dir, ev.data)
				}
				p.Close()
				continue
			}
			s := proto.NewStream(p)
			for _, ev := range c.events {
				_ = s.Feed(ev.dir, ev.data)
			}
			s.Close()
		}
	}
}
