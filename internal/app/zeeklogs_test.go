package app

import (
	"encoding/json"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"longwatch/internal/flow/flowtest"
	"longwatch/internal/sink"
)

// zeekLogs are the logs whose fields have to agree with Zeek's, each by 90 %
// and together by 97 %.
var zeekLogs = []string{
	"conn", "dns", "http", "ssl", "x509", "files", "smb_files", "smb_mapping", "dce_rpc", "ntlm", "kerberos", "ssh", "smtp", "ftp",
	"rdp", "socks", "snmp", "dhcp", "mysql", "modbus", "dnp3",
}

const (
	leastOfLog = 0.90
	leastOfAll = 0.97
)

// zeekTraceDiffers are the traces that are left out, each with its reason.
var zeekTraceDiffers = map[string]string{
	"fuzz-72.pcap": "random sequence numbers: Zeek drops what a wrong acknowledgement passes over, we deliver it",
}

// TestFieldsAgreeWithZeek compares the rows and fields of our logs with those
// that Zeek writes of its own test traces. Values that differ from run to run
// are left out, and JA4, which Zeek does not have (docs/adr/0008).
func TestFieldsAgreeWithZeek(t *testing.T) {
	root := flowtest.Corpus(t, "zeek")
	agree, all := map[string]int{}, map[string]int{}
	traces := filepath.Join(root, "traces")
	err := filepath.WalkDir(traces, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || zeekTraceDiffers[d.Name()] != "" {
			return err
		}
		inside, err := filepath.Rel(traces, path)
		if err != nil {
			return err
		}
		expected := filepath.Join(root, "expected", inside)
		if _, err := os.Stat(expected); err != nil {
			return nil //nolint:nilerr // there is nothing to compare with
		}
		got, once := map[string][]map[string]any{}, map[string]bool{}
		for _, r := range flowtest.Records(t, path, protocols) {
			typ := r.RecordType()
			if o, ok := r.(sink.Once); ok {
				key, _ := o.OncePer()
				if key = typ.Name + " " + key; once[key] {
					continue
				}
				once[key] = true
			}
			if x, ok := r.(sink.Beyond); !ok || !x.BeyondZeek() {
				got[typ.Name] = append(got[typ.Name], logRow(t, sink.ZeekJSON.Append(nil, typ, r)))
			}
		}
		for _, log := range zeekLogs {
			a, n := agreeingRows(logRows(t, filepath.Join(expected, log+".log")), got[log])
			agree[log], all[log] = agree[log]+a, all[log]+n
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	a, n := 0, 0
	for _, log := range zeekLogs {
		if all[log] > 0 && float64(agree[log]) < leastOfLog*float64(all[log]) {
			t.Errorf("%s: %d of %d fields agree", log, agree[log], all[log])
		}
		a, n = a+agree[log], n+all[log]
	}
	if n == 0 || float64(a) < leastOfAll*float64(n) {
		t.Errorf("%d of %d fields agree", a, n)
	}
}

func logRows(t *testing.T, path string) []map[string]any {
	t.Helper()
	b, err := os.ReadFile(path) // #nosec G304 -- of the corpus
	if err != nil {
		return nil
	}
	var rows []map[string]any
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "{") {
			rows = append(rows, logRow(t, []byte(line)))
		}
	}
	return rows
}

// logRow reads a row without what differs from run to run and what is empty.
func logRow(t *testing.T, b []byte) map[string]any {
	t.Helper()
	row := map[string]any{}
	if err := json.Unmarshal(b, &row); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	for name, v := range row {
		list, isList := v.([]any)
		if v == "" || isList && len(list) == 0 || name == "uid" || name == "ja4" || name == "ip_proto" || strings.Contains(name, "fuid") ||
			strings.HasSuffix(name, "uids") || name == "tunnel_parents" || name == "id" || name == "community_id" {
			delete(row, name)
		}
	}
	return row
}

// agreeingRows pairs each row with the one that agrees most, and counts fields
// that agree and all fields of either side.
func agreeingRows(want, got []map[string]any) (agree, all int) {
	used := make([]bool, len(got))
	for _, w := range want {
		best, most := -1, 0
		for i, g := range got {
			if used[i] || w["id.orig_h"] != g["id.orig_h"] || w["id.orig_p"] != g["id.orig_p"] || w["id.resp_p"] != g["id.resp_p"] {
				continue
			}
			if n := equalFields(w, g); n > most {
				best, most = i, n
			}
		}
		all += len(w)
		if best >= 0 {
			used[best] = true
			agree += most
			for name := range got[best] {
				if _, ok := w[name]; !ok {
					all++
				}
			}
		}
	}
	for i, g := range got {
		if !used[i] {
			all += len(g)
		}
	}
	return agree, all
}

func equalFields(w, g map[string]any) int {
	n := 0
	for name, v := range w {
		x, isNumber := v.(float64)
		y, both := g[name].(float64)
		if isNumber && both && math.Abs(x-y) <= 2e-4+1e-3*max(math.Abs(x), math.Abs(y)) || reflect.DeepEqual(v, g[name]) {
			n++
		}
	}
	return n
}
