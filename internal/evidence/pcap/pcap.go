// Package pcap is the evidence format of packet captures, pcap and pcapng. It
// reads them with package capture and analyses them with package flow.
package pcap

import (
	"context"
	"encoding/binary"

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
	New: func(f *evidence.File, env *evidence.Env) evidence.Reader {
		return &reader{files: []*evidence.File{f}, env: env}
	},
	Join: func(files []*evidence.File, env *evidence.Env) evidence.Reader {
		return &reader{files: files, env: env}
	},
	Emits: []*record.Type{network.ConnType, network.FileType, network.ProgramType, network.WeirdType, network.ServicePortType},
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
	files []*evidence.File
	env   *evidence.Env
}

// Read implements evidence.Reader: all captures are read as one, in the order
// of time.
func (r *reader) Read(ctx context.Context, out evidence.Outlet) error {
	sources := make([]flow.Source, len(r.files))
	for i, f := range r.files {
		sources[i] = flow.Source{Path: f.Path, Size: f.Size, Open: f.Open}
	}
	return flow.New(flow.Config{
		Protocols: r.env.Protocols, HomeNet: r.env.HomeNet,
		Jobs: r.env.Jobs, Memory: r.env.Memory, Recover: true, Filter: r.env.Filter,
		HashFiles: r.env.HashFiles, Extract: r.env.Extract,
	}, out).Run(ctx, sources)
}
