package otops

import (
	"net/netip"
	"testing"
	"time"

	"longwatch/internal/proto/modbus"
	"longwatch/internal/proto/s7comm"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
	"longwatch/internal/record/ot"
)

func TestWatch(t *testing.T) {
	at := func(h float64) record.Time { return record.Time(1e18).Add(time.Duration(h * float64(time.Hour))) }
	conn := func(from, hours float64) *network.Conn {
		return &network.Conn{Conn: record.Conn{Head: record.Head{TS: at(from)}}, Duration: record.Some(time.Duration(hours * float64(time.Hour)))}
	}
	var w Watch
	w.See(conn(0, 2))
	w.See(conn(1, 2)) // overlaps by one hour
	w.See(conn(3.5, 0.5))
	w.See(conn(100, 10))
	for now, want := range map[float64]time.Duration{100: 4 * time.Hour, 104: 8 * time.Hour, 110: 14 * time.Hour, 200: 14 * time.Hour, 300: 0} {
		if got := w.Watched(at(now)); got != want {
			t.Errorf("watched for %v after %v hours, want %v", got, now, want)
		}
	}
}

func TestEverySourceHasItsFields(t *testing.T) {
	for _, s := range sources {
		r := newReader(s)
		if r.access == nil || r.orig == nil || r.resp == nil {
			t.Errorf("%s lacks access or addresses", s.typ.Name)
		}
		for i, f := range r.what {
			if f == nil {
				t.Errorf("%s has no field %q", s.typ.Name, s.words[i])
			}
		}
	}
}

func TestOp(t *testing.T) {
	c := record.Conn{OrigH: netip.MustParseAddr("10.0.0.1"), RespH: netip.MustParseAddr("10.0.0.2")}
	tests := []struct {
		src   int
		rec   record.Record
		what  string
		halts bool
	}{
		{0, &modbus.Message{Conn: c, Func: "WRITE_SINGLE_COIL", PDU: "REQ", Access: ot.Write}, "WRITE_SINGLE_COIL", false},
		{0, &modbus.Message{Conn: c, Func: "WRITE_SINGLE_COIL", PDU: "RESP", Access: ot.Write}, "", false},
		{1, &modbus.Detail{Conn: c, UMAS: "STOP_PLC", Access: ot.Control}, "STOP_PLC", true},
		{3, &s7comm.Message{Conn: c, Way: ot.From(c, true), FuncName: "PLC Stop", Access: ot.Control}, "PLC Stop", true},
		{3, &s7comm.Message{Conn: c, Way: ot.From(c, false), FuncName: "PLC Stop", Access: ot.Control}, "", false},
		{3, &s7comm.Message{Conn: c, Way: ot.From(c, true), FuncName: "Start Upload", Access: ot.Program}, "Start Upload", false},
	}
	for _, tt := range tests {
		op, ok := newReader(sources[tt.src]).op(tt.rec)
		if ok != (tt.what != "") || ok && (op.What != tt.what || op.Halts() != tt.halts) {
			t.Errorf("%+v gives %+v %v (halts: %v)", tt.rec, op, ok, op.Halts())
		}
	}
}
