package estate

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// Audit is the state of a Linux host's audit daemon.
type Audit struct {
	h      *Host
	serial int
	pid    int
}

// Audit returns a writer of the host's audit log.
func (h *Host) Audit() *Audit {
	return &Audit{h: h, serial: h.r.Between(1000, 90000), pid: h.r.Between(1200, 9000)}
}

// Caller is who makes a system call.
type Caller struct {
	UID, AUID int
	Session   int
	TTY       string
	Command   string // comm
	Exe       string
	PPID      int
}

// PID draws the next process identifier.
func (a *Audit) PID() int {
	a.pid += 1 + a.h.r.IntN(30)
	return a.pid
}

func (a *Audit) record(at time.Time, kind, format string, args ...any) {
	shown := a.h.told(at)
	a.h.Site.Line("logs/audit/"+a.h.Name+"/audit.log", at, "node=%s type=%s msg=audit(%d.%03d:%d): %s", a.h.Name, kind, shown.Unix(), shown.Nanosecond()/1e6, a.serial, fmt.Sprintf(format, args...))
}

func (c Caller) fields(pid int) string {
	tty := c.TTY
	if tty == "" {
		tty = "(none)"
	}
	return fmt.Sprintf("ppid=%d pid=%d auid=%d uid=%d gid=%d euid=%d suid=%d fsuid=%d egid=%d sgid=%d fsgid=%d tty=%s ses=%d comm=%q exe=%q subj=unconfined",
		c.PPID, pid, c.AUID, c.UID, c.UID, c.UID, c.UID, c.UID, c.UID, c.UID, c.UID, tty, c.Session, c.Command, c.Exe)
}

// Exec is execve of a program with arguments; it returns the process.
func (a *Audit) Exec(at time.Time, c Caller, cwd string, argv ...string) int {
	a.serial++
	pid := a.PID()
	a.record(at, "SYSCALL", `arch=c000003e syscall=59 success=yes exit=0 a0=%x a1=%x a2=%x a3=8 items=2 %s key="exec"`, 0x5581a0000000+a.h.r.Uint64()>>40, 0x5581a0000000+a.h.r.Uint64()>>40, 0x5581a0000000+a.h.r.Uint64()>>40, c.fields(pid))
	var b strings.Builder
	fmt.Fprintf(&b, "argc=%d", len(argv))
	for i, arg := range argv {
		if strings.ContainsAny(arg, " \"") || arg == "" {
			fmt.Fprintf(&b, " a%d=%s", i, strings.ToUpper(hex.EncodeToString([]byte(arg))))
		} else {
			fmt.Fprintf(&b, " a%d=%q", i, arg)
		}
	}
	a.record(at, "EXECVE", "%s", b.String())
	a.record(at, "CWD", "cwd=%q", cwd)
	a.record(at, "PATH", `item=0 name=%q inode=%d dev=fd:00 mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0`, c.Exe, 100000+hash(c.Exe)%900000)
	a.record(at, "PROCTITLE", "proctitle=%s", strings.ToUpper(hex.EncodeToString([]byte(strings.Join(argv, "\x00")))))
	return pid
}

// Kill is the kill system call with a signal number, which the kernel refuses
// when it knows none such.
func (a *Audit) Kill(at time.Time, c Caller, pid, signal int, ok bool) {
	a.serial++
	success, exit := "yes", 0
	if !ok {
		success, exit = "no", -22
	}
	a.record(at, "SYSCALL", `arch=c000003e syscall=62 success=%s exit=%d a0=%x a1=%x a2=0 a3=7ffd%06x items=0 %s key="kill"`, success, exit, pid, signal, a.h.r.IntN(1<<24), c.fields(a.PID()))
	a.record(at, "OBJ_PID", `opid=%d oauid=-1 ouid=%d oses=-1 ocomm="kworker"`, pid, c.UID)
}

// LoadBPF is the bpf system call that loads a program, with the kernel's own
// record of it.
func (a *Audit) LoadBPF(at time.Time, c Caller, program int) {
	a.serial++
	a.record(at, "BPF", "prog-id=%d op=LOAD", program)
	a.record(at, "SYSCALL", `arch=c000003e syscall=321 success=yes exit=%d a0=5 a1=7ffc%08x a2=90 a3=%x items=0 %s key="bpf"`, 6+a.h.r.IntN(9), a.h.r.Uint32(), a.h.r.IntN(1<<16), c.fields(a.PID()))
}

// Login is a successful SSH log-on: the records of PAM and the audit session.
func (a *Audit) Login(at time.Time, user string, uid, session int, from string) {
	pid := a.PID()
	for _, kind := range []string{"USER_ACCT", "CRED_ACQ", "USER_START"} {
		a.serial++
		op := map[string]string{"USER_ACCT": "PAM:accounting", "CRED_ACQ": "PAM:setcred", "USER_START": "PAM:session_open"}[kind]
		a.record(at, kind, `pid=%d uid=0 auid=%d ses=%d subj=unconfined msg='op=%s grantors=pam_unix acct=%q exe="/usr/sbin/sshd" hostname=%s addr=%s terminal=ssh res=success'`, pid, uid, session, op, user, from, from)
	}
}
