package capture

import (
	"encoding/hex"
	"strings"
	"testing"
)

// dcpFrame is an answer of a station to "who is there": its kind, its name of
// nine bytes with padding, numbers, role, address (IEC 61158-6-10).
const dcpFrame = "00800c000001 080006000002 8892 feff 05 01 00000007 0000 0042 " +
	"0201 0009 0000 53372d33303000 " + "00 " + // S7-300, padded
	"0202 000b 0000 706c632d7874657374 00 " + // plc-xtest
	"0203 0006 0000 002a 0203 " +
	"0204 0004 0000 02 00 " +
	"0102 000e 0001 c0a80006 ffffff00 c0a80001"

func dcp(t testing.TB, text string) *Frame {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return &Frame{Link: LinkEthernet, Data: b, Len: len(b)}
}

func TestReadDCP(t *testing.T) {
	m, ok := ReadDCP(dcp(t, dcpFrame))
	if !ok || m.Cut || m.Service != 5 || m.Type != 1 || m.Xid != 7 || m.Name != "plc-xtest" || m.Vendor != 0x2a || m.Device != 0x203 || m.Role != 2 || m.IP.String() != "192.168.0.6" || m.Gateway.String() != "192.168.0.1" {
		t.Errorf("%+v, %v", m, ok)
	}
	if !strings.HasPrefix(m.Station, "S7-300") {
		t.Errorf("kind %q", m.Station)
	}
	set := "080006000002 000c29000001 8892 fefd 04 00 00000008 0000 0012 0102 000e 0001 c0a80006 ffffff00 00000000"
	if m, ok := ReadDCP(dcp(t, set)); !ok || m.Service != 4 || m.Type != 0 || m.IP.String() != "192.168.0.6" {
		t.Errorf("what is set: %+v, %v", m, ok)
	}
	ask := "010ecf000000 000c29000001 8892 fefe 05 00 00000009 0080 000a 0202 0006 7377697463 68"
	if m, ok := ReadDCP(dcp(t, ask)); !ok || m.Name != "switch" {
		t.Errorf("a question for a name: %+v, %v", m, ok)
	}
	for n := range len(dcp(t, dcpFrame).Data) {
		f := dcp(t, dcpFrame)
		f.Data = f.Data[:n]
		if m, ok := ReadDCP(f); ok && !m.Cut {
			t.Errorf("%d bytes are whole", n)
		}
	}
	if _, ok := ReadDCP(dcp(t, "080006000002 000c29000001 8892 8000 "+strings.Repeat("00", 40))); ok {
		t.Error("real-time data are a message of DCP")
	}
}

// FuzzDCP: what is read is bounded, and a longer frame never takes anything
// back from the head.
func FuzzDCP(f *testing.F) {
	b, _ := hex.DecodeString(strings.ReplaceAll(dcpFrame, " ", ""))
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, ok := ReadDCP(&Frame{Link: LinkEthernet, Data: b, Len: len(b)})
		if len(m.Name) > maxDCPText || len(m.Station) > maxDCPText || len(m.Alias) > maxDCPText {
			t.Fatalf("%+v", m)
		}
		if !ok {
			return
		}
		more, still := ReadDCP(&Frame{Link: LinkEthernet, Data: append(b[:len(b):len(b)], 0), Len: len(b) + 1})
		if !still || more.Service != m.Service || more.Xid != m.Xid || !m.Cut && more != m {
			t.Fatalf("%+v became %+v", m, more)
		}
	})
}
