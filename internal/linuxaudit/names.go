package linuxaudit

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
		"129": "rt_sigqueueinfo", "200": "tkill", "234": "tgkill", "257": "openat", "263": "unlinkat", "297": "rt_tgsigqueueinfo", "313": "finit_module", "319": "memfd_create", "321": "bpf", "322": "execveat", "424": "pidfd_send_signal", "76": "truncate", "85": "creat", "91": "fchmod", "268": "fchmodat", "264": "renameat", "316": "renameat2", "84": "rmdir",
	},
	"40000003": {
		"5": "open", "11": "execve", "10": "unlink", "37": "kill", "26": "ptrace", "102": "socketcall", "128": "init_module", "238": "tkill",
		"270": "tgkill", "295": "openat", "350": "finit_module", "356": "memfd_create", "357": "bpf", "358": "execveat",
	},
	"c00000b7": {
		"35": "unlinkat", "56": "openat", "105": "init_module", "117": "ptrace", "53": "fchmodat", "52": "fchmod", "38": "renameat", "276": "renameat2", "129": "kill", "138": "rt_sigqueueinfo", "424": "pidfd_send_signal", "130": "tkill", "131": "tgkill", "198": "socket",
		"203": "connect", "220": "clone", "221": "execve", "273": "finit_module", "279": "memfd_create", "280": "bpf", "281": "execveat",
	},
}

// typeName is the name of a record's type by its number (linux/audit.h and
// audit-records.h of the audit user space); others keep their number.
func typeName(number string) string {
	if n, ok := types[number]; ok {
		return n
	}
	return number
}

var types = map[string]string{
	"1100": "USER_AUTH", "1101": "USER_ACCT", "1102": "USER_MGMT", "1103": "CRED_ACQ", "1104": "CRED_DISP", "1105": "USER_START", "1106": "USER_END",
	"1108": "USER_CHAUTHTOK", "1112": "USER_LOGIN", "1113": "USER_LOGOUT", "1114": "ADD_USER", "1115": "DEL_USER", "1116": "ADD_GROUP", "1117": "DEL_GROUP",
	"1123": "USER_CMD", "1130": "SERVICE_START", "1131": "SERVICE_STOP", "1201": "DAEMON_END", "1202": "DAEMON_ABORT", "1300": "SYSCALL", "1302": "PATH",
	"1305": "CONFIG_CHANGE", "1306": "SOCKADDR", "1307": "CWD", "1309": "EXECVE", "1327": "PROCTITLE", "1330": "KERN_MODULE", "1334": "BPF", "1400": "AVC",
	"1700": "ANOM_PROMISCUOUS", "1701": "ANOM_ABEND",
}
