package content

import (
	"archive/zip"
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestMIME(t *testing.T) {
	// Names as Zeek's base/frameworks/files/magic signatures give them.
	tests := []struct{ head, want string }{
		{"MZ\x90\x00", "application/x-dosexec"},
		{"\x89PNG\r\n\x1a\n....", "image/png"},
		{"%PDF-1.7", "application/pdf"},
		{"<!DOCTYPE HTML><p>", "text/html"},
		{"  <html><body>", "text/html"},
		{`{"a":1}`, "text/json"},
		{"<?xml version=\"1.0\"?><a/>", "application/xml"},
		{"hello, world\n", "text/plain"},
		{"short", ""}, // fewer than ten characters decide nothing
		{"gr\xc3\xbc\xc3\x9fe aus Z", ""},
		{"--- a\n+++ b\n@@ -1 +1 @@\n", "text/x-diff"},
		{"<!-- x --> <!-- y -->\n<HTML>", "text/html"},
		{"<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC>", "text/html"},
		{"[section]\r\nkey=value", "text/ini"},
		{"[1, 2]", "text/json"},
		{"#!/bin/sh\n", "text/x-shellscript"},
		{"#!/usr/bin/env python3\n", "text/x-python"},
		{"@echo off\r\n", "text/x-msdos-batch"},
		{"MDMP\x93\xa7", "application/x-windows-minidump"},
		{"regf\x01\x00", "application/vnd.ms-regf"},
		{"\xca\xfe\xba\xbe\x00\x00\x00\x34", "application/x-java-applet"},
		{"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00", "application/x-sharedlib"},
		{"\x01\x02\x03\x04", ""},
		{"", ""},
		{"MSCF\x00\x00\x00\x00", "application/vnd.ms-cab-compressed"},
		{"\x12\x34\x56\x78\xef\xcd\xab\x89", ""}, // Zeek has no name for it
		{"PK\x05\x06" + strings.Repeat("\x00", 18), ""},
		{"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm", "video/webm"},
		{"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x88matroska", "video/x-matroska"},
		{"{\\rtf1\\ansi", "text/rtf"},
		{"P6\n640  480\n", "image/x-portable-pixmap"},
		{"\xff\xfb\x90\x44", "audio/mpeg"},
		{"Delivered-To: a@example.com\r\n", "message/rfc822"},
		{"<?xml version=\"1.0\"?>\n<rss version=\"2.0\">", "text/rss"},
		{"<?xml version=\"1.0\"?>\n<svg xmlns=\"x\">", "image/svg+xml"},
		{"<script type=\"text/javascript\">var a", "application/javascript"},
		{"PK\x03\x04\x14\x00\x06\x00" + strings.Repeat("\x00", 22) + "[Content_Types].xml", "application/vnd.openxmlformats-officedocument"},
	}
	for _, tt := range tests {
		if got := MIME([]byte(tt.head)); got != tt.want {
			t.Errorf("MIME(%q) = %q, want %q", tt.head, got, tt.want)
		}
	}
}

// TestKind: what Zeek has no name for has one of ours.
func TestKind(t *testing.T) {
	tests := []struct{ head, want string }{
		{"\x12\x34\x56\x78\xef\xcd\xab\x89", "application/x-ms-ese"},
		{"PK\x05\x06" + strings.Repeat("\x00", 18), "application/zip"},
		{"SQLite format 3\x00", "application/x-sqlite3"},
		{"\x28\xb5\x2f\xfd\x04\x00", "application/zstd"},
		{"hello, world\n", "text/plain"},
	}
	for _, tt := range tests {
		if got := Kind([]byte(tt.head)); got != tt.want {
			t.Errorf("Kind(%q) = %q, want %q", tt.head, got, tt.want)
		}
	}
}

func BenchmarkMIME(b *testing.B) {
	page := []byte("<!-- x -->" + strings.Repeat("<p>some text of a page</p>\n", 200))
	b.SetBytes(HeadLen)
	for b.Loop() {
		MIME(page)
	}
}

func archive(t *testing.T, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		f, err := w.CreateHeader(&zip.FileHeader{Name: m, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if m != "pic1.png" {
			_, _ = f.Write([]byte("content of " + m))
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTraits(t *testing.T) {
	lure := archive(t, "Muudatused.exe", "pic1.png")
	tests := []struct {
		name string
		file string
		data []byte
		want []string
		not  []string
	}{
		{"TG-05", "Muudatused.zip", lure, []string{TraitZip, TraitZipSamePE, TraitZipPic1, TraitZipPic1Empty}, nil},
		{"TG-05 under another name", "other.zip", lure, []string{TraitZipPic1Empty}, []string{TraitZipSamePE}},
		{"TG-05 without its directory", "Muudatused.zip", lure[:bytes.Index(lure, []byte("PK\x01\x02"))], []string{TraitZipSamePE}, nil},
		{"installer with pictures", "setup.zip", archive(t, "setup.exe", "uninstall.exe", "pic2.png"), []string{TraitZip}, []string{TraitZipSamePE, TraitZipPic1}},
		{"VT-11", "x.tmp", archive(t, "Active Directory/ntds.dit", "registry/SYSTEM"), []string{TraitZipNTDS, TraitMismatch}, nil},
		{"VT-05", "favicon.png", []byte("PK\x03\x04...."), []string{TraitNotPNG}, nil},
		{"picture", "favicon.png", []byte("\x89PNG\r\n\x1a\n"), nil, []string{TraitNotPNG, TraitMismatch}},
		{"VT-22", "a.gif", []byte("7z\xbc\xaf\x27\x1c......."), []string{TraitMismatch}, nil},
		{"double extension", "report.pdf.exe", []byte("MZ......"), []string{TraitPE, TraitDoubleExtended}, nil},
		{
			"TG-07, strings only", "a.exe", append([]byte("MZ"), append(wide("DiaoYu pic1.png"), []byte(`\Videos\msedgeupdate.exe \Videos\msedgeupdate.dll avp.exe SentinelUI.exe`)...)...),
			[]string{TraitDiaoyu}, nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Inspect(tt.file, tt.data).Traits
			for _, w := range tt.want {
				if !slices.Contains(got, w) {
					t.Errorf("traits %q lack %q", got, w)
				}
			}
			for _, n := range tt.not {
				if slices.Contains(got, n) {
					t.Errorf("traits %q hold %q", got, n)
				}
			}
		})
	}
}

func TestHashes(t *testing.T) {
	s := Inspect("abc", []byte("abc")) // FIPS 180-2 appendix B.1, RFC 1321 A.5
	if s.SHA256 != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" || s.MD5 != "900150983cd24fb0d6963f7d28e17f72" {
		t.Errorf("hashes of abc: %+v", s)
	}
	g := NewTracker(true)
	g.Write([]byte("ab"))
	g.Gap()
	g.Write([]byte("c"))
	if s := g.Sum(); s.SHA256 != "" {
		t.Errorf("a file with a gap has the hash %s", s.SHA256)
	}
}

func FuzzInspect(f *testing.F) {
	f.Add("a.zip", []byte("PK\x03\x04\x14\x00\x00\x00\x00\x00"))
	f.Add("a.exe", []byte("MZ"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		s := Inspect(name, data)
		if s.Size != int64(len(data)) || len(s.Members) > MaxMembers {
			t.Errorf("size %d of %d, %d members", s.Size, len(data), len(s.Members))
		}
		cut := NewTracker(true)
		cut.SetName(name)
		for len(data) > 0 {
			n := min(7, len(data))
			cut.Write(data[:n])
			data = data[n:]
		}
		if c := cut.Sum(); c.MIME != s.MIME || c.SHA256 != s.SHA256 || !slices.Equal(c.Traits, s.Traits) {
			t.Errorf("in pieces: %+v, whole: %+v", c, s)
		}
	})
}
