// Package unixpath says what a file of a Unix host is for by where it lies,
// whatever folder the host's tree was collected in:
//
//	unixpath.Kind("case/web1/etc/cron.d/backup") // cron
//	unixpath.User("mnt/home/alice/.bash_history") // alice
package unixpath

import (
	"path"
	"slices"
	"strings"
)

// The kinds. Those but History start something or let somebody in.
const (
	Unit       = "systemd-unit"
	Timer      = "systemd-timer"
	Cron       = "cron"
	RC         = "rc"
	Profile    = "profile"
	Key        = "authorized-key"
	Preload    = "preload"
	LoaderPath = "loader-path"
	PAM        = "pam"
	Udev       = "udev"
	Sudoers    = "sudoers"
	History    = "history"
)

// folders are those whose files all are of a kind.
var folders = []struct{ folder, kind string }{
	{"/etc/cron.d/", Cron}, {"/etc/cron.hourly/", Cron}, {"/etc/cron.daily/", Cron}, {"/etc/cron.weekly/", Cron}, {"/etc/cron.monthly/", Cron},
	{"/var/spool/cron/", Cron}, {"/var/spool/anacron/", ""}, {"/etc/init.d/", RC}, {"/etc/rc.d/", RC}, {"/etc/profile.d/", Profile}, {"/etc/update-motd.d/", RC},
	{"/etc/ld.so.conf.d/", LoaderPath}, {"/etc/pam.d/", PAM}, {"/etc/sudoers.d/", Sudoers},
	{"/etc/udev/rules.d/", Udev}, {"/lib/udev/rules.d/", Udev}, {"/run/udev/rules.d/", Udev},
}

// names are files of a kind wherever they lie.
var names = map[string]string{
	"ld.so.preload": Preload, "ld.so.conf": LoaderPath, "rc.local": RC, "crontab": Cron, "anacrontab": Cron, "sudoers": Sudoers,
	"authorized_keys": Key, "authorized_keys2": Key, ".bashrc": Profile, ".bash_profile": Profile, ".bash_login": Profile, ".profile": Profile,
	".zshrc": Profile, ".zshenv": Profile, ".zprofile": Profile, "bash.bashrc": Profile, "pam.conf": PAM,
}

// histories are parts of the names of files that keep what was typed.
var histories = []string{"bash_history", "zsh_history", "sh_history", "zhistory", "fish_history", "mysql_history", "psql_history", "python_history", "sqlite_history", "ash_history", "rediscli_history", "node_repl_history", "histfile"}

// clean is a path with slashes that begins with one: members of archives are
// folders too.
func clean(p string) string {
	return path.Clean("/" + strings.NewReplacer(`\`, "/", "!", "/").Replace(p))
}

// Kind is what a file is for, empty when its place says nothing.
func Kind(p string) string {
	p = clean(p)
	base := path.Base(p)
	for _, h := range histories {
		if strings.Contains(base, h) {
			return History
		}
	}
	switch ext := path.Ext(base); {
	case (ext == ".timer" || ext == ".service" || ext == ".socket" || ext == ".path") && (strings.Contains(p, "/systemd/") || strings.Contains(p, "/systemd_")):
		if ext == ".timer" {
			return Timer
		}
		return Unit
	}
	if k, ok := names[base]; ok && (k != Cron && k != Sudoers || strings.Contains(p, "/etc/") || strings.Count(p, "/") < 4) {
		return k
	}
	for _, f := range folders {
		if strings.Contains(p, f.folder) {
			return f.kind
		}
	}
	return ""
}

// User is the account whose home a file lies in, empty when it lies in none.
func User(p string) string {
	parts := strings.Split(clean(p), "/")
	for i := len(parts) - 2; i > 0; i-- {
		if (parts[i-1] == "home" || parts[i-1] == "Users") && !slices.Contains([]string{"home", "Users"}, parts[i]) {
			return parts[i]
		}
		if parts[i] == "root" {
			return "root"
		}
	}
	return ""
}

// UserWritable tells whether a program lies where every user may write, or in a
// folder or file that listings hide.
func UserWritable(p string) bool {
	for _, f := range []string{"/tmp/", "/var/tmp/", "/dev/shm/", "/run/shm/", "/var/crash/", "/var/lock/", "/run/lock/"} {
		if strings.HasPrefix(p, f) {
			return true
		}
	}
	return false
}

// Hidden tells whether a folder or the file itself has a name that listings
// leave out, homes' own folders of settings apart.
func Hidden(p string) bool {
	for part := range strings.SplitSeq(path.Clean(p), "/") {
		if len(part) > 1 && part[0] == '.' && part != ".." && !slices.Contains([]string{".local", ".config", ".cache", ".cargo", ".nvm", ".npm", ".rbenv", ".pyenv", ".vscode-server", ".rustup", ".dotnet", ".go", ".asdf", ".venv"}, part) {
			return true
		}
	}
	return false
}
