package content

import (
	"bytes"
	"path"
	"strings"

	"longwatch/internal/wire"
)

// MaxMembers bounds the member names that are kept.
const MaxMembers = 64

// maxWalk bounds the headers that are looked at.
const maxWalk = 4096

// zipMember is one entry of an archive.
type zipMember struct {
	name      string
	size      uint64 // uncompressed; meaningless in a local header with bit 3 of flags set
	encrypted bool
}

type zipList []zipMember

// readZip lists members by the central directory, or, where that is cut off,
// by the local headers.
func readZip(data []byte) zipList {
	if i := bytes.LastIndex(data, []byte("PK\x05\x06")); i >= 0 {
		c := wire.At(data[i:])
		c.Skip(16)
		if at := int64(c.L32()); c.OK() && at < int64(i) {
			if l := central(data[at:i]); len(l) > 0 {
				return l
			}
		}
	}
	return local(data)
}

// central reads central directory headers (APPNOTE.TXT 4.3.12).
func central(b []byte) zipList {
	var out zipList
	c := wire.At(b)
	for len(out) < maxWalk && c.Len() >= 46 && c.L32() == 0x02014b50 {
		c.Skip(4)
		flags := c.L16()
		c.Skip(10)
		c.Skip(4)
		size := uint64(c.L32())
		n, extra, comment := int(c.L16()), int(c.L16()), int(c.L16())
		c.Skip(12)
		name := string(c.Take(n))
		c.Skip(extra + comment)
		if !c.OK() {
			break
		}
		out = append(out, member(name, size, flags))
	}
	return out
}

// local reads local file headers (APPNOTE.TXT 4.3.7).
func local(b []byte) zipList {
	var out zipList
	for at := 0; len(out) < maxWalk; {
		i := bytes.Index(b[at:], []byte("PK\x03\x04"))
		if i < 0 {
			return out
		}
		at += i + 4
		c := wire.At(b[at:])
		c.Skip(2)
		flags := c.L16()
		c.Skip(10)
		packed, size := int(c.L32()), uint64(c.L32())
		n, extra := int(c.L16()), int(c.L16())
		name := string(c.Take(n))
		c.Skip(extra)
		if !c.OK() {
			return out
		}
		out = append(out, member(name, size, flags))
		at += c.Off()
		if flags&8 == 0 && packed <= len(b)-at {
			at += packed
		}
	}
	return out
}

func member(name string, size uint64, flags uint16) zipMember {
	return zipMember{name: strings.ToValidUTF8(strings.ReplaceAll(name, "\\", "/"), "\uFFFD"), size: size, encrypted: flags&1 != 0}
}

// names are the first names.
func (l zipList) names() []string {
	var out []string
	for _, m := range l[:min(len(l), MaxMembers)] {
		out = append(out, m.name)
	}
	return out
}

// base is a name without folder and extension, lower case.
func base(name string) string {
	name = strings.ToLower(path.Base(strings.ReplaceAll(name, "\\", "/")))
	return strings.TrimSuffix(name, path.Ext(name))
}

func isProgram(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".exe", ".scr", ".com", ".pif":
		return true
	}
	return false
}

// traits judges the list; archive is the archive's own name, if known.
func (l zipList) traits(archive string) []string {
	var out []string
	var programs, ntds, hive int
	same := false
	for _, m := range l {
		lower := strings.ToLower(m.name)
		if m.encrypted {
			out = append(out, TraitEncrypted)
		}
		if isProgram(lower) {
			programs++
			same = same || archive != "" && base(m.name) == base(archive)
		}
		switch path.Base(lower) {
		case "pic1.png":
			out = append(out, TraitZipPic1)
			if m.size == 0 {
				out = append(out, TraitZipPic1Empty)
			}
		case "ntds.dit":
			ntds++
		case "system":
			hive++
		case "vbaproject.bin":
			out = append(out, TraitOfficeMacro)
		}
	}
	if programs == 1 && same {
		out = append(out, TraitZipSamePE)
	}
	if ntds > 0 && hive > 0 {
		out = append(out, TraitZipNTDS)
	}
	return out
}
