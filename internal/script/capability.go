package script

import (
	"regexp"
	"slices"
	"strings"
)

// The capabilities that Can may name.
const (
	Handler      = "handler"          // a class that answers requests itself
	RequestInput = "request-input"    // reads what the client sent
	Base64       = "base64"           // decodes Base64
	RC4          = "rc4"              // a 256-step swap loop, whatever its name
	Cipher       = "cipher"           // a block cipher of the platform
	RSA          = "rsa"              // an RSA key
	RSAVerify    = "rsa-verify"       // checks a signature
	LoadCode     = "load-code"        // loads or compiles code at run time
	Eval         = "eval"             // runs text as code
	EvalInput    = "eval-input"       // runs text that comes straight from the request
	StartProcess = "start-process"    // starts programs
	StartInput   = "start-from-input" // starts a program that the request names
	ShellText    = "shell-text"       // names a command interpreter
	SetTimes     = "set-file-times"   // sets times of files
	WriteFile    = "write-file"       // writes files
	ListFiles    = "list-files"       // lists folders
	Lookup       = "dns-lookup"       // resolves names
	HTTPOut      = "http-out"         // makes HTTP requests
	Sockets      = "sockets"          // opens sockets
	DefineClass  = "define-class"     // makes a class of bytes (Java)
	KnownKey     = "default-key"      // the published default key of a public shell
	JunkNames    = "junk-variables"   // several _abcdefgh = 123 that are never read
	Blob         = "encoded-blob"     // a literal of a thousand Base64 characters or more
	DynamicCall  = "dynamic-call"     // calls a function whose name is computed
	HiddenName   = "hidden-name"      // a dangerous name put together from pieces
)

// found is the set of capabilities of one script.
type found map[string]int

func (f found) has(names ...string) bool {
	for _, n := range names {
		if f[n] == 0 {
			return false
		}
	}
	return true
}

