package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/simulate/truth"
)

// sheet is the truth of an exercise, made ready for questions.
type sheet struct {
	truth.Truth
	hosts map[string]string // address or name in lower case: name
	where []map[string][]interval
}

// interval is a range of positions in a file, both ends included.
type interval struct{ from, to int64 }

func readSheet(path string) (*sheet, error) {
	b, err := os.ReadFile(path) // #nosec G304 -- in our own folder
	if err != nil {
		return nil, err
	}
	s := &sheet{hosts: map[string]string{}}
	if err := json.Unmarshal(b, &s.Truth); err != nil {
		return nil, err
	}
	for _, site := range s.Sites {
		for _, h := range site.Hosts {
			name := strings.ToLower(h.Name)
			s.hosts[name], s.hosts[h.Address] = name, name
		}
	}
	for _, c := range s.Campaigns {
		files := map[string][]interval{}
		for file, list := range c.Evidence {
			for part := range strings.SplitSeq(list, ",") {
				var i interval
				if n, _ := fmt.Sscanf(part, "%d-%d", &i.from, &i.to); n == 1 {
					i.to = i.from
				}
				files[strings.ToLower(file)] = append(files[strings.ToLower(file)], i)
			}
		}
		s.where = append(s.where, files)
	}
	return s, nil
}

// hit tells whether a reference is to evidence of a campaign.
func (s *sheet) hit(campaign int, root string, r ref) bool {
	name := strings.ToLower(filepath.ToSlash(strings.TrimPrefix(strings.TrimPrefix(r.File, root), string(filepath.Separator))))
	name, _, _ = strings.Cut(name, "!")
	list, ok := s.where[campaign][name]
	if !ok {
		for file := range s.where[campaign] { // a folder may be meant
			if strings.HasPrefix(file, name+"/") {
				return true
			}
		}
		return false
	}
	at := r.at()
	if at < 0 {
		return true // the whole file is meant
	}
	i := sort.Search(len(list), func(i int) bool { return list[i].to >= at })
	return i < len(list) && list[i].from <= at
}

// report is what a hunt says, as far as it is judged.
type report struct {
	incidents []incident
	findings  map[string]claim
}

type incident struct {
	ID       string           `json:"id"`
	Title    string           `json:"title"`
	Severity finding.Severity `json:"severity"`
	Start    time.Time        `json:"start"`
	Entry    *struct {
		Entity struct{ Kind, Value string } `json:"entity"`
		Why    string                       `json:"why"`
	} `json:"entry"`
	Findings    []string `json:"findings"`
	Attribution []struct {
		Profile    string  `json:"profile"`
		Confidence float64 `json:"confidence"`
	} `json:"attribution"`
}

// above tells whether somebody is called for it.
func (i *incident) above() bool { return i.Severity > finding.Low }

type claim struct {
	ID       string           `json:"id"`
	Title    string           `json:"title"`
	Severity finding.Severity `json:"severity"`
	Refs     []ref            `json:"refs"`
}

// ref is where a claim says its evidence is.
type ref struct {
	File   string `json:"file"`
	Line   *int64 `json:"line"`
	Record *int64 `json:"record"`
	Offset *int64 `json:"offset"`
}

func (r ref) at() int64 {
	for _, p := range []*int64{r.Line, r.Record, r.Offset} {
		if p != nil {
			return *p
		}
	}
	return -1
}

func readCase(dir string) (*report, error) {
	r := &report{findings: map[string]claim{}}
	b, err := os.ReadFile(filepath.Join(dir, "incidents.json")) // #nosec G304 -- in our own folder
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &r.incidents); err != nil {
		return nil, fmt.Errorf("incidents.json: %w", err)
	}
	f, err := os.Open(filepath.Join(dir, "findings.jsonl")) // #nosec G304 -- in our own folder
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		var c claim
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return nil, fmt.Errorf("findings.jsonl: %w", err)
		}
		r.findings[c.ID] = c
	}
	return r, errors.Join(lines.Err())
}
