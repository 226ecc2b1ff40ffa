package backup

import "crypto/sha256"

// merkle computes the Merkle tree hash of RFC 6962, section 2.1, over lines
// that come one after the other, in memory that grows with the logarithm of
// their number.
type merkle struct {
	n    uint64
	full [][]byte // roots of full subtrees, the largest first
}

// add appends a leaf.
func (m *merkle) add(line []byte) {
	h := sha256.New()
	h.Write([]byte{0})
	h.Write(line)
	node := h.Sum(nil)
	for n := m.n; n&1 == 1; n >>= 1 {
		last := len(m.full) - 1
		node = inner(m.full[last], node)
		m.full = m.full[:last]
	}
	m.full = append(m.full, node)
	m.n++
}

// root is the hash of all leaves so far.
func (m *merkle) root() []byte {
	if len(m.full) == 0 {
		h := sha256.Sum256(nil)
		return h[:]
	}
	node := m.full[len(m.full)-1]
	for i := len(m.full) - 2; i >= 0; i-- {
		node = inner(m.full[i], node)
	}
	return node
}

func inner(left, right []byte) []byte {
	h := sha256.New()
	h.Write([]byte{1})
	h.Write(left)
	h.Write(right)
	return h.Sum(nil)
}
