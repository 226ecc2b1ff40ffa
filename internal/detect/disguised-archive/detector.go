// Package disguisedarchive finds archives and databases that lie or travel
// under the name of something harmless, as data does that waits to be taken out:
// a RAR called .gif, a cabinet called .lic, a database of the directory called
// .tmp (CISA AA23-144A).
package disguisedarchive

import (
	"path"
	"slices"
	"strings"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
	"longwatch/internal/record/web"
)

// Detector looks at files on disk and on the wire.
var Detector = detect.Spec{
	ID:         "disguised-archive",
	Title:      "Archive or database under a harmless name",
	Techniques: []attack.ID{"T1036.008", "T1560.001"},
	Dossier:    []string{"VT-22a"}, // not VT-22, whose names the advisories print
	New:        func(detect.Env) detect.Detector { return &detector{told: map[string]bool{}} },
}

// maxTold bounds the contents that are remembered as told.
const maxTold = 1 << 14

const (
	mismatch  = "extension-mismatch"
	encrypted = "archive-encrypted"
)

// kinds are the types that data is packed in, by what people call them.
var kinds = map[string]string{
	"application/x-7z-compressed": "a 7z archive", "application/x-rar": "a RAR archive", "application/vnd.ms-cab-compressed": "a cabinet",
	"application/zip": "a ZIP archive", "application/x-ms-ese": "an ESE database, as the directory keeps its accounts in",
}

// staging are folders where intruders gather what they take: anyone may write
// there, and nobody looks.
var staging = []string{"/windows/temp/", "/users/public/", "/perflogs/", "/programdata/", "/temp/", "/$recycle.bin/", "/recycler/", "/tmp/", "/dev/shm/", "/inetpub/wwwroot/"}

// detector remembers which contents were told.
type detector struct{ told map[string]bool }

// Handlers subscribes to files whose content is not what their name says.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(f *web.File) bool { return slices.Contains(f.Traits, mismatch) && kinds[f.MIMEType] != "" }, d.onDisk),
		detect.OnIf(func(f *network.File) bool { return slices.Contains(f.Traits, mismatch) && kinds[f.MIMEType] != "" }, d.onWire),
	}
}

func (d *detector) first(key string) bool {
	if d.told[key] || len(d.told) >= maxTold {
		return false
	}
	d.told[key] = true
	return true
}

func (d *detector) onDisk(f *web.File, out detect.Reporter) {
	if !d.first(f.Host + "\x00" + f.Path) {
		return
	}
	name := "/" + strings.ToLower(strings.ReplaceAll(f.Path, `\`, "/"))
	waits := slices.ContainsFunc(staging, func(s string) bool { return strings.Contains(name, s) })
	d.report(f, f.Path, f.MIMEType, f.Traits, waits, "it lies in a folder where data is gathered before it is taken out", out)
}

func (d *detector) onWire(f *network.File, out detect.Reporter) {
	if !d.first(f.FUID + "\x00" + f.Filename) {
		return
	}
	d.report(f, f.Filename, f.MIMEType, f.Traits, f.Source == "SMB", "it was moved between hosts over a file share", out)
}

func (d *detector) report(r record.Record, name, mime string, traits []string, waits bool, why string, out detect.Reporter) {
	severity, confidence := finding.Low, uint8(45)
	because := []string{finding.Because("%q ends in %q and is %s", name, path.Ext(strings.ReplaceAll(name, `\`, "/")), kinds[mime])}
	if waits {
		severity, confidence = finding.Medium, 65
		because = append(because, why)
	}
	if slices.Contains(traits, encrypted) {
		severity, confidence = finding.Medium, confidence+10
		because = append(because, "it needs a password")
	}
	var t detect.Trail
	t.Add(r)
	f := t.Finding(severity, confidence, append(because, "could also be: a program's own package, such as a skin or an update")...)
	f.Ask = []string{"What is in it, who made it, and which program reads files of this name?"}
	out.Report(f)
}
