package c2http

import (
	nethttp "net/http"
	"path"
	"slices"
	"strings"

	"longwatch/internal/finding"
	"longwatch/internal/proto/http"
)

// form is how a tool's requests look unless somebody changes them.
type form struct {
	title      string
	what       string
	match      func(r *http.Request) bool
	least      int  // requests before it counts
	different  bool // of different addresses
	severity   finding.Severity
	confidence uint8
}

// forms are tried in order.
var forms = []form{
	{"SparkRAT", "the user agent of SparkRAT's client", spark, 1, false, finding.High, 95},
	{"Havoc's agent", "a body that begins with its length and the bytes DE AD BE EF, or Havoc's own header", havoc, 1, false, finding.High, 90},
	{"Cobalt Strike's beacon answers", "the form of a beacon's answer: submit.php with its number, and octets", submit, 1, false, finding.High, 80},
	{"Cobalt Strike's beacon", "a cookie that is a block of RSA and nothing else, as a beacon names itself", beacon, 3, false, finding.High, 80},
	{"Cobalt Strike or Metasploit stage", "an address of four letters with the checksum of a stager, answered with a large unnamed file", stager, 1, false, finding.High, 75},
	{"Sliver's implant", "a script asked for under a new address and answered with 204 No Content, as Sliver's implant polls", poll, 6, true, finding.High, 75},
	{"GOST as a proxy", "an answer that names gost as the proxy", relay, 1, false, finding.Medium, 85},
}

// formOf is the form that r has, -1 for none.
func formOf(r *http.Request) int {
	return slices.IndexFunc(forms, func(f form) bool { return f.match(r) })
}

// spark: https://github.com/XZB-1248/Spark, client/core.
func spark(r *http.Request) bool { return strings.HasPrefix(r.UserAgent, "SPARK COMMIT: ") }

// havocMagic follows the length of a package (Havoc, payloads/Demon/include/Common/Defines.h).
const havocMagic = "\xde\xad\xbe\xef"

func havoc(r *http.Request) bool {
	if slices.Contains(r.BodyTraits, http.TraitHavocHeader) {
		return true
	}
	h := r.ReqBodyHead
	if r.Method != nethttp.MethodPost || len(h) < 16 || h[4:8] != havocMagic {
		return false
	}
	length := uint64(h[0])<<24 | uint64(h[1])<<16 | uint64(h[2])<<8 | uint64(h[3])
	return length+4 == r.ReqBodyLen || length == r.ReqBodyLen
}

// submit is the default of http-post in a profile of Cobalt Strike.
func submit(r *http.Request) bool {
	id, ok := strings.CutPrefix(r.URI, "/submit.php?id=")
	return ok && r.Method == nethttp.MethodPost && len(id) >= 2 && len(id) <= 11 && strings.Trim(id, "0123456789") == "" &&
		r.ReqType == "application/octet-stream"
}

func beacon(r *http.Request) bool {
	return r.Method == nethttp.MethodGet && slices.Contains(r.BodyTraits, http.TraitKeyCookie)
}

const (
	// The sum of a stager's letters, modulo 256: 32 and 64 bits.
	checksum32, checksum64 = 92, 93
	// leastStage is smaller than any stage with a reflective loader.
	leastStage = 80_000
	mostStage  = 2_000_000
)

func stager(r *http.Request) bool {
	u := r.URI
	if r.Method != nethttp.MethodGet || len(u) != 5 || u[0] != '/' || r.RespBodyLen < leastStage || r.RespBodyLen > mostStage || r.Referrer != "" {
		return false
	}
	sum := 0
	for _, c := range []byte(u[1:]) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
		sum += int(c)
	}
	sum &= 0xff
	return (sum == checksum32 || sum == checksum64) && len(r.RespMIME) == 0 && (r.RespType == "application/octet-stream" || r.RespType == "")
}

// poll: https://github.com/BishopFox/sliver, server/c2/http.go and
// server/configs/http-c2.go: .js is what polls, with a number under a short name.
func poll(r *http.Request) bool {
	name, query, ok := strings.Cut(r.URI, "?")
	if !ok || r.Method != nethttp.MethodGet || r.StatusCode.V != nethttp.StatusNoContent || path.Ext(name) != ".js" || r.Referrer != "" {
		return false
	}
	k, v, ok := strings.Cut(query, "=")
	return ok && len(k) <= 2 && len(v) >= 2 && strings.Trim(v, "0123456789abcdefghijklmnopqrstuvwxyz_-") == ""
}

func relay(r *http.Request) bool { return slices.Contains(r.BodyTraits, http.TraitRelayAgent) }
