package cli

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"longwatch/internal/app/apptest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"longwatch": func() { os.Exit(Run(os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

// TestScripts plays testdata/script/*.txtar: each is one story of a user. Beside
// the usual commands of testscript there are:
//
//	status N COMMAND...    run longwatch, which must end with this exit status
//	evidence DIR           write a small folder of mixed evidence
//	make KIND FILE         write one piece of difficult evidence
//	sum DIR FILE           write the names and SHA-256 of all files below DIR
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"status":   exitStatus,
			"evidence": func(ts *testscript.TestScript, _ bool, args []string) { ts.Check(apptest.Write(ts.MkAbs(args[0]))) },
			"make":     makeDifficult,
			"sum":      sum,
		},
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
	})
}

// exitStatus is the command "status".
func exitStatus(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec("longwatch", args[1:]...)
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d\n%s%s", got, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// makeDifficult is the command "make".
func makeDifficult(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	w := bufio.NewWriter(f)
	switch args[0] {
	case "pcap":
		_, err = w.Write(apptest.PCAP(20))
	case "cut-pcap": // the capture ends in the middle of a packet
		b := apptest.PCAP(20)
		_, err = w.Write(b[:len(b)-30])
	case "evtx":
		_, err = w.Write(apptest.EVTX(900))
	case "holed-evtx": // the second chunk of 64 KiB is zeros, as after a crash
		b := apptest.EVTX(900)
		const header, chunk = 4096, 65536
		if len(b) < header+3*chunk {
			ts.Fatalf("the log has too few chunks")
		}
		clear(b[header+chunk : header+2*chunk])
		_, err = w.Write(b)
	case "bomb": // half a gigabyte of zeros in half a megabyte
		err = bomb(w)
	case "long-line": // a line of 100 MB between ordinary ones
		const line = "198.51.100.7 - - [02/Mar/2026:08:00:00 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"x\"\n"
		_, _ = w.WriteString(strings.Repeat(line, 20))
		x := bytes.Repeat([]byte{'x'}, 1<<20)
		for range 100 {
			_, _ = w.Write(x)
		}
		_, err = w.WriteString("\n" + strings.Repeat(line, 20))
	default:
		ts.Fatalf("make: no %q", args[0])
	}
	ts.Check(err)
	ts.Check(w.Flush())
	ts.Check(f.Close())
}

func bomb(w io.Writer) error {
	zw := zip.NewWriter(w)
	zw.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	f, err := zw.Create("zeros.log")
	if err != nil {
		return err
	}
	zeros := make([]byte, 1<<20)
	for range 512 {
		if _, err := f.Write(zeros); err != nil {
			return err
		}
	}
	return zw.Close()
}

// sum is the command "sum".
func sum(ts *testscript.TestScript, _ bool, args []string) {
	var b strings.Builder
	dir := ts.MkAbs(args[0])
	ts.Check(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrPermission) {
			err = nil // what this test made unreadable
		}
		info, _ := d.Info()
		h := sha256.Sum256(content)
		fmt.Fprintf(&b, "%s %s %v %v\n", path, hex.EncodeToString(h[:]), info.ModTime(), info.Mode())
		return err
	}))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(b.String()), 0o600))
}
