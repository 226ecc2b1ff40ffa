package evtx

import (
	"bytes"
	"context"
	"os"
	"testing"
	"time"

	"longwatch/internal/evidence"
	"longwatch/internal/evidence/evidencetest"
	"longwatch/internal/record"
	"longwatch/internal/simulate/evtxfile"
)

// nowhere counts events and drops everything.
type nowhere struct{ events int }

func (n *nowhere) Lane() record.Sink        { return n }
func (n *nowhere) Problem(evidence.Problem) {}

func (n *nowhere) Count(string, string, int64) {}
func (n *nowhere) Put(r record.Record) {
	if r.Base().Ref.Pos > 0 {
		n.events++
	}
}

// BenchmarkRead reads process events; EVTX_BENCH names a log to read instead.
func BenchmarkRead(b *testing.B) {
	var data []byte
	if path := os.Getenv("EVTX_BENCH"); path == "" {
		data = processLog(b, 20000)
	} else {
		var err error
		if data, err = os.ReadFile(path); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	records := 0
	for b.Loop() {
		var out nowhere
		if err := Format.New(evidencetest.File("b.evtx", data), evidencetest.Env(Format)).Read(context.Background(), &out); err != nil {
			b.Fatal(err)
		}
		records += out.events
	}
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}

// processLog is a log of n process starts, a second apart.
func processLog(t testing.TB, n int) []byte {
	t.Helper()
	l := &evtxfile.Log{}
	for i := range n {
		l.Add(evtxfile.Event{
			Time: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC).Add(time.Duration(i) * time.Second), Channel: "Security", Computer: "DC1.example.org", ID: 4688, PID: 4,
			Provider: evtxfile.Provider{Name: "Microsoft-Windows-Security-Auditing", GUID: "54849625-5478-4994-A5BA-3E3B0328C30D"},
			Fields: []evtxfile.Field{
				{Name: "SubjectUserName", Value: evtxfile.String("bob")},
				{Name: "SubjectLogonId", Value: evtxfile.Hex64(0x8d7099)},
				{Name: "NewProcessId", Value: evtxfile.Hex64(uint64(i))},
				{Name: "NewProcessName", Value: evtxfile.String(`C:\Windows\System32\cmd.exe`)},
				{Name: "CommandLine", Value: evtxfile.String(`cmd.exe /c whoami /all`)},
				{Name: "ParentProcessName", Value: evtxfile.String(`C:\Windows\explorer.exe`)},
			},
		})
	}
	var b bytes.Buffer
	if _, err := l.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
