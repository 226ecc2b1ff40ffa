package main

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"longwatch/internal/app"
	"longwatch/internal/record"
)

// areas are the parts of the page, by import path.
var areas = []struct{ prefix, title, lead string }{
	{"longwatch/internal/record/network", "Network", "Made from packets, from Zeek logs and, as far as they hold them, from Suricata EVE. Names and meanings are Zeek's."},
	{"longwatch/internal/proto/", "Network, by protocol", "Made by the parser of one protocol. Names and meanings are Zeek's."},
	{"longwatch/internal/cert", "Certificates", "Made from TLS handshakes."},
	{"longwatch/internal/record/host", "Hosts", "Made from Windows event logs, Sysmon, PowerShell, syslog and the Linux audit log. Names follow the Elastic Common Schema where it has one."},
	{"longwatch/internal/record/web", "Web servers and files", "Made from web-server logs and from files at rest."},
	{"longwatch/internal/record/mail", "Mail", "Made from EML and mbox files."},
	{"", "Other", "Made by one evidence format."},
}

const recordsLead = `A record is one thing that happened, with a time and a place in the evidence. ` + "`hunt`" + ` writes
all of them to ` + "`records/NAME.jsonl`" + ` in the case folder; ` + "`records`" + ` writes them in the format asked for.

- **type** is the type in a Zeek TSV log. Times are seconds since 1970 with nine digits, intervals are seconds.
- **ECS** is the field in ` + "`--format ecs`" + `; fields without one are written as ` + "`longwatch.NAME.FIELD`" + `.
- **entity** is what the value is matched and joined as, with its role; in *italics*, what it is only matched as.
- Every record has ` + "`ts`" + `, when it happened. Records with *uid* also have the columns of a connection:
  ` + "`uid`, `id.orig_h`, `id.orig_p`, `id.resp_h`, `id.resp_p`" + `, as in Zeek. Neither is repeated below.
- *not in Zeek's log*: left out of ` + "`--format zeek-json`" + ` and ` + "`zeek-tsv`" + `, so that readers of Zeek logs meet only columns they know.
`

// records renders every record type with its fields.
func records(src *source, parts app.Parts) (string, error) {
	d := newDoc("Records", recordsLead)
	makers := makersOf(parts)
	for _, a := range areas {
		began := false
		for _, t := range parts.Records {
			st := reflect.TypeOf(t.New()).Elem()
			if areaOf(st.PkgPath()) != a.title {
				continue
			}
			if !began {
				d.section(2, a.title)
				d.printf("%s\n", a.lead)
				began = true
			}
			if err := d.record(src, t, st, makers[t.Name]); err != nil {
				return "", err
			}
		}
	}
	return d.String(), nil
}

func areaOf(path string) string {
	for _, a := range areas {
		if strings.HasPrefix(path, a.prefix) {
			return a.title
		}
	}
	return ""
}

// makersOf names the protocols and formats that declare each record type.
func makersOf(parts app.Parts) map[string][]string {
	out := map[string][]string{}
	for _, p := range parts.Protocols {
		for _, t := range p.Emits {
			out[t.Name] = append(out[t.Name], "protocol "+p.Name)
		}
	}
	for _, f := range parts.Formats {
		for _, t := range f.Emits {
			out[t.Name] = append(out[t.Name], "format "+f.Name)
		}
	}
	for _, list := range out {
		slices.SortFunc(list, cmp.Compare[string])
	}
	return out
}

func (d *doc) record(src *source, t *record.Type, st reflect.Type, makers []string) error {
	c, err := src.of(st.PkgPath())
	if err != nil {
		return err
	}
	about := c.types[st.Name()]
	if about == "" {
		return fmt.Errorf("%s.%s has no comment", st.PkgPath(), st.Name())
	}
	d.section(3, "`"+t.Name+"`")
	d.printf("%s\n\n", sentence(withoutName(about)))
	d.printf("From: %s.", strings.Join(makers, ", "))
	if _, ok := t.Field("uid"); ok {
		d.printf(" With *uid*.")
	}
	d.printf("\n\n")
	texts := map[string]string{}
	if err := fieldTexts(src, st, texts); err != nil {
		return err
	}
	_, types := t.ZeekHeader()
	kinds := strings.Split(types, "\t")[1:]
	d.table("field", "type", "ECS", "entity", "meaning")
	for i, f := range t.Fields {
		if _, ok := shared.Field(f.Name); ok {
			continue
		}
		entity := f.Kind
		if f.Role != "" {
			entity += ", " + f.Role
		}
		if entity == "" && f.Match != "" {
			entity = "*" + f.Match + "*"
		}
		d.row(code(f.Name), kinds[i], code(f.ECS), entity, texts[f.Name]+marks(f))
	}
	return nil
}

// connection has the columns that are told once for the whole page.
type connection struct{ record.Conn }

var shared = record.Of[connection]("")

// marks are the options of a field in words.
func marks(f record.Field) string {
	s := ""
	if f.Extra {
		s += " *not in Zeek's log*"
	}
	if f.Secret {
		s += " *never shared*"
	}
	return s
}

// fieldTexts collects the comments of the columns of st by column name.
func fieldTexts(src *source, st reflect.Type, out map[string]string) error {
	c, err := src.of(st.PkgPath())
	if err != nil {
		return err
	}
	for f := range st.Fields() {
		tag, ok := f.Tag.Lookup("rec")
		switch {
		case !ok && f.Anonymous:
			if err := fieldTexts(src, f.Type, out); err != nil {
				return err
			}
		case ok && tag != "-":
			name, _, _ := strings.Cut(tag, ",")
			out[name] = c.fields[st.Name()+"."+f.Name]
		}
	}
	return nil
}
