package evtx

import (
	"bytes"
	"encoding/binary"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/wire"
)

// The layout of a record: mark, size, id and time, binary XML, size again.
const (
	recordHeader = 24
	recordMin    = recordHeader + 4
	recordAlign  = 8
)

var recordMark = []byte{'*', '*', 0, 0}

// recordInfo is a record's frame.
type recordInfo struct {
	at      int // offset in the chunk
	size    int
	id      uint64
	written record.Time
}

// parseFrame reads the frame at offset at. The size at its end is not looked
// at: it is missing when the record was not written whole.
func parseFrame(b []byte, at int) (recordInfo, bool) {
	c := wire.At(b)
	c.Seek(at)
	if !bytes.Equal(c.Take(len(recordMark)), recordMark) {
		return recordInfo{}, false
	}
	info := recordInfo{at: at, size: int(c.L32()), id: c.L64(), written: fileTime(c.L64())}
	return info, c.OK() && info.size >= recordMin && info.size <= len(b)-at
}

// parseRecord reads the frame of a whole record: its size is repeated at its
// end.
func parseRecord(b []byte, at int) (recordInfo, bool) {
	info, ok := parseFrame(b, at)
	if !ok {
		return recordInfo{}, false
	}
	return info, int(binary.LittleEndian.Uint32(b[info.end():])) == info.size
}

// body is where a record's binary XML begins, end where it ends at the latest.
func (r recordInfo) body() int { return r.at + recordHeader }
func (r recordInfo) end() int  { return r.at + r.size - 4 }

// readRecords reads the records that lie one after the other from the header
// to free, and beyond it as long as they continue: then the header is older
// than the records. It returns where they end.
func (w *worker) readRecords(b []byte, free int) int {
	at := chunkHeader
	var last uint64
	for {
		info, ok := parseRecord(b, at)
		if ok && (at < free || last != 0 && info.id == last+1) {
			w.readRecord(b, info)
			last = info.id
			at += info.size
			continue
		}
		if at >= free || isZero(b[at:free]) {
			return at
		}
		if info, ok := parseFrame(b, at); ok && w.readPartial(b, info) {
			last = info.id
			at += info.size
			continue
		}
		next := nextRecord(b, at+1)
		if next < 0 || next >= free {
			w.problem("evtx-record-damaged", w.off+int64(at), int64(free-at), "%d bytes where a record should be, and no further record in this chunk", free-at)
			return at
		}
		w.problem("evtx-record-damaged", w.off+int64(at), int64(next-at), "%d bytes where a record should be; reading went on behind them", next-at)
		at = next
	}
}

// nextRecord finds the next place at or after from where a whole record
// begins, or -1.
func nextRecord(b []byte, from int) int { return next(b, from, parseRecord) }

func next(b []byte, from int, parse func([]byte, int) (recordInfo, bool)) int {
	for from < len(b) {
		i := bytes.Index(b[from:], recordMark)
		if i < 0 {
			return -1
		}
		if _, ok := parse(b, from+i); ok {
			return from + i
		}
		from += i + 1
	}
	return -1
}

// readRecord decodes a live record.
func (w *worker) readRecord(b []byte, info recordInfo) {
	e := w.newEvent(info)
	w.decoder.lenient = true
	used, err := w.decoder.decode(e, info.body(), info.end())
	w.decoder.lenient = false
	if err != nil {
		w.live(info, nil, false)
		if !w.decoder.some() {
			w.problem("evtx-record-damaged", w.off+int64(info.at), int64(info.size), "record %d does not decode: %v", info.id, err)
			return
		}
		w.problem("evtx-record-damaged", w.off+int64(info.at), 0, "record %d is damaged: %v; what could be read was kept", info.id, err)
		w.finishEvent(e, info)
		w.put(e)
		return
	}
	w.finishEvent(e, info)
	w.live(info, e, false)
	w.put(e)
	w.searchInside(b, info, used)
}

// readPartial decodes a record whose end was not written, if what is there
// makes an event.
func (w *worker) readPartial(b []byte, info recordInfo) bool {
	e := w.newEvent(info)
	if _, err := w.decoder.decode(e, info.body(), info.end()); err != nil {
		return false
	}
	w.problem("evtx-record-damaged", w.off+int64(info.at), 0, "record %d was not written whole; values that are missing are empty or zero", info.id)
	w.finishEvent(e, info)
	w.live(info, nil, false)
	w.put(e)
	return true
}

// searchInside looks into what a record's binary XML leaves of its bytes. A
// record there was hidden by enlarging the one before it over it, which is how
// known tools remove single events while checksums stay right. They overwrite
// the size at its end with the new one, so that only its frame is looked at.
func (w *worker) searchInside(b []byte, info recordInfo, used int) {
	b = b[:info.at+info.size]
	for at := next(b, used, parseFrame); at >= 0; {
		inner, _ := parseFrame(b, at)
		e := w.newEvent(inner)
		if _, err := w.decoder.decode(e, inner.body(), inner.end()); err != nil {
			at = next(b, at+1, parseFrame)
			continue
		}
		w.problem("evtx-record-hidden", w.off+int64(at), 0, "record %d was hidden inside record %d: the log was tampered with", inner.id, info.id)
		w.finishEvent(e, inner)
		w.live(inner, e, true)
		w.put(e)
		at = next(b, at+inner.size, parseFrame)
	}
}

// carve searches unused space for records of former use. Their templates may
// be overwritten: what does not decode, or does not agree with its frame, is
// no record any more, and that is nothing to report.
func (w *worker) carve(b []byte, from int) {
	for at := nextRecord(b, from); at >= 0; {
		info, _ := parseRecord(b, at)
		e := &host.RecoveredEvent{Event: host.Event{Head: w.head(info)}}
		_, err := w.decoder.decode(&e.Event, info.body(), info.end())
		if err != nil || e.TS == 0 || e.Provider == "" {
			at = nextRecord(b, at+1)
			continue
		}
		w.finishEvent(&e.Event, info)
		w.chunk.recovered = append(w.chunk.recovered, e)
		w.chunk.frames = append(w.chunk.frames, info.id)
		at = nextRecord(b, at+info.size)
	}
}

// newEvent takes an event of some that are allocated together.
func (w *worker) newEvent(info recordInfo) *host.Event {
	if len(w.events) == 0 {
		w.events = make([]host.Event, 16)
	}
	e := &w.events[0]
	w.events = w.events[1:]
	e.Head = w.head(info)
	return e
}

func (w *worker) head(info recordInfo) record.Head {
	return record.Head{Ref: w.file.Ref(record.RefRecord, int64(info.id))}
}

// finishEvent fills what the XML left out from the record's frame.
func (w *worker) finishEvent(e *host.Event, info recordInfo) {
	if e.TS == 0 {
		e.TS = info.written
	}
	if e.RecordID == 0 {
		e.RecordID = info.id
	}
	e.Ref.Pos = int64(e.RecordID)
}

// unixEpoch is 1970-01-01 as a FILETIME: 100 ns since 1601-01-01.
const unixEpoch = 116444736000000000

// fileTime converts a FILETIME. Times that nanoseconds since 1970 cannot say
// (before 1677, after 2262) are unknown.
func fileTime(t uint64) record.Time {
	const span = 1<<63 - 1
	if t > span {
		return 0
	}
	d := int64(t) - unixEpoch
	if d > span/100 || d < -span/100 {
		return 0
	}
	return record.Time(d * 100)
}

func fileTimeOf(b []byte) record.Time {
	if len(b) < 8 {
		return 0
	}
	return fileTime(binary.LittleEndian.Uint64(b))
}
