// Package pcap is the evidence format of packet captures: pcap, pcapng and
// snoop. It reads them with package capture and analyses them with package flow.
package pcap

import (
	"context"

	"longwatch/internal/capture"
	"longwatch/internal/evidence"
	"longwatch/internal/flow"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
	"longwatch/internal/record/ot"
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
	Emits: []*record.Type{network.ConnType, network.FileType, network.ProgramType, network.WeirdType, network.TunnelType, network.ServicePortType, network.RhythmType, network.ARPType, ot.DCPType},
}

// sniff knows captures by their first bytes.
func sniff(_ string, head []byte) evidence.Match {
	if capture.Known(head) {
		return evidence.Sure
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
		HashFiles: r.env.HashFiles, CommunityID: r.env.CommunityID, Extract: r.env.Extract,
	}, out).Run(ctx, sources)
}
