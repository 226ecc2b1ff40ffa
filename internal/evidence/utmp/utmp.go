// Package utmp reads who was logged in: wtmp, btmp and utmp (utmp(5)) and
// lastlog (lastlog(8)) of glibc, in the layouts of x86-64 and AArch64. Entries
// that were overwritten with zeros, as programs that clean logs do, are told
// of.
package utmp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path"
	"strings"
	"time"

	"longwatch/internal/evidence"
	"longwatch/internal/hostpath"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Format is such files. They have no mark: name and structure together tell.
var Format = evidence.Format{
	Name: "utmp", Sniff: sniff, Emits: []*record.Type{host.LogonType, host.LogoffType, host.SyslogType, host.LogGapType},
	New: func(f *evidence.File, _ *evidence.Env) evidence.Reader { return &reader{f: f} },
}

// layout is where the fields of an entry lie. AArch64 has 64-bit times.
type layout struct{ size, sec, usec, addr, wide int }

var layouts = []layout{
	{size: 384, sec: 340, usec: 344, addr: 348, wide: 4},
	{size: 400, sec: 344, usec: 352, addr: 360, wide: 8},
}

// Types of entries (utmp.h).
const (
	runLevel    = 1
	bootTime    = 2
	newTime     = 3
	oldTime     = 4
	userProcess = 7
	deadProcess = 8
	typeMax     = 9
)

// kindOf is wtmp, btmp, utmp or lastlog, by the name; rotated ones have more
// behind it.
func kindOf(name string) string {
	base := path.Base(strings.ReplaceAll(name, "!", "/"))
	for _, k := range []string{"wtmp", "btmp", "utmp", "lastlog"} {
		if strings.Contains(base, k) && !strings.Contains(base, k+"db") {
			return k
		}
	}
	return ""
}

func sniff(name string, head []byte) evidence.Match {
	kind := kindOf(name)
	if kind == "lastlog" {
		if len(head) >= lastlogSize && bytes.IndexByte(head[:lastlogSize], 0) >= 0 {
			return evidence.Sure
		}
		return evidence.None
	}
	if kind != "" && layoutOf(head).size != 0 {
		return evidence.Sure
	}
	return evidence.None
}

// layoutOf is the layout in which all entries of b that are there make sense;
// its size is 0 when none does.
func layoutOf(b []byte) layout {
	for _, l := range layouts {
		n, used := 0, 0
		for at := 0; at+l.size <= len(b); at += l.size {
			e := b[at : at+l.size]
			if allZero(e) {
				continue
			}
			n++
			if l.plausible(e) {
				used++
			}
		}
		if n > 0 && used == n || n == 0 && len(b) >= l.size {
			return l
		}
	}
	return layout{}
}

func (l layout) plausible(e []byte) bool {
	t := l.time(e)
	return binary.LittleEndian.Uint16(e) <= typeMax && e[2] == 0 && e[3] == 0 && t >= 1e8*1e9 && t < 1<<62 && clean(e[8:40]) && clean(e[44:76])
}

func (l layout) time(e []byte) record.Time {
	sec, usec := int64(binary.LittleEndian.Uint32(e[l.sec:])), int64(binary.LittleEndian.Uint32(e[l.usec:]))
	if l.wide == 8 {
		sec = int64(binary.LittleEndian.Uint64(e[l.sec:]))
	}
	if sec < 0 || sec > 1<<33 || usec > 1e6 {
		return 0
	}
	return record.TimeOf(time.Unix(sec, usec*1000))
}

// clean tells whether a field is text that ends with zeros.
func clean(b []byte) bool {
	for _, c := range b {
		if c != 0 && (c < 0x20 || c == 0x7f) {
			return false
		}
	}
	return true
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

func text(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

// address reads ut_addr_v6: four words, of which an IPv4 address uses one.
func address(b []byte) netip.Addr {
	if allZero(b) {
		return netip.Addr{}
	}
	if allZero(b[4:16]) {
		return netip.AddrFrom4([4]byte(b[:4]))
	}
	return netip.AddrFrom16([16]byte(b[:16])).Unmap()
}

type reader struct{ f *evidence.File }

// Read implements evidence.Reader.
func (r *reader) Read(ctx context.Context, out evidence.Outlet) error {
	rc, err := r.f.Open()
	if err != nil {
		return err
	}
	defer func() { _ = rc.Close() }()
	machine, kind := hostpath.Host(r.f.Path), kindOf(r.f.Path)
	if kind == "" {
		kind = kindOf(r.f.Name)
	}
	if kind == "lastlog" {
		return r.lastlog(ctx, rc, out, machine)
	}
	head := make([]byte, evidence.SniffLen)
	n, err := io.ReadFull(rc, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %w: %w", r.f.Name, evidence.ErrTruncated, err)
	}
	l := layoutOf(head[:n])
	if l.size == 0 {
		l = layouts[0]
	}
	w := &writer{f: r.f, sink: out.Lane(), out: out, l: l, kind: kind, host: machine}
	return w.all(ctx, io.MultiReader(bytes.NewReader(head[:n]), rc))
}

// writer makes records of entries.
type writer struct {
	f    *evidence.File
	sink record.Sink
	out  evidence.Outlet
	l    layout
	kind string
	host string

	on    map[string]string // who is on which line
	last  record.Time       // of the entry before
	zeros int64             // entries of zeros in a row
	from  int64             // number of the first of them
}

func (w *writer) all(ctx context.Context, in io.Reader) error {
	e := make([]byte, w.l.size)
	w.on = map[string]string{}
	for n := int64(0); ; n++ {
		if n&0xfff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		m, err := io.ReadFull(in, e)
		ref := w.f.Ref(record.RefOffset, n*int64(w.l.size))
		if errors.Is(err, io.ErrUnexpectedEOF) {
			w.out.Problem(evidence.Problem{Name: "utmp-cut", Why: fmt.Sprintf("the last entry has %d of %d bytes", m, w.l.size), Ref: ref, Bytes: int64(m)})
		}
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return nil
			}
			return fmt.Errorf("%s: %w: %w", w.f.Name, evidence.ErrTruncated, err)
		}
		switch {
		case allZero(e):
			if w.zeros == 0 {
				w.from = n
			}
			w.zeros++
		case !w.l.plausible(e):
			w.out.Problem(evidence.Problem{Name: "utmp-entry", Why: "an entry cannot be what it says", Ref: ref, Bytes: int64(len(e))})
		default:
			w.entry(e, ref)
		}
	}
}

