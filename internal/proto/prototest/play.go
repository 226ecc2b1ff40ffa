package prototest

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
)

type event struct {
	dir  proto.Dir
	data []byte
	gap  int
	end  bool
}

// parseStream reads the "stream" section.
func parseStream(text string) ([]event, error) {
	var out []event
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		var ev event
		switch line[0] {
		case '>':
		case '<':
			ev.dir = proto.Resp
		default:
			return nil, fmt.Errorf("line %d: want > or <", n+1)
		}
		body := strings.TrimSpace(line[1:])
		switch {
		case body == "end":
			ev.end = true
		case strings.HasPrefix(body, "gap "):
			g, err := strconv.Atoi(strings.TrimSpace(body[4:]))
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n+1, err)
			}
			ev.gap = g
		case strings.HasPrefix(body, `"`):
			s, err := strconv.Unquote(body)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n+1, err)
			}
			ev.data = []byte(s)
		default:
			b, err := hex.DecodeString(strings.Join(strings.Fields(body), ""))
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n+1, err)
			}
			ev.data = b
		}
		out = append(out, ev)
	}
	return out, nil
}

// checked wraps a parser and checks what all parsers promise.
type checked struct {
	proto.Parser
	fail func(format string, args ...any)
}

func (c *checked) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	step, err := c.Parser.Parse(d, b)
	if err == nil && (step.Used < 0 || step.Used > len(b) || step.Need < 0) {
		c.fail("Parse(%d, %d bytes) says used %d, need %d", d, len(b), step.Used, step.Need)
	}
	return step, err
}

func (c *checked) End(d proto.Dir) {
	if e, ok := c.Parser.(proto.Ender); ok {
		e.End(d)
	}
}

// outcome is what a run made, as text, for comparison.
type outcome struct {
	records  []string
	weirds   []string
	services []string
	err      error
}

// play runs events through a fresh parser. cut says how many bytes to give at
// most per call; 0 gives each event whole. Every buffer lent to the parser is
// poisoned after the call.
func play(spec proto.Spec, inner []proto.Spec, tr proto.Transport, events []event, cut func() int, fail func(string, ...any)) outcome {
	e := newFake(spec, inner)
	c := e.conn(spec, tr)
	p := &checked{Parser: spec.New(c), fail: fail}
	var out outcome
	if tr == proto.UDP {
		out.err = playDatagrams(e, p, events)
	} else {
		out.err = playStream(e, p, events, cut)
	}
	e.closeShared()
	for _, r := range e.records {
		out.records = append(out.records, recordText(r))
	}
	out.weirds, out.services = e.weirds, e.services
	return out
}

func playDatagrams(e *fakeEngine, p proto.Parser, events []event) (first error) {
	for _, ev := range events {
		if len(ev.data) > 0 && first == nil {
			b := append([]byte(nil), ev.data...)
			_, first = p.Parse(ev.dir, b)
			poison(b)
		}
		e.now += 1_000_000
	}
	p.Close()
	return first
}

func playStream(e *fakeEngine, p proto.Parser, events []event, cut func() int) error {
	s := proto.NewStream(p)
	for _, ev := range events {
		switch {
		case ev.end:
			s.End(ev.dir)
		case ev.gap > 0:
			_ = s.Gap(ev.dir, ev.gap)
		default:
			for rest := ev.data; len(rest) > 0; {
				n := len(rest)
				if cut != nil {
					n = min(max(cut(), 1), n)
				}
				b := append([]byte(nil), rest[:n]...)
				_ = s.Feed(ev.dir, b)
				poison(b)
				rest = rest[n:]
			}
		}
		e.now += 1_000_000
	}
	s.Close()
	return s.Err()
}

func poison(b []byte) {
	for i := range b {
		b[i] = 0xdb
	}
}

// heads are left out of golden records: the suite supplies a fixed head.
var heads = map[string]bool{"uid": true, "id.orig_h": true, "id.orig_p": true, "id.resp_h": true, "id.resp_p": true}

// recordText is a record as its golden line: type first, no connection head,
// time as milliseconds since the first packet.
func recordText(r record.Record) string {
	var m map[string]json.RawMessage
	raw := r.RecordType().AppendJSON(nil, r)
	if err := json.Unmarshal(raw, &m); err != nil {
		return fmt.Sprintf("invalid JSON from %s: %v: %s", r.RecordType().Name, err, raw)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `{"_type":%q`, r.RecordType().Name)
	if t := r.Base().TS; t != start {
		fmt.Fprintf(&b, `,"_ms":%d`, int64(t-start)/1_000_000)
	}
	for i := range r.RecordType().Fields {
		name := r.RecordType().Fields[i].Name
		if v, ok := m[name]; ok && !heads[name] && name != "ts" {
			fmt.Fprintf(&b, ",%q:%s", name, v)
		}
	}
	b.WriteByte('}')
	return b.String()
}
