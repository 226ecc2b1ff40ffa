package capture

import (
	"encoding/hex"
	"strings"
	"testing"
)

func TestReadARP(t *testing.T) {
	// A request of 10.0.0.1 for 10.0.0.2 behind a tag of VLAN 7 (RFC 826, IEEE 802.1Q).
	frame := func(tag string) *Frame {
		b, err := hex.DecodeString(strings.ReplaceAll("ffffffffffff 020000000001 "+tag+" 0806 0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002", " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		return &Frame{Link: LinkEthernet, Data: b, Len: len(b)}
	}
	a, ok := ReadARP(frame("8100 0007"))
	if !ok || a.Op != 1 || a.VLAN != 7 || a.SenderIP.String() != "10.0.0.1" || a.TargetIP.String() != "10.0.0.2" || a.SenderHW[5] != 1 || a.Dst[0] != 0xff {
		t.Errorf("read %+v, %v", a, ok)
	}
	for n := range len(frame("").Data) {
		f := frame("")
		f.Data = f.Data[:n]
		if _, ok := ReadARP(f); ok {
			t.Errorf("%d bytes are a message", n)
		}
	}
	if _, ok := ReadARP(frame("")); !ok {
		t.Error("a request without a tag is none")
	}
}
