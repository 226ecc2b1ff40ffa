package iis

import (
	"bytes"
	"context"
	"io"

	"longwatch/internal/evidence"
	"longwatch/internal/finding"
)

// Collector takes the files that somebody else walks over, for an audit. Its
// methods are safe for concurrent use.
type Collector struct{ v *visitor }

// NewCollector returns an empty one.
func NewCollector() *Collector { return &Collector{newVisitor()} }

// Watch notes a file. Where its content is wanted the caller reads through what
// Watch returns and calls done at the end; otherwise it returns r itself.
func (c *Collector) Watch(f *evidence.File, r io.Reader) (content io.Reader, done func()) {
	if !c.v.note(f) {
		return r, func() {}
	}
	var b bytes.Buffer
	return io.TeeReader(r, &limited{&b}), func() { c.v.take(f, b.Bytes()) }
}

// limited keeps what is written to it up to a byte more than is parsed.
type limited struct{ b *bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if room := maxSize + 1 - l.b.Len(); room > 0 {
		l.b.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}

// Audit judges what was collected. Call it once, when all is read.
func (c *Collector) Audit(ctx context.Context, known *KeyList) (*Report, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return c.v.audit(known).run(), nil
}

// marks are the checks whose findings of high severity and above intruders
// leave; the others weaken a server, and administrators leave them as often.
var marks = map[string]bool{
	"native-module": true, "native-masquerade": true, "managed-module": true, "handler": true, "handler-static": true, "isapi-filter": true, "build-provider": true, "config-code": true,
	"machinekey-published": true, "viewstate-mac": true, "upload-holds-script": true, "log-off": true, "pool-injection": true, "pool-action": true, "auto-start": true, "shell-process": true,
	"redirected": true, "runtime": true, "config-served": true, "virtual-directory": true,
}

// Mark tells whether f is what intruders leave or need at once, so that a hunt
// has to name it.
func (f *Finding) Mark() bool { return f.Severity >= finding.High && marks[f.Check] }
