package script

import "strings"

// construct follows new Type(…).
func (m *machine) construct(n *node) value {
	args := make([]value, 0, len(n.kids))
	for _, k := range n.kids {
		args = append(args, m.eval(k))
	}
	m.line = n.line
	all := mix(args...)
	typ := n.s[strings.LastIndexAny(n.s, ".\\")+1:]
	if strings.HasPrefix(n.s, "?") {
		return value{typ: "?" + strings.TrimPrefix(typ, "?")}
	}
	a := mix0(args)
	switch typ {
	case "processstartinfo", "processbuilder":
		m.fact(StartProcess)
		m.start("new "+n.s, value{}, args)
		return value{typ: typ, from: all.from}
	case "process":
		m.fact(StartProcess)
		return value{typ: typ}
	case "com", "activexobject", "variant", "dotnet":
		return m.object(args)
	case "ffi":
		m.fact(StartProcess)
		return value{typ: typ}
	case "reflectionfunction", "reflectionmethod":
		if a.known {
			return value{typ: "function", known: true, s: a.s, from: all.from}
		}
		return value{typ: "function", from: all.from, src: all.src}
	case "urlclassloader":
		return m.load("new URLClassLoader", all)
	case "xmldecoder":
		return m.load("new XMLDecoder", all)
	case "fileoutputstream", "filewriter", "streamwriter", "randomaccessfile", "filestream", "printwriter", "splfileobject":
		if typ == "printwriter" && all.path == nil && a.path == nil {
			return value{typ: typ, from: all.from}
		}
		m.power(powWrite, args...)
		p := mix(append(args, pathOf(a))...)
		return value{typ: "file", path: &p}
	case "fileinputstream", "filereader", "streamreader", "file", "directoryinfo", "fileinfo":
		if typ == "streamreader" && all.from&input != 0 {
			return all
		}
		if typ != "file" {
			m.power(powRead, args...)
		}
		p := mix(append(args, pathOf(a))...)
		return value{typ: typ, path: &p, from: 0, src: all.src}
	case "ziparchive", "zipoutputstream", "zipfile":
		m.fact("zips")
		return value{typ: typ}
	case "directoryiterator", "recursivedirectoryiterator", "filesystemiterator":
		m.power(powList, args...)
		return value{from: all.from & input}
	case "socket", "tcpclient", "inetsocketaddress", "ipendpoint", "udpclient":
		return m.connect(Sockets, args)
	case "sqlconnection", "oledbconnection", "mysqlconnection", "pdo", "mysqli", "odbcconnection", "sqlite3", "npgsqlconnection":
		return m.connect("database", args)
	case "sqlcommand", "oledbcommand", "mysqlcommand", "sqldataadapter", "oledbdataadapter", "odbccommand":
		m.sql(a)
		return value{typ: "database"}
	case "webclient", "httpclient", "httpurlconnection":
		m.fact(HTTPOut)
		return value{typ: typ}
	case "url", "uri":
		return value{typ: "url", from: all.from, src: all.src}
	case "secretkeyspec", "rijndaelmanaged", "aescryptoserviceprovider", "aesmanaged", "tripledescryptoserviceprovider", "descryptoserviceprovider":
		m.fact(Cipher)
		return value{typ: typ}
	case "rsacryptoserviceprovider", "rsaparameters":
		m.fact(RSA)
		return value{typ: typ}
	case "ihttphandler":
		m.fact(Handler)
	case "losformatter", "objectstateformatter", "binaryformatter", "netdatacontractserializer", "soapformatter":
		return value{typ: "formatter"}
	case "objectinputstream":
		return value{typ: "formatter", from: all.from, src: all.src}
	case "string", "stringbuilder", "stringbuffer":
		if len(args) > 0 {
			return args[0]
		}
		return str("")
	case "scriptenginemanager", "groovyshell", "interpreter", "elprocessor", "jshell", "csharpcodeprovider", "vbcodeprovider", "scriptcontrol", "spelexpressionparser":
		m.fact(Eval)
		return value{typ: typ}
	}
	if m.funcs["defineclass"] == nil && strings.HasSuffix(typ, "classloader") && all.from&input != 0 {
		return m.load("new "+n.s, all)
	}
	if f := m.funcs[typ+".__construct"]; f != nil && m.d.php {
		m.enter(f, args)
	}
	if m.d.php {
		return value{typ: typ, src: all.src, fn: m.funcs[typ+".__invoke"]}
	}
	if strings.HasSuffix(n.s, "[]") {
		l := newList(args...)
		l.from = all.from
		return l
	}
	out := all.with(guessed)
	if all.from == 0 {
		out.from = 0
	}
	if passes[typ] || decoders[typ] {
		out = all
	}
	if strings.HasSuffix(typ, "decoder") || strings.HasSuffix(typ, "encoder") {
		out = value{}
	}
	out.typ = typ
	return out
}

