package script

import "strings"

// call follows a call: what is called, with what, and what comes out.
func (m *machine) call(n *node) value {
	callee := n.kids[0]
	if callee == nil {
		return mix(m.evals(n.kids[1:])...)
	}
	switch callee.op {
	case opName:
		if m.d.php && strings.HasPrefix(callee.s, "$") {
			v, ok := m.get(callee.s)
			if !ok {
				v = m.name(callee)
			}
			return m.dynamic(v, callee.s, m.evals(n.kids[1:]), n)
		}
		if m.d.python || !m.d.php { // a variable that holds a function, a VB array
			if v, ok := m.get(callee.s); ok {
				args := m.evals(n.kids[1:])
				m.line = n.line
				if v.fn != nil {
					return m.enter(v.fn, args)
				}
				if m.d.basic && (v.list != nil || v.from != 0) && m.funcs[callee.s] == nil {
					return m.element(v, mix0(args), callee)
				}
				return m.function(callee.s, args, n)
			}
		}
		args := m.evals(n.kids[1:])
		m.line = n.line
		return m.function(callee.s, args, n)
	case opMember:
		obj := m.eval(callee.kids[0])
		if m.d.php && callee.kids[0].op == opName && callee.kids[0].s[0] != '$' {
			obj = value{typ: callee.kids[0].s}
		}
		args := m.evals(n.kids[1:])
		m.line = n.line
		return m.method(obj, callee, args, n)
	case opDyn:
		obj := m.eval(callee.kids[0])
		names := m.evals(callee.kids[1:])
		args := m.evals(n.kids[1:])
		m.line = n.line
		if len(names) == 1 && names[0].known {
			return m.method(obj, &node{op: opMember, s: strings.ToLower(names[0].s), kids: callee.kids[:1], line: n.line}, args, n)
		}
		if mix(names...).from&input != 0 && mix(args...).from&input != 0 && obj.typ == "" {
			m.fact(DynamicCall)
		}
		return mix(append(args, obj)...).with(guessed)
	case opFunc:
		return m.enter(callee, m.evals(n.kids[1:]))
	}
	v := m.eval(callee)
	args := m.evals(n.kids[1:])
	m.line = n.line
	if m.d.basic && len(args) == 1 {
		return m.element(v, args[0], callee)
	}
	if m.d.php || m.d.python || m.d.perl {
		return m.dynamic(v, "a computed name", args, n)
	}
	return mix(append(args, v)...).with(guessed)
}

func mix0(vs []value) value {
	if len(vs) == 0 {
		return value{}
	}
	return vs[0]
}

// dynamic is a call of a function whose name is a value.
func (m *machine) dynamic(f value, shown string, args []value, n *node) value {
	m.line = n.line
	all := mix(args...)
	if f.fn != nil {
		return m.enter(f.fn, args)
	}
	if f.typ == "closure" || f.list != nil && len(f.list.keys) == 2 && f.from&input == 0 {
		return all.with(guessed)
	}
	m.fact(DynamicCall)
	if f.known {
		name := strings.ToLower(strings.TrimPrefix(f.s, "\\"))
		if dangerous[name] && f.typ != "plain" {
			m.fact("hides " + name)
			if f.layer > 0 {
				m.hit(HiddenName, name, value{from: f.from, layer: f.layer})
			}
		} else if decoders[name] || scramblers[name] {
			m.fact("hidden-decoder")
		}
		return m.function(name, args, n)
	}
	hiddenName := f.from&(decoded|fromBlob|fromMany) != 0 && f.from&input == 0
	switch {
	case f.from&input != 0 && all.from&input != 0 && f.from&(guessed|joined) == 0:
		m.hit(CallInput, "call of "+nameOr(f.src, shown), f)
	case f.from&input != 0 && all.from&input != 0:
		m.hit(CallGuess, "call of "+nameOr(f.src, shown), f)
	case f.from&input != 0:
		m.fact("routed-call")
	case hiddenName && all.from&input != 0 && (f.from&guessed == 0 || f.from&decoded != 0):
		m.hit(CallHidden, "call of "+shown, all)
	case hiddenName && f.from&guessed == 0:
		m.fact("hidden-call")
		if all.from&decoded != 0 && all.from&fromBlob != 0 {
			m.hit(EvalDecoded, "call of "+shown, all)
		}
	case all.from&input != 0:
		m.fact("unknown-call-of-input")
	}
	return mix(append(args, f)...).with(guessed)
}

func nameOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// callbacks looks at the options of filter_var and the like: an array whose
// element "options" names a function.
func (m *machine) callbacks(n *node, v value) {
	if !m.d.php {
		return
	}
	for _, k := range v.list.keys {
		if e := v.list.m[k]; (k == "options" || k == "callback") && e.known && dangerous[strings.ToLower(e.s)] {
			m.line = n.line
			m.fact("hides " + strings.ToLower(e.s))
			if runners[strings.ToLower(e.s)] {
				m.hit(CallInput, "an option that names "+e.s, value{})
			}
		}
	}
}

