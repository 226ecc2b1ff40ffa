package file

import (
	"fmt"
	"strings"
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

// TestSites: each virtual directory becomes a record with the site's bindings
// (https://learn.microsoft.com/iis/configuration/system.applicationhost/sites/site/).
func TestSites(t *testing.T) {
	const conf = `<?xml version="1.0" encoding="UTF-8"?>
<configuration><system.applicationHost><sites>
<siteDefaults><logFile directory="D:\logs"/></siteDefaults>
<site name="Portal" id="2">
 <application path="/" applicationPool="Main"><virtualDirectory path="/" physicalPath="D:\sites\portal"/><virtualDirectory path="/files" physicalPath="E:\store"/></application>
 <application path="/shop"><virtualDirectory path="/" physicalPath="D:\sites\shop"/></application>
 <bindings><binding protocol="http" bindingInformation="*:80:portal.example"/></bindings>
 <logFile directory="E:\w3c"/>
</site>
<applicationDefaults applicationPool="Other"/>
</sites></system.applicationHost></configuration>`
	records, problems, err := evidencetest.Read(t, Format, "web01/Windows/System32/inetsrv/config/applicationHost.config", []byte(conf))
	if err != nil || len(records) != 4 || len(problems) != 0 {
		t.Fatalf("%d records, %v, %v", len(records), problems, err)
	}
	var got []string
	for _, r := range records[1:] {
		s := r.(*web.Site)
		got = append(got, fmt.Sprint(s.Ref.Pos, s.Host, s.ID, s.App, s.URL, s.Physical, s.Bindings, s.Logs))
	}
	want := []string{
		`5web012//D:\sites\portal[http/*:80:portal.example]E:\w3c`,
		`5web012//filesE:\store[http/*:80:portal.example]E:\w3c`,
		`6web012/shop/shopD:\sites\shop[http/*:80:portal.example]E:\w3c`,
	}
	for i := range want {
		if i >= len(got) || strings.ReplaceAll(got[i], " ", "") != want[i] {
			t.Errorf("site %d is %q, want %q", i, got[i], want[i])
		}
	}
	if _, problems, _ := evidencetest.Read(t, Format, "applicationHost.config", []byte(conf[:400])); len(problems) != 1 {
		t.Errorf("a cut list of sites gives %v", problems)
	}
}

func FuzzFormat(f *testing.F) {
	f.Add([]byte("<?php eval($_POST['x']);"))
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte(`<configuration><system.applicationHost><sites><site id="1"><application><virtualDirectory path="/"/></application></site></sites></system.applicationHost></configuration>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, name := range []string{"x.php", "x.bin"} {
			if records, _, err := evidencetest.Read(t, Format, name, data); err != nil || len(records) != 1 {
				t.Errorf("%s: %d records, %v", name, len(records), err)
			}
		}
		records, _, err := evidencetest.Read(t, Format, "applicationHost.config", data)
		if err != nil || len(records) == 0 {
			t.Fatalf("%d records, %v", len(records), err)
		}
		for _, r := range records[1:] {
			if s := r.(*web.Site); s.URL[0] != '/' || s.App[0] != '/' {
				t.Errorf("a site at %q of %q", s.URL, s.App)
			}
		}
	})
}
