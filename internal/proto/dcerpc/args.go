package dcerpc

import (
	"slices"
	"strings"

	"longwatch/internal/wire"
)

// UUIDs of interfaces whose arguments are read.
const (
	svcctl    = "367abb81-9844-35f1-ad32-98f038001003" // MS-SCMR
	tasks     = "86d35949-83c9-4044-b424-db363231fd0c" // MS-TSCH section 3.2
	atsvc     = "1ff70682-0a51-30e8-076d-740be8cee98b" // MS-TSCH section 3.2.5.2
	winreg    = "338cd001-2244-31f1-aaaa-900038001003" // MS-RRP
	eventlog  = "f6beaff7-1e19-4fbb-9f8f-b89e2018337c" // MS-EVEN6
	oldEvents = "82273fdc-e32a-18c3-3f78-827929dc23ea" // MS-EVEN
	efsrpc    = "df1941c5-fe89-4e79-bf10-463657acf44d" // MS-EFSR
	efsLsa    = "c681d488-d850-11d0-8c52-00c04fd90f7e" // MS-EFSR over lsass
	spoolss   = "12345678-1234-abcd-ef00-0123456789ab" // MS-RPRN
	samr      = "12345778-1234-abcd-ef00-0123456789ac" // MS-SAMR
	srvsvc    = "4b324fc8-1670-01d3-1278-5a47bf6ee188" // MS-SRVS
	netdfs    = "4fc742e0-4a10-11cf-8273-00aa004ae673" // MS-DFSNM
	fsrvp     = "a8e0653c-2744-4389-a61d-7373df8b2292" // MS-FSRVP
	dnsserver = "50abc2a4-574d-40b3-9d66-ee4fd5fba076" // MS-DNSP
	epmapper  = "e1af8308-5d1f-11c9-91a4-08002b14a0fa" // C706 appendix O
	activator = "000001a0-0000-0000-c000-000000000046" // MS-DCOM section 3.1.2.5.2
	activate  = "4d9f4ab8-7d1c-11cf-861e-0020af6e7c57" // MS-DCOM section 3.1.2.5.2.3.1
	wbemLogin = "f309ad18-d86a-11d0-a075-00c04fb68820" // MS-WMI section 3.1.4.1
	wbem      = "9556dc99-828c-11cf-a37e-00aa003240c7" // MS-WMI section 3.1.4.3
)

// maxArgument bounds one argument in a record.
const maxArgument = 1024

type method struct {
	uuid  string
	opnum uint16
}

// place is where the answer of a call has the handle that it opened.
type place uint8

const (
	none  place = iota
	last        // before the status at its end
	first       // at its start
)

// reading says what of a call is read. All are calls with which intruders run
// code, read secrets, clear logs or make a machine call back.
type reading struct {
	on    bool                  // the first argument is a handle: what it stands for comes first
	args  func(*ndr) []string   // of the request, behind that handle
	gives place                 // and it stands for the first argument from then on
	tells func([]byte) []string // of the answer
}

