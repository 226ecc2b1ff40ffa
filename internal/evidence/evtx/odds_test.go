package evtx

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"longwatch/internal/evidence/evidencetest"
	"longwatch/internal/record/host"
	"longwatch/internal/simulate/evtxfile"
)

func gaps(t *testing.T, data []byte) []*host.LogGap {
	t.Helper()
	records, _, err := evidencetest.Read(t, Format, "log.evtx", data)
	if err != nil {
		t.Fatal(err)
	}
	var out []*host.LogGap
	for _, r := range records {
		if g, ok := r.(*host.LogGap); ok {
			out = append(out, g)
		}
	}
	return out
}

// restless is a log of n events whose pauses are of all lengths up to hours;
// after the middle it is silent for as long as silent says.
func restless(t *testing.T, n int, silent time.Duration) []byte {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2)) // #nosec G404 -- not a secret
	at := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	l := &evtxfile.Log{}
	for i := range n {
		at = at.Add(time.Duration(rng.ExpFloat64() * float64(10*time.Minute)))
		if i == n/2 {
			at = at.Add(silent)
		}
		l.Add(evtxfile.Event{Time: at, Channel: "Security", Computer: "DC1", ID: 4688, Provider: evtxfile.Provider{Name: "x"}})
	}
	var b bytes.Buffer
	if _, err := l.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSilence(t *testing.T) {
	if got := gaps(t, restless(t, 3000, 0)); len(got) != 0 {
		t.Errorf("an ordinary log has %+v", got[0])
	}
	got := gaps(t, restless(t, 3000, 60*time.Hour))
	if len(got) != 1 || got[0].Kind != "silence" || got[0].Channel != "Security" || got[0].Host != "dc1" || got[0].First != 1501 || got[0].Odds < minOdds {
		t.Errorf("got %+v", got)
	}
}

func TestMissing(t *testing.T) {
	data := processLog(t, 6)
	at, end := recordAt(data, 3), recordAt(data, 4)
	copy(data[at:blockSize+chunkSize], data[end:blockSize+chunkSize])
	free := data[blockSize+48:]
	binary.LittleEndian.PutUint32(free, binary.LittleEndian.Uint32(free)-uint32(end-at))
	sum(data)
	got := gaps(t, data)
	if len(got) != 1 || got[0].Kind != "missing" || got[0].First != 4 || got[0].Last != 4 || got[0].Missing != 1 || got[0].Odds < 1000 || got[0].TS == 0 || got[0].Until <= got[0].TS {
		t.Errorf("got %+v", got)
	}
	// The same hole in a file with damage that could have held the record.
	s := sequence{records: 100, bytes: 100_000, lost: 600}
	if odds := s.gapOdds(run{4, 4, 1, 2}, 1); odds >= 1 {
		t.Errorf("odds of a gap beside damage are %v", odds)
	}
}
