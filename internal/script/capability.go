package script

import (
	"regexp"
	"slices"
	"strings"
)

// The capabilities that Can may name.
const (
	Handler      = "handler"             // a class that answers requests itself
	RequestInput = "request-input"       // reads what the client sent
	Base64       = "base64"              // decodes Base64, compression and the like
	RC4          = "rc4"                 // a 256-step swap loop, whatever its name
	Cipher       = "cipher"              // a block cipher of the platform
	RSA          = "rsa"                 // an RSA key
	RSAVerify    = "rsa-verify"          // checks a signature
	LoadCode     = "load-code"           // loads or compiles code at run time
	Eval         = "eval"                // runs text as code
	EvalInput    = "eval-input"          // runs text that comes from the request
	EvalGuess    = "eval-perhaps-input"  // runs text that may hold a part of the request
	EvalRemote   = "eval-remote"         // runs what another machine sends
	EvalSession  = "eval-session"        // runs what an earlier request left
	EvalDecoded  = "eval-decoded"        // runs a literal that it decodes first
	EvalFile     = "eval-file"           // runs a file that it decodes first
	EvalHidden   = "eval-hidden"         // runs text that it puts together from pieces
	EvalUnset    = "eval-unset"          // runs a variable that nothing sets
	CallInput    = "call-input"          // calls a function that the request names
	CallGuess    = "call-perhaps-input"  // calls a function whose name may hold a part of the request
	CallHidden   = "call-hidden"         // gives request data to a function whose name is hidden
	HiddenName   = "hidden-name"         // a dangerous name put together from pieces
	LoadInput    = "load-input"          // loads code that comes from the request
	LoadBlob     = "load-blob"           // loads code from a literal that it decodes
	LoadName     = "load-name"           // loads a class that the request names
	Deserialise  = "deserialise-input"   // makes objects of what the request holds
	IncludeInput = "include-input"       // includes a file that the request names
	StartProcess = "start-process"       // starts programs
	StartInput   = "start-from-input"    // starts a program that the request names
	StartGuess   = "start-perhaps-input" // starts a program with what may be a part of the request
	StartHidden  = "start-hidden"        // starts a program whose name is hidden
	StartUnset   = "start-unset"         // starts what is in a variable that nothing sets
	ShellText    = "shell-text"          // names a command interpreter
	SetTimes     = "set-file-times"      // sets times of files
	WriteFile    = "write-file"          // writes files
	WriteInput   = "write-input"         // writes what the request holds where the request says
	WriteScript  = "write-script"        // writes what the request holds into a script
	WriteRemote  = "write-remote"        // writes what another machine sends where the request says
	WriteHidden  = "write-hidden"        // writes a script that it decodes first
	ListFiles    = "list-files"          // lists folders
	Lookup       = "dns-lookup"          // resolves names
	HTTPOut      = "http-out"            // makes HTTP requests
	Sockets      = "sockets"             // opens sockets
	DefineClass  = "define-class"        // makes a class of bytes (Java)
	KnownKey     = "default-key"         // the published default key of a public shell
	JunkNames    = "junk-variables"      // several _abcdefgh = 123 that are never read
	Blob         = "encoded-blob"        // a literal of a thousand Base64 characters or more
	DynamicCall  = "dynamic-call"        // calls a function whose name is computed
)

// capabilityNames are those that Can lists: not the machine's own notes.
var capabilityNames = words(strings.Join([]string{Handler, RequestInput, Base64, RC4, Cipher, RSA, RSAVerify, LoadCode, Eval, EvalInput, EvalGuess, EvalRemote, EvalSession, EvalDecoded,
	EvalFile, EvalHidden, EvalUnset, CallInput, CallGuess, CallHidden, HiddenName, LoadInput, LoadBlob, LoadName, Deserialise, IncludeInput, StartProcess, StartInput, StartGuess, StartHidden, StartUnset,
	ShellText, SetTimes, WriteFile, WriteInput, WriteScript, WriteRemote, WriteHidden, ListFiles, Lookup, HTTPOut, Sockets, DefineClass, KnownKey, JunkNames, Blob, DynamicCall}, " "))

// can lists the capabilities that the machine saw.
func (m *machine) can() []string {
	var out []string
	for f := range m.facts {
		if capabilityNames[f] {
			out = append(out, f)
		}
	}
	for _, h := range m.order {
		if capabilityNames[h.kind] && m.facts[h.kind] == 0 && !slices.Contains(out, h.kind) {
			out = append(out, h.kind)
		}
	}
	slices.Sort(out)
	return out
}

// platform is every name that says what code does; normalised keeps them.
var platform = words(`request response server session context if else for foreach while return new class public private protected static void byte int string var using namespace
	import try catch finally throw null true false this function echo assembly process activator type getmethod invoke gettype convert encoding math array system io net http $_post $_get
	$_request $_cookie $_server ihttphandler processrequest ihttpmodule httpcontext frombase64string rsacryptoserviceprovider rsaparameters fromxmlstring verifydata verifyhash
	createdecryptor rijndaelmanaged aescryptoserviceprovider aesmanaged createinstance compileassemblyfromsource csharpcodeprovider setcreationtime setlastwritetime setlastaccesstime
	processstartinfo writeallbytes writealltext saveas filestream streamwriter getfiles getdirectories gethostentry gethostaddresses httpwebrequest webclient httpclient tcpclient
	defineclass urlclassloader processbuilder getruntime socketchannel base64decoder decodebuffer getdecoder secretkeyspec setlastmodified fileoutputstream listfiles scriptenginemanager
	base64_decode openssl_decrypt shell_exec passthru popen proc_open create_function file_put_contents move_uploaded_file fwrite eval assert execute executeglobal exec touch load start`)

var (
	shellText = regexp.MustCompile(`(?i)(^|[\\/ ])(cmd(\.exe)?|powershell(\.exe)?)($| )|/bin/(ba|c|k|z)?sh|%comspec%|wscript\.shell|shell\.application`)
	base64ish = regexp.MustCompile(`^[A-Za-z0-9+/=\s]{1000,}$`)
)
