package mysql

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"longwatch/internal/proto"
	"longwatch/internal/wire"
)

const (
	packedHead = 7
	// maxPacked bounds a compressed packet, and maxUnpacked what it may hold:
	// beyond, packets are lost and reading ends.
	maxPacked   = 256 << 10
	maxUnpacked = 512 << 10
)

var errPacked = errors.New("mysql: compressed packet")

// packed is one direction of a compressed connection
// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_compression_packet.html).
type packed struct {
	zstd bool
	held []byte // unpacked bytes that make no whole packet yet
	need int
	skip int // bytes of a packet that is not compressed, still to come
}

func newPacked(zstd bool) *packed { return &packed{zstd: zstd} }

// take reads one compressed packet and gives on what is in it.
func (k *packed) take(b []byte, parse func([]byte) (proto.Step, error)) (n, need int, err error) {
	if k.skip > 0 {
		n = min(k.skip, len(b))
		k.skip -= n
		return n, 0, k.give(b[:n], parse)
	}
	c := wire.At(b)
	length, _, plain := int(little24(&c)), c.U8(), int(little24(&c))
	if !c.OK() {
		return 0, packedHead, nil
	}
	if plain == 0 { // too short to be worth it
		k.skip = length
		return packedHead, 0, nil
	}
	if length > maxPacked || plain > maxUnpacked {
		return 0, 0, fmt.Errorf("%w of %d bytes for %d", errPacked, length, plain)
	}
	body := c.Take(length)
	if !c.OK() {
		return 0, packedHead + length, nil
	}
	out, err := k.unpack(body, plain)
	if err != nil {
		return 0, 0, fmt.Errorf("%w: %w", errPacked, err)
	}
	return packedHead + length, 0, k.give(out, parse)
}

func (k *packed) unpack(b []byte, plain int) ([]byte, error) {
	if k.zstd {
		r, err := zstd.NewReader(bytes.NewReader(b), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(8<<20), zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return io.ReadAll(io.LimitReader(r, int64(plain)))
	}
	r, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, int64(plain)))
}

// give hands unpacked bytes to the parser and keeps what it leaves.
func (k *packed) give(b []byte, parse func([]byte) (proto.Step, error)) error {
	k.held = append(k.held, b...)
	if len(k.held) < k.need {
		return nil
	}
	step, err := parse(k.held)
	if err != nil {
		return err
	}
	k.need = step.Need
	k.held = k.held[:copy(k.held, k.held[step.Used:])]
	return nil
}
