package record

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// parcel has every kind of value that is packed.
type parcel struct {
	Conn
	Text    string             `rec:"text"`
	Word    term               `rec:"word"`
	Flag    bool               `rec:"flag"`
	Small   uint8              `rec:"small"`
	Count   Opt[uint64]        `rec:"count"`
	Depth   int32              `rec:"depth"`
	For     Opt[time.Duration] `rec:"for"`
	Net     netip.Prefix       `rec:"net"`
	Addrs   []netip.Addr       `rec:"addrs"`
	Names   []string           `rec:"names"`
	Numbers []uint16           `rec:"numbers"`
	Score   float64            `rec:"score"`
	Fields  []KV               `rec:"fields"`
	Maybe   []Opt[string]      `rec:"maybe"`
	More    []Ref              `rec:"-"`
	Beyond  bool               `rec:"-"`
}

type term string

var parcelType = Of[parcel]("parcel")

// RecordType is the schema.
func (*parcel) RecordType() *Type { return parcelType }

func fullParcel() *parcel {
	p := &parcel{
		Text: "caf\xe9\x00", Word: "w", Flag: true, Small: 255, Count: Some(uint64(0)), Depth: -7, For: Some(-time.Hour), Net: netip.MustParsePrefix("10.0.0.0/8"),
		Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.1"), {}, netip.MustParseAddr("fe80::1%eth0")}, Names: []string{"", strings.Repeat("n", 200)}, Numbers: []uint16{0, 65535},
		Score: -1.5e300, Fields: []KV{{Name: "a", Value: "b"}, {}}, Maybe: []Opt[string]{Some(""), {}}, Beyond: true, More: []Ref{{File: "m", Pos: 3}, {}},
	}
	p.TS, p.UID, p.OrigH, p.RespP = -5, "C1", netip.MustParseAddr("2001:db8::1"), 443
	p.Ref = Ref{File: "a.zip!b.log", Kind: RefLine, Pos: 1 << 40}
	return p
}

// TestPackedFields: what has no column is kept too, as is the reference.
func TestPackedFields(t *testing.T) {
	want := fullParcel()
	r, err := parcelType.Unpack(parcelType.AppendPacked(nil, want), new(Texts))
	if err != nil {
		t.Fatal(err)
	}
	got := r.(*parcel)
	if got.Ref != want.Ref || !got.Beyond || len(got.More) != 2 || got.More[0] != want.More[0] || got.TS != -5 || got.Addrs[1].IsValid() || got.Addrs[2].Zone() != "eth0" || got.Maybe[0] != Some("") || got.Maybe[1].Set {
		t.Errorf("got %+v", got)
	}
	if a, b := string(parcelType.AppendJSON(nil, want)), string(parcelType.AppendJSON(nil, got)); a != b {
		t.Errorf("packed\n%s\nunpacked\n%s", a, b)
	}
}

// TestCutPacked: no beginning of a packed record passes for one.
func TestCutPacked(t *testing.T) {
	whole := parcelType.AppendPacked(nil, fullParcel())
	for n := range whole {
		if _, err := parcelType.Unpack(whole[:n], new(Texts)); !errors.Is(err, ErrPacked) {
			t.Fatalf("%d of %d bytes: %v", n, len(whole), err)
		}
	}
}

// TestWeight: long text counts, wherever it is.
func TestWeight(t *testing.T) {
	long := &parcel{Text: strings.Repeat("s", 10_000), Names: []string{strings.Repeat("t", 5_000)}, Fields: []KV{{Value: strings.Repeat("u", 2_000)}}, Maybe: []Opt[string]{Some(strings.Repeat("v", 1_000))}}
	if d := parcelType.Weight(long) - parcelType.Weight(&parcel{}); d < 18_000 || d > 19_000 {
		t.Errorf("18,000 characters weigh %d", d)
	}
}

// FuzzUnpack: whatever the bytes, a record or an error; what is a record packs
// to bytes that are the same record.
func FuzzUnpack(f *testing.F) {
	f.Add(parcelType.AppendPacked(nil, fullParcel()))
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parcelType.Unpack(b, new(Texts))
		if err != nil {
			return
		}
		once := parcelType.AppendPacked(nil, r)
		again, err := parcelType.Unpack(once, new(Texts))
		if err != nil || !bytes.Equal(once, parcelType.AppendPacked(nil, again)) {
			t.Fatalf("%x became %x: %v", b, once, err)
		}
	})
}
