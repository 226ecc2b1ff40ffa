package mysql

import (
	"bytes"
	"strconv"

	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// The commands that are treated apart.
const (
	comQuit        = 1
	comQuery       = 3
	comFieldList   = 4
	comStatistics  = 9
	comProcessInfo = 10
	comPing        = 14
	comChangeUser  = 17
	comDaemon      = 29
	comReset       = 31
)

// answer is what the server is expected to send.
type answer uint8

const (
	answerNone    answer = iota // nothing that would be followed
	answerStatus                // OK, EOF or an error
	answerColumns               // OK, an error, a number of columns, or a file that is asked for
	answerFile                  // the client sends a file, then OK or an error comes
	answerDefined               // definitions of columns
	answerFields                // definitions of columns, as many as there are, then EOF
	answerMiddle                // the EOF between definitions and rows, or the first row
	answerRows                  // rows, then EOF or OK
)

// eofLength is how long an EOF is at most: what begins like one and is longer
// is an OK, or a row.
const eofLength = 9

// request reads one packet of the client.
func (p *parser) request(b []byte, length int) error {
	switch p.phase {
	case phaseGreeting:
		return errSequence
	case phaseAuth:
		if !p.asked {
			return p.login(b, length)
		}
		return nil // more of what the plugin wants
	case phaseCommand:
	}
	if p.answer == answerFile {
		if length == 0 {
			p.answer = answerStatus
		}
		return nil
	}
	if len(b) == 0 {
		return malformed("empty command")
	}
	p.end()
	p.c.Confirm()
	p.command(b[0], b[1:])
	return nil
}

// command begins the record of a command and says what answers it.
func (p *parser) command(code byte, arg []byte) {
	name := "unknown-" + strconv.Itoa(int(code))
	if int(code) < len(commandNames) {
		name = commandNames[code]
	}
	p.answer = answerNone
	switch code {
	case comChangeUser:
		p.changeUser(arg)
		p.phase = phaseAuth
		return
	case comQuery:
		arg = p.statement(arg)
		p.answer = answerColumns
	case comProcessInfo:
		p.answer = answerColumns
	case comFieldList:
		p.answer = answerFields
	case comStatistics: // a line of text
	default:
		if code < comPing+3 || code == comDaemon || code == comReset {
			p.answer = answerStatus
		}
	}
	p.begin(name, cut(bytes.TrimSuffix(arg, []byte{0})))
	if code == comQuit {
		p.end()
	}
}

// statement passes over the attributes of a query.
func (p *parser) statement(b []byte) []byte {
	if p.client&p.server&capQueryAttrs == 0 {
		if p.guessEOF && len(b) > 2 && b[0] == 0 && b[1] == 1 {
			return b[2:]
		}
		return b
	}
	c := wire.At(b)
	count := number(&c)
	number(&c) // sets of them: 1
	if count > 0 {
		attributes(&c, count)
	}
	if !c.OK() {
		p.c.Weird("mysql_malformed_query_attributes", "")
		return nil
	}
	return c.Rest()
}

// The types of values whose size is not in front of them.
const (
	typeTiny      = 0x01
	typeShort     = 0x02
	typeLong      = 0x03
	typeFloat     = 0x04
	typeDouble    = 0x05
	typeNull      = 0x06
	typeTimestamp = 0x07
	typeLonglong  = 0x08
	typeInt24     = 0x09
	typeDate      = 0x0a
	typeTime      = 0x0b
	typeDatetime  = 0x0c
	typeYear      = 0x0d
	typeStamp2    = 0x11
)

// attributes passes over count attributes: a bitmap of those that are NULL,
// their types and names, their values.
func attributes(c *wire.Cursor, count uint64) {
	if count > uint64(c.Len()) {
		c.Skip(c.Len() + 1) // fails
		return
	}
	n := int(count) // #nosec G115 -- bounded by what is there
	null := c.Take((n + 7) / 8)
	c.Skip(1) // new types follow
	types := make([]byte, 0, min(n, 64))
	for i := 0; i < n && c.OK(); i++ {
		types = append(types, c.U8())
		c.Skip(1) // unsigned
		text(c)
	}
	for i := 0; i < n && c.OK(); i++ {
		if null[i/8]>>(i%8)&1 == 0 {
			value(c, types[i])
		}
	}
}

func value(c *wire.Cursor, kind byte) {
	switch kind {
	case typeTiny:
		c.Skip(1)
	case typeShort, typeYear:
		c.Skip(2)
	case typeLong, typeFloat, typeInt24:
		c.Skip(4)
	case typeLonglong, typeDouble:
		c.Skip(8)
	case typeNull:
	case typeTimestamp, typeDate, typeTime, typeDatetime, typeStamp2:
		c.Skip(int(c.U8()))
	default:
		text(c)
	}
}

// response reads one packet of the server.
func (p *parser) response(seq uint8, b []byte, length int) error {
	switch p.phase {
	case phaseGreeting:
		if seq != 0 {
			return malformed("greeting")
		}
		return p.greeting(b)
	case phaseAuth:
		return p.authReply(b)
	case phaseCommand:
	}
	if p.answer == answerNone || p.answer == answerFile || len(b) == 0 {
		return nil
	}
	c := wire.At(b)
	first := c.U8()
	if first == 0xff && p.answer != answerDefined {
		p.failed(&c)
		return nil
	}
	switch p.answer {
	case answerStatus:
		switch first {
		case 0x00:
			p.succeed(number(&c))
		case 0xfe:
			p.succeed(0)
		}
	case answerColumns:
		p.columnCount(first, b, &c)
	case answerDefined:
		if p.columns--; p.columns <= 0 {
			p.answer = answerMiddle
		}
	case answerFields:
		if first == 0xfe {
			p.finished(&c, length)
		}
	case answerMiddle:
		p.answer = answerRows
		if p.guessEOF {
			p.noEOF = first != 0xfe || length >= eofLength
		}
		if p.noEOF {
			p.row(first, &c, length)
		}
	case answerRows:
		p.row(first, &c, length)
	case answerNone, answerFile:
	}
	return nil
}

// columnCount reads the first packet that answers a query.
func (p *parser) columnCount(first byte, b []byte, c *wire.Cursor) {
	switch first {
	case 0x00:
		p.succeed(number(c))
	case 0xfb: // LOCAL INFILE
		p.answer = answerFile
		if p.rec != nil {
			p.rec.File = cut(c.Rest())
		}
	default:
		whole := wire.At(b)
		p.columns, p.answer = int(min(number(&whole), 1<<20)), answerDefined // #nosec G115 -- bounded
	}
}

// row passes over a row; the last one is no row.
func (p *parser) row(first byte, c *wire.Cursor, length int) {
	if first == 0xfe && length < maxPacket {
		p.finished(c, length)
	}
}

// finished reads the EOF or OK that ends a result. What follows it, another
// result of the same command, is not looked at.
func (p *parser) finished(c *wire.Cursor, length int) {
	rows := uint64(0)
	if p.noEOF || length > eofLength {
		rows = number(c)
	}
	p.answer = answerNone
	p.succeed(rows)
}

// failed reads an error: its number, its state and its message.
func (p *parser) failed(c *wire.Cursor) {
	code := c.L16()
	if code == 0xffff {
		return // MariaDB's report of progress
	}
	if rest := c.Rest(); len(rest) > 6 && rest[0] == '#' {
		c.Skip(6)
	}
	p.answer = answerNone
	if p.rec != nil && c.OK() {
		p.rec.Success, p.rec.Code, p.rec.Response = record.Some(false), record.Some(code), cut(c.Rest())
		p.end()
	}
}
