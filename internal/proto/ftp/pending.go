package ftp

import (
	"slices"
	"strings"

	"longwatch/internal/record"
)

// command is one that the client sent.
type command struct {
	name, arg string
	ts        record.Time
	ref       record.Ref
	seq       int
	moved     bool // the session's directory followed it
}

// greeting stands for the command that the server's first words answer.
const greeting = "<init>"

// answers are the replies that a command can have: RFC 959 section 5.4, and RFC
// 1639, 2389, 2428 and 3659. 500 can follow every command.
var answers = map[string][]int{
	greeting: {0, 120, 220, 421},
	"USER":   {230, 331, 332, 421, 530, 501},
	"PASS":   {230, 202, 332, 421, 530, 501, 503},
	"ACCT":   {230, 202, 421, 530, 501, 503},
	"CWD":    {250, 421, 501, 502, 530, 550},
	"CDUP":   {200, 250, 421, 501, 502, 530, 550},
	"SMNT":   {202, 250, 421, 501, 502, 530, 550},
	"REIN":   {120, 220, 421, 502},
	"QUIT":   {0, 221},
	"PORT":   {200, 421, 501, 530},
	"PASV":   {227, 421, 501, 502, 530},
	"MODE":   {200, 421, 501, 502, 504, 530},
	"TYPE":   {200, 421, 501, 504, 530},
	"STRU":   {200, 421, 501, 504, 530},
	"ALLO":   {200, 202, 421, 501, 504, 530},
	"REST":   {200, 350, 421, 501, 502, 530},
	"STOR":   {110, 125, 150, 226, 250, 421, 425, 426, 451, 551, 552, 532, 450, 452, 553, 501, 530, 550},
	"STOU":   {110, 125, 150, 226, 250, 421, 425, 426, 451, 551, 552, 532, 450, 452, 553, 501, 530, 550},
	"RETR":   {110, 125, 150, 226, 250, 421, 425, 426, 451, 450, 501, 530, 550},
	"LIST":   {125, 150, 226, 250, 421, 425, 426, 451, 450, 501, 502, 530, 550},
	"NLST":   {125, 150, 226, 250, 421, 425, 426, 451, 450, 501, 502, 530, 550},
	"APPE":   {125, 150, 226, 250, 421, 425, 426, 451, 551, 552, 532, 450, 550, 452, 553, 501, 502, 530},
	"RNFR":   {350, 421, 450, 550, 501, 502, 530},
	"RNTO":   {250, 421, 532, 553, 501, 502, 503, 530},
	"DELE":   {250, 421, 450, 550, 501, 502, 530},
	"RMD":    {250, 421, 501, 502, 530, 550},
	"MKD":    {257, 421, 501, 502, 530, 550},
	"PWD":    {257, 421, 501, 502, 550},
	"ABOR":   {225, 226, 421, 501, 502},
	"SYST":   {215, 421, 501, 502, 530},
	"STAT":   {211, 212, 213, 421, 450, 501, 502, 530},
	"HELP":   {200, 211, 214, 421, 501, 502},
	"SITE":   {200, 202, 214, 501, 502, 530},
	"NOOP":   {200, 421},
	"LPRT":   {501, 521},
	"FEAT":   {211, 502},
	"OPTS":   {200, 451, 501},
	"EPSV":   {229, 501},
	"EPRT":   {200, 501, 522},
	"SIZE":   {213, 501, 550},
	"MDTM":   {213, 501, 550},
	"MLST":   {150, 226, 250, 501, 550},
	"MLSD":   {150, 226, 250, 501, 550},
	"CLNT":   {200},
	"MACB":   {200, 550},
}

// score tells how well a reply fits the command.
func (c *command) score(code int, msg string) int {
	n := 0
	if code == 500 || slices.Contains(answers[c.name], code) {
		n += 100
	}
	if strings.Contains(msg, c.name) {
		n += 20
	}
	if strings.Contains(msg, c.arg) {
		n += 10
	}
	return n
}

// answered finds the command that a reply is for: the one that fits best, the
// oldest of several. A reply to nothing gets a command without a number.
func answered(pending []*command, code int, msg string) *command {
	best, most := &command{name: "<unknown>"}, -1
	for _, c := range pending {
		if n := c.score(code, msg); n > most {
			best, most = c, n
		}
	}
	return best
}
