package sink

import (
	"bytes"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"longwatch/internal/record"
)

// sight has a column of every physical type, lists with and without gaps.
type sight struct {
	record.Head
	Host  netip.Addr                  `rec:"id.orig_h" ent:"address"`
	Name  string                      `rec:"name"`
	N     uint64                      `rec:"n"`
	Delta record.Opt[int64]           `rec:"delta"`
	Share float64                     `rec:"share"`
	Yes   bool                        `rec:"yes"`
	Took  record.Opt[time.Duration]   `rec:"took"`
	List  []string                    `rec:"list" ent:"domain"`
	TTLs  []record.Opt[time.Duration] `rec:"ttls"`
	Pairs []record.KV                 `rec:"pairs"`
}

var sightType = record.Of[sight]("sight")

// RecordType is the schema.
func (*sight) RecordType() *record.Type { return sightType }

func sights() []record.Record {
	return []record.Record{
		&sight{
			Head: at(1), Host: netip.MustParseAddr("192.0.2.7"), Name: "caf\xe9", N: 1 << 63, Delta: record.Some(int64(-5)),
			Share: 0.25, Yes: true, Took: record.Some(time.Millisecond), List: []string{"a.example", "", "b.example"},
			TTLs: []record.Opt[time.Duration]{record.Some(time.Second), {}, record.Some(2 * time.Second)}, Pairs: []record.KV{{Name: "k", Value: "v"}},
		},
		&sight{Head: at(2)},
	}
}

func TestParquetHoldsEveryValue(t *testing.T) {
	files, written := write(t, sights(), Parquet, 1<<20, 1)
	data := files["sight.parquet"]
	if written[0].Rows != 2 || written[0].Bytes != int64(len(data)) {
		t.Errorf("written %+v, file of %d bytes", written[0], len(data))
	}
	f, err := parquet.OpenFile(strings.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range f.Root().Columns() {
		names = append(names, c.Name())
	}
	want := []string{"ts", "id.orig_h", "name", "n", "delta", "share", "yes", "took", "list", "ttls", "pairs", "ref.file", "ref.offset", "ref.line", "ref.record", "lookup"}
	if d := cmp.Diff(want, names); d != "" {
		t.Errorf("columns (-want +got):\n%s", d)
	}
	rows := make([]parquet.Row, 2)
	n, _ := f.RowGroups()[0].Rows().ReadRows(rows)
	if n != 2 {
		t.Fatalf("%d rows", n)
	}
	var got []string
	for _, v := range rows[0] {
		if s := v.String(); names[v.Column()] == "n" {
			got = append(got, strconv.FormatUint(v.Uint64(), 10))
		} else {
			got = append(got, s)
		}
	}
	want = []string{
		"1700000001000000000", "192.0.2.7", `caf\xe9`, "9223372036854775808", "-5", "0.25", "true", "1000000",
		"a.example", "", "b.example", "1000000000", "<null>", "2000000000", `{"k":"v"}`,
		"<null>", "<null>", "<null>", "<null>", "192.0.0.0/16", "192.0.2.0/24", "example", // no place; the keys that no column holds as they are
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("first row (-want +got):\n%s", d)
	}
	for _, v := range rows[1][1:] {
		if c := names[v.Column()]; v.IsNull() != (c != "n" && c != "share" && c != "yes") {
			t.Errorf("second row, column %s: %v", c, v)
		}
	}
	bloom := f.RowGroups()[0].ColumnChunks()[1].BloomFilter()
	if bloom == nil {
		t.Fatal("no bloom filter on the address")
	}
	if ok, err := bloom.Check(parquet.ByteArrayValue([]byte("192.0.2.7"))); !ok || err != nil {
		t.Errorf("the filter does not know the address: %v", err)
	}
}

func TestParquetIsTheSameForAnyNumberOfLanes(t *testing.T) {
	var many []record.Record
	for i := range 5000 {
		many = append(many, &sight{Head: at(i % 700), N: uint64(i), List: []string{"x", strings.Repeat("y", i%40)}})
	}
	one, _ := write(t, many, Parquet, 1<<20, 1)
	three, _ := write(t, many, Parquet, 1, 3)
	if one["sight.parquet"] != three["sight.parquet"] {
		t.Error("files differ")
	}
}

// What analysts read Parquet with must read it: DuckDB, where Python has it.
func TestDuckDBReadsParquet(t *testing.T) {
	if err := exec.Command("python3", "-c", "import duckdb").Run(); err != nil {
		t.Skip("python3 has no duckdb here: pip install duckdb")
	}
	files, _ := write(t, sights(), Parquet, 1<<20, 1)
	path := filepath.Join(t.TempDir(), "sight.parquet")
	if err := os.WriteFile(path, []byte(files["sight.parquet"]), 0o600); err != nil {
		t.Fatal(err)
	}
	query := `import duckdb,sys
for r in duckdb.sql("select epoch_ns(ts), \"id.orig_h\", n, delta, took, list, ttls from '" + sys.argv[1] + "' where \"id.orig_h\" = '192.0.2.7'").fetchall(): print(r)`
	var stderr bytes.Buffer
	cmd := exec.Command("python3", "-c", query, path)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	want := "(1700000001000000000, '192.0.2.7', 9223372036854775808, -5, 1000000, ['a.example', '', 'b.example'], [1000000000, None, 2000000000])\n"
	if string(out) != want {
		t.Errorf("got  %swant %s", out, want)
	}
}
