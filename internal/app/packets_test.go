package app

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"longwatch/internal/flow"
	"longwatch/internal/flow/flowtest"
)

// TestPacketsAsCapinfosCounts compares the packets of every capture of the
// corpora with those that Wireshark's capinfos counts.
func TestPacketsAsCapinfosCounts(t *testing.T) {
	paths := corpusCaptures(t)
	capinfos, err := exec.LookPath("capinfos")
	if err != nil {
		t.Skip("capinfos is not installed")
	}
	counts := capinfosCounts(capinfos, paths)
	if len(counts) < len(paths)*9/10 {
		t.Errorf("capinfos counts %d of %d captures", len(counts), len(paths))
	}
	for path, want := range counts {
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var out flowtest.Outlet
		open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(whole)), nil }
		err = flow.New(flow.Config{Jobs: 1}, &out).Run(context.Background(), []flow.Source{{Path: path, Size: int64(len(whole)), Open: open}})
		if got := out.Counts[path+" packets"]; got != want || err != nil {
			t.Errorf("%s: %d packets, capinfos counts %d (%v)", path, got, want, err)
		}
	}
}

// capinfosCounts are the packets of the captures that capinfos can read.
func capinfosCounts(capinfos string, paths []string) map[string]int64 {
	counts := map[string]int64{}
	const atOnce = 200
	for len(paths) > 0 {
		n := min(len(paths), atOnce)
		args := append([]string{"-T", "-r", "-M", "-c"}, paths[:n]...)
		out, _ := exec.Command(capinfos, args...).Output() // it fails where one of them is cut off
		for line := range strings.Lines(string(out)) {
			f := strings.Split(strings.TrimRight(line, "\r\n"), "\t")
			if c, err := strconv.ParseInt(f[len(f)-1], 10, 64); err == nil && len(f) == 2 {
				counts[f[0]] = c
			}
		}
		paths = paths[n:]
	}
	return counts
}
