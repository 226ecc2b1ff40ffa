package sink

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/record"
)

// visit is a record with nothing special about it.
type visit struct {
	record.Head
	Name string `rec:"name"`
	N    uint64 `rec:"n"`
}

var visitType = record.Of[visit]("visit")

// RecordType is the schema.
func (*visit) RecordType() *record.Type { return visitType }

// card is written once an hour for each holder.
type card struct {
	record.Head
	Holder string `rec:"holder"`
	N      uint64 `rec:"n"`
}

var cardType = record.Of[card]("card")

// RecordType is the schema.
func (*card) RecordType() *record.Type { return cardType }

// OncePer says once an hour.
func (c *card) OncePer() (string, time.Duration) { return c.Holder, time.Hour }

func at(seconds int) record.Head {
	return record.Head{TS: record.Time(1_700_000_000+seconds) * record.Time(time.Second)}
}

// write puts records into a new folder through lanes goroutines and returns
// the files by name.
func write(t *testing.T, records []record.Record, f Format, memory int64, lanes int) (map[string]string, []Written) {
	t.Helper()
	dir := t.TempDir()
	spool := filepath.Join(dir, "spool")
	d := New(filepath.Join(dir, "out"), spool, f, memory)
	var wg sync.WaitGroup
	for n := range lanes {
		l := d.Lane()
		wg.Go(func() {
			for i := n; i < len(records); i += lanes {
				l.Put(records[i])
			}
		})
	}
	wg.Wait()
	written, err := d.Close()
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(spool); len(left) > 0 {
		t.Errorf("%d run files were left in the spool", len(left))
	}
	files := map[string]string{}
	entries, _ := os.ReadDir(filepath.Join(dir, "out"))
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, "out", e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(b)
	}
	return files, written
}

func mixed(n int, pad string) []record.Record {
	r := rand.New(rand.NewPCG(1, 2))
	var out []record.Record
	for i := range n {
		if i%5 == 0 {
			out = append(out, &card{Head: at(r.IntN(20_000)), Holder: fmt.Sprintf("holder %d", r.IntN(9)), N: uint64(r.IntN(3))})
			continue
		}
		out = append(out, &visit{Head: at(r.IntN(300)), Name: fmt.Sprintf("%d%s", r.IntN(50), pad), N: uint64(i % 7)})
	}
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// TestSameBytes: neither the number of goroutines nor spilling shows in the files.
func TestSameBytes(t *testing.T) {
	records := mixed(20_000, strings.Repeat("x", 300)) // 8 MB against shares of 1 MiB
	want, rows := write(t, records, JSONL, 1<<30, 1)
	for _, lanes := range []int{1, 3, 8} {
		for _, memory := range []int64{1 << 30, 1} {
			got, w := write(t, records, JSONL, memory, lanes)
			for name, content := range want {
				if got[name] != content {
					t.Errorf("%d lanes, %d bytes of memory: %s differs", lanes, memory, name)
				}
			}
			for i := range w {
				if w[i].Rows != rows[i].Rows || w[i].Bytes != rows[i].Bytes || w[i].Bytes != int64(len(got[filepath.Base(w[i].Path)])) {
					t.Errorf("%d lanes, %d bytes of memory: told %+v", lanes, memory, w[i])
				}
			}
		}
	}
}

// TestManyRuns: more runs than may be open at once are merged in rounds.
func TestManyRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 200 MB")
	}
	records := mixed(2*maxFan+10, strings.Repeat("y", minShare)) // every record is a run
	want, _ := write(t, records, JSONL, 1<<40, 1)
	got, _ := write(t, records, JSONL, 1, 1)
	if len(want) != 2 || want["visit.jsonl"] != got["visit.jsonl"] || want["card.jsonl"] != got["card.jsonl"] {
		t.Error("files differ when merged in rounds")
	}
}

// TestOnce: a repeat within the period after the last one written is left out,
// in the order of time, not of arrival.
func TestOnce(t *testing.T) {
	records := []record.Record{
		&card{Head: at(3601), Holder: "a", N: 3},
		&card{Head: at(1800), Holder: "b", N: 2},
		&card{Head: at(3600), Holder: "a", N: 2},
		&card{Head: at(3599), Holder: "a", N: 1},
		&card{Head: at(0), Holder: "a", N: 0},
	}
	files, written := write(t, records, ZeekTSV, 1<<30, 2)
	var got []string
	for line := range strings.Lines(files["card.log"]) {
		if !strings.HasPrefix(line, "#") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	want := []string{
		"1700000000.000000\ta\t0",
		"1700001800.000000\tb\t2",
		"1700003600.000000\ta\t2", // an hour after the first; 3599 was left out, and 3601 is
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if written[0].Rows != 3 {
		t.Errorf("told of %d rows", written[0].Rows)
	}
}

// TestOrder: time first, then the text; a record without a time comes first.
func TestOrder(t *testing.T) {
	files, _ := write(t, []record.Record{
		&visit{Head: at(5), Name: "b"}, &visit{Head: at(5), Name: "a"}, &visit{Name: "no time"}, &visit{Head: at(1), Name: "z"},
	}, JSONL, 1<<30, 1)
	want := `{"name":"no time","n":0}
{"ts":1700000001,"name":"z","n":0}
{"ts":1700000005,"name":"a","n":0}
{"ts":1700000005,"name":"b","n":0}
`
	if diff := cmp.Diff(want, strings.ReplaceAll(files["visit.jsonl"], ".000000", "")); diff != "" {
		t.Error(diff)
	}
}

// TestLinkIsReplaced: a link where a record file belongs is not followed.
func TestLinkIsReplaced(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "precious")
	if err := os.WriteFile(other, []byte("keep me"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, filepath.Join(dir, "visit.jsonl")); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
	d := New(dir, filepath.Join(dir, "spool"), JSONL, 1<<20)
	d.Lane().Put(&visit{Head: at(1), Name: "x"})
	if _, err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(other); string(b) != "keep me" {
		t.Errorf("the link's target now holds %q", b)
	}
}

// TestNoRoom: what cannot be written is an error, not a shorter file.
func TestNoRoom(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "spool"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d := New(filepath.Join(dir, "out"), filepath.Join(dir, "spool"), JSONL, 1)
	l := d.Lane()
	for i := range 3 {
		l.Put(&visit{Head: at(i), Name: strings.Repeat("z", minShare)})
	}
	if _, err := d.Close(); err == nil {
		t.Error("no error, though the spool cannot be written")
	}
}

func TestByName(t *testing.T) {
	for _, f := range Formats {
		if got, err := ByName(f.Name); err != nil || got.Name != f.Name {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	if _, err := ByName("xml"); err == nil {
		t.Error("xml is a format")
	}
}
