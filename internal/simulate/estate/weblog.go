package estate

import (
	"fmt"
	"time"
)

// Hit is one request to a web server, in every log that server keeps.
type Hit struct {
	Client    string
	Method    string
	Path      string
	Query     string
	Status    int
	Substatus int
	Win32     int
	Agent     string
	Referer   string
	User      string
	Sent      int
	Received  int
	Took      time.Duration
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// plus replaces blanks the way W3C logs do.
func plus(s string) string {
	b := []byte(dash(s))
	for i, c := range b {
		if c == ' ' {
			b[i] = '+'
		}
	}
	return string(b)
}

const w3cFields = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken"

// IIS logs a request in the W3C log of the day.
func (h *Host) IIS(at time.Time, port int, x Hit) {
	shown, path := h.local(at), h.IISLog(at)
	h.Site.Header(path, func(first time.Time) string {
		return "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: " + h.local(first).Format("2006-01-02 15:04:05") + "\n#Fields: " + w3cFields + "\n"
	})
	h.Site.Line(path, at, "%s %s %s %s %s %d %s %s %s %s %d %d %d %d %d %d", shown.Format("2006-01-02 15:04:05"), h.IP, x.Method, plus(x.Path), plus(x.Query), port, dash(x.User), x.Client, plus(x.Agent), plus(x.Referer), x.Status, x.Substatus, x.Win32, x.Sent, x.Received, x.Took.Milliseconds())
}

// IISLog is the log of the day.
func (h *Host) IISLog(at time.Time) string {
	return "logs/iis/" + h.Name + "/W3SVC1/u_ex" + h.local(at).Format("060102") + ".log"
}

// HTTPErr logs a connection that the kernel driver ended.
func (h *Host) HTTPErr(at time.Time, client string, port uint16, reason string) {
	path := "logs/httperr/" + h.Name + "/httperr1.log"
	h.Site.Header(path, func(first time.Time) string {
		return "#Software: Microsoft HTTP API 2.0\n#Version: 1.0\n#Date: " + h.local(first).Format("2006-01-02 15:04:05") + "\n#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid sc-status s-siteid s-reason s-queuename\n"
	})
	h.Site.Line(path, at, "%s %s %d %s 80 - - - - - - %s -", h.local(at).Format("2006-01-02 15:04:05"), client, port, h.IP, reason)
}

// Combined logs a request in the combined format of Apache and nginx.
func (h *Host) Combined(at time.Time, server string, x Hit) {
	target := x.Path
	if x.Query != "" {
		target += "?" + x.Query
	}
	h.Site.Line("logs/"+server+"/"+h.Name+"/access.log", at, `%s - %s [%s] "%s %s HTTP/1.1" %d %d %q %q`, x.Client, dash(x.User), h.local(at).Format("02/Jan/2006:15:04:05 -0700"), x.Method, target, x.Status, x.Sent, dash(x.Referer), dash(x.Agent))
}

// Syslog logs a line of a daemon in the RFC 3164 form.
func (h *Host) Syslog(at time.Time, file string, tag string, format string, args ...any) {
	h.Site.Line("logs/syslog/"+h.Name+"/"+file, at, "%s %s %s: %s", h.local(at).Format("Jan _2 15:04:05"), h.Name, tag, fmt.Sprintf(format, args...))
}

// Appliance logs a FortiOS key=value line as a collector stores it.
func (h *Host) Appliance(at time.Time, priority int, format string, args ...any) {
	shown := h.local(at)
	h.Site.Line("logs/edge/"+h.Name+".log", at, "<%d>date=%s time=%s devname=%q devid=%q eventtime=%d tz=\"+0000\" %s", priority, shown.Format("2006-01-02"), shown.Format("15:04:05"), h.Name, h.serial(), shown.UnixNano(), fmt.Sprintf(format, args...))
}

func (h *Host) serial() string {
	return fmt.Sprintf("FGT60FTK%08d", 20000000+hash(h.Name+h.Site.Zone)%9999999)
}
