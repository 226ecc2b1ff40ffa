package unixlog

import (
	"slices"
	"testing"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// FuzzDerive: what is made of a message is of a declared type, shares its place
// and time, and a logon says how it went.
func FuzzDerive(f *testing.F) {
	for app, m := range map[string]string{
		"sshd": "Accepted publickey for root from 203.0.113.9 port 40122 ssh2: ED25519 SHA256:abc", "dropbear": "Bad password attempt for 'root' from 203.0.113.9:50023",
		"sudo": "deploy : TTY=pts/1 ; PWD=/srv ; USER=root ; COMMAND=/bin/ls -l", "su": "FAILED SU (to root) bob on pts/0", "CRON": "(root) CMD (a b)",
		"useradd": "new user: name=svc2, UID=0, GID=0, home=/root", "systemd": "Created symlink /etc/a.service → /etc/b.service.", "kernel": "[ 882.0] rtk: module verification failed: signature",
		"bash": "HISTORY: PID=99 UID=0 kill -900 4411",
	} {
		f.Add(app, m)
	}
	f.Fuzz(func(t *testing.T, app, message string) {
		s := &host.Syslog{App: app, Message: message}
		s.TS, s.Ref, s.Host = record.Time(1e18), record.Ref{File: "f", Kind: record.RefLine, Pos: 7}, "h"
		for _, r := range Derive(s) {
			if b := r.Base(); b.TS != s.TS || b.Ref != s.Ref || !slices.Contains(Emits, r.RecordType()) {
				t.Fatalf("%s at %v, %v", r.RecordType().Name, b.TS, b.Ref)
			}
			if l, ok := r.(*host.Logon); ok && l.Outcome != "success" && l.Outcome != "failure" {
				t.Fatalf("a logon went %q", l.Outcome)
			}
		}
	})
}

// TestRefused: words that look like those of a login and are none.
func TestRefused(t *testing.T) {
	for _, s := range []host.Syslog{
		{App: "sshd", Message: "Connection closed by authenticating user root 203.0.113.9 port 22 [preauth]"},
		{App: "nginx", Message: "Accepted password for root from 203.0.113.9 port 22 ssh2"},
		{App: "systemd", Message: "nginx.service: Main process exited, code=exited, status=0/SUCCESS"},
		{App: "kernel", Message: "[ 1.0] audit: type=1334 audit(1.100:45): prog-id=34 op=LOAD"}, // linuxaudit's
	} {
		if got := Derive(&s); got != nil {
			t.Errorf("%s: %q became %s", s.App, s.Message, got[0].RecordType().Name)
		}
	}
}
