package sigma

import (
	"slices"
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/web"
)

// kindOfEvent is what a route's events have in common: the log sources they
// belong to. One route serves all events of a kind.
type kindOfEvent struct {
	category []string
	product  string
	service  []string
}

// takes tells whether a rule's log source asks for such events.
func (k *kindOfEvent) takes(s LogSource) bool {
	return (s.Category == "" || slices.Contains(k.category, s.Category)) &&
		(s.Product == "" || s.Product == k.product || vendorNames[s.Product] != "" && vendorNames[s.Product] == k.product) &&
		(s.Service == "" || slices.Contains(k.service, s.Service))
}

// route is the rules for one kind of event and the fields that they ask for.
type route struct {
	kind     kindOfEvent
	fields   map[string][]int // field numbers by name in the record
	keywords bool             // some rule looks at every value
	derived  bool             // some rule asks for one of derivedFields
	system   bool             // some rule asks for a number of the event's head
	times    bool             // some rule asks for its time
	byID     map[uint32]*bucket
	rest     *bucket // for event numbers that no rule names
	also     *route  // the same record as another kind of event
}

// newRoute collects the rules of e for a kind of event; id is its number when
// all its events have one, else 0. aliases give rules' names to fields whose
// evidence calls them otherwise.
func (e *Engine) newRoute(kind kindOfEvent, id uint32, aliases []alias) *route {
	r := &route{kind: kind, fields: map[string][]int{}, byID: map[uint32]*bucket{}}
	id &^= keyCreated | keyDeleted
	var rest []*entry
	byID := map[uint32][]*entry{}
	asked := map[int]bool{}
	for i, rule := range e.matched {
		if !kind.takes(rule.Source) {
			continue
		}
		ids, numbered := eventIDs(rule.cond, e.eventID)
		if id != 0 && numbered {
			if !slices.Contains(ids, id) {
				continue
			}
			numbered = false
		}
		x := &entry{rule, i}
		rule.cond.walk(func(n *node) bool {
			if n.op == opAtom {
				switch a := n.atom; a.field {
				case anyField:
					r.keywords = true
				default:
					asked[a.field] = true
					if a.kind == testField {
						asked[a.other] = true
					}
				}
			}
			return true
		})
		for _, a := range rule.asks {
			asked[a.field] = true
		}
		if numbered {
			slices.Sort(ids)
			for _, id := range slices.Compact(ids) {
				byID[id] = append(byID[id], x)
			}
			continue
		}
		rest = append(rest, x)
	}
	if len(rest) == 0 && len(byID) == 0 {
		return nil
	}
	for n := range asked {
		r.fields[e.fields.names[n]] = []int{n}
	}
	for _, name := range [...]string{"Level", "Task", "Opcode", "Keywords", "Version", "EventRecordID"} {
		_, asks := r.fields[name]
		r.system = r.system || asks
	}
	_, r.times = r.fields["TimeCreated"]
	for _, name := range derivedFields {
		_, asks := r.fields[name]
		r.derived = r.derived || asks
	}
	for _, a := range aliases {
		if n, ok := e.fields.numbers[a.to]; ok && asked[n] && a.from != a.to {
			r.fields[a.from] = append(r.fields[a.from], n)
		}
	}
	r.rest = newBucket(rest, noField)
	for n, rules := range byID {
		r.byID[n] = newBucket(append(rules, rest...), e.eventID)
	}
	return r
}

// routes are all routes of an engine.
type routes struct {
	windows  map[windowsKey]*route
	other    *route            // windows channels that no service names
	syslog   map[string]*route // by product or program
	linux    *route            // syslog of any other program
	audit    *route
	process  *route
	web      map[string]*route // by web.Access.Product
	rawType  map[string]*route // Zeek records by name of their type
	channels map[string]uint16
	sysmon   uint16 // number of Sysmon's channel
	security uint16 // and of Security
}

type windowsKey struct {
	channel  uint16
	category uint32 // event number when it makes a category, else 0
}

// windowsKinds calls fn with every kind of Windows event.
func windowsKinds(fn func(channel string, id uint32, kind kindOfEvent, aliases []alias)) {
	for channel, services := range windowsServices {
		fn(channel, 0, kindOfEvent{product: "windows", service: services}, nil)
		ids := map[uint32]*kindOfEvent{}
		aliases := map[uint32][]alias{}
		for _, c := range windowsCategories {
			if c.channel != channel {
				continue
			}
			for _, id := range c.ids {
				if ids[id] == nil {
					ids[id] = &kindOfEvent{product: "windows", service: services}
				}
				ids[id].category = append(ids[id].category, c.category)
				if c.aliases != nil {
					aliases[id] = c.aliases
				}
			}
		}
		for id, k := range ids {
			fn(channel, id, *k, aliases[id])
		}
	}
}

