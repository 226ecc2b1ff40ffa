package block

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/record"
)

// Effect is what a block would have cut of the traffic that was recorded.
type Effect struct {
	Block    string      `json:"block"`    // id
	Replayed bool        `json:"replayed"` // false: nothing could be compared, see Says
	Cut      int64       `json:"cut"`      // conversations that took place; where several logs saw them, as the one has that saw most
	Refused  int64       `json:"refused"`  // attempts that nobody answered, or that were blocked already
	First    record.Time `json:"-"`        // of those that took place
	Last     record.Time `json:"-"`

	Industrial []Talk     `json:"industrial"` // conversations with controllers and safety systems, each by name
	Business   []Business `json:"business"`   // what else others than the intruder used it for
	Intruder   []Talk     `json:"intruder"`   // conversations of hosts of the incident: what the block is for; at most 64
	More       int64      `json:"more"`       // conversations counted in Cut that are in none of the lists: the tables are bounded

	Approval []string `json:"approval"`           // why a second person must approve; empty: nobody need
	Says     []string `json:"says"`               // in sentences
	Narrower *Block   `json:"narrower,omitempty"` // the same block without the industrial conversations, if it cuts any
}

// Talk is all conversations of one client with one server on one port.
type Talk struct {
	Client     string      `json:"client"` // address, or the host that asked
	ClientName string      `json:"client_name,omitempty"`
	Server     string      `json:"server"` // address, or the name that was asked for
	ServerName string      `json:"server_name,omitempty"`
	Service                // of the server
	Protocol   string      `json:"protocol"`              // industrial protocol, or the service as the records name it
	Safety     bool        `json:"safety,omitempty"`      // of a safety system
	Kinds      []string    `json:"kinds,omitempty"`       // of industrial operations: read, write, control, config, program
	Functions  []string    `json:"functions,omitempty"`   // the protocol's own words, at most 12
	Count      int64       `json:"count"`                 // conversations
	Operations int64       `json:"operations,omitempty"`  // industrial messages
	Intruder   bool        `json:"by_intruder,omitempty"` // the client is outside, and the incident names it
	First      record.Time `json:"-"`
	Last       record.Time `json:"-"`

	client, server netip.Addr
}

// String names the talk: "hist1 (10.0.0.5) → plc-7 (10.0.9.7), Modbus (tcp/502): read".
func (t *Talk) String() string {
	s := fmt.Sprintf("%s → %s, %s", called(t.Client, t.ClientName), called(t.Server, t.ServerName), t.service())
	if t.Safety {
		s += ", safety system"
	}
	if len(t.Kinds) > 0 {
		s += ": " + strings.Join(t.Kinds, ", ")
	}
	if len(t.Functions) > 0 {
		s += " (" + strings.Join(t.Functions, ", ") + ")"
	}
	return s
}

func (t *Talk) service() string {
	at := t.Proto
	if t.Port != 0 {
		at = fmt.Sprintf("%s/%d", t.Proto, t.Port)
	}
	switch {
	case t.Protocol == "":
		return at
	case at == "":
		return t.Protocol
	}
	return t.Protocol + " (" + at + ")"
}

func called(address, name string) string {
	if name == "" || name == address {
		return address
	}
	return name + " (" + address + ")"
}

// Business is one use that others made of what is blocked.
type Business struct {
	Service              // of the server
	Protocol string      `json:"protocol"` // as the records name it
	Serves   bool        `json:"serves"`   // what is blocked was the server; false: it was the client
	Hosts    []string    `json:"hosts"`    // the others, at most 32, by name where it is known
	Count    int         `json:"count"`    // of the others
	Talks    int64       `json:"conversations"`
	First    record.Time `json:"-"`
	Last     record.Time `json:"-"`
}

const maxNamed = 32 // hosts that a use names

// String says it: "3 hosts used it for dns (udp/53): ws1, ws2, ws3".
func (b *Business) String() string {
	t := Talk{Service: b.Service, Protocol: b.Protocol}
	hosts := fmt.Sprintf("%d hosts", b.Count)
	if b.Count == 1 {
		hosts = "1 host"
	}
	names := strings.Join(b.Hosts[:min(len(b.Hosts), 6)], ", ")
	if b.Count > 6 {
		names += " ..."
	}
	if b.Serves {
		return fmt.Sprintf("%s used it for %s, %d times: %s", hosts, t.service(), b.Talks, names)
	}
	return fmt.Sprintf("it used %s of %s, %d times: %s", t.service(), hosts, b.Talks, names)
}

// judge says what the lists of an effect mean.
func (e *Effect) judge(b *Block) {
	var theirs, safety, own int
	for i := range e.Industrial {
		switch t := &e.Industrial[i]; {
		case t.Intruder:
			own++
		case t.Safety:
			safety++
		default:
			theirs++
		}
	}
	if theirs > 0 {
		e.Approval = append(e.Approval, fmt.Sprintf("it cuts %s", count(theirs, "industrial conversation")))
	}
	if safety > 0 {
		e.Approval = append(e.Approval, fmt.Sprintf("it cuts %s of safety systems", count(safety, "conversation")))
	}
	if own > 0 {
		e.Says = append(e.Says, fmt.Sprintf("it cuts %s of the intruder with controllers", count(own, "conversation")))
	}
	for i := range e.Business {
		e.Says = append(e.Says, e.Business[i].String())
	}
	switch {
	case !e.Replayed:
	case e.Cut == 0 && e.Refused == 0:
		e.Says = append(e.Says, "nothing of what was recorded would have been cut")
	case e.Cut == 0:
		e.Says = append(e.Says, fmt.Sprintf("only attempts that nobody answered would have been cut, %d of them", e.Refused))
	case len(e.Business) == 0 && len(e.Industrial) == 0 && e.More == 0:
		e.Says = append(e.Says, "only conversations of the incident's own hosts would have been cut")
	}
	if theirs+safety > 0 && b.Scope != Domain {
		e.Narrower = e.narrow(b)
	}
}

// narrow is the block without the industrial conversations that are not the
// intruder's.
func (e *Effect) narrow(b *Block) *Block {
	n := *b
	n.Caution = append(slices.Clone(b.Caution), "it lets industrial conversations pass: the intruder can use them too as long as he is on one of the two hosts")
	for i := range e.Industrial {
		if t := &e.Industrial[i]; !t.Intruder && t.client.IsValid() && t.server.IsValid() && t.Port != 0 {
			n.Keep = append(n.Keep, Flow{Client: t.client, Server: t.server, Service: t.Service})
		}
	}
	if len(n.Keep) == 0 {
		return nil
	}
	return &n
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
