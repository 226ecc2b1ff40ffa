// Package iisw3c reads logs in the W3C extended format as IIS writes them
// (https://learn.microsoft.com/windows/win32/http/w3c-logging), HTTPERR logs
// of http.sys among them. Fields may come in any order and #Fields may change
// in mid-file; times are UTC.
package iisw3c

import (
	"bytes"
	"cmp"
	"context"
	"net/netip"
	"path"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/evidence"
	"longwatch/internal/hostpath"
	"longwatch/internal/record"
	"longwatch/internal/record/web"
	"longwatch/internal/textline"
)

// Format is W3C extended logs.
var Format = evidence.Format{
	Name: "iisw3c", Sniff: sniff, Emits: []*record.Type{web.AccessType},
	New: func(f *evidence.File, _ *evidence.Env) evidence.Reader { return &reader{f: f} },
}

func sniff(_ string, head []byte) evidence.Match {
	for _, line := range textline.Head(head) {
		switch {
		case bytes.HasPrefix(line, []byte("#Software: Microsoft")):
			return evidence.Sure
		case bytes.HasPrefix(line, []byte("#Fields: ")):
			return evidence.Sure
		case len(line) > 0 && line[0] != '#':
			return evidence.None
		}
	}
	return evidence.None
}

// maxFields bounds the columns of one #Fields line.
const maxFields = 256

type reader struct {
	f       *evidence.File
	fields  []string
	httperr bool
	date    string // of #Date, for logs whose lines have no date field
}

// Read implements evidence.Reader.
func (r *reader) Read(ctx context.Context, out evidence.Outlet) error {
	rc, err := r.f.Open()
	if err != nil {
		return err
	}
	defer func() { _ = rc.Close() }()
	sink := out.Lane()
	lines := textline.New(rc, r.f, out)
	var values [][]byte
	machine := hostpath.Host(r.f.Path) // the log names it only where s-computername is logged
	site := siteOf(r.f.Path)
	for lines.Next() {
		if lines.Number()&0xfff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		line := lines.Bytes()
		switch {
		case len(line) == 0:
			continue
		case line[0] == '#':
			r.directive(string(line), lines)
			continue
		case r.fields == nil:
			lines.Bad("w3c-no-fields", "a line before any #Fields")
			continue
		case isBlank(line):
			continue // IIS pre-allocates log files and leaves zeros behind a crash
		}
		values = split(values[:0], line, len(r.fields)+1)
		if len(values) != len(r.fields) {
			lines.Bad("w3c-columns", "want "+strconv.Itoa(len(r.fields))+" columns, have "+strconv.Itoa(len(values)))
			continue
		}
		a := r.access(values)
		if a.TS == 0 {
			lines.Bad("w3c-time", "no date and time")
			continue
		}
		a.Site = cmp.Or(a.Site, site)
		a.Server = cmp.Or(a.Server, machine, a.Site)
		a.Ref = lines.Ref()
		sink.Put(a)
	}
	return lines.Err()
}

// siteOf is the folder of the log, which IIS names after the site: w3svc1.
func siteOf(name string) string {
	for dir := range strings.SplitSeq(strings.ToLower(path.Dir(strings.NewReplacer(`\`, "/", "!", "/").Replace(name))), "/") {
		if n, ok := strings.CutPrefix(dir, "w3svc"); ok && number(n, 32) > 0 {
			return dir
		}
	}
	return ""
}

func isBlank(line []byte) bool { return len(bytes.Trim(line, "\x00 ")) == 0 }

// split cuts at single blanks; runs of blanks (HTTPERR pads some) count once.
func split(dst [][]byte, line []byte, most int) [][]byte {
	for len(line) > 0 && len(dst) < most {
		i := bytes.IndexByte(line, ' ')
		if i < 0 {
			return append(dst, line)
		}
		if i > 0 {
			dst = append(dst, line[:i])
		}
		line = line[i+1:]
	}
	return dst
}

// directive handles a line that starts with #.
func (r *reader) directive(line string, lines *textline.Reader) {
	name, value, _ := strings.Cut(line[1:], ": ")
	switch name {
	case "Software":
		r.httperr = strings.Contains(value, "HTTP API")
	case "Date":
		r.date, _, _ = strings.Cut(value, " ")
	case "Fields":
		fields := strings.Fields(value)
		if len(fields) > maxFields {
			lines.Bad("w3c-fields", "more than "+strconv.Itoa(maxFields)+" fields")
			return
		}
		r.fields = fields
	}
}

// access turns the columns of one line into a record.
func (r *reader) access(values [][]byte) *web.Access {
	a := &web.Access{Product: "iis", Has: r.fields}
	if r.httperr {
		a.Product = "httperr"
	}
	date, clock := r.date, ""
	for i, v := range values {
		if len(v) == 1 && v[0] == '-' {
			continue
		}
		s := string(v)
		switch r.fields[i] {
		case "date":
			date = s
		case "time":
			clock = s
		default:
			set(a, r.fields[i], s)
		}
	}
	a.TS = parseTime(date, clock)
	return a
}

// set fills one column. Names are matched as IIS writes them; unknown ones,
// such as custom fields, are left out of the record.
func set(a *web.Access, field, s string) {
	switch strings.ToLower(field) {
	case "s-computername":
		a.Server = strings.ToLower(s)
	case "s-sitename":
		a.Site = strings.ToLower(s)
	case "s-ip":
		a.ServerIP = addr(s)
	case "s-port":
		a.ServerPort = uint16(number(s, 16))
	case "c-ip":
		a.ClientIP = addr(s)
	case "cs-username":
		a.User = unplus(s)
	case "cs-method":
		a.Method = s
	case "cs-host":
		a.Host = s
	case "cs-uri-stem":
		a.Stem = s
	case "cs-uri-query":
		a.Query = s
	case "cs-uri": // HTTPERR has the whole target in one column
		a.Stem, a.Query, _ = strings.Cut(s, "?")
	case "sc-status":
		a.Status = uint16(number(s, 16))
	case "sc-substatus":
		a.Substatus = uint16(number(s, 16))
	case "sc-win32-status":
		a.Win32 = uint32(number(s, 32))
	case "sc-bytes":
		a.SentBytes = record.Some(number(s, 64))
	case "cs-bytes":
		a.RecvBytes = record.Some(number(s, 64))
	case "time-taken":
		a.TimeTaken = record.Some(time.Duration(number(s, 40)) * time.Millisecond)
	case "cs(user-agent)":
		a.UserAgent = unplus(s)
	case "cs(referer)":
		a.Referer = s
	case "cs(cookie)":
		a.Cookie = s
	case "x-forwarded-for":
		a.Forwarded = s
	case "s-reason":
		a.Reason = s
	}
}

// unplus undoes the plus signs that IIS writes for blanks in header values.
func unplus(s string) string { return strings.ReplaceAll(s, "+", " ") }

// addr reads an address with or without an IPv6 zone or brackets.
func addr(s string) netip.Addr {
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return a.WithZone("")
}

// number reads a decimal that fits bits; anything else is 0.
func number(s string, bits int) uint64 {
	n, err := strconv.ParseUint(s, 10, bits)
	if err != nil {
		return 0
	}
	return n
}

// parseTime joins the date and time columns, which are UTC.
func parseTime(date, clock string) record.Time {
	t, err := time.Parse("2006-01-02 15:04:05", date+" "+clock)
	if err != nil {
		return 0
	}
	return record.TimeOf(t)
}
