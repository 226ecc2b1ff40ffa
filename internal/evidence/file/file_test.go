package file

import (
	"testing"

	"longwatch/internal/evidence/evidencetest"
	"longwatch/internal/record/web"
)

func TestScript(t *testing.T) {
	records, _, err := evidencetest.Read(t, Format, "www/up/a.php", []byte("<?php eval($_POST['x']);"))
	if err != nil || len(records) != 1 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	s, ok := records[0].(*web.Script)
	if !ok || s.Language != "php" || s.Score < 8 || s.Path != "www/up/a.php" {
		t.Errorf("got %+v", records[0])
	}
}

func TestOther(t *testing.T) {
	records, _, err := evidencetest.Read(t, Format, "a.gif", []byte("7z\xbc\xaf\x27\x1c"))
	if err != nil || len(records) != 1 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	f, ok := records[0].(*web.File)
	if !ok || f.MIMEType != "application/x-7z-compressed" || len(f.Traits) == 0 || f.SHA256 == "" {
		t.Errorf("got %+v", records[0])
	}
}

func FuzzFormat(f *testing.F) {
	f.Add([]byte("<?php eval($_POST['x']);"))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, name := range []string{"x.php", "x.bin"} {
			if records, _, err := evidencetest.Read(t, Format, name, data); err != nil || len(records) != 1 {
				t.Errorf("%s: %d records, %v", name, len(records), err)
			}
		}
	})
}
