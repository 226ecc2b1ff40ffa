// Package flow turns packets into connections, and connections into records.
//
// One goroutine reads the captures in the order of time, finds the IP packets (through tunnels and
// fragments) and hands them over in batches, spread by connection over a fixed
// number of shards. Each shard is single-threaded: a connection table, TCP
// reassembly, protocol detection, parsers. Every decision about a connection
// depends on nothing but that connection's own packets, so the records are the
// same for any number of workers:
//
//	e := flow.New(flow.Config{Protocols: protocols, Jobs: 2}, out)
//	err := e.Run(ctx, []flow.Source{{Path: "a.pcap", Open: open}})
//
// The rules of a connection (states, history, time-outs, byte counts) are those
// of Zeek's conn.log (https://docs.zeek.org/en/master/logs/conn.html).
package flow

import (
	"net/netip"
	"time"

	"longwatch/internal/capture"
	"longwatch/internal/capture/filter"
	"longwatch/internal/evidence"
	"longwatch/internal/proto"
)

// Config says how packets are analysed.
type Config struct {
	Protocols []proto.Spec   // parsers; at most MaxProtocols
	HomeNet   []netip.Prefix // own networks; empty: the private ranges
	Jobs      int            // worker goroutines; at least 1
	Memory    int64          // bytes for connections and buffers; 0: DefaultMemory
	Filter    *filter.Filter // frames that do not fit are counted and left out; nil: all fit
	// Recover turns a parser's panic into a weird (parser_panic) on its
	// connection. Tests leave it off, so that a panic stays a panic.
	Recover bool
	// CommunityID computes the Community ID of connections.
	CommunityID bool
	// HashFiles computes the hashes of files seen on the wire.
	HashFiles bool
	// Extract returns one of n equal shares of what keeps their content; nil:
	// nothing does. It is called once for each shard.
	Extract func(n int) proto.Extractor
}

const (
	// MaxProtocols bounds the protocols of an engine.
	MaxProtocols = 256
	// DefaultMemory is for a Config that sets none.
	DefaultMemory = 1 << 30
	// shardCount is fixed, so that what shares a table, and is evicted
	// together, does not depend on the number of workers.
	shardCount = 16
)

// Zeek's default time-outs (scripts/base/init-bare.zeek).
const (
	tcpInactivity   = 5 * time.Minute
	udpInactivity   = time.Minute // also ICMP, other transports, and TCP before its handshake is done
	longInactivity  = time.Hour   // SSH, FTP, telnet and rlogin: people think
	attemptDelay    = 5 * time.Second
	closeDelay      = 5 * time.Second
	linger          = 5 * time.Second
	synTimeout      = 5 * time.Second
	sessionInterval = 6 * time.Second
	dnsSession      = 10 * time.Second // DNS over UDP is looked at this often
	dnsQuiet        = 9 * time.Second  // and is over when it has been quiet for so long
)

// Engine analyses captures.
type Engine struct {
	cfg     Config
	out     evidence.Outlet
	protos  *protocols
	local   []ipRange
	sources []*source
	pool    capture.Pool
	shards  [shardCount]*shard
}

// New returns an engine that puts records into lanes of out.
func New(cfg Config, out evidence.Outlet) *Engine {
	if cfg.Jobs < 1 {
		cfg.Jobs = 1
	}
	cfg.Jobs = min(cfg.Jobs, shardCount)
	if cfg.Memory <= 0 {
		cfg.Memory = DefaultMemory
	}
	if len(cfg.Protocols) > MaxProtocols {
		cfg.Protocols = cfg.Protocols[:MaxProtocols]
	}
	return &Engine{cfg: cfg, out: out, protos: newProtocols(cfg.Protocols), local: localNets(cfg.HomeNet)}
}
