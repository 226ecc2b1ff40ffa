package app

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"longwatch/internal/capture"
	"longwatch/internal/flow/flowtest"
)

// corpora are the folders of real captures that lie beside the repository.
var corpora = []string{"zeek/traces", "ndpi", "arkime", "ics", "ics-pcap", "ja4", "suricata", "behaviour"}

// corpusCaptures are the paths of all captures of the corpora that are there,
// in a fixed order. It skips the test when there are none.
func corpusCaptures(t *testing.T) []string {
	t.Helper()
	root := flowtest.Corpus(t, "")
	var paths []string
	for _, folder := range corpora {
		dir := filepath.Join(root, filepath.FromSlash(folder))
		if _, err := os.Stat(dir); err != nil {
			continue
		}
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && isCapture(path) {
				paths = append(paths, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(paths) == 0 {
		t.Skip("the corpora hold no captures")
	}
	return paths
}

func isCapture(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var head [64]byte
	n, _ := io.ReadFull(f, head[:]) // a short file is none
	return capture.Known(head[:n])
}
