package app

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"longwatch/internal/rules/yara"
)

// RuleInfo names one rule.
type RuleInfo struct {
	Language   string // sigma or yara
	ID         string // as findings name it
	Title      string
	Severity   string
	Confidence uint8
	Techniques string
	File       string
	Line       int
}

// ListYARA lists the YARA rules of files and folders.
func ListYARA(o RuleOptions) ([]RuleInfo, error) {
	o.Alone = true
	s, err := loadRules(o)
	if err != nil {
		return nil, err
	}
	var out []RuleInfo
	for _, r := range s.yara.List {
		if r.Private {
			continue
		}
		severity, confidence := r.Gravity()
		info := RuleInfo{Language: "yara", ID: "yara:" + r.Name, Title: r.Title(), Severity: severity.String(), Confidence: confidence, File: r.File, Line: r.Line}
		var techniques []string
		for _, t := range r.Techniques() {
			techniques = append(techniques, string(t))
		}
		info.Techniques = strings.Join(techniques, " ")
		out = append(out, info)
	}
	return out, nil
}

// TestYARA scans files with YARA rules and says, a line each, what matches and
// where.
func TestYARA(o RuleOptions, files []string, w io.Writer) (matches int, err error) {
	o.Alone = true
	set, err := loadRules(o)
	if err != nil {
		return 0, err
	}
	s := set.yara.Scanner()
	for _, name := range files {
		n, err := testFile(s, name, w)
		if err != nil {
			return matches, err
		}
		matches += n
	}
	return matches, nil
}

func testFile(s *yara.Scanner, name string, w io.Writer) (int, error) {
	f, err := os.Open(filepath.Clean(name))
	if err != nil {
		return 0, fmt.Errorf("app: %w", err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxContent))
	if err != nil {
		return 0, fmt.Errorf("app: %w", err)
	}
	in := yara.Input{Data: data, Path: filepath.ToSlash(name)}
	if info, err := f.Stat(); err == nil {
		in.Size, in.Time = info.Size(), info.ModTime().Unix()
	}
	result := s.Scan(in)
	for _, m := range result.Matches {
		_, _ = fmt.Fprintf(w, "%q: %s\n", name, m.Rule.Name)
		for i := range m.Strings {
			_, _ = fmt.Fprintf(w, "    %s\n", m.Strings[i].Says())
		}
	}
	for _, why := range result.Stopped {
		_, _ = fmt.Fprintf(w, "%q: %s\n", name, why)
	}
	return len(result.Matches), nil
}

// ExplainYARA tells of the rules of a name what they say, how bad a match is
// held to be, and how each string is looked for.
func ExplainYARA(o RuleOptions, name string, w io.Writer) error {
	o.Alone = true
	s, err := loadRules(o)
	if err != nil {
		return err
	}
	name = strings.TrimPrefix(name, "yara:")
	i := slices.IndexFunc(s.yara.List, func(r *yara.Rule) bool { return r.Name == name })
	if i < 0 {
		return fmt.Errorf("app: there is no YARA rule %q in what was given", name)
	}
	for _, r := range s.yara.List {
		if r.Name == name {
			s.yara.Explain(r, w)
		}
	}
	return nil
}
