package app

import (
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"longwatch/internal/record"
)

// TestGeneratedEncoders: what is generated writes what reflection writes, for
// every record type, whatever it holds.
func TestGeneratedEncoders(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	generated := 0
	for _, typ := range RecordTypes() {
		if _, ok := typ.New().(record.JSONAppender); !ok {
			continue
		}
		generated++
		for range 40 {
			r := typ.New()
			randomise(rng, reflect.ValueOf(r).Elem())
			for _, v := range []*record.Type{typ, typ.Stock()} {
				want, got := string(v.ReflectJSON(nil, r)), string(v.AppendJSON(nil, r))
				if got != want {
					t.Fatalf("%s: generated\n%s\nby reflection\n%s", typ.Name, got, want)
				}
			}
		}
	}
	if generated < 20 {
		t.Errorf("only %d types have a generated encoder", generated)
	}
}

// TestPacked: what goes through a file of the run's own comes back as it was, for
// every record type.
func TestPacked(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var texts record.Texts
	for _, typ := range RecordTypes() {
		for range 20 {
			r := typ.New()
			randomise(rng, reflect.ValueOf(r).Elem())
			r.Base().Ref = record.Ref{File: "evidence/x.log", Kind: record.RefOffset, Pos: rng.Int64()}
			back, err := typ.Unpack(typ.AppendPacked(nil, r), &texts)
			if err != nil {
				t.Fatalf("%s: %v", typ.Name, err)
			}
			if want, got := string(typ.ReflectJSON(nil, r)), string(typ.ReflectJSON(nil, back)); got != want || *back.Base() != *r.Base() {
				t.Fatalf("%s: packed\n%s\nunpacked\n%s", typ.Name, want, got)
			}
		}
	}
}

// randomise sets fields at random; a third stays as it is.
func randomise(rng *rand.Rand, v reflect.Value) {
	if rng.IntN(3) == 0 {
		return
	}
	switch v.Interface().(type) {
	case record.Ref:
		return
	case netip.Addr:
		v.Set(reflect.ValueOf([]netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}[rng.IntN(2)]))
		return
	case netip.Prefix:
		v.Set(reflect.ValueOf(netip.MustParsePrefix("10.0.0.0/8")))
		return
	case record.Time:
		v.SetInt(rng.Int64N(2e18))
		return
	case time.Duration:
		v.SetInt(rng.Int64N(1e15) - 5e14)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				randomise(rng, v.Field(i))
			}
		}
	case reflect.Slice:
		s := reflect.MakeSlice(v.Type(), rng.IntN(3), 3)
		for i := range s.Len() {
			randomise(rng, s.Index(i))
		}
		v.Set(s)
	case reflect.String:
		v.SetString([]string{"", "plain", "a\"b\\c\n\x01", "caf\xe9", "größe", "-"}[rng.IntN(6)])
	case reflect.Bool:
		v.SetBool(rng.IntN(2) == 0)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(rng.Uint64())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(rng.Uint64()))
	case reflect.Float64:
		v.SetFloat(rng.NormFloat64())
	}
}
