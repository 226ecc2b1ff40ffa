package script

import "strings"

// otherCall is a call of a function of VBScript, ColdFusion, Perl, Python or
// the shell by its bare name.
func (m *machine) otherCall(name string, args []value, all value, n *node) (value, bool) {
	a := func(i int) value {
		if i < len(args) {
			return args[i]
		}
		return value{}
	}
	if m.d.php {
		return value{}, false
	}
	if m.d.name == "shell" {
		return m.shellCall(name, args)
	}
	switch name {
	case "eval", "execute", "executeglobal", "evaluate", "__substitute_eval", "compile":
		if name == "compile" && !m.d.python || name == "evaluate" && !m.d.markup {
			return value{}, false
		}
		if name == "__substitute_eval" {
			return all, true
		}
		if len(args) == 0 {
			return value{}, true
		}
		if m.d.markup && all.from&joined != 0 && all.from&input != 0 { // evaluate("form.#x#") names a variable
			m.fact("evaluates-name")
			return all.with(guessed), true
		}
		if m.d.perl && n != nil && n.kids[0].op == opName && len(n.kids) > 1 && n.kids[1] != nil && n.kids[1].op == opBlock {
			return value{}, true
		}
		return m.runs(name, a(0)), true
	case "exec":
		if m.d.python {
			return m.runs(name, a(0)), true
		}
		return m.start(name, value{}, args), true
	case "system", "popen", "shell", "popen2", "popen3", "qx", "open3", "open2":
		return m.start(name, value{}, args), true
	case "open":
		if m.d.perl {
			return m.perlOpen(args, n), true
		}
	case "read", "sysread":
		if m.d.perl && (a(0).from&input != 0 || a(0).s == "STDIN") && n != nil && len(n.kids) > 2 {
			m.fact(RequestInput)
			m.store(n.kids[2], value{from: fromRequest, src: "the body"})
			return value{}, true
		}
	case "readline":
		if a(0).from&input != 0 {
			m.fact(RequestInput)
			return value{from: fromRequest, src: "the body"}, true
		}
		if a(0).path != nil {
			return value{from: a(0).path.from &^ input}, true
		}
		return value{from: a(0).from &^ input}, true
	case "param", "parsequery":
		if m.d.perl {
			m.fact(RequestInput)
			return value{from: fromRequest, src: "param(" + a(0).s + ")"}, true
		}
	case "shift":
		if m.d.perl && len(m.frames) > 0 {
			if l := m.frames[len(m.frames)-1]["_"]; l.list != nil {
				return mix(l), true
			}
		}
	case "split":
		return mix(args...), true
	case "unlink", "remove", "rmdir", "rmtree", "filedelete", "directorydelete", "kill":
		if name != "kill" {
			m.power(powDelete, args...)
		}
		return value{}, true
	case "rename", "filemove", "filecopy", "directoryrename", "copy", "move":
		m.power(powMove, args...)
		return value{}, true
	case "mkdir", "directorycreate":
		m.power(powMake, args...)
		return value{}, true
	case "chmod", "chown":
		m.power(powMode, args...)
		return value{}, true
	case "utime":
		m.power(powTimes, args...)
		return value{}, true
	case "opendir", "directorylist", "readdir", "glob", "listdir":
		m.power(powList, args...)
		return value{}, true
	case "filewrite", "fileappend":
		m.write(name, a(0), a(1))
		return value{}, true
	case "fwrite":
		m.write("print to a file", a(0), a(1))
		return value{}, true
	case "fileread", "filereadbinary":
		m.power(powRead, args...)
		return value{from: fromFile}, true
	case "fileupload":
		m.fact("upload")
		m.power(powUpload, args...)
		return value{}, true
	case "createobject", "getobject":
		return m.object(args), true
	case "gethttprequestdata":
		m.fact(RequestInput)
		return value{from: fromRequest, src: "the body"}, true
	case "fieldstorage", "parse_qs":
		m.fact(RequestInput)
		return value{from: fromRequest, src: "a field"}, true
	case "input", "raw_input":
		if m.d.python {
			return value{from: fromRequest, src: "the body"}, true
		}
	case "response.write":
		return value{}, true
	case "array":
		if m.d.basic {
			return newList(args...), true
		}
	case "join":
		if m.d.basic && a(0).list != nil {
			sep := " "
			if len(args) > 1 && args[1].known {
				sep = args[1].s
			}
			out := str("")
			for i, k := range a(0).list.keys {
				if i > 0 {
					out = m.concat(out, str(sep))
				}
				out = m.concat(out, a(0).list.m[k])
			}
			return out, true
		}
	case "socket":
		return m.connect(Sockets, args), true
	case "getref":
		return a(0), true
	case "__import__":
		if a(0).known {
			return value{typ: strings.ToLower(a(0).s)}, true
		}
	case "__require", "__use":
		if s := a(0).s; m.d.perl && !perlCore(s) {
			m.site = true
		}
		return value{}, true
	case "require":
		if m.d.perl {
			m.site = m.site || !strings.HasPrefix(a(0).s, "5")
			return value{}, true
		}
	case "virtualalloc", "createthread", "virtualprotect", "enumsystemlocalesa":
		m.fact("native-memory")
		m.where["native-memory"] = m.line
		return value{from: guessed}, true
	}
	if m.d.markup {
		return m.tag(name, args, n)
	}
	return value{}, false
}

