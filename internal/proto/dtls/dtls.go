// Package dtls is DTLS 1.0 to 1.3 over UDP (RFC 4347, 6347 and 9147), and what
// Cisco speaks from before it. The handshake is that of TLS, so the parser and
// the records are those of package ssl.
package dtls

import "longwatch/internal/proto/ssl"

// Protocol is DTLS.
var Protocol = ssl.DTLS
