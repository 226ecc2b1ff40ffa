package mailbox

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// box takes messages off a file, one after the other. It knows the four
// variants of mbox: a line that begins with "From " in a text is quoted (mboxo,
// mboxrd, mboxcl), or stands as it is and Content-Length says where the message
// ends (mboxcl2).
type box struct {
	br     *bufio.Reader
	line   int64 // lines taken
	mbox   bool
	emlx   bool
	lies   bool // a Content-Length of this file was wrong: none counts any more
	length bool // and one was right: nothing is quoted
}

const window = 256 << 10 // of lines that are looked at whole

func newBox(r io.Reader) *box {
	b := &box{br: bufio.NewReaderSize(r, window)}
	start, _ := b.br.Peek(64)
	b.mbox = bytes.HasPrefix(start, []byte("From "))
	if first, _, ok := bytes.Cut(start, []byte("\n")); ok && isCount(bytes.TrimRight(first, "\r ")) {
		b.emlx = true
	}
	return b
}

// isCount tells the first line of an EMLX file: the length of the message.
func isCount(line []byte) bool {
	line = bytes.TrimSpace(line)
	n, err := strconv.ParseUint(string(line), 10, 40)
	return err == nil && n > 0 && len(line) < 12
}

// message is one that is being taken.
type message struct {
	raw     []byte
	lost    int64
	body    int   // where the text begins; 0: still in the headers
	length  int64 // Content-Length; -1: none
	inside  int   // first line within the text that looks like the start of another message; -1: none
	atLine  int64 // of it
	checked bool
}

// next takes one message, without the line that separates it from the one
// before. It returns the bytes beyond maxMessage.
func (b *box) next() (raw []byte, lost int64, err error) {
	if b.emlx {
		return b.nextEMLX()
	}
	m := &message{length: -1, inside: -1}
	for fresh, blank := true, true; ; fresh = false {
		if b.mbox && !fresh {
			end, again := b.ends(m, blank)
			if again {
				return b.cut(m)
			}
			if end {
				return b.finish(m), m.lost, nil
			}
		}
		part, rerr := b.br.ReadSlice('\n')
		whole := !errors.Is(rerr, bufio.ErrBufferFull)
		if whole && len(part) > 0 {
			b.line++
		}
		switch {
		case b.mbox && fresh && bytes.HasPrefix(part, []byte("From ")):
		case len(m.raw)+len(part) > maxMessage:
			m.lost += int64(len(part))
		default:
			m.raw = append(m.raw, part...)
		}
		blank = len(bytes.TrimRight(part, "\r\n")) == 0 && whole
		if m.body == 0 && blank && !fresh {
			m.body = len(m.raw)
			m.length = b.contentLength(m.raw)
		}
		if rerr != nil && whole {
			if b.tooLong(m) {
				return b.cut(m)
			}
			return b.finish(m), m.lost, rerr
		}
	}
}

// ends tells whether the message is over here. again says that what was taken
// for its text is more than one message.
func (b *box) ends(m *message, blank bool) (end, again bool) {
	at := int64(len(m.raw) - m.body)
	known := m.body > 0 && m.length >= 0
	if known && at > m.length+2 && !m.checked { // the end that was told is behind us: was it one?
		if m.checked = true; m.inside >= 0 {
			b.lies = true
			return false, true
		}
	}
	next, _ := b.br.Peek(5)
	if !bytes.Equal(next, []byte("From ")) {
		return false, false
	}
	if known && (at == m.length || at == m.length+1 || at == m.length+2) {
		b.length = b.length || m.inside >= 0
		return true, false
	}
	if !blank || !b.separates() {
		return false, false
	}
	if known && at < m.length {
		if m.inside < 0 {
			m.inside, m.atLine = len(m.raw), b.line
		}
		return false, false
	}
	return true, false
}

// tooLong tells, at the end of the file, that a length led past the end.
func (b *box) tooLong(m *message) bool {
	if m.inside < 0 || m.lost > 0 || int64(len(m.raw)-m.body) == m.length || int64(len(m.raw)-m.body) == m.length+1 {
		return false
	}
	b.lies = true
	return true
}

// cut ends the message at the first line that looks like the start of another,
// and puts the rest back. It is done once: lengths do not count afterwards.
func (b *box) cut(m *message) (raw []byte, lost int64, err error) {
	rest := bytes.Clone(m.raw[m.inside:])
	m.raw, b.line = m.raw[:m.inside], m.atLine
	b.br = bufio.NewReaderSize(io.MultiReader(bytes.NewReader(rest), b.br), window)
	return b.finish(m), m.lost, nil
}

var (
	lengthField = regexp.MustCompile(`(?im)^Content-Length:[ \t]*(\d{1,15})[ \t]*\r?$`)
	fromTime    = regexp.MustCompile(`^From [^\r\n]*\d{1,2}:\d\d`)
	headerLine  = regexp.MustCompile(`^(?:[!-9;-~]+[ \t]*:|>From |\r?\n|$)`)
)

func (b *box) contentLength(head []byte) int64 {
	if b.lies || !b.mbox {
		return -1
	}
	m := lengthField.FindSubmatch(head[:min(len(head), window)])
	if m == nil {
		return -1
	}
	n, err := strconv.ParseInt(string(m[1]), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// separates tells whether the line ahead, which begins with "From ", is the
// start of a message and not of a sentence: it has a time and a header line
// follows, or a well-known header does.
func (b *box) separates() bool {
	ahead, _ := b.br.Peek(1024)
	line, rest, ok := bytes.Cut(ahead, []byte("\n"))
	if !ok {
		return fromTime.Match(line)
	}
	if fromTime.Match(line) {
		return headerLine.Match(rest)
	}
	name, _, ok := bytes.Cut(rest, []byte(":"))
	return ok && len(name) < 76 && slices.Contains(known, strings.ToLower(string(name)))
}

var quotedFrom = regexp.MustCompile(`(?m)^>(>*From )`)

// finish undoes the quoting.
func (b *box) finish(m *message) []byte {
	if !b.mbox || b.length || !bytes.Contains(m.raw, []byte(">From ")) {
		return m.raw
	}
	return quotedFrom.ReplaceAll(m.raw, []byte("$1"))
}

// nextEMLX takes the message of an EMLX file: a line with its length, the
// message, and a property list, which is left alone.
func (b *box) nextEMLX() (raw []byte, lost int64, err error) {
	first, err := b.br.ReadSlice('\n')
	if err != nil {
		return nil, 0, err
	}
	b.line++
	n, err := strconv.ParseInt(string(bytes.TrimSpace(first)), 10, 64)
	if err != nil {
		return nil, 0, err
	}
	raw, err = io.ReadAll(io.LimitReader(b.br, min(n, maxMessage)))
	if err == nil {
		err = io.EOF
		if int64(len(raw)) < min(n, maxMessage) {
			err = io.ErrUnexpectedEOF
		}
	}
	return raw, n - min(n, maxMessage), err
}
