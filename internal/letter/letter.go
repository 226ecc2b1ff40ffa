// Package letter reads messages (RFC 5322) with their MIME parts (RFC 2045)
// into mail records: who wrote to whom, the links of text and HTML, and what
// the attachments are. Files of mail are read whole, with Read; protocols hand
// over line by line, and keep no more than the headers and the start of the
// text:
//
//	b := letter.NewBuilder(true)
//	s := letter.NewStream(b)
//	s.Line(line, true)
//	s.Close()
//	m := b.Message()
package letter
