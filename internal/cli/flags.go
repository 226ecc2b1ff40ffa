package cli

import (
	"fmt"
	"math"
	"net/netip"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"longwatch/internal/app"
	"longwatch/internal/capture/filter"
	"longwatch/internal/record"
)

// common are the flags that commands over evidence share.
type common struct {
	config  app.Config
	homeNet []string
	domains []string
	since   string
	until   string
	memory  string
	quiet   bool
	json    bool

	filter string

	extractLimit, extractTotal string // empty: the command has no such flags
}

func addCommon(cmd *cobra.Command, args []string, out string) *common {
	c := &common{config: app.Default()}
	c.config.Command = args
	c.config.Stdin = cmd.InOrStdin()
	f := cmd.Flags()
	f.StringVarP(&c.config.Out, "out", "o", out, "folder for the results; made if missing")
	f.StringSliceVar(&c.homeNet, "home-net", nil, "own networks in CIDR form, comma-separated (default: private ranges)")
	f.StringSliceVar(&c.domains, "own-domain", nil, "own mail domains, comma-separated (default: those that the mail itself is delivered to)")
	f.StringVar(&c.since, "since", "", "leave out records before this time (RFC 3339 or YYYY-MM-DD)")
	f.StringVar(&c.until, "until", "", "leave out records from this time on")
	f.IntVar(&c.config.Jobs, "jobs", c.config.Jobs, "work done at once; the results are the same for any number")
	f.StringVar(&c.memory, "memory", "1G", "memory for tables and buffers, such as 512M or 4G")
	f.BoolVarP(&c.quiet, "quiet", "q", false, "print nothing but errors")
	f.BoolVar(&c.json, "json", false, "print the result as JSON")
	f.BoolVar(&c.config.Force, "force", false, "write into an output folder that holds other files")
	return c
}

// addCaptures gives cmd the flags for captures and the files that they carry.
func (c *common) addCaptures(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.filter, "filter", "", "read only packets of captures that fit this expression, as tcpdump writes them: 'tcp port 443 and not net 10.0.0.0/8'")
	f.BoolVar(&c.config.Extract.On, "extract", false, "keep the files that captures carry, below extracted/ in the output folder; they may be malware")
	f.StringSliceVar(&c.config.Extract.Types, "extract-types", nil, "MIME types by content to keep, such as application/x-dosexec or image/* (default: all but certificates); implies --extract")
	f.StringVar(&c.extractLimit, "extract-limit", "64M", "most that is kept of one file")
	f.StringVar(&c.extractTotal, "extract-total", "8G", "most that is kept of all files")
}

// parseNets reads networks in CIDR form.
func parseNets(flag string, list []string) (out []netip.Prefix, err error) {
	for _, s := range list {
		p, err := netip.ParsePrefix(strings.TrimSpace(s))
		if err != nil {
			return nil, usageError{fmt.Errorf("%s %q is not a network such as 10.0.0.0/8", flag, s)}
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// resolve turns text flags into the configuration.
func (c *common) resolve(paths []string) error {
	c.config.Paths = paths
	var err error
	if c.config.HomeNet, err = parseNets("--home-net", c.homeNet); err != nil {
		return err
	}
	for _, s := range c.domains {
		d := strings.ToLower(strings.Trim(strings.TrimSpace(s), "."))
		if !strings.Contains(d, ".") || strings.ContainsAny(d, "@/: ") {
			return usageError{fmt.Errorf("--own-domain %q is not a domain such as example.org", s)}
		}
		c.config.Domains = append(c.config.Domains, d)
	}
	if c.config.Since, err = parseTime("--since", c.since); err != nil {
		return err
	}
	if c.config.Until, err = parseTime("--until", c.until); err != nil {
		return err
	}
	if c.config.Memory, err = parseSize("--memory", c.memory); err != nil {
		return err
	}
	limitMemory(c.config.Memory)
	if c.filter != "" {
		if c.config.Filter, err = filter.Parse(c.filter); err != nil {
			return usageError{fmt.Errorf("--filter: %w", err)}
		}
	}
	if c.extractLimit != "" {
		x := &c.config.Extract
		x.On = x.On || len(x.Types) > 0
		if x.PerFile, err = parseSize("--extract-limit", c.extractLimit); err != nil {
			return err
		}
		if x.Total, err = parseSize("--extract-total", c.extractTotal); err != nil {
			return err
		}
	}
	if err := c.config.Validate(); err != nil {
		return usageError{err}
	}
	return nil
}

func parseTime(flag, s string) (record.Time, error) {
	if s == "" {
		return 0, nil
	}
	if len(s) == len("2006-01-02") {
		s += "T00:00:00Z"
	}
	t, err := record.ParseTime(s)
	if err != nil {
		return 0, usageError{fmt.Errorf("%s %q is not a time such as 2026-03-01 or 2026-03-01T08:00:00Z", flag, s)}
	}
	return t, nil
}

// parseSize reads 512M, 4G, 1073741824.
func parseSize(flag, s string) (int64, error) {
	u := strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(strings.TrimSpace(s)), "B"), "I")
	shift := 0
	if u != "" {
		if i := strings.IndexByte("KMGT", u[len(u)-1]); i >= 0 {
			shift = 10 * (i + 1)
			u = u[:len(u)-1]
		}
	}
	n, err := strconv.ParseInt(u, 10, 62)
	if err != nil || n <= 0 || n > math.MaxInt64>>shift {
		return 0, usageError{fmt.Errorf("%s %q is not a size such as 512M or 4G", flag, s)}
	}
	return n << shift, nil
}

// limitMemory has garbage collected soon enough that the whole program keeps to
// the memory it was given; the code itself takes the last part of it. Below
// that, memory is there to be used: collecting as often as the runtime would
// takes some seven percent of the time of reading a capture. What GOMEMLIMIT and
// GOGC say goes before.
func limitMemory(n int64) {
	const (
		code  = 16  // part of the memory
		waste = 400 // percent of what lives that may be garbage
	)
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(waste)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(n - n/code)
	}
}
