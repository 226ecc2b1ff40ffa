package script

import (
	"fmt"
	"strings"
)

// weight is what one kind of hit counts.
type weight struct {
	points int
	weak   bool // an application does the like; half where the script is a part of one
	why    string
}

// weights of what the script does with what the client sends. A web shell
// takes a request and runs it: each of these is a way to do so.
var weights = map[string]weight{
	EvalInput:    {10, false, "runs text from the request as code"},
	CallInput:    {9, false, "calls a function that the request names"},
	CallGuess:    {5, true, "calls a function whose name may hold a part of the request"},
	CallHidden:   {9, false, "gives request data to a function whose name it hides"},
	LoadInput:    {10, false, "loads code that comes with the request"},
	StartInput:   {9, false, "starts a program that the request names"},
	EvalRemote:   {8, false, "runs code that another machine sends"},
	EvalDecoded:  {8, false, "decodes a literal and runs it as code"},
	LoadBlob:     {8, false, "decodes a literal and loads it as code"},
	LoadName:     {8, true, "loads a class that the request names"},
	Deserialise:  {8, false, "makes objects of what the request holds"},
	EvalSession:  {7, false, "runs code that an earlier request left"},
	IncludeInput: {8, true, "includes the file that the request names"},
	WriteInput:   {8, true, "writes what the request holds where the request says"},
	WriteScript:  {6, true, "writes what the request holds into a script"},
	WriteRemote:  {8, true, "fetches a file from another machine to where the request says"},
	WriteHidden:  {8, true, "decodes a script and writes it"},
	EvalFile:     {6, true, "decodes a file and runs it as code"},
	StartHidden:  {7, true, "starts a program whose name it hides"},
	HiddenName:   {5, false, "puts a dangerous name together from pieces"},
	EvalHidden:   {4, true, "runs text that it puts together from pieces"},
	EvalGuess:    {4, true, "runs text that may hold a part of the request"},
	StartGuess:   {5, true, "starts a program with what may be a part of the request"},
	EvalUnset:    {4, true, "runs a variable that nothing in the script sets"},
	StartUnset:   {4, true, "starts what is in a variable that nothing in the script sets"},
}

// reason is one part of a score.
type reason struct {
	points int
	line   int32
	why    string
}

func (r reason) String() string {
	if r.line > 0 {
		return fmt.Sprintf("line %d: %s (+%d)", r.line, r.why, r.points)
	}
	return fmt.Sprintf("%s (+%d)", r.why, r.points)
}

// judgement weighs what the machine saw.
type judgement struct {
	m       *machine
	size    int
	site    bool // a part of an application: it includes other code, has a guard, is only classes
	reasons []reason
}

func (j *judgement) add(points int, weak bool, line int32, why string, args ...any) {
	if weak && j.site {
		points /= 2
	}
	if points > 0 {
		j.reasons = append(j.reasons, reason{points, line, fmt.Sprintf(why, args...)})
	}
}

func (j *judgement) has(facts ...string) bool {
	for _, f := range facts {
		if j.m.facts[f] == 0 {
			return false
		}
	}
	return true
}

// weigh finds the reasons, most telling first as they were found.
func (j *judgement) weigh() {
	seen := map[string]bool{}
	for _, h := range j.m.order {
		w, ok := weights[h.kind]
		if !ok || seen[h.kind] {
			continue
		}
		seen[h.kind] = true
		why := w.why + ": " + h.what
		if h.src != "" && h.from&input != 0 {
			why += " of " + clip(h.src)
		}
		weak := w.weak || h.from&(joined|guessed) != 0 && h.from&(decoded|deciphered) == 0 && (h.kind == EvalInput || h.kind == StartInput)
		j.add(w.points, weak, h.line, "%s", why)
	}
	j.programs(seen)
	j.files()
	j.network()
	j.habits()
}

func clip(s string) string {
	if len(s) > 60 {
		s = s[:60] + "…"
	}
	return strings.ToValidUTF8(s, "?")
}

func (j *judgement) programs(seen map[string]bool) {
	f := j.m.facts
	if j.has(ShellText, StartProcess, RequestInput) {
		j.add(3, true, j.m.where[ShellText], "names a command interpreter beside a process start")
	}
	if j.has(StartProcess) && seen[StartInput] {
		for _, h := range j.m.order {
			if h.kind == "show-output" {
				j.add(1, true, h.line, "shows what the program prints")
				break
			}
		}
	}
	if j.has("decodes-input") {
		j.add(2, false, 0, "decodes or decrypts the request first")
	}
	if j.has(KnownKey) {
		j.add(8, false, j.m.where[KnownKey], "holds the published default key of a public web shell")
	}
	if j.has("native-memory") && (j.m.lang == "aspx" || j.m.lang == "ashx" || j.m.lang == "asmx") {
		j.add(8, false, j.m.where["native-memory"], "puts machine code into memory and runs it")
	}
	if j.has("script-encoded") {
		j.add(8, true, 0, "is encoded with the Script Encoder, so that nobody reads it")
	}
	if j.has("ld-preload") {
		j.add(5, false, j.m.where["ld-preload"], "has a library loaded into programs that it starts")
	}
	hides := 0
	for k := range f {
		if strings.HasPrefix(k, "hides ") {
			hides++
		}
	}
	if hides > 0 {
		j.add(min(2*hides, 6), false, 0, "hides %d dangerous names in text", hides)
	}
	if j.has("hidden-call") && (j.has("hidden-decoder") || j.has("decodes")) {
		j.add(4, true, j.m.where["hidden-call"], "calls functions whose names it decodes")
	}
	if j.has("unknown-call-of-input") {
		points := 2
		if seen[HiddenName] || j.has("hidden-decoder") {
			points = 5
		}
		j.add(points, true, j.m.where["unknown-call-of-input"], "gives request data to a function whose name it computes")
	}
	if j.has("creates-any-object") && !j.m.d.markup {
		j.add(6, false, j.m.where["creates-any-object"], "makes any COM object that the request names")
	}
	if j.has("loads-session") && j.has(RequestInput) {
		j.add(5, false, j.m.where["loads-session"], "loads code that an earlier request left")
	}
}

