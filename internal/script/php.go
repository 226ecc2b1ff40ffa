package script

import "strings"

// phpCall is a call of a function of PHP; ok is false when it does nothing
// that matters.
func (m *machine) phpCall(name string, args []value, all value, n *node) (value, bool) {
	a := func(i int) value {
		if i < len(args) {
			return args[i]
		}
		return value{}
	}
	m.fills(name, args, n)
	if v, ok := m.phpFile(name, args); ok {
		return v, true
	}
	switch name {
	case "eval":
		return m.runs("eval", mix1(args)), true
	case "assert":
		if v := a(0); v.known && v.layer == 0 && !hidden(n, "assert") {
			return value{}, true
		}
		if v := a(0); v.typ == "unset" || v.typ == "socket" || v.all()&(input|decoded|fromSession) == 0 && !v.known {
			return value{}, true
		}
		return m.runs("assert", a(0)), true
	case "create_function":
		m.runs("create_function", a(1))
		m.runs("create_function", a(0))
		return value{typ: "closure"}, true
	case "preg_replace", "preg_filter", "mb_ereg_replace", "mb_eregi_replace", "ereg_replace":
		pat := a(0)
		opt := a(3)
		if pat.list != nil {
			pat = pat.list.m["0"]
		}
		e := strings.HasPrefix(name, "mb_") && opt.known && strings.Contains(opt.s, "e")
		if !strings.HasPrefix(name, "mb_") && pat.known && len(pat.s) > 2 {
			i := strings.LastIndexAny(pat.s, string(pairOf(pat.s[0])))
			e = i > 0 && strings.Contains(pat.s[i:], "e") && len(pat.s)-i < 8
		}
		switch {
		case e:
			m.runs(name+" with /e", a(1))
			if a(2).from&input != 0 && a(1).known {
				m.runs(name+" with /e", a(2))
			}
		case pat.from&input != 0 && pat.from&(joined|guessed) == 0 && a(1).from&input != 0 && a(1).from&(joined|guessed) == 0:
			m.hit(EvalInput, name+" with a pattern from the request", pat.with(guessed))
		case pat.from&decoded != 0 && pat.from&(guessed|joined) == 0 && !pat.known && a(1).from&(input|decoded) != 0:
			m.hit(EvalInput, name+" with a hidden pattern", a(1))
		}
		if e || pat.typ == "/e" {
			return value{from: guessed}, true
		}
		return value{}, false
	case "include":
		v := a(0)
		switch {
		case v.known && strings.HasPrefix(v.s, "data:"):
			m.runs("include", value{known: true, s: strings.SplitN(v.s+",", ",", 2)[1], layer: 2, from: v.from})
		case v.known && strings.HasPrefix(v.s, "php://input"):
			m.hit(EvalInput, "include of php://input", value{from: fromRequest})
		case v.from&input != 0 && strings.HasPrefix(v.head, "data:"):
			m.hit(EvalInput, "include of data:", v)
		case v.from&input != 0 && v.from&(joined|guessed) == 0:
			m.hit(IncludeInput, "include", v)
		case v.from&fromUpload != 0:
			m.hit(EvalInput, "include of an upload", v)
		case v.from&temporary != 0 && m.facts["writes-input"] > 0, (v.known || scriptName(v.tail)) && m.written[shape(v)]:
			m.hit(EvalInput, "include of a file written before", v)
		case v.known && (strings.HasPrefix(v.s, "/tmp") || strings.Contains(v.s, "://") || imageName(v.s) && v.layer > 0):
			m.hit(EvalHidden, "include of "+v.s, v)
		default:
			m.site = true
		}
		return value{}, true
	case "system", "exec", "shell_exec", "passthru", "popen", "proc_open", "pcntl_exec", "expect_popen", "win_shell_execute", "ssh2_exec_local":
		return m.start(name, value{}, args[:min(len(args), 1+boolN(name == "pcntl_exec"))]), true
	case "escapeshellarg", "escapeshellcmd":
		return all.with(quoted), true
	case "extract", "parse_str", "import_request_variables", "mb_parse_str":
		if name == "import_request_variables" || all.from&input != 0 && (len(args) < 2 || name == "extract" && !a(1).known) {
			m.unset = true
			m.fact(RequestInput)
		}
		if len(args) > 1 && name != "extract" && n != nil && len(n.kids) > 2 {
			m.store(n.kids[2], value{from: all.from, src: all.src})
		}
		return value{}, true
	case "__var":
		if v := a(0); v.known {
			if o, ok := phpInputs["$"+v.s]; ok {
				m.fact(RequestInput)
				m.hit(HiddenName, "$"+v.s, v)
				return value{from: o, src: "$" + v.s}, true
			}
			if v.s == "_SERVER" {
				return value{typ: "server"}, true
			}
			if v.s == "GLOBALS" {
				return value{typ: "globals"}, true
			}
			x, _ := m.get("$" + v.s)
			return x, true
		}
		return value{from: all.from | guessed, src: all.src}, true
	case "getallheaders", "apache_request_headers", "get_defined_vars", "filter_input", "filter_input_array", "get_headers":
		if name == "get_headers" {
			return value{from: fromRemote}, true
		}
		m.fact(RequestInput)
		return value{from: fromRequest, src: name}, true
	case "getenv", "apache_getenv":
		if k := strings.ToUpper(a(0).s); strings.HasPrefix(k, "HTTP_") && k != "HTTP_HOST" || k == "QUERY_STRING" {
			m.fact(RequestInput)
			return value{from: fromRequest, src: "header " + a(0).s}, true
		}
		return value{}, true
	case "curl_exec", "fsockopen", "pfsockopen", "socket_connect", "stream_socket_client", "socket_create", "socket_read", "socket_recv", "gethostbyname", "dns_get_record", "curl_init", "curl_setopt",
		"socket_write", "stream_socket_server", "socket_bind", "socket_listen", "dns_query":
		return m.phpNet(name, args, all), true
	case "mysql_connect", "mysqli_connect", "pg_connect", "mssql_connect", "oci_connect", "odbc_connect", "sqlsrv_connect", "mysql_pconnect", "ibase_connect", "sybase_connect", "ocilogon":
		return m.connect("database", args), true
	case "mysql_query", "mysqli_query", "pg_query", "mssql_query", "odbc_exec", "sqlsrv_query", "oci_parse", "mysql_db_query", "pg_exec", "mysqli_multi_query", "sqlite_query", "ociparse", "mysql_unbuffered_query":
		for _, x := range args {
			if x.from&input != 0 || len(args) == 1 {
				m.sql(x)
			}
		}
		return value{from: guessed}, true
	case "phpinfo", "php_uname", "posix_getpwuid", "getmyuid", "get_current_user", "posix_geteuid", "disk_free_space", "disk_total_space", "posix_getuid", "getmypid", "get_cfg_var", "posix_getgrgid", "diskfreespace", "php_sapi_name", "get_loaded_extensions":
		m.fact("asks " + name)
		return value{}, true
	case "ini_get":
		if a(0).known {
			m.fact("asks " + a(0).s)
		}
		return value{}, true
	case "ini_set", "error_reporting", "set_time_limit", "ignore_user_abort", "ini_restore", "@set_magic_quotes_runtime", "set_magic_quotes_runtime", "ini_alter":
		m.fact("silences " + name + a(0).s)
		return value{}, true
	case "defined":
		m.fact("guard")
		return value{}, true
	case "current_user_can", "check_admin_referer", "wp_verify_nonce", "check_ajax_referer", "require_login", "require_capability", "confirm_sesskey", "add_action", "add_filter",
		"wp_die", "user_access", "check_login", "osc_csrf_check", "csrf_check":
		m.fact("framework")
		return all.with(guessed), true
	case "__use", "__namespace":
		m.fact("framework")
		return value{}, true
	case "mail":
		if a(0).from&input != 0 && a(1).from&input != 0 && a(2).from&input != 0 {
			m.fact("mailer")
			m.where["mailer"] = m.line
		}
		return value{}, true
	case "define":
		if a(0).known {
			m.set(strings.ToLower(a(0).s), a(1))
		}
		return value{}, true
	case "func_get_args", "func_get_arg":
		if len(m.frames) > 0 {
			var vs []value
			for _, v := range m.frames[len(m.frames)-1] {
				vs = append(vs, v)
			}
			return mix(vs...).with(guessed), true
		}
	case "putenv":
		if a(0).all()&input != 0 || strings.HasPrefix(a(0).s, "LD_PRELOAD") {
			m.fact("ld-preload")
			m.where["ld-preload"] = m.line
		}
		return value{}, true
	case "array_push", "array_unshift":
		if n != nil && len(n.kids) > 2 {
			m.storeIndex(&node{op: opIndex, kids: n.kids[1:2], line: n.line}, a(1))
		}
		return value{}, true
	case "implode", "join":
		for _, v := range args {
			if v.list != nil {
				out := str("")
				sep := a(0)
				for i, k := range v.list.keys {
					if i > 0 && sep.list == nil {
						out = m.concat(out, sep)
					}
					out = m.concat(out, v.list.m[k])
				}
				if out.known && v.from == 0 {
					return out, true
				}
			}
		}
		return all, true
	case "explode", "str_split", "preg_split", "split":
		return m.split(name, args, all), true
	case "range":
		return value{from: fromMany}, true
	case "array_map", "array_walk":
		if f := a(0); f.known && decoders[strings.ToLower(f.s)] && len(args) == 2 && a(1).list != nil {
			out := newList()
			for _, k := range a(1).list.keys {
				out.list.set(k, m.function(strings.ToLower(f.s), []value{a(1).list.m[k]}, n))
			}
			return out, true
		}
	}
	if v, ok := m.callback(name, args, n); ok {
		return v, true
	}
	return value{}, false
}

