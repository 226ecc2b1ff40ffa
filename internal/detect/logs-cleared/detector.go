// Package logscleared finds event logs being cleared in a row, on the host and
// over the network. One cleared log may be housekeeping; several within
// minutes are somebody covering tracks (AA24-038A).
package logscleared

import (
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/proto/dcerpc"
	"longwatch/internal/record/host"
)

// Detector counts the channels that were cleared on one host.
var Detector = detect.Spec{
	ID:         "logs-cleared",
	Title:      "Several event logs cleared in a row",
	Techniques: []attack.ID{"T1070.001"},
	Dossier:    []string{"VT-29"},
	New: func(detect.Env) detect.Detector {
		return &detector{hosts: recent.New[string, clearing](window, 1<<12)}
	},
}

const (
	window = 5 * time.Minute // dossier VT-29
	least  = 2               // distinct channels
)

// The calls that clear a log from afar: MS-EVEN ElfrClearELFW and
// ElfrClearELFA, MS-EVEN6 EvtRpcClearLog.
const (
	eventLog  = "82273fdc-e32a-18c3-3f78-827929dc23ea"
	eventLog6 = "f6beaff7-1e19-4fbb-9f8f-b89e2018337c"
)

// detector remembers, per host and for five minutes, what was cleared.
type detector struct{ hosts *recent.Map[string, clearing] }

type clearing struct {
	trail    detect.Trail
	channels []string
	told     bool
}

// Handlers subscribes to cleared logs and to the calls that clear them.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.On(d.cleared), detect.OnIf(clears, d.call)}
}

func (d *detector) cleared(e *host.LogClear, out detect.Reporter) {
	c := d.hosts.At(e.Host, e.TS)
	c.trail.Add(e)
	channel := strings.ToLower(e.Channel)
	if !slices.Contains(c.channels, channel) {
		c.channels = append(c.channels, channel)
	}
	if c.told || len(c.channels) < least {
		return
	}
	c.told = true
	out.Report(c.trail.Finding(finding.High, 90,
		finding.Because("%d logs of %s were cleared within %v: %s", len(c.channels), e.Host, window, strings.Join(c.channels, ", ")),
		finding.Because("the account was %q", e.User)))
}

func clears(c *dcerpc.Call) bool {
	switch strings.ToLower(c.UUID) {
	case eventLog:
		return c.Opnum == 0 || c.Opnum == 12
	case eventLog6:
		return c.Opnum == 6
	}
	return false
}

// call reports each pair once per window: programs do not clear logs of other hosts.
func (d *detector) call(c *dcerpc.Call, out detect.Reporter) {
	if c.Fault != "" {
		return
	}
	s := d.hosts.At(c.OrigH.String()+" "+c.RespH.String(), c.TS)
	if s.told {
		return
	}
	s.told = true
	out.Report(finding.Finding{Title: "Event log cleared over the network", Severity: finding.High, Confidence: 85,
		Why: []string{finding.Because("%v had %v clear an event log (interface %s, operation %d)", c.OrigH, c.RespH, c.UUID, c.Opnum)}})
}
