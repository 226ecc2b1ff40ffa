package credentialstaging

import (
	"slices"
	"strings"

	"longwatch/internal/winpath"
)

// telling tells whether a command line may be a step; it is cheap.
func telling(s string) bool {
	s = strings.ToLower(s)
	return slices.ContainsFunc([]string{
		"minidump", "lsass", "save", "ntds", "ifm", "copy", "move", "ren", " a ", "-p", "zip", "makecab", "rar", "tar ", "compress-archive",
	}, func(w string) bool { return strings.Contains(s, w) })
}

// commands are the parts of a command line that a shell runs one after another,
// in lower case.
func commands(s string) []string {
	s = strings.ToLower(strings.ReplaceAll(s, "/c ", " & "))
	return strings.FieldsFunc(s, func(r rune) bool { return r == '&' || r == '|' || r == ';' })
}

// split takes a command apart into words, without their quotes.
func split(s string) []string {
	var out []string
	quoted := false
	for _, w := range strings.FieldsFunc(s, func(r rune) bool {
		if r == '"' || r == '\'' {
			quoted = !quoted
			return true
		}
		return r == ' ' && !quoted || r == '\t' || r == '\n'
	}) {
		if w = strings.Trim(w, `,`); w != "" {
			out = append(out, w)
		}
	}
	return out
}

// secretFile tells whether a file's name says that it holds credentials.
func secretFile(path string) bool {
	p := winpath.Clean(path)
	base, dir := winpath.Base(p), winpath.Dir(p)
	switch {
	case strings.Contains(base, "lsass") && winpath.Ext(base) == ".dmp":
		return true
	case base == "ntds.dit":
		return !strings.HasSuffix(dir, `\windows\ntds`)
	case strings.HasSuffix(base, ".kirbi"):
		return true
	}
	hive := strings.TrimSuffix(base, winpath.Ext(base))
	return slices.Contains([]string{"sam", "security", "system"}, hive) && slices.Contains([]string{".save", ".hiv", ".hive", ".bak"}, winpath.Ext(base))
}