// callbackAt are the functions of PHP that call another, and where they take
// its name: from the front, or from the back where negative.
var callbackAt = map[string]int{
	"array_map": 0, "array_filter": 1, "array_walk": 1, "array_walk_recursive": 1, "usort": 1, "uasort": 1, "uksort": 1, "array_reduce": 1, "call_user_func": 0,
	"call_user_func_array": 0, "register_shutdown_function": 0, "register_tick_function": 0, "ob_start": 0, "array_udiff": -1, "array_diff_ukey": -1,
	"array_udiff_assoc": -1, "array_intersect_ukey": -1, "array_uintersect": -1, "array_uintersect_assoc": -1, "array_intersect_uassoc": -1, "array_diff_uassoc": -1, "iterator_apply": 1, "forward_static_call": 0,
	"forward_static_call_array": 0, "preg_replace_callback": 1, "mb_ereg_replace_callback": 1, "set_error_handler": 0, "set_exception_handler": 0,
	"sqlite_create_function": 2, "header_register_callback": 0, "yaml_parse": -2, "func_overload": 0,
}

// callback follows a call through one of them; ok is false when it is none.
func (m *machine) callback(name string, args []value, n *node) (value, bool) {
	at, ok := callbackAt[name]
	if !ok {
		return value{}, false
	}
	if at < 0 {
		at += len(args)
	}
	if at >= len(args) && len(args) == 1 && args[0].typ == "spread" && args[0].from&input != 0 && args[0].from&(guessed|joined) == 0 && at > 0 { // usort(...$_GET)
		m.hit(CallInput, name, args[0])
	}
	if at < 0 || at >= len(args) {
		return mix(args...).with(guessed), true
	}
	f := args[at]
	rest := make([]value, 0, len(args))
	for i, a := range args {
		if i == at || name == "preg_replace_callback" && i == 0 {
			continue
		}
		if name != "call_user_func" && name != "register_shutdown_function" && name != "forward_static_call" && a.list != nil {
			for _, k := range a.list.keys {
				rest = append(rest, a.list.m[k])
			}
			if len(a.list.keys) == 0 {
				rest = append(rest, mix(a))
			}
			continue
		}
		rest = append(rest, a)
	}
	if f.fn != nil {
		r := m.enter(f.fn, rest)
		return either(mix(rest...).with(guessed), r), true
	}
	if f.known && len(rest) == 0 && runners[strings.ToLower(f.s)] {
		m.hit(CallInput, name+"("+f.s+")", value{})
		return value{}, true
	}
	if f.known && (m.funcs[strings.ToLower(f.s)] != nil || !dangerous[strings.ToLower(f.s)]) {
		return m.function(strings.ToLower(f.s), rest, n), true
	}
	if f.known {
		all := mix(rest...)
		if all.from&input != 0 || all.from&(decoded|fromRemote|fromSession) != 0 {
			m.hit(HiddenName, name+"("+f.s+")", all)
		}
		return m.function(strings.ToLower(f.s), rest, n), true
	}
	if f.list != nil && f.from&input == 0 {
		if len(f.list.keys) == 2 && f.list.any&input != 0 && mix(rest...).from&input != 0 {
			m.fact("routed-call")
		}
		return mix(rest...).with(guessed), true
	}
	if f.from&input != 0 && f.from&(guessed|joined) == 0 && mix(rest...).all()&input == 0 && name != "call_user_func" && name != "call_user_func_array" {
		m.hit(CallInput, name, f)
		return value{}, true
	}
	return m.dynamic(f, name, rest, n), true
}

// function follows a call of a function by its name.
func (m *machine) function(name string, args []value, n *node) value {
	if f := m.funcs[name]; f != nil && (!m.d.php || name != "eval") {
		m.fact("calls-own")
		return m.enter(f, args)
	}
	all := mix(args...)
	if m.d.basic && (name == "request" || name == "session") {
		return m.element(value{typ: name}, mix0(args), n.kids[0])
	}
	if m.d.php {
		if v, ok := m.phpCall(name, args, all, n); ok {
			return v
		}
	}
	if v, ok := m.otherCall(name, args, all, n); ok {
		return v
	}
	if m.d.typed {
		if v, ok := m.codeMethod(value{typ: "this"}, name, args, all); ok {
			return v
		}
	}
	return m.result(name, args, all)
}

