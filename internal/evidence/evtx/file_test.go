package evtx

import (
	"testing"

	"longwatch/internal/evidence/evidencetest"
	"longwatch/internal/record/host"
)

// logFile reads data and returns what it tells of the file.
func logFile(t *testing.T, data []byte) *host.LogFile {
	t.Helper()
	records, _, _ := evidencetest.Read(t, Format, "Archive-Security-2026-02-03-04-05-06-000.evtx", data)
	for _, r := range records {
		if f, ok := r.(*host.LogFile); ok {
			return f
		}
	}
	t.Fatal("nothing is told of the file")
	return nil
}

// TestLogFile: what a file holds, and that checksums were compared.
func TestLogFile(t *testing.T) {
	data := processLog(t, 500)
	f := logFile(t, data)
	chunks := int64(len(data) / chunkSize)
	if f.Host != "dc1.example.org" || f.Channel != "Security" || f.Records != 500 || f.Last-f.First != 499 || f.Missing != 0 || f.Forwarded || f.Exported || f.Until <= f.TS {
		t.Errorf("got %+v", f)
	}
	if f.Intact != chunks || f.Wrong != 0 || f.Unchecked != 0 {
		t.Errorf("%d chunks: %+v", chunks, f)
	}
}

// TestWrongSum changes a byte of a record behind the log's back.
func TestWrongSum(t *testing.T) {
	data := processLog(t, 500)
	if f := logFile(t, data); f.Wrong != 0 || f.Intact == 0 {
		t.Fatalf("before: %+v", f)
	}
	data[blockSize+chunkHeader+recordHeader+200] ^= 1
	if f := logFile(t, data); f.Wrong != 1 {
		t.Errorf("after: %+v", f)
	}
}
