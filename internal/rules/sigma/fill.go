package sigma

import (
	"slices"
	"strconv"
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/web"
)

// fill puts the fields of a record into the view under the names that rules
// for its log source use.
func (v *view) fill(r record.Record) {
	switch x := r.(type) {
	case *host.Event:
		v.windows(x)
	case *host.RecoveredEvent:
		v.windows(&x.Event)
	case *host.Process:
		v.linuxProcess(x)
	case *host.Syscall:
		v.syscall(x)
	case *host.Syslog:
		v.syslog(x)
	case *web.Access:
		v.access(x)
	default:
		v.zeek(r)
	}
}

// windows fills the fields of an event log record: System under the names of
// the taxonomy, then EventData as it is.
func (v *view) windows(x *host.Event) {
	v.putUint("EventID", uint64(x.EventID))
	v.put("Channel", x.Channel)
	v.put("Provider_Name", x.Provider)
	v.put("Computer", x.Host)
	if v.route.times {
		v.put("TimeCreated", x.TS.String())
	}
	if v.route.system { // else no rule asks for them by name, and as keywords they are noise
		v.putUint("Level", uint64(x.Level))
		v.putUint("Task", uint64(x.Task))
		v.putUint("Opcode", uint64(x.Opcode))
		v.putHex("Keywords", x.Keywords)
		v.putUint("Version", uint64(x.Version))
		v.putUint("EventRecordID", x.RecordID)
	}
	v.putSome("Security_UserID", x.UserSID)
	for i := range x.Fields {
		v.put(x.Fields[i].Name, x.Fields[i].Value)
	}
	if v.route.derived {
		v.derive(x)
	}
	if x.EventID == 4657 && x.Channel == "Security" {
		v.registryValue(x)
	}
}

// derivedFields are not in events as such: other names of the host, and the
// hashes that Sysmon writes into one field.
var derivedFields = []string{"ComputerName", "Hostname", "host", "md5", "MD5", "sha1", "SHA1", "sha256", "SHA256", "imphash", "Imphash", "IMPHASH"}

// derive adds them, unless the event has a field of that name.
func (v *view) derive(x *host.Event) {
	for _, name := range derivedFields[:3] {
		if v.wants(name) && x.Get(name) == "" {
			v.put(name, x.Host)
		}
	}
	hashes := x.Get("Hashes")
	if len(hashes) > 1024 {
		return
	}
	for part := range strings.SplitSeq(hashes, ",") {
		algo, hash, ok := strings.Cut(part, "=")
		if !ok {
			continue
		}
		for _, name := range derivedFields[3:] {
			if strings.EqualFold(name, algo) && v.wants(name) {
				v.put(name, hash)
			}
		}
	}
}

