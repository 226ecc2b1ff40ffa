package outlookmsg

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"longwatch/internal/evidence/evidencetest"
	"longwatch/internal/ole/oletest"
	"longwatch/internal/record/mail"
)

func TestFormat(t *testing.T) { evidencetest.Run(t, Format) }

func FuzzFormat(f *testing.F) { evidencetest.Fuzz(f, Format) }

// TestUnpackRTF: the examples of MS-OXRTFCP sections 3.1 and 3.2.
func TestUnpackRTF(t *testing.T) {
	simple := "\x2d\x00\x00\x00\x2b\x00\x00\x00\x4c\x5a\x46\x75\xf1\xc5\xc7\xa7\x03\x00\x0a\x00\x72\x63\x70\x67\x31\x32\x35\x42\x32\x0a\xf3\x20\x68\x65\x6c\x09\x00\x20\x62\x77\x05\xb0\x6c\x64\x7d\x0a\x80\x0f\xa0"
	got, err := unpackRTF([]byte(simple))
	if err != nil || string(got) != "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n" {
		t.Errorf("%q, %v", got, err)
	}
	crossing := "\x1a\x00\x00\x00\x1c\x00\x00\x00\x4c\x5a\x46\x75\xe2\xd4\x4b\x51\x41\x00\x04\x20\x57\x58\x59\x5a\x0d\x6e\x7d\x01\x0e\xb0"
	if got, err := unpackRTF([]byte(crossing)); err != nil || string(got) != "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := unpackRTF([]byte(simple[:30])); err == nil {
		t.Error("a cut text is no error")
	}
}

// TestRTFBody: links of a message whose only text is RTF, once as HTML hidden
// in it (MS-OXRTFEX section 4) and once as RTF has them.
func TestRTFBody(t *testing.T) {
	for name, rtf := range map[string]string{
		"hidden HTML": `{\rtf1\ansi\fromhtml1{\fonttbl{\f0 A;}}{\*\htmltag64 <p>}\htmlrtf {\field{\*\fldinst HYPERLINK "x"}\htmlrtf0 {\*\htmltag84 <a href="https://collect.example/x">}https://www.ministry.example/{\*\htmltag92 </a>}}`,
		"own link":    `{\rtf1\ansi{\field{\*\fldinst{HYPERLINK "https://collect.example/x"}}{\fldrslt{https://www.ministry.example/}}}}`,
	} {
		packed := binary.LittleEndian.AppendUint32(nil, uint32(len(rtf)+12))
		packed = binary.LittleEndian.AppendUint32(packed, uint32(len(rtf)))
		packed = append(packed, "MELA\x00\x00\x00\x00"+rtf...)
		file := oletest.Build(oletest.Storage{Streams: []oletest.Stream{
			{Name: "__properties_version1.0", Data: make([]byte, 32)},
			{Name: "__substg1.0_0037001E", Data: []byte("Plan")},
			{Name: "__substg1.0_10090102", Data: packed},
		}})
		records, problems, err := evidencetest.Read(t, Format, "a.msg", file)
		if err != nil || len(records) != 1 || len(problems) > 0 {
			t.Fatalf("%s: %d records, %v, %v", name, len(records), problems, err)
		}
		m := records[0].(*mail.Message)
		if !slices.Equal(m.URLs, []string{"https://collect.example/x"}) || !strings.Contains(m.Text, "www.ministry.example") || len(m.Deceptions) != 1 {
			t.Errorf("%s: links %q, deceptions %q, text %q", name, m.URLs, m.Deceptions, m.Text)
		}
	}
}
