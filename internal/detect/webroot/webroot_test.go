package webroot

import (
	"slices"
	"strings"
	"testing"

	"longwatch/internal/record"
	"longwatch/internal/record/web"
)

func TestPageOf(t *testing.T) {
	for _, c := range []struct{ stem, path, info, tricks string }{
		{"/Default.aspx", "/default.aspx", "", ""},
		{"/up/a%2Easpx", "/up/a.aspx", "", ""},
		{"/up/a%252easpx", "/up/a.aspx", "", "encoded twice"},
		{"/up//./a.aspx", "/up/a.aspx", "", ""},
		{"/x/../up/a.aspx", "/up/a.aspx", "", "dot segments"},
		{"/x/..;/up/a.jsp", "/up/a.jsp", "", "path parameter,dot segments"},
		{"/a.jsp;jsessionid=12", "/a.jsp", "", ""},
		{"/a.asp;.jpg", "/a.asp", "", "path parameter"},
		{"/a.aspx/b/c", "/a.aspx", "/b/c", "path info"},
		{"/(S(abc))/a.aspx", "/a.aspx", "", "session in the path"},
		{"/a.aspx::$DATA", "/a.aspx", "", "name of a stream"},
		{"/a.aspx.%20", "/a.aspx", "", "dots or blanks at a tail"},
		{"/shop/", "/shop/", "", ""},
		{"/shop", "/shop", "", ""},
		{"", "/", "", ""},
		{"/../../", "/", "", "dot segments"},
		{"http://h.example/A.php?x=1", "/a.php", "", ""},
		{"/a.php/../b.php", "/b.php", "", "dot segments"},
		{`/up\a.aspx`, "/up/a.aspx", "", ""},
		{"/100%", "/100%", "", ""},
	} {
		p := PageOf(c.stem)
		if p.Path != c.path || p.Info != c.info || strings.Join(p.Tricks, ",") != c.tricks {
			t.Errorf("PageOf(%q) = %q %q %q, want %q %q %q", c.stem, p.Path, p.Info, p.Tricks, c.path, c.info, c.tricks)
		}
	}
}

// FuzzPageOf: what a page is called does not change when it is asked for by
// that name.
func FuzzPageOf(f *testing.F) {
	f.Add("/x/..;/up/a%252easpx/b")
	f.Add("/(S(abc))/a.aspx::$DATA")
	f.Fuzz(func(t *testing.T, stem string) {
		p := PageOf(stem)
		if p.Path == "" || p.Path[0] != '/' || strings.Contains(p.Path, "//") || strings.Contains(p.Path, "/../") {
			t.Fatalf("PageOf(%q).Path = %q", stem, p.Path)
		}
		if strings.ContainsAny(p.Path, "%?;(:") || strings.Contains(p.Path, "://") {
			return
		}
		if q := PageOf(p.Path); q.Path != p.Path {
			t.Fatalf("PageOf(%q).Path = %q, whose own is %q", stem, p.Path, q.Path)
		}
	})
}

func site(line int64, id uint32, url, physical string, bindings ...string) *web.Site {
	return &web.Site{Head: record.Head{Ref: record.Ref{Pos: line}}, Host: "web01", ID: id, URL: url, Physical: physical, Bindings: bindings}
}

// TestFind: the configuration decides where it is known, the longest agreement
// elsewhere.
func TestFind(t *testing.T) {
	var m Map
	for _, f := range []string{
		"case/WEB01/C/inetpub/wwwroot/Default.aspx",
		"case/WEB01/C/inetpub/wwwroot/shop/default.aspx",
		"case/WEB01/D/sites/intranet/default.aspx",
		"case/WEB01/E/store/Pic/a.aspx",
		"case/WEB01/C/inetpub/wwwroot/files/pic/a.aspx",
		"case/WEB01/C/inetpub/wwwroot/sub/index.php",
	} {
		m.File("web01", f)
	}
	m.File("web02", "case/WEB02/C/inetpub/wwwroot/up/b.ashx")
	m.File("web02", "case/WEB02/C/backup/wwwroot2/up/b.ashx")
	ask := func(a Asked) string { return strings.TrimPrefix(m.Find(a), "case/") }
	for _, c := range []struct {
		a    Asked
		want string
	}{
		{Asked{Server: "web01", Path: "/default.aspx"}, "WEB01/C/inetpub/wwwroot/Default.aspx"},
		{Asked{Server: "web01.corp.example", Path: "/"}, "WEB01/C/inetpub/wwwroot/Default.aspx"},
		{Asked{Server: "web01", Path: "/shop/"}, "WEB01/C/inetpub/wwwroot/shop/default.aspx"},
		{Asked{Server: "web01", Path: "/sub/"}, "WEB01/C/inetpub/wwwroot/sub/index.php"},
		{Asked{Server: "web01", Path: "/up/b.ashx"}, ""},
		{Asked{Server: "web02", Path: "/up/b.ashx"}, "WEB02/C/inetpub/wwwroot/up/b.ashx"},
		{Asked{Server: "www.example.com", Path: "/up/b.ashx"}, "WEB02/C/inetpub/wwwroot/up/b.ashx"},
		{Asked{Server: "web02", Path: "/app/up/b.ashx"}, ""}, // two files agree as well
		{Asked{Server: "web01", Path: "/files/pic/a.aspx"}, "WEB01/C/inetpub/wwwroot/files/pic/a.aspx"},
		{Asked{Server: "web01", Path: "/portal/shop/default.aspx"}, "WEB01/C/inetpub/wwwroot/shop/default.aspx"},
	} {
		if got := ask(c.a); got != c.want {
			t.Errorf("without configuration %+v is %q, want %q", c.a, got, c.want)
		}
	}
	m.Site(site(1, 1, "/", `%SystemDrive%\inetpub\wwwroot`, "http/*:80:"))
	m.Site(site(2, 1, "/files", `E:\store`))
	m.Site(site(3, 2, "/", `D:\sites\intranet`, "http/*:80:intranet.example", "https/*:8443:"))
	for _, c := range []struct {
		a    Asked
		want string
	}{
		{Asked{Server: "web01", Site: "w3svc1", Path: "/files/pic/a.aspx"}, "WEB01/E/store/Pic/a.aspx"},
		{Asked{Server: "web01", Site: "w3svc1", Path: "/default.aspx"}, "WEB01/C/inetpub/wwwroot/Default.aspx"},
		{Asked{Server: "web01", Site: "w3svc2", Path: "/default.aspx"}, "WEB01/D/sites/intranet/default.aspx"},
		{Asked{Server: "web01", Port: 8443, Path: "/default.aspx"}, "WEB01/D/sites/intranet/default.aspx"},
	} {
		if got := ask(c.a); got != c.want {
			t.Errorf("with configuration %+v is %q, want %q", c.a, got, c.want)
		}
	}
	if !m.HasFolder(Asked{Server: "web01", Site: "w3svc1", Path: "/files/pic/gone.aspx"}) || m.HasFolder(Asked{Server: "web01", Site: "w3svc1", Path: "/nowhere/gone.aspx"}) {
		t.Error("which folders the evidence holds is told wrongly")
	}
}

func TestExecutable(t *testing.T) {
	names := []string{"/a.aspx", "/a.css", "/a", "/a.php"}
	got := slices.Collect(func(yield func(string) bool) {
		for _, n := range names {
			if Executable(n) && !yield(n) {
				return
			}
		}
	})
	if !slices.Equal(got, []string{"/a.aspx", "/a.php"}) {
		t.Errorf("pages are %q", got)
	}
}
