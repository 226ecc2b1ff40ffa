// Package file reads what no other format recognises: web roots, dropped
// tools, archives as such. It hashes every file, names what it is and, for
// server-side scripts, judges what the code can do. Of the configuration of IIS
// it lists what is served from where. Nothing is executed and no
// URL is ever requested: a visit would warn the owner of a web shell.
package file

import (
	"context"
	"io"

	"longwatch/internal/content"
	"longwatch/internal/evidence"
	"longwatch/internal/hostpath"
	"longwatch/internal/record"
	"longwatch/internal/record/web"
	"longwatch/internal/script"
)

// Format is any file. It recognises nothing by itself: it is what is left.
var Format = evidence.Format{
	Name:  "file",
	Sniff: func(string, []byte) evidence.Match { return evidence.None },
	New:   func(f *evidence.File, _ *evidence.Env) evidence.Reader { return &reader{f: f} },
	Emits: []*record.Type{web.FileType, web.ScriptType, web.SiteType},
}

type reader struct{ f *evidence.File }

// Read implements evidence.Reader.
func (r *reader) Read(ctx context.Context, out evidence.Outlet) error {
	rc, err := r.f.Open()
	if err != nil {
		return err
	}
	defer func() { _ = rc.Close() }()
	t := content.NewTracker(true)
	t.SetName(r.f.Name)
	var text []byte
	host := isHostConfig(r.f.Name)
	keep, most := true, script.MaxSize
	if host {
		most = maxConfig
	}
	buf := make([]byte, 256<<10)
	for {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		n, err := rc.Read(buf)
		t.Write(buf[:n])
		if keep && len(text) < most {
			text = append(text, buf[:n]...)
			if keep = host || script.LanguageOf(r.f.Name, text) != ""; !keep {
				text = nil // no script by its first bytes
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	lane := out.Lane()
	sum := t.Sum()
	rec := r.record(sum, text)
	if s, ok := rec.(*web.Script); ok && s.Language == "pe" { // a program is a file as well
		lane.Put(r.record(sum, nil))
	}
	lane.Put(rec)
	if host {
		r.sites(text, lane, out.Problem)
	}
	return nil
}

// record is a script where the file is one, a file otherwise.
func (r *reader) record(s content.Summary, text []byte) record.Record {
	head := record.Head{TS: r.f.Modified, Ref: r.f.Ref(record.RefFile, 0)}
	if text != nil {
		if a := script.Analyse(r.f.Name, text); a.Language != "" && (a.Language != "pe" || a.Score > 0) {
			return &web.Script{
				Head: head, Host: hostpath.Host(r.f.Path), Path: r.f.Path, Language: a.Language, Size: uint64(s.Size), SHA256: s.SHA256,
				Modified: r.f.Modified, Created: r.f.Created, Can: a.Can, Score: int64(a.Score), Why: a.Why, Tokens: a.Tokens,
			}
		}
	}
	return &web.File{
		Head: head, Host: hostpath.Host(r.f.Path), Path: r.f.Path, Size: uint64(s.Size), MIMEType: s.MIME, MD5: s.MD5, SHA1: s.SHA1, SHA256: s.SHA256,
		Modified: r.f.Modified, Created: r.f.Created, Traits: s.Traits, Members: s.Members,
	}
}
