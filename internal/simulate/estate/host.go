package estate

import (
	"fmt"
	"net/netip"
	"time"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/evtxfile"
	"longwatch/internal/simulate/packet"
)

// Role is what a machine is for.
type Role string

// The roles of a site.
const (
	Workstation Role = "workstation"
	AdminPC     Role = "admin workstation"
	Controller  Role = "domain controller"
	FileServer  Role = "file server"
	WebServer   Role = "web server"
	AppServer   Role = "application server"
	Backup      Role = "backup server"
	Monitor     Role = "monitoring server"
	Deployment  Role = "deployment server"
	Scanner     Role = "vulnerability scanner"
	LinuxServer Role = "linux server"
	MailServer  Role = "mail server"
	Edge        Role = "edge appliance"
	Jump        Role = "jump host"
	HMI         Role = "operator station"
	PLC         Role = "controller"
	Gateway     Role = "plant gateway"
)

// Host is one machine.
type Host struct {
	*packet.Station
	Site  *Site
	Name  string // NetBIOS form for Windows
	Role  Role
	Build uint16 // Windows build; 0 when it is not Windows
	Boot  time.Time
	Clock time.Duration // by how much its clock is ahead
	Zone  time.Duration // what its text logs add to UTC without saying so

	r       *chance.Rand
	logs    map[string]*evtxfile.Log
	base    map[string]*Process
	nextPID uint32
	nextID  uint64 // next logon id
	seed    string // part of process GUIDs that is the machine's
}

// Add places a machine on a segment. build 0 is a Linux machine or appliance.
func (s *Site) Add(name string, role Role, segment, last byte, build uint16) *Host {
	r := s.R.Sub("host/" + name)
	stack, vendor := packet.Windows, chance.Pick(r, []string{"005056", "d4ae52", "f8bc12", "3c5282", "a4bb6d"})
	if build == 0 {
		stack = packet.Linux
	}
	switch role {
	case PLC:
		stack, vendor = packet.Embedded, "00a045"
	case Edge:
		vendor = "906cac"
	}
	h := &Host{
		Station: &packet.Station{MAC: mac(r, vendor), IP: netip.AddrFrom4([4]byte{10, s.Octet, segment, last}), Stack: stack},
		Site:    s, Name: name, Role: role, Build: build, Boot: s.Start.Add(-r.Duration(20*time.Hour, 900*time.Hour)),
		r: r, logs: map[string]*evtxfile.Log{}, base: map[string]*Process{},
		nextPID: uint32(r.Between(1100, 2500)) * 4, nextID: uint64(r.Between(0x90000, 0x5000000)),
		seed: r.Hex(4),
	}
	if role == Edge {
		h.MAC = s.Capture.Router
	}
	s.Hosts = append(s.Hosts, h)
	return h
}

// Windows says whether the machine keeps event logs.
func (h *Host) Windows() bool { return h.Build != 0 }

// FQDN is the full name.
func (h *Host) FQDN() string { return lower(h.Name) + "." + h.Site.Zone }

// Server says whether it is a Windows server.
func (h *Host) Server() bool {
	return h.Windows() && h.Role != Workstation && h.Role != AdminPC && h.Role != HMI
}

// Channel names.
const (
	Security    = "Security"
	System      = "System"
	Application = "Application"
	Sysmon      = "Microsoft-Windows-Sysmon/Operational"
	PowerShell  = "Microsoft-Windows-PowerShell/Operational"
	Tasks       = "Microsoft-Windows-TaskScheduler/Operational"
	WMI         = "Microsoft-Windows-WMI-Activity/Operational"
)

// log files an event under its channel.
func (h *Host) log(e evtxfile.Event) {
	if !h.Server() && (e.Channel == WMI || e.Channel == Tasks) {
		return // only servers forward these
	}
	l := h.logs[e.Channel]
	if l == nil {
		l = &evtxfile.Log{FirstRecord: uint64(h.r.Sub(e.Channel).Between(2000, 4_000_000))}
		h.logs[e.Channel] = l
	}
	e.Computer, e.By, e.Time = h.FQDN(), h.Site.by, h.told(e.Time)
	l.Add(e)
}

// pid draws the next process identifier: a multiple of four, as on Windows.
func (h *Host) pid() uint32 {
	h.nextPID += 4 * uint32(h.r.Between(1, 40))
	if h.nextPID > 26000 {
		h.nextPID = uint32(h.r.Between(1000, 2400)) * 4
	}
	return h.nextPID
}

// logonID draws the next log-on identifier.
func (h *Host) logonID() uint64 {
	h.nextID += uint64(h.r.Between(0x300, 0x9000))
	return h.nextID
}

// thread draws a thread of a process.
func (h *Host) thread(pid uint32) uint32 { return pid + 4*uint32(h.r.Between(1, 40)) }

// guid draws a GUID in braces.
func (h *Host) guid() string {
	b := h.r.Bytes(16)
	return fmt.Sprintf("{%x-%x-%x-%x-%x}", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 32
		}
	}
	return string(b)
}
