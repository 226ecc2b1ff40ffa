// Package git names the protocol of the Git daemon
// (https://git-scm.com/docs/gitprotocol-pack) and makes one git record of each
// request: the service, the repository and whether the server answered.
package git

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// Protocol is Git's own.
var Protocol = proto.Spec{
	Name:      "git",
	Transport: proto.TCP,
	Ports:     []uint16{9418},
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits:     []*record.Type{Type},
}

const (
	head = 4 // of a line: its length in hexadecimal, itself included
	// maxLine bounds a request; Git itself allows 65520 bytes for any line.
	maxLine = 4096
)

var errLine = errors.New("git: malformed line")

// services begin a request.
var services = []string{"git-upload-pack ", "git-receive-pack ", "git-upload-archive "}

// parser follows one connection as far as the server's first line.
type parser struct {
	c    *proto.Conn
	rec  *Request
	done [2]bool
}

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	if p.done[d] {
		return proto.Step{Used: len(b)}, nil
	}
	if len(b) < head {
		return proto.Step{Need: head}, nil
	}
	n, ok := length(b)
	switch {
	case !ok || d == proto.Orig && n > maxLine:
		p.Close()
		return proto.Step{}, errLine
	case d == proto.Resp && n > maxLine: // some reference; its beginning is enough
		n = head
	case len(b) < n:
		return proto.Step{Need: n}, nil
	}
	line := b[min(head, n):n]
	p.done[d] = true
	if d == proto.Resp {
		p.answer(line)
		return proto.Step{Used: len(b)}, nil
	}
	if err := p.request(line); err != nil {
		return proto.Step{}, err
	}
	return proto.Step{Used: len(b)}, nil
}

// length reads the length of a line. 0 to 3 mean something else than a line.
func length(b []byte) (int, bool) {
	n, err := strconv.ParseUint(string(b[:head]), 16, 16)
	if err != nil {
		return 0, false
	}
	return max(int(n), head), true
}

// request reads "git-upload-pack /path NUL host=name NUL NUL version=2 NUL".
func (p *parser) request(line []byte) error {
	for _, s := range services {
		rest, ok := bytes.CutPrefix(line, []byte(s))
		if !ok {
			continue
		}
		path, extra, _ := bytes.Cut(rest, []byte{0})
		p.rec = &Request{Conn: p.c.Head(), Service: strings.TrimSpace(strings.TrimPrefix(s, "git-")), Path: string(bytes.TrimSuffix(path, []byte("\n")))}
		for part := range bytes.SplitSeq(extra, []byte{0}) {
			if host, ok := bytes.CutPrefix(part, []byte("host=")); ok {
				p.rec.Host = string(host)
			}
			if version, ok := bytes.CutPrefix(part, []byte("version=")); ok {
				p.rec.Version = string(version)
			}
		}
		p.c.Confirm()
		return nil
	}
	return errLine
}

// answer reads the server's first line.
func (p *parser) answer(line []byte) {
	if p.rec == nil {
		return
	}
	p.rec.Answered = true
	if text, ok := bytes.CutPrefix(line, []byte("ERR ")); ok {
		p.rec.Error = string(bytes.TrimSuffix(text, []byte("\n")))
	}
}

// Gap implements proto.Parser: nothing more of the direction is read.
func (p *parser) Gap(d proto.Dir, _ int) error {
	p.done[d] = true
	return nil
}

// Close writes the record.
func (p *parser) Close() {
	if p.rec != nil {
		p.c.Emit(p.rec)
		p.rec = nil
	}
}

// probe takes a request.
func probe(d proto.Dir, b []byte) proto.Verdict {
	if d == proto.Resp {
		return probeAnswer(b)
	}
	if len(b) > 0 && b[0] != '0' {
		return proto.No
	}
	if len(b) < head {
		return proto.Maybe
	}
	if n, ok := length(b); !ok || n < 20 || n > maxLine {
		return proto.No
	}
	for _, s := range services {
		n := min(len(b)-head, len(s))
		if string(b[head:head+n]) == s[:n] {
			if n < len(s) {
				return proto.Maybe
			}
			return proto.Yes
		}
	}
	return proto.No
}

// probeAnswer leaves open what may be a line.
func probeAnswer(b []byte) proto.Verdict {
	for _, ch := range b[:min(len(b), head)] {
		if (ch < '0' || ch > '9') && (ch < 'a' || ch > 'f') {
			return proto.No
		}
	}
	if len(b) > 256 {
		return proto.No
	}
	return proto.Maybe
}