func (f found) names() []string {
	out := make([]string, 0, len(f))
	for n := range f {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// means maps names that the platforms define to what they allow.
var means = map[string]string{
	// .NET
	"ihttphandler": Handler, "processrequest": Handler, "ihttpmodule": Handler, "httpcontext": Handler,
	"frombase64string": Base64, "rsacryptoserviceprovider": RSA, "rsaparameters": RSA, "fromxmlstring": RSA,
	"verifydata": RSAVerify, "verifyhash": RSAVerify, "rsapkcs1signaturedeformatter": RSAVerify, "verifysignature": RSAVerify,
	"createdecryptor": Cipher, "rijndaelmanaged": Cipher, "aescryptoserviceprovider": Cipher, "aesmanaged": Cipher,
	"createinstance": LoadCode, "compileassemblyfromsource": LoadCode, "csharpcodeprovider": LoadCode, "defineddynamicassembly": LoadCode,
	"setcreationtime": SetTimes, "setlastwritetime": SetTimes, "setlastaccesstime": SetTimes, "setcreationtimeutc": SetTimes,
	"setlastwritetimeutc": SetTimes, "setlastaccesstimeutc": SetTimes,
	"processstartinfo": StartProcess, "writeallbytes": WriteFile, "writealltext": WriteFile, "saveas": WriteFile, "filestream": WriteFile, "streamwriter": WriteFile,
	"getfiles": ListFiles, "getdirectories": ListFiles, "getfilesysteminfos": ListFiles,
	"gethostentry": Lookup, "gethostaddresses": Lookup, "gethostbyname": Lookup, "gethostbynameasync": Lookup,
	"httpwebrequest": HTTPOut, "webclient": HTTPOut, "httpclient": HTTPOut, "tcpclient": Sockets, "ipendpoint": Sockets,
	// Java
	"defineclass": DefineClass, "urlclassloader": DefineClass, "processbuilder": StartProcess, "getruntime": StartProcess,
	"socketchannel": Sockets, "base64decoder": Base64, "decodebuffer": Base64, "parsebase64binary": Base64, "getdecoder": Base64, "secretkeyspec": Cipher,
	"setlastmodified": SetTimes, "fileoutputstream": WriteFile, "listfiles": ListFiles, "scriptenginemanager": Eval,
	// PHP
	"base64_decode": Base64, "openssl_decrypt": Cipher, "mcrypt_decrypt": Cipher, "shell_exec": StartProcess, "passthru": StartProcess,
	"popen": StartProcess, "proc_open": StartProcess, "pcntl_exec": StartProcess, "create_function": Eval, "file_put_contents": WriteFile,
	"move_uploaded_file": WriteFile, "fwrite": WriteFile, "scandir": ListFiles, "opendir": ListFiles, "glob": ListFiles, "fsockopen": Sockets,
	"socket_create": Sockets, "stream_socket_client": Sockets, "curl_exec": HTTPOut, "dns_get_record": Lookup,
	// VBScript
	"executeglobal": Eval, "binaryread": RequestInput,
}

// calls are words that count only when they are called.
var calls = map[string]string{
	"eval": Eval, "assert": Eval, "execute": Eval, "system": StartProcess, "exec": StartProcess, "touch": SetTimes, "load": "", "start": "",
}

// platform is every name that says what code does; normalised keeps them.
var platform = func() map[string]bool {
	m := map[string]bool{}
	for n := range means {
		m[n] = true
	}
	for n := range calls {
		m[n] = true
	}
	for n := range strings.FieldsSeq(`request response server session context if else for foreach while return new class public private protected
		static void byte int string var using namespace import try catch finally throw null true false this function echo assembly process
		activator type getmethod invoke gettype convert encoding math array system io net http $_post $_get $_request $_cookie $_server`) {
		m[n] = true
	}
	return m
}()

// inputs are how scripts of each language reach what the client sent.
var inputs = map[string]bool{
	"$_post": true, "$_get": true, "$_request": true, "$_cookie": true, "$_files": true, "$http_raw_post_data": true, "$_server": true,
	"getparameter": true, "getinputstream": true, "getreader": true, "getheader": true, "inputstream": true, "querystring": true, "binaryread": true,
	"getbufferlessinputstream": true, "getallheaders": true,
}

var (
	shellText = regexp.MustCompile(`(?i)(^|[\\/ ])(cmd(\.exe)?|powershell(\.exe)?)($| )|/bin/(ba|c|k|z)?sh|%comspec%|wscript\.shell|shell\.application`)
	junkName  = regexp.MustCompile(`^_[a-z]{8}$`)
	base64ish = regexp.MustCompile(`^[A-Za-z0-9+/=\s]{1000,}$`)
)

// capabilities looks through the tokens once.
func capabilities(language string, toks []token) found {
	f := found{}
	j := newJunk()
	for i, t := range toks {
		switch t.kind {
		case word:
			if c := means[t.s]; c != "" {
				f[c]++
			}
			if called(toks, i) {
				wordCall(f, toks, i)
			}
			if isInput(language, toks, i) {
				f[RequestInput]++
			}
			j.see(toks, i)
		case text:
			textual(f, t.s)
		case number, mark:
		}
	}
	if j.count() >= 3 {
		f[JunkNames] = j.count()
	}
	if swapLoop(toks) {
		f[RC4]++
	}
	flows(language, f, toks)
	joined(f, toks)
	return f
}

// wordCall handles names that mean something only as a call.
func wordCall(f found, toks []token, i int) {
	before := ""
	if i >= 2 && toks[i-1].s == "." {
		before = toks[i-2].s
	}
	switch t := toks[i].s; {
	case (t == "load" || t == "loadfrom" || t == "loadfile") && (before == "assembly" || before == ")"):
		f[LoadCode]++
	case t == "invoke" && before != "":
		f[LoadCode]++
	case t == "start" && before == "process":
		f[StartProcess]++
	case t == "exec" && before != "" && before != ")": // $pdo->exec, regex.exec
		if before == "runtime" {
			f[StartProcess]++
		}
	case t == "exec" && before == ")": // Runtime.getRuntime().exec: counted by getRuntime
	case t == "execute" && before != "", t == "system" && before != "", t == "eval" && before != "" && before != "engine":
	default:
		if c := calls[t]; c != "" {
			f[c]++
		}
	}
}

func textual(f found, s string) {
	if len(s) < 200 && shellText.MatchString(s) {
		f[ShellText]++
		if l := strings.ToLower(s); l == "wscript.shell" || l == "shell.application" {
			f[StartProcess]++
		}
	}
	if s == "e45e329feb5d925b" || s == "3c6e0b8a9c15224a" { // rebeyond, key: the defaults of Behinder and Godzilla
		f[KnownKey]++
	}
	if s == "php://input" {
		f[RequestInput]++
	}
	if len(s) >= 1000 && base64ish.MatchString(s) {
		f[Blob]++
	}
}

// called tells whether token i is followed by "(" (or is a VBScript call).
func called(toks []token, i int) bool {
	return i+1 < len(toks) && toks[i+1].s == "("
}

// isInput tells whether token i is a read of what the client sent.
func isInput(language string, toks []token, i int) bool {
	t := toks[i]
	if inputs[t.s] {
		return true
	}
	if t.s != "request" || i+1 >= len(toks) {
		return false
	}
	next := toks[i+1].s
	if next == "[" || (next == "(" && language == "asp") {
		return true
	}
	if next != "." || i+2 >= len(toks) {
		return false
	}
	switch toks[i+2].s {
	case "form", "item", "params", "querystring", "cookies", "headers", "files", "inputstream", "binaryread", "getparameter", "totalbytes", "servervariables":
		return true
	}
	return false
}
