package ot

import (
	"net/netip"

	"longwatch/internal/record"
)

// Way says who sent the message that a record is about. The names are those
// of the industrial logs of CISA's Zeek packages, where every record has them.
type Way struct {
	IsOrig bool       `rec:"is_orig"`            // the originator of the connection sent it
	FromH  netip.Addr `rec:"source_h"`           // who sent it
	FromP  uint16     `rec:"source_p,port"`      // its port
	ToH    netip.Addr `rec:"destination_h"`      // who received it
	ToP    uint16     `rec:"destination_p,port"` // its port
}

// From is the way of a message that the originator of c sent, or its responder.
func From(c record.Conn, orig bool) Way {
	w := Way{IsOrig: orig, FromH: c.OrigH, FromP: c.OrigP, ToH: c.RespH, ToP: c.RespP}
	if !orig {
		w.FromH, w.FromP, w.ToH, w.ToP = w.ToH, w.ToP, w.FromH, w.FromP
	}
	return w
}
