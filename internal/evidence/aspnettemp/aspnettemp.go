// Package aspnettemp reads the .compiled files that ASP.NET leaves in its folder
// for compiled pages, Temporary ASP.NET Files. Each names the page that was
// compiled and the DLL that it became:
//
//	<preserve resultType="3" virtualPath="/up/a.aspx" hash="…" filehash="…" assembly="App_Web_kx3…" type="ASP.up_a_aspx">
//	    <filedeps><filedep name="/up/a.aspx"/></filedeps>
//	</preserve>
//
// Neither is removed when the page is deleted. There is no specification; names
// are those that the runtime reads (System.Web.Compilation, PreservationFileReader).
package aspnettemp

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"longwatch/internal/evidence"
	"longwatch/internal/hostpath"
	"longwatch/internal/record"
	"longwatch/internal/record/web"
	"longwatch/internal/textline"
)

// Format is .compiled files.
var Format = evidence.Format{
	Name: "aspnettemp", Sniff: sniff, Emits: []*record.Type{web.CompiledType},
	New: func(f *evidence.File, _ *evidence.Env) evidence.Reader { return &reader{f: f} },
}

const (
	maxSize = 1 << 20 // bytes of a file; real ones have a few hundred
	maxDeps = 64      // sources kept; later ones are counted as a problem
)

func sniff(_ string, head []byte) evidence.Match {
	b := bytes.TrimSpace(textline.DecodedHead(head))
	if rest, ok := bytes.CutPrefix(b, []byte("<?xml")); ok {
		_, rest, ok = bytes.Cut(rest, []byte("?>"))
		if !ok {
			return evidence.None
		}
		b = bytes.TrimSpace(rest)
	}
	start, _, _ := bytes.Cut(b, []byte(">"))
	if bytes.HasPrefix(start, []byte("<preserve ")) && bytes.Contains(start, []byte("resultType=")) {
		return evidence.Sure
	}
	return evidence.None
}

type reader struct{ f *evidence.File }

// Read implements evidence.Reader.
func (r *reader) Read(_ context.Context, out evidence.Outlet) error {
	rc, err := r.f.Open()
	if err != nil {
		return err
	}
	defer func() { _ = rc.Close() }()
	c := &web.Compiled{
		Head: record.Head{TS: r.f.Modified, Ref: r.f.Ref(record.RefFile, 0)},
		Host: hostpath.Host(r.f.Path), Path: r.f.Path, App: appOf(r.f.Path), Modified: r.f.Modified, Created: r.f.Created,
	}
	d := xml.NewDecoder(io.LimitReader(textline.Decoded(rc), maxSize))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // decoded before
	more, whole := 0, false
	for !whole && err == nil {
		var t xml.Token
		if t, err = d.Token(); err != nil {
			break
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "preserve":
				set(c, t.Attr)
			case "filedep":
				if name := attr(t.Attr, "name"); name != "" && len(c.Deps) < maxDeps {
					c.Deps = append(c.Deps, name)
				} else if name != "" {
					more++
				}
			}
		case xml.EndElement:
			whole = t.Name.Local == "preserve"
		}
	}
	if c.VirtualPath != "" || c.Assembly != "" {
		out.Lane().Put(c)
	}
	if more > 0 {
		out.Problem(evidence.Problem{Name: "aspnettemp-deps", Why: fmt.Sprintf("%d sources more than %d", more, maxDeps), Ref: c.Ref})
	}
	var syntax *xml.SyntaxError
	switch {
	case whole:
		return nil
	case errors.Is(err, io.EOF), errors.As(err, &syntax) && syntax.Msg == "unexpected EOF":
		return fmt.Errorf("aspnettemp: the element is never closed: %w", evidence.ErrTruncated)
	case errors.As(err, &syntax):
		return fmt.Errorf("aspnettemp: line %d: %s: %w", syntax.Line, syntax.Msg, evidence.ErrCorrupt)
	}
	return fmt.Errorf("aspnettemp: %w: %w", err, evidence.ErrCorrupt)
}

// set fills in the attributes of the root element.
func set(c *web.Compiled, attrs []xml.Attr) {
	c.VirtualPath = attr(attrs, "virtualPath")
	c.Assembly = attr(attrs, "assembly")
	c.Class = attr(attrs, "type")
	c.Hash = attr(attrs, "hash")
	c.FileHash = attr(attrs, "filehash")
	c.Kind, _ = strconv.ParseInt(attr(attrs, "resultType"), 10, 16)
}

func attr(attrs []xml.Attr, name string) string {
	for i := range attrs {
		if attrs[i].Name.Local == name {
			return attrs[i].Value
		}
	}
	return ""
}

// appOf is the folder below Temporary ASP.NET Files, in lower case.
func appOf(name string) string {
	name = strings.ToLower(strings.NewReplacer(`\`, "/", "!", "/").Replace(name))
	_, rest, ok := strings.Cut(name, "/temporary asp.net files/")
	if !ok {
		return ""
	}
	app, _, _ := strings.Cut(rest, "/")
	return app
}
