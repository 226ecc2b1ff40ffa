package bittorrent

import "longwatch/internal/record"

// Peers is one connection of BitTorrent. It is written when it ends, or when
// nothing more is to be learnt. Specification: BEP 3, 5, 10, 14, 15 and 29.
type Peers struct {
	record.Conn
	Kind       string             `rec:"kind,enum"`                    // peer (TCP), utp (the same over UDP), dht, tracker, or discovery in the local network
	InfoHash   string             `rec:"info_hash" ent:"hash,torrent"` // SHA-1 or the beginning of the SHA-256, in hexadecimal: the first seen
	OrigPeer   string             `rec:"orig_peer_id"`                 // the first eight characters say which program it is
	RespPeer   string             `rec:"resp_peer_id"`                 // of the responder, 20 bytes
	OrigClient string             `rec:"orig_client"`                  // the program, as it names itself
	RespClient string             `rec:"resp_client"`                  // program of the responder, by its peer id
	Queries    []string           `rec:"queries,set"`                  // of the DHT: ping, find_node, get_peers, announce_peer
	Datagrams  record.Opt[uint64] `rec:"datagrams"`                    // of DHT and trackers
}

// Type is the schema of Peers.
var Type = record.Of[Peers]("bittorrent")

// RecordType returns Type.
func (*Peers) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek has no log of this kind.
func (*Peers) BeyondZeek() bool { return true }
