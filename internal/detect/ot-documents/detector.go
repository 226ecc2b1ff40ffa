// Package otdocuments finds a host that gathers what describes an industrial
// plant: it reads many files over SMB whose names speak of substations, relays,
// controllers and their drawings, in several folders. Who pre-positions for a
// disruption needs them.
package otdocuments

import (
	"net/netip"
	"path"
	"regexp"
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
)

// Detector counts such files per reader within half an hour.
var Detector = detect.Spec{
	ID:         "ot-documents",
	Title:      "Documents about an industrial plant gathered",
	Techniques: []attack.ID{"T1083", "T1039"},
	Dossier:    []string{"VT-31"},
	New: func(detect.Env) detect.Detector {
		return &detector{readers: recent.New[reader, gathering](window, 1<<12)}
	},
}

const (
	window   = 30 * time.Minute
	least    = 15 // files
	folders  = 3  // an engineer works in one or two
	maxFiles = 1 << 10
)

// plant are words of a name that describe a plant. Single letters as in P&ID
// stand only between signs.
var plant = regexp.MustCompile(`(?i)(scada|switchgear|substation|single.?line|one.?line|protection.?relay|relay.?setting|turbine|p&id|rtu.?(config|list)|(^|[^a-z])(plc|hmi|p&?id|rtu|ied|dcs)([^a-z]|$))`)

// detector remembers, for half an hour, what each host read.
type detector struct {
	readers *recent.Map[reader, gathering]
}

type reader struct{ from, server string }

type gathering struct {
	trail   detect.Trail
	files   []string
	folders []string
	told    bool
}

// Handlers subscribes to files opened over SMB, on the wire and in the log of
// the server.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(f *smb.File) bool { return f.Action == "SMB::FILE_OPEN" && plant.MatchString(f.Name) }, func(f *smb.File, out detect.Reporter) {
			d.open(f, f.OrigH, f.RespH.String(), f.Name, out)
		}),
		detect.OnIf(func(s *host.ShareAccess) bool { return s.Source.IsValid() && plant.MatchString(s.Path) }, func(s *host.ShareAccess, out detect.Reporter) {
			d.open(s, s.Source, s.Host, s.Path, out)
		}),
	}
}

func (d *detector) open(r record.Record, from netip.Addr, server, name string, out detect.Reporter) {
	g := d.readers.At(reader{from.String(), server}, r.Base().TS)
	name = strings.ToLower(strings.ReplaceAll(name, `\`, "/"))
	if slices.Contains(g.files, name) || len(g.files) >= maxFiles {
		return
	}
	g.trail.Add(r)
	g.files = append(g.files, name)
	if dir := path.Dir(name); !slices.Contains(g.folders, dir) {
		g.folders = append(g.folders, dir)
	}
	if g.told || len(g.files) < least || len(g.folders) < folders {
		return
	}
	g.told = true
	f := g.trail.Finding(finding.Medium, 50,
		finding.Because("%v opened %d files in %d folders of %s within half an hour whose names speak of an industrial plant: %s", from, len(g.files), len(g.folders), server, strings.Join(g.files[:3], ", ")),
		"could also be: an engineer at the beginning of a project, a backup, a search index")
	f.Ask = []string{finding.Because("Who works at %v, and is the plant theirs?", from)}
	out.Report(f)
}
