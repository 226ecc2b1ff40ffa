package pcap

import (
	"bytes"
	"context"
	"io"
	"os"
	"testing"

	"longwatch/internal/evidence"
	"longwatch/internal/flow/flowtest"
)

func file(b []byte) *evidence.File {
	return &evidence.File{Path: "dir/a.pcap", Name: "a.pcap", Size: int64(len(b)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }}
}

func TestTruncatedCaptureSaysWhatIsLost(t *testing.T) {
	whole, err := os.ReadFile(flowtest.Corpus(t, "zeek/traces/wikipedia.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	b := whole[:len(whole)/2]
	if Format.Sniff("", b[:evidence.SniffLen]) != evidence.Sure {
		t.Error("not recognised")
	}
	var out flowtest.Outlet
	if err := Format.New(file(b), &evidence.Env{Jobs: 2}).Read(context.Background(), &out); err != nil {
		t.Error(err)
	}
	recs := out.Sorted()
	if len(recs) == 0 || recs[0].Base().Ref.File != "dir/a.pcap" {
		t.Errorf("%d records", len(recs))
	}
	last := out.Problems[len(out.Problems)-1]
	if last.Name != "capture-truncated" || last.Bytes <= 0 || last.Ref.Pos+last.Bytes != int64(len(b)) || !last.Ends {
		t.Errorf("problem %+v", last)
	}
}

func TestSniff(t *testing.T) {
	for head, want := range map[string]evidence.Match{
		"\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00":         evidence.Sure,
		"\xa1\xb2\x3c\x4d\x00\x02\x00\x04\x00\x00\x00\x00":         evidence.Sure,
		"\x0a\x0d\x0d\x0a\x1c\x00\x00\x00\x4d\x3c\x2b\x1a\x01\x00": evidence.Sure,
		"\x0a\x0d\x0d\x0a\x1c\x00\x00\x00\x00\x00\x00\x00\x01\x00": evidence.None,
		"snoop\x00\x00\x00\x00\x00\x00\x02":                        evidence.Sure,
		"snoopy was":                                               evidence.None,
		"GET / HTTP/1.1\r\n":                                       evidence.None,
		"\xd4\xc3":                                                 evidence.None,
	} {
		if got := Format.Sniff("x.pcap", []byte(head)); got != want {
			t.Errorf("%q: %v, want %v", head, got, want)
		}
	}
}
