package ftp

import (
	"net/netip"
	"strings"
)

// absolute tells whether a path starts at a root, of Unix or of a Windows drive.
func absolute(p string) bool {
	if strings.HasPrefix(p, "/") {
		return true
	}
	return len(p) >= 3 && letter(p[0]) && p[1] == ':' && (p[2] == '/' || p[2] == '\\')
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// join is the path of name for a session that is in dir, without detours.
func join(dir, name string) string {
	switch {
	case absolute(name) || dir == "":
	case strings.HasSuffix(dir, "/"):
		name = dir + name
	default:
		name = dir + "/" + name
	}
	return clean(name)
}

// clean takes detours out of a path. Unlike path.Clean it keeps the leading "."
// that stands for the directory a session began in, which is not known.
func clean(p string) string {
	if !strings.Contains(p, "/.") && !strings.Contains(p, "//") {
		if len(p) > 1 {
			p = strings.TrimSuffix(p, "/")
		}
		return p
	}
	var parts []string
	for i, part := range strings.Split(p, "/") {
		if part == "" || part == "." && i > 0 {
			continue
		}
		n := len(parts)
		switch {
		case part != ".." || n == 0 || parts[n-1] == "~" || parts[n-1] == "..":
			parts = append(parts, part)
		case parts[n-1] == ".":
			parts[n-1] = ".."
		default:
			parts = parts[:n-1]
		}
	}
	root := ""
	if strings.HasPrefix(p, "/") {
		root = "/"
	}
	return root + strings.Join(parts, "/")
}

// named is the first absolute path in a reply, as in: 257 "/pub" is current.
func named(msg string) string {
	for i := range len(msg) {
		if !absolute(msg[i:]) {
			continue
		}
		end := i + 1
		for end < len(msg) && msg[end] != '"' && (msg[end] != ' ' || msg[end-1] == '\\') {
			end++
		}
		return msg[i:end]
	}
	return ""
}

// url names a file of a session.
func url(host netip.Addr, dir, name string) string {
	p := join(dir, name)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p
	}
	h := host.String()
	if host.Is6() {
		h = "[" + h + "]"
	}
	return "ftp://" + h + p
}
