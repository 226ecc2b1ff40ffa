package client

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"longwatch/internal/taxii"
)

// maxSeen bounds the objects that are remembered, so as not to be written
// twice.
const maxSeen = 200_000

// state is how far a collection has been read. All times are the server's:
// its clock may be wrong as long as it is its own.
type state struct {
	Version    int        `json:"version"`     // of this file
	Root       string     `json:"root"`        // URL
	Collection string     `json:"collection"`  // id
	Filter     string     `json:"filter"`      // what was asked for
	After      string     `json:"added_after"` // where to go on, the overlap already taken off
	Files      int        `json:"files"`       // bundles written
	Objects    int        `json:"objects"`     // objects in them
	Seen       string     `json:"seen"`        // hashes of what was read last, 8 bytes each, base64
	after      taxii.Time // After, read
	seen       *ring
}

// ring remembers the last hashes put into it.
type ring struct {
	order []uint64
	at    int
	in    map[uint64]bool
}

func newRing() *ring { return &ring{in: map[uint64]bool{}} }

// add says whether h is new, and remembers it.
func (r *ring) add(h uint64) bool {
	if r.in[h] {
		return false
	}
	if len(r.order) < maxSeen {
		r.order = append(r.order, h)
	} else {
		delete(r.in, r.order[r.at])
		r.order[r.at] = h
		r.at = (r.at + 1) % maxSeen
	}
	r.in[h] = true
	return true
}

// last are the n hashes put in last, the oldest first.
func (r *ring) last(n int) []uint64 {
	all := append(append([]uint64{}, r.order[r.at:]...), r.order[:r.at]...)
	return all[max(0, len(all)-n):]
}

// hash tells one object, with all it says, from another.
func hash(raw []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(raw) // never fails
	return h.Sum64()
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,63}$`)

// fileName is a name for the files of a collection. An id that is none is
// replaced: it comes from the server, and names a file of ours.
func fileName(collection string) string {
	if plainName.MatchString(collection) {
		return collection
	}
	return fmt.Sprintf("collection-%016x", hash([]byte(collection)))
}

func statePath(dir, collection string) string {
	return filepath.Join(dir, ".taxii-"+fileName(collection)+".json")
}

// loadState reads how far a collection was read into a folder; nothing there is
// a beginning.
func loadState(dir string, s Source) (*state, error) {
	fresh := &state{Version: 1, Root: s.Root, Collection: s.Collection, Filter: s.Filter.Query().Encode(), seen: newRing()}
	name := statePath(dir, s.Collection)
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, nil
	}
	if err != nil {
		return nil, err
	}
	st := &state{seen: newRing()}
	if err := json.Unmarshal(b, st); err != nil || st.Version != 1 {
		return nil, fmt.Errorf("client: %s is not the state of a pull: remove it to begin anew", name)
	}
	if st.Root != fresh.Root || st.Collection != fresh.Collection || st.Filter != fresh.Filter {
		return nil, fmt.Errorf("client: %s belongs to a pull from %s with the filter %q: use another folder", name, st.Root, st.Filter)
	}
	if st.After != "" {
		if st.after, err = taxii.ParseTime(st.After); err != nil {
			return nil, fmt.Errorf("client: %s: %w", name, err)
		}
	}
	hashes, err := base64.StdEncoding.DecodeString(st.Seen)
	if err != nil || len(hashes)%8 != 0 {
		return nil, fmt.Errorf("client: %s is damaged: remove it to begin anew", name)
	}
	for ; len(hashes) > 0; hashes = hashes[8:] {
		st.seen.add(binary.BigEndian.Uint64(hashes))
	}
	return st, nil
}

// save writes the state so that it is either the old or the new one.
func (st *state) save(dir string) error {
	var hashes []byte
	for _, h := range st.seen.last(maxSeen) {
		hashes = binary.BigEndian.AppendUint64(hashes, h)
	}
	st.Seen = base64.StdEncoding.EncodeToString(hashes)
	if st.after != 0 {
		st.After = st.after.String()
	}
	b, err := json.Marshal(st)
	if err != nil {
		return err
	}
	return replace(statePath(dir, st.Collection), append(b, '\n'))
}

// replace writes a file by way of another one, and syncs it.
func replace(name string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".taxii-part-")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone when it was renamed
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Chmod(f.Name(), 0o640); err != nil { //nolint:gosec // the reader of feeds may be another user of the group
		return err
	}
	return os.Rename(f.Name(), name)
}