func (j *judgement) files() {
	powers := []string{}
	for _, p := range []string{powList, powRead, powWrite, powDelete, powMove, powMake, powMode, powTimes, powUpload, "any"} {
		if j.has("power " + p) {
			powers = append(powers, p)
		}
	}
	if points := []int{0, 0, 1, 4, 8, 9, 10}[min(len(powers), 6)]; points > 0 {
		j.add(points, true, j.m.where["power "+powers[0]], "is a file manager without a site around it: %s as the request says", strings.Join(powers, ", "))
	}
	if j.has("upload") && !j.has("checks-upload") && j.has("upload-named-by-client") {
		points := 8
		if j.size > 8000 || !j.has("upload-anywhere") {
			points = 4
		}
		j.add(points, true, j.m.where["upload"], "stores any uploaded file under the name that the client gives")
	}
	if j.has("power " + powTimes) {
		j.add(2, true, j.m.where["power "+powTimes], "sets the times of files as the request says")
	}
	if j.has("can "+powTimes) && (j.has(Lookup) || j.has(HTTPOut)) && j.has(WriteFile) && j.m.lang != "php" {
		j.add(4, true, j.m.where["can "+powTimes], "reports to a name or address of its own while it manages files")
	}
}

func (j *judgement) network() {
	switch {
	case j.has("sql-input") && (j.has("database-input-2") || j.has("database-input")):
		j.add(8, true, j.m.where["sql-input"], "is a database client: the request gives server, account and statement")
	case j.has("sql-input"):
		j.add(3, true, j.m.where["sql-input"], "runs SQL that the request gives whole")
	}
	switch {
	case j.has("sockets-input", "socket-carries-input"):
		j.add(8, true, j.m.where["sockets-input"], "carries request data into a connection that the request names: a tunnel")
	case j.has("sockets-input-2", StartProcess):
		j.add(6, true, j.m.where["sockets-input-2"], "connects to where the request says and starts programs")
	case j.has(Sockets, "socket-carries-input"):
		j.add(5, true, j.m.where["socket-carries-input"], "carries request data into a connection")
	}
	if j.has("mailer") {
		j.add(3, true, j.m.where["mailer"], "sends mail to whom and with what the request says")
	}
}

// habits are what web shells do besides; none is enough by itself.
func (j *judgement) habits() {
	asks, silences := 0, 0
	for k := range j.m.facts {
		switch {
		case strings.HasPrefix(k, "asks "):
			asks++
		case strings.HasPrefix(k, "silences "):
			silences++
		}
	}
	if asks >= 3 {
		j.add(min(asks/2, 5), true, 0, "asks in %d ways what machine it is on and what is forbidden there", asks)
	}
	if silences >= 3 {
		j.add(min(silences-1, 3), true, 0, "switches off error messages, logs and time limits")
	}
	if len(j.reasons) == 0 {
		return
	}
	if j.has("hash-gate") {
		j.add(3, true, j.m.where["hash-gate"], "opens to whoever knows a password whose hash it holds")
	}
}

// handlerParts is OP-21 of the dossier: what a handler gate of that framework
// has, whatever its names. Each part may be innocent; together they are not.
func (j *judgement) handler() []reason {
	g := &judgement{m: j.m}
	parts := []struct {
		points int
		on     bool
		why    string
	}{
		{1, j.has(Handler), "answers requests itself, without a page"},
		{2, j.has(RSA), "holds an RSA key"},
		{2, j.has(RSAVerify), "checks an RSA signature"},
		{1, j.has(Base64), "decodes Base64"},
		{3, j.has(RC4), "has an RC4 key loop of its own (256 steps, swapped), not the platform's cryptography"},
		{2, j.has(LoadCode) || j.has(StartProcess), "loads code or starts programs"},
		{2, j.has(JunkNames), "has several junk variables that are assigned and never read"},
	}
	for _, p := range parts {
		if p.on {
			g.add(p.points, false, 0, "%s", p.why)
		}
	}
	return g.reasons
}

func total(rs []reason) (n int) {
	for _, r := range rs {
		n += r.points
	}
	return n
}
