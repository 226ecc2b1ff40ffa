package script

import "strings"

// fileMethod are methods that work on files, databases and the network.
func (m *machine) fileMethod(obj value, name string, args []value, all value) (value, bool) {
	t := obj.typ
	a := mix0(args)
	isFile := t == "file" || strings.HasSuffix(t, ".file") || t == "fileinfo"
	isDir := t == "directory" || strings.HasSuffix(t, ".directory") || t == "directoryinfo"
	p := mix(all, pathOf(obj), value{from: obj.from & input})
	rest := func(i int) value {
		if i < len(args) {
			return args[i]
		}
		return value{}
	}
	switch name {
	case "writealltext", "writeallbytes", "appendalltext", "writealllines":
		m.write("File."+name, a, rest(1))
	case "readalltext", "readallbytes", "opentext", "openread", "readalllines", "transmitfile", "writefile":
		m.power(powRead, a)
		return value{from: fromFile}, true
	case "saveas", "transferto", "write", "writeline", "append", "print", "println":
		if name == "saveas" || name == "transferto" {
			m.fact("upload")
			m.power(powUpload, all)
			m.upload(name, value{from: all.from, known: a.known, s: a.s})
			return value{}, true
		}
		if obj.path != nil && t == "file" {
			m.write("a file", *obj.path, all)
			return value{}, true
		}
		if t == "adodb.stream" {
			m.keep(".stream", all)
			return value{}, true
		}
		if t == "socket" || strings.HasPrefix(t, "socket.") || m.facts["sockets-input"] > 0 && (name == "write" || name == "append") && (strings.Contains(t, "sock") || strings.Contains(t, "getattribute") || strings.Contains(t, "stream") || t == "" && obj.from&fromSession != 0) {
			if all.from&input != 0 {
				m.fact("socket-carries-input")
			}
			return value{}, true
		}
		return value{}, false
	case "savetofile":
		c := m.globals[".stream"]
		m.write(name, a, c)
	case "loadfromfile":
		m.power(powRead, a)
		return value{from: fromFile}, true
	case "createtextfile", "opentextfile":
		if name == "createtextfile" || len(args) > 1 {
			m.power(powWrite, a)
		} else {
			m.power(powRead, a)
		}
		return value{typ: "file", path: &a, from: 0}, true
	case "delete", "deletefile", "deletefolder", "deleteonexit", "deleteifexists":
		if isFile || isDir || strings.HasPrefix(name, "deletef") || obj.path != nil {
			m.power(powDelete, p)
		}
	case "copy":
		if len(args) > 1 && a.from&input != 0 && a.path == nil { // Files.copy(stream, path)
			m.write("copy of a stream", args[1], a)
			return value{}, true
		}
		if isFile || isDir || obj.path != nil {
			m.power(powMove, p)
		}
	case "renameto", "move", "moveto", "copyto", "copyfile", "movefile", "copyfolder", "movefolder":
		if isFile || isDir || strings.HasSuffix(name, "file") || strings.HasSuffix(name, "folder") || obj.path != nil {
			m.power(powMove, p)
		}
	case "createdirectory", "mkdir", "mkdirs", "createfolder", "createsubdirectory":
		m.power(powMake, p)
	case "getfiles", "getdirectories", "getfilesysteminfos", "getfilesystementries", "listfiles", "getfolder", "list", "enumeratefiles", "getlogicaldrives", "getdrives", "listroots", "drives", "namespace":
		if name != "list" || obj.path != nil {
			m.power(powList, p)
			return value{typ: "file", path: &p}, true
		}
	case "getfile":
		m.power(powRead, p)
		return value{typ: "file", path: &p}, true
	case "setlastwritetime", "setcreationtime", "setlastaccesstime", "setlastmodified", "setlastwritetimeutc", "setcreationtimeutc":
		m.power(powTimes, p)
	case "setattributes", "setaccesscontrol", "setwritable", "setexecutable", "setreadable":
		m.power(powMode, p)
	case "create", "openwrite", "open":
		switch {
		case isFile:
			m.power(powWrite, a)
			return value{typ: "file", path: &a}, true
		case strings.HasPrefix(t, "adodb.conn") || strings.Contains(t, "connection"):
			if a.from&input != 0 && a.from&joined == 0 {
				m.fact("database-input-2")
			}
			return m.connect("database", args), true
		case strings.Contains(t, "socketchannel"):
			return value{typ: "socket"}, true
		case strings.HasPrefix(t, "adodb.record"):
			m.sql(a)
		case strings.Contains(t, "xmlhttp") || strings.Contains(t, "winhttp"):
			m.fact(HTTPOut)
			if all.from&input != 0 {
				m.fact("http-input")
			}
		default:
			return value{}, false
		}
	case "responsebody", "responsetext", "downloadstring", "downloaddata", "openstream", "getresponse", "getresponsestream", "urlopen":
		m.fact(HTTPOut)
		if all.from&input != 0 || obj.from&input != 0 {
			m.fact("http-input")
		}
		return value{from: fromRemote}, true
	case "getoutputstream", "getstream":
		if t != "socket" {
			return value{}, false
		}
		return value{typ: "socket"}, true
	case "downloadfile":
		m.fact(HTTPOut)
		m.write(name, rest(1), value{from: fromRemote})
	case "getconnection":
		return m.connect("database", args), true
	case "executequery", "executeupdate", "preparestatement", "query", "executereader", "executenonquery", "multi_query", "executescalar":
		if len(args) > 0 {
			m.sql(a)
		}
		return value{from: guessed}, true
	case "execute":
		if strings.HasPrefix(t, "adodb") || m.d.name == "java" {
			m.sql(a)
			return value{from: guessed}, true
		}
		return value{}, false
	case "connect", "beginconnect":
		return m.connect(Sockets, args), true
	case "send", "sendall":
		if all.from&input != 0 && (t == "socket" || strings.Contains(t, "sock")) {
			m.fact("socket-carries-input")
		}
		return value{}, false
	case "gethostentry", "gethostaddresses", "getallbyname", "getbyname":
		m.fact(Lookup)
	case "write_bytes", "createzip":
		m.fact("zips")
	default:
		return value{}, false
	}
	return value{}, true
}