// secretMade is the file, or folder, of credentials that a command makes.
func secretMade(part string, words []string) string {
	after := func(key string) string {
		i := slices.IndexFunc(words, func(w string) bool { return w == key || strings.HasSuffix(w, `\`+key) })
		if i < 0 || i+1 >= len(words) {
			return ""
		}
		return winpath.Clean(words[i+1])
	}
	switch {
	case strings.Contains(part, "comsvcs") && (strings.Contains(part, "minidump") || strings.Contains(part, "#24") || strings.Contains(part, "#+24")):
		for _, w := range words {
			if strings.Contains(w, `\`) && !strings.Contains(w, "comsvcs") && !strings.HasSuffix(w, "rundll32.exe") && !strings.HasSuffix(w, "cmd.exe") {
				return winpath.Clean(w)
			}
		}
	case strings.Contains(part, "ifm") && strings.Contains(part, "create"):
		_, rest, _ := strings.Cut(part, "full ")
		rest, _, _ = strings.Cut(strings.TrimLeft(rest, ` "'`), `"`)
		path, _, _ := strings.Cut(rest, " q ")
		return winpath.Clean(strings.TrimSpace(path))
	case slices.Contains(words, "save") && strings.Contains(words[0], "reg"):
		for _, hive := range []string{"sam", "security", "system"} {
			for _, root := range []string{`hklm\`, `hkey_local_machine\`} {
				if path := after(root + hive); path != "" {
					return path
				}
			}
		}
	case strings.Contains(part, "lsass") && strings.Contains(part, ".dmp"):
		if i := slices.IndexFunc(words, func(w string) bool { return strings.HasSuffix(w, ".dmp") }); i > 0 {
			return winpath.Clean(words[i])
		}
	case strings.Contains(part, "ntds.dit") && (strings.Contains(part, "harddiskvolumeshadowcopy") || strings.Contains(part, "esentutl")):
		if last := words[len(words)-1]; strings.Contains(last, `\`) {
			return winpath.Clean(last)
		}
	}
	return ""
}

// common names say nothing about which file is meant.
func common(base string) bool {
	return len(base) < 4 || slices.Contains([]string{"system", "security", "desktop.ini", "data", "temp", "backup"}, base)
}

// mentions tells whether a command speaks of a file that is known.
func mentions(words []string, path string) bool {
	base, dir := winpath.Base(path), winpath.Dir(path)
	return slices.ContainsFunc(words, func(w string) bool {
		w = winpath.Clean(w)
		switch {
		case w == path, strings.HasPrefix(w, path+`\`):
			return true
		case w == dir+`\*` || w == dir+`\*.*`:
			return dir != ""
		}
		return !common(base) && winpath.Base(w) == base && base != "" && !strings.HasSuffix(w, ".exe")
	})
}

var archivers = []string{"rar.exe", "rar", "winrar.exe", "7z.exe", "7z", "7za.exe", "7za", "7zr.exe", "7zg.exe", "makecab.exe", "makecab", "tar.exe", "tar", "zip.exe", "zip", "cabarc.exe"}

// packed is the archive that a command makes, whatever the archiver is called,
// and whether it has a password.
func packed(part string, words []string) (archive string, password bool) {
	for _, w := range words[1:] {
		if (strings.HasPrefix(w, "-p") && !strings.HasPrefix(w, "-path") || strings.HasPrefix(w, "-hp")) && len(w) > 3 {
			password = true
		}
	}
	verb := slices.Index(words, "a")
	known := slices.Contains(archivers, winpath.Base(words[0]))
	switch {
	case strings.Contains(part, "compress-archive"):
		if i := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, "-dest") }); i >= 0 && i+1 < len(words) {
			return winpath.Clean(words[i+1]), false
		}
	case strings.HasPrefix(winpath.Base(words[0]), "makecab"):
		if last := words[len(words)-1]; len(words) > 2 {
			return winpath.Clean(last), false
		}
	case known && strings.HasPrefix(winpath.Base(words[0]), "tar"):
		for i, w := range words[1:] {
			if strings.HasPrefix(w, "-") && strings.Contains(w, "f") && i+2 < len(words) {
				return winpath.Clean(words[i+2]), false
			}
		}
	case verb == 1 && (known || password):
		for _, w := range words[2:] {
			if !strings.HasPrefix(w, "-") {
				return winpath.Clean(w), password
			}
		}
	}
	return "", false
}

var movers = []string{"copy", "move", "xcopy", "xcopy.exe", "robocopy", "robocopy.exe", "ren", "rename", "copy-item", "move-item", "rename-item", "cp", "mv"}

// moved is where a command copies or moves a file to.
func moved(words []string, path string) string {
	i := slices.IndexFunc(words, func(w string) bool { return slices.Contains(movers, winpath.Base(w)) })
	if i < 0 || path == "" {
		return ""
	}
	var args []string
	for _, w := range words[i+1:] {
		if !strings.HasPrefix(w, "/") && !strings.HasPrefix(w, "-") {
			args = append(args, winpath.Clean(w))
		}
	}
	if len(args) < 2 {
		return ""
	}
	to := args[1]
	switch {
	case strings.HasPrefix(words[i], "ren"):
		if !strings.Contains(to, `\`) {
			return winpath.Dir(path) + `\` + to
		}
	case strings.HasSuffix(to, `\`) || winpath.Ext(to) == "" || strings.HasPrefix(winpath.Base(words[i]), "robocopy"):
		return strings.TrimSuffix(to, `\`) + `\` + winpath.Base(path)
	}
	return to
}

var archiveNames = []string{".zip", ".rar", ".7z", ".cab", ".tar", ".gz", ".tgz", ".001", ".bz2", ".xz", ".dmp"}

// archiveName tells whether a name says what the file is.
func archiveName(p string) bool {
	e := winpath.Ext(p)
	return slices.Contains(archiveNames, e) || strings.HasPrefix(e, ".r0") || strings.HasPrefix(e, ".z0")
}

// disguised tells whether a file gets a name of another kind.
func disguised(from, to string) bool {
	return winpath.Ext(to) != winpath.Ext(from) && !archiveName(to)
}