func pathOf(v value) value {
	if v.path != nil {
		return *v.path
	}
	return value{}
}

// method follows a call of a method of an object.
func (m *machine) method(obj value, callee *node, args []value, n *node) value {
	name := callee.s
	all := mix(args...)
	if name == "decode" && (strings.Contains(obj.typ, "decoder") && obj.typ != "urldecoder" || strings.Contains(obj.typ, "base64")) {
		name = "base64_decode"
	}
	if m.lang == "jsp" && (obj.typ == "request" || anyObject[name]) || obj.typ == "request" && requestMembers[name] || anyObject[name] && !m.d.php && !m.d.perl {
		if requestMembers[name] {
			m.fact(RequestInput)
			f := value{from: fromRequest, src: "request." + name + "(" + mix0(args).s + ")"}
			if name == "getpart" || name == "getparts" || name == "files" {
				f.from |= fromUpload
			}
			return f
		}
	}
	if m.d.perl && (name == "param" || name == "cookie" || name == "http" || name == "query_string" || name == "vars" || name == "url_param") {
		m.fact(RequestInput)
		return value{from: fromRequest, src: name + "(" + mix0(args).s + ")"}
	}
	if m.d.python && (name == "fieldstorage" || name == "parse_qs" || name == "parse_qsl") {
		m.fact(RequestInput)
		return value{from: fromRequest, src: "a field"}
	}
	if m.d.python && (name == "getvalue" || name == "getfirst") && obj.from == 0 {
		m.fact(RequestInput)
		return value{from: fromRequest, src: name + "(" + mix0(args).s + ")"}
	}
	if obj.typ == "session" && (name == "getattribute" || name == "getvalue" || name == "get" || name == "contents" || name == "item") {
		return m.element(value{typ: "session"}, mix0(args), callee.kids[0])
	}
	if obj.typ == "session" && (name == "setattribute" || name == "putvalue" || name == "add" || name == "put") && len(args) > 1 {
		m.keep("session."+args[0].s, args[1].with(fromSession))
		m.fact("session-set")
		return value{}
	}
	if (name == "invoke" || name == "invokeargs") && obj.typ == "function" && m.d.php {
		if obj.known {
			return m.function(strings.ToLower(obj.s), args, n)
		}
		return m.dynamic(value{from: obj.from, src: obj.src}, "a reflected function", args, n)
	}
	switch name { // what fills its argument
	case "read", "readfully", "readblock", "copyto", "readbytes", "readasync":
		if obj.from&input != 0 && len(n.kids) > 1 && n.kids[1] != nil && n.kids[1].op == opName {
			m.store(n.kids[1], value{from: obj.from, src: obj.src})
		}
	}
	m.grows(obj, name, callee.kids[0], all)
	if v, ok := m.codeMethod(obj, name, args, all); ok {
		return v
	}
	if v, ok := m.fileMethod(obj, name, args, all); ok {
		return v
	}
	if obj.typ == "request" || m.d.basic && len(args) == 1 && obj.from&input != 0 {
		v := m.member(&node{op: opMember, s: name, kids: callee.kids, line: n.line})
		if v.from != 0 {
			return v.at(mix0(args)).with(v.from)
		}
	}
	if f := m.funcs[name]; f != nil && (obj.typ == "" || m.d.php || obj.typ == "this" || obj.typ == "me" || obj.typ == "self" || strings.Contains(obj.typ, "this")) || f != nil && obj.from == 0 {
		m.fact("calls-own")
		r := m.enter(f, args)
		return r
	}
	if name == "invoke" && obj.fn != nil {
		return m.enter(obj.fn, args)
	}
	in := append([]value{obj}, args...)
	if obj.known && obj.s != "" && obj.typ == "" || m.d.name == "java" && obj.known {
		return m.result(name, in, mix(in...))
	}
	if !obj.known && obj.from == 0 { // Convert.FromBase64String(x), Encoding.UTF8.GetString(x)
		r := m.result(name, args, all)
		if r.typ == "" && len(args) == 0 {
			r.typ = name
			if obj.path != nil {
				r.path = obj.path
			}
		}
		return r
	}
	return m.result(name, in, mix(in...))
}

