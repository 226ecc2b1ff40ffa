package ot_test

import (
	"net/netip"
	"testing"

	"longwatch/internal/record"
	"longwatch/internal/record/ot"
)

func TestFrom(t *testing.T) {
	a, b := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	c := record.Conn{OrigH: a, OrigP: 1, RespH: b, RespP: 2}
	if got, want := ot.From(c, true), (ot.Way{IsOrig: true, FromH: a, FromP: 1, ToH: b, ToP: 2}); got != want {
		t.Errorf("of the originator: %+v", got)
	}
	if got, want := ot.From(c, false), (ot.Way{FromH: b, FromP: 2, ToH: a, ToP: 1}); got != want {
		t.Errorf("of the responder: %+v", got)
	}
}

func TestChanges(t *testing.T) {
	for access, want := range map[string]bool{ot.Other: false, ot.Read: false, ot.Write: true, ot.Control: true, ot.Config: true, ot.Program: true, "": false} {
		if ot.Changes(access) != want {
			t.Errorf("%q: not %v", access, want)
		}
	}
}
