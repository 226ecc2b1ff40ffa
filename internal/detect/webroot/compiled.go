package webroot

import (
	"slices"
	"strings"
	"time"

	"longwatch/internal/record"
	"longwatch/internal/record/web"
)

const (
	maxCompiled = 1 << 16
	maxFolder   = 1 << 10 // pages compared with each other
)

// Compilations are the pages that ASP.NET compiled. The zero value is ready.
type Compilations struct {
	byPath   map[string][]*web.Compiled
	byFolder map[string][]*web.Compiled
	seen     map[record.Ref]bool
}

// Add takes a page; what comes after a bound is left out.
func (s *Compilations) Add(c *web.Compiled) {
	if s.seen == nil {
		s.byPath, s.byFolder, s.seen = map[string][]*web.Compiled{}, map[string][]*web.Compiled{}, map[record.Ref]bool{}
	}
	if s.seen[c.Ref] || len(s.seen) >= maxCompiled || c.VirtualPath == "" {
		return
	}
	s.seen[c.Ref] = true
	p := PageOf(c.VirtualPath).Path
	s.byPath[p] = append(s.byPath[p], c)
	s.byFolder[folderOf(p)] = append(s.byFolder[folderOf(p)], c)
}

func folderOf(p string) string { return p[:strings.LastIndexByte(p, '/')+1] }

// First is the earliest compilation of a page, on a machine where it is known;
// nil when there is none.
func (s *Compilations) First(host, page string) *web.Compiled {
	var first *web.Compiled
	for _, c := range s.byPath[page] {
		if agree(short(c.Host), short(host)) && (first == nil || c.TS < first.TS) {
			first = c
		}
	}
	return first
}

// Folder is every page compiled of c's folder on c's machine.
func (s *Compilations) Folder(c *web.Compiled) []*web.Compiled {
	var out []*web.Compiled
	for _, o := range s.byFolder[folderOf(PageOf(c.VirtualPath).Path)] {
		if o.Host == c.Host && o.App == c.App && len(out) < maxFolder {
			out = append(out, o)
		}
	}
	return out
}

// Lone returns when the other pages of c's folder were compiled, when c was
// compiled by itself at least by later. ASP.NET compiles the pages of a folder
// into one DLL, so c was not there then. Where it makes a DLL of each page
// (batch="false"), nothing can be said: 0.
func (s *Compilations) Lone(c *web.Compiled, by time.Duration) record.Time {
	var last record.Time
	var names []string
	for _, o := range s.Folder(c) {
		if o.Ref == c.Ref || o.TS == 0 || c.TS == 0 || !Executable(PageOf(o.VirtualPath).Path) {
			continue
		}
		if o.Assembly == c.Assembly || c.TS.Sub(o.TS) < by {
			return 0
		}
		last = max(last, o.TS)
		names = append(names, o.Assembly)
	}
	slices.Sort(names)
	if len(slices.Compact(slices.Clone(names))) == len(names) {
		return 0 // no two of them share a DLL
	}
	return last
}
