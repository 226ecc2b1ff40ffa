package record

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestParseJSON: what AppendJSON wrote is read back, and so is the place in
// the evidence, whatever it counts.
func TestParseJSON(t *testing.T) {
	for _, ref := range []Ref{{}, {File: "a.zip!b\\c\".log"}, {File: "x.evtx", Kind: RefRecord, Pos: 4711}, {File: "x.log", Kind: RefLine, Pos: 1}, {File: "x.pcap", Kind: RefOffset, Pos: 1 << 40}} {
		from := sample()
		from.Ref = ref
		line := AppendRefJSON(rowType.AppendJSON(nil, from), ref)
		to, err := rowType.ParseJSON(line, nil)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		from.Name = `a` + "\t" + `b\xff"` // the byte that is not UTF-8 stays written
		if d := cmp.Diff(from, to, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); d != "" {
			t.Errorf("%s (-written +read):\n%s", line, d)
		}
	}
}

// TestParseJSONSkips: what is not wanted, and what nobody knows, costs nothing.
func TestParseJSONSkips(t *testing.T) {
	line := []byte(`{"ts":1.5,"name":"kept","n":4294967296,"new":{"a":[1,{"b":null}],"c":"\ud83d\ude00"},"uid":"C1"}`)
	got, err := rowType.ParseJSON(line, func(f *Field) bool { return f.Name == "ts" || f.Name == "name" })
	if err != nil {
		t.Fatal(err)
	}
	if r := got.(*row); r.TS != 1.5e9 || r.Name != "kept" || r.UID != "" || r.N != 0 {
		t.Errorf("%+v", r)
	}
}

func TestParseJSONRefuses(t *testing.T) {
	for _, line := range []string{
		``, `{`, `{"n":1`, `{"n":4294967296}`, `{"name":"a` + "\n" + `"}`, `{"name":"\u00g0"}`, `[]`, `{"n":1} {}`, `{"id.orig_h":"nowhere"}`, `{"ref":{"file":"x","line":"y"}}`,
		`{"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, `{"list":["a"`, `{"pairs":["a"]}`, `{,}`, `{"n":}`,
	} {
		if r, err := rowType.ParseJSON([]byte(line), nil); err == nil || r != nil {
			t.Errorf("%q was read as %+v", line, r)
		}
	}
	if _, err := rowType.ParseJSON([]byte(`{"n":`), nil); !errors.Is(err, ErrJSON) {
		t.Errorf("got %v", err)
	}
}

// FuzzParseJSON: a record that could be read is written and read the same.
func FuzzParseJSON(f *testing.F) {
	f.Add(AppendRefJSON(rowType.AppendJSON(nil, sample()), Ref{File: "x", Kind: RefLine, Pos: 3}))
	f.Add([]byte(`{"ts":1e9,"list":[null,"a"],"pairs":{"":[]},"name":"\ud800\u0041"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := rowType.ParseJSON(line, nil)
		if (r == nil) == (err == nil) {
			t.Fatal("an error comes with a record, or neither comes")
		}
		if err != nil {
			return
		}
		once := AppendRefJSON(rowType.AppendJSON(nil, r), r.Base().Ref)
		again, err := rowType.ParseJSON(once, nil)
		if err != nil {
			t.Fatalf("%s: %v", once, err)
		}
		if twice := AppendRefJSON(rowType.AppendJSON(nil, again), again.Base().Ref); !bytes.Equal(once, twice) {
			t.Errorf("written as %s, read and written as %s", once, twice)
		}
	})
}
