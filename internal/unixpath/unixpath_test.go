package unixpath

import "testing"

func TestKind(t *testing.T) {
	for p, want := range map[string]string{
		"case/web1/etc/cron.d/backup": Cron, "/var/spool/cron/crontabs/root": Cron, "web1.tar!etc/crontab": Cron, "home/bob/app/config/crontab": "",
		"mnt/etc/systemd/system/x.service": Unit, "mnt/usr/lib/systemd/system/x.timer": Timer, "src/demo.service": "",
		"mnt/home/alice/.ssh/authorized_keys": Key, "mnt/etc/ld.so.preload": Preload, "mnt/etc/ld.so.conf.d/x.conf": LoaderPath,
		"mnt/etc/pam.d/sshd": PAM, "mnt/etc/udev/rules.d/10-x.rules": Udev, "mnt/etc/sudoers.d/x": Sudoers, "mnt/root/.bashrc": Profile,
		"mnt/etc/profile.d/x.sh": Profile, "mnt/etc/rc.local": RC, "mnt/root/.bash_history": History, "triage/alice_.zsh_history": History, "mnt/etc/passwd": "",
	} {
		if got := Kind(p); got != want {
			t.Errorf("Kind(%q) is %q, want %q", p, got, want)
		}
	}
}

func TestUser(t *testing.T) {
	for p, want := range map[string]string{"mnt/home/alice/.bash_history": "alice", "case!root/.ssh/authorized_keys": "root", "/etc/crontab": "", "/Users/bob/.zsh_history": "bob"} {
		if got := User(p); got != want {
			t.Errorf("User(%q) is %q, want %q", p, got, want)
		}
	}
}

func TestPlaces(t *testing.T) {
	if !UserWritable("/dev/shm/x") || UserWritable("/usr/bin/x") || !Hidden("/var/lib/.x/y") || Hidden("/home/a/.local/bin/x") || Hidden("/a/../b") {
		t.Error("a folder was taken for another")
	}
}
