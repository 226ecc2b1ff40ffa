package outlookmsg

import (
	"encoding/binary"
	"fmt"
	"time"

	"golang.org/x/text/encoding/htmlindex"

	"longwatch/internal/ole"
	"longwatch/internal/wire"
)

// Property ids of MS-OXPROPS that are read.
const (
	propSubject     = 0x0037
	propSubmitTime  = 0x0039
	propSentName    = 0x0042
	propSentType    = 0x0064
	propSentAddress = 0x0065
	propHeaders     = 0x007d
	propRcptType    = 0x0c15
	propSenderName  = 0x0c1a
	propSenderType  = 0x0c1e
	propSender      = 0x0c1f
	propDelivery    = 0x0e06
	propBody        = 0x1000
	propRTF         = 0x1009
	propHTML        = 0x1013
	propMessageID   = 0x1035
	propReferences  = 0x1039
	propInReplyTo   = 0x1042
	propName        = 0x3001
	propAddress     = 0x3003
	propData        = 0x3701
	propShortName   = 0x3704
	propLongName    = 0x3707
	propMIME        = 0x370e
	propSMTP        = 0x39fe
	propCodePage    = 0x3fde
	propMsgCodePage = 0x3ffd
	propSenderSMTP  = 0x5d01
	propSentSMTP    = 0x5d02
)

const (
	typeInt    = 0x0003
	typeTime   = 0x0040
	typeObject = 0x000d
	typeText8  = 0x001e
	typeText16 = 0x001f
	typeBinary = 0x0102
)

// bag is the properties of a message, a recipient or an attachment.
type bag struct {
	c       *converter
	at      *ole.Entry
	streams map[string]*ole.Entry
	fixed   map[uint32][]byte // tag: eight bytes
	page    string            // character set of eight-bit text
}

// open reads the properties of a storage: those of a fixed length from one
// stream, behind its header (MS-OXMSG section 2.4), the others are streams of
// their own.
func (c *converter) open(at *ole.Entry, header int, page string) *bag {
	b := &bag{c: c, at: at, streams: map[string]*ole.Entry{}, fixed: map[uint32][]byte{}, page: page}
	for _, e := range c.f.Children(at) {
		b.streams[e.Name] = e
	}
	list := c.data(b.streams["__properties_version1.0"])
	if len(list) > header {
		for list = list[header:]; len(list) >= 16 && len(b.fixed) < 1<<12; list = list[16:] {
			b.fixed[binary.LittleEndian.Uint32(list)] = list[8:16]
		}
	}
	for _, id := range []uint32{propCodePage, propMsgCodePage} {
		if n := b.number(id); n > 0 && b.page == "" {
			b.page = charset(n)
		}
	}
	return b
}

// charset is the name of a code page of Windows.
func charset(n uint32) string {
	switch {
	case n == 65001:
		return "utf-8"
	case n == 20127:
		return "us-ascii"
	case n >= 28591 && n <= 28605:
		return fmt.Sprintf("iso-8859-%d", n-28590)
	case n == 932:
		return "shift_jis"
	case n == 936:
		return "gbk"
	case n == 949:
		return "euc-kr"
	case n == 950:
		return "big5"
	case n == 20866:
		return "koi8-r"
	case n >= 1250 && n <= 1258 || n == 874:
		return fmt.Sprintf("windows-%d", n)
	}
	return ""
}

// data is the content of a stream, within the budget of the message.
func (c *converter) data(e *ole.Entry) []byte {
	if e == nil || !e.Stream() {
		return nil
	}
	if int64(e.Size) > c.left || e.Size > maxFile {
		c.note(fmt.Sprintf("stream %q of %d bytes is beyond what is read of one message", e.Name, e.Size))
		return nil
	}
	b, err := c.f.Data(e)
	if err != nil {
		c.note(err.Error())
	}
	c.left -= int64(len(b))
	return b
}

func (b *bag) stream(id, kind uint32) *ole.Entry {
	return b.streams[fmt.Sprintf("__substg1.0_%04X%04X", id, kind)]
}

// text is a property of characters.
func (b *bag) text(id uint32) string {
	if e := b.stream(id, typeText16); e != nil {
		return wire.UTF16(b.c.data(e))
	}
	raw := b.c.data(b.stream(id, typeText8))
	if enc, err := htmlindex.Get(b.page); err == nil && len(raw) > 0 {
		if s, err := enc.NewDecoder().Bytes(raw); err == nil {
			return string(s)
		}
	}
	return string(raw)
}

func (b *bag) first(ids ...uint32) string {
	for _, id := range ids {
		if s := b.text(id); s != "" {
			return s
		}
	}
	return ""
}

func (b *bag) number(id uint32) uint32 {
	if v := b.fixed[id<<16|typeInt]; v != nil {
		return binary.LittleEndian.Uint32(v)
	}
	return 0
}

// time is a FILETIME: 100 ns since 1601.
func (b *bag) time(id uint32) time.Time {
	v := b.fixed[id<<16|typeTime]
	if v == nil {
		return time.Time{}
	}
	const epoch = 11644473600
	n := binary.LittleEndian.Uint64(v)
	if n < epoch*1e7 || n > 1<<62 {
		return time.Time{}
	}
	return time.Unix(int64(n/1e7)-epoch, int64(n%1e7)*100).UTC()
}
