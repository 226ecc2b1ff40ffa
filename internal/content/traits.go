package content

import (
	"path"
	"slices"
	"strings"
)

// The traits. They describe content, not guilt: detectors join them with where
// and how a file was seen.
const (
	TraitPE             = "pe"                      // a Windows program or library
	TraitPEDLL          = "pe-dll"                  // a Windows library
	TraitELF            = "elf"                     // a Linux program or library
	TraitZip            = "zip"                     // a ZIP archive, but no document or package in ZIP
	TraitZipSamePE      = "zip-program-named-as-it" // holds exactly one program, named like the archive
	TraitZipPic1        = "zip-pic1-png"            // holds a member pic1.png
	TraitZipPic1Empty   = "zip-pic1-png-empty"      // holds a member pic1.png of no bytes
	TraitZipNTDS        = "zip-ntds"                // holds ntds.dit and a registry hive SYSTEM
	TraitEncrypted      = "archive-encrypted"       // an archive that needs a password, as far as its headers show
	TraitESE            = "ese-database"            // an Extensible Storage Engine database, as ntds.dit
	TraitHive           = "registry-hive"           // a Windows registry hive
	TraitMinidump       = "minidump"                // a Windows crash dump of a process
	TraitMismatch       = "extension-mismatch"      // an archive, program or database under a harmless extension
	TraitNotPNG         = "png-that-is-not"         // named .png and is something else
	TraitDiaoyu         = "diaoyu-loader"           // at least four strings and two product names of dossier TG-07
	TraitDiaoyuImphash  = "diaoyu-imphash"          // imports as dossier TG-07 publishes them
	TraitTunnelGost     = "tunnel-gost"             // strings of the GOST tunnel
	TraitTunnelFRP      = "tunnel-frp"              // strings of the FRP tunnel
	TraitTunnelIox      = "tunnel-iox"              // strings of the IOX tunnel
	TraitJavaClassFile  = "java-class"              // Java byte code
	TraitOfficeMacro    = "office-macro"            // an Office document with a macro project
	TraitScript         = "script"                  // a script of a shell, PHP, Perl, Python or the like, by its first lines
	TraitDoubleExtended = "double-extension"        // a program named like a document: report.pdf.exe
)

func (s *Summary) add(trait string) {
	if i, found := slices.BinarySearch(s.Traits, trait); !found {
		s.Traits = slices.Insert(s.Traits, i, trait)
	}
}

// harmless are extensions under which an intruder hides what is something
// else; the types that each should have.
var harmless = map[string][]string{
	".gif": {"image/gif"}, ".png": {"image/png"}, ".jpg": {"image/jpeg"}, ".jpeg": {"image/jpeg"}, ".ico": {"image/x-icon", "image/png"},
	".bmp": {"image/x-ms-bmp"}, ".tmp": nil, ".lic": nil, ".dat": nil, ".log": nil, ".txt": nil, ".css": nil, ".js": nil,
}

// hidden are the types worth hiding, with the trait that they are by themselves.
var hidden = map[string]string{
	mimePE: TraitPE, mimeELF: TraitELF, mimeELFLib: TraitELF, mime7z: "", mimeRAR: "", mimeCAB: "", mimeZip: TraitZip,
	mimeESE: TraitESE, mimeHive: TraitHive, mimeMinidump: TraitMinidump, mimeClass: TraitJavaClassFile,
}

// pictures are what a browser shows when it asked for a .png.
var pictures = []string{"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml", "image/x-icon"}

// documents are extensions that make a program look like something to read.
var documents = []string{".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".txt", ".jpg", ".png", ".rtf"}

// addNameTraits adds what type and name say together.
func (s *Summary) addNameTraits(name string) {
	trait, worth := hidden[s.MIME]
	if trait != "" {
		s.add(trait)
	}
	if strings.HasPrefix(s.MIME, "text/x-") && s.MIME != "text/x-diff" && s.MIME != "text/x-vcard" {
		s.add(TraitScript)
	}
	name = lastPart(name)
	ext := path.Ext(name)
	if wants, known := harmless[ext]; known && worth && !slices.Contains(wants, s.MIME) {
		// Windows itself keeps hives under .dat, .log and .tmp.
		if s.MIME != mimeHive || ext != ".dat" && ext != ".log" && ext != ".tmp" {
			s.add(TraitMismatch)
		}
	}
	if ext == ".png" && s.Size > 0 && !slices.Contains(pictures, s.MIME) {
		s.add(TraitNotPNG)
	}
	if s.MIME == mimePE && (ext == ".exe" || ext == ".scr" || ext == ".com") && slices.Contains(documents, path.Ext(strings.TrimSuffix(name, ext))) {
		s.add(TraitDoubleExtended)
	}
}

// lastPart is a name without its folders, in lower case.
func lastPart(name string) string {
	return strings.ToLower(path.Base(strings.ReplaceAll(name, "\\", "/")))
}

// stem is a name without folders and extension, in lower case.
func stem(name string) string {
	name = lastPart(name)
	return strings.TrimSuffix(name, path.Ext(name))
}
