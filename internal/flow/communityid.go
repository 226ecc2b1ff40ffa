package flow

import (
	"crypto/sha1" // #nosec G505 -- the specification's hash; nothing depends on its strength
	"encoding/base64"
	"encoding/binary"

	"longwatch/internal/capture"
)

// communityID is the Community ID of a connection, version 1 with seed 0
// (https://github.com/corelight/community-id-spec): what other tools call the
// same connection. ports are those of SCTP, by side of the key, which
// connections here do not have; one association of two hosts stands for all.
func (k *key) communityID(ports [2]uint16) string {
	var b [40]byte
	in := b[:2] // the seed
	in = k.a.Append(in)
	in = k.b.Append(in)
	in = append(in, k.proto, 0)
	switch k.proto {
	case capture.ProtoTCP, capture.ProtoUDP, capture.ProtoICMP, capture.ProtoICMPv6:
		in = binary.BigEndian.AppendUint16(in, k.pa)
		in = binary.BigEndian.AppendUint16(in, k.pb)
	case capture.ProtoSCTP:
		in = binary.BigEndian.AppendUint16(in, ports[0])
		in = binary.BigEndian.AppendUint16(in, ports[1])
	}
	sum := sha1.Sum(in) // #nosec G401 -- as above
	out := append(make([]byte, 0, 2+28), "1:"...)
	return string(base64.StdEncoding.AppendEncode(out, sum[:]))
}