// perlOpen is open(F, "<x"), open(F, "|x"), open(F, "-|", x).
func (m *machine) perlOpen(args []value, n *node) value {
	if len(args) < 2 {
		return value{}
	}
	mode := args[1]
	raw := joinText(n, 2)
	path := args[len(args)-1]
	switch {
	case strings.HasPrefix(strings.TrimSpace(raw), "|") || strings.HasSuffix(strings.TrimSpace(raw), "|") || mode.known && strings.Contains(mode.s, "|"):
		out := m.start("open of a pipe", value{}, args[1:])
		if len(n.kids) > 1 && n.kids[1] != nil && n.kids[1].op == opName {
			m.set(n.kids[1].s, value{from: output})
		}
		return out
	case strings.Contains(raw, ">") || mode.known && strings.Contains(mode.s, ">"):
		m.power(powWrite, path)
	default:
		m.power(powRead, path)
	}
	if len(n.kids) > 1 && n.kids[1] != nil && n.kids[1].op == opName {
		p := path
		m.set(n.kids[1].s, value{typ: "file", path: &p})
	}
	return value{}
}

// joinText is the text of an argument with its expressions left out.
func joinText(n *node, i int) string {
	if n == nil || i >= len(n.kids) || n.kids[i] == nil {
		return ""
	}
	var sb strings.Builder
	n.kids[i].walk(func(k *node) bool {
		switch k.op {
		case opStr:
			sb.WriteString(k.s)
		case opName:
			sb.WriteByte('x')
		default:
		}
		return true
	})
	return sb.String()
}

// object is what CreateObject and the like make.
func (m *machine) object(args []value) value {
	v := mixOrOne(args)
	last := value{}
	for _, a := range args {
		if a.known {
			last = a
		}
	}
	if v.from&input != 0 {
		m.fact("creates-any-object")
	}
	typ := strings.ToLower(last.s)
	typ = strings.TrimSuffix(typ, ".1")
	switch typ {
	case "java.lang.runtime", "java.lang.processbuilder":
		m.fact(StartProcess)
		return value{typ: "runtime"}
	case "scripting.filesystemobject":
		return value{typ: "fso"}
	}
	if strings.HasPrefix(typ, "new:") && strings.Contains(typ, "72c24dd5") {
		typ = "wscript.shell"
	}
	return value{typ: typ}
}

