package dcerpc

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// maxHandles bounds the handles of a connection whose meaning is kept.
const maxHandles = 64

// handleSize is that of a context handle.
const handleSize = 20

// handles remembers what the open handles of this connection stand for: a
// service, a registry key, a log.
type handles []struct {
	handle [handleSize]byte
	name   string
}

// wanted tells whether a request's bytes are worth keeping.
func wanted(uuid string, opnum uint16) bool {
	_, ok := readings[method{uuid, opnum}]
	return ok
}

// meaning is what a handle stands for, or empty.
func (h *handles) meaning(handle []byte) string {
	for _, s := range slices.Backward(*h) {
		if bytes.Equal(handle, s.handle[:]) {
			return s.name
		}
	}
	return ""
}

// learn reads what an answer says: the handle that was opened, or what was
// asked for.
func (h *handles) learn(k *call, stub []byte) {
	r := readings[method{k.ctx.uuid, k.record.Opnum}]
	if r.tells != nil {
		k.record.Args = append(h.arguments(k), r.tells(stub)...)
	}
	if r.gives == none || len(stub) < handleSize+4 {
		return
	}
	k.record.Args = h.arguments(k)
	if len(k.record.Args) == 0 || binary.LittleEndian.Uint32(stub[len(stub)-4:]) != 0 {
		return
	}
	if len(*h) == maxHandles {
		*h = slices.Delete(*h, 0, 1)
	}
	at := 0
	if r.gives == last {
		at = len(stub) - 4 - handleSize
	}
	*h = append(*h, struct {
		handle [handleSize]byte
		name   string
	}{[handleSize]byte(stub[at:]), k.record.Args[0]})
}
