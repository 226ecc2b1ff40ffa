package linuxaudit

import (
	"slices"
	"testing"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

type kept []record.Record

func (k *kept) Put(r record.Record) { *k = append(*k, r) }

// FuzzAssembler: whatever the lines, records are of declared types, cite a line
// that was given and carry its time, and no more events are open than allowed.
func FuzzAssembler(f *testing.F) {
	f.Add("type=SYSCALL msg=audit(1772446273.001:1): arch=c000003e syscall=59 success=yes a0=55d ppid=1 pid=2 auid=1000 uid=0 comm=\"cat\" exe=\"/usr/bin/cat\"", "type=EXECVE msg=audit(1772446273.001:1): argc=2 a0=\"cat\" a1=2F746D702F612062")
	f.Add("type=SYSCALL msg=audit(03/02/2026 10:00:00.123:9) : arch=x86_64 syscall=kill success=yes a0=0x1f a1=unknown signal (0x384) pid=7 exe=/bin/sh", "audit: type=1334 audit(1772446273.001:45): prog-id=34 op=LOAD")
	f.Add("type=SYSCALL msg=audit(1.1:1): arch=c000003e syscall=42 success=yes pid=2 exe=\"/x\"", "type=SOCKADDR msg=audit(1.1:1): saddr=020001BBC6336414")
	f.Add(`{"ID":"1772446273.001:3","SYSCALL":{"syscall":59,"SYSCALL":"execve","success":"yes","pid":5},"EXECVE":{"ARGV":["a","b"]}}`, "node=n type=USER_LOGIN msg=audit(1.1:2): pid=1 uid=0 auid=0 ses=1 msg='op=login acct=\"r\" exe=\"/usr/sbin/sshd\" addr=203.0.113.9 res=success'")
	f.Fuzz(func(t *testing.T, a, b string) {
		var out kept
		asm := Assembler{Sink: &out}
		times := map[record.Ref]record.Time{}
		for i, text := range []string{a, b} {
			ref := record.Ref{File: "f", Kind: record.RefLine, Pos: int64(i + 1)}
			var lines []*Line
			if l, ok := Parse(text); ok {
				lines = append(lines, l)
			} else if l, ok := Kernel(text); ok {
				lines = append(lines, l)
			} else if ls, ok := Laurel([]byte(text)); ok {
				lines = ls
			}
			for _, l := range lines {
				times[ref] = l.TS
				asm.Add(l, ref)
				if len(asm.open) > maxOpen {
					t.Fatal("too many open events")
				}
			}
		}
		asm.Flush()
		for _, r := range out {
			ts, ok := times[r.Base().Ref]
			if !ok || ts != r.Base().TS || !slices.Contains(Emits, r.RecordType()) {
				t.Fatalf("%s at %v citing %v", r.RecordType().Name, r.Base().TS, r.Base().Ref)
			}
		}
	})
}

// TestParent: the parent of a program is what its process last ran, not what
// another process with the same number ran on another machine.
func TestParent(t *testing.T) {
	var out kept
	a := Assembler{Sink: &out}
	for i, text := range []string{
		`node=a type=SYSCALL msg=audit(1.1:1): arch=c000003e syscall=2 success=yes pid=10 ppid=1 exe="/usr/sbin/nginx"`,
		`node=b type=SYSCALL msg=audit(1.1:1): arch=c000003e syscall=2 success=yes pid=10 ppid=1 exe="/usr/bin/cron"`,
		`node=a type=SYSCALL msg=audit(1.2:2): arch=c000003e syscall=59 success=yes pid=11 ppid=10 exe="/bin/sh"`,
		`node=a type=EXECVE msg=audit(1.2:2): argc=1 a0="sh"`,
	} {
		l, ok := Parse(text)
		if !ok {
			t.Fatal(text)
		}
		a.Add(l, record.Ref{Pos: int64(i)})
	}
	a.Flush()
	for _, r := range out {
		if p, ok := r.(*host.Process); ok {
			if p.ParentImage != "/usr/sbin/nginx" {
				t.Errorf("parent is %q", p.ParentImage)
			}
			return
		}
	}
	t.Error("no process")
}