// tag is a tag of ColdFusion; its attributes are pairs of name and value.
func (m *machine) tag(name string, args []value, n *node) (value, bool) {
	if !strings.HasPrefix(name, "cf") {
		return value{}, false
	}
	at := map[string]value{}
	for i, k := range n.kids[1:] {
		if k.op == opPair && k.kids[0] != nil && i < len(args) {
			at[k.kids[0].s] = args[i]
		}
	}
	switch name {
	case "cfexecute":
		m.start("cfexecute", value{}, []value{at["name"], at["arguments"]})
		if v := at["variable"]; v.known {
			m.set(strings.ToLower(v.s), value{from: output})
		}
		m.hit("show-output", "cfexecute", value{})
	case "cffile":
		m.cffile(at)
	case "cfdirectory":
		switch strings.ToLower(at["action"].s) {
		case "delete":
			m.power(powDelete, at["directory"])
		case "create":
			m.power(powMake, at["directory"])
		case "rename":
			m.power(powMove, at["directory"])
		default:
			m.power(powList, at["directory"])
		}
	case "cfquery":
		m.sql(at["text"])
		if at["datasource"].from&input != 0 {
			m.fact("database-input-2")
		}
	case "cfcontent":
		m.power(powRead, at["file"])
	case "cfhttp":
		m.fact(HTTPOut)
		if at["url"].from&input != 0 {
			m.fact("http-input")
		}
		m.set("cfhttp", value{from: fromRemote})
	case "cfinclude":
		m.site = true
	case "cfmodule", "cfimport", "cfapplication", "cfinvoke":
		m.site = true
	case "cfregistry":
		if at["branch"].from&input != 0 {
			m.fact("power registry")
		}
	}
	return value{}, true
}

func (m *machine) cffile(at map[string]value) {
	path := at["file"]
	switch a := at["action"]; strings.ToLower(a.s) {
	case "upload", "uploadall":
		m.fact("upload")
		m.power(powUpload, at["destination"])
		m.where["upload"] = m.line
		if at["accept"].s != "" {
			m.fact("checks-upload")
		} else { // the server keeps the name that the client gives
			m.fact("upload-named-by-client")
			m.fact("upload-anywhere")
		}
	case "write", "append":
		m.write("cffile", path, at["output"])
	case "read", "readbinary":
		m.power(powRead, path)
	case "delete":
		m.power(powDelete, path)
	case "rename", "move", "copy":
		m.power(powMove, at["source"], at["destination"])
	default:
		if a.from&input != 0 {
			m.fact("power any")
		}
	}
}

// shellCall is a command of a shell script.
func (m *machine) shellCall(name string, args []value) (value, bool) {
	switch name {
	case "eval":
		if v := worst(args); v.all()&input != 0 { // what commands make of it is run as well
			m.hit(EvalInput, "eval", v)
		}
		return m.start("eval", value{}, args), true
	case "sh", "bash", "ksh", "dash", "/bin/sh", "/bin/bash", "python", "perl", "php":
		return m.start(name, value{}, args), true
	case "read":
		for _, a := range args {
			if a.typ != "" {
				m.set("$"+a.typ, value{from: fromRequest, src: "the body"})
			}
		}
		return value{}, true
	}
	return value{}, false
}

// perlCore tells whether "use name" names what comes with Perl, or its version.
func perlCore(s string) bool {
	if s == "" || s[0] >= '0' && s[0] <= '9' || s[0] == 'v' && len(s) > 1 && s[1] >= '0' && s[1] <= '9' {
		return true
	}
	n := 0
	for n < len(s) && (s[n] >= 'a' && s[n] <= 'z' || s[n] >= '0' && s[n] <= '9' && n > 0) {
		n++
	}
	return corePerl[s[:n]]
}

// corePerl are the first parts of the names of Perl's own modules.
var corePerl = words(`strict warnings cgi cgistandard io file mime socket posix digest encode time data fcntl cwd getopt lwp http uri storable utf8 vars lib integer bytes ipc sys
	compress archive list scalar constant feature diagnostics net env config benchmark carp strictwarnings errno text tie symbol selectsaver base fields`)