var readings = map[method]reading{
	{svcctl, 1}:  {on: true},
	{svcctl, 2}:  {on: true},
	{svcctl, 11}: {on: true, args: changeService(wide)},
	{svcctl, 12}: {args: createService(wide), gives: last},
	{svcctl, 16}: {args: behind(text), gives: last},
	{svcctl, 19}: {on: true},
	{svcctl, 23}: {on: true, args: changeService(narrow)},
	{svcctl, 24}: {args: createService(narrow), gives: last},
	{svcctl, 28}: {args: behind(ascii), gives: last},
	{svcctl, 31}: {on: true},
	{svcctl, 44}: {args: createService(narrow), gives: last},
	{svcctl, 45}: {args: createService(wide), gives: last},
	{svcctl, 60}: {args: createService(wide), gives: last},

	{tasks, 1}:  {args: registerTask},
	{tasks, 12}: {args: text},
	{tasks, 13}: {args: text},
	{tasks, 19}: {args: text},
	{atsvc, 0}:  {args: jobAdd},

	{winreg, 0}:  {args: constant("HKCR"), gives: last},
	{winreg, 1}:  {args: constant("HKCU"), gives: last},
	{winreg, 2}:  {args: constant("HKLM"), gives: last},
	{winreg, 4}:  {args: constant("HKU"), gives: last},
	{winreg, 27}: {args: constant("HKCC"), gives: last},
	{winreg, 6}:  {on: true, args: counted, gives: first},
	{winreg, 7}:  {on: true, args: counted},
	{winreg, 8}:  {on: true, args: counted},
	{winreg, 13}: {on: true, args: twoCounted},
	{winreg, 15}: {on: true, args: counted, gives: last},
	{winreg, 18}: {on: true, args: twoCounted},
	{winreg, 19}: {on: true, args: counted},
	{winreg, 20}: {on: true, args: counted},
	{winreg, 22}: {on: true, args: setValue},
	{winreg, 31}: {on: true, args: counted},

	{eventlog, 6}:  {args: behind(optional)},
	{oldEvents, 0}: {on: true, args: optionalCounted},
	{oldEvents, 7}: {args: openLog, gives: last},

	{efsrpc, 0}: {args: text}, {efsrpc, 4}: {args: text}, {efsrpc, 5}: {args: text}, {efsrpc, 6}: {args: text},
	{efsrpc, 7}: {args: text}, {efsrpc, 12}: {args: text}, {efsrpc, 13}: {args: text},
	{efsLsa, 0}: {args: text}, {efsLsa, 4}: {args: text}, {efsLsa, 5}: {args: text}, {efsLsa, 6}: {args: text},
	{efsLsa, 7}: {args: text}, {efsLsa, 12}: {args: text}, {efsLsa, 13}: {args: text},
	{spoolss, 65}: {args: findPrinterChange},
	{netdfs, 12}:  {args: twoTexts},
	{netdfs, 13}:  {args: twoTexts},
	{fsrvp, 8}:    {args: text},
	{fsrvp, 9}:    {args: text},
	{samr, 50}:    {args: behind(counted)},
	{srvsvc, 15}:  {args: optional},

	{dnsserver, 0}: {args: dnsCall(false, true)}, {dnsserver, 3}: {args: dnsCall(false, false)},
	{dnsserver, 5}: {args: dnsCall(true, true)}, {dnsserver, 8}: {args: dnsCall(true, false)},

	{epmapper, 3}:  {args: wantedTower, tells: towers},
	{epmapper, 7}:  {args: wantedTower, tells: towers},
	{activate, 0}:  {args: activatedClass, tells: bindings},
	{activator, 3}: {args: instantiated, tells: bindings},
	{activator, 4}: {args: instantiated, tells: bindings},
	{wbemLogin, 6}: {args: afterThis(optional)},
	{wbem, 6}:      {args: afterThis(bstr)},
	{wbem, 20}:     {args: afterThis(twoBSTRs)},
	{wbem, 21}:     {args: afterThis(twoBSTRs)},
	{wbem, 22}:     {args: afterThis(twoBSTRs)},
	{wbem, 23}:     {args: afterThis(twoBSTRs)},
	{wbem, 24}:     {args: execMethod},
	{wbem, 25}:     {args: execMethod},
}

