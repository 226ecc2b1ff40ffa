package script

import "strings"

// literal notes what a string says by itself.
func (m *machine) literal(s string) {
	if len(s) > 4096 {
		if base64ish.MatchString(s) {
			m.fact(Blob)
		}
		return
	}
	if len(s) < 200 && shellText.MatchString(s) {
		m.fact(ShellText)
	}
	if s == "e45e329feb5d925b" || s == "3c6e0b8a9c15224a" { // "rebeyond", "key": the defaults of two public shells
		m.fact(KnownKey)
	}
	if len(s) >= 1000 && base64ish.MatchString(s) {
		m.fact(Blob)
	}
	l := strings.ToLower(s)
	for _, w := range machineWords {
		if strings.Contains(l, w) {
			m.fact("asks " + w)
		}
	}
}

// machineWords are what a script asks of the machine it landed on.
var machineWords = []string{"disable_functions", "safe_mode", "/etc/passwd", "/etc/shadow", "open_basedir", "whoami", "ipconfig", "/proc/version", "net user",
	"allow_url_fopen", "magic_quotes", "sam\\", "xp_cmdshell", "netstat", "systeminfo", "serv-u", "/bin/bash", "/bin/sh", "ps -aux", "uname -a"}

// phpInputs are the variables of PHP that hold the request.
var phpInputs = map[string]origin{
	"$_POST": fromRequest, "$_GET": fromRequest, "$_REQUEST": fromRequest, "$_COOKIE": fromRequest, "$_FILES": fromRequest | fromUpload,
	"$HTTP_RAW_POST_DATA": fromRequest, "$HTTP_POST_VARS": fromRequest, "$HTTP_GET_VARS": fromRequest, "$HTTP_COOKIE_VARS": fromRequest, "$HTTP_POST_FILES": fromRequest | fromUpload,
}

// name is the value of a variable, or the meaning of a name of the platform.
func (m *machine) name(n *node) value {
	s := n.s
	if m.d.php {
		if o, ok := phpInputs[s]; ok {
			m.fact(RequestInput)
			return value{from: o, src: s}
		}
		switch s {
		case "$_SERVER", "$HTTP_SERVER_VARS", "$_ENV":
			return value{typ: "server"}
		case "$GLOBALS":
			return value{typ: "globals"}
		case "$_SESSION":
			return value{typ: "session"}
		}
	}
	if v, ok := m.get(s); ok {
		return v
	}
	switch {
	case m.d.php && s[0] != '$':
		if s == "null" || s == "true" || s == "false" {
			return value{}
		}
		if s == "directory_separator" {
			return str("/")
		}
		return value{known: len(s) < 40 && !strings.HasPrefix(s, "__"), s: s, typ: s} // a bare word is its own text
	case m.d.php && m.unset:
		v := value{from: fromRequest, src: s}
		if len(m.frames) > 0 {
			v.from |= guessed
		}
		return v
	case m.d.php && len(m.frames) == 0 && s != "$this":
		return value{typ: "unset", src: s}
	case m.d.perl && s == "STDIN":
		return value{from: fromRequest, src: "STDIN"}
	case m.d.name == "shell":
		switch s {
		case "$QUERY_STRING", "$HTTP_COOKIE", "$HTTP_USER_AGENT", "$PATH_INFO", "$REQUEST_URI", "QUERY_STRING", "HTTP_COOKIE":
			m.fact(RequestInput)
			return value{from: fromRequest, src: s}
		}
		if strings.HasPrefix(s, "HTTP_X") || strings.HasPrefix(s, "$HTTP_X") {
			return value{from: fromRequest, src: s}
		}
	case m.d.markup:
		switch s {
		case "form", "url", "cookie", "param":
			return value{from: fromRequest, src: s}
		case "cgi":
			return value{typ: "server"}
		}
	}
	switch s {
	case "request", "req":
		if !m.d.php && !m.d.perl && !m.d.python {
			return value{typ: "request", src: "request"}
		}
	case "param", "paramvalues", "header", "cookie": // JSP expression language
		if m.lang == "jsp" {
			return value{from: fromRequest, src: s}
		}
	case "session", "application":
		return value{typ: "session"}
	case "flask":
		return value{typ: "flask"}
	}
	return value{typ: s}
}

// requestMembers are what of a request object the client decides.
var requestMembers = map[string]bool{
	"form": true, "item": true, "params": true, "querystring": true, "cookies": true, "headers": true, "files": true, "inputstream": true, "rawurl": true,
	"useragent": true, "body": true, "values": true, "args": true, "unvalidated": true, "query": true, "servervariables": true, "binaryread": true, "content": true,
	"getparameter": true, "getparametervalues": true, "getparametermap": true, "getheader": true, "getheaders": true, "getinputstream": true, "getreader": true,
	"getquerystring": true, "getcookies": true, "getpart": true, "getparts": true, "getbufferlessinputstream": true, "getparameternames": true, "getrequesturi": true,
	"getrequesturl": true, "getpathinfo": true, "urlreferrer": true, "pathinfo": true, "url": true, "get_data": true, "getheadernames": true,
}

// anyObject are methods that name the request whatever holds it.
var anyObject = map[string]bool{"getparameter": true, "getparametervalues": true, "getquerystring": true, "getheader": true, "getpart": true, "getparametermap": true, "binaryread": true}

