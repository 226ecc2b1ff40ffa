package iis

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"longwatch/internal/finding"
)

var update = flag.Bool("update", false, "write the golden files")

// unpack writes the files of an archive and returns their folder.
func unpack(t testing.TB, ar *txtar.Archive) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range ar.Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func auditOf(t testing.TB, dir string) *Report {
	t.Helper()
	t.Chdir(dir)
	r, err := Audit(context.Background(), []string{"."}, Options{Spool: filepath.Join(t.TempDir(), "spool"), Jobs: 2})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestAudit compares the whole report with testdata/*.want.
func TestAudit(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			golden, err := filepath.Abs(strings.TrimSuffix(file, ".txtar") + ".want")
			if err != nil {
				t.Fatal(err)
			}
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			if err := auditOf(t, unpack(t, ar)).Text(&b); err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// one audits a single web.config.
func one(t testing.TB, body string) *Report {
	t.Helper()
	return auditOf(t, unpack(t, &txtar.Archive{Files: []txtar.File{{Name: "web.config", Data: []byte(body)}}}))
}

func checks(r *Report) string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, f.Check+"/"+f.Severity.String())
	}
	return strings.Join(out, " ")
}

// TestSettings: one element, what it means. Elements that look alike and mean
// nothing stay silent.
func TestSettings(t *testing.T) {
	tests := []struct{ in, want string }{
		{`<system.web><machineKey validationKey="AutoGenerate,IsolateApps" decryptionKey="AutoGenerate,IsolateApps"/></system.web>`, ""},
		{`<system.web><machineKey validationKey="9F3C1B0E7A55D2C84461EF0A93B7285D6C10F4A2BE39D7185E0CA6721FD84B93" decryptionKey="0B8E61D94C2FA7355D1E90C37A46F28B" validation="HMACSHA256" decryption="AES"/></system.web>`, "machinekey-static/medium"},
		{`<system.web><machineKey validationKey="1111111111111111111111111111111111111111" decryption="DES"/></system.web>`, "machinekey-guessable/high machinekey-algorithm/medium machinekey-static/medium"},
		{`<system.web><pages enableViewStateMac="true" validateRequest="true"/></system.web>`, ""},
		{`<location path="a"><system.web><pages enableViewStateMac="FALSE"/></system.web></location>`, "viewstate-mac/critical"},
		{`<system.web><compilation debug="false" targetFramework="4.8"/><httpRuntime targetFramework="4.6.2"/></system.web>`, ""},
		{`<system.web><httpRuntime targetFramework="4.5"/></system.web>`, "net-outdated/low"},
		{`<system.web><trace enabled="true" localOnly="false"/></system.web>`, "trace/high"},
		{`<system.web><compilation><buildProviders><add extension=".config" type="System.Web.Compilation.PageBuildProvider"/></buildProviders></compilation></system.web>`, "build-provider/critical"},
		{`<system.webServer><modules><add name="Session" type="System.Web.SessionState.SessionStateModule"/></modules></system.webServer>`, ""},
		{`<system.webServer><modules><add name="Session" type="System.Web.SessionState.SessionStateModule, Helper"/></modules></system.webServer>`, "managed-module/low"},
		{`<system.webServer><handlers><add name="x" path="*.aspx" type="System.Web.UI.PageHandlerFactory"/><add name="aspNetCore" path="*" modules="AspNetCoreModuleV2"/></handlers></system.webServer>`, ""},
		{`<system.web><httpHandlers><add path="*.config" verb="*" type="System.Web.HttpForbiddenHandler"/></httpHandlers></system.web>`, ""},
		{`<system.webServer><handlers><add name="x" path="web.config" verb="*" type="System.Web.UI.PageHandlerFactory"/></handlers></system.webServer>`, "handler-static/critical"},
		{`<system.webServer><handlers><add name="x" path="*.axd" verb="*" type="Telerik.Web.UI.WebResource, Telerik.Web.UI"/></handlers></system.webServer>`, "handler-known/medium"},
		{`<system.webServer><handlers><add name="x" path="*" verb="*" modules="CgiModule" scriptProcessor="C:\Windows\System32\cmd.exe"/></handlers></system.webServer>`, "shell-process/critical handler-cgi/low"},
		{`<system.webServer><aspNetCore processPath="dotnet" arguments=".\app.dll"/></system.webServer>`, ""},
		{`<system.webServer><aspNetCore processPath="powershell" arguments="-c x"/></system.webServer>`, "shell-process/critical"},
		{`<system.webServer><handlers accessPolicy="Read, Write, Script"/></system.webServer>`, "access-policy/high"},
		{`<system.webServer><security><requestFiltering><hiddenSegments><remove segment="bin"/></hiddenSegments></requestFiltering></security></system.webServer>`, "config-served/high"},
		{`<system.webServer><httpLogging dontLog="true"/></system.webServer>`, "log-off/high"},
		{`<system.webServer><rewrite><rules><rule name="https"><action type="Redirect" url="https://{HTTP_HOST}/"/></rule></rules></rewrite></system.webServer>`, ""},
		{`<system.webServer><rewrite><rules><rule name="p"><action type="Rewrite" url="http://198.51.100.7/{R:1}"/></rule></rules></rewrite></system.webServer>`, "proxy/low"},
		{`<runtime><appDomainManagerType value="M"/></runtime>`, "runtime/critical"},
		{`<runtime><etwEnable enabled="false"/></runtime>`, "runtime/high"},
		{`<connectionStrings configProtectionProvider="RsaProtectedConfigurationProvider"><EncryptedData/></connectionStrings>`, "unreadable/info"},
		{`<connectionStrings><add name="a" connectionString="Server=x;Integrated Security=true"/></connectionStrings>`, ""},
	}
	for _, tt := range tests {
		if got := checks(one(t, "<configuration>"+tt.in+"</configuration>")); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.in, got, tt.want)
		}
	}
}

// TestPublished: the key that Exchange shipped is known by its hash, and so are
// those of a list, written as keys or as hashes.
func TestPublished(t *testing.T) {
	const key = "9F3C1B0E7A55D2C84461EF0A93B7285D6C10F4A2BE39D718"
	for name, list := range map[string]string{"key": "# ours\n" + strings.ToLower(key) + ",00\n", "hash": keyHash(key)} {
		l, err := ReadKeys(strings.NewReader(list), "list.txt")
		if err != nil || l.Len() == 0 || l.find(keyHash(key)) == "" {
			t.Errorf("%s: %v, %v", name, l, err)
		}
	}
	var none *KeyList
	if none.find("1b8b5b") != "" || len(published) == 0 {
		t.Error("a key that nobody published is known")
	}
	for h := range published {
		if none.find(h) == "" {
			t.Error("a built-in key is not found")
		}
	}
}

// TestSecretsStayHidden: no output holds a key or a password.
func TestSecretsStayHidden(t *testing.T) {
	r := one(t, `<configuration><connectionStrings><add name="a" connectionString="Password=hunter2"/></connectionStrings><system.web><identity impersonate="true" userName="u" password="hunter2"/><machineKey validationKey="9F3C1B0E7A55D2C84461EF0A93B7285D6C10F4A2"/></system.web></configuration>`)
	var b strings.Builder
	if err := r.JSON(&b); err != nil {
		t.Fatal(err)
	}
	if err := r.Text(&b); err != nil {
		t.Fatal(err)
	}
	if s := b.String(); strings.Contains(s, "hunter2") || strings.Contains(s, "9F3C1B0E") || len(r.Findings) < 4 {
		t.Errorf("a secret is shown, or too little was found:\n%s", s)
	}
}

// TestMalformed: what cannot be read is said, and what came before it is used.
func TestMalformed(t *testing.T) {
	deep := "<configuration>" + strings.Repeat("<a>", maxDepth+1)
	wide := "<configuration>" + strings.Repeat("<a/>", maxElements+1) + "</configuration>"
	for name, in := range map[string]string{
		"empty": "", "text": "hello", "other root": "<html></html>", "deep": deep, "wide": wide,
		"entity": `<!DOCTYPE c [<!ENTITY x SYSTEM "file:///etc/passwd">]><configuration>&x;</configuration>`,
		"cut":    `<configuration><system.web><pages enableViewStateMac="false"/>`,
	} {
		r := one(t, in)
		if len(r.Problems) != 1 {
			t.Errorf("%s: problems %v", name, r.Problems)
		}
		if name == "cut" && checks(r) != "viewstate-mac/critical" {
			t.Errorf("cut: found %s", checks(r))
		}
	}
}

// TestEncodings: UTF-16 and marks of UTF-8 mean the same.
func TestEncodings(t *testing.T) {
	const doc = `<configuration><system.webServer><directoryBrowse enabled="true"/></system.webServer></configuration>`
	wide := func(s string) string {
		var b strings.Builder
		for _, u := range utf16.Encode([]rune(s)) {
			b.WriteByte(byte(u))
			b.WriteByte(byte(u >> 8))
		}
		return b.String()
	}
	for name, in := range map[string]string{
		"utf-8 mark": "\xef\xbb\xbf" + doc,
		"utf-16":     wide("\ufeff" + `<?xml version="1.0" encoding="utf-16"?>` + doc),
		"no mark":    wide(doc),
		"code page":  `<?xml version="1.0" encoding="windows-1251"?><!-- ` + "\xcf" + ` -->` + doc,
	} {
		if r := one(t, in); checks(r) != "directory-browsing/medium" || len(r.Problems) > 0 {
			t.Errorf("%s: %s, %v", name, checks(r), r.Problems)
		}
	}
}

// TestTexts: every finding has its words.
func TestTexts(t *testing.T) {
	for check, x := range texts {
		if x.title == "" || x.do == "" {
			t.Errorf("%s says nothing", check)
		}
	}
}

func FuzzAudit(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, name := range files {
		ar, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, x := range ar.Files {
			f.Add(x.Data)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		root, err := parse(b)
		if root == nil {
			if err == nil {
				t.Fatal("neither element nor error")
			}
			return
		}
		v := newVisitor()
		v.count("s/inetpub/wwwroot/uploads", "a.png")
		for k := webConfig; k <= redirection; k++ {
			v.files = append(v.files, newConfig("s/inetpub/wwwroot/"+string(rune('a'+k))+"/web.config", k, root))
		}
		if again, _ := parse(b); again.name != "configuration" {
			v.parts["s/inetpub/wwwroot/a/part.config"] = &part{path: "part.config", root: again}
		}
		r := v.audit(nil).run()
		var out strings.Builder
		if err := r.JSON(&out); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			var x Finding
			if err := json.Unmarshal([]byte(line), &x); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
		}
		for _, x := range r.Findings {
			if x.Title == "" || x.Severity > finding.Critical {
				t.Fatalf("finding without words: %+v", x)
			}
		}
	})
}

// TestMany: tens of thousands of sites and locations are judged in time, and
// what was left out is said.
func TestMany(t *testing.T) {
	const n = 20000
	var b strings.Builder
	b.WriteString("<configuration><system.applicationHost><sites>")
	for i := range n {
		fmt.Fprintf(&b, `<site name="s%d"><application path="/"><virtualDirectory path="/" physicalPath="C:\inetpub\s%d"/></application></site>`, i, i)
	}
	b.WriteString("</sites></system.applicationHost>")
	for i := range n {
		fmt.Fprintf(&b, `<location path="s%d/uploads"><system.web><compilation debug="true"/></system.web></location>`, i)
	}
	b.WriteString("</configuration>")
	root, err := parse([]byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	v := newVisitor()
	v.files = append(v.files, newConfig("applicationHost.config", applicationHost, root))
	for i := range n {
		v.count(fmt.Sprintf("inetpub/s%d/uploads", i), "a.png")
	}
	r := v.audit(nil).run()
	if len(r.Findings) < n || len(r.Problems) == 0 {
		t.Errorf("%d findings, problems %v", len(r.Findings), r.Problems)
	}
}
