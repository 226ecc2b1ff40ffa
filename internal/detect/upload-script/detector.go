// Package uploadscript finds server-side scripts in folders that otherwise hold
// only what people upload: pictures, documents, archives.
package uploadscript

import (
	"strings"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/record/web"
	"longwatch/internal/winpath"
)

// Detector compares scripts with their neighbours.
var Detector = detect.Spec{
	ID:         "upload-script",
	Title:      "Script in a folder for uploads",
	Techniques: []attack.ID{"T1505.003"},
	Dossier:    []string{"OP-03"},
	New:        func(detect.Env) detect.Detector { return &detector{folders: map[string]*folder{}} },
}

const (
	leastUploads = 3       // pictures and documents that make a folder one for uploads
	maxScripts   = 5       // a folder with more is part of the application
	maxFolders   = 1 << 16 // later ones are not judged
)

// uploads are what people upload.
var uploads = map[string]bool{
	".jpg": true, ".jpeg": true, ".png": true, ".gif": true, ".bmp": true, ".webp": true, ".pdf": true, ".doc": true, ".docx": true, ".xls": true,
	".xlsx": true, ".ppt": true, ".pptx": true, ".odt": true, ".zip": true, ".mp4": true,
}

// static are files that an application has beside its scripts; a folder with
// them is not only for uploads.
var static = map[string]bool{".js": true, ".css": true, ".html": true, ".htm": true, ".master": true, ".ascx": true, ".cs": true, ".vb": true, ".dll": true}

// detector keeps a count per folder, to the end.
type detector struct{ folders map[string]*folder }

type folder struct {
	uploads map[string]bool
	other   int
	scripts map[string]*web.Script
}

// Handlers subscribes to scripts and other files at rest.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(f *web.File) bool { return uploads[winpath.Ext(f.Path)] || static[winpath.Ext(f.Path)] }, d.file),
		detect.OnIf(func(s *web.Script) bool { return s.Language != "config" && s.Language != "pe" }, d.script),
		detect.AtEnd(d.judge),
	}
}

func (d *detector) at(path string) *folder {
	dir := winpath.Dir(path)
	f := d.folders[dir]
	if f == nil && len(d.folders) < maxFolders {
		f = &folder{uploads: map[string]bool{}, scripts: map[string]*web.Script{}}
		d.folders[dir] = f
	}
	return f
}

func (d *detector) file(r *web.File, _ detect.Reporter) {
	f := d.at(r.Path)
	switch {
	case f == nil:
	case static[winpath.Ext(r.Path)]:
		f.other++
	case len(f.uploads) < leastUploads:
		f.uploads[r.Path] = true
	}
}

func (d *detector) script(s *web.Script, _ detect.Reporter) {
	if f := d.at(s.Path); f != nil && len(f.scripts) <= maxScripts {
		f.scripts[s.Path] = s
	}
}

func (d *detector) judge(out detect.Reporter) {
	for dir, f := range d.folders {
		if len(f.uploads) < leastUploads || f.other > 0 || len(f.scripts) > maxScripts {
			continue
		}
		for _, s := range f.scripts {
			f := finding.Finding{Severity: finding.Low, Confidence: 40, Start: s.TS, Entities: s.RecordType().Entities(s)}
			f.Refs = append(f.Refs, s.Ref)
			f.Why = []string{finding.Because("%q holds only uploads, and the script %q", dir, winpath.Base(s.Path))}
			switch {
			case s.Score >= 4:
				f.Severity, f.Confidence = finding.High, 85
				f.Why = append(f.Why, finding.Because("its structure scores %d: %s", s.Score, strings.Join(s.Why, "; ")))
			case named(dir):
				f.Severity, f.Confidence = finding.Medium, 60
				f.Why = append(f.Why, "the folder's name says that it is for uploads")
			}
			out.Report(f)
		}
	}
}

// named tells whether a folder is called one for uploads.
func named(dir string) bool {
	base := winpath.Base(dir)
	return strings.Contains(base, "upload") || strings.Contains(base, "attachment") || base == "files" || base == "userfiles"
}
