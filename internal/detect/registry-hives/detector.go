// Package registryhives finds secrets of a host's registry being taken over
// the network: the SAM, SECURITY or SYSTEM hive saved to a file by a call from
// afar, that file fetched, or the keys opened whose hidden class names make the
// boot key.
package registryhives

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/proto/dcerpc"
	"longwatch/internal/proto/smb"
	"longwatch/internal/winpath"
)

// Detector follows the remote registry between two hosts.
var Detector = detect.Spec{
	ID:         "registry-hives",
	Title:      "Registry hives saved from afar",
	Techniques: []attack.ID{"T1003.002", "T1003.004"},
	Dossier:    []string{"VT-13"},
	New: func(detect.Env) detect.Detector {
		return &detector{pairs: recent.New[pair, *theft](window, 1<<12)}
	},
}

const (
	winreg  = "338cd001-2244-31f1-aaaa-900038001003" // MS-RRP
	openKey = 15                                     // BaseRegOpenKey
	saveKey = 20                                     // BaseRegSaveKey
	saveEx  = 31                                     // BaseRegSaveKeyEx

	window   = 15 * time.Minute // from one move to the next: fetching follows at once
	maxDone  = 1 << 12
	bootKeys = 2 // of four; one may be opened by chance
)

// hives hold password hashes, secrets of services, and the key to both.
var hives = []string{`hklm\sam`, `hklm\security`, `hklm\system`}

// boot are the keys below Control\Lsa whose class names make the boot key.
var boot = []string{"jd", "skew1", "gbg", "data"}

// detector remembers, for a quarter of an hour after its last move, what each
// host did to the registry of another, and to the end what amounts to theft.
type detector struct {
	pairs *recent.Map[pair, *theft]
	done  []*theft
}

type pair struct{ orig, resp netip.Addr }

type theft struct {
	pair    pair
	trail   detect.Trail
	hives   []string
	files   []string
	boot    []string
	hidden  bool // a key was saved whose name is encrypted
	fetched []string
	kept    bool
}

// Handlers subscribes to calls of the registry and to files that are read.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(wanted, d.call),
		detect.OnIf(func(t *smb.Transfer) bool { return t.BytesRead > 0 && dump(t.Name) }, d.read),
		detect.AtEnd(d.judge),
	}
}

func wanted(c *dcerpc.Call) bool {
	if c.Fault != "" || c.OrigH == c.RespH || !strings.EqualFold(c.UUID, winreg) {
		return false
	}
	return c.Opnum == saveKey || c.Opnum == saveEx || c.Opnum == openKey && bootKey(c) != ""
}

// bootKey is the last part of a key that belongs to the boot key.
func bootKey(c *dcerpc.Call) string {
	if len(c.Args) == 0 {
		return ""
	}
	base := winpath.Base(c.Args[0])
	if slices.Contains(boot, base) && strings.HasSuffix(strings.ToLower(c.Args[0]), `\control\lsa\`+base) {
		return base
	}
	return ""
}

// dump tells whether a file may be a saved hive: such names have .tmp, .save,
// .hiv, .dat or nothing behind the point.
func dump(name string) bool {
	switch winpath.Ext(name) {
	case ".tmp", ".save", ".hiv", ".hive", ".dat", ".bak", ".log", "":
		return true
	}
	return false
}

func (d *detector) call(c *dcerpc.Call, _ detect.Reporter) {
	p := d.pairs.At(pair{c.OrigH, c.RespH}, c.TS)
	if *p == nil {
		*p = &theft{pair: pair{c.OrigH, c.RespH}}
	}
	s := *p
	switch key := hive(c); {
	case c.Opnum == openKey:
		s.trail.Add(c)
		if k := bootKey(c); !slices.Contains(s.boot, k) {
			s.boot = append(s.boot, k)
		}
	case key == "" && len(c.Args) > 0:
		return // another key: a program's settings, say
	default:
		s.trail.Add(c)
		s.hidden = s.hidden || key == ""
		if key != "" && !slices.Contains(s.hives, key) {
			s.hives = append(s.hives, key)
		}
		if len(c.Args) > 1 && len(s.files) < 8 {
			s.files = append(s.files, winpath.Base(c.Args[1]))
		}
	}
	if !s.kept && (len(s.hives) > 0 || s.hidden || len(s.boot) >= bootKeys) && len(d.done) < maxDone {
		s.kept = true
		d.done = append(d.done, s)
	}
}

// hive names the hive that a call saves, "" for another key or a hidden one.
func hive(c *dcerpc.Call) string {
	if len(c.Args) == 0 {
		return ""
	}
	key := strings.ToLower(strings.TrimSuffix(c.Args[0], `\`))
	if slices.Contains(hives, key) {
		return key
	}
	return ""
}

// read joins a file that is fetched with a hive saved before.
func (d *detector) read(t *smb.Transfer, _ detect.Reporter) {
	p := d.pairs.Peek(pair{t.OrigH, t.RespH}, t.TS)
	if p == nil || !(*p).kept {
		return
	}
	s, base := *p, winpath.Base(t.Name)
	if len(s.files) > 0 && !slices.Contains(s.files, base) || slices.Contains(s.fetched, base) || len(s.fetched) >= 8 {
		return
	}
	s.trail.Add(t)
	s.fetched = append(s.fetched, base)
}

func (d *detector) judge(out detect.Reporter) {
	for _, s := range d.done {
		severity, confidence := finding.High, uint8(85)
		var why []string
		switch {
		case len(s.hives) > 0:
			why = append(why, finding.Because("%v had %v save %s of its registry to a file", s.pair.orig, s.pair.resp, strings.Join(s.hives, ", ")))
		case s.hidden:
			why = append(why, finding.Because("%v had %v save a key of its registry to a file (operation %d or %d of the registry's interface); which one is encrypted", s.pair.orig, s.pair.resp, saveKey, saveEx))
			severity, confidence = finding.Medium, 55
		}
		if len(s.boot) >= bootKeys {
			why = append(why, finding.Because("%v opened %d of the four keys of %v below Control\\Lsa whose hidden names make the boot key: %s", s.pair.orig, len(s.boot), s.pair.resp, strings.Join(s.boot, ", ")))
			severity, confidence = finding.High, 90
		}
		if len(s.fetched) > 0 {
			why = append(why, finding.Because("and then read %q over a share", s.fetched))
			if severity == finding.High {
				severity, confidence = finding.Critical, 90
			} else {
				severity, confidence = finding.High, 70
			}
		}
		out.Report(s.trail.Finding(severity, confidence, why...))
	}
}
