package ftp

import (
	"bytes"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// Bounds, the same as Zeek's.
const (
	maxPending  = 20 // commands without an answer
	maxUser     = 128
	maxPassword = 128
	maxArg      = 4096
	maxReply    = 4096
)

const (
	unknown = "<unknown>"
	hidden  = "<hidden>"
)

var (
	// rows are the commands that get a row.
	rows = []string{"APPE", "DELE", "RETR", "STOR", "STOU", "ACCT", "PORT", "PASV", "EPRT", "EPSV"}
	// paths are those whose argument is a path.
	paths = []string{"APPE", "CWD", "DELE", "MKD", "RETR", "RMD", "RNFR", "RNTO", "STOR", "STOU", "REST", "SIZE", "MDTM"}
	// guests are users whose password is no secret.
	guests = []string{"anonymous", "ftp", "ftpuser", "guest"}
)

// session pairs commands with replies and remembers what rows need. It is
// shared with the data connections that it arranged.
type session struct {
	c       *proto.Conn
	pending []*command
	seq     int

	user     string
	password string
	dir      string // "." until the server says where the session is

	cmd     *command // that the last reply was for
	replied bool
	code    int
	msg     string

	size record.Opt[uint64]
	data channel
	fuid string
	mime string

	wrote bool
	last  Record // of the last command that was done, row or not
}

func newSession(c *proto.Conn) *session {
	s := &session{c: c, user: unknown, dir: "."}
	s.add(greeting, "")
	return s
}

// File implements the data connection's view: the file got its identifier.
func (s *session) File(fuid string) { s.fuid = fuid }

// MIME is told of the type of the file.
func (s *session) MIME(mime string) { s.mime = mime }

func (s *session) add(name, arg string) {
	if len(s.pending) >= maxPending {
		s.c.Weird("FTP_too_many_pending_commands", strconv.Itoa(len(s.pending)))
		return
	}
	s.seq++
	s.pending = append(s.pending, &command{name: name, arg: arg, ts: s.c.Now(), ref: s.c.Engine.Ref(), seq: s.seq})
}

// remove takes a command from those that wait; false when it does not.
func (s *session) remove(c *command) bool {
	i := slices.Index(s.pending, c)
	if i < 0 {
		return false
	}
	s.pending = slices.Delete(s.pending, i, i+1)
	return true
}

// request follows a command.
func (s *session) request(name, arg string) {
	// The row of a command waits for the next one: until then there can be
	// further replies to it.
	if s.cmd != nil && s.replied && s.remove(s.cmd) {
		s.row()
	}
	s.add(name, arg)
	switch name {
	case "USER":
		s.user = s.bound(arg, maxUser, "FTP_user_too_long")
	case "PASS":
		s.password = s.bound(arg, maxPassword, "FTP_password_too_long")
	case "PORT":
		if host, port, ok := hostPort(arg); ok {
			s.expect(channel{orig: s.c.ID.RespH, resp: host, port: port})
		}
	case "EPRT":
		if host, port, ok := extended(arg); ok && host.IsValid() {
			s.expect(channel{orig: s.c.ID.RespH, resp: host, port: port})
		}
	}
}

// bound cuts a string that is longer than Zeek would log it.
func (s *session) bound(v string, most int, weird string) string {
	if len(v) <= most {
		return v
	}
	s.c.Weird(weird, strconv.Itoa(len(v)))
	return v[:most]
}

// expect announces a data connection.
func (s *session) expect(d channel) {
	d.set = true
	s.data = d
	s.c.Expect(proto.Expected{Transport: proto.TCP, Host: d.resp, Port: d.port, Parser: "ftp-data", State: s})
}

// reply follows one line of a reply. code is 0 for a line in the middle of one.
func (s *session) reply(code int, text []byte, more bool) {
	if more && code == 0 && s.replied && !replyWithin(text) {
		return
	}
	msg := string(text)
	s.cmd, s.replied, s.code, s.msg = answered(s.pending, code, msg), true, code, msg
	if more {
		return
	}
	switch name := s.cmd.name; {
	case code == 150 && name == "RETR", code == 213 && name == "SIZE":
		s.size = record.Some(lastNumber(msg))
	case code == 227 && (name == "PASV" || name == "EPSV"):
		if host, port, ok := passive(msg); ok {
			s.expect(channel{passive: true, orig: s.c.ID.OrigH, resp: host, port: port})
		}
	case code == 229 && (name == "PASV" || name == "EPSV"):
		_, list, _ := strings.Cut(msg, "(")
		if host, port, ok := extended(list); ok {
			if !host.IsValid() || host == netip.IPv6Unspecified() {
				host = s.c.ID.RespH
			}
			s.expect(channel{passive: true, orig: s.c.ID.OrigH, resp: host, port: port})
		}
	}
	s.follow(code, msg)
	if len(s.pending) > 1 {
		s.remove(s.cmd)
		s.row()
	}
}

// replyWithin tells whether a line in the middle of a reply looks like a reply
// of its own: some servers never end a reply of several lines.
func replyWithin(b []byte) bool {
	if len(b) < 14 || b[0] < '1' || b[0] > '9' || b[1] < '0' || b[1] > '9' || b[2] < '0' || b[2] > '9' || b[3] != ' ' {
		return false
	}
	return bytes.IndexFunc(b[4:14], func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// lastNumber is the last run of digits, 0 when there is none or it is too large.
func lastNumber(s string) uint64 {
	end := len(s)
	for end > 0 && (s[end-1] < '0' || s[end-1] > '9') {
		end--
	}
	start := end
	for start > 0 && '0' <= s[start-1] && s[start-1] <= '9' {
		start--
	}
	n, err := strconv.ParseUint(s[start:end], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// follow keeps up with the session's directory.
func (s *session) follow(code int, msg string) {
	c := s.cmd
	if c.moved {
		return
	}
	switch {
	case c.name == "CWD" && code == 250:
		s.dir = join(s.dir, c.arg)
	case c.name == "CDUP" && (code == 200 || code == 250):
		s.dir = join(s.dir, "/..")
	case (c.name == "PWD" || c.name == "XPWD") && code == 257:
		s.dir = named(msg)
	default:
		return
	}
	c.moved = true
	s.dir = s.dir[max(0, len(s.dir)-maxArg):]
}

// row is done with the command s.cmd and writes its row if it gets one.
func (s *session) row() {
	c := s.cmd
	r := Record{Conn: s.c.Head(), Command: c.name, Arg: c.arg}
	r.TS, r.Ref = c.ts, c.ref
	if slices.Contains(paths, c.name) {
		r.Arg = url(s.c.ID.RespH, s.dir, c.arg)
	}
	r.Arg = s.bound(r.Arg, maxArg, "FTP_arg_too_long")
	s.msg = s.bound(s.msg, maxReply, "FTP_reply_msg_too_long")
	guest := slices.Contains(guests, strings.ToLower(s.user))
	if c.name == "PASS" && !guest {
		r.Arg = hidden
	}
	if s.password != "" && !guest {
		s.password = hidden
	}
	r.User, r.Password = s.user, s.password
	if s.replied {
		r.ReplyCode, r.ReplyMsg = record.Some(uint64(s.code)), s.msg
	}
	s.last = r
	r.MIMEType, r.FileSize, r.FUID = s.mime, s.size, s.fuid
	if d := &s.data; d.set {
		r.Passive, r.DataOrigH, r.DataRespH, r.DataRespP = record.Some(d.passive), d.orig, d.resp, record.Some(d.port)
	}
	if slices.Contains(rows, c.name) {
		s.c.Emit(&r)
		s.wrote = true
	}
	s.mime, s.fuid, s.size, s.data = "", "", record.Opt[uint64]{}, channel{}
}

// close writes what waits for a reply that never came. A session that would
// leave no row, as a guessed password, gets one all the same.
func (s *session) close() {
	for _, c := range s.pending {
		s.cmd = c
		s.row()
	}
	s.pending = nil
	if !s.wrote && s.user != unknown {
		r := s.last
		if r.Command == "" {
			r = Record{Conn: s.c.Head(), User: s.user}
		}
		r.Summary = record.Some(true)
		s.c.Emit(&r)
	}
}
