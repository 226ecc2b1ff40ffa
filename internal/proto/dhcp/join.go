package dhcp

import (
	"container/list"
	"net/netip"
	"slices"
	"time"

	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// Zeek's rules for when a conversation is over (its scripts base/protocols/dhcp).
const (
	firstLook = 10 * time.Second // after the first message
	nextLook  = 5 * time.Second  // after a look that found it going on
	silence   = 5 * time.Second
	maxAge    = 30 * time.Second
	maxUIDs   = 10
	maxTypes  = 50
	maxOpen   = 4096 // conversations; Zeek has 100000
	openCost  = 1024 // bytes that one is taken to hold
)

// conversation is a record in the making.
type conversation struct {
	rec    *Record
	xid    uint32
	last   record.Time // message
	look   record.Time // looked at again after this
	hasMAC bool        // even when it is empty
	chaddr string      // hardware address of the client's messages
}

// join has the conversations of all hosts, oldest first.
type join struct {
	emit  func(record.Record)
	began record.Time // first tick
	byXID map[uint32]*list.Element
	order list.List
}

func newJoin(c *proto.Conn) *join { return &join{emit: c.Emit, byXID: map[uint32]*list.Element{}} }

// Held implements proto.Sharer.
func (j *join) Held() int { return j.order.Len() * openCost }

// Close implements proto.Sharer: everything that goes on is written.
func (j *join) Close() {
	for j.order.Len() > 0 {
		j.end(j.order.Front(), true)
	}
}

// Tick implements proto.Ticker: conversations that are due are looked at.
func (j *join) Tick(now record.Time) {
	if j.began == 0 {
		j.began = now
	}
	for el := j.order.Front(); el != nil; {
		next := el.Next()
		if x := el.Value.(*conversation); x.look < now {
			if now.Sub(x.last) > silence || now.Sub(x.rec.TS) > maxAge {
				j.end(el, true)
			} else {
				x.look = j.floor(now) + record.Time(nextLook)
			}
		}
		el = next
	}
}

// floor cuts a time to whole seconds since the first tick, as Zeek's tables do.
func (j *join) floor(t record.Time) record.Time {
	return t - (t-j.began)%record.Time(time.Second)
}

// end writes a conversation and forgets it. fill says that a client without
// identifier is known by the hardware address in the head.
func (j *join) end(el *list.Element, fill bool) {
	x := j.order.Remove(el).(*conversation)
	delete(j.byXID, x.xid)
	if fill && !x.hasMAC {
		x.rec.MAC = x.chaddr
	}
	j.emit(x.rec)
}

// add takes a message; true says that the oldest conversation had to go.
func (j *join) add(c *proto.Conn, d proto.Dir, m *message) (crowded bool) {
	el, ok := j.byXID[m.xid]
	if !ok {
		if crowded = j.order.Len() >= maxOpen; crowded {
			j.end(j.order.Front(), true)
		}
		head := c.Head().Head
		el = j.order.PushBack(&conversation{rec: &Record{Head: head}, xid: m.xid, look: j.floor(head.TS) + record.Time(firstLook)})
		j.byXID[m.xid] = el
	}
	x := el.Value.(*conversation)
	x.add(c, d, m)
	if len(x.rec.UIDs) >= maxUIDs || len(x.rec.MsgTypes) >= maxTypes {
		j.end(el, false)
	}
	return crowded
}

func (x *conversation) add(c *proto.Conn, d proto.Dir, m *message) {
	r := x.rec
	x.last = c.Now()
	r.Duration = x.last.Sub(r.TS)
	if !slices.Contains(r.UIDs, c.ID.UID) {
		r.UIDs = append(r.UIDs, c.ID.UID)
	}
	r.MsgTypes = append(r.MsgTypes, typeName(m.kind))
	if !m.giaddr.IsUnspecified() {
		r.Relay = m.giaddr
	}
	if fromClient(c, d) {
		x.client(c.ID.OrigH, m)
		return
	}
	from := c.ID.RespH
	if d == proto.Orig {
		from = c.ID.OrigH
	}
	x.server(from, m)
}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// client takes a message of the client.
func (x *conversation) client(from netip.Addr, m *message) {
	r := x.rec
	if !from.IsUnspecified() && from != broadcast {
		r.ClientAddr = from
	}
	set(m, optMessage, &r.ClientMessage)
	set(m, optHostName, &r.HostName)
	set(m, optVendorClass, &r.VendorClass)
	if v := m.opts[optClientFQDN]; len(v) >= 3 { // RFC 4702 section 2: flags and two codes come first
		r.ClientFQDN = string(v[3:])
	}
	if v, ok := m.opts[optParameters]; ok {
		r.Parameters = numbers(v)
	}
	if mac, ok := m.clientMAC(); ok {
		r.MAC, x.hasMAC = mac, true
	} else {
		x.chaddr = formatMAC(m.chaddr)
	}
	if a, ok := m.address(optRequested); ok {
		r.RequestedAddr = a
	}
}

// server takes a message of a server.
func (x *conversation) server(from netip.Addr, m *message) {
	r := x.rec
	set(m, optMessage, &r.ServerMessage)
	if mac := formatMAC(m.chaddr); mac != "" && !x.hasMAC {
		r.MAC, x.hasMAC = mac, true
	}
	if !m.yiaddr.IsUnspecified() {
		r.ServerAddr, r.AssignedAddr = from, m.yiaddr
	}
	if !r.ClientAddr.IsValid() {
		r.ClientAddr = r.AssignedAddr
	}
	if v, ok := m.opts[optDomain]; ok {
		r.Domain = domain(v)
	}
	if d, ok := m.lease(); ok {
		r.LeaseTime = record.Some(d)
	}
	if a := m.addresses(optRouter); a != nil {
		r.Routers = a
	}
	if a := m.addresses(optDNS); a != nil {
		r.DNSServers = a
	}
	set(m, optProxy, &r.ProxyURL)
}

// set sets s to an option that is there.
func set(m *message, code uint8, s *string) {
	if v, ok := m.text(code); ok {
		*s = v
	}
}

// domain is a name without the zeros that some servers put behind it.
func domain(v []byte) string {
	n := len(v)
	for n > 0 && v[n-1] == 0 {
		n--
	}
	return string(v[:n])
}
