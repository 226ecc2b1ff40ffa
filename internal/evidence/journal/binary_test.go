package journal

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"

	"longwatch/internal/evidence/evidencetest"
	"longwatch/internal/record/host"
)

// built writes a journal as JOURNAL_FILE_FORMAT says, without the hash tables,
// which only look-ups need.
type built struct {
	buf     bytes.Buffer
	compact bool
	keyed   bool
	pack    byte // 0, 1 xz, 2 LZ4, 4 zstd
	seq     uint64
}

var id = [16]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}

func newBuilt(compact, keyed bool, pack byte) *built {
	b := &built{compact: compact, keyed: keyed, pack: pack}
	head := make([]byte, 256)
	copy(head, signature)
	flags := map[byte]uint32{0: 0, 1: flagXZ, 2: flagLZ4, 4: flagZSTD}[pack]
	if compact {
		flags |= flagCompact
	}
	if keyed {
		flags |= flagKeyed
	}
	binary.LittleEndian.PutUint32(head[12:], flags)
	copy(head[24:], id[:])
	binary.LittleEndian.PutUint64(head[88:], uint64(len(head)))
	b.buf.Write(head)
	return b
}

func (b *built) object(typ, flags byte, body []byte) int64 {
	at := int64(b.buf.Len())
	head := make([]byte, objectHead)
	head[0], head[1] = typ, flags
	binary.LittleEndian.PutUint64(head[8:], uint64(objectHead+len(body)))
	b.buf.Write(head)
	b.buf.Write(body)
	for b.buf.Len()%8 != 0 {
		b.buf.WriteByte(0)
	}
	return at
}

func (b *built) data(text string) int64 {
	n := dataHead - objectHead
	if b.compact {
		n += 8
	}
	body := make([]byte, n)
	if b.keyed {
		binary.LittleEndian.PutUint64(body, siphash(id, []byte(text)))
	}
	packed := []byte(text)
	flags := byte(0)
	if len(text) >= 64 {
		flags = b.pack
		switch b.pack {
		case 1:
			var out bytes.Buffer
			w, _ := xz.NewWriter(&out)
			_, _ = w.Write(packed)
			_ = w.Close()
			packed = out.Bytes()
		case 2:
			out := make([]byte, lz4.CompressBlockBound(len(text)))
			m, _ := lz4.CompressBlock(packed, out, nil)
			packed = append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), out[:m]...)
		case 4:
			w, _ := zstd.NewWriter(nil)
			packed = w.EncodeAll(packed, nil)
		}
	}
	return b.object(objectData, flags, append(body, packed...))
}

func (b *built) entry(usec uint64, fields ...string) {
	body := make([]byte, entryHead-objectHead)
	b.seq++
	binary.LittleEndian.PutUint64(body, b.seq)
	binary.LittleEndian.PutUint64(body[8:], usec)
	for _, f := range fields {
		at := b.data(f)
		if b.compact {
			body = binary.LittleEndian.AppendUint32(body, uint32(at))
		} else {
			body = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(body, uint64(at)), 0)
		}
	}
	b.object(objectEntry, 0, body)
}

const start = 1772445600000000 // 2026-03-02 10:00:00 UTC in microseconds

func sample(b *built) []byte {
	b.entry(start, "_HOSTNAME=web1", "SYSLOG_IDENTIFIER=sshd", "PRIORITY=6", "MESSAGE=Accepted password for root from 203.0.113.9 port 22 ssh2")
	b.entry(start+1, "_HOSTNAME=web1", "SYSLOG_IDENTIFIER=app", "_SOURCE_REALTIME_TIMESTAMP=1772445599000000", "MESSAGE=long "+strings.Repeat("x", 4000))
	return append(b.buf.Bytes(), make([]byte, 4096)...) // allocated ahead
}

// TestBinary: all layouts say the same.
func TestBinary(t *testing.T) {
	for name, b := range map[string]*built{
		"plain": newBuilt(false, false, 0), "keyed": newBuilt(false, true, 0), "compact": newBuilt(true, true, 0),
		"xz": newBuilt(false, true, 1), "lz4": newBuilt(false, true, 2), "zstd": newBuilt(false, true, 4), "zstd compact": newBuilt(true, true, 4),
	} {
		records, problems, err := evidencetest.Read(t, Format, "system.journal", sample(b))
		if err != nil || len(problems) > 0 || len(records) != 3 {
			t.Fatalf("%s: %d records, problems %v, error %v", name, len(records), problems, err)
		}
		first, login, second := records[0].(*host.Syslog), records[1].(*host.Logon), records[2].(*host.Syslog)
		if first.Ref.Pos != 1 || first.App != "sshd" || first.Severity != 6 || first.TS.Std().UnixMicro() != start {
			t.Errorf("%s: first entry %+v", name, first)
		}
		if login.Target != "root" || login.Source.String() != "203.0.113.9" || login.Host != "web1" {
			t.Errorf("%s: login %+v", name, login)
		}
		if len(second.Message) != 4005 || second.TS.Std().UnixMicro() != start-1000000 {
			t.Errorf("%s: second entry of %d bytes at %v", name, len(second.Message), second.TS)
		}
	}
}

// TestDamaged: an entry behind bytes that are no object is found, and a value
// that was edited is told of.
func TestDamaged(t *testing.T) {
	b := newBuilt(true, true, 0)
	b.entry(start, "_HOSTNAME=web1", "MESSAGE=one")
	hole := b.buf.Len()
	b.buf.WriteString(strings.Repeat("garbage!", 40))
	b.entry(start+1, "_HOSTNAME=web1", "MESSAGE=two")
	data := b.buf.Bytes()
	records, problems, err := evidencetest.Read(t, Format, "system.journal", data)
	var got []string
	for _, r := range records {
		got = append(got, r.(*host.Syslog).Message)
	}
	if diff := cmp.Diff([]string{"one", "two"}, got); diff != "" || err != nil {
		t.Errorf("error %v, messages (-want +got):\n%s", err, diff)
	}
	if len(problems) != 1 || problems[0].Name != "journal-object" || problems[0].Ref.Pos != int64(hole) || problems[0].Bytes != 320 {
		t.Errorf("problems %+v", problems)
	}
	edited := bytes.Replace(sample(newBuilt(true, true, 0)), []byte("203.0.113.9"), []byte("203.0.113.8"), 1)
	if _, problems, _ := evidencetest.Read(t, Format, "system.journal", edited); len(problems) != 1 || problems[0].Name != "journal-hash" {
		t.Errorf("an edited value: %+v", problems)
	}
}

// TestBomb: a value that says it is larger than any that journald takes is not
// unpacked.
func TestBomb(t *testing.T) {
	b := newBuilt(false, false, 4)
	b.entry(start, "MESSAGE="+strings.Repeat("x", maxValue+1))
	_, problems, err := evidencetest.Read(t, Format, "system.journal", b.buf.Bytes())
	if err != nil || len(problems) == 0 || problems[0].Name != "journal-data" {
		t.Errorf("problems %v, error %v", problems, err)
	}
}
