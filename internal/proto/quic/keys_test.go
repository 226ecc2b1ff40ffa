package quic

import (
	"encoding/hex"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// RFC 9001 appendix A.1 and RFC 9369 appendix A.1: the keys that follow from
// the connection ID 8394c8f03e515708.
func TestInitialKeys(t *testing.T) {
	id := unhex(t, "8394c8f03e515708")
	for _, c := range []struct {
		version        uint32
		client, server string
	}{
		{version1, "fa044b2f42a3fd3b46fb255c", "0ac1493ca1905853b0bba03e"},
		{version2, "91f73e2351d8fa91660e909f", "dd13c276499c0249d3310652"},
	} {
		k := initialKeys(c.version, id)
		for i, want := range []string{c.client, c.server} {
			if got := hex.EncodeToString(k[i].iv); got != want {
				t.Errorf("version %#x: iv %d is %s, want %s", c.version, i, got, want)
			}
		}
	}
}

func TestFamilies(t *testing.T) {
	for v, want := range map[uint32]struct {
		f    family
		name string
	}{
		1: {ietf, "1"}, 0x6b3343cf: {second, "quicv2"}, 0xff00001d: {ietf, "draft-29"}, 0xff000011: {early, "unknown-ff000011"},
		0xfaceb002: {ietf, "mvfst (faceb002)"}, 0x51303436: {googleQ4, "Q046"}, 0x51303530: {googleQ5, "Q050"},
		0x54303531: {googleT, "T051"}, 0x51303339: {unknown, "Q039"}, 0x51304141: {unknown, "unknown-51304141"}, 0: {unknown, "unknown-0"},
	} {
		if f, n := familyOf(v), versionName(v); f != want.f || n != want.name {
			t.Errorf("%#x: %d %q", v, f, n)
		}
	}
}
