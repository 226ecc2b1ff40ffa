// Package script judges server-side scripts by what their code can do, not by
// names, hashes or markers: a web-shell framework that is new for every victim
// still has to take a request, decode it and run it. It parses the code parts
// of ASP.NET, classic ASP, PHP, JSP, ColdFusion and CGI pages into one common
// form (node), follows what the client sends through it (machine) to what runs
// or writes it (sink), and weighs what was found (judgement):
//
//	r := script.Analyse("up/x.ashx", data)
//	r.Can   // handler, request-input, base64, rc4, rsa-verify, reflection-load
//	r.Score // 8 and more: a web shell, by the scale of dossier OP-21
//
// It never runs or requests anything.
package script

import (
	"bytes"
	"path"
	"strings"
)

// MaxSize is how much of a file is looked at, in bytes. Web shells are small;
// what is larger is judged by its beginning.
const MaxSize = 2 << 20

// Result is what a script can do and how suspicious that is.
type Result struct {
	Language string   // aspx, ashx, asmx, asax, cshtml, asp (also a web.config that holds code), php, jsp, cfm, cgi, pe (a .NET assembly); "" when it is no server-side script
	Can      []string // capabilities, sorted
	Score    int      // sum of the parts in Why
	Why      []string // one sentence for each part of the score, with its line and its points
	Tokens   string   // hash of the token stream with names and literals normalised
}

// languages by file name extension; content decides where it is plain.
var languages = map[string]string{
	".aspx": "aspx", ".ascx": "aspx", ".master": "aspx", ".ashx": "ashx", ".asmx": "asmx", ".asax": "asax", ".svc": "asmx", ".cshtml": "cshtml",
	".vbhtml": "cshtml", ".asp": "asp", ".asa": "asp", ".cer": "asp", ".cdx": "asp", ".soap": "asmx", ".php": "php", ".phtml": "php", ".php3": "php",
	".php4": "php", ".php5": "php", ".php7": "php", ".php8": "php", ".pht": "php", ".phar": "php", ".inc": "php", ".jsp": "jsp", ".jspx": "jsp", ".jspf": "jsp", ".jsw": "jsp", ".jsv": "jsp",
	".cfm": "cfm", ".cfml": "cfm", ".cfc": "cfm", ".cgi": "cgi",
}

// LanguageOf names the language of a server-side script, "" for other files.
func LanguageOf(name string, head []byte) string {
	if len(head) > 8192 {
		head = head[:8192]
	}
	lower := bytes.ToLower(head)
	byName := languages[strings.ToLower(path.Ext(name))]
	switch {
	case bytes.HasPrefix(head, []byte("MZ")):
		if strings.EqualFold(path.Ext(name), ".dll") {
			return "pe"
		}
		return ""
	case bytes.Contains(lower, []byte("<?php")):
		return "php"
	case strings.EqualFold(path.Ext(name), ".config"): // as IIS runs it when the file itself says so
		if bytes.Contains(lower, []byte("<%")) || bytes.Contains(lower, []byte("asp.dll")) {
			return "asp"
		}
		return ""
	case bytes.Contains(lower, []byte("<jsp:")), bytes.Contains(lower, []byte("<%@ page import")), bytes.Contains(lower, []byte("<%@page import")),
		bytes.Contains(lower, []byte("<%!")) && byName != "aspx":
		return "jsp"
	case directive(lower, "webhandler"):
		return "ashx"
	case directive(lower, "webservice"), directive(lower, "servicehost"):
		return "asmx"
	case directive(lower, "page") && bytes.Contains(lower, []byte("language=")) && byName != "jsp", directive(lower, "control"), directive(lower, "master"):
		return "aspx"
	}
	return byName
}

// directive tells whether <%@ name … is there.
func directive(lower []byte, name string) bool {
	for rest := lower; ; {
		i := bytes.Index(rest, []byte("<%@"))
		if i < 0 {
			return false
		}
		rest = bytes.TrimLeft(rest[i+3:], " \t\r\n")
		if bytes.HasPrefix(rest, []byte(name)) && len(rest) > len(name) && !isWord(rest[len(name)]) {
			return true
		}
	}
}

// Analyse judges one file. Memory and time are linear in MaxSize.
func Analyse(name string, data []byte) Result {
	if len(data) > MaxSize {
		data = data[:MaxSize]
	}
	data = decodeText(data)
	r := Result{Language: LanguageOf(name, data)}
	switch r.Language {
	case "":
		return r
	case "pe":
		return analyseAssembly(data)
	}
	pg := pageOf(r.Language, data)
	m := newMachine(r.Language, pg.controls)
	for name, typ := range pg.objects {
		m.globals[name] = m.object([]value{str(typeOfClass(typ))})
	}
	var all []token
	library := r.Language == "php" || r.Language == "asp" || r.Language == "cgi"
	if pg.root != nil {
		m.run(dialects["cfml"], pg.root)
	}
	for _, g := range pg.groups() {
		root := parse(dialects[g.d], g.toks)
		m.run(dialects[g.d], root)
		all = append(all, g.toks...)
		library = library && onlyDefines(root)
	}
	m.gates(all)
	if r.Language == "asp" && bytes.Contains(data, []byte("#@~^")) {
		m.fact("script-encoded")
	}
	r.Can = m.can()
	j := &judgement{m: m, size: len(data), site: m.site || pg.site || library || m.facts["framework"] > 0}
	j.weigh()
	j.hiding(obfuscation(data, all, m.facts))
	reasons := j.reasons
	if r.Language == "ashx" || r.Language == "asmx" || r.Language == "asax" {
		if h := j.handler(); total(h) > total(reasons) {
			reasons = h
		}
	}
	r.Score = total(reasons)
	for _, x := range reasons {
		r.Why = append(r.Why, x.String())
	}
	r.Tokens = normalised(all)
	return r
}

// typeOfClass is the program that a class identifier of COM stands for.
func typeOfClass(id string) string {
	switch {
	case strings.HasPrefix(id, "72c24dd5"), strings.HasPrefix(id, "f935dc22"):
		return "wscript.shell"
	case strings.HasPrefix(id, "13709620"):
		return "shell.application"
	case strings.HasPrefix(id, "0d43fe01"):
		return "scripting.filesystemobject"
	}
	return id
}

// onlyDefines tells whether a script has no statement of its own: nothing
// happens when it is asked for by itself.
func onlyDefines(root *node) bool {
	classes := false
	for _, k := range root.kids {
		switch {
		case k.op == opClass, k.op == opFunc:
			classes = true
		case k.op == opCall && k.kids[0] != nil && k.kids[0].op == opName && strings.HasPrefix(k.kids[0].s, "__"):
		default:
			return false
		}
	}
	return classes
}

// gates notes what shows in the tokens: RC4 by its shape, junk variables, handlers.
func (m *machine) gates(toks []token) {
	j := newJunk()
	for i, t := range toks {
		if t.kind == word {
			j.see(toks, i)
			switch t.s {
			case "ihttphandler", "processrequest", "ihttpmodule", "httpcontext", "ihttpasynchandler":
				m.fact(Handler)
			}
		}
	}
	if n := j.count(); n >= 3 {
		m.facts[JunkNames] = n
	}
	if swapLoop(toks) {
		m.fact(RC4)
	}
}
