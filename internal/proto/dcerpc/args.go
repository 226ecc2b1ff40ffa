package dcerpc

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	"longwatch/internal/wire"
)

// UUIDs of interfaces whose arguments are read.
const (
	svcctl   = "367abb81-9844-35f1-ad32-98f038001003" // MS-SCMR
	tasks    = "86d35949-83c9-4044-b424-db363231fd0c" // MS-TSCH section 3.2
	atsvc    = "1ff70682-0a51-30e8-076d-740be8cee98b" // MS-TSCH section 3.2.5.2
	winreg   = "338cd001-2244-31f1-aaaa-900038001003" // MS-RRP
	eventlog = "f6beaff7-1e19-4fbb-9f8f-b89e2018337c" // MS-EVEN6
	efsrpc   = "df1941c5-fe89-4e79-bf10-463657acf44d" // MS-EFSR
	efsLsa   = "c681d488-d850-11d0-8c52-00c04fd90f7e" // MS-EFSR over lsass
	spoolss  = "12345678-1234-abcd-ef00-0123456789ab" // MS-RPRN
)

// maxServices bounds the service handles of a connection whose names are kept.
const maxServices = 64

// maxArgument bounds one argument in a record.
const maxArgument = 1024

type method struct {
	uuid  string
	opnum uint16
}

// readers take what matters out of a request, in the order of its arguments.
// All are interfaces that intruders use to run code, read secrets, clear logs
// or make a machine call back.
var readers = map[method]func(*ndr) []string{
	{svcctl, 11}:  changeService,
	{svcctl, 12}:  createServiceW,
	{svcctl, 16}:  func(n *ndr) []string { n.handle(); return []string{n.text()} },
	{svcctl, 24}:  createServiceA,
	{svcctl, 28}:  func(n *ndr) []string { n.handle(); return []string{n.ascii()} },
	{svcctl, 44}:  createServiceA,
	{svcctl, 45}:  createServiceW,
	{svcctl, 60}:  createServiceW,
	{tasks, 1}:    registerTask,
	{tasks, 12}:   func(n *ndr) []string { return []string{n.text()} },
	{tasks, 13}:   func(n *ndr) []string { return []string{n.text()} },
	{tasks, 19}:   func(n *ndr) []string { return []string{n.text()} },
	{atsvc, 0}:    jobAdd,
	{winreg, 6}:   func(n *ndr) []string { n.handle(); return []string{n.unicodeString()} },
	{winreg, 7}:   func(n *ndr) []string { n.handle(); return []string{n.unicodeString()} },
	{winreg, 20}:  func(n *ndr) []string { n.handle(); return []string{n.unicodeString()} },
	{winreg, 22}:  func(n *ndr) []string { n.handle(); return []string{n.unicodeString()} },
	{winreg, 31}:  func(n *ndr) []string { n.handle(); return []string{n.unicodeString()} },
	{eventlog, 6}: func(n *ndr) []string { n.handle(); return []string{n.optional()} },
	{efsrpc, 0}:   func(n *ndr) []string { return []string{n.text()} },
	{efsrpc, 4}:   func(n *ndr) []string { return []string{n.text()} },
	{efsrpc, 5}:   func(n *ndr) []string { return []string{n.text()} },
	{efsrpc, 6}:   func(n *ndr) []string { return []string{n.text()} },
	{efsrpc, 7}:   func(n *ndr) []string { return []string{n.text()} },
	{efsLsa, 0}:   func(n *ndr) []string { return []string{n.text()} },
	{efsLsa, 4}:   func(n *ndr) []string { return []string{n.text()} },
	{efsLsa, 5}:   func(n *ndr) []string { return []string{n.text()} },
	{efsLsa, 6}:   func(n *ndr) []string { return []string{n.text()} },
	{efsLsa, 7}:   func(n *ndr) []string { return []string{n.text()} },
	{spoolss, 65}: func(n *ndr) []string { n.handle(); n.u32(); n.u32(); return []string{n.optional()} },
}

// wantsStub tells whether a request's bytes are worth keeping.
func wantsStub(uuid string, opnum uint16) bool {
	_, ok := readers[method{uuid, opnum}]
	return ok || uuid == svcctl && usesHandle(opnum)
}

// usesHandle names the calls on an open service whose only argument that
// matters is which service: delete, control, start, and their ANSI forms.
func usesHandle(opnum uint16) bool {
	return opnum == 1 || opnum == 2 || opnum == 19 || opnum == 31
}

// handles remembers which service an open handle of this connection means.
type handles []struct {
	handle [20]byte
	name   string
}

// learn reads the handle that an answered open or create returned: before the
// status at the end, and after the tag of a create.
func (h *handles) learn(k *call, stub []byte) {
	if k.ctx.uuid != svcctl || len(stub) < 24 {
		return
	}
	switch k.record.Opnum {
	case 12, 16, 24, 28, 44, 45, 60:
	default:
		return
	}
	k.record.Args = h.arguments(k)
	if len(k.record.Args) == 0 || binary.LittleEndian.Uint32(stub[len(stub)-4:]) != 0 {
		return
	}
	if len(*h) == maxServices {
		*h = slices.Delete(*h, 0, 1)
	}
	*h = append(*h, struct {
		handle [20]byte
		name   string
	}{[20]byte(stub[len(stub)-24:]), k.record.Args[0]})
}

// arguments returns what is known of a call's arguments.
func (h *handles) arguments(k *call) []string {
	if len(k.stub) == 0 {
		return nil
	}
	if k.ctx.uuid == svcctl && usesHandle(k.record.Opnum) {
		for _, s := range slices.Backward(*h) {
			if bytes.HasPrefix(k.stub, s.handle[:]) {
				return []string{s.name}
			}
		}
		return nil
	}
	n := ndr{c: wire.At(k.stub), wide: k.ctx.wide}
	var out []string
	for _, s := range readers[method{k.ctx.uuid, k.record.Opnum}](&n) {
		if s != "" {
			out = append(out, s[:min(len(s), maxArgument)])
		}
	}
	return out
}

// createServiceW is service and program (MS-SCMR section 3.1.4.12).
func createServiceW(n *ndr) []string {
	n.handle()
	name := n.text()
	n.optional() // display name
	for range 4 {
		n.u32() // access, type, start, error control
	}
	return []string{name, n.text()}
}

func createServiceA(n *ndr) []string {
	n.handle()
	name := n.ascii()
	if n.pointer() {
		n.ascii()
	}
	for range 4 {
		n.u32()
	}
	return []string{name, n.ascii()}
}

// changeService is the new program, if any (section 3.1.4.11).
func changeService(n *ndr) []string {
	n.handle()
	for range 3 {
		n.u32()
	}
	return []string{n.optional()}
}

// registerTask is path and first command of the task's XML (MS-TSCH 3.2.5.4.2).
func registerTask(n *ndr) []string {
	path := n.optional()
	xml := n.text()
	return []string{path, between(xml, "<Command>", "</Command>"), between(xml, "<Arguments>", "</Arguments>")}
}

// jobAdd is the command of an AT_INFO (MS-TSCH section 2.3.4).
func jobAdd(n *ndr) []string {
	n.optional() // server
	n.u32()      // time
	n.u32()      // days of month
	n.c.Skip(2)  // days of week, flags
	return []string{n.optional()}
}

func between(s, open, end string) string {
	_, rest, ok := strings.Cut(s, open)
	if !ok {
		return ""
	}
	in, _, _ := strings.Cut(rest, end)
	return in
}
