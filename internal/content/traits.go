package content

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"unicode/utf16"
)

// The traits. They describe content, not guilt: detectors join them with where
// and how a file was seen.
const (
	TraitPE             = "pe"                      // a Windows program or library
	TraitELF            = "elf"                     // a Linux program or library
	TraitZip            = "zip"                     // a ZIP archive
	TraitZipSamePE      = "zip-program-named-as-it" // holds exactly one program, named like the archive
	TraitZipPic1        = "zip-pic1-png"            // holds a member pic1.png
	TraitZipPic1Empty   = "zip-pic1-png-empty"      // holds a member pic1.png of no bytes
	TraitZipNTDS        = "zip-ntds"                // holds ntds.dit and a registry hive SYSTEM
	TraitEncrypted      = "archive-encrypted"       // an archive that needs a password
	TraitESE            = "ese-database"            // an Extensible Storage Engine database, as ntds.dit
	TraitHive           = "registry-hive"           // a Windows registry hive
	TraitMinidump       = "minidump"                // a Windows crash dump of a process
	TraitMismatch       = "extension-mismatch"      // an archive, program or database under a harmless extension
	TraitNotPNG         = "png-that-is-not"         // named .png and is something else
	TraitDiaoyu         = "diaoyu-loader"           // at least four strings and two product names of dossier TG-07
	TraitTunnelGost     = "tunnel-gost"             // strings of the GOST tunnel
	TraitTunnelFRP      = "tunnel-frp"              // strings of the FRP tunnel
	TraitTunnelIox      = "tunnel-iox"              // strings of the IOX tunnel
	TraitJavaClassFile  = "java-class"              // Java byte code
	TraitOfficeMacro    = "office-macro"            // an Office document with a macro project
	TraitDoubleExtended = "double-extension"        // a program named like a document: report.pdf.exe
)

// traits names what content is. data is the whole file, or its beginning when
// size is larger.
func traits(name string, data []byte, size int64) (out, members []string) {
	add := func(t string) { out = append(out, t) }
	mime := MIME(data)
	switch mime {
	case "application/x-dosexec":
		add(TraitPE)
		out = append(out, programTraits(data)...)
	case "application/x-executable":
		add(TraitELF)
		out = append(out, programTraits(data)...)
	case "application/zip":
		add(TraitZip)
		z := readZip(data)
		members = z.names()
		out = append(out, z.traits(name)...)
	case "application/x-7z-compressed", "application/x-rar":
		if encryptedArchive(data, size) {
			add(TraitEncrypted)
		}
	case "application/x-ms-ese":
		add(TraitESE)
	case "application/x-ms-registry":
		add(TraitHive)
	case "application/x-dmp":
		add(TraitMinidump)
	case "application/java-archive":
		add(TraitJavaClassFile)
	}
	out = append(out, nameTraits(name, mime, size)...)
	slices.Sort(out)
	return slices.Compact(out), members
}

// harmless are extensions under which an intruder hides what is something
// else; the type that each should have.
var harmless = map[string][]string{
	".gif": {"image/gif"}, ".png": {"image/png"}, ".jpg": {"image/jpeg"}, ".jpeg": {"image/jpeg"}, ".ico": {"image/x-icon", "image/png"},
	".tmp": nil, ".lic": nil, ".dat": nil, ".log": nil, ".txt": nil, ".css": nil, ".js": nil,
}

// hidden are the types worth hiding.
var hidden = map[string]bool{
	"application/x-dosexec": true, "application/x-executable": true, "application/x-7z-compressed": true, "application/x-rar": true,
	"application/vnd.ms-cab-compressed": true, "application/x-ms-ese": true, "application/x-ms-registry": true, "application/x-dmp": true,
	"application/zip": true, "application/java-archive": true,
}

func nameTraits(name, mime string, size int64) []string {
	name = strings.ToLower(path.Base(strings.ReplaceAll(name, "\\", "/")))
	ext := path.Ext(name)
	var out []string
	if wants, known := harmless[ext]; known && hidden[mime] && !slices.Contains(wants, mime) {
		// Windows keeps compressed and hive data under .dat and .log itself.
		if (ext == ".dat" || ext == ".log" || ext == ".tmp") && mime == "application/x-ms-registry" {
			return nil
		}
		out = append(out, TraitMismatch)
	}
	if ext == ".png" && size > 0 && mime != "image/png" && mime != "image/jpeg" && mime != "image/gif" && mime != "image/webp" {
		out = append(out, TraitNotPNG)
	}
	if mime == "application/x-dosexec" && (ext == ".exe" || ext == ".scr" || ext == ".com") {
		switch path.Ext(strings.TrimSuffix(name, ext)) {
		case ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".txt", ".jpg", ".png", ".rtf":
			out = append(out, TraitDoubleExtended)
		}
	}
	return out
}

// diaoyuMarks and diaoyuProducts are the strings of two public descriptions of
// the loader (dossier TG-07): four of the first and two of the second.
var (
	diaoyuMarks = []string{
		"DiaoYu", "pic1.png", `\Videos\msedgeupdate.exe`, `\Videos\msedgeupdate.dll`, "padeqav/WordPress/refs/heads/master/wp-includes/images",
		"RQVwlToEMOyk1QqOWICpqSesrfomtmIR", "05343A1E2A3B3B212C201505463E3503051C",
	}
	diaoyuProducts = []string{"avp.exe", "SentryEye.exe", "EPSecurityService.exe", "SentinelUI.exe", "NortonSecurity.exe"}
)

// tunnels are import paths that Go tunnelling tools carry.
var tunnels = []struct{ mark, trait string }{
	{"github.com/go-gost/", TraitTunnelGost}, {"github.com/ginuerzh/gost", TraitTunnelGost},
	{"github.com/fatedier/frp/", TraitTunnelFRP}, {"iox/option", TraitTunnelIox},
}

// programTraits looks for strings in a program, as ASCII and UTF-16.
func programTraits(data []byte) []string {
	var out []string
	if count(data, diaoyuMarks) >= 4 && count(data, diaoyuProducts) >= 2 {
		out = append(out, TraitDiaoyu)
	}
	for _, t := range tunnels {
		if bytes.Contains(data, []byte(t.mark)) {
			out = append(out, t.trait)
		}
	}
	return out
}

func count(data []byte, marks []string) int {
	n := 0
	for _, m := range marks {
		if bytes.Contains(data, []byte(m)) || bytes.Contains(data, wide(m)) {
			n++
		}
	}
	return n
}

// wide is s in UTF-16, little-endian.
func wide(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

// encryptedArchive reads the flags of RAR 4, RAR 5 and 7z headers.
func encryptedArchive(data []byte, size int64) bool {
	switch {
	case bytes.HasPrefix(data, []byte("Rar!\x1a\x07\x00")) && len(data) > 12:
		return data[10]&0x80 != 0 // MHD_PASSWORD of the main header
	case bytes.HasPrefix(data, []byte("Rar!\x1a\x07\x01\x00")) && len(data) > 14:
		return data[13] == 4 || data[12] == 4 // archive encryption header comes first
	case bytes.HasPrefix(data, []byte("7z\xbc\xaf\x27\x1c")):
		return size == int64(len(data)) && bytes.Contains(data[len(data)/2:], []byte{0x06, 0xf1, 0x07, 0x01}) // AES-256 coder id
	}
	return false
}
