package http

import (
	"errors"
	"sync"
)

// An inflater unpacks gzip (RFC 1952), zlib (RFC 1950) or bare deflate (RFC
// 1951) as bytes come, so that a body of any size needs the same memory and a
// body that is cut off still gives what it holds. Readers of the standard
// library pull, which would mean to wait or to keep the packed body.
type inflater struct {
	out   func([]byte)
	gzip  bool
	stage stage
	final bool
	left  int // of a stored block

	src   []byte // being read
	pos   int
	acc   uint64 // bits read ahead
	n     uint
	kept  []byte // unread of earlier writes
	read  uint64 // packed bytes taken
	wrote uint64

	buf      [2 * window]byte // output: at least the last window bytes before at
	at, sent int

	lit, dist huffman
}

type stage uint8

const (
	inHeader stage = iota
	inBlock
	inStored
	inCodes
	ended
)

const (
	window   = 32 << 10
	maxKept  = 64 << 10 // a gzip header with its name and comment
	bombFrom = 16 << 20 // unpacked bytes from which the ratio is watched
	maxRatio = 256      // deflate reaches 1032; honest bodies rarely 20
)

var (
	errInflate = errors.New("http: not a deflate stream")
	errBomb    = errors.New("http: body expands too far")
	errMore    = errors.New("http: more packed bytes needed")
)

// spareInflaters are those that nobody uses now.
var spareInflaters = sync.Pool{New: func() any { return &inflater{} }}

// reset starts a new stream, with the tables' memory.
func (z *inflater) reset(gzip bool, out func([]byte)) {
	z.out, z.gzip, z.stage, z.final = out, gzip, inHeader, false
	z.acc, z.n, z.kept, z.read, z.wrote, z.at, z.sent = 0, 0, z.kept[:0], 0, 0, 0, 0
}

// write unpacks the next bytes. What follows the stream's end is passed over.
func (z *inflater) write(p []byte) error {
	z.read += uint64(len(p))
	if len(z.kept) > 0 {
		z.kept = append(z.kept, p...)
		p = z.kept
	}
	z.src, z.pos = p, 0
	err := z.run()
	z.flush()
	if err != nil && !errors.Is(err, errMore) {
		return err // src stays for rest
	}
	if err != nil {
		rest := z.src[z.pos:]
		if len(rest) > maxKept {
			return errInflate
		}
		if len(z.kept) > 0 {
			z.kept = z.kept[:copy(z.kept, rest)]
		} else {
			z.kept = append(z.kept, rest...)
		}
		err = nil
	} else {
		z.kept = z.kept[:0]
	}
	z.src = nil
	return err
}

// rest is, after an error, all bytes of a stream that was none from the
// beginning, or how many of another were not unpacked.
func (z *inflater) rest() (plain []byte, n int) {
	if z.stage == inHeader {
		return z.src, 0
	}
	return nil, len(z.src) - z.pos + int(z.n/8)
}

// run goes on until bytes run out. Every step is done whole or not at all.
func (z *inflater) run() error {
	for {
		pos, acc, n := z.pos, z.acc, z.n
		var err error
		switch z.stage {
		case inHeader:
			err = z.header()
		case inBlock:
			err = z.block()
		case inStored:
			err = z.stored()
			pos, acc, n = z.pos, z.acc, z.n // what it took is out already
		case inCodes:
			err = z.codes()
			pos, acc, n = z.pos, z.acc, z.n // likewise: it steps back by itself
		case ended:
			return nil
		}
		if err != nil {
			z.pos, z.acc, z.n = pos, acc, n
			return err
		}
	}
}

// need makes n bits available, at most 32.
func (z *inflater) need(n uint) bool {
	for z.n < n {
		if z.pos >= len(z.src) {
			return false
		}
		z.acc |= uint64(z.src[z.pos]) << z.n
		z.pos++
		z.n += 8
	}
	return true
}

func (z *inflater) take(n uint) uint32 {
	v := uint32(z.acc & (1<<n - 1))
	z.acc >>= n
	z.n -= n
	return v
}

