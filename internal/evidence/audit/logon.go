package audit

import (
	"net/netip"

	"longwatch/internal/record/host"
)

// logon makes a logon of USER_LOGIN; USER_AUTH says the same once more.
func (e *event) logon(l *line) *host.Logon {
	if l.typ != "USER_LOGIN" {
		return nil
	}
	r := &host.Logon{Head: e.head(l), Outcome: "success", Process: text(l.get("exe")), Target: text(l.get("acct"))}
	if l.get("res") != "success" && l.get("res") != "1" {
		r.Outcome = "failure"
	}
	if id := l.get("ID"); r.Target == "" && id != "" {
		r.Target = text(id)
	}
	r.Source, _ = netip.ParseAddr(text(l.get("addr")))
	return r
}

// syscallName names the system calls that detection uses, per architecture
// (arch_type of audit: c000003e x86-64, 40000003 i386, c00000b7 AArch64).
// Others keep their number.
func syscallName(arch, number string) string {
	if n, ok := syscalls[arch][number]; ok {
		return n
	}
	return number
}

// From the kernel's arch/x86/entry/syscalls tables and asm-generic/unistd.h.
var syscalls = map[string]map[string]string{
	"c000003e": {
		"2": "open", "41": "socket", "42": "connect", "43": "accept", "49": "bind", "56": "clone", "57": "fork", "59": "execve", "62": "kill",
		"82": "rename", "87": "unlink", "90": "chmod", "92": "chown", "101": "ptrace", "105": "setuid", "165": "mount", "175": "init_module",
		"200": "tkill", "234": "tgkill", "257": "openat", "263": "unlinkat", "313": "finit_module", "319": "memfd_create", "321": "bpf", "322": "execveat",
	},
	"40000003": {
		"5": "open", "11": "execve", "10": "unlink", "37": "kill", "26": "ptrace", "102": "socketcall", "128": "init_module", "238": "tkill",
		"270": "tgkill", "295": "openat", "350": "finit_module", "356": "memfd_create", "357": "bpf", "358": "execveat",
	},
	"c00000b7": {
		"35": "unlinkat", "56": "openat", "105": "init_module", "117": "ptrace", "129": "kill", "130": "tkill", "131": "tgkill", "198": "socket",
		"203": "connect", "220": "clone", "221": "execve", "273": "finit_module", "279": "memfd_create", "280": "bpf", "281": "execveat",
	},
}
