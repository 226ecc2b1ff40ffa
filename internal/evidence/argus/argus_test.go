package argus

import (
	"testing"

	"longwatch/internal/evidence/evidencetest"
	"longwatch/internal/record/network"
)

func TestFormat(t *testing.T) { evidencetest.Run(t, Format) }

func FuzzFormat(f *testing.F) { evidencetest.Fuzz(f, Format) }

func TestConnState(t *testing.T) {
	for state, want := range map[string]string{
		"S_": "S0", "S_RA": "REJ", "SPA_SPA": "S1", "FSPA_FSPA": "SF", "SRPA_SPA": "RSTO", "SPA_SRPA": "RSTR", "SR_": "RSTOS0", "PA_PA": "OTH",
		"REQ": "S0", "CON": "S1", "FIN": "SF", "SH": "SH", "xyz": "OTH",
	} {
		if got := connState(&network.Conn{Proto: "tcp"}, state); got != want {
			t.Errorf("%s is %s, want %s", state, got, want)
		}
	}
}
