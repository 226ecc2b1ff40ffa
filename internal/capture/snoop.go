package capture

import (
	"encoding/binary"
	"fmt"

	"longwatch/internal/record"
)

// The snoop format of Solaris (RFC 1761): everything is big-endian.
const (
	snoopMagic  = "snoop\x00\x00\x00"
	snoopHeader = 16 // magic, version, datalink type
	snoopRecord = 24 // original and included length, record length, drops, time
)

// linkUnknown is a link type that no frame can be unwrapped from.
const linkUnknown LinkType = 0xffffffff

// snoopLink is the link type behind a datalink type of RFC 1761 section 4.
func snoopLink(n uint32) LinkType {
	switch n {
	case 0, 4: // IEEE 802.3, Ethernet
		return LinkEthernet
	case 8:
		return LinkFDDI
	}
	return linkUnknown
}

func (r *Reader) snoopHeader() error {
	b, err := r.peek(snoopHeader)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if string(b[:len(snoopMagic)]) != snoopMagic {
		return ErrFormat
	}
	r.link = snoopLink(binary.BigEndian.Uint32(b[12:]))
	r.start += snoopHeader
	return nil
}

func (r *Reader) nextSnoop(f *Frame) error {
	b, err := r.peek(snoopRecord)
	if err != nil {
		return err
	}
	be := binary.BigEndian
	n, size := int64(be.Uint32(b[4:])), int64(be.Uint32(b[8:]))
	if size < snoopRecord+n || size > maxRecord {
		return fmt.Errorf("%w: %d bytes in a record of %d at offset %d", ErrRecord, n, size, r.Offset())
	}
	if b, err = r.peek(int(size)); err != nil {
		return err
	}
	f.TS = record.Time(int64(be.Uint32(b[16:]))*1e9 + int64(be.Uint32(b[20:]))*1e3)
	f.Pos = r.Offset()
	f.Link = r.link
	f.Len = max(int(be.Uint32(b)), int(n))
	f.Data = b[snoopRecord : snoopRecord+n]
	f.Block = r.block
	r.start += int(size)
	return nil
}
