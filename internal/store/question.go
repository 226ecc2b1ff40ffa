package store

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go/bloom/xxhash"

	"longwatch/internal/intel"
	"longwatch/internal/lookup"
	"longwatch/internal/record"
)

// maxProbes is how many values a question may name. With more, hardly a row
// group can be left out, and all are read.
const maxProbes = 1 << 20

// Question is what is looked for in files of columns: the keys that indicators
// are found under. A row group that holds none of them need not be read.
type Question struct {
	keys   []string // sorted
	hashes []uint64 // of keys
	open   bool     // some indicator has no keys: every row group is read

	// Indicators that are a part of a value, or of what two fields say together,
	// cannot be asked for: types with these matches, or of these names, are read.
	matches, types map[string]bool
}

// Ask makes the question for a set of single values. Its patterns look at whole
// records, and are no part of it.
func Ask(set *intel.Set) *Question {
	q := &Question{matches: map[string]bool{}, types: map[string]bool{}}
	if set.Count(intel.CommandLine) > 0 {
		q.matches["command_line"] = true
	}
	if set.Count(intel.Serial) > 0 {
		q.matches["serial"] = true
	}
	if set.Count(intel.Pipe)+set.Count(intel.Mutex)+set.Count(intel.RegistryKey) > 0 {
		for _, m := range []string{"pipe", "mutex", "registry_key"} {
			q.matches[m] = true
		}
		for _, t := range []string{"registry", "share_access", "smb_files", "object_access"} {
			q.types[t] = true
		}
	}
	if set.Len() > maxProbes {
		q.open = true
		return q
	}
	for i := range set.All {
		if !q.add(&i) {
			q.open = true
		}
	}
	slices.Sort(q.keys)
	q.keys = slices.Compact(q.keys)
	for _, k := range q.keys {
		q.hashes = append(q.hashes, xxhash.Sum64([]byte(k)))
	}
	return q
}

// add notes the keys of an indicator; it reports false when it has none.
func (q *Question) add(i *intel.Indicator) bool {
	switch i.Kind {
	case intel.CommandLine, intel.Serial, intel.Pipe, intel.Mutex, intel.RegistryKey, intel.Vulnerability, intel.Tool:
		return true
	case intel.Subnet:
		p, err := netip.ParsePrefix(i.Value)
		if err != nil {
			return false
		}
		keys, ok := lookup.Network(p)
		q.keys = append(q.keys, keys...)
		return ok
	case intel.Address:
		a, err := netip.ParseAddr(i.Value)
		q.keys = append(q.keys, a.Unmap().String())
		return err == nil
	case intel.URL:
		host := lookup.Host(i.Value)
		if a, err := netip.ParseAddr(host); err == nil {
			host = a.Unmap().String()
		}
		q.keys = append(q.keys, host)
		return host != ""
	case intel.File:
		q.keys = append(q.keys, lookup.Base(i.Value))
		return lookup.Base(i.Value) != ""
	case intel.Domain:
		q.keys = append(q.keys, strings.Trim(i.Value, "."))
		return true
	case intel.Software, intel.Email, intel.User, intel.Hash, intel.Certificate, intel.PublicKey, intel.JA3, intel.JA4, intel.UserAgent, intel.HASSH:
		q.keys = append(q.keys, i.Value)
		return true
	}
	return false // a kind that is not known here
}

// all tells whether every row group of type t is to be read. A nil question
// asks for all.
func (q *Question) all(t *record.Type) bool {
	if q == nil || q.open || q.types[t.Name] {
		return true
	}
	return slices.ContainsFunc(t.Fields, func(f record.Field) bool { return q.matches[f.Match] })
}

// within tells whether some key may lie between the least and the greatest
// value of a column. The greatest may have been cut short.
func (q *Question) within(least, greatest string) bool {
	i, found := slices.BinarySearch(q.keys, least)
	return found || i < len(q.keys) && (q.keys[i] <= greatest || strings.HasPrefix(q.keys[i], greatest))
}
