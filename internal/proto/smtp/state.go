package smtp

// A state is what the next line of the client is taken for. It follows the
// commands as if they all succeeded, for clients that do not wait for replies
// (RFC 2920), and is put right by the replies. Names and steps are Zeek's.
type state uint8

const (
	stateStart state = iota
	stateReady
	stateMail
	stateRcpt
	stateData  // lines of a message
	stateChunk // bytes of a message, between two BDAT
	stateAfter // the end of a message was sent
	stateAuth  // lines of an authentication exchange
	stateQuit
	stateTLS
	stateGap     // something is missing: a line may be a command or not
	stateRecover // the server's reply after a gap was seen
)

// Commands that are not words of the client.
const (
	cmdNone    = ""
	cmdConnect = ">"       // the greeting answers it
	cmdEnd     = "."       // end of a message
	cmdAnswer  = "***"     // line of an authentication exchange
	cmdUnknown = "UNKNOWN" // after a gap
)

// known are the commands of RFC 5321 and its extensions.
var known = map[string]bool{
	"EHLO": true, "HELO": true, "MAIL": true, "RCPT": true, "DATA": true, "BDAT": true, "QUIT": true, "RSET": true,
	"VRFY": true, "EXPN": true, "HELP": true, "NOOP": true, "STARTTLS": true, "X-ANONYMOUSTLS": true, "TURN": true,
	"SEND": true, "SOML": true, "SAML": true, "AUTH": true,
}

// commanded moves the state after a command, as if it succeeded.
func (p *parser) commanded(cmd string) {
	switch cmd {
	case "EHLO", "HELO":
		p.state = stateReady
	case "MAIL", "SEND", "SOML", "SAML":
		p.state = stateMail
	case "RCPT":
		p.state = stateRcpt
	case "DATA":
		p.begin(stateData)
	case "BDAT":
		p.state = stateChunk
	case cmdEnd:
		p.end()
		p.state = stateAfter
	case "RSET":
		p.state = stateReady
	case "QUIT":
		p.state = stateQuit
	}
}

// answered moves the state after the first line of a reply to cmd.
func (p *parser) answered(cmd string, code int) {
	switch cmd {
	case "EHLO", "HELO":
		if code >= 400 {
			p.state = stateStart
		}
	case "MAIL", "SEND", "SOML", "SAML":
		if code >= 400 && p.state != stateData {
			p.state = stateReady
		}
	case "DATA":
		if code == 354 {
			return
		}
		if p.state == stateData {
			p.end()
		}
		p.state = stateReady
		if code == 421 {
			p.state = stateQuit
		}
	case cmdEnd:
		p.state = stateReady
	case "AUTH", cmdAnswer:
		p.state = stateStart
		if code == 334 {
			p.state = stateAuth
		}
	case "STARTTLS", "X-ANONYMOUSTLS":
		if code == 220 {
			p.startTLS()
		}
	case cmdNone, cmdUnknown:
		if p.state == stateRecover && code == 354 {
			p.begin(stateData)
		}
	}
}

// queue remembers a command for the reply to it.
func (p *parser) queue(cmd string) {
	if len(p.waiting) >= maxWaiting {
		p.c.Weird("smtp_excessive_pending_cmds", "")
		p.waiting = p.waiting[:0]
	}
	p.waiting = append(p.waiting, cmd)
}

// next takes the command that the next reply is for.
func (p *parser) next() string {
	if len(p.waiting) == 0 {
		return cmdNone
	}
	cmd := p.waiting[0]
	p.waiting = p.waiting[1:]
	if len(p.waiting) == 0 {
		p.waiting = nil
	}
	return cmd
}
