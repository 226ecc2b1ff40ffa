package weblog

import (
	"encoding/json"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/web"
)

// apacheError is a line of Apache's error log, old and new
// (https://httpd.apache.org/docs/2.4/logs.html#errorlog), and of NetScaler's
// httperror.log, which is one.
var apacheError = regexp.MustCompile(`^\[([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)? \d{4})\] \[(?:(\w*):)?(\w+)\] (?:\[pid (\d+)(?::tid \d+)?\] )?(?:\[client ([^\]]+)\] )?(.*)$`)

// nginxError is a line of nginx's
// (https://nginx.org/en/docs/ngx_core_module.html#error_log).
var nginxError = regexp.MustCompile(`^(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) \[(\w+)\] (\d+)#\d+: (?:\*\d+ )?(.*)$`)

var severities = map[string]int64{"emerg": 0, "alert": 1, "crit": 2, "error": 3, "warn": 4, "notice": 5, "info": 6, "debug": 7}

// parseError reads a line of an error log. The client becomes a field.
func parseError(line string) (*host.Syslog, bool) {
	s := &host.Syslog{}
	if f := apacheError.FindStringSubmatch(line); f != nil {
		t, err := time.Parse("Mon Jan _2 15:04:05.999999 2006", f[1])
		if err != nil {
			return nil, false
		}
		s.TS, s.App, s.Code, s.PID, s.Message = record.TimeOf(t), "httpd", f[2], f[4], f[6]
		s.Severity = severities[f[3]]
		if f[5] != "" {
			s.Fields = append(s.Fields, record.KV{Name: "client", Value: f[5]})
		}
	} else if f := nginxError.FindStringSubmatch(line); f != nil {
		t, err := time.Parse("2006/01/02 15:04:05", f[1])
		if err != nil {
			return nil, false
		}
		s.TS, s.App, s.PID, s.Severity, s.Message = record.TimeOf(t), "nginx", f[3], severities[f[2]], f[4]
		if _, client, ok := strings.Cut(f[4], ", client: "); ok {
			client, _, _ = strings.Cut(client, ",")
			s.Fields = append(s.Fields, record.KV{Name: "client", Value: client})
		}
	} else {
		return nil, false
	}
	s.Provider = "error log"
	return s, true
}

// restMark is the worker that writes restjavad-audit.log (F5 K13946).
const restMark = "[ForwarderPassThroughWorker] {"

// parseREST reads a request to iControl REST:
// [I][1234][14 Jul 2023 09:10:11 UTC][ForwarderPassThroughWorker] {"user":"local/admin","method":"POST","uri":"http://localhost:8100/mgmt/tm/util/bash","status":200,"from":"10.0.0.5"}.
func parseREST(line string) (*web.Access, bool) {
	head, text, _ := strings.Cut(line, restMark)
	var q struct {
		User   string `json:"user"`
		Method string `json:"method"`
		URI    string `json:"uri"`
		Status int    `json:"status"`
		From   string `json:"from"`
	}
	if json.Unmarshal([]byte("{"+text), &q) != nil || q.URI == "" || q.Status < 0 || q.Status > 999 {
		return nil, false
	}
	parts := strings.Split(head, "[")
	t, err := time.Parse("02 Jan 2006 15:04:05 MST", strings.TrimSuffix(parts[len(parts)-1], "]"))
	if err != nil {
		return nil, false
	}
	a := &web.Access{Head: record.Head{TS: record.TimeOf(t)}, Product: "bigip", User: q.User, Method: q.Method, Status: uint16(q.Status)}
	if ip, err := netip.ParseAddr(q.From); err == nil {
		a.ClientIP = ip.WithZone("")
	}
	uri := q.URI
	if _, rest, ok := strings.Cut(uri, "://"); ok {
		_, path, _ := strings.Cut(rest, "/")
		uri = "/" + path
	}
	a.Stem, a.Query, _ = strings.Cut(uri, "?")
	return a, true
}
