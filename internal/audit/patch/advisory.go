package patch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Bounds of advisories.
const (
	maxDocument = 256 << 20 // bytes of one file
	maxFiles    = 100_000
	maxFlaws    = 1 << 20
	maxRanges   = 4096 // of one flaw of one product
	maxDepth    = 64   // of branches within branches
	maxWord     = 256  // bytes of a name or version
)

var (
	errAdvisory = errors.New("patch: the advisory cannot be read")
	errTooMany  = fmt.Errorf("patch: more than %d flaws", maxFlaws)
)

// ReadAdvisories reads files, and the JSON files below folders. What cannot be
// read is told and left out; the error says that a path is not there.
func ReadAdvisories(paths []string) (flaws []Flaw, refused []string, err error) {
	for _, root := range paths {
		files := 0
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() || !d.Type().IsRegular() || path != root && !strings.HasSuffix(strings.ToLower(path), ".json") {
				return nil
			}
			if files++; files > maxFiles {
				return fmt.Errorf("patch: more than %d advisories below %s", maxFiles, root)
			}
			list, err := readAdvisory(path)
			if err != nil {
				refused = append(refused, fmt.Sprintf("%s was not used: %v", path, err))
				return nil
			}
			if len(flaws)+len(list) > maxFlaws {
				return errTooMany
			}
			flaws = append(flaws, list...)
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return flaws, refused, nil
}

func readAdvisory(path string) ([]Flaw, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxDocument+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxDocument {
		return nil, fmt.Errorf("%w: more than %d bytes", errAdvisory, maxDocument)
	}
	return Advisory(b)
}

// Advisory reads one document: CVE records as NVD gives them (JSON 2.0), CSAF
// 2.0, or one OSV record or a list of them.
func Advisory(b []byte) ([]Flaw, error) {
	b = bytes.TrimPrefix(bytes.TrimSpace(b), []byte("\xef\xbb\xbf"))
	var probe struct {
		Vulnerabilities []json.RawMessage `json:"vulnerabilities"`
		Document        json.RawMessage   `json:"document"`
		CVE             json.RawMessage   `json:"cve"`
		Affected        json.RawMessage   `json:"affected"`
	}
	if len(b) > 0 && b[0] == '[' {
		var list []json.RawMessage
		if err := json.Unmarshal(b, &list); err != nil {
			return nil, fmt.Errorf("%w: %w", errAdvisory, err)
		}
		return osvList(list)
	}
	if err := json.Unmarshal(b, &probe); err != nil {
		return nil, fmt.Errorf("%w: %w", errAdvisory, err)
	}
	switch {
	case probe.Document != nil:
		return csaf(b)
	case probe.Vulnerabilities != nil:
		return nvd(probe.Vulnerabilities)
	case probe.CVE != nil:
		return nvd([]json.RawMessage{b})
	case probe.Affected != nil:
		return osvList([]json.RawMessage{b})
	}
	return nil, fmt.Errorf("%w: neither NVD JSON 2.0, nor CSAF 2.0, nor OSV", errAdvisory)
}

// collector gathers flaws by product.
type collector struct {
	list []Flaw
	at   map[string]int
}

// flaw is that of a product, made when it is not there yet; nil when there is
// no room.
func (c *collector) flaw(cve, vendor, product string) *Flaw {
	cve, vendor, product = strings.ToUpper(strings.TrimSpace(cve)), strings.ToLower(vendor), strings.TrimSpace(product)
	if !cveID.MatchString(cve) || product == "" || len(product) > maxWord || len(vendor) > maxWord {
		return nil
	}
	key := cve + "\x00" + vendor + "\x00" + product
	if c.at == nil {
		c.at = map[string]int{}
	}
	i, ok := c.at[key]
	if !ok {
		if len(c.list) >= maxFlaws {
			return nil
		}
		i = len(c.list)
		c.at[key] = i
		c.list = append(c.list, Flaw{CVE: cve, Product: product, vendor: vendor})
	}
	return &c.list[i]
}

// add adds a range; one without an end, or of words that are no versions, is left
// out, and the flaw then has none: it is unsure.
func (f *Flaw) add(r Range) {
	for _, v := range []string{r.From, r.Fixed, r.Last} {
		if len(v) > maxWord || v != "" && numbers(v) == 0 {
			return
		}
	}
	if r.Fixed == "" && r.Last == "" || r.From != "" && compare(r.From, r.Fixed+r.Last) > 0 || len(f.Ranges) >= maxRanges {
		return
	}
	f.Ranges = append(f.Ranges, r)
}

func (f *Flaw) version(v string) {
	if v = strings.TrimSpace(v); numbers(v) > 0 && len(v) <= maxWord && len(f.Versions) < maxRanges {
		f.Versions = append(f.Versions, v)
	}
}

// nvd reads CVE records (NVD, "CVE API schema 2.0"): the CPE matches of their
// configurations.
func nvd(list []json.RawMessage) ([]Flaw, error) {
	var c collector
	for _, raw := range list {
		var item struct {
			CVE struct {
				ID             string `json:"id"`
				VulnStatus     string `json:"vulnStatus"`
				Configurations []struct {
					Nodes []struct {
						Negate   bool `json:"negate"`
						CPEMatch []struct {
							Vulnerable bool   `json:"vulnerable"`
							Criteria   string `json:"criteria"`
							FromIncl   string `json:"versionStartIncluding"`
							FromExcl   string `json:"versionStartExcluding"`
							EndIncl    string `json:"versionEndIncluding"`
							EndExcl    string `json:"versionEndExcluding"`
						} `json:"cpeMatch"`
					} `json:"nodes"`
				} `json:"configurations"`
			} `json:"cve"`
		}
		if err := json.Unmarshal(raw, &item); err != nil {
			return nil, fmt.Errorf("%w: %w", errAdvisory, err)
		}
		if strings.EqualFold(item.CVE.VulnStatus, "Rejected") {
			continue
		}
		for _, conf := range item.CVE.Configurations {
			for _, n := range conf.Nodes {
				for _, m := range n.CPEMatch {
					vendor, product, version, ok := cpe(m.Criteria)
					if !ok || !m.Vulnerable || n.Negate {
						continue
					}
					f := c.flaw(item.CVE.ID, vendor, product)
					if f == nil {
						continue
					}
					f.source, f.Advisory = "NVD", "https://nvd.nist.gov/vuln/detail/"+f.CVE
					if version != "" {
						f.version(version)
						continue
					}
					f.add(Range{From: first(m.FromIncl, m.FromExcl), Fixed: m.EndExcl, Last: m.EndIncl})
				}
			}
		}
	}
	return c.list, nil
}

func first(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// cpe takes vendor, product and version out of a formatted string of CPE 2.3
// (NIST IR 7695, section 6.2). A version of * or - is empty; an update behind it
// (p1) is part of it.
func cpe(s string) (vendor, product, version string, ok bool) {
	var parts []string
	var b strings.Builder
	for i := 0; i < len(s) && len(s) <= 4*maxWord; i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == ':':
			parts = append(parts, b.String())
			b.Reset()
		default:
			b.WriteByte(s[i])
		}
	}
	parts = append(parts, b.String())
	if len(parts) < 7 || parts[0] != "cpe" || parts[1] != "2.3" {
		return "", "", "", false
	}
	blank := func(s string) bool { return s == "*" || s == "-" || s == "" }
	if blank(parts[3]) || blank(parts[4]) {
		return "", "", "", false
	}
	if version = parts[5]; blank(version) {
		return parts[3], parts[4], "", true
	}
	if !blank(parts[6]) {
		version += parts[6]
	}
	return parts[3], parts[4], version, true
}
