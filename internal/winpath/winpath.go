// Package winpath takes apart paths as Windows writes them, in evidence read
// anywhere. Both slashes separate; case means nothing, so results are lower case.
package winpath

import "strings"

// Clean is p in lower case with backslashes only.
func Clean(p string) string { return strings.ToLower(strings.ReplaceAll(p, "/", `\`)) }

// Base is the last element of p: C:\Windows\cmd.EXE gives cmd.exe.
func Base(p string) string {
	p = Clean(p)
	return p[strings.LastIndexByte(p, '\\')+1:]
}

// Dir is all before the last separator, empty when there is none.
func Dir(p string) string {
	p = Clean(p)
	return p[:max(0, strings.LastIndexByte(p, '\\'))]
}

// Ext is the extension of the last element with its dot, or empty.
func Ext(p string) string {
	b := Base(p)
	if i := strings.LastIndexByte(b, '.'); i >= 0 {
		return b[i:]
	}
	return ""
}
