package script

import (
	"slices"
	"strings"
	"testing"
)

// The samples are inert fragments written for this test from published
// descriptions; none is a working shell.
func TestAnalyse(t *testing.T) {
	const shell = 8 // dossier OP-21: alert from here
	tests := []struct {
		name, file, text string
		can              []string
		least, most      int
	}{
		{
			"request text evaluated", "a.php", `<?php /* x */ @EvAl($_POST['k']); ?>`,
			[]string{EvalInput}, shell, 99,
		},
		{
			"computed call", "b.php", `<?php $f = $_GET['f']; $f($_REQUEST['a']);`,
			[]string{DynamicCall, CallInput}, shell, 99,
		},
		{
			"name in pieces", "c.php", `<?php $a = 'ass'.'ert'; $a($_POST["p"]);`,
			[]string{HiddenName, EvalInput}, shell, 99,
		},
		{
			"JScript eval of a form item", "d.aspx", `<%@ Page Language="Jscript"%><%eval(Request.Item["p"],"unsafe");%>`,
			[]string{EvalInput}, shell, 99,
		},
		{
			"unicode escapes in names", "e.aspx", "<%@ Page Language=\"C#\"%><% \\u0050rocess.St\\u0061rt(\"cmd.exe\", \"/c \" + Request[\"c\"]); %>",
			[]string{StartInput}, shell, 99,
		},
		{
			"program through variables", "f.jsp", `<%@ page import="java.io.*" %><% String c = request.getParameter("c"); Process p = Runtime.getRuntime().exec(c); %>`,
			[]string{StartInput}, shell, 99,
		},
		{
			"class of request bytes", "g.jsp", `<%! class U extends ClassLoader { U(ClassLoader c){super(c);} Class g(byte[] b){return super.defineClass(b,0,b.length);} } %><% String d=request.getReader().readLine(); javax.crypto.Cipher x = null; new javax.crypto.spec.SecretKeySpec(null,"AES"); new U(null).g(x.doFinal(d.getBytes())); %>`,
			[]string{DefineClass, Cipher, RequestInput}, shell, 99,
		},
		{
			"gate of RC4 and RSA, OP-21", "h.ashx", `<%@ WebHandler Language="C#" Class="H" %>
using System; public class H : IHttpHandler { public void ProcessRequest(HttpContext context) {
int _kqwertya = 1534; int _zxcvbnmq = 77; int _asdfghjk = 9;
byte[] data = Convert.FromBase64String(text); RSACryptoServiceProvider r; r.FromXmlString(k); r.VerifyData(data, h, sig);
byte[] s = new byte[256]; for (i = 0; i < 256; i++) s[i] = (byte)i; for (;;) { j = (j + s[i] + k[i]) % 256; t = s[i]; s[i] = s[j]; s[j] = t; x = (x + 1) % 256; }
System.Reflection.Assembly.Load(data).CreateInstance("A"); } }`,
			[]string{Handler, RSA, RSAVerify, Base64, RC4, LoadCode, JunkNames}, 12, 99,
		},
		{
			"signed webhook receiver", "hook.ashx", `<%@ WebHandler Language="C#" Class="Hook" %>
using System; public class Hook : IHttpHandler { public void ProcessRequest(HttpContext context) {
var body = new System.IO.StreamReader(context.Request.InputStream).ReadToEnd();
var rsa = new RSACryptoServiceProvider(); rsa.FromXmlString(Settings.Key);
if (!rsa.VerifyData(bytes, "SHA256", Convert.FromBase64String(context.Request.Headers["X-Signature"]))) { context.Response.StatusCode = 403; return; }
Queue.Enqueue(body); } }`,
			nil, 0, shell - 1,
		},
		{
			"contact form", "contact.php", `<?php if ($_POST['mail']) { mail($to, $_POST['subject'], $_POST['text']); } $r = $pdo->exec("DELETE FROM t"); echo date('Y'); ?>`,
			nil, 0, 3,
		},
		{
			"upload page", "upload.aspx", `<%@ Page Language="C#" %><script runat="server">void Save(object s, EventArgs e){ if (up.HasFile) up.SaveAs(Server.MapPath("~/files/") + System.IO.Path.GetFileName(up.FileName)); }</script><asp:FileUpload id="up" runat="server"/>`,
			nil, 0, shell - 1,
		},
		{
			"regular expression and template code", "lib.php", `<?php class T { function render($v){ foreach ($this->filters as $f) { $v = $f($v); } return $v; } function exec($q){ return $this->db->exec($q); } }`,
			nil, 0, shell - 1,
		},
		{"not a script", "readme.txt", "eval($_POST['x'])", nil, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := Analyse(tt.file, []byte(tt.text))
			for _, c := range tt.can {
				if !slices.Contains(r.Can, c) {
					t.Errorf("Can lacks %q: %q", c, r.Can)
				}
			}
			if r.Score < tt.least || r.Score > tt.most {
				t.Errorf("score %d, want %d to %d; %q because %q", r.Score, tt.least, tt.most, r.Can, r.Why)
			}
		})
	}
}