func boolN(b bool) int {
	if b {
		return 1
	}
	return 0
}

// mix1 is the only argument, or all of them.
func mix1(args []value) value { return mixOrOne(args) }

// hidden tells whether the call does not name its function.
func hidden(n *node, name string) bool {
	return n == nil || n.op != opCall || n.kids[0] == nil || n.kids[0].op != opName || n.kids[0].s != name
}

// pairOf is the delimiter that closes a pattern begun with c.
func pairOf(c byte) rune {
	switch c {
	case '(':
		return ')'
	case '{':
		return '}'
	case '[':
		return ']'
	case '<':
		return '>'
	}
	return rune(c)
}

func imageName(s string) bool {
	l := strings.ToLower(s)
	for _, e := range []string{".jpg", ".png", ".gif", ".ico", ".txt", ".log", ".css"} {
		if strings.HasSuffix(l, e) {
			return true
		}
	}
	return false
}

// split is a text cut into a list.
func (m *machine) split(name string, args []value, all value) value {
	if len(args) >= 2 && args[0].known && args[1].known && args[0].s != "" && name == "explode" {
		out := newList()
		for i, s := range strings.Split(args[1].s, args[0].s) {
			if i >= maxList {
				break
			}
			out.list.push(value{known: true, s: s, from: args[1].from, layer: args[1].layer})
		}
		return out
	}
	if name == "str_split" && len(args) > 0 && args[0].known {
		size := 1
		if len(args) > 1 {
			if n, ok := args[1].number(); ok && n > 0 {
				size = n
			}
		}
		out := newList()
		for i := 0; i < len(args[0].s) && len(out.list.keys) < maxList; i += size {
			out.list.push(value{known: true, s: args[0].s[i:min(len(args[0].s), i+size)], from: args[0].from, layer: args[0].layer})
		}
		return out
	}
	return all
}

