package http

import (
	"strconv"
	"strings"
	"time"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wirefile"
)

// rangedFiles are the files between two hosts that come in ranges, maybe over
// several connections, oldest first.
type rangedFiles struct{ list []rangedFile }

type rangedFile struct {
	key  string
	file *wirefile.File
}

const (
	// maxRanged bounds the files that wait for more ranges, between two hosts.
	maxRanged = 32
	// rangePatience is how long a file waits for its next range, as in Zeek.
	rangePatience = 2 * time.Minute
)

// ranges are the files that both hosts of the connection have under way.
func (p *parser) ranges() *rangedFiles {
	return p.c.Shared("http ranges", func() proto.Sharer { return &rangedFiles{} }).(*rangedFiles)
}

// fileKey names a file that comes in ranges: by client and URL, as in Zeek.
func (p *parser) fileKey(r *Request) string {
	url := r.URI
	if !strings.Contains(url, "://") {
		host := r.Host
		if host == "" {
			host = r.RespH.String()
		}
		if r.RespP != 80 {
			host += ":" + strconv.Itoa(int(r.RespP))
		}
		url = host + url
	}
	return r.OrigH.String() + " " + url
}

// find returns the file under key that is under way at now.
func (l *rangedFiles) find(key string, now record.Time) *wirefile.File {
	for i := 0; i < len(l.list); {
		f := l.list[i]
		switch {
		case now.Sub(f.file.Last()) > rangePatience:
			l.quiet(i)
		case f.key == key:
			return f.file
		default:
			i++
		}
	}
	return nil
}

func (l *rangedFiles) keep(key string, f *wirefile.File) {
	if len(l.list) == maxRanged {
		l.quiet(0)
	}
	l.list = append(l.list, rangedFile{key, f})
}

func (l *rangedFiles) drop(key string) {
	for i, f := range l.list {
		if f.key == key {
			l.list = append(l.list[:i], l.list[i+1:]...)
			return
		}
	}
}

// quiet ends file i: nothing more of it came.
func (l *rangedFiles) quiet(i int) {
	f := l.list[i].file
	l.list = append(l.list[:i], l.list[i+1:]...)
	f.Quiet()
	f.Close()
}

// Held implements proto.Sharer.
func (l *rangedFiles) Held() int {
	n := 0
	for _, f := range l.list {
		n += f.file.Held() + len(f.key) + fileCost
	}
	return n
}

// fileCost is what a file under way is taken to cost beside what waits.
const fileCost = 8 << 10

// Close implements proto.Sharer.
func (l *rangedFiles) Close() {
	for len(l.list) > 0 {
		l.quiet(0)
	}
}