// result is what a function of the platform gives for its arguments.
func (m *machine) result(name string, args []value, all value) value {
	known := len(args) > 0
	for _, a := range args {
		if !a.known && a.list == nil {
			known = false
		}
	}
	dec := decoders[name]
	if dec {
		m.fact("decodes")
		m.fact(Base64)
	}
	if known && m.work < maxWork {
		for _, a := range args {
			m.work += len(a.s)
		}
		if s, ok := fold(name, args); ok && len(s) <= maxFolds {
			m.work += len(s)
			v := value{known: true, s: s, from: all.from, layer: all.layer}
			if dec || scramblers[name] {
				v.layer++
				v.from |= decoded
				m.literal(s)
			}
			return v
		}
	}
	switch {
	case dec && known && len(args[0].s) >= 16: // text of the script's own that could not be decoded here
		all.layer++
		return all.with(decoded | fromBlob)
	case dec, name == "chr" || name == "chrw":
		all.layer++
		return all.with(decoded)
	case ciphers[name]:
		m.fact(Cipher)
		return all.with(deciphered)
	case hashes[name]:
		return value{typ: "hash", src: all.src}
	case clears[name]:
		return value{}
	case passes[name], scramblers[name]:
		all.typ = ""
		return all
	}
	if all.from != 0 {
		all.from |= guessed
	}
	return all
}

func words(s string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(s) {
		out[w] = true
	}
	return out
}

var (
	// dangerous are functions that somebody hides the name of.
	dangerous = words(`eval assert system exec shell_exec passthru popen proc_open pcntl_exec create_function preg_replace call_user_func call_user_func_array
		file_put_contents include require move_uploaded_file array_map array_filter ob_start register_shutdown_function fwrite array_walk usort uasort uksort assert_options
		mb_ereg_replace ereg_replace execute executeglobal`)
	// runners run what they are given, as code or as a program.
	runners  = words(`assert system exec shell_exec passthru popen proc_open pcntl_exec create_function eval`)
	decoders = words(`base64_decode str_rot13 gzinflate gzuncompress gzdecode zlib_decode hex2bin convert_uudecode frombase64string decodebuffer parsebase64binary
		decode_base64 b64decode decodebase64 fromhexstring decodehex parsehexbinary atob unhexlify tobinary hextobinary
		gunzip base64decode a2b_base64`)
	// scramblers are ordinary functions that also hide text.
	scramblers = words(`cint clng cdbl toint32 toint64 pack strtr urldecode rawurldecode chr chrw strreverse strrev unescape ord asc ascw hexdec octdec bindec dechex decompress decode`)
	ciphers    = words(`openssl_decrypt mcrypt_decrypt mcrypt_cbc mcrypt_ecb dofinal transformfinalblock createdecryptor decrypt sodium_crypto_secretbox_open mdecrypt_generic`)
	hashes     = words(`md5 sha1 hash crypt sha256 sha512 crc32 md5_hex sha1_hex computehash digest hashpasswordforstoringinconfigfile password_hash md5_file`)
	// clears give nothing of their argument's text.
	clears = words(`intval count strlen sizeof isset empty in_array is_array is_string is_numeric is_file is_dir file_exists is_readable is_writable preg_match preg_match_all strpos stripos
		strrpos ctype_digit ctype_alnum ctype_alpha array_key_exists function_exists class_exists method_exists defined constant floatval abs max min round floor ceil date time mktime strtotime filesize
		filemtime fileperms filetype checkdate number_format parseint parsefloat tryparse toboolean cbool isnumeric isdate isempty isnull instr len ubound lbound equals equalsignorecase
		startswith endswith contains indexof lastindexof matches length size compareto isempty int32 hashcode gettype strcmp strcasecmp strncmp strncasecmp array_search password_verify hash_equals
		is_null is_callable isnullorempty isnullorwhitespace exists header setcookie session_start error_reporting ini_set set_time_limit define trigger_error strstr2
		isdefined structkeyexists listfind listfindnocase val arraylen structisempty isnumeric comparenocase`)
	// passes keep the text of their argument, changed.
	passes = words(`mappath getrealpath realpath combine trim rtrim ltrim chop stripslashes addslashes stripcslashes strtolower strtoupper ucfirst lcfirst substr mb_substr str_replace str_ireplace preg_replace implode join explode split
		preg_split array_pop array_shift current end reset next key pos each array_merge array_values array_keys array_slice str_split chunk_split wordwrap nl2br strval sprintf vsprintf serialize unserialize json_decode
		json_encode iconv mb_convert_encoding utf8_decode utf8_encode html_entity_decode htmlspecialchars_decode str_pad str_repeat strstr strrchr array_reverse array_flip rawurldecode urldecode
		tostring substring replace replaceall tolower toupper touppercase tolowercase getbytes getstring tochararray concat format valueof readline readtoend readall readallbytes toarray tolist get
		cstr mid left right lcase ucase copyof copyofrange append insert intern strip charat escape compact array_combine range array_fill getvalue first last trimstart trimend padleft
		getdecoder getencoder getinstance nextline next nextelement iterator elementat shift pop lc uc param chomp splice ltrim stringbuilder string bytearrayinputstream stringreader inputstreamreader bufferedreader
		scanner gzipinputstream datainputstream memorystream streamreader tobytearray readbytes read getfieldvalue urldecode fieldstorage listtoarray listgetat listfirst listlast tostring charsetencode tobase64`)
)