// header reads a gzip header, or a zlib header if there is one.
func (z *inflater) header() error {
	b := z.src[z.pos:]
	if !z.gzip {
		if len(b) < 2 {
			return errMore
		}
		if b[0]&15 == 8 && b[0]>>4 <= 7 && (int(b[0])<<8|int(b[1]))%31 == 0 {
			z.pos += 2
		}
		z.stage = inBlock
		return nil
	}
	if len(b) >= 1 && b[0] != 0x1f || len(b) >= 2 && b[1] != 0x8b {
		return errInflate
	}
	if len(b) < 10 {
		return errMore
	}
	flags, at := b[3], 10
	if flags&4 != 0 {
		if len(b) < at+2 {
			return errMore
		}
		at += 2 + int(b[at]) + int(b[at+1])<<8
	}
	for _, text := range []byte{8, 16} { // name, comment
		if flags&text != 0 {
			for {
				if at >= len(b) {
					return errMore
				}
				at++
				if b[at-1] == 0 {
					break
				}
			}
		}
	}
	if flags&2 != 0 {
		at += 2
	}
	if at > len(b) {
		return errMore
	}
	z.pos += at
	z.stage = inBlock
	return nil
}

// block reads a block's header (RFC 1951 section 3.2.3).
func (z *inflater) block() error {
	if z.final {
		z.stage = ended
		return nil
	}
	if !z.need(3) {
		return errMore
	}
	final := z.take(1) == 1
	var err error
	switch z.take(2) {
	case 0:
		z.take(z.n & 7)
		if !z.need(32) {
			return errMore
		}
		n, not := z.take(16), z.take(16)
		if n != ^not&0xffff {
			return errInflate
		}
		z.left, z.stage = int(n), inStored
	case 1:
		z.fixed()
		z.stage = inCodes
	case 2:
		if err = z.dynamic(); err == nil {
			z.stage = inCodes
		}
	default:
		err = errInflate
	}
	if err == nil {
		z.final = final
	}
	return err
}

func (z *inflater) stored() error {
	for z.left > 0 {
		if !z.need(8) {
			return errMore
		}
		z.put(byte(z.take(8)))
		z.left--
	}
	z.stage = inBlock
	return z.bomb()
}

// put appends one byte of output.
func (z *inflater) put(c byte) {
	if z.at == len(z.buf) {
		z.flush()
		z.at = copy(z.buf[:], z.buf[z.at-window:])
		z.sent = z.at
	}
	z.buf[z.at] = c
	z.at++
	z.wrote++
}

func (z *inflater) flush() {
	if z.sent < z.at {
		z.out(z.buf[z.sent:z.at])
		z.sent = z.at
	}
}

func (z *inflater) bomb() error {
	if z.wrote > bombFrom && z.wrote/maxRatio > z.read {
		return errBomb
	}
	return nil
}

// Lengths and distances (RFC 1951 section 3.2.5).
var (
	lengthBase = [...]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthBits = [...]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBase   = [...]uint16{
		1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
	}
	distBits  = [...]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
	codeOrder = [...]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
)

// codes reads literals and matches until the block or the bytes end.
func (z *inflater) codes() error {
	for {
		pos, acc, n := z.pos, z.acc, z.n
		sym, err := z.symbol(&z.lit)
		switch {
		case err != nil:
		case sym < 256:
			z.put(byte(sym))
			continue
		case sym == 256:
			z.stage = inBlock
			return z.bomb()
		default:
			if err = z.match(int(sym) - 257); err == nil {
				continue
			}
		}
		z.pos, z.acc, z.n = pos, acc, n
		if !errors.Is(err, errMore) {
			return err
		}
		if bomb := z.bomb(); bomb != nil {
			return bomb
		}
		return errMore
	}
}

// match copies earlier output.
func (z *inflater) match(sym int) error {
	if sym >= len(lengthBase) {
		return errInflate
	}
	if !z.need(uint(lengthBits[sym])) {
		return errMore
	}
	length := int(lengthBase[sym]) + int(z.take(uint(lengthBits[sym])))
	d, err := z.symbol(&z.dist)
	if err != nil {
		return err
	}
	if int(d) >= len(distBase) {
		return errInflate
	}
	if !z.need(uint(distBits[d])) {
		return errMore
	}
	dist := int(distBase[d]) + int(z.take(uint(distBits[d])))
	if uint64(dist) > z.wrote {
		return errInflate
	}
	for range length {
		if z.at == len(z.buf) { // put moves the window: the distance stays
			z.put(z.buf[z.at-dist])
			continue
		}
		z.buf[z.at] = z.buf[z.at-dist]
		z.at++
		z.wrote++
	}
	return nil
}