func (m *machine) phpNet(name string, args []value, all value) value {
	switch name {
	case "curl_exec":
		m.fact(HTTPOut)
		v := value{from: fromRemote, src: all.src}
		if all.from&input != 0 {
			m.fact("http-input")
		}
		return v
	case "curl_init", "curl_setopt":
		return value{from: fromRemote | all.from&input, src: all.src}
	case "gethostbyname", "dns_get_record", "dns_query":
		m.fact(Lookup)
		return value{}
	case "socket_bind", "socket_listen", "stream_socket_server":
		m.fact("listens")
	case "socket_write":
		if all.from&input != 0 {
			m.fact("socket-carries-input")
		}
	}
	return m.connect(Sockets, args)
}

// phpFile is a function of PHP that works on files.
func (m *machine) phpFile(name string, args []value) (value, bool) {
	a := func(i int) value {
		if i < len(args) {
			return args[i]
		}
		return value{}
	}
	switch name {
	case "file_get_contents", "file", "readfile", "fopen", "highlight_file", "show_source", "fpassthru", "php_strip_whitespace", "parse_ini_file", "stream_get_contents", "fgets", "fread", "fgetc", "feof", "gzopen", "gzread", "simplexml_load_file", "curl_file_create":
		return m.phpRead(name, args), true
	case "file_put_contents":
		m.write(name, a(0), a(1))
		return value{}, true
	case "fwrite", "fputs", "gzwrite":
		if a(0).typ == "socket" {
			if a(1).from&input != 0 {
				m.fact("socket-carries-input")
			}
			return value{}, true
		}
		m.write(name, a(0), a(1))
		return value{}, true
	case "move_uploaded_file":
		m.power(powUpload, a(1), a(0))
		m.fact("upload")
		m.upload(name, a(1))
		return value{}, true
	case "copy", "rename":
		if a(0).from&fromUpload != 0 {
			m.power(powUpload, a(1), a(0))
			m.fact("upload")
			m.upload(name, a(1))
			return value{}, true
		}
		if a(0).from&fromRemote != 0 || a(0).known && strings.Contains(a(0).s, "://") {
			m.write(name, a(1), value{from: fromRemote})
		}
		m.power(powMove, args...)
		return value{}, true
	case "unlink", "rmdir":
		m.power(powDelete, args...)
	case "mkdir":
		m.power(powMake, args...)
	case "chmod", "chown", "chgrp":
		m.power(powMode, args...)
	case "touch":
		m.power(powTimes, args...)
	case "symlink", "link":
		m.power(powMove, args...)
		m.fact("symlinks")
	case "opendir", "scandir", "glob", "dir":
		m.power(powList, args...)
		return value{from: mix(args...).from & input, src: a(0).src}, true
	case "readdir":
		return value{from: a(0).from & input}, true
	case "chdir":
		if a(0).from&input != 0 {
			m.fact("power " + powList)
		}
	case "getcwd", "dirname", "basename", "realpath", "pathinfo", "tempnam", "tmpfile", "sys_get_temp_dir":
		v := mix(args...)
		if name[0] == 't' || name[0] == 's' {
			v.from |= temporary
		}
		if name == "pathinfo" && v.from&fromUpload != 0 {
			m.fact("checks-upload")
		}
		return v, true
	case "exif_imagetype", "getimagesize", "finfo_file", "mime_content_type", "imagecreatefromstring", "imagecreatefromjpeg", "getimagesizefromstring":
		if mix(args...).from&fromUpload != 0 {
			m.fact("checks-upload")
		}
		return value{}, true
	case "in_array", "preg_match", "strrchr", "substr_compare", "array_search", "array_key_exists", "strrpos", "stripos", "strpos", "pathinfo2", "eregi", "fnmatch":
		if mix(args...).from&fromUpload != 0 {
			m.fact("checks-upload")
		}
		return value{}, false
	default:
		return value{}, false
	}
	return value{}, true
}

