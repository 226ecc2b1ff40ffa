package proto

// Upgrade is what was said when HTTP gave its connection to another protocol
// (RFC 9110 section 7.8). The parser of that protocol finds it in Conn.Arranged.
type Upgrade struct {
	Host, URI, UserAgent string
	Asked, Answered      []Header // headers of request and reply that concern the protocol
}

// Header is one header line, its name in lower case.
type Header struct{ Name, Value string }
