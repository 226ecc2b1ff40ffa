package utmp

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"longwatch/internal/evidence/evidencetest"
	"longwatch/internal/record/host"
)

// entry writes one of x86-64 (wide 4) or AArch64 (wide 8), by bits/utmp.h.
func entry(l layout, typ uint16, line, user, from string, sec uint32, ip [4]byte) []byte {
	e := make([]byte, l.size)
	binary.LittleEndian.PutUint16(e, typ)
	binary.LittleEndian.PutUint32(e[4:], 1234)
	copy(e[8:40], line)
	copy(e[44:76], user)
	copy(e[76:332], from)
	binary.LittleEndian.PutUint32(e[l.sec:], sec)
	copy(e[l.addr:], ip[:])
	return e
}

const noon = 1772452800 // 2026-03-02 12:00 UTC

func wtmp(l layout) []byte {
	return slices.Concat(
		entry(l, bootTime, "~", "reboot", "6.1.0", noon, [4]byte{}),
		entry(l, userProcess, "pts/0", "alice", "203.0.113.9", noon+60, [4]byte{203, 0, 113, 9}),
		make([]byte, 2*l.size),
		entry(l, deadProcess, "pts/0", "", "", noon+120, [4]byte{}),
	)
}

// TestWtmp: both layouts give a boot, a login, the hole and the logoff of who
// was on that line.
func TestWtmp(t *testing.T) {
	for _, l := range layouts {
		records, problems, err := evidencetest.Read(t, Format, "web1/var/log/wtmp", wtmp(l))
		if err != nil || len(problems) > 0 || len(records) != 4 {
			t.Fatalf("%d: %d records, %v, %v", l.size, len(records), problems, err)
		}
		in, gap, off := records[1].(*host.Logon), records[2].(*host.LogGap), records[3].(*host.Logoff)
		if in.Target != "alice" || in.Source.String() != "203.0.113.9" || in.TS.Std().Unix() != noon+60 || in.Host != "web1" || in.Outcome != "success" {
			t.Errorf("%d: login %+v", l.size, in)
		}
		if gap.Missing != 2 || gap.First != 2 || off.User != "alice" {
			t.Errorf("%d: hole %+v, logoff %+v", l.size, gap, off)
		}
	}
}

// TestBtmp: a failed login; an entry that is cut is told of.
func TestBtmp(t *testing.T) {
	data := entry(layouts[0], 6, "ssh:notty", "root", "198.51.100.7", noon, [4]byte{198, 51, 100, 7})
	records, problems, err := evidencetest.Read(t, Format, "btmp.1", append(data, data[:100]...))
	if err != nil || len(records) != 1 || records[0].(*host.Logon).Outcome != "failure" {
		t.Fatalf("%v, %v", records, err)
	}
	if len(problems) != 1 || problems[0].Bytes != 100 {
		t.Errorf("problems %+v", problems)
	}
}

func TestLastlog(t *testing.T) {
	data := make([]byte, 3*lastlogSize)
	binary.LittleEndian.PutUint32(data[2*lastlogSize:], noon)
	copy(data[2*lastlogSize+4:], "pts/1")
	copy(data[2*lastlogSize+36:], "203.0.113.9")
	records, _, err := evidencetest.Read(t, Format, "lastlog", data)
	if err != nil || len(records) != 1 {
		t.Fatalf("%v, %v", records, err)
	}
	if l := records[0].(*host.Logon); l.Target != "uid 2" || l.Source.String() != "203.0.113.9" {
		t.Errorf("%+v", l)
	}
}

// TestOther: text and other binaries with such a name are none.
func TestOther(t *testing.T) {
	for _, data := range [][]byte{[]byte("Mar  2 10:00:00 web1 sshd[1]: x\n"), bytes.Repeat([]byte{0xff}, 1024)} {
		if Format.Sniff("wtmp", data) != 0 {
			t.Errorf("%.20q was taken for wtmp", data)
		}
	}
	if Format.Sniff("program", wtmp(layouts[0])) != 0 {
		t.Error("a file of another name was taken")
	}
}

func FuzzFormat(f *testing.F) { evidencetest.Fuzz(f, Format, wtmp(layouts[0]), wtmp(layouts[1])) }
