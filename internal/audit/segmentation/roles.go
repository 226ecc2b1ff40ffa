package segmentation

import (
	"net/netip"
	"slices"

	"longwatch/internal/asset"
)

// traits are what a host was seen to do, as far as it tells in which level of
// the Purdue model it stands. Only connections that passed count.
type traits struct {
	domain      bool           // it is a directory, by what it says or answers
	device      bool           // what it says of itself, or answers, is a controller's
	controls    int            // hosts that speak a field protocol to it
	commands    int            // hosts that it speaks a field protocol to
	commandsOwn int            // of these, those of its own network
	hands       int            // hosts that it serves industrial data for passing on: OPC UA, Fox, MQTT
	safety      bool           // speaks the protocol of a safety system
	logsOn      int            // directories and shares of other hosts that it uses
	surfs       bool           // opens pages and other services of the Internet
	directory   int            // hosts that log on by it
	facing      bool           // the Internet was answered by it
	uses        bool           // pages, shares, desktops or mail of other networks
	serves      int            // hosts of other networks that it answers, but for names, time, echo and administration
	enters      bool           // a network of controllers from another one
	by, on      []netip.Prefix // networks that it is administered from, and that it administers, the first few
	managed     int            // hosts of other networks that administer it, or use it as a step
}

// hostTraits gathers them. Flows are in order and of one host pair and
// service each, so peers are counted by distinct pairs.
func hostTraits(flows []*Flow, by *nets, known *asset.Inventory) map[netip.Addr]*traits {
	out := map[netip.Addr]*traits{}
	of := func(a netip.Addr) *traits {
		if !a.IsValid() {
			return &traits{}
		}
		t := out[a]
		if t == nil {
			t = &traits{}
			out[a] = t
		}
		return t
	}
	type claim struct {
		a, b netip.Addr
		what class
	}
	once := map[claim]bool{}
	first := func(a, b netip.Addr, what class) bool {
		c := claim{a, b, what}
		if once[c] {
			return false
		}
		once[c] = true
		return true
	}
	for _, f := range flows {
		if f.outcome != passed || f.Folded || f.FromLog {
			continue
		}
		orig, resp, c := of(f.Orig), of(f.Resp), classes[f.Protocol]
		away := !f.Orig.IsValid() || !f.Resp.IsValid() || by.of(f.Orig) != by.of(f.Resp)
		if f.Protocol == "tristation" {
			resp.safety = true
		}
		switch {
		case !f.Orig.IsValid():
			resp.facing = resp.facing || f.RespBytes > 0 || f.Transport != tcp.String()
		case !f.Resp.IsValid():
			orig.surfs = orig.surfs || c == web
		case c == field && first(f.Orig, f.Resp, field):
			resp.controls++
			orig.commands++
			if !away {
				orig.commandsOwn++
			}
		case c == plant && first(f.Orig, f.Resp, plant):
			resp.hands++
		case c == directory && first(f.Orig, f.Resp, directory):
			resp.directory++
			orig.logsOn++
		case c == files && first(f.Orig, f.Resp, files):
			orig.logsOn++
		}
		if !away || c == basic || c == field || !f.Resp.IsValid() || !f.Orig.IsValid() {
			continue
		}
		orig.uses = orig.uses || c == web || c == files || c == admin || c == directory || mail[f.Protocol]
		switch manages := c == admin || c == files || f.Protocol == "dcerpc"; {
		case manages && first(f.Orig, f.Resp, admin):
			resp.managed++
			resp.by = noted(resp.by, by.of(f.Orig))
			if c == admin {
				orig.on = noted(orig.on, by.of(f.Resp))
			}
		case !manages && first(f.Orig, f.Resp, other):
			resp.serves++
		}
	}
	entering(flows, by, out)
	if known != nil {
		for a, t := range out {
			if x := known.ByAddress(a); x != nil {
				is := func(roles map[string]bool) bool {
					return slices.ContainsFunc(x.Roles, func(r asset.Role) bool { return roles[r.Name] && r.Surety > asset.Guess })
				}
				t.device, t.domain = is(devices), is(directories)
			}
		}
	}
	return out
}

// entering marks who opens connections into a network of controllers from
// another one.
func entering(flows []*Flow, by *nets, of map[netip.Addr]*traits) {
	controls := map[netip.Prefix]bool{}
	for a, t := range of {
		if t.controls > 0 && t.controls >= t.commands {
			controls[by.of(a)] = true
		}
	}
	for _, f := range flows {
		if f.outcome == passed && !f.Folded && f.Orig.IsValid() && f.Resp.IsValid() && classes[f.Protocol] != basic && controls[by.of(f.Resp)] && by.of(f.Orig) != by.of(f.Resp) && of[f.Orig] != nil {
			of[f.Orig].enters = true
		}
	}
}

func noted(list []netip.Prefix, p netip.Prefix) []netip.Prefix {
	if len(list) < few && !slices.Contains(list, p) {
		list = append(list, p)
	}
	return list
}

// step tells whether a host is one that others go elsewhere by: to
// controllers, or from one network to a third one.
func (t *traits) step() bool {
	onward := slices.ContainsFunc(t.on, func(p netip.Prefix) bool { return !slices.Contains(t.by, p) })
	return t.managed > 0 && (t.enters || onward)
}

// devices are the roles of what is commanded.
var devices = map[string]bool{asset.PLC: true, asset.RTU: true, asset.IED: true, asset.PMU: true, asset.BuildingController: true, asset.FieldGateway: true}

// directories are the roles of what others log on by.
var directories = map[string]bool{asset.DomainController: true, asset.DirectoryServer: true}

// directoryServer tells whether others log on by a host.
func (t *traits) directoryServer() bool { return t.directory > 1 || t.domain }

// controller tells whether a host is commanded by others, and commands less.
func (t *traits) controller() bool { return (t.device || t.controls > 0) && t.controls >= t.commands }

// supervisor tells whether a host commands controllers.
func (t *traits) supervisor() bool { return t.commands > 0 && !t.controller() }

// mail are the protocols of people who read and send it.
var mail = map[string]bool{"smtp": true, "imap": true, "pop3": true}

// user tells whether a host only uses what others serve, as people do.
func (t *traits) user() bool {
	return t.uses && t.serves == 0 && t.managed == 0 && t.commands == 0 && !t.facing && !t.controller()
}

// few is how many hosts may administer a workstation: a help desk has some.
const few = 2

// office tells whether a host does what people in offices do, and serves
// nobody.
func (t *traits) office() bool {
	return (t.logsOn > 0 || t.surfs) && !t.server() && !t.facing && !t.domain && t.directory == 0 && !t.controller() && t.commandsOwn == 0
}

// server tells whether a host is there for others in other networks.
func (t *traits) server() bool {
	return t.serves > 0 || t.managed > few || t.directoryServer() || t.step()
}
