package content

import (
	"bytes"
	"unicode/utf16"
)

const (
	maxProgram = 1 << 20  // bytes of a program that are kept for its headers
	maxSearch  = 64 << 20 // bytes of a program that are searched for strings
)

// diaoyuImphash is the import hash of the loader of dossier TG-07, from two
// public rules.
const diaoyuImphash = "854e2b63200cb1f1fd77532cbea7f503"

// groups of the strings that are looked for.
const (
	diaoyuMark = iota
	diaoyuProduct
	tunnelGost
	tunnelFRP
	tunnelIox
)

// programMarks are strings of two public descriptions of the loader (dossier
// TG-07: four marks and two products make it), and import paths that Go
// tunnelling tools carry.
var programMarks = []struct {
	text  string
	group int
}{
	{"DiaoYu", diaoyuMark},
	{"pic1.png", diaoyuMark},
	{`\Videos\msedgeupdate.exe`, diaoyuMark},
	{`\Videos\msedgeupdate.dll`, diaoyuMark},
	{"padeqav/WordPress/refs/heads/master/wp-includes/images", diaoyuMark},
	{"RQVwlToEMOyk1QqOWICpqSesrfomtmIR", diaoyuMark},
	{"05343A1E2A3B3B212C201505463E3503051C", diaoyuMark},
	{"avp.exe", diaoyuProduct},
	{"SentryEye.exe", diaoyuProduct},
	{"EPSecurityService.exe", diaoyuProduct},
	{"SentinelUI.exe", diaoyuProduct},
	{"NortonSecurity.exe", diaoyuProduct},
	{"github.com/go-gost/", tunnelGost},
	{"github.com/ginuerzh/gost", tunnelGost},
	{"github.com/fatedier/frp/", tunnelFRP},
	{"iox/option", tunnelIox},
}

// longestMark is at least the longest mark in UTF-16.
const longestMark = 128

// wideMarks are the marks in UTF-16, little-endian, in the same order.
var wideMarks = func() [][]byte {
	out := make([][]byte, len(programMarks))
	for i, m := range programMarks {
		out[i] = wide(m.text)
	}
	return out
}()

// wide is s in UTF-16, little-endian.
func wide(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

// programScan searches a program for marks, as ASCII and UTF-16, and keeps its
// beginning for the headers.
type programScan struct {
	kept  []byte
	n     int64
	seam  []byte // last bytes of the write before
	found uint32 // bit per mark
}

func (p *programScan) write(b []byte) {
	if room := maxProgram - len(p.kept); room > 0 {
		p.kept = append(p.kept, b[:min(len(b), room)]...)
	}
	if p.n < maxSearch {
		if len(p.seam) > 0 {
			p.search(append(p.seam, b[:min(len(b), longestMark)]...))
		}
		p.search(b)
	}
	p.n += int64(len(b))
	p.seam = append(p.seam, b[max(0, len(b)-longestMark):]...)
	if n := len(p.seam); n > longestMark {
		p.seam = append(p.seam[:0], p.seam[n-longestMark:]...)
	}
}

func (p *programScan) search(b []byte) {
	for i, m := range programMarks {
		if p.found&(1<<i) == 0 && (bytes.Contains(b, []byte(m.text)) || bytes.Contains(b, wideMarks[i])) {
			p.found |= 1 << i
		}
	}
}

func (p *programScan) finish(_ string, s *Summary) {
	var counts [tunnelIox + 1]int
	for i, m := range programMarks {
		if p.found&(1<<i) != 0 {
			counts[m.group]++
		}
	}
	if counts[diaoyuMark] >= 4 && counts[diaoyuProduct] >= 2 {
		s.add(TraitDiaoyu)
	}
	for group, trait := range map[int]string{tunnelGost: TraitTunnelGost, tunnelFRP: TraitTunnelFRP, tunnelIox: TraitTunnelIox} {
		if counts[group] > 0 {
			s.add(trait)
		}
	}
	if !at(p.kept, 0, "MZ") {
		return
	}
	s.Program = readPE(p.kept)
	if s.Program == nil {
		return
	}
	if s.Program.DLL {
		s.add(TraitPEDLL)
	}
	if s.Program.Imphash == diaoyuImphash {
		s.add(TraitDiaoyuImphash)
	}
}
