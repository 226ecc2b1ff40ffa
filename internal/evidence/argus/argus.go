// Package argus reads flows that Argus's client ra wrote as comma-separated
// values with a line of column names (https://openargus.org, ra(1) option -c),
// also called binetflow. Each line becomes a conn record: times, ends, bytes of
// both directions with headers, and the state, as far as it can be told.
package argus

import (
	"bytes"
	"context"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/evidence"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
	"longwatch/internal/textline"
)

// Format is flows of Argus.
var Format = evidence.Format{
	Name: "argus", Sniff: sniff, Emits: []*record.Type{network.ConnType},
	New: func(f *evidence.File, _ *evidence.Env) evidence.Reader { return &reader{f: f} },
}

// needed are the columns without which a line is no flow.
var needed = []string{"starttime", "proto", "srcaddr", "dstaddr"}

// maxColumns bounds the line of names.
const maxColumns = 128

func sniff(_ string, head []byte) evidence.Match {
	lines := textline.Head(head)
	if len(lines) > 0 && columns(string(lines[0])) != nil {
		return evidence.Sure
	}
	return evidence.None
}

// columns reads the line of names; nil when it is none.
func columns(line string) map[string]int {
	names := strings.Split(strings.TrimSpace(line), ",")
	if len(names) > maxColumns {
		return nil
	}
	at := make(map[string]int, len(names))
	for i, n := range names {
		at[strings.ToLower(strings.TrimSpace(n))] = i
	}
	for _, n := range needed {
		if _, ok := at[n]; !ok {
			return nil
		}
	}
	return at
}

type reader struct{ f *evidence.File }

// Read implements evidence.Reader.
func (r *reader) Read(ctx context.Context, out evidence.Outlet) error {
	sink := out.Lane()
	var at map[string]int
	return textline.Each(ctx, r.f, out, func(lines *textline.Reader) {
		b := lines.Bytes()
		if len(bytes.TrimSpace(b)) == 0 {
			return
		}
		if at == nil || bytes.HasPrefix(bytes.ToLower(b), []byte("starttime,")) {
			if at = columns(string(b)); at == nil {
				lines.Bad("argus-columns", "no line of column names before the flows")
			}
			return
		}
		c, why := parse(strings.Split(string(b), ","), at)
		if why != "" {
			lines.Bad("argus-line", why)
			return
		}
		c.Ref = lines.Ref()
		sink.Put(c)
	})
}

// parse makes a record of one line, or says why it cannot.
func parse(values []string, at map[string]int) (c *network.Conn, why string) {
	get := func(name string) string {
		i, ok := at[name]
		if !ok || i >= len(values) {
			return ""
		}
		return strings.TrimSpace(values[i])
	}
	c = &network.Conn{Proto: strings.ToLower(get("proto"))}
	if c.TS = stamp(get("starttime")); c.TS == 0 {
		return nil, "no start time"
	}
	var err error
	if c.OrigH, err = netip.ParseAddr(get("srcaddr")); err != nil {
		return nil, "no source address" // Argus writes MAC addresses of ARP and spanning tree there
	}
	if c.RespH, err = netip.ParseAddr(get("dstaddr")); err != nil {
		return nil, "no destination address"
	}
	c.OrigP, c.RespP = port(get("sport")), port(get("dport"))
	if seconds, err := strconv.ParseFloat(get("dur"), 64); err == nil && seconds >= 0 && seconds < 1e9 {
		c.Duration = record.Some(time.Duration(seconds * float64(time.Second)))
	}
	total, sent := get("totbytes"), get("srcbytes")
	c.OrigIPBytes, c.RespIPBytes = split(total, sent)
	c.OrigPkts, c.RespPkts = split(get("totpkts"), get("srcpkts"))
	state := get("state")
	if c.Proto == "icmp" || c.Proto == "ipv6-icmp" {
		c.Proto, c.OrigP, c.RespP = "icmp", icmpType(state), 0
	}
	c.State = connState(c, strings.ToUpper(state))
	if dir := get("dir"); dir == "<-" || dir == "<?" {
		c.OrigH, c.RespH, c.OrigP, c.RespP = c.RespH, c.OrigH, c.RespP, c.OrigP
		c.OrigIPBytes, c.RespIPBytes = c.RespIPBytes, c.OrigIPBytes
		c.OrigPkts, c.RespPkts = c.RespPkts, c.OrigPkts
	}
	return c, ""
}

// split gives what the source sent, and the rest of the total.
func split(total, source string) (orig, resp record.Opt[uint64]) {
	t, errT := strconv.ParseUint(total, 10, 64)
	s, errS := strconv.ParseUint(source, 10, 64)
	if errT != nil || errS != nil || s > t {
		return orig, resp
	}
	return record.Some(s), record.Some(t - s)
}

// stamp reads the times that ra writes by default and in common set-ups; those
// without a zone are taken for UTC.
func stamp(s string) record.Time {
	for _, layout := range []string{"2006/01/02 15:04:05.999999", "2006-01-02 15:04:05.999999", time.RFC3339Nano, "2006/01/02T15:04:05.999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return record.TimeOf(t)
		}
	}
	if seconds, err := strconv.ParseFloat(s, 64); err == nil && seconds > 0 && seconds < 1<<33 {
		return record.Time(seconds * 1e9)
	}
	return 0
}

// port reads decimal and hexadecimal ports.
func port(s string) uint16 {
	n, err := strconv.ParseUint(s, 0, 16)
	if err != nil {
		return 0
	}
	return uint16(n)
}

// icmpType is the type behind Argus's word: ECO and ECR are the two halves of
// an echo, both from who asked.
func icmpType(state string) uint16 {
	switch strings.ToUpper(state) {
	case "ECO", "ECR":
		return 8
	case "UR", "URP", "URH", "URN", "URO", "URF", "URFIL", "URHPRO":
		return 3
	case "TXD":
		return 11
	}
	return 0
}

// connState is Zeek's word for the state. For TCP, Argus writes either a word
// or the flags seen of both sides, as in SPA_FSA.
func connState(c *network.Conn, state string) string {
	orig, resp, flags := strings.Cut(state, "_")
	if flags && c.Proto == "tcp" {
		return byFlags(orig, resp)
	}
	answered := c.RespIPBytes.V > 0
	switch state {
	case "S0", "S1", "S2", "S3", "SF", "REJ", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR":
		return state // written by tools that know Zeek
	case "REQ", "INT", "ECO":
		if answered {
			return "OTH"
		}
		return "S0"
	case "FIN", "CLO":
		return "SF"
	case "ACC", "CON", "EST":
		return "S1"
	case "RST":
		if c.RespPkts.Set && c.RespPkts.V <= 1 && c.OrigPkts.V <= 1 {
			return "REJ"
		}
		return "RSTO"
	}
	return "OTH"
}

func byFlags(orig, resp string) string {
	has := strings.ContainsRune
	switch {
	case resp == "" && strings.Trim(orig, "SEC") == "" && orig != "":
		return "S0"
	case resp == "" && has(orig, 'R'):
		return "RSTOS0"
	case !has(resp, 'S') && has(resp, 'R') && strings.Trim(orig, "SEC") == "":
		return "REJ"
	case has(orig, 'R'):
		return "RSTO"
	case has(resp, 'R'):
		return "RSTR"
	case has(orig, 'F') && has(resp, 'F'):
		return "SF"
	case has(orig, 'S') && has(resp, 'S'):
		return "S1"
	}
	return "OTH"
}
