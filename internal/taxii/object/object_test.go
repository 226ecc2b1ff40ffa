package object

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corpus holds objects labelled by the OASIS validator: invalid_* are refused,
// all others accepted.
const corpus = "../../../../shared/corpora/stix"

// objects takes a file apart as a client that pushes does: a bundle is its
// objects, anything else is one.
func objects(b []byte) ([]json.RawMessage, error) {
	if err := Check(b, MaxDepth); err != nil {
		return nil, err
	}
	p, err := properties(b)
	if err != nil {
		return nil, err
	}
	if text(p["type"]) == "bundle" {
		return Split(b, MaxDepth)
	}
	return []json.RawMessage{b}, nil
}

func TestLabelledObjects(t *testing.T) {
	files, _ := filepath.Glob(corpus + "/validator-*/*.json")
	if len(files) == 0 {
		t.Skipf("no labelled objects in %s", corpus)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		list, err := objects(b)
		for _, raw := range list {
			if _, e := Parse(raw); e != nil {
				err = e
			}
		}
		if refuse := strings.HasPrefix(filepath.Base(file), "invalid_"); refuse != (err != nil) {
			t.Errorf("%s: error %v, want one: %v", file, err, refuse)
		}
	}
}

const id = `--8c6af861-7b20-41ef-9b59-6344fd872a8f"`

func TestParse(t *testing.T) {
	common := `,"created":"2026-03-02T08:00:00Z","modified":"2026-03-02T08:00:00.5Z"`
	tests := []struct{ name, json, wrong string }{
		{"indicator", `{"type":"indicator","spec_version":"2.1","id":"indicator` + id + common + `,"pattern":"[a:b = 'c']","pattern_type":"stix","valid_from":"2026-03-02T08:00:00Z"}`, ""},
		{"indicator without pattern_type", `{"type":"indicator","spec_version":"2.1","id":"indicator` + id + common + `,"pattern":"[a:b = 'c']","valid_from":"2026-03-02T08:00:00Z"}`, "pattern_type"},
		{"indicator of 2.0 without labels", `{"type":"indicator","id":"indicator` + id + common + `,"pattern":"[a:b = 'c']","valid_from":"2026-03-02T08:00:00Z"}`, "labels"},
		{"window that ends before it begins", `{"type":"indicator","spec_version":"2.1","id":"indicator` + id + common + `,"pattern":"[a:b = 'c']","pattern_type":"stix","valid_from":"2026-03-02T08:00:00Z","valid_until":"2026-03-01T08:00:00Z"}`, "valid_until"},
		{"observable", `{"type":"ipv4-addr","id":"ipv4-addr` + id + `,"value":"198.51.100.3"}`, ""},
		{"observable without value", `{"type":"ipv4-addr","id":"ipv4-addr` + id + `}`, "value"},
		{"type of somebody's own", `{"type":"x-thing","spec_version":"2.1","id":"x-thing` + id + common + `}`, ""},
		{"observable of somebody's own", `{"type":"x-thing","id":"x-thing` + id + `,"a":1}`, ""},
		{"id of another type", `{"type":"tool","spec_version":"2.1","id":"malware` + id + common + `,"name":"x"}`, "begin with its type"},
		{"id without UUID", `{"type":"tool","spec_version":"2.1","id":"tool--1"` + common + `,"name":"x"}`, "UUID"},
		{"time with offset", `{"type":"tool","spec_version":"2.1","id":"tool` + id + `,"created":"2026-03-02T08:00:00+01:00","modified":"2026-03-02T08:00:00Z","name":"x"}`, "created"},
		{"null", `{"type":"tool","spec_version":"2.1","id":"tool` + id + common + `,"name":"x","description":null}`, "null"},
		{"empty list", `{"type":"tool","spec_version":"2.1","id":"tool` + id + common + `,"name":"x","labels":[ ]}`, "empty list"},
		{"confidence", `{"type":"tool","spec_version":"2.1","id":"tool` + id + common + `,"name":"x","confidence":101}`, "confidence"},
		{"two ids", `{"type":"tool","id":"tool` + id + `,"id":"tool` + id + common + `,"name":"x"}`, "twice"},
		{"another STIX", `{"type":"tool","spec_version":"3.0","id":"tool` + id + common + `,"name":"x"}`, "spec_version"},
		{"bundle", `{"type":"bundle","id":"bundle` + id + `,"objects":[]}`, "bundle"},
		{"list", `[1]`, "not a JSON object"},
		{"reference", `{"type":"relationship","spec_version":"2.1","id":"relationship` + id + common + `,"relationship_type":"uses","source_ref":"x","target_ref":"malware` + id + `}`, "source_ref"},
		{"marking of TLP 1", `{"type":"marking-definition","spec_version":"2.1","id":"marking-definition` + id + `,"created":"2017-01-20T00:00:00.000Z","definition_type":"tlp","definition":{"tlp":"green"}}`, ""},
		{"marking of nothing", `{"type":"marking-definition","spec_version":"2.1","id":"marking-definition` + id + `,"created":"2017-01-20T00:00:00.000Z"}`, "definition"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, err := Parse([]byte(tt.json))
			if tt.wrong == "" {
				if err != nil || len(o.Body) == 0 {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.wrong) {
				t.Errorf("error %v, want one that says %q", err, tt.wrong)
			}
		})
	}
}

