package flow

import (
	"longwatch/internal/proto"
)

// maxLate is in how many chunks after the search for a protocol TLS may begin:
// STARTTLS, SOCKS, RDP and many databases talk in the clear first.
const maxLate = 64

// giveUp ends the search. TLS may still begin later, whatever came before it.
func (a *app) giveUp() {
	if _, known := a.s.eng.protos.byName["ssl"]; !known || a.conn.Transport != proto.TCP {
		a.s.dropApp(a.c)
		return
	}
	a.late = maxLate
	a.forget()
	a.s.charge(a.c)
}

// searchLate looks for the start of TLS at the start of a chunk.
func (a *app) searchLate(d proto.Dir, b []byte) {
	if d == proto.Orig && clientHello(b) {
		a.late = 0
		a.start(a.s.eng.protos.byName["ssl"])
		a.give(d, b)
		return
	}
	if a.late--; a.late == 0 {
		a.s.dropApp(a.c)
	}
}

// clientHello tells whether b starts a TLS record that holds a client's hello
// (RFC 8446 sections 5.1 and 4.1.2): record of handshake, a version of 3.x, a
// message of type 1 whose length fits.
func clientHello(b []byte) bool {
	if len(b) < 11 || b[0] != 0x16 || b[1] != 3 || b[2] > 4 || b[5] != 1 || b[6] != 0 {
		return false
	}
	record, message := int(b[3])<<8|int(b[4]), int(b[7])<<8|int(b[8])
	return record >= 40 && message >= 36 && b[9] == 3
}
