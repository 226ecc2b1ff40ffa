package block

import (
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/proto/dns"
	"longwatch/internal/proto/http"
	"longwatch/internal/proto/ssl"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
	"longwatch/internal/record/ot"
	"longwatch/internal/record/web"
	"longwatch/internal/store"
)

// reader compares records of one type; put is nil for types that say nothing
// of traffic. want tells which fields it needs.
func (r *replay) reader(t *record.Type) (put func(record.Record), want func(*record.Field) bool) {
	ends := []string{"ts", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p"}
	switch t {
	case network.ConnType:
		return r.conn, store.Fields(append(ends, "proto", "service", "duration", "conn_state")...)
	case host.SocketType:
		return r.socket, store.Fields(append(ends, "host", "proto", "initiated", "resp_name", "action")...)
	case web.AccessType:
		return r.access, store.Fields("ts", "server", "s_ip", "s_port", "c_ip")
	case dns.Type:
		return r.dns, store.Fields(append(ends, "query", "answer_addresses")...)
	case host.DNSQueryType:
		return r.query, store.Fields("ts", "host", "query", "answers", "source_ip")
	case ssl.Type:
		return r.tls, store.Fields(append(ends, "server_name")...)
	case http.Type:
		return r.http, store.Fields(append(ends, "host")...)
	}
	if o, ok := operationOf(t); ok {
		fields := o.fields()
		return func(rec record.Record) { r.operation(o, rec) }, func(f *record.Field) bool {
			return f.Name == "ts" || slices.ContainsFunc(fields, func(x *record.Field) bool { return x.Name == f.Name })
		}
	}
	return nil, nil
}

func clean(a netip.Addr) netip.Addr {
	if !a.IsValid() {
		return a
	}
	return a.Unmap().WithZone("")
}

// between is an event of a record with the ends of a connection.
func between(c *record.Conn, src source, proto, service string) event {
	return event{
		key:    key{client: clean(c.OrigH), server: clean(c.RespH), at: Service{proto, c.RespP}},
		source: src, service: service, first: c.TS, last: c.TS, happened: true,
	}
}

// unanswered are the states of TCP connections that never came about (Zeek,
// conn.log).
var unanswered = []string{"S0", "REJ", "RSTOS0", "RSTRH", "SH", "SHR"}

func (r *replay) conn(rec record.Record) {
	c, ok := rec.(*network.Conn)
	if !ok {
		return
	}
	e := between(&c.Conn, onWire, c.Proto, c.Service)
	e.last = c.TS.Add(c.Duration.V)
	e.happened = c.Proto != "tcp" || !slices.Contains(unanswered, c.State)
	r.conversation(&e)
}

func (r *replay) socket(rec record.Record) {
	s, ok := rec.(*host.Socket)
	if !ok || s.Action != "connected" && s.Action != "blocked" && s.Action != "" {
		return
	}
	e := event{
		key: key{client: clean(s.OrigH), server: clean(s.RespH), at: Service{strings.ToLower(s.Proto), s.RespP}}, source: atServer,
		first: s.TS, last: s.TS, happened: s.Action != "blocked",
	}
	if s.Initiated {
		e.source = atClient
	}
	r.conversation(&e)
	if s.RespName != "" {
		r.named(s.RespName, &e)
	}
}

func (r *replay) access(rec record.Record) {
	a, ok := rec.(*web.Access)
	if !ok {
		return
	}
	server := clean(a.ServerIP)
	if !server.IsValid() {
		server = r.holds[strings.ToLower(short(a.Server))]
	}
	for _, i := range r.byAddr[clean(a.ServerIP)] {
		if r.states[i].ownServer == "" && r.blocks[i].Scope != Isolate {
			r.states[i].ownServer = a.Server + " (" + server.String() + ")"
		}
	}
	e := event{
		key: key{client: clean(a.ClientIP), server: server, at: Service{"tcp", a.ServerPort}}, source: inWebLog, service: "http",
		first: a.TS, last: a.TS, happened: true,
	}
	if !server.IsValid() {
		e.to = a.Server
	}
	r.conversation(&e)
}

func (r *replay) dns(rec record.Record) {
	d, ok := rec.(*dns.Message)
	if !ok {
		return
	}
	for _, a := range d.Addresses {
		r.resolved(d.Query, clean(a))
	}
	e := between(&d.Conn, asName, "udp", "dns")
	r.named(d.Query, &e)
}

func (r *replay) query(rec record.Record) {
	q, ok := rec.(*host.DNSQuery)
	if !ok {
		return
	}
	for _, s := range q.Answers {
		if a, err := netip.ParseAddr(s); err == nil {
			r.resolved(q.Query, clean(a))
		}
	}
	e := event{key: key{client: clean(q.Source), at: Service{"udp", 53}}, source: asQuery, service: "dns", first: q.TS, last: q.TS, happened: true}
	if !e.client.IsValid() {
		e.client = r.holds[strings.ToLower(short(q.Host))]
	}
	if !e.client.IsValid() {
		e.from = q.Host
	}
	r.named(q.Query, &e)
}

func (r *replay) tls(rec record.Record) {
	if s, ok := rec.(*ssl.Record); ok {
		e := between(&s.Conn, asServerName, "tcp", "ssl")
		r.named(s.ServerName, &e)
	}
}

func (r *replay) http(rec record.Record) {
	if h, ok := rec.(*http.Request); ok {
		e := between(&h.Conn, asHostName, "tcp", "http")
		r.named(h.Host, &e)
	}
}

// operation takes an industrial message.
func (r *replay) operation(o *operation, rec record.Record) {
	client, _ := o.orig.AddrAt(rec, 0)
	server, _ := o.resp.AddrAt(rec, 0)
	client, server = clean(client), clean(server)
	if len(r.byAddr[client]) == 0 && len(r.byAddr[server]) == 0 && len(r.answers[server]) == 0 {
		return
	}
	e := event{key: key{client: client, server: server, at: Service{"tcp", number(o.port.AppendAt(nil, rec, 0))}}, first: rec.Base().TS, last: rec.Base().TS, happened: true, operation: o}
	if p, ok := ports[Service{"udp", e.at.Port}]; ok && p.name == o.name {
		if _, both := ports[Service{"tcp", e.at.Port}]; !both {
			e.at.Proto = "udp"
		}
	}
	e.kind, _ = o.kind.StringAt(rec, 0)
	if e.kind == ot.Other {
		e.kind = ""
	}
	for _, f := range o.what {
		if f.Len(rec) == 0 {
			continue
		}
		if w, ok := f.StringAt(rec, 0); ok && w != "" && w != "unknown" && w != "OK" && w != "ERROR" {
			e.functions = append(e.functions, strings.Clone(w))
		}
	}
	r.conversation(&e)
}

// number reads the digits of a port.
func number(b []byte) (n uint16) {
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + uint16(c-'0')
	}
	return n
}
