package websocket

import (
	"unicode/utf8"

	"longwatch/internal/proto"
)

const (
	// minText is how much text a frame needs for a probe to believe it.
	minText = 8
	// final is the first byte of a text message in one frame.
	final = 0x80 | opText
)

// probe takes one whole frame of text: what a connection shows whose upgrade
// was not captured.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	if len(b) == 0 || len(b) == 1 && b[0] == final {
		return proto.Maybe
	}
	if b[0] != final {
		return proto.No
	}
	var h half
	n, _, err := h.head(b)
	switch {
	case err != nil || n > 0 && (h.left < minText || h.left > 1<<16):
		return proto.No
	case n == 0:
		return proto.Maybe
	}
	text := b[n:]
	if uint64(len(text)) > h.left {
		return proto.No
	}
	plain := make([]byte, 0, 256)
	for i, ch := range text[:min(len(text), cap(plain))] {
		if h.masked {
			ch ^= h.mask[i&3]
		}
		if ch < ' ' && ch != '\n' && ch != '\r' && ch != '\t' || ch == 0x7f {
			return proto.No
		}
		plain = append(plain, ch)
	}
	if len(plain) == len(text) && uint64(len(text)) == h.left && !utf8.Valid(plain) {
		return proto.No
	}
	if uint64(len(text)) < h.left {
		return proto.Maybe
	}
	return proto.Yes
}
