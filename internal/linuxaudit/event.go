package linuxaudit

import (
	"encoding/hex"
	"net/netip"
	"path"
	"strconv"
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Emits are the types of the records that an Assembler makes.
var Emits = []*record.Type{
	host.SyscallType, host.ProcessType, host.LogonType, host.LogoffType, host.FileEventType, host.SocketType, host.ModuleType, host.DirectoryType, host.ServiceType, host.ConfigChangeType,
}

const (
	maxOpen  = 64      // events whose lines are still awaited: a busy machine interleaves a few
	maxLines = 128     // lines of one event
	maxAlive = 1 << 16 // processes whose program is remembered; when there are more all are forgotten
)

// Assembler joins lines into events and makes their records. It belongs to one
// goroutine.
type Assembler struct {
	Sink    record.Sink
	Host    string                          // machine, where lines do not name theirs
	TooLong func(id string, ref record.Ref) // told of lines beyond maxLines; may be nil

	open  []*event         // oldest first
	alive map[alive]string // programs by process, as their latest event names them
}

type alive struct {
	host string
	pid  int64
}

// Add takes one line, which ref cites.
func (a *Assembler) Add(l *Line, ref record.Ref) {
	var e *event
	for _, o := range a.open {
		if o.id == l.ID && o.node == l.Node {
			e = o
		}
	}
	if e == nil {
		if len(a.open) == maxOpen {
			a.emit(a.open[0])
			a.open = append(a.open[:0], a.open[1:]...)
		}
		e = &event{id: l.ID, node: l.Node, host: a.Host, ref: ref}
		if l.Node != "" {
			e.host = strings.ToLower(l.Node)
		}
		a.open = append(a.open, e)
	}
	if len(e.lines) >= maxLines {
		if a.TooLong != nil {
			a.TooLong(l.ID, ref)
		}
		return
	}
	e.lines = append(e.lines, l)
}

// Flush makes the records of all events that are still open.
func (a *Assembler) Flush() {
	for _, e := range a.open {
		a.emit(e)
	}
	a.open = nil
}

// event is the lines with one serial number.
type event struct {
	id, node string
	host     string
	ref      record.Ref
	lines    []*Line
}

// first is the first line of a type, nil when there is none.
func (e *event) first(typ string) *Line {
	for _, l := range e.lines {
		if l.Type == typ {
			return l
		}
	}
	return nil
}

// emit makes the records of a finished event.
func (a *Assembler) emit(e *event) {
	var sys *host.Syscall
	call := e.first("SYSCALL")
	if call != nil {
		sys = e.syscall(call)
		for _, l := range e.lines {
			if l.Type == "PATH" {
				if p := l.text("name"); p != "" {
					sys.Paths = append(sys.Paths, p)
				}
			}
		}
	}
	if l := e.first("BPF"); l != nil {
		if sys == nil {
			sys = &host.Syscall{Head: e.head(l), Syscall: "bpf", Success: true}
		}
		if sys.Op = l.get("op"); sys.Op == "" {
			sys.Op = "LOAD"
		}
	}
	if sys != nil {
		a.Sink.Put(sys)
	}
	if l := e.first("EXECVE"); l != nil {
		a.Sink.Put(a.process(e, l, call, sys))
	}
	if sys != nil {
		a.remember(e.host, sys.PID, sys.Image)
	}
	if sys != nil && sys.Success {
		for _, r := range e.effects(sys) {
			a.Sink.Put(r)
		}
	}
	for _, l := range e.lines {
		if r := e.user(l); r != nil {
			a.Sink.Put(r)
		}
	}
}

func (a *Assembler) remember(host string, pid int64, image string) {
	if pid == 0 || image == "" {
		return
	}
	if a.alive == nil || len(a.alive) >= maxAlive {
		a.alive = map[alive]string{}
	}
	a.alive[alive{host, pid}] = image
}

func (e *event) head(l *Line) host.Head {
	h := host.Head{Host: e.host, Provider: "auditd", Code: l.Type}
	h.TS, h.Ref = l.TS, e.ref
	for _, id := range []string{"auid", "uid"} { // who logged in, else who it runs as
		name := l.get(strings.ToUpper(id))
		number := l.get(id)
		if unset(number) {
			continue
		}
		switch {
		case name != "" && name != "unset":
			h.User = strings.TrimPrefix(name, "\x00")
		case strings.Trim(number, "0123456789") != "":
			h.User = number // interpreted
		default:
			h.User = "uid " + number
		}
		break
	}
	if ses := l.get("ses"); !unset(ses) {
		h.LogonID = ses
	}
	return h
}

func (e *event) syscall(l *Line) *host.Syscall {
	s := &host.Syscall{
		Head: e.head(l), Syscall: strings.TrimPrefix(l.get("SYSCALL"), "\x00"), Success: l.get("success") == "yes",
		Image: l.text("exe"), Command: l.text("comm"), Key: l.text("key"), PID: l.number("pid"),
	}
	if s.Syscall == "" {
		s.Syscall = syscallName(l.get("arch"), l.get("syscall"))
	}
	for _, name := range []string{"a0", "a1", "a2", "a3"} {
		s.Args = append(s.Args, strings.TrimPrefix(strings.TrimPrefix(l.get(name), "\x00"), "0x"))
	}
	return s
}

func (a *Assembler) process(e *event, l, call *Line, sys *host.Syscall) *host.Process {
	p := &host.Process{Head: e.head(l)}
	if call != nil {
		p.Head, p.Image, p.PID, p.ParentPID = sys.Head, sys.Image, sys.PID, call.number("ppid")
		p.ParentImage = a.alive[alive{e.host, p.ParentPID}]
	}
	if l := e.first("PARENT_INFO"); l != nil {
		p.ParentImage = l.get("exe")
		p.ParentCommand = strings.Join(arguments(l), " ")
	}
	p.Args = arguments(l)
	p.CommandLine = strings.Join(p.Args, " ")
	if p.Image == "" && len(p.Args) > 0 {
		p.Image = p.Args[0]
	}
	if cwd := e.first("CWD"); cwd != nil {
		p.Directory = cwd.text("cwd")
	}
	return p
}

// arguments are a0, a1 …; long ones come in pieces a1[0], a1[1] …
func arguments(l *Line) []string {
	n, _ := strconv.Atoi(strings.TrimPrefix(l.get("argc"), "\x00"))
	var out []string
	for i := range min(n, maxFields) {
		name := "a" + strconv.Itoa(i)
		v := l.text(name)
		for piece := 0; v == "" && piece < maxFields; piece++ {
			part := l.text(name + "[" + strconv.Itoa(piece) + "]")
			if part == "" {
				break
			}
			v += part
		}
		out = append(out, v)
	}
	return out
}

// writing are the system calls that open a file, with the argument that says
// how (fcntl.h: O_WRONLY 1, O_RDWR 2).
var writing = map[string]int{"open": 1, "openat": 2, "creat": -1, "truncate": -1}

// writes tells whether a system call opens a file for writing; ausearch -i and
// laurel write the flags as words.
func writes(s *host.Syscall) bool {
	arg, ok := writing[s.Syscall]
	if !ok || arg < 0 {
		return ok
	}
	if arg >= len(s.Args) || s.Args[arg] == "" {
		return false
	}
	flags := s.Args[arg]
	if strings.Contains(flags, "O_") {
		return strings.Contains(flags, "O_WRONLY") || strings.Contains(flags, "O_RDWR")
	}
	return strings.ContainsAny(flags[len(flags)-1:], "1235679abdef") // an odd pair of low bits
}

// effects is what a system call that succeeded did to files, sockets and the
// kernel.
func (e *event) effects(sys *host.Syscall) []record.Record {
	var out []record.Record
	cwd := ""
	if l := e.first("CWD"); l != nil {
		cwd = l.text("cwd")
	}
	write := writes(sys)
	for _, l := range e.lines {
		switch l.Type {
		case "PATH":
			action := map[string]string{"CREATE": "created", "DELETE": "deleted"}[strings.TrimPrefix(l.get("nametype"), "\x00")]
			if action == "" && write && l.get("nametype") == "NORMAL" {
				action = "changed"
			}
			name := l.text("name")
			if action == "" || name == "" {
				continue
			}
			if !path.IsAbs(name) {
				name = path.Join(cwd, name)
			}
			f := &host.FileEvent{Head: sys.Head, Action: action, Path: name, Image: sys.Image}
			out = append(out, f)
		case "SOCKADDR":
			if s := e.socket(l, sys); s != nil {
				out = append(out, s)
			}
		case "KERN_MODULE":
			if sys.Syscall == "init_module" || sys.Syscall == "finit_module" {
				out = append(out, &host.Module{Head: sys.Head, Image: sys.Image, Path: l.text("name")})
			}
		}
	}
	return out
}

// socket reads the address of a connect call: a sockaddr_in or sockaddr_in6 in
// hexadecimal, the family in the machine's byte order, the port in the
// network's.
func (e *event) socket(l *Line, sys *host.Syscall) record.Record {
	if sys.Syscall != "connect" && sys.Syscall != "42" {
		return nil
	}
	b, err := hex.DecodeString(l.get("saddr"))
	if err != nil || len(b) < 8 {
		return nil
	}
	s := &host.Socket{Head: sys.Head, Image: sys.Image, Initiated: true, RespP: uint16(b[2])<<8 | uint16(b[3])}
	switch family := int(b[0]) | int(b[1])<<8; {
	case family == 2:
		s.RespH = netip.AddrFrom4([4]byte(b[4:8]))
	case family == 10 && len(b) >= 24:
		s.RespH = netip.AddrFrom16([16]byte(b[8:24])).Unmap()
	default:
		return nil
	}
	return s
}