// arguments returns what is known of a call's arguments.
func (h *handles) arguments(k *call) []string {
	r, ok := readings[method{k.ctx.uuid, k.record.Opnum}]
	if !ok || len(k.stub) == 0 {
		return nil
	}
	n := ndr{c: wire.At(k.stub), wide: k.ctx.wide}
	var out []string
	if r.on {
		n.align(4)
		out = append(out, h.meaning(n.c.Take(handleSize)))
	}
	if r.args != nil {
		out = append(out, r.args(&n)...)
	}
	if k.ctx.uuid == winreg && r.on && len(out) > 1 && joins(k.record.Opnum) {
		out = append([]string{strings.Trim(out[0]+`\`+out[1], `\`)}, out[2:]...)
	}
	for i := range out {
		out[i] = out[i][:min(len(out[i]), maxArgument)]
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

// joins tells whether the name that a registry call has is one below its key.
func joins(opnum uint16) bool {
	return opnum == 6 || opnum == 7 || opnum == 13 || opnum == 15 || opnum == 18
}

func text(n *ndr) []string     { return []string{n.text()} }
func ascii(n *ndr) []string    { return []string{n.ascii()} }
func optional(n *ndr) []string { return []string{n.optional()} }
func counted(n *ndr) []string  { return []string{n.unicodeString()} }

func twoTexts(n *ndr) []string   { return []string{n.text(), n.text()} }
func twoCounted(n *ndr) []string { return []string{n.unicodeString(), n.unicodeString()} }

func optionalCounted(n *ndr) []string {
	if !n.pointer() {
		return nil
	}
	return counted(n)
}

func constant(s string) func(*ndr) []string { return func(*ndr) []string { return []string{s} } }

// behind passes over a handle that stands for nothing.
func behind(next func(*ndr) []string) func(*ndr) []string {
	return func(n *ndr) []string {
		n.handle()
		return next(n)
	}
}

// A spelling reads a string, and one behind a pointer, in UTF-16 or in bytes.
type spelling struct{ plain, optional func(*ndr) string }

var (
	wide   = spelling{(*ndr).text, (*ndr).optional}
	narrow = spelling{(*ndr).ascii, func(n *ndr) string {
		if !n.pointer() {
			return ""
		}
		return n.ascii()
	}}
)

// createService is service and program (MS-SCMR section 3.1.4.12).
func createService(s spelling) func(*ndr) []string {
	return func(n *ndr) []string {
		n.handle()
		name := s.plain(n)
		s.optional(n) // display name
		for range 4 {
			n.u32() // access, type, start, error control
		}
		return []string{name, s.plain(n)}
	}
}

// changeService is the new program, if any (section 3.1.4.11).
func changeService(s spelling) func(*ndr) []string {
	return func(n *ndr) []string {
		for range 3 {
			n.u32()
		}
		return []string{s.optional(n)}
	}
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

// setValue is a value's name, and its data when that is text (MS-RRP section
// 3.1.5.22).
func setValue(n *ndr) []string {
	name, kind := n.unicodeString(), n.u32()
	size := n.size()
	data := n.c.Take(int(min(size, uint64(n.c.Len()))))
	const sz, expandSZ = 1, 2
	if kind != sz && kind != expandSZ {
		data = nil
	}
	return []string{name, wire.UTF16(data)}
}

// openLog is the name of a log (MS-EVEN section 3.1.4.3), behind the server's.
func openLog(n *ndr) []string {
	if n.pointer() {
		n.c.Skip(2)
	}
	return counted(n)
}

// findPrinterChange is the machine to call back (MS-RPRN section 3.1.4.10.4).
func findPrinterChange(n *ndr) []string {
	n.handle()
	n.u32()
	n.u32()
	return optional(n)
}

// dnsCall is the zone, and the operation or node behind it (MS-DNSP section
// 3.1.4). Later forms begin with the client's version and settings; before an
// operation stands a context.
func dnsCall(settings, context bool) func(*ndr) []string {
	return func(n *ndr) []string {
		if settings {
			n.u32()
			n.u32()
		}
		n.optional() // server
		zone := narrow.optional(n)
		if context {
			n.u32()
		}
		return []string{zone, narrow.optional(n)}
	}
}

func between(s, open, end string) string {
	_, rest, ok := strings.Cut(s, open)
	if !ok {
		return ""
	}
	in, _, _ := strings.Cut(rest, end)
	return in
}
