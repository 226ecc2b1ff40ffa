package app

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"longwatch/internal/flow/flowtest"
	"longwatch/internal/record/network"
)

// TestTunnelsAgreeWithZeek compares tunnel records with Zeek's own, on every
// trace that has any. The time of a CLOSE is ours: that of the last packet.
func TestTunnelsAgreeWithZeek(t *testing.T) {
	root := flowtest.Corpus(t, "zeek")
	logs := 0
	err := filepath.WalkDir(filepath.Join(root, "expected"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Base(path) != "tunnel.log" {
			return err
		}
		logs++
		name, err := filepath.Rel(filepath.Join(root, "expected"), filepath.Dir(path))
		if err != nil {
			return err
		}
		want, err := zeekTunnels(path)
		if err != nil {
			return err
		}
		var got []string
		for _, r := range flowtest.Records(t, filepath.Join(root, "traces", name), protocols) {
			if x, ok := r.(*network.Tunnel); ok && !x.BeyondZeek() {
				got = append(got, tunnelRow(float64(x.TS)/1e9, x.OrigH.String(), x.OrigP, x.RespH.String(), x.RespP, x.Kind, x.Action, x.UID != ""))
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q\nwant %q", name, got, want)
		}
		return nil
	})
	if err != nil || logs == 0 {
		t.Errorf("%d logs: %v", logs, err)
	}
}

// zeekTunnels reads a tunnel.log.
func zeekTunnels(path string) (rows []string, err error) {
	f, err := os.Open(path) // #nosec G304 -- of the corpus
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var r struct {
			TS     float64 `json:"ts"`
			UID    string  `json:"uid"`
			OrigH  string  `json:"id.orig_h"`
			OrigP  uint16  `json:"id.orig_p"`
			RespH  string  `json:"id.resp_h"`
			RespP  uint16  `json:"id.resp_p"`
			Kind   string  `json:"tunnel_type"`
			Action string  `json:"action"`
		}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, err
		}
		rows = append(rows, tunnelRow(r.TS, r.OrigH, r.OrigP, r.RespH, r.RespP, r.Kind, r.Action, r.UID != ""))
	}
	return rows, nil
}

func tunnelRow(ts float64, oh string, op uint16, rh string, rp uint16, kind, action string, uid bool) string {
	if strings.HasSuffix(action, "CLOSE") {
		ts = 0
	}
	return fmt.Sprintf("%s:%d %s:%d %s %s %.4f %v", oh, op, rh, rp, kind, action, ts, uid)
}