// build makes the routes.
func (e *Engine) build() {
	rt := &e.routes
	rt.windows, rt.channels = map[windowsKey]*route{}, map[string]uint16{}
	windowsKinds(func(channel string, id uint32, kind kindOfEvent, aliases []alias) {
		n, ok := rt.channels[channel]
		if !ok {
			n = uint16(len(rt.channels)/2 + 1)
			rt.channels[channel] = n
			rt.channels[strings.ToLower(channel)+"\x00"] = n // for logs that spell it otherwise
		}
		rt.windows[windowsKey{n, id}] = e.newRoute(kind, id, aliases)
	})
	rt.sysmon, rt.security = rt.channels[sysmonLog], rt.channels["Security"]
	rt.other = e.newRoute(kindOfEvent{product: "windows"}, 0, nil)
	rt.audit = e.newRoute(kindOfEvent{product: "linux", service: []string{"auditd"}, category: []string{"file_event", "network_connection"}}, 0, nil)
	rt.process = e.newRoute(kindOfEvent{product: "linux", service: []string{"auditd"}, category: []string{"process_creation"}}, 0, nil)
	rt.web = map[string]*route{}
	for product, services := range map[string][]string{"iis": {"iis"}, "apache": {"apache"}, "nginx": {"nginx"}, "httperr": {"iis"}, "": nil} {
		rt.web[product] = e.newRoute(kindOfEvent{product: product, category: []string{"webserver"}, service: services}, 0, nil)
	}
	rt.rawType = map[string]*route{}
	rt.syslog = map[string]*route{}
	for program := range syslogServices {
		e.programRoute(program)
	}
	for _, r := range e.Rules {
		e.nameRoutes(r.Source)
	}
	rt.linux = e.newRoute(kindOfEvent{product: "linux", service: []string{"syslog"}}, 0, nil)
}

// nameRoutes makes the routes that exist because a rule names them: records of
// product zeek, and syslog by product and program.
func (e *Engine) nameRoutes(s LogSource) {
	rt := &e.routes
	zeek := func(name string) {
		if _, done := rt.rawType[name]; !done {
			rt.rawType[name] = e.zeekRoute(name)
		}
	}
	switch {
	case s.Product == "zeek" && s.Service != "":
		zeek(s.Service)
		return
	case slices.Contains(networkCategories, s.Category):
		for name := range zeekKinds {
			zeek(name)
		}
		if s.Category == "firewall" {
			for _, v := range vendors {
				e.vendorRoute(v)
			}
		}
		return
	case s.Product == "windows" || s.Product == "zeek" || isRouted(s.Category):
		return
	case s.Product == "linux" || s.Product == "":
		if s.Service != "" {
			e.programRoute(s.Service)
		}
		return
	}
	e.vendorRoute(s.Product)
}

// vendorRoute makes the route of a device's or program's syslog.
func (e *Engine) vendorRoute(product string) {
	rt := &e.routes
	if v, ok := vendorNames[product]; ok {
		product = v
	}
	if _, done := rt.syslog[product]; done {
		return
	}
	var services []string
	for _, r := range e.matched {
		if r.Source.Product == product || vendorNames[r.Source.Product] == product {
			services = append(services, r.Source.Service)
		}
	}
	k := kindOfEvent{product: product, service: services, category: []string{"application"}}
	if slices.Contains(vendors, product) {
		k.category = append(k.category, "firewall")
	}
	rt.syslog[product] = e.newRoute(k, 0, firewallAliases)
}

// zeekRoute makes the routes of records of one type: as product zeek, and as
// what else they are.
func (e *Engine) zeekRoute(name string) *route {
	kinds := zeekKinds[name]
	if kinds == nil {
		return e.newRoute(kindOfEvent{product: "zeek", service: []string{name}}, 0, nil)
	}
	var first *route
	for i := range kinds {
		k := &kinds[len(kinds)-1-i]
		if r := e.newRoute(k.kind, 0, k.aliases); r != nil {
			r.also = first
			first = r
		}
	}
	return first
}

// programRoute makes the route of a Linux program's syslog.
func (e *Engine) programRoute(program string) {
	if _, done := e.routes.syslog[program]; !done {
		e.routes.syslog[program] = e.newRoute(programKind(program), 0, nil)
	}
}

// programKind is the kind of a Linux program's syslog.
func programKind(program string) kindOfEvent {
	return kindOfEvent{product: "linux", service: append([]string{program, "syslog"}, syslogServices[program]...)}
}

// isRouted tells whether a category has records of its own.
func isRouted(category string) bool {
	if category == "webserver" {
		return true
	}
	return slices.ContainsFunc(windowsCategories, func(c windowsCategory) bool { return c.category == category })
}

