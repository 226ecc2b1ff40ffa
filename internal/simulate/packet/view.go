package packet

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"io"
	"net/netip"
	"slices"
	"time"
)

// View is what one sensor stored of the traffic.
type View struct {
	Since, Until time.Time      // true times; zero is open
	Segments     []netip.Prefix // only traffic with an end in one of these; empty: all of it
	Clock        time.Duration  // by how much the sensor's clock is ahead
}

// Marks are the places in a file that somebody caused: by who it was, ranges of
// positions with both ends, in order.
type Marks map[int][][2]int64

// Add notes a position. Consecutive positions of one cause, none of another
// between them, become a range when joined says so.
func (m Marks) Add(by int, at int64, joined bool) {
	if by == 0 {
		return
	}
	list := m[by]
	if joined && len(list) > 0 {
		list[len(list)-1][1] = at
		return
	}
	m[by] = append(list, [2]int64{at, at})
}

// WriteTo writes all frames; see Write.
func (c *Capture) WriteTo(w io.Writer) (int64, error) {
	n, _, err := c.write(w, View{})
	return n, err
}

// Write writes what the view shows in order of time, as a little-endian
// microsecond pcap file of link type Ethernet, and returns where the frames of
// each cause stand, by their offset in the file.
func (c *Capture) Write(w io.Writer, v View) (Marks, error) {
	_, marks, err := c.write(w, v)
	return marks, err
}

func (c *Capture) write(w io.Writer, v View) (int64, Marks, error) {
	slices.SortStableFunc(c.frames, func(a, b frame) int { return cmp.Compare(a.at, b.at) })
	out := bufio.NewWriterSize(w, 1<<20)
	head := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	head = binary.LittleEndian.AppendUint16(head, 2)
	head = binary.LittleEndian.AppendUint16(head, 4)
	head = append(head, 0, 0, 0, 0, 0, 0, 0, 0)
	head = binary.LittleEndian.AppendUint32(head, 262144)
	head = binary.LittleEndian.AppendUint32(head, 1)
	if _, err := out.Write(head); err != nil {
		return 0, nil, err
	}
	marks, n, last := Marks{}, int64(len(head)), int32(0)
	for _, f := range c.frames {
		body := c.arena[f.start:f.end]
		if !v.shows(f, body) {
			continue
		}
		var h [16]byte
		at := f.at + int64(v.Clock)
		size := uint32(len(body))
		binary.LittleEndian.PutUint32(h[0:], uint32(at/1e9))
		binary.LittleEndian.PutUint32(h[4:], uint32(at%1e9/1e3))
		binary.LittleEndian.PutUint32(h[8:], size)
		binary.LittleEndian.PutUint32(h[12:], size)
		if _, err := out.Write(append(h[:], body...)); err != nil {
			return 0, nil, err
		}
		marks.Add(int(f.by), n, f.by == last)
		last = f.by
		n += 16 + int64(size)
	}
	return n, marks, out.Flush()
}

// shows tells whether the sensor stored a frame.
func (v *View) shows(f frame, body []byte) bool {
	if !v.Since.IsZero() && f.at < v.Since.UnixNano() || !v.Until.IsZero() && f.at >= v.Until.UnixNano() {
		return false
	}
	if len(v.Segments) == 0 {
		return true
	}
	ends := body[26:34] // IPv4: source, destination
	if body[12] == 8 && body[13] == 6 {
		ends = append(slices.Clone(body[28:32]), body[38:42]...)
	}
	for i := 0; i < 8; i += 4 {
		ip := netip.AddrFrom4([4]byte(ends[i : i+4]))
		if slices.ContainsFunc(v.Segments, func(p netip.Prefix) bool { return p.Contains(ip) }) {
			return true
		}
	}
	return false
}
