// Package pcap is the evidence format of packet captures, pcap and pcapng. It
// reads them with package capture and analyses them with package flow.
package pcap

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"longwatch/internal/capture"
	"longwatch/internal/evidence"
	"longwatch/internal/flow"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// Format reads packet captures. What protocols emit besides is declared by
// their Specs.
var Format = evidence.Format{
	Name:  "pcap",
	Sniff: sniff,
	New:   func(f *evidence.File, env *evidence.Env) evidence.Reader { return &reader{file: f, env: env} },
	Emits: []*record.Type{network.ConnType, network.FileType, network.WeirdType, network.ServicePortType},
}

// sniff knows the magic numbers of pcap (either byte order, micro- and
// nanoseconds, the modified format) and of a pcapng section header.
func sniff(_ string, head []byte) evidence.Match {
	if len(head) < 12 {
		return evidence.None
	}
	switch binary.LittleEndian.Uint32(head) {
	case 0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1, 0xa1b2cd34, 0x34cdb2a1:
		return evidence.Sure
	case 0x0a0d0d0a:
		switch binary.LittleEndian.Uint32(head[8:]) {
		case 0x1a2b3c4d, 0x4d3c2b1a:
			return evidence.Sure
		}
	}
	return evidence.None
}

type reader struct {
	file *evidence.File
	env  *evidence.Env
}

// Read implements evidence.Reader.
func (r *reader) Read(ctx context.Context, out evidence.Outlet) error {
	src, err := r.file.Open()
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }()
	frames, err := capture.NewReader(src)
	switch {
	case errors.Is(err, capture.ErrShort):
		err = fmt.Errorf("%w: %w", evidence.ErrTruncated, err)
		r.problem(out, 0, err)
		return err
	case err != nil:
		return err
	}
	defer frames.Close()
	err = flow.New(flow.Config{
		Path: r.file.Path, Protocols: r.env.Protocols, HomeNet: r.env.HomeNet,
		Jobs: r.env.Jobs, Memory: r.env.Memory, Recover: true,
	}, out).Run(ctx, frames)
	if err != nil && ctx.Err() == nil {
		r.problem(out, frames.Offset(), err)
	}
	return err
}

// problem reports where a capture breaks off and how much is lost by it.
func (r *reader) problem(out evidence.Outlet, at int64, err error) {
	p := evidence.Problem{Name: "capture-broken", Why: err.Error(), Ref: r.file.Ref(record.RefOffset, at)}
	if errors.Is(err, evidence.ErrTruncated) {
		p.Name = "capture-truncated"
	}
	if r.file.Size > at {
		p.Bytes = r.file.Size - at
	}
	out.Problem(p)
}