// routable tells whether any record can reach a rule.
func (e *Engine) routable(r *Rule) bool {
	s := r.Source
	found := (&kindOfEvent{product: "windows"}).takes(s)
	windowsKinds(func(_ string, _ uint32, k kindOfEvent, _ []alias) { found = found || k.takes(s) })
	switch {
	case found:
		return true
	case s.Product == "zeek":
		if s.Category == "" {
			return true
		}
		return reachable(s)
	case s.Category == "webserver":
		return true
	case s.Category == "firewall" && (slices.Contains(vendors, s.Product) || vendorNames[s.Product] != ""):
		return true
	case slices.Contains(networkCategories, s.Category):
		return reachable(s)
	case s.Product == "linux" && (s.Category == "process_creation" || s.Category == "file_event" || s.Category == "network_connection"):
		return true
	case slices.Contains(unread, s.Product):
		return false
	case s.Category != "" && s.Category != "application":
		return false
	}
	return s.Product != "" || s.Service != ""
}

// reachable tells whether network records have a log source.
func reachable(s LogSource) bool {
	for _, kinds := range zeekKinds {
		for i := range kinds {
			if kinds[i].kind.takes(s) {
				return true
			}
		}
	}
	return false
}

// of picks the route for a record; nil when no rule wants it.
func (rt *routes) of(r record.Record) (*route, uint32) {
	switch x := r.(type) {
	case *host.Event:
		return rt.ofWindows(x), x.EventID
	case *host.RecoveredEvent:
		return rt.ofWindows(&x.Event), x.EventID
	case *host.Process:
		if fromLinux(x.Provider) {
			return rt.process, 0
		}
		return nil, 0
	case *host.Syscall:
		return rt.audit, 0
	case *host.Syslog:
		return rt.ofSyslog(x), 0
	case *web.Access:
		if r, ok := rt.web[x.Product]; ok {
			return r, 0
		}
		return rt.web[""], 0
	}
	return rt.rawType[r.RecordType().Name], 0
}

// ofWindows picks the route of an event by its channel and number.
func (rt *routes) ofWindows(x *host.Event) *route {
	n, ok := rt.channels[x.Channel]
	if !ok {
		n = rt.fold(x.Channel)
	}
	if n == 0 {
		return rt.other
	}
	id := x.EventID
	switch {
	case id == 12 && n == rt.sysmon:
		switch x.Get("EventType") {
		case "":
		case "CreateKey":
			id |= keyCreated
		default:
			id |= keyDeleted
		}
	case id == 4657 && n == rt.security:
		switch x.Get("OperationType") { // a message number, or its text where somebody rendered it
		case "%%1904", "New registry value created":
			id |= keyCreated
		case "%%1906", "Registry value deleted":
			id |= keyDeleted
		}
	}
	if r, ok := rt.windows[windowsKey{n, id}]; ok && id != 0 {
		return r
	}
	return rt.windows[windowsKey{n, 0}]
}

// fold finds a channel whose name a log spells in other case.
func (rt *routes) fold(channel string) uint16 {
	var buf [256]byte
	if len(channel) >= len(buf) {
		return 0
	}
	b := append(appendFold(buf[:0], channel), 0)
	return rt.channels[string(b)]
}

// fromLinux tells whether a process record came from Linux; those of Windows
// are matched as the events they were made of.
func fromLinux(provider string) bool {
	return !strings.HasPrefix(provider, "Microsoft") && provider != "Security"
}

// ofSyslog picks the route of a message by the device or program it is from.
func (rt *routes) ofSyslog(x *host.Syslog) *route {
	var buf [64]byte
	if v := vendorOf(x); v != "" {
		if r := rt.syslog[v]; r != nil {
			return r
		}
		return nil
	}
	if len(x.App) < len(buf) {
		if r, ok := rt.syslog[string(appendFold(buf[:0], x.App))]; ok {
			return r
		}
	}
	return rt.linux
}

// vendorOf names the network device a message is from, by its shape.
func vendorOf(x *host.Syslog) string {
	if v, ok := productVendors[x.Product]; ok {
		return v
	}
	for i := range x.Fields {
		switch x.Fields[i].Name {
		case "devid", "logid", "devname":
			return "fortigate"
		}
	}
	for _, v := range vendors {
		if strings.EqualFold(x.App, v) || strings.EqualFold(x.Provider, v) {
			return v
		}
	}
	if isCisco(x.Message) || isCisco(x.App) {
		return "cisco"
	}
	switch x.App {
	case "mgd", "rpd", "RT_FLOW":
		return "juniper"
	}
	return ""
}

// isCisco tells whether a message carries a Cisco mnemonic: %SYS-5-CONFIG_I.
func isCisco(s string) bool {
	i := strings.IndexByte(s, '%')
	if i < 0 {
		return false
	}
	s = s[i+1:]
	n := 0
	for n < len(s) && (s[n] >= 'A' && s[n] <= 'Z' || s[n] >= '0' && s[n] <= '9' || s[n] == '_') {
		n++
	}
	return n >= 2 && n+2 < len(s) && s[n] == '-' && s[n+1] >= '0' && s[n+1] <= '7' && s[n+2] == '-'
}