// entry writes one entry, and before it a hole that stood ahead of it: in wtmp
// and btmp nothing but a program that wants to hide makes one.
func (w *writer) entry(e []byte, ref record.Ref) {
	h := host.Head{Host: w.host, Provider: w.kind}
	h.TS, h.Ref = w.l.time(e), ref
	if w.zeros > 0 && w.last != 0 && w.kind != "utmp" {
		g := &host.LogGap{Host: w.host, Channel: w.kind, Kind: "missing", First: uint64(w.from), Last: uint64(w.from + w.zeros - 1), Missing: uint64(w.zeros), Until: h.TS, Odds: 1e4,
			Why: fmt.Sprintf("%d entries in a row are overwritten with zeros, which nothing but a program that cleans the log does", w.zeros)}
		g.TS, g.Ref = w.last, ref
		w.sink.Put(g)
	}
	w.zeros, w.last = 0, h.TS
	line, user, from := text(e[8:40]), text(e[44:76]), text(e[76:332])
	switch binary.LittleEndian.Uint16(e) {
	case userProcess:
		w.on[line] = user
		w.sink.Put(w.logon(h, line, user, from, address(e[w.l.addr:w.l.addr+16])))
	case deadProcess:
		if w.kind == "btmp" {
			w.sink.Put(w.logon(h, line, user, from, address(e[w.l.addr:w.l.addr+16])))
			return
		}
		if h.User = w.on[line]; h.User == "" {
			h.User = user
		}
		delete(w.on, line)
		if h.User != "" {
			w.sink.Put(&host.Logoff{Head: h})
		}
	case bootTime, runLevel, newTime, oldTime:
		names := map[uint16]string{bootTime: "boot", runLevel: "run level", newTime: "clock set, new time", oldTime: "clock set, old time"}
		m := names[binary.LittleEndian.Uint16(e)]
		if user == "shutdown" {
			m = "shutdown"
		}
		w.sink.Put(&host.Syslog{Head: h, App: w.kind, Message: strings.TrimSpace(m + " " + from)})
	default:
		if w.kind == "btmp" && user+from != "" {
			w.sink.Put(w.logon(h, line, user, from, address(e[w.l.addr:w.l.addr+16])))
		}
	}
}

func (w *writer) logon(h host.Head, line, user, from string, a netip.Addr) *host.Logon {
	l := &host.Logon{Head: h, Outcome: "success", Process: line, Target: user, Source: a}
	if w.kind == "btmp" {
		l.Outcome = "failure"
	}
	if ip, err := netip.ParseAddr(from); err == nil {
		l.Source = ip.WithZone("").Unmap()
	} else if !strings.HasPrefix(from, ":") {
		l.SourceHost = strings.ToLower(from)
	}
	if len(w.on) > 1<<12 {
		w.on = map[string]string{}
	}
	return l
}

// lastlogSize is ll_time of 32 bits, ll_line of 32 and ll_host of 256 bytes; the
// number of an entry is the account's.
const lastlogSize = 292

func (r *reader) lastlog(ctx context.Context, in io.Reader, out evidence.Outlet, machine string) error {
	sink := out.Lane()
	e := make([]byte, lastlogSize)
	for n := int64(0); ; n++ {
		if n&0xfff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := io.ReadFull(in, e); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return nil
			}
			return fmt.Errorf("%s: %w: %w", r.f.Name, evidence.ErrTruncated, err)
		}
		sec := binary.LittleEndian.Uint32(e)
		if sec < 1e8 || !clean(e[4:36]) {
			continue
		}
		l := &host.Logon{Outcome: "success", Process: text(e[4:36]), Target: fmt.Sprintf("uid %d", n)}
		l.TS, l.Ref, l.Host, l.Provider = record.TimeOf(time.Unix(int64(sec), 0)), r.f.Ref(record.RefOffset, n*lastlogSize), machine, "lastlog"
		from := text(e[36:])
		if ip, err := netip.ParseAddr(from); err == nil {
			l.Source = ip
		} else {
			l.SourceHost = strings.ToLower(from)
		}
		sink.Put(l)
	}
}
