package aspnettemp

import (
	"testing"

	"longwatch/internal/evidence/evidencetest"
	"longwatch/internal/record/web"
)

func TestFormat(t *testing.T) { evidencetest.Run(t, Format) }

func FuzzFormat(f *testing.F) { evidencetest.Fuzz(f, Format) }

// TestPlace: the folder tells machine and application.
func TestPlace(t *testing.T) {
	const page = `<preserve resultType="3" virtualPath="/shop/a.aspx" assembly="App_Web_x1"></preserve>`
	recs, _, err := evidencetest.Read(t, Format, `case/WEB01/Windows/Microsoft.NET/Framework64/v4.0.30319/Temporary ASP.NET Files/shop/1a2b/3c4d/a.aspx.cdcab7d2.compiled`, []byte(page))
	if err != nil || len(recs) != 1 {
		t.Fatalf("%d records, %v", len(recs), err)
	}
	if c := recs[0].(*web.Compiled); c.Host != "web01" || c.App != "shop" || c.VirtualPath != "/shop/a.aspx" {
		t.Errorf("got %+v", c)
	}
}
