package script

import (
	"strings"
)

// run is text that is executed as code.
func (m *machine) runs(what string, v value) value {
	m.fact(Eval)
	all := v.all()
	switch {
	case v.known:
		return m.text(what, v)
	case all&(fromRequest|fromUpload) != 0 && all&(guessed|joined) == guessed|joined:
		m.hit(EvalGuess, what, v)
	case all&input != 0:
		m.hit(EvalInput, what, v)
		if all&(decoded|deciphered) != 0 {
			m.fact("decodes-input")
		}
	case all&fromRemote != 0:
		m.hit(EvalRemote, what, v)
	case all&fromSession != 0:
		m.hit(EvalSession, what, v)
	case all&(decoded|deciphered) != 0 && all&fromBlob != 0 && all&fromFile == 0:
		m.hit(EvalDecoded, what, v)
	case all&fromFile != 0 && all&(decoded|deciphered) != 0:
		m.hit(EvalFile, what, v)
	case v.typ == "unset" && m.nested == 0:
		m.hit(EvalUnset, what, v)
	case all&fromMany != 0:
		m.hit(EvalHidden, what, v)
	}
	return value{from: guessed}
}

// text is known text that is executed: it is read as well.
func (m *machine) text(what string, v value) value {
	if v.layer > 0 && len(v.s) > 12 || v.layer > 1 {
		m.hit(EvalDecoded, what, v)
	}
	return m.payload(v.s)
}

// start is a program that is started.
func (m *machine) start(what string, obj value, args []value) value {
	m.fact(StartProcess)
	v := worst(args)
	all := v.all()
	switch {
	case all&input != 0 && all&quoted == 0 && (all&guessed == 0 || all&(decoded|deciphered) != 0):
		m.hit(StartInput, what, v)
	case all&input != 0 && all&quoted != 0:
		m.fact("starts-quoted")
	case all&input != 0:
		m.hit(StartGuess, what, v)
	case all&(decoded|deciphered|fromRemote) != 0 && all&guessed == 0 && !v.known && all&fromFile == 0:
		m.hit(StartHidden, what, v)
	case len(args) > 0 && args[0].typ == "unset":
		m.hit(StartUnset, what, args[0])
	}
	for _, a := range args {
		if a.known && shellText.MatchString(a.s) {
			m.fact(ShellText)
		}
	}
	return value{from: output}
}

// The powers over files that a script may have.
const (
	powList   = "lists folders"
	powRead   = "reads files"
	powWrite  = "writes files"
	powDelete = "deletes files"
	powMove   = "moves or copies files"
	powMake   = "makes folders"
	powMode   = "changes rights"
	powTimes  = "sets times of files"
	powUpload = "takes uploads"
)

var powerCan = map[string]string{powList: ListFiles, powWrite: WriteFile, powTimes: SetTimes, powUpload: WriteFile}

// power is a thing done to files; it counts when the request names the file.
func (m *machine) power(p string, paths ...value) {
	if c := powerCan[p]; c != "" {
		m.fact(c)
	}
	m.fact("can " + p)
	v := mix(paths...)
	for _, a := range paths {
		if a.path != nil {
			v = mix(v, *a.path)
		}
	}
	if v.from&input != 0 {
		m.fact("power " + p)
	}
}

// write is content that goes into a file.
func (m *machine) write(what string, path, content value) {
	m.power(powWrite, path)
	if path.path != nil {
		path = mix(path, *path.path)
	}
	if path.known && phpStream(path.s) {
		return
	}
	if content.all()&input != 0 {
		m.written[shape(path)] = true
	}
	script := path.known && scriptName(path.s) || path.from&input != 0
	c := content.all()
	if c&input != 0 {
		m.fact("writes-input")
	}
	switch {
	case c&input != 0 && path.from&input != 0 && (path.from&guessed != 0 || c&(joined|guessed) != 0 && c&decoded == 0): // a log line, a report
	case c&input != 0 && path.from&input != 0:
		m.hit(WriteInput, what, content, path)
	case c&input != 0 && (script || !path.known && scriptName(path.tail)):
		m.hit(WriteScript, what, content)
	case c&fromRemote != 0 && (script || path.from&input != 0):
		m.hit(WriteRemote, what, content)
	case path.known && scriptName(path.s) && content.known && content.layer > 0:
		m.hit(WriteHidden, what, content)
	case path.known && scriptName(path.s) && content.known && strings.Contains(content.s, "<?"):
		m.nestedPage(content.s)
	}
}

// shape is what is known of a path: a file whose name is partly unknown is the
// same file where it is named the same way again.
func shape(path value) string {
	if path.known {
		return path.s
	}
	return path.head + "\x00" + path.tail
}

// nestedPage reads a script that a script writes.
func (m *machine) nestedPage(s string) {
	if m.d.php {
		m.payload(s)
	}
}

func phpStream(s string) bool { return strings.HasPrefix(s, "php://") }

// scriptName tells whether a file of this name would run on a web server.
func scriptName(s string) bool {
	if i := strings.LastIndexByte(s, '.'); i >= 0 && i+5 >= len(s)-4 {
		_, ok := languages[strings.ToLower(s[i:])]
		return ok && !strings.EqualFold(s[i:], ".inc")
	}
	return false
}

// sql is a statement for a database.
func (m *machine) sql(v value) {
	m.fact("sql")
	if v.from&input != 0 && strings.Contains(strings.ToLower(v.head+v.s), "xp_cmdshell") {
		m.hit(StartInput, "xp_cmdshell", v)
	}
	if v.from&input != 0 && v.from&joined == 0 {
		m.fact("sql-input")
		m.where["sql-input"] = m.line
	}
}

// connect is a connection to a database or, with sockets, to any host.
func (m *machine) connect(kind string, args []value) value {
	m.fact(kind)
	v := mix(args...)
	if v.from&input != 0 {
		m.fact(kind + "-input")
		n := 0
		for _, a := range args {
			if a.from&input != 0 {
				n++
			}
		}
		if n >= 2 {
			m.fact(kind + "-input-2")
		}
	}
	if kind == Sockets {
		return value{typ: "socket", from: fromRemote, path: &v}
	}
	return value{typ: "database"}
}

// load is a program part that is loaded: a class, an assembly.
func (m *machine) load(what string, v value) value {
	m.fact(LoadCode)
	all := v.all()
	switch {
	case all&input != 0:
		m.hit(LoadInput, what, v)
	case all&fromRemote != 0:
		m.hit(EvalRemote, what, v)
	case all&fromSession != 0 && all&(decoded|deciphered) != 0:
		m.hit(EvalSession, what, v)
	case all&(decoded|deciphered) != 0 && all&fromBlob != 0, v.known && v.layer > 0 && len(v.s) > 100:
		m.hit(LoadBlob, what, v)
	case all&fromSession != 0:
		m.fact("loads-session")
	}
	return value{from: all | guessed, typ: "loaded", src: v.src}
}

// worst is the value that says most about its origin: one from the request
// that went through no unknown function, else all together.
func worst(args []value) value {
	for _, a := range args {
		if o := a.all(); o&input != 0 && o&(guessed|quoted) == 0 {
			return value{from: o, src: a.src, layer: a.layer}
		}
	}
	if len(args) == 1 {
		return args[0]
	}
	return mix(args...)
}
