package deceptivemail

import (
	"slices"
	"strings"

	"longwatch/internal/attack"
	"longwatch/internal/domain"
	"longwatch/internal/finding"
	"longwatch/internal/record/mail"
)

// sign is one of what package letter finds in links and pages.
type sign struct {
	name      string
	weight    int
	title     string
	why       string
	technique attack.ID
}

var linkSigns = []sign{
	{"html-smuggling", 50, "Page that makes a file of itself", "a page makes a file out of its own text and has it saved", "T1027.006"},
	{"link-user-part", 35, "Link that hides its target", "a link has the name of a site in front of @, and leads elsewhere", "T1566.002"},
	{"link-mixed-scripts", 35, "Link to a name in mixed scripts", "a link leads to a name whose letters only look like what they seem", "T1566.002"},
	{"link-data", 30, "Link that holds a page", "a link holds a page of its own instead of leading to one", "T1566.002"},
	{"html-password", 25, "Page that asks for a password", "a page of the mail itself asks for a password", "T1566.002"},
	{"link-script", 20, "Link that runs script", "a link runs script", "T1566.002"},
	{"html-base", 20, "Page that turns its links", "a base address turns the links of the mail to another site", "T1566.002"},
	{"link-bare-address", 15, "Link to a bare address", "a link leads to an address that has no name", "T1566.002"},
	{"html-form", 15, "Form that sends to another site", "a form sends what is typed to another site than the sender's", "T1566.002"},
	{"html-refresh", 10, "Page that goes on by itself", "a page goes on to another site by itself", "T1566.002"},
	{"link-file-host", 10, "Link to a file host", "a link leads to a service where anyone stores files", "T1566.002"},
	{"link-shortener", 8, "Link through a shortener", "a link goes through a shortening service", "T1566.002"},
	{"link-redirector", 8, "Link through a redirector", "a link to one site names another as where to go on", "T1566.002"},
}

// bulk are signs that newsletters and notices show every day.
var bulk = []string{"link-shortener", "link-redirector", "html-form"}

func links(m *mail.Message, w *world, add func(claim)) {
	ask := finding.Because("Ask the receiver: did you follow a link of the mail %q, did you type a password there, and on which machine?", m.Subject)
	if len(m.Deceptions) > 0 {
		c := claim{what, 35, "Link that shows another site", finding.Because("a link shows one site and leads to another: %q", m.Deceptions[0]), ask, "T1566.002"}
		shown, _, _ := strings.Cut(m.Deceptions[0], " -> ")
		r := domain.Registrable(shown)
		switch {
		case slices.Contains(w.own, r):
			c.weight = 45
		case m.List != "" && authentic(m):
			c.weight = 10 // a newsletter whose counter is run by another
		}
		add(c)
	}
	for _, s := range linkSigns {
		if has(m, s.name) {
			n := s.weight
			if m.List != "" && slices.Contains(bulk, s.name) {
				n = 0
			}
			add(claim{what, n, s.title, s.why, ask, s.technique})
		}
	}
}

// traits of attachments; see packages attachment and content.
var traitSigns = []sign{
	{"archive-program-named-as-it", 40, "Archive with a program of its own name", "holds exactly one program, named like the archive", "T1204.002"},
	{"program-attached", 45, "Program as an attachment", "is a program, script or shortcut", "T1204.002"},
	{"archive-program", 35, "Archive with a program", "holds a program, script or shortcut", "T1204.002"},
	{"name-turned", 45, "Attachment whose name is turned round", "has a name with characters that turn the direction of writing", "T1036.002"},
	{"archive-name-turned", 45, "Attachment whose name is turned round", "holds a name with characters that turn the direction of writing", "T1036.002"},
	{"archive-disguised-program", 45, "Program under a false name", "holds a program under the name of something else", "T1036"},
	{"extension-mismatch", 30, "Program under a false name", "is something else than its name says", "T1036"},
	{"double-extension", 35, "Program named like a document", "is a program named like a document", "T1036.007"},
	{"name-double-extension", 35, "Program named like a document", "is a program named like a document", "T1036.007"},
	{"archive-double-extension", 35, "Program named like a document", "holds a program named like a document", "T1036.007"},
	{"office-remote-template", 40, "Document that loads a part from elsewhere", "loads a part from elsewhere when it is opened", "T1221"},
	{"office-macro4", 35, "Document with Excel 4 macros", "has a sheet of Excel 4 macros", "T1204.002"},
	{"shortcut", 35, "Shortcut as an attachment", "is a Windows shortcut", "T1204.002"},
	{"archive-shortcut", 35, "Shortcut in an archive", "holds a Windows shortcut", "T1204.002"},
	{"onenote-file", 30, "Note with a file in it", "is a OneNote section with a file in it", "T1204.002"},
	{"svg-script", 30, "Picture with a script", "is a picture with a script in it", "T1027.006"},
	{"disk-image", 30, "Disk image as an attachment", "is a disk image: what lies in it loses the mark of the web", "T1553.005"},
	{"pe", 30, "Program as an attachment", "is a Windows program by its bytes", "T1204.002"},
	{"office-macro", 20, "Document with macros", "has macros", "T1204.002"},
	{"archive-encrypted", 15, "Archive that needs a password", "needs a password, so that no filter could look into it", "T1027"},
	{"office-object", 12, "Document with an object", "holds another file as an object", "T1204.002"},
	{"pdf-script", 12, "PDF with a script", "has JavaScript or a command to start", "T1204.002"},
	{"html-attached", 8, "Web page as an attachment", "is a web page", "T1566.001"},
	{"archive-not-listed", 5, "Archive that could not be listed", "is an archive whose list could not be read", "T1027"},
	{"archive-nested", 5, "Archive within an archive", "holds another archive", "T1027"},
}

// risky tells whether attachments have a trait that weighs.
func risky(m *mail.Message) bool {
	return slices.ContainsFunc(traitSigns, func(s sign) bool { return slices.Contains(m.Traits, s.name) })
}

func attached(m *mail.Message, add func(claim)) {
	names := strings.Join(m.Attachments[:min(len(m.Attachments), 3)], ", ")
	ask := finding.Because("Ask the receiver: did you open %q, did you start what lay in it or allow its content, and on which machine?", names)
	n := 0
	for _, s := range traitSigns {
		if !slices.Contains(m.Traits, s.name) {
			continue
		}
		weight := s.weight
		if n++; n > 1 {
			weight /= 3 // one attachment shows several of them
		}
		why := finding.Because("an attachment (%q) %s", names, s.why)
		if n == 1 && len(m.Members) > 0 {
			why += finding.Because(": %q", m.Members[0])
		}
		add(claim{what, weight, s.title, why, ask, s.technique})
	}
	if has(m, "archive-password-told") {
		add(claim{what, 25, "Archive with its password in the text", "the text tells the password of the archive", ask, "T1027"})
	}
}
