package ipsec

import "longwatch/internal/record"

// Record is one negotiation of keys (IKE SA), written when its connection
// ends. Zeek has no log of the kind. Specification: RFC 2408, RFC 7296.
type Record struct {
	record.Conn
	Version      string   `rec:"version" ecs:"network.protocol.version"` // of IKE: 1.0 or 2.0
	InitiatorSPI string   `rec:"initiator_spi"`                          // hex; in IKEv1 the initiator's cookie
	ResponderSPI string   `rec:"responder_spi"`                          // hex, empty when nobody answered
	Exchanges    []string `rec:"exchanges"`                              // kinds of exchange, in order of appearance
	Encryption   []string `rec:"encryption,set"`                         // chosen by the responder; offered, when it did not choose
	Integrity    []string `rec:"integrity,set"`                          // likewise: hash of IKEv1, PRF and integrity of IKEv2
	Group        []string `rec:"dh_group,set"`                           // likewise: Diffie-Hellman groups
	Auth         []string `rec:"auth,set"`                               // likewise: authentication methods of IKEv1
	VendorIDs    []string `rec:"vendor_ids,set"`                         // names of those that are known, else hex
	Notify       []string `rec:"notify,set"`                             // notifications in the clear that report an error
	Identity     string   `rec:"identity" ent:"user"`                    // of a peer, in the clear in IKEv1's aggressive mode
	NATTraversal bool     `rec:"nat_traversal"`                          // went to port 4500
}

// Type is the schema of Record.
var Type = record.Of[Record]("ike")

// BeyondZeek tells that Zeek has no log of this kind.
func (*Record) BeyondZeek() bool { return true }

// RecordType returns Type.
func (*Record) RecordType() *record.Type { return Type }
