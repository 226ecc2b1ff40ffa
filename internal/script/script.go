// Package script judges server-side scripts by what their code can do, not by
// names, hashes or markers: a web-shell framework that is new for every victim
// still has to take a request, decode it and run it. It lexes the code parts
// of ASP.NET, classic ASP, PHP and JSP pages, finds capabilities among the
// tokens and weighs their combinations:
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
	"slices"
	"strings"
)

// MaxSize is how much of a file is looked at, in bytes. Web shells are small;
// what is larger is judged by its beginning.
const MaxSize = 2 << 20

// Result is what a script can do and how suspicious that is.
type Result struct {
	Language string   // aspx, ashx, asmx, asax, cshtml, asp, php, jsp; "" when it is no server-side script
	Can      []string // capabilities, sorted
	Score    int      // sum of the parts in Why
	Why      []string // one sentence for each part of the score
	Tokens   string   // hash of the token stream with names and literals normalised
}

// languages by file name extension; content decides where it is plain.
var languages = map[string]string{
	".aspx": "aspx", ".ascx": "aspx", ".master": "aspx", ".ashx": "ashx", ".asmx": "asmx", ".asax": "asax", ".svc": "asmx", ".cshtml": "cshtml",
	".vbhtml": "cshtml", ".asp": "asp", ".asa": "asp", ".cer": "asp", ".cdx": "asp", ".soap": "asmx", ".php": "php", ".phtml": "php", ".php3": "php",
	".php5": "php", ".php7": "php", ".phar": "php", ".inc": "php", ".jsp": "jsp", ".jspx": "jsp", ".jspf": "jsp", ".jsw": "jsp", ".jsv": "jsp",
}

// LanguageOf names the language of a server-side script, "" for other files.
func LanguageOf(name string, head []byte) string {
	if len(head) > 8192 {
		head = head[:8192]
	}
	lower := bytes.ToLower(head)
	byName := languages[strings.ToLower(path.Ext(name))]
	switch {
	case bytes.Contains(lower, []byte("<?php")):
		return "php"
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
	if r.Language == "" {
		return r
	}
	toks := lex(r.Language, codeOf(r.Language, data))
	c := capabilities(r.Language, toks)
	r.Can = c.names()
	r.Score, r.Why = score(r.Language, c, len(data))
	r.Tokens = normalised(toks)
	slices.Sort(r.Can)
	return r
}
