package main

import (
	"container/heap"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"time"

	"longwatch/internal/proto/dns"
	"longwatch/internal/proto/http"
	"longwatch/internal/proto/ssl"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// The methods that clients of the world use.
const (
	methodGet     = "GET"
	methodConnect = "CONNECT"
)

// world makes traffic in the order of time: every process that talks has its
// next moment in a heap.
type world struct {
	set      settings
	rng      *rand.Rand
	start    record.Time // a Monday, 00:00 UTC
	begin    record.Time // of the evidence; what was before is only remembered
	end      record.Time
	machines []*machine
	queue    queue
	proxy    netip.Addr
	resolver netip.Addr
	sites    []*site // in the order of popularity
	put      func(record.Record)
	n        int64 // records
	pos      int64 // of the next record's place in the evidence
	nextAddr uint32
}

// machine is one own host.
type machine struct {
	id      int
	addr    netip.Addr
	kind    string // office, server, device
	nights  bool   // is on at night and at weekends
	proxied bool
	early   float64 // hours that its user comes early
	ja4     string  // of its browser
	cached  map[string]record.Time
}

// site is somebody outside.
type site struct {
	name  string
	addrs []netip.Addr
	ttl   time.Duration
}

// process is something that talks again and again.
type process struct {
	at  record.Time
	seq int
	run func(p *process)
}

type queue []*process

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].seq < q[j].seq
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push implements heap.Interface.
func (q *queue) Push(x any) { *q = append(*q, x.(*process)) }

// Pop implements heap.Interface.
func (q *queue) Pop() any {
	p := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return p
}

func (w *world) add(at record.Time, run func(p *process)) {
	heap.Push(&w.queue, &process{at: at, seq: len(w.queue), run: run})
}

// play runs all processes to the end of the month.
func (w *world) play() {
	for len(w.queue) > 0 {
		p := w.queue[0]
		if p.at >= w.end {
			heap.Pop(&w.queue)
			continue
		}
		was := p.at
		p.run(p)
		if p.at <= was {
			p.at = was + 1
		}
		heap.Fix(&w.queue, 0)
	}
}

func (w *world) chance(p float64) bool { return w.rng.Float64() < p }

// between is even between a and b.
func (w *world) between(a, b float64) float64 { return a + (b-a)*w.rng.Float64() }

// spread is log-even between a and b.
func (w *world) spread(a, b float64) float64 { return a * math.Pow(b/a, w.rng.Float64()) }

func seconds(s float64) time.Duration { return time.Duration(s * 1e9) }

func (w *world) address() netip.Addr {
	w.nextAddr++
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], 20<<24+w.nextAddr*257%(180<<24-20<<24))
	return netip.AddrFrom4(b)
}

func (w *world) site(name string, addrs int) *site {
	s := &site{name: name, ttl: seconds(w.spread(30, 3600))}
	for range addrs {
		s.addrs = append(s.addrs, w.address())
	}
	return s
}

// noise is a number of 0 to 1 that depends on its arguments alone.
func noise(a, b int) float64 {
	return rand.New(rand.NewPCG(uint64(a)*7919+1, uint64(b)*104729+3)).Float64()
}

// shift tells when the user of m works on the day of t, in hours; false on days off.
func (w *world) shift(m *machine, t record.Time) (from, to float64, works bool) {
	day := int(t.Sub(w.start) / (24 * time.Hour))
	if day%7 >= 5 || noise(m.id, day) < 0.06 {
		return 0, 0, false
	}
	from = 8.5 - m.early + 1.2*(noise(m.id, 1000+day)-0.5)
	return from, from + 8.5 + 2.5*(noise(m.id, 2000+day)-0.5), true
}

// on tells whether m runs at t; if not, when it will.
func (w *world) on(m *machine, t record.Time) (bool, record.Time) {
	if m.nights {
		return true, t
	}
	return w.worked(m, t)
}

// worked tells whether the user of m is there at t; if not, when they will be.
func (w *world) worked(m *machine, t record.Time) (bool, record.Time) {
	midnight := t.Add(-(t.Sub(w.start) % (24 * time.Hour)))
	for day := range 40 {
		at := midnight.Add(time.Duration(day) * 24 * time.Hour)
		from, to, works := w.shift(m, at)
		if !works {
			continue
		}
		begin, end := at.Add(seconds(from*3600)), at.Add(seconds(to*3600))
		switch {
		case t < begin:
			return false, begin
		case t < end:
			return true, t
		}
	}
	return false, w.end
}

