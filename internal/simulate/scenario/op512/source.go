package op512

import (
	"encoding/base64"
	"fmt"
	"strings"

	"longwatch/internal/simulate/chance"
)

// source is the text of one of the three files. It has the shape the dossier
// describes and cannot run: the first statement of every method throws, the
// places where a command would be taken or executed hold nothing, and the
// braces do not balance, so that ASP.NET refuses to compile it.
func (x *play) source(name string) string {
	r := x.r.Sub("source/" + name)
	if strings.HasSuffix(name, ".aspx") {
		return pageText(r)
	}
	return handlerText(r)
}

// name draws identifiers of the published shape.
func name(r *chance.Rand) string {
	if r.Chance(0.5) {
		return "_" + r.Letters(chance.Lower, 8)
	}
	return r.Letters(chance.Lower, 12)
}

// junk are variables that are set and never read.
func junk(r *chance.Rand, n int) string {
	var b strings.Builder
	for range n {
		fmt.Fprintf(&b, "        int _%s = %d;\n", r.Letters(chance.Lower, 8), r.Between(100, 9999))
		if r.Chance(0.3) {
			fmt.Fprintf(&b, "        // %s %s\n", r.Letters(chance.Lower, 7), r.Letters(chance.Lower, 5))
		}
	}
	return b.String()
}

func handlerText(r *chance.Rand) string {
	class, state, key, data, i, j := "H"+r.Letters(chance.Lower, 9), name(r), name(r), name(r), name(r), name(r)
	modulus := base64.StdEncoding.EncodeToString(r.Bytes(256))
	var b strings.Builder
	w := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	w(`<%%@ WebHandler Language="C#" Class="%s" %%>`, class)
	w("using System;\nusing System.IO;\nusing System.Reflection;\nusing System.Security.Cryptography;\nusing System.Web;\n")
	w("public class %s : IHttpHandler\n{", class)
	w("    public void ProcessRequest(HttpContext %s)\n    {", name(r))
	w("        throw new NotSupportedException();")
	b.WriteString(junk(r, r.Between(3, 6)))
	w("        byte[] %s = Convert.FromBase64String(", data) // nothing is read: the call is left open
	w("        byte[] %s = new byte[256];", state)
	w("        byte[] %s = new byte[0];", key)
	w("        int %s = 0, %s = 0;", i, j)
	w("        for (%s = 0; %s < 256; %s++) { %s[%s] = (byte)%s; }", i, i, i, state, i, i)
	w("        for (%s = 0; %s < 256; %s++)\n        {", i, i, i)
	if r.Chance(0.5) {
		w("            %s = (%s + %s[%s] + %s[%s %% %s.Length]) %% 256;", j, j, state, i, key, i, key)
	} else {
		w("            %s = (%s + %s[%s] + %s[%s %% %s.Length]) & 255;", j, j, state, i, key, i, key)
	}
	w("            byte %s = %s[%s]; %s[%s] = %s[%s]; %s[%s] = 0;", name(r), state, i, state, i, state, j, state, j)
	w("        }")
	b.WriteString(junk(r, r.Between(2, 4)))
	w("        RSACryptoServiceProvider %s = new RSACryptoServiceProvider();", name(r))
	w("        %s.FromXmlString(\"<RSAKeyValue><Modulus>%s</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>\");", name(r), modulus)
	w("        if (!%s.VerifyData(%s, \"SHA256\", null)) { return; }", name(r), data)
	w("        Assembly.Load(null).CreateInstance(\"\");")
	w("    }\n\n    public bool IsReusable { get { return false; }")
	w("}")
	return b.String()
}

func pageText(r *chance.Rand) string {
	var b strings.Builder
	w := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	w(`<%%@ Page Language="C#" %%>`)
	w(`<%%@ Import Namespace="System.IO" %%>`)
	w(`<%%@ Import Namespace="System.Net" %%>`)
	w(`<script runat="server">`)
	w("    protected void Page_Load(object %s, EventArgs %s)\n    {", name(r), name(r))
	w("        throw new NotSupportedException();")
	b.WriteString(junk(r, r.Between(4, 7)))
	path, times := name(r), name(r)
	w("        string %s = Server.MapPath(", path) // left open
	w("        foreach (string %s in Directory.GetFiles(%s)) { File.GetLastWriteTime(%s); }", name(r), path, path)
	w("        File.SetCreationTime(%s, %s);\n        File.SetLastWriteTime(%s, %s);\n        File.SetLastAccessTime(%s, %s);", path, times, path, times, path, times)
	w("        File.Delete(%s); File.Move(%s, null); File.WriteAllBytes(%s, null);", path, path, path)
	w("        Dns.GetHostEntry(\"\");\n        HttpWebRequest %s = null;", name(r))
	w("    }")
	w("</script>\n<form runat=\"server\"><asp:FileUpload runat=\"server\" id=\"%s\" /></form>", name(r))
	return b.String()
}