// codeMethod are methods that run code or start programs.
func (m *machine) codeMethod(obj value, name string, args []value, all value) (value, bool) {
	t := obj.typ
	a := mix0(args)
	switch name {
	case "eval", "evaluate", "executestatement", "addcode", "jscriptevaluate", "addscript", "invokescript", "compileassemblyfromsource", "compileassemblyfromdom", "executeglobal", "execute":
		if name == "execute" && t != "window" && !strings.Contains(t, "script") || m.d.php || m.d.perl || (name == "eval" || name == "evaluate") && m.d.typed && (t == "databinder" || t == "") && m.d.name == "cs" {
			return value{}, false
		}
		if all.from&input != 0 && len(args) > 1 && a.from&input == 0 {
			a = all
		}
		return m.runs(name, a), true
	case "defineclass", "defineanonymousclass", "definehiddenclass":
		m.fact(DefineClass)
		for _, x := range args {
			if x.known && x.layer > 0 {
				all = x
			}
		}
		return m.load(name, all), true
	case "load", "loadfrom", "unsafeloadfrom", "loadfile":
		if strings.Contains(t, "assembly") || strings.Contains(t, "appdomain") || strings.Contains(t, "currentdomain") {
			return m.load("Assembly."+name, all), true
		}
		if t == "xslcompiledtransform" || t == "xsltransform" {
			for _, x := range args {
				if strings.Contains(x.typ, "trustedxslt") || strings.Contains(x.typ, "xsltsettings") {
					return m.load("an XSLT that may hold script", all), true
				}
			}
		}
	case "loadclass", "forname":
		if all.from&input != 0 && m.d.name == "java" && all.from&(joined|guessed) == 0 || a.known && strings.HasPrefix(a.s, "$$BCEL$$") {
			m.hit(LoadName, name, all)
		}
		if a.known {
			m.javaClass(a)
			return value{typ: "class " + strings.ToLower(a.s)}, true
		}
		return value{typ: "class", from: all.from}, true
	case "getmethod", "getdeclaredmethod", "getmethods", "getdeclaredmethods":
		if a.known {
			m.reflected(t, a)
			return value{typ: "method " + strings.ToLower(a.s)}, true
		}
		return value{typ: "method", from: all.from}, true
	case "invoke", "dynamicinvoke", "invokemember":
		return m.invoke(t, args, all)
	case "exec":
		if strings.Contains(t, "runtime") || m.d.name == "java" && t != "pattern" || strings.Contains(t, "wscript") {
			return m.start("Runtime.exec", obj, args), true
		}
	case "run", "shellexecute", "execquery", "exec2":
		if strings.Contains(t, "wscript.shell") || strings.Contains(t, "shell.application") || t == "shell" {
			return m.start(t+"."+name, obj, args), true
		}
		if m.d.basic && len(args) > 0 && all.from&input != 0 && m.facts[ShellText] > 0 {
			return m.start(name, obj, args), true
		}
	case "command":
		if t == "processbuilder" {
			return m.start("ProcessBuilder.command", obj, args), true
		}
	case "start":
		if strings.HasSuffix(t, "process") || strings.HasSuffix(t, "processstartinfo") {
			m.fact(StartProcess)
			if len(args) == 0 {
				return value{from: output, typ: "process"}, true
			}
			if a.typ == "processstartinfo" {
				return value{from: output, typ: "process"}, true
			}
			return m.start("Process.Start", obj, args), true
		}
		if t == "processbuilder" {
			return value{from: output}, true
		}
	case "getruntime":
		m.fact(StartProcess)
		return value{typ: "runtime"}, true
	case "createobject":
		return m.object(args), true
	case "system", "popen", "check_output", "call", "getoutput", "getstatusoutput":
		if m.d.python && (name != "call" || strings.Contains(t, "subprocess")) {
			return m.start(name, obj, args), true
		}
		if m.d.php && t == "ffi" || strings.Contains(t, "wscript") {
			return m.start(name, obj, args), true
		}
	case "cdef":
		return value{typ: "ffi"}, true
	case "deserialize", "readobject":
		if t == "formatter" && (all.from|obj.from)&input != 0 {
			m.hit(Deserialise, name, mix(all, obj))
		}
		return value{from: guessed}, true
	case "lookup":
		if all.from&input != 0 && all.from&joined == 0 && m.d.name == "java" {
			m.hit(LoadName, "lookup", all)
		}
	case "createvalueexpression", "parseexpression", "createmethodexpression":
		return m.runs(name, all), true
	case "getdelegateforfunctionpointer":
		m.fact("native-memory")
		m.where["native-memory"] = m.line
	case "binaryread":
		m.fact(RequestInput)
		return value{from: fromRequest, src: "the body"}, true
	case "getenginebyname", "getengine", "getenginebyextension":
		m.fact(Eval)
		return value{typ: "script engine"}, true
	case "verifydata", "verifyhash":
		m.fact(RSAVerify)
	case "fromxmlstring":
		m.fact(RSA)
	case "write", "writeline", "print", "println", "append":
		if (t == "out" || t == "response" || strings.HasSuffix(t, "response") || strings.HasSuffix(t, ".out") || t == "getwriter") && all.from&output != 0 {
			m.hit("show-output", t+"."+name, all)
		}
	}
	return value{}, false
}

