package flow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"longwatch/internal/capture"
	"longwatch/internal/evidence"
	"longwatch/internal/record"
)

const (
	// batchSize is how many packets are handed over at once.
	batchSize = 256
	// inFlight bounds the batches that wait for one worker.
	inFlight = 8
)

// batch is packets for one worker, and the blocks they lie in.
type batch struct {
	packets []packet
	blocks  []*capture.Block
}

func (b *batch) add(p *packet, in *capture.Block) {
	if in != nil && (len(b.blocks) == 0 || b.blocks[len(b.blocks)-1] != in) {
		in.Retain()
		b.blocks = append(b.blocks, in)
	}
	b.packets = append(b.packets, *p)
}

func (b *batch) release() {
	for _, bl := range b.blocks {
		bl.Release()
	}
	clear(b.packets)
	b.packets, b.blocks = b.packets[:0], b.blocks[:0]
}

// Run reads all frames of r and puts the records of all connections. The error
// is what ended the capture before its end; damage wraps evidence.ErrTruncated
// or evidence.ErrCorrupt. Everything that was read is recorded in any case.
func (e *Engine) Run(ctx context.Context, r *capture.Reader) error {
	jobs := e.cfg.Jobs
	queues := make([]chan *batch, jobs)
	spare := sync.Pool{New: func() any { return &batch{packets: make([]packet, 0, batchSize)} }}
	var wg sync.WaitGroup
	for w := range jobs {
		lane := e.out.Lane()
		for i := w; i < shardCount; i += jobs {
			e.shards[i] = newShard(e, lane)
		}
		queues[w] = make(chan *batch, inFlight)
		wg.Go(func() {
			for b := range queues[w] {
				for i := range b.packets {
					p := &b.packets[i]
					e.shards[p.shard].packet(p)
				}
				b.release()
				spare.Put(b)
			}
			for i := w; i < shardCount; i += jobs {
				e.shards[i].finishAll()
			}
		})
	}
	open := make([]*batch, jobs)
	for w := range open {
		open[w] = spare.Get().(*batch)
	}
	sp := newSpreader(e, func(p *packet, in *capture.Block) {
		w := int(p.shard) % jobs
		b := open[w]
		b.add(p, in)
		if len(b.packets) == batchSize {
			queues[w] <- b
			open[w] = spare.Get().(*batch)
		}
	})
	err := sp.readAll(ctx, r)
	for w, b := range open {
		queues[w] <- b
		close(queues[w])
	}
	wg.Wait()
	sp.report()
	e.reportEvictions()
	return err
}

func (e *Engine) reportEvictions() {
	var n int64
	for _, s := range e.shards {
		n += s.evicted
	}
	if n > 0 {
		e.out.Problem(evidence.Problem{
			Name: "connections-evicted", Ref: record.Ref{File: e.cfg.Path},
			Why: fmt.Sprintf("%d connections were written before their end, because the connection table reached its memory limit of %d bytes", n, e.cfg.Memory),
		})
	}
}

// readAll passes every frame on. It looks at ctx once per some frames.
func (sp *spreader) readAll(ctx context.Context, r *capture.Reader) error {
	var f capture.Frame
	for n := 0; ; n++ {
		if n&0xfff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		switch err := r.Next(&f); {
		case err == nil:
			sp.frame(&f)
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, capture.ErrShort):
			return fmt.Errorf("%w: %w", evidence.ErrTruncated, err)
		case errors.Is(err, capture.ErrRecord):
			return fmt.Errorf("%w: %w", evidence.ErrCorrupt, err)
		default:
			return fmt.Errorf("flow: reading the capture: %w", err)
		}
	}
}