// TestTokens: two builds of one handler with other names and numbers have the
// same normalised tokens, another handler has not (hunt H6 of the dossier).
func TestTokens(t *testing.T) {
	one := `<%@ WebHandler Language="C#" Class="A" %> class A : IHttpHandler { int _abcdefgh = 1; byte[] k = Convert.FromBase64String("QQ=="); }`
	two := `<%@ WebHandler Language="C#" Class="Zed" %> /* junk */ class Zed : IHttpHandler { int _zyxwvuts = 99; byte[] other = Convert.FromBase64String("WlpaWg=="); }`
	three := `<%@ WebHandler Language="C#" Class="A" %> class A : IHttpHandler { byte[] k = Convert.FromBase64String("QQ=="); }`
	a, b, c := Analyse("1.ashx", []byte(one)), Analyse("2.ashx", []byte(two)), Analyse("3.ashx", []byte(three))
	if a.Tokens != b.Tokens {
		t.Errorf("renamed twin has other tokens: %s, %s", a.Tokens, b.Tokens)
	}
	if a.Tokens == c.Tokens {
		t.Error("another handler has the same tokens")
	}
}

// TestBounded: hostile text of every language is judged, whatever it repeats;
// the bounds are those of the lexer, the parser and the machine.
func TestBounded(t *testing.T) {
	for _, piece := range []string{
		"<?php ", `"a"+`, "$a[", "(", "/*", "<%@", "</", "<script ", "<script ></script>", "<script runat=server></script>", `\u0041`, "=request[", "@{", "${", "$a=>",
		"a(b(", "a<b,", "x y(", "$a.=$a;", "<<<A\n", "?><?", "\"$a[", "function f(){f();f();}", "@", "!", "new ", "q(", "<cfquery>", "#a#", "if a then\n",
	} {
		for name, head := range map[string]string{"x.php": "<?php ", "x.aspx": "<%", "x.jsp": "<%", "x.asp": "<%", "x.cfm": "<cfset a=1>", "x.cgi": "", "x.cshtml": "@{"} {
			r := Analyse(name, []byte(head+strings.Repeat(piece, 1<<11/len(piece))))
			if r.Language == "" {
				t.Errorf("%s of %q is no script", name, piece)
			}
		}
	}
}

func FuzzAnalyse(f *testing.F) {
	f.Add("a.php", []byte(`<?php eval($_POST['k']);`))
	f.Add("a.aspx", []byte(`<%@ Page Language="C#"%><% Process.Start(Request["c"]); %>`))
	f.Add("a.jsp", []byte(`<jsp:scriptlet>Runtime.getRuntime().exec(request.getParameter("c"))</jsp:scriptlet>`))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		r := Analyse(name, data)
		if r.Language == "" && (r.Score != 0 || r.Can != nil) {
			t.Error("a score for what is no script")
		}
		if (r.Score > 0) != (len(r.Why) > 0) {
			t.Errorf("score %d with reasons %q", r.Score, r.Why)
		}
		// A comment in front of the code changes nothing that matters.
		if r.Language == "php" && strings.HasPrefix(string(data), "<?php ") {
			more := Analyse(name, append([]byte("<?php /* note */ "), data[6:]...))
			if more.Tokens != r.Tokens && len(data) < MaxSize-20 {
				t.Errorf("a comment changes the tokens")
			}
		}
	})
}
