package script

// part is one combination that raises the score.
type part struct {
	points int
	why    string
	when   func(language string, f found, size int) bool
}

// handlerParts is OP-21 of the dossier: what a handler gate of that framework
// has, whatever its names. Each part may be innocent; together they are not.
var handlerParts = []part{
	{1, "answers requests itself, without a page", func(_ string, f found, _ int) bool { return f.has(Handler) }},
	{2, "holds an RSA key", func(_ string, f found, _ int) bool { return f.has(RSA) }},
	{2, "checks an RSA signature", func(_ string, f found, _ int) bool { return f.has(RSAVerify) }},
	{1, "decodes Base64", func(_ string, f found, _ int) bool { return f.has(Base64) }},
	{3, "has an RC4 key loop of its own (256 steps, swapped), not the platform's cryptography", func(_ string, f found, _ int) bool { return f.has(RC4) }},
	{2, "loads code or starts programs", func(_ string, f found, _ int) bool { return f.has(LoadCode) || f.has(StartProcess) }},
	{2, "has several junk variables that are assigned and never read", func(_ string, f found, _ int) bool { return f.has(JunkNames) }},
}

// pageParts weigh scripts of any language. A web shell takes a request and
// runs it: the parts are the ways to do so.
var pageParts = []part{
	{9, "runs text from the request as code", func(_ string, f found, _ int) bool { return f.has(EvalInput) }},
	{8, "starts a program that the request names", func(_ string, f found, _ int) bool { return f.has(StartInput) }},
	{3, "names a command interpreter beside a process start", func(_ string, f found, _ int) bool {
		return f.has(ShellText, StartProcess, RequestInput)
	}},
	{8, "decrypts request data and loads the result as code", func(_ string, f found, _ int) bool {
		return f.has(RequestInput, LoadCode) && (f.has(Cipher) || f.has(RC4))
	}},
	{8, "makes a class of request data", func(_ string, f found, _ int) bool {
		return f.has(RequestInput, DefineClass) && (f.has(Base64) || f.has(Cipher) || f.has(RC4))
	}},
	{6, "decodes request data and loads code", func(_ string, f found, _ int) bool {
		return f.has(RequestInput, LoadCode, Base64) && !f.has(Cipher) && !f.has(RC4)
	}},
	{5, "runs text as code and decodes Base64", func(_ string, f found, _ int) bool {
		return f.has(Eval, Base64) && !f.has(EvalInput)
	}},
	{6, "carries request data into sockets of its own: a tunnel", func(_ string, f found, _ int) bool {
		return f.has(RequestInput, Sockets) && (f.has(Base64) || f.has(RC4) || f.has(Handler)) && !f.has(HTTPOut)
	}},
	{4, "sets the times of files", func(_ string, f found, _ int) bool { return f[SetTimes] >= 2 && f.has(RequestInput) }},
	{4, "reports to a name or address of its own while it manages files", func(_ string, f found, _ int) bool {
		return (f.has(Lookup) || f.has(HTTPOut)) && f.has(WriteFile) && f[SetTimes] >= 1
	}},
	{2, "is a file manager: lists and writes files as the request says", func(_ string, f found, _ int) bool {
		return f.has(RequestInput, WriteFile, ListFiles)
	}},
	{3, "is tiny and writes what the request holds to a file", func(_ string, f found, size int) bool {
		return f.has(RequestInput, WriteFile) && size < 1500
	}},
	{8, "holds the published default key of a public web shell", func(_ string, f found, _ int) bool { return f.has(KnownKey) }},
	{6, "puts a dangerous name together from pieces", func(_ string, f found, _ int) bool { return f.has(HiddenName) }},
	{3, "holds a long encoded literal beside a way to run it", func(_ string, f found, _ int) bool {
		return f.has(Blob) && (f.has(Eval) || f.has(LoadCode) || f.has(DefineClass))
	}},
}

// score adds up the better of the two scales for handlers, and the page scale
// for all else.
func score(language string, f found, size int) (int, []string) {
	total, why := sum(pageParts, language, f, size)
	if language == "ashx" || language == "asmx" || language == "asax" {
		if t, w := sum(handlerParts, language, f, size); t > total {
			return t, w
		}
	}
	return total, why
}

func sum(parts []part, language string, f found, size int) (int, []string) {
	total := 0
	var why []string
	for _, p := range parts {
		if p.when(language, f, size) {
			total += p.points
			why = append(why, p.why)
		}
	}
	return total, why
}
