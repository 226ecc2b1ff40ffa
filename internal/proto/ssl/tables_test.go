package ssl

import (
	"encoding/hex"
	"testing"

	"longwatch/internal/proto"
)

func TestTablesAreInOrder(t *testing.T) {
	for name, table := range map[string][]code{"suites": suites[:], "highSuites": highSuites[:], "groups": groups[:], "alerts": alerts[:]} {
		for i := 1; i < len(table); i++ {
			if table[i].n <= table[i-1].n {
				t.Errorf("%s: %#x after %#x", name, table[i].n, table[i-1].n)
			}
		}
	}
}

// Bytes of other protocols that begin much as TLS does.
func TestProbeSaysNo(t *testing.T) {
	for name, tc := range map[string]struct {
		d proto.Dir
		b string
	}{
		"TPKT with an RDP connection request": {proto.Orig, "0300001300e00000000000010008000300"},
		"TLS record of nonsense":              {proto.Orig, "160301000501000001ffff0000"},
		"ServerHello from the originator":     {proto.Orig, "1603030031020000" + "2d0303"},
		"FRP's byte, then no hello":           {proto.Orig, "17160301000a0e0000000303"},
		"MySQL greeting":                      {proto.Resp, "4a0000000a352e372e"},
		"a record of data, then no record":    {proto.Orig, "1703030011" + "0102030405060708090a0b0c0d0e0f1011" + "4745542f"},
		"data too short to be encrypted":      {proto.Orig, "170303000455555555"},
		"FRP's byte alone":                    {proto.Orig, "1702"},
		"NetBIOS session request":             {proto.Orig, "8100004420434b464445"},
	} {
		b, err := hex.DecodeString(tc.b)
		if err != nil {
			t.Fatal(name, err)
		}
		if got := probe(tc.d, b); got != proto.No {
			t.Errorf("%s: %v", name, got)
		}
	}
}
