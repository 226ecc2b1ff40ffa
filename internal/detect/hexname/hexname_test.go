package hexname

import "testing"

func TestDecode(t *testing.T) {
	for name, want := range map[string]Report{
		"a.2f612e61737078.c.example.com":                   {"/a.aspx", "example.com", true},
		"2f7570732f782e61736878.example.com":               {"/ups/x.ashx", "example.com", false},
		"a.687474703a2f2f682f75702f.61.c.x.example":        {"http://h/up/a", "x.example", true},
		"0123456789abcdef0123456789abcdef.cdn.example.com": {},
		"www.example.com":                                  {},
	} {
		got, ok := Decode(name)
		if got != want || ok != (want.Zone != "") {
			t.Errorf("Decode(%q) = %+v, %v, want %+v", name, got, ok, want)
		}
	}
	if p := (Report{Text: "http://h.example/up/a.aspx?x=1"}).Page(); p != "/up/a.aspx" {
		t.Errorf("the page is %q", p)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("a.2f612e61737078.c.example.com")
	f.Add("2f7570732f782e61736878.example.com")
	f.Fuzz(func(t *testing.T, name string) {
		r, ok := Decode(name)
		if !ok {
			return
		}
		if r.Zone == "" || len(r.Text) < 4 || len(r.Text) > len(name)/2 {
			t.Fatalf("Decode(%q) = %+v: more text than the labels hold, or no zone", name, r)
		}
	})
}