func (m *machine) member(n *node) value {
	obj := m.eval(n.kids[0])
	m.line = n.line
	base := n.kids[0]
	if obj.typ == "request" {
		if requestMembers[n.s] {
			m.fact(RequestInput)
			v := value{from: fromRequest, src: "request." + n.s}
			if n.s == "files" {
				v.from |= fromUpload
			}
			return v
		}
		if n.s == "unvalidated" {
			return obj
		}
		return value{}
	}
	if n.s == "request" && !m.d.php || n.s == "session" && (base.op == opName || base.op == opMember) {
		return value{typ: n.s, src: n.s}
	}
	if base.op == opName && m.fields[base.s] { // a control of the page
		switch n.s {
		case "text", "value", "innertext", "selectedvalue", "selecteditem", "innerhtml", "checked":
			m.fact(RequestInput)
			return value{from: fromRequest, src: base.s + "." + n.s}
		case "filename", "postedfile", "filebytes", "filecontent":
			m.fact(RequestInput)
			return value{from: fromRequest | fromUpload, src: base.s + "." + n.s}
		}
	}
	if m.d.php && (n.s == "args" || n.s == "post") {
		return value{}
	}
	if obj.list != nil {
		if e, ok := obj.list.m[n.s]; ok {
			return e
		}
	}
	if n.s == "length" || n.s == "count" || n.s == "size" || n.s == "contentlength" {
		return value{}
	}
	out := value{from: obj.from, src: obj.src, layer: obj.layer, path: obj.path}
	if obj.from&^(fromBlob) == 0 {
		if v, ok := m.globals["."+n.s]; ok {
			return v
		}
	}
	if obj.typ != "" && base.op != opCall {
		out.typ = obj.typ + "." + n.s
	} else {
		out.typ = n.s
	}
	return out
}

func (m *machine) storeMember(target *node, v value) {
	obj := m.eval(target.kids[0])
	switch target.s {
	case "filename", "arguments":
		if strings.Contains(obj.typ, "process") || strings.Contains(obj.typ, "startinfo") || strings.Contains(obj.typ, "psi") {
			m.start("the "+target.s+" of a new process", value{}, []value{v})
			if v.from&input == 0 {
				m.fact(StartProcess)
			}
			return
		}
	case "commandtext", "sql", "selectcommand":
		m.sql(v)
	case "lastwritetime", "creationtime", "lastaccesstime":
		m.power(powTimes, obj, v)
	case "attributes":
		m.power(powMode, obj)
	}
	m.keep("."+target.s, v)
}

func (m *machine) index(n *node) value {
	base := n.kids[0]
	obj := m.eval(base)
	var key value
	if len(n.kids) > 1 {
		key = m.eval(n.kids[1])
	}
	m.line = n.line
	return m.element(obj, key, base)
}

// element is obj[key], and obj(key) in VB.
func (m *machine) element(obj, key value, base *node) value {
	switch obj.typ {
	case "request":
		m.fact(RequestInput)
		return value{from: fromRequest, src: "request[" + key.s + "]"}
	case "session", "httpcontext.session":
		if v, ok := m.globals["session."+key.s]; ok {
			return v.with(fromSession)
		}
		return value{from: fromSession}
	case "globals":
		if key.known {
			if o, ok := phpInputs["$"+key.s]; ok {
				return value{from: o, src: "$" + key.s}
			}
			v := m.globals["$"+key.s]
			return v
		}
		return value{from: guessed | key.from}
	case "server":
		k := strings.ToUpper(key.s)
		if strings.HasPrefix(k, "HTTP_") && k != "HTTP_HOST" || k == "QUERY_STRING" || k == "REQUEST_URI" || k == "PATH_INFO" || k == "PHP_AUTH_PW" || k == "PHP_AUTH_USER" || strings.HasPrefix(k, "X_") {
			m.fact(RequestInput)
			return value{from: fromRequest, src: "header " + key.s}
		}
		return value{}
	}
	if m.d.perl && base.op == opName && base.s == "ENV" {
		switch k := key.s; {
		case k == "QUERY_STRING", strings.HasPrefix(k, "HTTP_") && k != "HTTP_HOST", k == "PATH_INFO", k == "REQUEST_URI":
			m.fact(RequestInput)
			return value{from: fromRequest, src: k}
		}
		return value{}
	}
	if m.d.python && base.op == opMember && base.s == "environ" && (key.s == "QUERY_STRING" || strings.HasPrefix(key.s, "HTTP_")) {
		m.fact(RequestInput)
		return value{from: fromRequest, src: key.s}
	}
	v := obj.at(key)
	if v.src != "" && key.known && obj.list == nil && obj.from&input != 0 && len(v.src) < 40 && len(key.s) < 40 {
		v.src += "[" + key.s + "]"
	}
	if !v.known && obj.list == nil && obj.known && len(obj.s) > 10 {
		v.from |= fromMany
	}
	return v
}

// gate notes a password whose hash the script holds.
func (m *machine) gate(a, b value) {
	for _, p := range [][2]value{{a, b}, {b, a}} {
		if p[0].typ == "hash" && p[0].src != "" && p[1].known && len(p[1].s) >= 16 && hexDigits2(p[1].s) {
			m.fact("hash-gate")
		}
		if p[0].from&input != 0 && p[1].known && len(p[1].s) >= 4 && p[0].typ != "hash" {
			m.fact("word-gate")
		}
	}
}

func hexDigits2(s string) bool {
	return strings.Trim(s, "0123456789abcdefABCDEF") == ""
}
