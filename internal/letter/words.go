package letter

import (
	"mime"

	"github.com/emersion/go-message/charset"
)

// words decodes RFC 2047 words in the character sets that go-message knows.
var words = &mime.WordDecoder{CharsetReader: charset.Reader}
