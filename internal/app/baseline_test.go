package app

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"longwatch/internal/flow/flowtest"
	"longwatch/internal/record"
	"longwatch/internal/sink"
)

// leastIndustrial is the share of fields of an industrial protocol's logs that
// agree with those that CISA's packages for Zeek write of the same captures.
const leastIndustrial = 0.99

// TestIndustrialFieldsAgree compares every row and field of the industrial
// records with the logs of CISA's packages, by protocol.
func TestIndustrialFieldsAgree(t *testing.T) {
	for _, protocol := range []string{"modbus", "dnp3", "s7comm", "bacnet", "enip", "opcua-binary"} {
		root := flowtest.Corpus(t, "ics/"+protocol)
		agree, all := 0, 0
		var got map[string][]record.Record
		var of string
		for _, row := range table(t, filepath.Join(root, "index.tsv")) {
			if trace := row["trace"]; trace != of {
				of, got = trace, byType(flowtest.Records(t, filepath.Join(root, "traces", trace), protocols))
			}
			name := strings.TrimSuffix(row["log"], ".log")
			if name == "modbus" {
				continue // of an older Zeek, which wrote no responses
			}
			w, ours := expectedRows(t, filepath.Join(root, row["baseline"]), row, got[name])
			a, n := agreeing(w, ours)
			if a != n {
				t.Logf("%s %s: %d of %d fields agree; %d rows, want %d", row["trace"], name, a, n, len(ours), len(w))
			}
			agree, all = agree+a, all+n
		}
		if all == 0 || float64(agree) < leastIndustrial*float64(all) {
			t.Errorf("%s: %d of %d fields agree", protocol, agree, all)
		}
	}
}

// table reads a file of columns with a head.
func table(t *testing.T, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path) // #nosec G304 -- of the corpus
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = '\t', true, -1
	lines, err := r.ReadAll()
	if err != nil || len(lines) == 0 {
		t.Fatalf("%s: %v", path, err)
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, v := range line {
			row[lines[0][i]] = v
		}
		rows = append(rows, row)
	}
	return rows
}

// byType are the records that Zeek with CISA's packages would write. The logs
// of modbus and dnp3 that the packages add to Zeek's own are in no format of
// Zeek's, and yet are compared.
func byType(recs []record.Record) map[string][]record.Record {
	out := map[string][]record.Record{}
	for _, r := range recs {
		name := r.RecordType().Name
		if x, ok := r.(sink.Beyond); ok && x.BeyondZeek() && !strings.HasPrefix(name, "modbus_") && !strings.HasPrefix(name, "dnp3_") {
			continue // neither Zeek nor the package writes it
		}
		out[name] = append(out[name], r)
	}
	return out
}

// random tells the columns whose values differ from run to run, or that the
// baseline masks.
func random(column string) bool {
	return column == "ts" || column == "uid" || strings.HasSuffix(column, "fuid") || strings.HasSuffix(column, "link_id") || column == "packet_correlation_id"
}

// expectedRows reads a baseline, and makes rows of the same columns of recs.
func expectedRows(t *testing.T, path string, how map[string]string, recs []record.Record) (want, got [][]string) {
	t.Helper()
	b, err := os.ReadFile(path) // #nosec G304 -- of the corpus
	if err != nil {
		t.Fatal(err)
	}
	var columns []string
	if how["kind"] == "cut" {
		columns = strings.Fields(how["fields"])
	}
	var without []string
	if len(columns) > 0 && columns[0] == "-n" {
		without, columns = columns[1:], nil
	}
	var lines [][]string
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\n")
		if head, ok := strings.CutPrefix(line, "#fields\t"); ok {
			columns = strings.Split(head, "\t")
		}
		if line != "" && line[0] != '#' {
			lines = append(lines, strings.Split(line, "\t"))
		}
	}
	if len(recs) > 0 {
		head, _ := recs[0].RecordType().Stock().ZeekHeader()
		ours := strings.Split(head, "\t")[1:]
		if columns == nil {
			columns = slices.DeleteFunc(slices.Clone(ours), func(c string) bool { return slices.Contains(without, c) })
		}
		for _, r := range recs {
			values := strings.Split(string(r.RecordType().Stock().AppendZeek(nil, r)), "\t")
			row := make([]string, 0, len(columns))
			for _, c := range columns {
				switch i := slices.Index(ours, c); {
				case random(c):
				case i < 0:
					row = append(row, "no such column")
				default:
					row = append(row, values[i])
				}
			}
			got = append(got, row)
		}
	}
	for _, line := range lines {
		row := make([]string, 0, len(line))
		for i, v := range line {
			if i >= len(columns) || !random(columns[i]) {
				row = append(row, v)
			}
		}
		want = append(want, row)
	}
	return want, got
}

// sameText compares a value of a baseline, in which times are masked.
func sameText(want, got string) bool {
	return want == got || strings.Contains(want, "XXXXXXXXXX")
}

// agreeing pairs equal rows, then the rest in order, and counts fields that
// agree and all fields of either side.
func agreeing(want, got [][]string) (agree, all int) {
	left := slices.Clone(got)
	var rest [][]string
	for _, w := range want {
		if i := slices.IndexFunc(left, func(g []string) bool { return slices.EqualFunc(w, g, sameText) }); i >= 0 {
			left = slices.Delete(left, i, i+1)
			agree, all = agree+len(w), all+len(w)
		} else {
			rest = append(rest, w)
		}
	}
	for i, w := range rest {
		all += len(w)
		if i >= len(left) {
			continue
		}
		all += max(len(left[i])-len(w), 0)
		for j, v := range w {
			if j < len(left[i]) && sameText(v, left[i][j]) {
				agree++
			}
		}
	}
	for _, g := range left[min(len(rest), len(left)):] {
		all += len(g)
	}
	return agree, all
}