// upload is an uploaded file that is put at path.
func (m *machine) upload(what string, path value) {
	m.where["upload"] = m.line
	if path.from&input != 0 {
		m.fact("upload-named-by-client")
		if path.from&folder == 0 || path.from&fromUpload == 0 {
			m.fact("upload-anywhere")
		}
	}
	if path.known && scriptName(path.s) {
		m.hit(WriteScript, what, value{from: fromUpload, src: "$_FILES"})
	}
}

// phpRead is a function that reads a file or a stream.
func (m *machine) phpRead(name string, args []value) value {
	v := mix(args[:min(1, len(args))]...)
	if len(args) == 0 {
		return value{}
	}
	p := args[0]
	if p.path != nil {
		if p.typ == "socket" {
			return value{from: fromRemote}
		}
		p = *p.path
	}
	switch {
	case p.known && (strings.HasPrefix(p.s, "php://input")):
		m.fact(RequestInput)
		if name == "fopen" {
			return value{path: &p, from: fromRequest, src: "php://input"}
		}
		return value{from: fromRequest, src: "php://input"}
	case p.known && strings.Contains(p.s, "://") && !phpStream(p.s), p.from&fromRemote != 0:
		if name == "fopen" {
			return value{path: &p, from: fromRemote}
		}
		m.fact(HTTPOut)
		return value{from: fromRemote, src: p.s}
	case name == "fopen" || name == "gzopen":
		mode := ""
		if len(args) > 1 {
			mode = args[1].s
		}
		if strings.ContainsAny(mode, "waxc") {
			m.power(powWrite, p)
		} else {
			m.power(powRead, p)
		}
		return value{path: &p, typ: "file", from: p.from &^ input}
	case p.from&fromUpload != 0:
		return value{from: fromUpload, src: p.src}
	}
	m.power(powRead, v)
	out := value{from: fromFile}
	if p.from&input != 0 && p.from&(joined|guessed) == 0 {
		out.from |= fromRemote | guessed // file_get_contents($_GET['u']) may well be a URL
		out.src = p.src
	}
	if p.typ == "__file__" || p.from&fromMany != 0 && p.typ == "__file__" {
		out.from |= fromBlob
	}
	return out
}

// fills follows what a function of PHP puts into its arguments.
func (m *machine) fills(name string, args []value, n *node) {
	from, to := 0, 0
	switch name {
	case "preg_match", "preg_match_all", "ereg", "eregi", "mb_ereg":
		from, to = 1, 2
	case "openssl_private_decrypt", "openssl_public_decrypt":
		from, to = 0, 1
	default:
		return
	}
	if n != nil && n.op == opCall && len(args) > to && to+1 < len(n.kids) && n.kids[to+1] != nil && len(args) == len(n.kids)-1 {
		m.store(n.kids[to+1], value{from: args[from].all(), src: args[from].src, layer: args[from].layer})
	}
}
