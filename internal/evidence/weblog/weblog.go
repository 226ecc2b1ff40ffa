// Package weblog reads access logs in the common and combined format, as
// Apache (https://httpd.apache.org/docs/2.4/logs.html#combined) and nginx
// write them, with or without a leading virtual host, error logs of both, and
// the requests to iControl REST that F5 BIG-IP logs.
package weblog

import (
	"cmp"
	"context"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/evidence"
	"longwatch/internal/hostpath"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/web"
	"longwatch/internal/textline"
)

// Format is common and combined access logs.
var Format = evidence.Format{
	Name: "weblog", Sniff: sniff, Emits: []*record.Type{web.AccessType, host.SyslogType},
	New: func(f *evidence.File, _ *evidence.Env) evidence.Reader { return &reader{f: f} },
}

func sniff(_ string, head []byte) evidence.Match {
	good, bad := textline.Tally(head, 8, func(line string) bool {
		if _, ok := parse(line); ok {
			return true
		}
		_, ok := parseError(line)
		return ok
	})
	if good > bad {
		return evidence.Sure
	}
	return evidence.None
}

type reader struct{ f *evidence.File }

// Read implements evidence.Reader.
func (r *reader) Read(ctx context.Context, out evidence.Outlet) error {
	sink := out.Lane()
	machine := hostpath.Host(r.f.Path) // the log names it only with a virtual host in front
	return textline.Each(ctx, r.f, out, func(lines *textline.Reader) {
		a, ok := parse(string(lines.Bytes()))
		if !ok {
			e, ok := parseError(string(lines.Bytes()))
			if !ok {
				lines.Bad("weblog-line", "not a line of the common or combined format, nor of an error log")
				return
			}
			e.Host, e.Ref = machine, lines.Ref()
			sink.Put(e)
			return
		}
		a.Server = cmp.Or(a.Server, machine)
		a.Ref = lines.Ref()
		sink.Put(a)
	})
}

// parse reads one line:
// [vhost[:port] ]client ident user [time] "request" status bytes ["referer" "agent" ["forwarded"]].
func parse(line string) (*web.Access, bool) {
	if strings.Contains(line, restMark) {
		return parseREST(line)
	}
	before, after, ok := strings.Cut(line, "[")
	if !ok {
		return nil, false
	}
	who := strings.Fields(before)
	if len(who) == 4 { // Apache's vhost_combined
		who = who[1:]
	} else if len(who) != 3 {
		return nil, false
	}
	stamp, rest, ok := strings.Cut(after, "] ")
	if !ok {
		return nil, false
	}
	t, err := time.Parse("02/Jan/2006:15:04:05 -0700", stamp)
	if err != nil {
		return nil, false
	}
	if strings.HasPrefix(rest, "[") { // NetScaler's httpaccess.log names the process
		_, rest, _ = strings.Cut(rest, "] ")
	}
	request, rest, ok := quoted(rest)
	if !ok {
		return nil, false
	}
	a := &web.Access{Head: record.Head{TS: record.TimeOf(t)}, Product: "combined"}
	if all := strings.Fields(before); len(all) == 4 {
		host, port, _ := strings.Cut(all[0], ":")
		a.Server = strings.ToLower(host)
		a.ServerPort = uint16(number(port, 16))
	}
	if ip, err := netip.ParseAddr(who[0]); err == nil {
		a.ClientIP = ip.WithZone("")
	}
	if who[2] != "-" {
		a.User = who[2]
	}
	setRequest(a, request)
	if !setTail(a, rest) {
		return nil, false
	}
	return a, true
}

// setRequest splits METHOD TARGET VERSION; what is not HTTP stays in the stem.
func setRequest(a *web.Access, request string) {
	method, target, ok := strings.Cut(request, " ")
	if !ok {
		a.Stem = request
		return
	}
	if i := strings.LastIndex(target, " HTTP/"); i >= 0 {
		target = target[:i]
	}
	a.Method = method
	a.Stem, a.Query, _ = strings.Cut(target, "?")
}

// setTail reads the status, size and the quoted headers behind the request.
func setTail(a *web.Access, rest string) bool {
	code, rest, _ := strings.Cut(rest, " ")
	size, rest, _ := strings.Cut(rest, " ")
	status, err := strconv.ParseUint(code, 10, 16)
	if err != nil {
		return false
	}
	a.Status = uint16(status)
	if size != "-" {
		n, err := strconv.ParseUint(size, 10, 64)
		if err != nil {
			return false
		}
		a.SentBytes = record.Some(n)
	}
	for _, dst := range []*string{&a.Referer, &a.UserAgent, &a.Forwarded} {
		value, more, ok := quoted(rest)
		if !ok {
			break
		}
		if value != "-" {
			*dst = value
		}
		rest = more
	}
	return true
}

// quoted takes a quoted string off the front; \" is a quote within it.
func quoted(s string) (value, rest string, ok bool) {
	if s == "" || s[0] != '"' {
		return "", s, false
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return unescape(s[1:i]), strings.TrimPrefix(s[i+1:], " "), true
		}
	}
	return "", s, false
}

// unescape undoes the \" and \\ of Apache; \xNN stays as it is, it is how the
// log shows bytes that are not printable.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(s)
}

func number(s string, bits int) uint64 {
	n, err := strconv.ParseUint(s, 10, bits)
	if err != nil {
		return 0
	}
	return n
}
