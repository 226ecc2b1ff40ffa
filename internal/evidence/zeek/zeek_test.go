package zeek

import (
	"testing"

	"longwatch/internal/evidence"
	"longwatch/internal/evidence/evidencetest"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

func TestFormat(t *testing.T) { evidencetest.Run(t, Format) }

func FuzzFormat(f *testing.F) { evidencetest.Fuzz(f, Format) }

// FuzzOnePass: a line read in one pass is the record that reading its members
// gives.
func FuzzOnePass(f *testing.F) {
	for _, line := range []string{
		`{"ts":1700000000.5,"uid":"C1","id.orig_h":"10.0.0.1","id.orig_p":5000,"id.resp_h":"192.0.2.1","id.resp_p":443,"proto":"tcp","service":"ssl","duration":1.5e-3,"orig_bytes":10,"local_orig":true,"tunnel_parents":["C2",null]}`,
		`{"ts":"2026-01-02T03:04:05.678Z","uid":null,"proto":"caf\u00e9 \ud83d\ude00","id.resp_p":"80","unknown":{"a":[1,{"b":2}]},"ts":2}`,
		`{"ts":1,"uid":"a","uid":"b","id.orig_h":"::1","ref":{"file":"x","line":3},"orig_bytes":-1}`,
		`{"tunnel_parents":[],"missed_bytes":1.0,"local_resp":"T"} `,
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		r := &reader{f: &evidence.File{Name: "conn.log"}, env: &evidence.Env{Types: map[string]*record.Type{"conn": network.ConnType}}, typ: network.ConnType}
		got, err := r.object([]byte(line))
		want, wantErr := r.members([]byte(line))
		if err != nil || wantErr != nil {
			if (err == nil) != (wantErr == nil) {
				t.Fatalf("%q: in one pass %v, by members %v", line, err, wantErr)
			}
			return
		}
		a, b := string(network.ConnType.AppendJSON(nil, got)), string(network.ConnType.AppendJSON(nil, want))
		if a != b {
			t.Fatalf("%q: in one pass\n%s\nby members\n%s", line, a, b)
		}
	})
}

// BenchmarkObject reads a line of a JSON log.
func BenchmarkObject(b *testing.B) {
	line := []byte(`{"ts":1700000000.512345,"uid":"CnFwpu2ycKTmWnQXz1","id.orig_h":"10.20.0.11","id.orig_p":50123,"id.resp_h":"198.51.3.9","id.resp_p":443,"proto":"tcp","service":"ssl","duration":12.503112,"orig_bytes":1034,"resp_bytes":53013,"conn_state":"SF","local_orig":true,"local_resp":false,"missed_bytes":0,"history":"ShADadFf","orig_pkts":12,"orig_ip_bytes":1600,"resp_pkts":44,"resp_ip_bytes":55000}`)
	r := &reader{f: &evidence.File{Name: "conn.log"}, env: &evidence.Env{Types: map[string]*record.Type{"conn": network.ConnType}}, typ: network.ConnType}
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		if _, err := r.object(line); err != nil {
			b.Fatal(err)
		}
	}
}
