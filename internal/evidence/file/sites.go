package file

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"longwatch/internal/evidence"
	"longwatch/internal/hostpath"
	"longwatch/internal/record"
	"longwatch/internal/record/web"
	"longwatch/internal/textline"
)

// Bounds of the configuration of sites. A hosting company has some ten
// thousand sites on one server.
const (
	maxConfig   = 32 << 20
	maxSites    = 1 << 16
	maxBindings = 64 // of one site
)

// isHostConfig tells whether a file is the configuration of IIS that lists its
// sites.
func isHostConfig(name string) bool { return strings.EqualFold(name, "applicationHost.config") }

// sites puts a record for each virtual directory of applicationHost.config:
// configuration/system.applicationHost/sites/site/application/virtualDirectory.
func (r *reader) sites(text []byte, out record.Sink, problem func(evidence.Problem)) {
	d := xml.NewDecoder(textline.Decoded(bytes.NewReader(text)))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // decoded before
	var open []string
	var site web.Site
	var app, pool, defaultPool string
	var held []*web.Site // of the open site: its bindings may stand behind
	n := 0
	for {
		t, err := d.Token()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				problem(evidence.Problem{Name: "sites-xml", Why: "the list of sites ends early: " + err.Error(), Ref: r.f.Ref(record.RefFile, 0)})
			}
			return
		}
		switch t := t.(type) {
		case xml.StartElement:
			open = append(open, strings.ToLower(t.Name.Local))
			at := strings.Join(open[1:], "/")
			get := func(name string) string { return attr(t.Attr, name) }
			switch at {
			case sitesAt + "/applicationdefaults":
				defaultPool = get("applicationPool")
			case sitesAt + "/site":
				id, _ := strconv.ParseUint(get("id"), 10, 32)
				site = web.Site{Head: record.Head{TS: r.f.Modified, Ref: r.f.Ref(record.RefFile, 0)}, Host: hostpath.Host(r.f.Path), Path: r.f.Path, Name: get("name"), ID: uint32(id)}
				held = nil
			case sitesAt + "/site/logfile":
				site.Logs = get("directory")
			case sitesAt + "/site/bindings/binding":
				if len(site.Bindings) < maxBindings {
					site.Bindings = append(site.Bindings, get("protocol")+"/"+get("bindingInformation"))
				}
			case sitesAt + "/site/application":
				app, pool = get("path"), get("applicationPool")
				if pool == "" {
					pool = defaultPool
				}
			case sitesAt + "/site/application/virtualdirectory":
				if n++; n > maxSites {
					problem(evidence.Problem{Name: "sites-many", Why: "more virtual directories than are kept", Ref: r.f.Ref(record.RefFile, 0)})
					return
				}
				line, _ := d.InputPos()
				v := site
				v.Ref = r.f.Ref(record.RefLine, int64(line))
				v.App, v.Pool, v.URL, v.Physical = "/"+strings.Trim(app, "/"), pool, joined(app, get("path")), get("physicalPath")
				held = append(held, &v)
			}
			if len(open) > 64 {
				problem(evidence.Problem{Name: "sites-deep", Why: "elements are nested too deep", Ref: r.f.Ref(record.RefFile, 0)})
				return
			}
		case xml.EndElement:
			if strings.Join(open[1:], "/") == sitesAt+"/site" {
				for _, v := range held {
					v.Bindings, v.Logs = site.Bindings, site.Logs
					out.Put(v)
				}
				held = nil
			}
			open = open[:len(open)-1] // the decoder matches the names
		}
	}
}

const sitesAt = "system.applicationhost/sites"

func attr(attrs []xml.Attr, name string) string {
	for i := range attrs {
		if strings.EqualFold(attrs[i].Name.Local, name) {
			return attrs[i].Value
		}
	}
	return ""
}

// joined is the URL of a virtual directory of an application.
func joined(app, dir string) string {
	app, dir = strings.Trim(app, "/"), strings.Trim(dir, "/")
	if app == "" || dir == "" {
		return "/" + app + dir
	}
	return "/" + app + "/" + dir
}
