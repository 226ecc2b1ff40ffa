package collect

import (
	"bufio"
	"context"
	"io"

	"longwatch/internal/evidence"
)

// stdin hands over standard input as it comes, unpacked: a capture that another
// program writes, or an archive. It is never kept whole.
func (w *Walker) stdin(ctx context.Context, v Visitor) {
	br := bufio.NewReaderSize(w.Stdin, 1<<20)
	head, _ := br.Peek(512)
	f := &evidence.File{Path: StdinPath, Name: "stdin", Size: -1, Stream: true}
	kind := containerOf(head)
	switch kind {
	case notContainer:
		f.Open = func() (io.ReadCloser, error) { return io.NopCloser(br), nil }
		v.File(ctx, f)
		w.closed(v, f, head)
	case zipFile:
		w.nestedZip(ctx, v, f, br, w.streamed(), 0)
	default:
		w.expand(ctx, v, kind, f, br, nil, w.streamed(), 1)
	}
}

// streamed is the budget of a stream, whose compressed size is not known before
// its end: its total alone is bounded.
func (w *Walker) streamed() *budget {
	return &budget{limits: w.Limits, input: w.Limits.Total / w.Limits.Ratio}
}
