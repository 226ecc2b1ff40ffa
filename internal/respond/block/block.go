// Package block proposes what to cut: it turns the incidents of a case into
// blocks of addresses and names outside and into hosts to be isolated inside,
// replays each against the traffic that was recorded, so that nobody cuts a
// conversation with a controller unawares, and writes them for firewalls.
//
//	plan := block.Derive(c, block.Options{})
//	r := block.NewReplay(c, plan.Blocks)
//	_, err := store.ReadOnce(ctx, block.InOrder(files), types, r.Take)
//	seen := r.Seen(false)
//	rules, err := block.Text("nftables", plan.Blocks)
//
// It plans; people act. Only addresses and names that were parsed reach a
// firewall's text.
package block

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// Scope is what a block cuts.
type Scope string

// The scopes.
const (
	Address Scope = "address" // all conversations with an address outside
	Domain  Scope = "domain"  // a name and all below it
	Port    Scope = "port"    // conversations with an address on some ports
	Isolate Scope = "isolate" // all conversations of a host of ours
)

// Scopes are all of them, in the order in which blocks are set.
var Scopes = []Scope{Address, Port, Domain, Isolate}

// Block is one thing to cut.
type Block struct {
	ID         string           `json:"id"`                  // follows from scope and value: the same in every run
	Incident   string           `json:"incident"`            // id of the first incident that calls for it
	Scope      Scope            `json:"scope"`               //
	Addrs      []netip.Addr     `json:"addresses,omitempty"` // of address, port and isolate: one, or all of the host
	Ports      []Service        `json:"ports,omitempty"`     // of port
	Domain     string           `json:"domain,omitempty"`    // of domain: lower case, ASCII
	Host       string           `json:"host,omitempty"`      // of isolate: as the evidence names it, never written to a firewall
	Reason     string           `json:"reason"`              // why, in a sentence
	Caution    []string         `json:"caution,omitempty"`   // what to know before
	Findings   []string         `json:"findings"`            // ids, at most 64
	Severity   finding.Severity `json:"severity"`            // of the worst of them
	Confidence uint8            `json:"confidence"`          // of the surest of them
	First      record.Time      `json:"-"`                   // traces of it
	Last       record.Time      `json:"-"`
	Keep       []Flow           `json:"keep,omitempty"` // conversations that it lets pass
}

// Service is a port of a transport protocol.
type Service struct {
	Proto string `json:"proto"` // tcp or udp
	Port  uint16 `json:"port"`
}

// Flow is a conversation that a block lets pass.
type Flow struct {
	Client  netip.Addr `json:"client"`
	Server  netip.Addr `json:"server"`
	Service            // of the server
}

// Value is what the block is about, for people: an address, a name, a host.
func (b *Block) Value() string {
	switch {
	case b.Scope == Domain:
		return b.Domain
	case b.Scope == Isolate && b.Host != "":
		return b.Host
	case len(b.Addrs) > 0:
		return b.Addrs[0].String()
	}
	return b.Host
}

// Left is something of an incident that is not blocked, and why.
type Left struct {
	Kind     string   `json:"kind"` // address, domain, url or host
	Value    string   `json:"value"`
	Why      string   `json:"why"`
	Findings []string `json:"findings"` // ids, at most 64
}

// Plan is what to block and what not.
type Plan struct {
	Blocks []Block `json:"blocks"` // by scope, then value
	Left   []Left  `json:"left"`   // by kind and value
}

// maxFindings bounds the ids that a block names.
const maxFindings = 64

// seal gives a block its id and bounds what it names.
func (b *Block) seal() {
	h := sha256.New()
	_, _ = h.Write([]byte(string(b.Scope) + "\x00" + b.Domain + "\x00" + strings.ToLower(b.Host)))
	if b.Scope != Isolate || b.Host == "" {
		for _, a := range b.Addrs {
			_, _ = h.Write([]byte("\x00" + a.String()))
		}
	}
	for _, p := range b.Ports {
		_, _ = h.Write([]byte{0, byte(p.Port >> 8), byte(p.Port), p.Proto[0]})
	}
	b.ID = "b-" + hex.EncodeToString(h.Sum(nil)[:6])
	slices.Sort(b.Findings)
	b.Findings = slices.Compact(b.Findings)
	b.Findings = b.Findings[:min(len(b.Findings), maxFindings)]
}

// sortBlocks puts blocks in the order of every output.
func sortBlocks(list []Block) {
	slices.SortFunc(list, func(a, b Block) int {
		return cmp.Or(cmp.Compare(slices.Index(Scopes, a.Scope), slices.Index(Scopes, b.Scope)), cmp.Compare(a.Value(), b.Value()), cmp.Compare(a.ID, b.ID))
	})
}
