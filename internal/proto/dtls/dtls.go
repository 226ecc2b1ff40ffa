// Package dtls is DTLS 1.0 to 1.3 over UDP. The handshake is that of TLS, so
// the parser and the records are those of package ssl.
package dtls

import "longwatch/internal/proto/ssl"

// Protocol is DTLS.
var Protocol = ssl.DTLS
