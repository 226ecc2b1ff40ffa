package flow

import (
	"context"
	"fmt"
	"sync"

	"longwatch/internal/capture"
	"longwatch/internal/evidence"
	"longwatch/internal/record"
)

const (
	// batchSize is how many packets are handed over at once, and batchBytes how
	// many bytes: offloaded frames are long.
	batchSize  = 256
	batchBytes = 128 << 10
	// inFlight bounds the batches that wait for one worker. Packets of one pair
	// of hosts come in bursts: what waits keeps the other workers busy meanwhile.
	inFlight = 32
)

// batch is packets for one worker, and the blocks they lie in.
type batch struct {
	packets []packet
	blocks  []*capture.Block
	bytes   int // of the packets
}

func (b *batch) add(p *packet, in *capture.Block) {
	if in != nil && (len(b.blocks) == 0 || b.blocks[len(b.blocks)-1] != in) {
		in.Retain()
		b.blocks = append(b.blocks, in)
	}
	b.packets = append(b.packets, *p)
	b.bytes += len(p.payload)
}

func (b *batch) release() {
	for _, bl := range b.blocks {
		bl.Release()
	}
	clear(b.packets)
	b.packets, b.blocks, b.bytes = b.packets[:0], b.blocks[:0], 0
}

// Run reads all captures as one, in the order of time, and puts the records of
// all connections. What ends a capture before its end is a problem of that
// capture; the error is that of ctx. Everything that was read is recorded in
// any case. Captures of which too many overlap in time are read in a second
// pass, with connections of their own.
func (e *Engine) Run(ctx context.Context, sources []Source) error {
	e.sources = make([]*source, len(sources))
	for i, s := range sources {
		e.sources[i] = &source{Source: s, hash: pathHash(s.Path)}
	}
	order := e.sorted()
	for first := true; len(order) > 0; first = false {
		left, err := e.pass(ctx, order)
		if err != nil {
			return err
		}
		for _, i := range left {
			if !first {
				break // it was said
			}
			e.out.Problem(evidence.Problem{
				Name: "capture-apart", Ref: record.Ref{File: e.sources[i].Path},
				Why: "too many captures overlap in time: this one was read after the others, and its connections are not joined with theirs (more --memory raises the limit)",
			})
		}
		order = left
	}
	for _, s := range e.sources {
		e.out.Count(s.Path, "packets", s.packets)
	}
	return nil
}

// pass reads the sources in order and returns those that found no place.
func (e *Engine) pass(ctx context.Context, order []uint32) (left []uint32, err error) {
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
		if len(b.packets) == batchSize || b.bytes >= batchBytes {
			queues[w] <- b
			open[w] = spare.Get().(*batch)
		}
	})
	m := newMerger(e, order)
	err = m.each(ctx, sp.frame)
	for w, b := range open {
		queues[w] <- b
		close(queues[w])
	}
	wg.Wait()
	sp.report()
	e.reportEvictions()
	return m.left, err
}

func (e *Engine) reportEvictions() {
	var n int64
	for _, s := range e.shards {
		n += s.evicted
	}
	if n > 0 {
		e.out.Problem(evidence.Problem{
			Name: "connections-evicted", Ref: record.Ref{File: e.sources[0].Path},
			Why: fmt.Sprintf("%d connections were written before their end, because the connection table reached its memory limit of %d bytes", n, e.cfg.Memory),
		})
	}
}