// registryValue writes the key and value that event 4657 names into one field,
// as Sysmon does.
func (v *view) registryValue(x *host.Event) {
	key := registryRoot(x.Get("ObjectName"))
	for i := range x.Fields {
		if x.Fields[i].Name != "ObjectValueName" {
			continue
		}
		name := x.Fields[i].Value
		if name == "" {
			name = "(Default)"
		}
		v.putJoined("TargetObject", key, `\`, name)
		return
	}
	v.putSome("TargetObject", key)
}

// registryRoot writes a kernel registry path the way Sysmon does.
func registryRoot(path string) string {
	for _, r := range [...][2]string{{`\REGISTRY\MACHINE`, "HKLM"}, {`\REGISTRY\USER`, "HKU"}} {
		if rest, ok := strings.CutPrefix(path, r[0]); ok {
			return r[1] + rest
		}
	}
	return path
}

// linuxProcess fills a program start that Linux recorded, as process_creation
// and as auditd's EXECVE.
func (v *view) linuxProcess(x *host.Process) {
	v.putSome("Image", x.Image)
	v.putSome("CommandLine", x.CommandLine)
	v.putSome("ParentImage", x.ParentImage)
	v.putSome("ParentCommandLine", x.ParentCommand)
	v.putSome("User", x.User)
	v.putSome("CurrentDirectory", x.Directory)
	v.putSome("LogonId", x.LogonID)
	v.putUint("ProcessId", uint64(x.PID))
	v.putUint("ParentProcessId", uint64(x.ParentPID))
	v.put("type", "EXECVE")
	v.put("type", "SYSCALL")
	v.put("syscall", "execve")
	v.put("SYSCALL", "execve")
	v.putSome("exe", x.Image)
	if i := strings.LastIndexByte(x.Image, '/'); i >= 0 {
		v.put("comm", x.Image[i+1:])
	}
	v.putUint("argc", uint64(len(x.Args)))
	for i, a := range x.Args {
		if i == len(argNames) {
			break
		}
		v.put(argNames[i], a)
	}
}

// argNames are auditd's names of arguments.
var argNames = func() (names [32]string) {
	for i := range names {
		names[i] = "a" + strconv.Itoa(i)
	}
	return names
}()

// syscall fills a system call and the files it named.
func (v *view) syscall(x *host.Syscall) {
	v.put("type", "SYSCALL")
	if x.Op != "" {
		v.put("type", "BPF")
		v.put("op", x.Op)
	}
	v.putSome("syscall", x.Syscall)
	v.putSome("SYSCALL", x.Syscall)
	for i, a := range x.Args {
		if i < len(argNames) {
			v.put(argNames[i], a)
		}
	}
	success := "no"
	if x.Success {
		success = "yes"
	}
	v.put("success", success)
	v.putSome("exe", x.Image)
	v.putSome("Image", x.Image)
	v.putSome("comm", x.Command)
	v.putSome("key", x.Key)
	v.putSome("User", x.User)
	v.putUint("pid", uint64(x.PID))
	if len(x.Paths) > 0 {
		v.put("type", "PATH")
	}
	for _, p := range x.Paths {
		v.put("name", p)
		v.put("TargetFilename", p)
	}
}

// syslog fills a message and what was parsed of it.
func (v *view) syslog(x *host.Syslog) {
	v.put("message", x.Message)
	v.putSome("program", x.App)
	v.putSome("app", x.App)
	v.putSome("host", x.Host)
	v.putSome("user", x.User)
	for i := range x.Fields {
		v.put(x.Fields[i].Name, x.Fields[i].Value)
	}
}

// access fills a request of a web server's log under the names of the W3C
// extended format.
func (v *view) access(x *web.Access) {
	query := x.Query
	sep := "?"
	if query == "" || query == "-" {
		query, sep = "", ""
	}
	v.putJoined("c-uri", x.Stem, sep, query)
	v.putSome("c-uri-stem", x.Stem)
	v.putSome("cs-uri-stem", x.Stem)
	v.putSome("c-uri-path", x.Stem)
	v.putSome("cs-uri-query", query)
	v.putSome("c-uri-query", query)
	v.putJoined("cs-uri", x.Stem, sep, query)
	v.putSome("cs-method", x.Method)
	v.putSome("cs-user-agent", x.UserAgent)
	v.putSome("c-useragent", x.UserAgent)
	v.putSome("cs-referer", x.Referer)
	v.putSome("cs-referrer", x.Referer)
	v.putSome("cs-host", x.Host)
	v.putSome("cs-cookie", x.Cookie)
	v.putSome("cs-username", x.User)
	v.putSome("s-computername", x.Server)
	v.putSome("s-reason", x.Reason)
	v.putAddr("c-ip", x.ClientIP)
	v.putAddr("s-ip", x.ServerIP)
	v.putUint("s-port", uint64(x.ServerPort))
	v.putUint("sc-status", uint64(x.Status))
	v.putUint("sc-substatus", uint64(x.Substatus))
	v.putUint("sc-win32-status", uint64(x.Win32))
	if x.SentBytes.Set {
		v.putUint("sc-bytes", x.SentBytes.V)
	}
	if x.RecvBytes.Set {
		v.putUint("cs-bytes", x.RecvBytes.V)
	}
}

// zeek fills a network record under Zeek's names and what the categories dns,
// proxy and firewall call them.
func (v *view) zeek(r record.Record) {
	t := r.RecordType()
	if v.known.of != t {
		v.known.of, v.known.columns = t, v.known.columns[:0]
		for i := range t.Fields {
			if v.wants(t.Fields[i].Name) {
				v.known.columns = append(v.known.columns, i)
			}
		}
	}
	for _, i := range v.known.columns {
		v.putField(t.Fields[i].Name, &t.Fields[i], r)
	}
	if t.Name == "http" {
		v.httpURI(t, r)
	}
}

// httpURI adds the parts of a request's address under the names of the W3C
// extended format: whole for a proxy, from the path on for a web server.
func (v *view) httpURI(t *record.Type, r record.Record) {
	text := func(name string) string {
		f, ok := t.Field(name)
		if !ok || f.Len(r) == 0 {
			return ""
		}
		s, _ := f.StringAt(r, 0)
		return s
	}
	host, uri := text("host"), text("uri")
	if uri == "" {
		return
	}
	stem, query, _ := strings.Cut(uri, "?")
	before := ""
	if slices.Contains(v.route.kind.category, "proxy") && strings.HasPrefix(uri, "/") {
		before = "http://" + host
	}
	v.putJoined("c-uri", before, uri)
	v.putJoined("cs-uri", before, uri)
	for _, n := range [...]string{"c-uri-stem", "cs-uri-stem", "c-uri-path"} {
		v.put(n, stem)
	}
	for _, n := range [...]string{"c-uri-query", "cs-uri-query"} {
		v.putSome(n, query)
	}
	if i := strings.LastIndexByte(stem, '.'); i > strings.LastIndexByte(stem, '/') {
		v.put("c-uri-extension", stem[i+1:])
	}
}