// talk is one connection.
type talk struct {
	to       *site
	addr     netip.Addr // instead of to
	port     uint16
	plain    bool // HTTP in the clear
	raw      bool // neither TLS nor HTTP
	udp      bool
	path     string // of HTTP
	agent    string // of HTTP
	ja4      string
	cert     string
	out, in  uint64
	lasts    time.Duration
	nameless bool // no name in the client hello, no query
	silent   bool
}

// send makes the records of one connection of m at t.
func (w *world) send(m *machine, t record.Time, x talk) {
	w.n++
	if x.addr == (netip.Addr{}) {
		x.addr = x.to.addrs[w.rng.IntN(len(x.to.addrs))]
	}
	if x.port == 0 {
		x.port = 443
	}
	if x.to != nil && !x.nameless && !m.proxied {
		w.ask(m, t-record.Time(20*time.Millisecond), x)
	}
	if m.proxied && !x.raw && !x.udp {
		w.viaProxy(m, t, x)
		return
	}
	c := &network.Conn{Proto: "tcp", State: "SF", Duration: record.Some(x.lasts), OrigBytes: record.Some(x.out), RespBytes: record.Some(x.in), RespPkts: record.Some(uint64(4))}
	if x.udp {
		c.Proto = "udp"
	}
	if x.silent {
		c.State, c.OrigBytes, c.RespBytes, c.RespPkts = "S0", record.Some(uint64(0)), record.Some(uint64(0)), record.Some(uint64(0))
	}
	c.Conn = w.head(m, t, x.addr, x.port)
	w.put(c)
	switch {
	case x.raw || x.udp || x.silent:
	case x.plain:
		w.put(&http.Request{Conn: w.head(m, t+record.Time(30*time.Millisecond), x.addr, x.port), Method: methodGet, Host: x.to.name, URI: x.path, UserAgent: x.agent, RespBodyLen: x.in, StatusCode: record.Some(uint64(200))})
	default:
		r := &ssl.Record{Conn: w.head(m, t+record.Time(30*time.Millisecond), x.addr, x.port), Version: "TLSv13", JA4: x.ja4, Established: true}
		if x.to != nil && !x.nameless {
			r.ServerName = x.to.name
		}
		if x.cert != "" {
			r.CertChain = []string{x.cert}
		}
		w.put(r)
	}
}

func (w *world) head(m *machine, t record.Time, to netip.Addr, port uint16) record.Conn {
	w.pos++
	return record.Conn{
		Head: record.Head{TS: t, Ref: record.Ref{File: "month", Kind: record.RefRecord, Pos: w.pos}},
		UID:  "C" + strconv.FormatInt(w.pos, 36), OrigH: m.addr, OrigP: uint16(1024 + w.pos%60000), RespH: to, RespP: port,
	}
}

// ask makes the query for a name that is not cached.
func (w *world) ask(m *machine, t record.Time, x talk) {
	if until := m.cached[x.to.name]; t < until {
		return
	}
	m.cached[x.to.name] = t.Add(x.to.ttl)
	w.put(&dns.Message{Conn: w.head(m, t, w.resolver, 53), Proto: "udp", Query: x.to.name, QTypeName: "A", RCode: record.Some(uint16(0)), Addresses: []netip.Addr{x.addr}})
}

// viaProxy makes what is seen of a request to the proxy.
func (w *world) viaProxy(m *machine, t record.Time, x talk) {
	r := &http.Request{Conn: w.head(m, t, w.proxy, 3128), Method: methodConnect, UserAgent: x.agent, RespBodyLen: x.in, StatusCode: record.Some(uint64(200))}
	name := x.addr.String()
	if x.to != nil && !x.nameless {
		name = x.to.name
	}
	r.URI = name + ":" + strconv.Itoa(int(x.port))
	if x.plain {
		r.Method, r.URI = "GET", "http://"+name+x.path
	}
	r.Host = name
	w.put(r)
}
