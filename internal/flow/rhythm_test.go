package flow_test

import (
	"testing"

	"longwatch/internal/flow"
	"longwatch/internal/record/network"
)

func TestRhythm(t *testing.T) {
	// Every 60 seconds the responder says four bytes and the originator ten; in
	// between nothing. The originator's segment is sent twice once.
	recs, _ := session(4000, func(tr *trace) {
		seq, ack := uint32(1001), uint32(5001)
		for i := range 12 {
			at := 10 + 60_000*i
			tr.tcp(at, false, 4000, "PA", ack, seq, "ask\n")
			ack += 4
			tr.tcp(at, true, 4000, "PA", seq, ack, "answer it\n")
			if i == 3 {
				tr.tcp(at+20_000, true, 4000, "PA", seq, ack, "answer it\n")
			}
			seq += 10
		}
	}).run(t, flow.Config{})
	var got []*network.Rhythm
	for _, r := range recs {
		if x, ok := r.(*network.Rhythm); ok {
			got = append(got, x)
		}
	}
	if len(got) != 1 {
		t.Fatalf("%d records, want 1", len(got))
	}
	r := got[0]
	if r.RespStarts != 11 || r.OrigStarts != 0 || r.RespSame != 10 || r.OrigAnswers != 110 || r.RespAnswers != 0 ||
		r.RespGap.V.Seconds() != 60 || r.RespVary.V != 0 || r.OrigGap.Set {
		t.Errorf("record %+v", r)
	}
}