// TestVersion: modified, else created, else none; the text stays.
func TestVersion(t *testing.T) {
	o, err := Parse([]byte(`{"type":"tool","spec_version":"2.1","id":"tool` + id + `,"created":"2026-03-02T08:00:00Z","modified":"2026-03-02T08:00:00.5Z","name":"x"}`))
	if err != nil || o.Text != "2026-03-02T08:00:00.5Z" || o.Version.Version() != "2026-03-02T08:00:00.500Z" || o.Spec != "2.1" {
		t.Errorf("%+v %v", o, err)
	}
	o, err = Parse([]byte(`{"type":"url","id":"url` + id + `,"value":"https://example.com/"}`))
	if err != nil || o.Version != 0 || o.Spec != "2.1" {
		t.Errorf("%+v %v", o, err)
	}
}

func TestDepth(t *testing.T) {
	deep := strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)
	if err := Check([]byte(deep), MaxDepth); err != nil {
		t.Error(err)
	}
	if err := Check([]byte("["+deep+"]"), MaxDepth); err == nil {
		t.Error("one bracket more was accepted")
	}
	if err := Check([]byte(`{"a":"`+strings.Repeat("[", 1000)+`\"["}`), MaxDepth); err != nil {
		t.Errorf("brackets in a text count: %v", err)
	}
	if err := Check([]byte("\"\xff\""), MaxDepth); err == nil {
		t.Error("broken UTF-8 was accepted")
	}
}

func TestSame(t *testing.T) {
	if !Same([]byte(`{"a":1,"b":[2]}`), []byte(`{"b":[2],"a":1}`)) || Same([]byte(`{"a":1}`), []byte(`{"a":1.0000000000000000001}`)) {
		t.Error("order of properties matters, or numbers are rounded")
	}
}

// FuzzEnvelope: what is accepted is whole: an identifier of its type, a body
// that is read again as the same object.
func FuzzEnvelope(f *testing.F) {
	f.Add([]byte(`{"objects":[{"type":"url","id":"url` + id + `,"value":"https://example.com/"}]}`))
	f.Add([]byte(`{"more":true,"objects":[{"type":"tool","spec_version":"2.1","id":"tool` + id + `,"created":"2026-03-02T08:00:00Z","modified":"2026-03-02T08:00:00.5Z","name":"x"},1]}`))
	f.Add([]byte(`{"objects":[[[[[]]]]]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := Split(b, MaxDepth)
		if err != nil && list != nil {
			t.Error("an error and objects")
		}
		for _, raw := range list {
			o, err := Parse(raw)
			if err != nil {
				if o.Body != nil {
					t.Error("an error and a body")
				}
				continue
			}
			if !strings.HasPrefix(o.ID, o.Type+"--") || len(o.ID) > MaxID || o.Spec != "2.0" && o.Spec != "2.1" {
				t.Errorf("%+v", o)
			}
			again, err := Parse(o.Body)
			if err != nil || again.ID != o.ID || again.Version != o.Version || !bytes.Equal(again.Body, o.Body) {
				t.Errorf("read again: %+v %v", again, err)
			}
		}
	})
}

// FuzzProperties: the properties are those that encoding/json finds, with its
// values, unless one is there twice.
func FuzzProperties(f *testing.F) {
	f.Add([]byte(` { "a\\u0062" : [1, {"x":"}"}] , "c":-1.5e3,"d":"\\\"\\\\" ,"e":null } `))
	f.Add([]byte(`{"a":1,"a":2}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := properties(b)
		var want map[string]json.RawMessage
		if e := json.Unmarshal(b, &want); e != nil || want == nil {
			if err == nil {
				t.Fatalf("%q is no JSON object and was read", b)
			}
			return
		}
		if err != nil {
			if !strings.Contains(err.Error(), "twice") && !strings.Contains(err.Error(), "properties") {
				t.Fatalf("%q: %v", b, err)
			}
			return
		}
		if len(got) != len(want) {
			t.Fatalf("%q: %d properties, want %d", b, len(got), len(want))
		}
		for k, v := range want {
			var s string
			_ = json.Unmarshal(v, &s) // empty where it is no text
			if string(got[k]) != string(v) || text(got[k]) != s {
				t.Fatalf("%q: %q is %q and %q, want %q and %q", b, k, got[k], text(got[k]), v, s)
			}
		}
	})
}
