package record

import (
	"encoding/json"
	"net/netip"
	"testing"
	"time"
)

// row has a field of every kind.
type row struct {
	Conn
	Name   string             `rec:"name" ecs:"x.name" ent:"domain,queried"`
	Flag   bool               `rec:"flag"`
	N      uint32             `rec:"n"`
	MaybeN Opt[uint64]        `rec:"maybe_n"`
	Text   Opt[string]        `rec:"text"`
	Took   Opt[time.Duration] `rec:"took"`
	List   []string           `rec:"list,set"`
	TTLs   []time.Duration    `rec:"ttls"`
	Net    netip.Prefix       `rec:"net"`
	Own    string             `rec:"own,extra"`
	Pairs  []KV               `rec:"pairs"`
}

var rowType = Of[row]("row")

func (*row) RecordType() *Type { return rowType }

func sample() *row {
	return &row{
		Conn: Conn{
			Head: Head{TS: 1300475168_853899000}, UID: "C1",
			OrigH: netip.MustParseAddr("141.142.220.118"), OrigP: 43927, RespH: netip.MustParseAddr("::1"), RespP: 53,
		},
		Name: "a\tb\xff\"", N: 7, MaybeN: Some(uint64(0)), Text: Some(""), Took: Some(435 * time.Microsecond),
		List: []string{"x,y", "z"}, TTLs: []time.Duration{time.Second}, Net: netip.MustParsePrefix("10.0.0.0/8"), Own: "ours",
		Pairs: []KV{{"Data", "1"}, {"Data", "2"}, {"k", "v"}},
	}
}

// TestJSON: the spelling is that of Zeek's JSON writer.
func TestJSON(t *testing.T) {
	want := `{"ts":1300475168.853899,"uid":"C1","id.orig_h":"141.142.220.118","id.orig_p":43927,"id.resp_h":"::1","id.resp_p":53,` +
		`"name":"a\tb\\xff\"","flag":false,"n":7,"maybe_n":0,"text":"","took":0.000435,"list":["x,y","z"],"ttls":[1.000000],"net":"10.0.0.0/8",` +
		`"own":"ours","pairs":{"Data":["1","2"],"k":"v"}}`
	got := string(rowType.AppendJSON(nil, sample()))
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if !json.Valid([]byte(got)) {
		t.Error("not valid JSON")
	}
	empty := string(rowType.AppendJSON(nil, &row{}))
	if empty != `{"id.orig_p":0,"id.resp_p":0,"flag":false,"n":0}` {
		t.Errorf("absent values: %s", empty)
	}
}

// TestZeek: the spelling is that of Zeek's ASCII writer
// (https://docs.zeek.org/en/master/log-formats.html); columns of our own are
// not in its logs.
func TestZeek(t *testing.T) {
	fields, types := rowType.Stock().ZeekHeader()
	if want := "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tname\tflag\tn\tmaybe_n\ttext\ttook\tlist\tttls\tnet\tpairs"; fields != want {
		t.Errorf("got  %q\nwant %q", fields, want)
	}
	if want := "#types\ttime\tstring\taddr\tport\taddr\tport\tstring\tbool\tcount\tcount\tstring\tinterval\tset[string]\tvector[interval]\tsubnet\tstring"; types != want {
		t.Errorf("got  %q\nwant %q", types, want)
	}
	want := "1300475168.853899\tC1\t141.142.220.118\t43927\t::1\t53\ta\\x09b\xff\"\tF\t7\t0\t(empty)\t0.000435\tx\\x2cy,z\t1.000000\t10.0.0.0/8\tData=1,Data=2,k=v"
	if got := string(rowType.Stock().AppendZeek(nil, sample())); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestSetText: what is written is read back as it was.
func TestSetText(t *testing.T) {
	from, to := sample(), &row{}
	from.Pairs = nil
	for i := range rowType.Fields {
		f := &rowType.Fields[i]
		if texts := f.Text(from); texts != nil {
			if err := f.SetText(to, texts); err != nil {
				t.Errorf("%s: %v", f.Name, err)
			}
		}
	}
	if a, b := string(rowType.AppendJSON(nil, from)), string(rowType.AppendJSON(nil, to)); a != b {
		t.Errorf("got  %s\nwant %s", b, a)
	}
	f, _ := rowType.Field("n")
	for _, bad := range []string{"", "-1", "x", "4294967296"} {
		if err := f.SetText(to, []string{bad}); err == nil {
			t.Errorf("a count of %q is taken", bad)
		}
	}
}

func TestParseTime(t *testing.T) {
	for text, want := range map[string]Time{
		"1300475168.853899":         1300475168_853899000,
		"1300475168":                1300475168_000000000,
		"1.5e9":                     1500000000_000000000,
		"2011-03-18T19:06:08.5Z":    1300475168_500000000,
		"2011-03-18T21:06:08+02:00": 1300475168_000000000,
	} {
		if got, err := ParseTime(text); err != nil || got != want {
			t.Errorf("ParseTime(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, bad := range []string{"", "x", "99999999999999", "1e300", "2011-13-01T00:00:00Z"} {
		if got, err := ParseTime(bad); err == nil {
			t.Errorf("ParseTime(%q) = %d", bad, got)
		}
	}
}

func TestEntities(t *testing.T) {
	got := rowType.Entities(sample())
	want := []Entity{{"address", "141.142.220.118", "originator"}, {"address", "::1", "responder"}, {"domain", "a\tb\xff\"", "queried"}}
	if len(got) != len(want) {
		t.Fatalf("got %v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %v, want %v", got[i], want[i])
		}
	}
}

// TestECS: times are RFC 3339, names without an ECS field keep ours.
func TestECS(t *testing.T) {
	var m map[string]any
	if err := json.Unmarshal(rowType.AppendECS(nil, sample()), &m); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"@timestamp": "2011-03-18T19:06:08.853899Z", "source.ip": "141.142.220.118", "x.name": "a\tb\\xff\"", "longwatch.row.n": 7.0,
	} {
		if m[name] != want {
			t.Errorf("%s is %v, want %v", name, m[name], want)
		}
	}
}

func FuzzSetText(f *testing.F) {
	f.Add("ts", "1.5")
	f.Add("id.orig_h", "10.0.0.1")
	f.Add("net", "10.0.0.0/8")
	f.Fuzz(func(t *testing.T, name, text string) {
		fd, ok := rowType.Field(name)
		if !ok {
			return
		}
		r := &row{}
		if fd.SetText(r, []string{text}) != nil {
			return
		}
		if !json.Valid(rowType.AppendJSON(nil, r)) {
			t.Errorf("%s=%q makes invalid JSON: %s", name, text, rowType.AppendJSON(nil, r))
		}
	})
}

// FuzzCells: a row that AppendRow did not write is an error, never a panic, and
// one that it wrote is read to its end.
func FuzzCells(f *testing.F) {
	f.Add(rowType.AppendRow(nil, sample()))
	f.Add(rowType.AppendRow(nil, &row{}))
	f.Fuzz(func(t *testing.T, b []byte) {
		last := -1
		err := rowType.Cells(b, func(col, n int, _ Cell) {
			if col < last || col > last+1 || n < -1 {
				t.Fatalf("column %d after %d, value %d", col, last, n)
			}
			last = col
		})
		if err == nil && last != len(rowType.Fields)-1 {
			t.Fatalf("ended at column %d", last)
		}
	})
}