// invoke is a method called by reflection.
func (m *machine) invoke(t string, args []value, all value) (value, bool) {
	all = worst(args)
	switch {
	case t == "function" || strings.HasPrefix(t, "function"):
		return value{}, false
	case m.d.php:
		return value{}, false
	case all.from&input != 0 && (m.facts["reflects load"] > 0 || strings.Contains(t, "load") || strings.Contains(t, "defineclass")):
		return m.load("a method called by reflection", all), true
	case all.from&input != 0 && (m.facts["reflects exec"] > 0 || strings.Contains(t, "exec")):
		return m.start("a method called by reflection", value{}, args), true
	case all.from&input != 0 && m.facts["reflects eval"] > 0:
		return m.runs("a method called by reflection", all), true
	case all.from&input != 0 && t == "method" && m.facts["calls-own"] > 0: // no name, and a decoder of its own: a name that is to be hidden
		m.hit(CallHidden, "reflection", all)
		return value{}, true
	}
	m.fact("reflection")
	return all.with(guessed), true
}

// reflected notes a method that is found by name.
func (m *machine) reflected(_ string, name value) {
	switch strings.ToLower(name.s) {
	case "load", "defineclass", "loadclass", "defineanonymousclass":
		m.fact("reflects load")
	case "exec", "start", "getruntime":
		m.fact("reflects exec")
	case "eval", "evaluate":
		m.fact("reflects eval")
	}
}

func (m *machine) javaClass(name value) {
	switch strings.ToLower(name.s) {
	case "java.lang.runtime", "java.lang.processbuilder", "java.lang.processimpl", "java.lang.unixprocess", "system.diagnostics.process":
		m.fact("reflects exec")
		m.fact("hides " + strings.ToLower(name.s))
	case "java.lang.classloader", "sun.misc.unsafe", "java.lang.reflect.proxy":
		m.fact("reflects load")
	case "javax.script.scriptenginemanager":
		m.fact("reflects eval")
	}
}

// grows follows data into a buffer that a method fills: b.put(data).
func (m *machine) grows(obj value, name string, target *node, all value) {
	switch name {
	case "put", "append", "add", "addall", "insert", "push", "addrange", "write":
	default:
		return
	}
	if target == nil || target.op != opName || all.from&(input|decoded|deciphered) == 0 || m.d.php || obj.path != nil ||
		strings.Contains(obj.typ, "socket") || strings.Contains(obj.typ, "response") || obj.typ == "out" || obj.typ == "session" || obj.typ == "adodb.stream" || obj.typ == "fso" {
		return
	}
	obj.known, obj.s = false, ""
	obj.from |= all.from
	if obj.src == "" {
		obj.src = all.src
	}
	m.store(target, obj)
}
