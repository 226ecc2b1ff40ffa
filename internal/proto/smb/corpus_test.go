package smb_test

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"longwatch/internal/flow/flowtest"
	"longwatch/internal/proto"
	"longwatch/internal/proto/dcerpc"
	"longwatch/internal/proto/kerberos"
	"longwatch/internal/proto/ntlm"
	"longwatch/internal/proto/smb"
)

// TestZeekAgrees wants every field of every row that Zeek writes of the same
// capture, but for random identifiers and what is named here.
func TestZeekAgrees(t *testing.T) {
	specs := []proto.Spec{smb.Protocol, dcerpc.Protocol, kerberos.Protocol, ntlm.Protocol}
	for _, c := range []struct {
		trace string
		logs  []string
	}{
		{"smb/smb2readwrite.pcap", []string{"smb_files"}},
		{"smb/smb_v2_only_non_zero_reserved1.pcap", []string{"smb_files", "smb_mapping", "ntlm"}},
		{"dce-rpc/20-fids-no-close.pcap", []string{"dce_rpc", "smb_mapping", "ntlm"}},
		{"dce-rpc/mapi.pcap", []string{"smb_files", "ntlm"}}, // Zeek pairs two calls of its dce_rpc wrongly
		{"krb/kerberos_tso.pcapng", []string{"dce_rpc", "smb_mapping", "kerberos"}},
		{"krb/kinit.pcap", []string{"kerberos"}},
	} {
		t.Run(filepath.Base(c.trace), func(t *testing.T) {
			rows := map[string][]map[string]any{}
			for _, r := range flowtest.Records(t, flowtest.Corpus(t, "zeek/traces/"+c.trace), specs) {
				var row map[string]any
				if err := json.Unmarshal(r.RecordType().AppendJSON(nil, r), &row); err != nil {
					t.Fatal(err)
				}
				rows[r.RecordType().Name] = append(rows[r.RecordType().Name], row)
			}
			for _, log := range c.logs {
				want := zeekRows(t, flowtest.Corpus(t, "zeek/expected/"+c.trace+"/"+log+".log"))
				for _, w := range want {
					if !take(rows[log], w) {
						t.Errorf("%s: no record agrees with %v", log, w)
					}
				}
				if len(rows[log]) != len(want) {
					t.Errorf("%s: %d records, Zeek has %d", log, len(rows[log]), len(want))
				}
			}
		})
	}
}

func zeekRows(t *testing.T, path string) (out []map[string]any) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		var row map[string]any
		if err := json.Unmarshal(s.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"uid", "client_cert_fuid", "client_cert_subject", "server_cert_fuid", "server_cert_subject"} {
			delete(row, name) // certificates of PKINIT are not followed
		}
		out = append(out, row)
	}
	return out
}

// take finds a row that has all fields of want, and marks it as used.
func take(rows []map[string]any, want map[string]any) bool {
	for _, row := range rows {
		if row["used"] == nil && agrees(row, want) {
			row["used"] = true
			return true
		}
	}
	return false
}

func agrees(row, want map[string]any) bool {
	for name, w := range want {
		x, isNumber := w.(float64)
		y, _ := row[name].(float64)
		if isNumber && math.Abs(x-y) > 2e-4 || !isNumber && row[name] != w {
			return false
		}
	}
	return true
}
