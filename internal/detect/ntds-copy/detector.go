// Package ntdscopy finds copies of the Active Directory database that lie
// together with the registry hive that unlocks them: in a folder, in an archive
// or written over SMB (AA23-144A).
package ntdscopy

import (
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/proto/smb"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
	"longwatch/internal/record/web"
)

// Detector joins ntds.dit with a SYSTEM hive near it.
var Detector = detect.Spec{
	ID:         "ntds-copy",
	Title:      "Copy of the directory database with its registry hive",
	Techniques: []attack.ID{"T1003.003", "T1074.001"},
	Dossier:    []string{"VT-11"},
	New: func(detect.Env) detect.Detector {
		return &detector{places: recent.New[place, pair](time.Hour, 1<<13), rest: map[string]*pair{}}
	},
}

const maxFolders = 1 << 14 // of copies at rest; later ones are not joined

// detector remembers, for an hour, which half was seen where. Folders of files
// at rest carry no order in time and are kept to the end.
type detector struct {
	places *recent.Map[place, pair]
	rest   map[string]*pair
}

// place is a folder on a host, or of a share as seen between two addresses.
type place struct {
	host       string
	orig, resp netip.Addr
	root       string
}

type pair struct {
	trail     detect.Trail
	dit, hive bool
	told      bool
}

// Handlers subscribes to archives, files, created files and SMB.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(f *network.File) bool { return archived(f.Traits, f.Members) }, func(f *network.File, out detect.Reporter) {
			archive(f.Filename, out)
		}),
		detect.OnIf(func(f *web.File) bool { return archived(f.Traits, f.Members) || half(f.Path) != "" }, d.atRest),
		detect.OnIf(func(f *host.FileEvent) bool { return f.Action == "created" && half(f.Path) != "" }, func(f *host.FileEvent, out detect.Reporter) {
			d.note(f, place{host: f.Host, root: root(f.Path)}, f.Path, out)
		}),
		detect.OnIf(func(f *smb.File) bool { return half(f.Name) != "" }, func(f *smb.File, out detect.Reporter) {
			d.note(f, place{orig: f.OrigH, resp: f.RespH, root: strings.ToLower(f.Path) + root(f.Name)}, f.Name, out)
		}),
		detect.AtEnd(d.folders),
	}
}

// half names which half of the pair a file is: ntds.dit outside the folder
// where it belongs, or a hive in a folder called registry, as ntdsutil lays them out.
func half(name string) string {
	s := clean(name)
	dir, base := path.Split(s)
	switch {
	case base == "ntds.dit" && !strings.HasSuffix(dir, "windows/ntds/"):
		return "dit"
	case (base == "system" || base == "security") && strings.HasSuffix(dir, "registry/"):
		return "hive"
	}
	return ""
}

func clean(name string) string { return strings.ToLower(strings.ReplaceAll(name, `\`, "/")) }

// root is the folder above Active Directory and registry.
func root(name string) string { return path.Dir(path.Dir(clean(name))) }

func archived(traits, members []string) bool {
	if slices.Contains(traits, "zip-ntds") {
		return true
	}
	kinds := map[string]bool{}
	for _, m := range members {
		kinds[half(m)] = true
	}
	return kinds["dit"] && kinds["hive"]
}

func archive(name string, out detect.Reporter) {
	out.Report(finding.Finding{Severity: finding.Critical, Confidence: 90, Why: []string{
		finding.Because("the archive %q holds ntds.dit and the registry hive that unlocks it", name)}})
}

func (d *detector) atRest(f *web.File, out detect.Reporter) {
	if archived(f.Traits, f.Members) {
		archive(f.Path, out)
		return
	}
	key := root(f.Path)
	p := d.rest[key]
	if p == nil {
		if len(d.rest) >= maxFolders {
			return
		}
		p = &pair{}
		d.rest[key] = p
	}
	p.add(f, f.Path)
}

func (p *pair) add(r record.Record, name string) {
	p.trail.Add(r)
	p.dit = p.dit || half(name) == "dit"
	p.hive = p.hive || half(name) == "hive"
}

func (d *detector) note(r record.Record, at place, name string, out detect.Reporter) {
	p := d.places.At(at, r.Base().TS)
	p.add(r, name)
	p.tell(at.root, out)
}

func (p *pair) tell(root string, out detect.Reporter) {
	if p.told || !p.dit || !p.hive {
		return
	}
	p.told = true
	out.Report(p.trail.Finding(finding.High, 85,
		finding.Because("below %q lie ntds.dit and a registry hive, the two parts from which every password hash of a domain is read", root)))
}

func (d *detector) folders(out detect.Reporter) {
	for root, p := range d.rest {
		p.tell(root, out)
	}
}
