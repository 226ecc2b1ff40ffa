package letter

import (
	"slices"

	lwmail "longwatch/internal/record/mail"
)

// The signs: what in a message may deceive its reader, by its own bytes alone.
// They describe, detectors judge.
const (
	SignForgedResults   = "auth-results-forged"    // Authentication-Results that name a receiving host and were not written by it
	SignTimesBackward   = "received-times-odd"     // a hop of the Received chain took the message an hour or more before it was handed in
	SignNameAddress     = "name-holds-address"     // the display name holds an address of another domain than the sender's
	SignNameHidden      = "name-hides-characters"  // display name or subject with characters that turn or hide text
	SignManyFrom        = "many-from"              // more than one From header, or more than one address in it without a Sender
	SignLinkText        = "link-text-mismatch"     // the text of a link is the address of another site than its target
	SignLinkTracked     = "link-tracked"           // the same, but the way goes through the sender's own or a list's counter
	SignLinkUser        = "link-user-part"         // a link with a host name before @: https://bank.example@other.example
	SignLinkAddress     = "link-bare-address"      // a link to an address instead of a name
	SignLinkMixed       = "link-mixed-scripts"     // a link to a name that mixes scripts, or is of one that looks Latin throughout
	SignLinkShort       = "link-shortener"         // a link through a shortening service
	SignLinkRedirect    = "link-redirector"        // a link to one site that names another as where to go on
	SignLinkStore       = "link-file-host"         // a link to a service where anyone stores files
	SignLinkData        = "link-data"              // a link that holds a page itself (data:)
	SignLinkScript      = "link-script"            // a link that runs script (javascript:, vbscript:)
	SignForm            = "html-form"              // a form that sends what is typed to another site
	SignPassword        = "html-password"          // a field for a password
	SignBase            = "html-base"              // a base address that turns the links of the message to another site
	SignScript          = "html-script"            // a script
	SignSmuggling       = "html-smuggling"         // a script that makes a file out of its own text and has it saved
	SignRefresh         = "html-refresh"           // the page goes on to another one by itself
	SignPasswordInText  = "archive-password-told"  // an archive needs a password and the text tells it
	SignReplyUnthreaded = "reply-without-thread"   // the subject says that it is an answer, no header says to what
	SignDateFar         = "date-far-from-received" // the sender's date is more than two days from that of the receiving host
)

func sign(m *lwmail.Message, s string) {
	if i, found := slices.BinarySearch(m.Signs, s); !found {
		m.Signs = slices.Insert(m.Signs, i, s)
	}
}
