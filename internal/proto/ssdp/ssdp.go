// Package ssdp reads the discovery of UPnP (UPnP Device Architecture 2.0,
// section 1): devices that announce themselves, and searches for them with
// their answers. One record of each connection names what was offered or
// looked for, the software and where the descriptions are.
package ssdp

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// Protocol is SSDP.
var Protocol = proto.Spec{
	Name: "ssdp", Transport: proto.UDP, Ports: []uint16{1900},
	Probe: probe,
	New:   func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits: []*record.Type{Type},
}

// Record sums up the messages of one connection. Specification: UPnP Device
// Architecture, section 1.
type Record struct {
	record.Conn
	Searches  uint64   `rec:"searches"`                    // M-SEARCH messages
	Notifies  uint64   `rec:"notifies"`                    // NOTIFY messages
	Replies   uint64   `rec:"replies"`                     // answers to searches
	Targets   []string `rec:"targets,set"`                 // kinds of device and service looked for or offered, at most 64
	USNs      []string `rec:"usns,set"`                    // unique names of services, at most 32
	Locations []string `rec:"locations,set" ent:"url"`     // of the descriptions, at most 16
	Server    string   `rec:"server"`                      // software of the device
	UserAgent string   `rec:"user_agent" ent:"user_agent"` // software that searches
}

// Type is the schema of Record.
var Type = record.Of[Record]("ssdp")

// RecordType returns Type.
func (*Record) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek has no log of this kind.
func (*Record) BeyondZeek() bool { return true }

const (
	maxTargets   = 64
	maxUSNs      = 32
	maxLocations = 16
	maxHeaders   = 64
	maxValue     = 1024
)

const (
	search = "M-SEARCH * HTTP/1."
	notify = "NOTIFY * HTTP/1."
	answer = "HTTP/1.1 200 OK"
)

var errMessage = errors.New("ssdp: not an SSDP message")

type parser struct {
	c   *proto.Conn
	rec *Record
}

// probe takes the first line; an answer is one of HTTP and needs a header
// that only SSDP has.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	switch {
	case bytes.HasPrefix(b, []byte(search)), bytes.HasPrefix(b, []byte(notify)):
		return proto.Yes
	case bytes.HasPrefix(b, []byte(answer)):
		up := bytes.ToUpper(b[:min(len(b), 2048)])
		if bytes.Contains(up, []byte("\nUSN:")) || bytes.Contains(up, []byte("\nST:")) {
			return proto.Yes
		}
	}
	return proto.No
}

// Parse takes one datagram.
func (p *parser) Parse(_ proto.Dir, b []byte) (proto.Step, error) {
	step := proto.Step{Used: len(b)}
	line, rest, _ := bytes.Cut(b, []byte("\n"))
	if p.rec == nil {
		p.rec = &Record{Conn: p.c.Head()}
	}
	r := p.rec
	switch {
	case bytes.HasPrefix(line, []byte(search)):
		r.Searches++
	case bytes.HasPrefix(line, []byte(notify)):
		r.Notifies++
	case bytes.HasPrefix(line, []byte(answer)):
		r.Replies++
	default:
		return step, errMessage
	}
	p.c.Confirm()
	for n := 0; len(rest) > 0 && n < maxHeaders; n++ {
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		name, value, ok := bytes.Cut(line, []byte(":"))
		if ok {
			r.header(strings.ToUpper(string(bytes.TrimSpace(name))), string(bytes.TrimSpace(value[:min(len(value), maxValue)])))
		}
	}
	return step, nil
}

func (r *Record) header(name, value string) {
	switch name {
	case "ST", "NT":
		r.Targets = add(r.Targets, value, maxTargets)
	case "USN":
		r.USNs = add(r.USNs, value, maxUSNs)
	case "LOCATION":
		r.Locations = add(r.Locations, value, maxLocations)
	case "SERVER":
		r.Server = value
	case "USER-AGENT":
		r.UserAgent = value
	}
}

func add(list []string, s string, most int) []string {
	if s != "" && len(list) < most && !slices.Contains(list, s) {
		list = append(list, s)
	}
	return list
}

// Gap implements proto.Parser; datagrams have none.
func (p *parser) Gap(proto.Dir, int) error { return errMessage }

// Close writes the record.
func (p *parser) Close() {
	if r := p.rec; r != nil && r.Searches+r.Notifies+r.Replies > 0 {
		p.c.Emit(r)
	}
	p.rec = nil
}
