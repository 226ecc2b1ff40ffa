// Package otops makes one question of many: who changes what on which
// controller, whatever protocol it speaks. It turns the records of industrial
// protocols that change something, and the connections that carry them, into
// operations, and measures for how long a device was watched.
package otops

import (
	"net/netip"
	"strings"
	"time"

	"longwatch/internal/detect"
	"longwatch/internal/proto/ads"
	"longwatch/internal/proto/bacnet"
	"longwatch/internal/proto/dnp3"
	"longwatch/internal/proto/enip"
	"longwatch/internal/proto/fox"
	"longwatch/internal/proto/iec104"
	"longwatch/internal/proto/mms"
	"longwatch/internal/proto/modbus"
	"longwatch/internal/proto/opcua"
	"longwatch/internal/proto/s7comm"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
	"longwatch/internal/record/ot"
)

// Op is an operation that a client asked a device for and that changes it.
type Op struct {
	Client, Device netip.Addr
	Protocol       string // as in the service of connections
	Access         string // package ot's word
	What           string // the protocol's own word
}

// source is a record type with the fields that say what is asked for.
type source struct {
	typ      *record.Type
	protocol string
	words    []string
}

var sources = []source{
	{modbus.Type, "modbus", []string{"func"}},
	{modbus.DetailType, "modbus", []string{"umas"}},
	{dnp3.Type, "dnp3", []string{"fc_request"}},
	{s7comm.Type, "s7comm", []string{"function_name", "subfunction_name"}},
	{s7comm.PlusType, "s7comm", []string{"function_name"}},
	{enip.CIPType, "enip", []string{"cip_service", "class_name"}},
	{bacnet.Type, "bacnet", []string{"pdu_service"}},
	{opcua.Type, "opcua", []string{"req_identifier_str"}},
	{iec104.Type, "iec104", []string{"type_name", "command"}},
	{mms.Type, "mms", []string{"service"}},
	{ads.Type, "ads", []string{"command", "state"}},
	{fox.Type, "fox", []string{"operation"}},
}

// Handlers calls fn for every operation that changes something.
func Handlers(fn func(Op, record.Record, detect.Reporter)) []detect.Handler {
	out := make([]detect.Handler, 0, len(sources))
	for _, s := range sources {
		r := newReader(s)
		out = append(out, detect.Handler{Type: s.typ, Want: r.wants, Handle: func(rec record.Record, rep detect.Reporter) {
			if op, ok := r.op(rec); ok {
				fn(op, rec, rep)
			}
		}})
	}
	return out
}

// readers are the sources, by type of record.
var readers = func() map[*record.Type]*reader {
	out := map[*record.Type]*reader{}
	for _, s := range sources {
		out[s.typ] = newReader(s)
	}
	return out
}()

// Wants tells whether records of a type may be operations.
func Wants(t *record.Type) bool { return readers[t] != nil }

// Of is the operation that a record tells of, if it changes something.
func Of(rec record.Record) (Op, bool) {
	r := readers[rec.RecordType()]
	if r == nil || !r.wants(rec) {
		return Op{}, false
	}
	return r.op(rec)
}

// reader takes an operation out of one type of record.
type reader struct {
	source
	access, isOrig, kind, orig, resp *record.Field
	what                             []*record.Field
}

func newReader(s source) *reader {
	r := &reader{source: s}
	get := func(name string) *record.Field {
		f, ok := s.typ.Field(name)
		if !ok {
			return nil
		}
		return f
	}
	r.access, r.isOrig, r.kind = get("access"), get("is_orig"), get("pdu_type")
	r.orig, r.resp = get("id.orig_h"), get("id.resp_h")
	for _, w := range s.words {
		r.what = append(r.what, get(w))
	}
	return r
}

// wants is pure.
func (r *reader) wants(rec record.Record) bool {
	access, _ := r.access.StringAt(rec, 0)
	return ot.Changes(access)
}

func (r *reader) op(rec record.Record) (Op, bool) {
	op := Op{Protocol: r.protocol}
	op.Access, _ = r.access.StringAt(rec, 0)
	if r.isOrig != nil && strings.HasPrefix(strings.ToLower(string(r.isOrig.AppendAt(nil, rec, 0))), "f") {
		return op, false
	}
	if r.kind != nil && r.protocol == "modbus" {
		if kind, _ := r.kind.StringAt(rec, 0); kind != "REQ" {
			return op, false
		}
	}
	op.Client, _ = r.orig.AddrAt(rec, 0)
	op.Device, _ = r.resp.AddrAt(rec, 0)
	var words []string
	for _, f := range r.what {
		if w, _ := f.StringAt(rec, 0); w != "" && w != "unknown" && w != "OK" && w != "ERROR" {
			words = append(words, w)
		}
	}
	op.What = strings.Join(words, ", ")
	return op, op.What != "" && op.Client.IsValid() && op.Device.IsValid() && op.Client != op.Device && !op.Device.IsMulticast()
}

// Halts tells whether an operation stops, starts or restarts what a device
// runs, or replaces it.
func (o Op) Halts() bool {
	if o.Access == ot.Program {
		return !strings.Contains(strings.ToLower(o.What), "upload")
	}
	w := strings.ToLower(o.What)
	for _, s := range []string{"stop", "restart", "reinitialize", "communication_control", "kill", "reset", "listen only"} {
		if o.Access == ot.Control && strings.Contains(w, s) {
			return true
		}
	}
	return false
}

// services are industrial protocols in the service of a connection, ours and
// those of other sensors.
var services = []string{"modbus", "dnp3", "s7comm", "enip", "bacnet", "opcua", "iec104", "mms", "ads", "fox", "hart", "fins", "profinet", "ethercat", "genisys", "roc_plus"}

// Speaks names the industrial protocol of an answered connection, "" for none.
func Speaks(c *network.Conn) string {
	if c.Service == "" || c.RespBytes.V == 0 || c.OrigH == c.RespH {
		return ""
	}
	for s := range strings.SplitSeq(c.Service, ",") {
		for _, p := range services {
			if strings.HasPrefix(s, p) {
				return p
			}
		}
	}
	return ""
}

const (
	bridge = time.Hour          // pause between two connections that counts as watched: polling over short ones leaves such pauses
	stale  = 7 * 24 * time.Hour // what was last seen so long ago may have got other users since
)

// Watch measures for how long something was seen to talk. The zero value has
// seen nothing.
type Watch struct {
	First, until record.Time
	sum          time.Duration
}

// See takes note of a connection. They come in the order of their beginnings.
func (w *Watch) See(c *network.Conn) {
	end := c.TS.Add(c.Duration.V)
	switch {
	case w.First == 0:
		w.First, w.until = c.TS, end
		w.sum = c.Duration.V
	case c.TS.Sub(w.until) > bridge:
		w.sum += c.Duration.V
		w.until = end
	case end > w.until:
		w.sum += end.Sub(w.until)
		w.until = end
	}
}

// Watched is for how long it was seen up to now; nothing when that is over for
// a week.
func (w *Watch) Watched(now record.Time) time.Duration {
	if now.Sub(w.until) > stale {
		return 0
	}
	if w.until > now {
		return max(0, w.sum-w.until.Sub(now))
	}
	if gap := now.Sub(w.until); gap <= bridge {
		return w.sum + gap
	}
	return w.sum
}
