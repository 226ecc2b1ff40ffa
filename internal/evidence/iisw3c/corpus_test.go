package iisw3c

import (
	"bufio"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"longwatch/internal/evidence/evidencetest"
	"longwatch/internal/record"
	"longwatch/internal/record/web"
)

// TestCorpus compares every column with an independent splitting of real logs.
func TestCorpus(t *testing.T) {
	dir := "../../../../shared/corpora/iis"
	f, err := os.Open(filepath.Join(dir, "expected.jsonl"))
	if err != nil {
		t.Skipf("no corpus of IIS logs: %v", err)
	}
	defer f.Close()
	type key struct {
		file string
		line int64
	}
	got := map[key]*web.Access{}
	read := map[string]bool{}
	checked := 0
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var want struct {
			File   string
			Line   int64
			Fields map[string]string
		}
		if err := json.Unmarshal(sc.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		if !read[want.File] {
			read[want.File] = true
			data, err := os.ReadFile(filepath.Join(dir, want.File))
			if err != nil {
				t.Fatal(err)
			}
			records, _, _ := evidencetest.Read(t, Format, want.File, data)
			for _, r := range records {
				got[key{want.File, r.Base().Ref.Pos}] = r.(*web.Access)
			}
		}
		a := got[key{want.File, want.Line}]
		if a == nil {
			t.Errorf("%s line %d: no record", want.File, want.Line)
			continue
		}
		have := columns(a)
		for name, value := range want.Fields {
			text, known := have[strings.ToLower(name)]
			if !known {
				continue // a column that the record has no place for
			}
			if value == "-" {
				value = ""
			}
			if name == "c-ip" || name == "s-ip" {
				if p, err := netip.ParseAddr(value); err == nil {
					value = p.WithZone("").String()
				}
			}
			checked++
			if !strings.EqualFold(text, strings.ReplaceAll(value, "+", " ")) && !strings.EqualFold(text, value) {
				t.Errorf("%s line %d: %s is %q, want %q", want.File, want.Line, name, text, value)
			}
		}
	}
	if checked < 100 {
		t.Errorf("only %d columns compared", checked)
	}
}

// columns is a record as the log would write it.
func columns(a *web.Access) map[string]string {
	num := func(n uint64) string { return strconv.FormatUint(n, 10) }
	opt := func(o record.Opt[uint64]) string {
		if !o.Set {
			return ""
		}
		return num(o.V)
	}
	addr := func(p netip.Addr) string {
		if !p.IsValid() {
			return ""
		}
		return p.String()
	}
	m := map[string]string{
		"date": a.TS.Std().Format("2006-01-02"), "time": a.TS.Std().Format("15:04:05"), "cs-method": a.Method,
		"c-ip": addr(a.ClientIP), "s-ip": addr(a.ServerIP), "s-port": num(uint64(a.ServerPort)),
		"cs-username": a.User, "cs(user-agent)": a.UserAgent, "cs(referer)": a.Referer, "sc-bytes": opt(a.SentBytes),
		"cs-bytes": opt(a.RecvBytes), "cs-host": a.Host, "s-reason": a.Reason,
	}
	if a.Product == "iis" {
		m["cs-uri-stem"], m["cs-uri-query"] = a.Stem, a.Query
		m["sc-status"] = num(uint64(a.Status))
		if a.TimeTaken.Set {
			m["time-taken"] = strconv.FormatInt(a.TimeTaken.V.Milliseconds(), 10)
		}
	}
	return m
}
