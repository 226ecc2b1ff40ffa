package baseline

import (
	"encoding/hex"
	"slices"
)

const (
	maxEvidence  = 1 << 16
	evidenceSize = 64
)

// evidenceID is the first half of a file's SHA-256.
type evidenceID [16]byte

// evidenceList are the files that were learned from, the latest 65,536 of them.
type evidenceList struct {
	list  []evidenceID // in the order of learning
	index map[evidenceID]bool
	lost  uint64
}

func (e *evidenceList) add(id evidenceID) {
	if e.index[id] {
		return
	}
	if e.index == nil {
		e.index = map[evidenceID]bool{}
	}
	e.index[id] = true
	e.list = append(e.list, id)
	if len(e.list) > maxEvidence {
		delete(e.index, e.list[0])
		e.list = e.list[1:]
		e.lost++
	}
}

func parseID(sha256 string) (id evidenceID, ok bool) {
	b, err := hex.DecodeString(sha256)
	return id, err == nil && copy(id[:], b) == len(id)
}

// Knows tells whether a file, by its SHA-256 in hex, was learned from.
func (m *Memory) Knows(sha256 string) bool {
	id, ok := parseID(sha256)
	return ok && m.evidence.index[id]
}

// Hunted notes that a hunt over these files, by SHA-256 in hex, was learned.
func (m *Memory) Hunted(sha256 []string) {
	m.hunts++
	files := slices.Clone(sha256)
	slices.Sort(files)
	for _, f := range files {
		if id, ok := parseID(f); ok {
			m.evidence.add(id)
		}
	}
}
