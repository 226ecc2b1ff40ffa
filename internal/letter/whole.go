package letter

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/emersion/go-message"

	"longwatch/internal/content"
	lwmail "longwatch/internal/record/mail"
)

const (
	maxParts      = 256
	maxDepth      = 16
	maxAttachment = 64 << 20
	maxText       = 4 << 10
	maxScan       = 1 << 20 // of a text part, searched for links
)

// Read reads one message. A damaged one gives what could be read and an error.
func Read(raw []byte) (*lwmail.Message, error) {
	e, err := message.ReadWithOptions(bytes.NewReader(raw), &message.ReadOptions{MaxHeaderBytes: 1 << 20})
	if e == nil {
		return nil, fmt.Errorf("letter: not a message: %w", err)
	}
	m := &lwmail.Message{}
	w := &walker{r: &reader{m: m}}
	fields := w.r.headers(&e.Header)
	werr := w.part(e, 0)
	w.r.finish(fields)
	if m.From == "" && m.MessageID == "" && m.Subject == "" && len(m.To) == 0 {
		return nil, errors.New("letter: no header of a message")
	}
	return m, werr
}

// walker goes through the parts of one message.
type walker struct {
	r     *reader
	parts int
}

func (w *walker) part(e *message.Entity, depth int) error {
	if w.parts++; w.parts > maxParts || depth > maxDepth {
		return fmt.Errorf("letter: more than %d parts or %d levels", maxParts, maxDepth)
	}
	if mr := e.MultipartReader(); mr != nil {
		for {
			p, err := mr.NextPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if p == nil {
				return fmt.Errorf("letter: part %d: %w", w.parts, err)
			}
			if err := w.part(p, depth+1); err != nil {
				return err
			}
		}
	}
	kind, params, _ := e.Header.ContentType()
	disposition, dparams, _ := e.Header.ContentDisposition()
	name := dparams["filename"]
	if name == "" {
		name = params["name"]
	}
	switch {
	case kind == "message/rfc822" && name == "":
		inner, err := message.Read(e.Body)
		if inner == nil {
			return fmt.Errorf("letter: forwarded message: %w", err)
		}
		return w.part(inner, depth+1)
	case name == "" && disposition != "attachment" && strings.HasPrefix(kind, "text/"):
		return w.r.readable(e.Body, kind == "text/html")
	case name != "" || disposition == "attachment":
		data, err := io.ReadAll(io.LimitReader(e.Body, maxAttachment))
		w.r.attach(name, content.Inspect(name, data), data)
		if err != nil {
			return fmt.Errorf("letter: attachment %q: %w", name, err)
		}
	}
	return nil
}
