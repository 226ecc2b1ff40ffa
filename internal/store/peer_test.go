package store

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/pypeer"
)

// outside reads a file with Arrow and DuckDB: the rows of a few columns, how
// much of the file has statistics, and what the bloom filters say of a value.
const outside = `
import sys, json, pyarrow.parquet as pq, duckdb
f = pq.ParquetFile(sys.argv[1])
rows = f.read(columns=["query", "answers", "ref.file", "ref.offset"]).to_pylist()
stats = all(f.metadata.row_group(g).column(c).is_stats_set for g in range(f.metadata.num_row_groups) for c in range(f.metadata.num_columns))
least = [f.metadata.row_group(g).column(0).statistics.min_raw for g in range(f.metadata.num_row_groups)]
def blooms(col, v):
    return [r[0] for r in duckdb.sql("select bloom_filter_excludes from parquet_bloom_probe('" + sys.argv[1] + "', '" + col + "', '" + v + "') order by row_group_id").fetchall()]
count = duckdb.sql("select count(*) from '" + sys.argv[1] + "' where query = 'b.evil.com'").fetchall()[0][0]
print(json.dumps({"rows": [[r["query"], r["answers"] or [], r["ref.file"], r["ref.offset"]] for r in rows], "stats": stats, "groups": len(least), "ordered": least == sorted(least),
  "has": blooms("query", "b.evil.com"), "hasnot": blooms("query", "nowhere.example"), "count": count}))
`

// TestOutsidersReadColumns: others read the rows that we read, with statistics
// of every column, and take our bloom filters for what they are.
func TestOutsidersReadColumns(t *testing.T) {
	python := pypeer.Python(t, "pyarrow", "duckdb")
	c := chance{rand.New(rand.NewPCG(5, 5))}
	var list []*thing
	for i := range 90 {
		r := c.thing(i)
		if r.Name = "a.com"; i >= 30 && i < 60 && i%2 == 0 {
			r.Name = "b.evil.com"
		}
		list = append(list, r)
	}
	f := parquetOf(t, list, 30)
	out, err := exec.CommandContext(t.Context(), python, "-c", outside, f.Path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var got struct {
		Rows           [][]any `json:"rows"`
		Stats, Ordered bool
		Groups, Count  int
		Has, HasNot    []bool
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var want [][]any
	for _, r := range list {
		answers := []any{}
		for _, a := range r.Answers {
			answers = append(answers, a.String())
		}
		var offset any
		if r.Ref.Kind == 1 {
			offset = float64(r.Ref.Pos)
		}
		want = append(want, []any{r.Name, answers, r.Ref.File, offset})
	}
	if d := cmp.Diff(want, got.Rows); d != "" {
		t.Errorf("rows (-written +read):\n%.2000s", d)
	}
	if !got.Stats || !got.Ordered || got.Groups != 3 || got.Count != 15 {
		t.Errorf("%+v", got)
	}
	if has := fmt.Sprint(got.Has); has != "[true false true]" {
		t.Errorf("the filters leave out row groups %s of a value that the second has", has)
	}
	if hasNot := fmt.Sprint(got.HasNot); hasNot != "[true true true]" {
		t.Errorf("the filters leave out row groups %s of a value that none has", hasNot)
	}
}
