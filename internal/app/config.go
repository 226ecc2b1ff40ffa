// Package app is the line from bytes to report as code: it knows all other
// packages and joins them. hunt runs the whole line, records its first half.
package app

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"path/filepath"
	"runtime"
	"slices"

	"longwatch/internal/capture/filter"
	"longwatch/internal/casefolder"
	"longwatch/internal/evidence"
	"longwatch/internal/extract"
	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/habit"
	"longwatch/internal/record/host"
)

// Config is what the user may set, with the defaults of Default.
type Config struct {
	Paths   []string // evidence; "-" is Stdin
	Stdin   io.Reader
	Out     string         // case folder, or folder of record files
	HomeNet []netip.Prefix // own networks
	Domains []string       // own mail domains, lower case
	Tables  []string       // the user's tables of networks: files for asn.Open
	Filter  *filter.Filter // packets of captures to read; nil: all
	Since   record.Time    // records before are left out; 0: none
	Until   record.Time    // records from then on are left out; 0: none
	Intel   []string       // the user's indicators
	Allow   []string       // the user's lists of harmless values
	Rules   RuleOptions    // the user's rules
	Events  string         // calendar of events, iCalendar or YAML; empty: none
	Guides  []string       // profiles whose hunting guides are walked, or "all"
	Jobs    int            // goroutines
	Memory  int64          // bytes for tables and buffers
	Format  string         // of record files
	Command []string       // as typed, for the manifest
	Force   bool           // write into a folder that holds other things
	Extract Extract        // what of the files that captures carry is kept
	State   StateFile      // where habits are kept between hunts
}

// Extract says what is kept of the files that captures carry.
type Extract struct {
	On      bool
	Types   []string // MIME types; none: all but certificates
	PerFile int64    // bytes of one file
	Total   int64    // bytes of all
}

// folder is where files are kept, nil if they are not; it is told to env.
func (x *Extract) folder(out string, env *evidence.Env) *extract.Folder {
	if !x.On {
		return nil
	}
	f := extract.New(filepath.Join(out, extract.Dir), extract.Options{Types: x.Types, PerFile: x.PerFile, Total: x.Total})
	env.Extract = func(n int) proto.Extractor { return f.Part(n) }
	return f
}

// privateNets are the own networks when the user names none: RFC 1918, RFC
// 4193, link-local and loopback.
var privateNets = []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10", "::1/128"}

// Default is the configuration of a run without flags.
func Default() Config {
	return Config{Jobs: runtime.GOMAXPROCS(0), Memory: 1 << 30, Format: "jsonl", Extract: Extract{PerFile: 64 << 20, Total: 8 << 30}}
}

// Validate reports all mistakes at once.
func (c *Config) Validate() error {
	var errs []error
	if len(c.Paths) == 0 {
		errs = append(errs, errors.New("no evidence: name at least one file or folder"))
	}
	if c.Jobs < 1 {
		errs = append(errs, fmt.Errorf("--jobs %d: must be at least 1", c.Jobs))
	}
	if c.Memory < 64<<20 {
		errs = append(errs, fmt.Errorf("--memory %d: must be at least 64 MiB", c.Memory))
	}
	if c.Since != 0 && c.Until != 0 && c.Since >= c.Until {
		errs = append(errs, fmt.Errorf("--since %v is not before --until %v", c.Since, c.Until))
	}
	return errors.Join(errs...)
}

// homeNets are the own networks, given or assumed.
func (c *Config) homeNets() []netip.Prefix {
	if len(c.HomeNet) > 0 {
		return c.HomeNet
	}
	out := make([]netip.Prefix, len(privateNets))
	for i, s := range privateNets {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// homeNetsOf are those of a case, likewise.
func homeNetsOf(c *casefolder.Case) []netip.Prefix {
	return (&Config{HomeNet: c.OwnNets()}).homeNets()
}

// recordTypes are all types that any format or protocol makes, by name.
func recordTypes() map[string]*record.Type {
	types := map[string]*record.Type{}
	for _, p := range protocols {
		for _, t := range p.Emits {
			types[t.Name] = t
		}
	}
	for _, f := range formats {
		for _, t := range f.Emits {
			types[t.Name] = t
		}
	}
	for _, t := range slices.Concat(host.Derived, habit.Types) {
		types[t.Name] = t
	}
	return types
}

// RecordTypes are all types of records, by name.
func RecordTypes() []*record.Type {
	types := recordTypes()
	out := make([]*record.Type, 0, len(types))
	for _, name := range slices.Sorted(maps.Keys(types)) {
		out = append(out, types[name])
	}
	return out
}

// What parts may hold of --memory, in eighths. A fourth is left for what cannot be
// counted and for garbage that waits to be collected.
const (
	engineShare  = 3 // connections and reassembly
	recordsShare = 3 // lines of records; shared with orderedShare in a hunt
	orderedShare = 1 // records for detectors
)

// share is so many eighths of --memory.
func (c *Config) share(eighths int64) int64 { return c.Memory / 8 * eighths }

// env is what readers are given.
func (c *Config) env(hashFiles bool) *evidence.Env {
	return &evidence.Env{
		Protocols: protocols, Types: recordTypes(), HomeNet: c.HomeNet,
		Jobs: c.Jobs, Memory: c.share(engineShare), HashFiles: hashFiles, Filter: c.Filter,
	}
}

// Progress is told how far a run is. Its methods are safe for concurrent use.
type Progress interface {
	Start(files int, bytes int64)
	Read(bytes int64)
	File(path string)
	Phase(name string)
	Done()
}
