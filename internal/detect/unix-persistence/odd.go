package unixpersistence

import (
	"regexp"
	"strconv"
	"strings"

	"longwatch/internal/record/host"
	"longwatch/internal/unixpath"
)

// suspicious are commands that software does not start by.
var suspicious = []struct {
	why string
	re  *regexp.Regexp
}{
	{"it fetches text and gives it to a shell", regexp.MustCompile(`(?:curl|wget|fetch)\b[^|;&]*\|\s*(?:sudo\s+)?(?:/\S*/)?(?:ba|z|da|k)?sh\b|(?:ba)?sh\s+(?:-c\s+)?["']?(?:<\(|\$\()\s*(?:curl|wget)`)},
	{"it opens a shell to a network address", regexp.MustCompile(`/dev/(?:tcp|udp)/|\b(?:nc|ncat|netcat)\b.*\s-[a-z]*[ec]\s|socat\b.*exec:|socket\.socket\(|TCPSocket|fsockopen\(`)},
	{"it runs text that was encoded", regexp.MustCompile(`base64\s+(?:-d|--decode|-D)\b.*\|\s*(?:ba|z|da)?sh|eval\s+.*base64|xxd\s+-r.*\|\s*(?:ba)?sh|openssl\s+enc\s+.*-d.*\|\s*(?:ba)?sh`)},
	{"it starts a tunnel", regexp.MustCompile(`\b(?:gost\s+-[LF]|frpc|frps|iox\s+(?:fwd|proxy)|chisel\s+(?:client|server)|ssh\s+.*-[NfTq]*R\s)`)},
}

// places are paths of programs in a command.
var places = regexp.MustCompile(`(?:^|[\s"'=;|&(])(/[^\s"';|&)]+)`)

// odd says what is suspicious about an entry, empty when nothing is.
func odd(p *host.Persistence) string {
	switch p.Kind {
	case unixpath.Preload:
		if known(p.Command) {
			return ""
		}
		return "every program on the host loads this library"
	case unixpath.LoaderPath:
		if unixpath.UserWritable(p.Command+"/") || unixpath.Hidden(p.Command) {
			return "libraries are taken from where anybody may write or nobody looks"
		}
		return ""
	case unixpath.Key:
		if strings.HasPrefix(p.Entry, "command=") && why(p.Entry) != "" {
			return why(p.Entry)
		}
		return ""
	case unixpath.Sudoers:
		if strings.Contains(p.Command, "NOPASSWD") && strings.HasSuffix(strings.TrimSpace(p.Command), "ALL") && serviceAccount(p.Account) {
			return "the account of a service may run everything without a password"
		}
		return ""
	case unixpath.PAM:
		f := strings.Fields(p.Command)
		if len(f) > 0 && strings.HasPrefix(f[0], "/") && (unixpath.UserWritable(f[0]) || unixpath.Hidden(f[0])) {
			return "logins go through a module from where anybody may write or nobody looks"
		}
		if strings.HasPrefix(p.Command, "pam_exec.so") && strings.Contains(p.Command, "expose_authtok") && !strings.Contains(p.Command, "/usr/") {
			return "passwords are given to a program at every login"
		}
		return why(p.Command)
	}
	if strings.Contains(p.Entry, "LD_PRELOAD") && !strings.HasPrefix(strings.TrimSpace(p.Entry), "unset") {
		if w := why(p.Command); w != "" {
			return w
		}
	}
	return why(p.Command)
}

// starts tells whether the word after this one is what is run.
func starts(word string) bool {
	switch word {
	case "sh", "bash", "-c", "exec", "nohup":
		return true
	}
	return strings.HasSuffix(word, "/sh") || strings.HasSuffix(word, "/bash") || strings.HasPrefix(word, "python") || strings.Contains(word, "LD_PRELOAD")
}

func why(command string) string {
	for _, s := range suspicious {
		if s.re.MatchString(command) {
			return s.why
		}
	}
	f := strings.Fields(command)
	for i, w := range f {
		if name, _, ok := strings.Cut(w, "="); ok && !strings.ContainsAny(name, "/\"'") && !strings.Contains(name, "LD_PRELOAD") {
			return "" // a setting, not a start
		}
		if i > 0 && !starts(f[i-1]) {
			continue
		}
		m := places.FindStringSubmatch(w)
		if m == nil {
			continue
		}
		if unixpath.UserWritable(m[1]) {
			return "it runs a program from a folder where anybody may write"
		}
		if unixpath.Hidden(m[1]) && !strings.HasPrefix(m[1], "/home/") && !strings.HasPrefix(m[1], "/root/") {
			return "it runs a program under a hidden name"
		}
	}
	return ""
}

// known are libraries that products force into programs.
func known(lib string) bool {
	for _, n := range []string{"libsnoopy", "libgtk3-nocsd", "libfakeroot", "libjemalloc", "libtcmalloc", "liblsan", "libkeepalive", "raspi", "libarmmem", "liboneagentproc", "libdatadog", "libeatmydata"} {
		if strings.Contains(lib, n) && !unixpath.UserWritable(lib) && !unixpath.Hidden(lib) {
			return true
		}
	}
	return false
}

// serviceAccount tells whether an account is one that a server runs as.
func serviceAccount(name string) bool {
	switch name {
	case "www-data", "apache", "nginx", "httpd", "tomcat", "nobody", "postgres", "mysql", "redis", "git", "jenkins", "daemon":
		return true
	}
	return false
}

// setuid is the file that a call made run as its owner or group outside of
// package management, empty when none (chmod(2): 04000 and 02000).
func setuid(s *host.Syscall) string {
	arg, ok := map[string]int{"chmod": 1, "fchmodat": 2, "fchmod": 1}[s.Syscall]
	if !ok || !s.Success || arg >= len(s.Args) {
		return ""
	}
	mode, err := strconv.ParseUint(strings.TrimPrefix(s.Args[arg], "0x"), 16, 32)
	if err != nil || mode&0o4000 == 0 || mode&0o111 == 0 {
		return ""
	}
	base := s.Image[strings.LastIndexByte(s.Image, '/')+1:]
	for _, n := range []string{"dpkg", "rpm", "apt", "dnf", "yum", "zypper", "pacman", "snap", "tar", "rsync", "runc", "podman", "docker"} {
		if strings.HasPrefix(base, n) {
			return ""
		}
	}
	for _, p := range s.Paths {
		if unixpath.UserWritable(p) || unixpath.Hidden(p) || strings.HasPrefix(p, "/home/") || strings.HasPrefix(p, "/var/www/") || strings.HasPrefix(p, "/srv/") || strings.HasPrefix(p, "/opt/.") || shells[p[strings.LastIndexByte(p, '/')+1:]] {
			return p
		}
	}
	return ""
}

var shells = map[string]bool{"bash": true, "sh": true, "dash": true, "zsh": true, "python3": true, "perl": true, "find": true, "vim": true, "cp": true, "env": true}
