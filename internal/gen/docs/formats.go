package main

import (
	"reflect"
	"strconv"
	"strings"

	"longwatch/internal/app"
	"longwatch/internal/evidence"
	"longwatch/internal/proto"
	"longwatch/internal/record"
)

const formatsLead = `Evidence is recognised by its content; the name of a file only decides between equals. Folders are
walked, symbolic links are noted and not followed. Archives are opened first, also within each other: zip, tar, gzip,
zstd, xz and bzip2. 7-Zip, RAR, cabinet and disk-image files are recognised and named in the manifest as not opened.
`

// formats renders the evidence formats and the protocols within captures.
func formats(src *source, parts app.Parts) (string, error) {
	d := newDoc("Evidence formats and protocols", formatsLead)
	d.section(2, "Formats")
	for _, f := range parts.Formats {
		c, err := src.of(packageOf(f))
		if err != nil {
			return "", err
		}
		d.section(3, "`"+f.Name+"`")
		d.printf("%s\n", withoutName(c.pkg))
		d.printf("\nRecords: %s.\n", emitted(f.Name, f.Emits))
	}
	d.section(2, "Protocols")
	d.printf("Protocols are named by content on any port; a port only decides which probe is tried first. A protocol without\na port is reached inside another one or by content alone.\n\n")
	d.table("protocol", "transport", "usual ports", "records", "what is read")
	for _, p := range parts.Protocols {
		c, err := src.of(typePackage(p.New(&proto.Conn{})))
		if err != nil {
			return "", err
		}
		d.row(code(p.Name), transports(p.Transport), ports(p.Ports), codes(names(p.Emits)), summary(withoutName(c.pkg)))
	}
	return d.String(), nil
}

// emitted is what a format writes; captures and logs of other tools also give
// what the protocols give.
func emitted(format string, types []*record.Type) string {
	s := codes(names(types))
	switch format {
	case "pcap":
		s += ", and those of every protocol below"
	case "zeek", "eve":
		s += ", and those of protocols that the log holds"
	}
	return s
}

func names(types []*record.Type) []string {
	out := make([]string, 0, len(types))
	for _, t := range types {
		out = append(out, t.Name)
	}
	return out
}

// packageOf is the import path of a format: that of its reader's type.
func packageOf(f evidence.Format) string {
	return typePackage(f.New(&evidence.File{}, &evidence.Env{}))
}

func typePackage(v any) string {
	t := reflect.TypeOf(v)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath()
}

func transports(t proto.Transport) string {
	var out []string
	if t&proto.TCP != 0 {
		out = append(out, "TCP")
	}
	if t&proto.UDP != 0 {
		out = append(out, "UDP")
	}
	return strings.Join(out, ", ")
}

func ports(list []uint16) string {
	out := make([]string, 0, len(list))
	for _, p := range list {
		out = append(out, strconv.Itoa(int(p)))
	}
	return strings.Join(out, ", ")
}
