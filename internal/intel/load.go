package intel

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"longwatch/internal/finding"
	"longwatch/internal/intel/index"
	"longwatch/internal/textline"
)

// Source is a file, or a tree of files, to load indicators from.
type Source struct {
	fsys fs.FS
	root string // within fsys
	dir  string // where fsys is on disk; empty when it is not
	show string // what the report calls root
	bad  error

	columns []string // of tables that do not name them
}

// WithColumns names the columns of the tables in s, in the words that a header
// may have; "-" for one that means nothing.
func (s Source) WithColumns(names ...string) Source {
	s.columns = names
	return s
}

// FS is the tree below root in fsys.
func FS(fsys fs.FS, root string) Source { return Source{fsys: fsys, root: root, show: root} }

// Path is a file or directory on disk.
func Path(name string) Source {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return Source{show: name, bad: err}
	case info.IsDir():
		return Source{fsys: os.DirFS(name), root: ".", dir: name, show: name}
	}
	return Source{fsys: os.DirFS(filepath.Dir(name)), root: filepath.Base(name), dir: filepath.Dir(name), show: name}
}

// Paths are files and directories on disk.
func Paths(names ...string) []Source {
	out := make([]Source, len(names))
	for i, name := range names {
		out[i] = Path(name)
	}
	return out
}

// Report says what became of every row.
type Report struct {
	Files   []FileReport
	Rows    int       // rows that were meant to be indicators
	Loaded  int       // of these, in the set
	Refused int       // of these, not
	Reasons []Refusal // the refused ones, and what of others could not be used, at most maxRefusals

	Written int `json:",omitempty"` // different values as they are written, when Count made the report
}

// FileReport is one file of a Report.
type FileReport struct {
	Path                  string
	Format                string // zeek, list, csv, stix, misp, openioc, rpz, kev, warning list, profile, archive, or why it was left out
	Rows, Loaded, Refused int
}

// Refusal is a row, or a whole file when Line is 0, that could not be used, or
// not wholly.
type Refusal struct {
	File   string
	Line   int
	Reason string
}

// String cites it as compilers do.
func (r Refusal) String() string {
	at := r.File
	if r.Line > 0 {
		at += ":" + strconv.Itoa(r.Line)
	}
	if at == "" {
		return r.Reason
	}
	return at + ": " + r.Reason
}

const (
	maxRefusals = 100_000
	maxLine     = 1 << 20 // bytes of one line
)

// Load reads every source. It does not fail: what could not be read is in the
// report.
func Load(sources ...Source) (*Set, Report) {
	return loadAll(&loader{set: newSet(randomSeed())}, sources)
}

// Count is Load, and counts how many values differ as they are written, before
// spellings of the same are found to be equal.
func Count(sources ...Source) (*Set, Report) {
	return loadAll(&loader{set: newSet(randomSeed()), written: &spellings{}}, sources)
}

func loadAll(l *loader, sources []Source) (*Set, Report) {
	l.stixNames = map[string]string{}
	for _, s := range sources {
		l.source(s)
	}
	if more := l.set.seal(); more > 0 {
		l.report.Loaded -= more
		l.report.Refused += more
		l.report.Reasons = append(l.report.Reasons, Refusal{Reason: fmt.Sprintf("%d rows of values that have more than %d rows: they would say nothing new", more, index.MaxRows)})
	}
	l.set.join(0, factsOf(l.set.parts[0]))
	l.report.Written += l.written.count()
	for i, f := range l.attached {
		l.set.join(i+1, f)
	}
	l.set.finish()
	return l.set, l.report
}

type loader struct {
	set    *Set
	report Report
	file   *FileReport
	line   int

	merge    bool       // files that were built before are read row by row, so that all is in one part
	written  *spellings // nil: not counted
	attached []*facts   // of the parts that were mapped
	digest   hash.Hash  // not nil: the files are only named and hashed

	columns   []string          // of the tables of the source at hand, when they were given
	guessed   Kind              // what a digest of 32 digits in the file at hand is
	strange   unread            // objects of the file at hand that are none of those that are read
	unread    map[string]unread // cells of the file at hand that say nothing to us, by column
	fragments int               // bytes of pieces of command lines
	kindName  string            // the name of a type that was read last
	kind      Kind              // and what it stands for

	bundle      string // id of the bundle at hand
	stixRelated stixRelated
	stixParts   []stixPart        // indicators of the file at hand
	stixNames   map[string]string // and what they refer to: names of identities, markings
}

func (l *loader) source(s Source) {
	l.columns = s.columns
	if s.bad != nil {
		l.begin(s.show)
		l.refuseFile(s.bad.Error())
		return
	}
	single := true
	err := fs.WalkDir(s.fsys, s.root, func(p string, d fs.DirEntry, err error) error {
		show := s.show
		if p != s.root {
			show = path.Join(filepath.ToSlash(s.show), p)
			if s.root != "." {
				show = p
			}
		}
		switch {
		case err != nil:
			l.begin(show)
			l.refuseFile(err.Error())
			return nil
		case d.IsDir():
			single = single && p != s.root
			if p != s.root && strings.HasPrefix(d.Name(), ".") {
				return fs.SkipDir
			}
			return nil
		case !single && !isListName(d.Name()) && !isPackedName(d.Name()):
			return nil
		}
		if l.digest != nil {
			return hashFile(l.digest, s.fsys, p, show)
		}
		l.open(s, p, show, single)
		return nil
	})
	if err != nil {
		l.begin(s.show)
		l.refuseFile(err.Error())
	}
}

// isListName tells whether a file found in a directory is taken for a list of
// indicators. A file that is named outright is always read.
func isListName(name string) bool {
	if strings.HasPrefix(name, ".") {
		return false // what a program keeps for itself, such as how far taxii pull came
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".intel", ".dat", ".txt", ".csv", ".tsv", ".list", ".lst", ".ioc", ".iocs", ".ipset", ".netset":
		base := strings.ToUpper(name)
		return !strings.HasPrefix(base, "README") && !strings.Contains(base, "LICENSE") && !strings.Contains(base, "LICENCE")
	case ".json", ".stix", ".stix2", ".xml", ".rpz", ".zone", ".hosts":
		return name != "package.json" && !strings.HasSuffix(name, "schema.json")
	case ".yaml", ".yml": // of others only those that read recognises
		return true
	}
	return false
}

func (l *loader) begin(show string) {
	l.report.Files = append(l.report.Files, FileReport{Path: show})
	l.file, l.line = &l.report.Files[len(l.report.Files)-1], 0
	l.guessed = nameHint(show)
}

func (l *loader) open(s Source, name, show string, asked bool) {
	l.begin(show)
	f, err := s.fsys.Open(name)
	if err != nil {
		l.refuseFile(err.Error())
		return
	}
	defer func() { _ = f.Close() }()
	r := bufio.NewReaderSize(f, 1<<16)
	if head, err := r.Peek(len(index.Magic)); err == nil && string(head) == index.Magic {
		l.attach(s, name, r)
		return
	}
	if packed, err := l.unpack(f, r, show, asked); err != nil {
		l.refuseFile(err.Error())
	} else if !packed {
		l.feed(r, name, asked)
	}
}

// feed reads one file of indicators, whatever its encoding.
func (l *loader) feed(r io.Reader, name string, asked bool) {
	if err := l.read(textline.Decoded(r), name, asked); err != nil {
		l.refuseRow(fmt.Sprintf("reading stopped: %v", err))
	}
	l.remarks()
}

// read picks the format by content, by name where content cannot tell.
func (l *loader) read(r *bufio.Reader, name string, asked bool) error {
	head, err := r.Peek(1 << 12)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return err
	}
	ext := strings.ToLower(path.Ext(name))
	switch {
	case bytes.IndexByte(head, 0) >= 0:
		l.refuseFile("not text")
		return nil
	case ext == ".yaml" || ext == ".yml":
		return l.yaml(r, name, head, asked)
	case startsWith(head, '{'), startsWith(head, '['):
		return l.json(r)
	case startsWith(head, '<'):
		return l.openIOC(r)
	case isZone(head), ext == ".rpz":
		return l.zone(r)
	case bytes.HasPrefix(head, []byte("#fields")) || bytes.Contains(head, []byte("\n#fields\t")) || bytes.HasPrefix(head, []byte("#separator")):
		return l.zeek(r)
	case isHashedFeed(name, head):
		l.index()
		return nil
	}
	if comma, ok := delimiter(head, name); ok {
		return l.csv(r, comma, asked)
	}
	return l.list(r)
}

// startsWith tells whether the first sign of head, after white space and a
// byte-order mark, is c.
func startsWith(head []byte, c byte) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	return len(head) > 0 && head[0] == c
}

// lines calls fn with every line, its end cut off. A line longer than maxLine
// is reported and passed over.
func (l *loader) lines(r *bufio.Reader, fn func(line string)) error {
	var long []byte
	for {
		part, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			if len(long) <= maxLine {
				long = append(long, part...)
			}
			continue
		}
		if len(part) == 0 && len(long) == 0 && err != nil {
			break
		}
		l.line++
		if len(long) > 0 {
			part = append(long, part...)
			long = nil
		}
		if len(part) > maxLine {
			l.file.Rows++
			l.report.Rows++
			l.refuse(l.line, "line longer than 1 MiB")
		} else {
			if l.line == 1 {
				part = bytes.TrimPrefix(part, []byte("\xef\xbb\xbf"))
			}
			fn(string(bytes.TrimRight(part, "\r\n")))
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
	return nil
}

// row loads one indicator that was read at the present line; a range of addresses
// is as many as it has networks.
func (l *loader) row(ind Indicator) {
	if (ind.Kind == Address || ind.Kind == Subnet) && strings.Contains(ind.Value, "-") {
		networks := prefixesOf(Refang(ind.Value))
		for _, p := range networks {
			ind.Kind, ind.Value = Subnet, p.String()
			l.row(ind)
		}
		if len(networks) > 0 {
			return
		}
	}
	l.file.Rows++
	l.report.Rows++
	if l.written != nil {
		l.written.add(ind.Kind, ind.Value)
	}
	k, key, port, err := normal(ind.Kind, ind.Value)
	if err != nil {
		l.refuse(l.line, fmt.Sprintf("%v: %q", err, short(ind.Value)))
		return
	}
	ind.Kind, ind.File, ind.Line = k, l.file.Path, l.line
	if ind.Port == 0 {
		ind.Port = port
	}
	ind.Reserved = reserved(k, key)
	switch k {
	case Vulnerability, Tool:
		ind.Weight, ind.Severity, ind.Rated = None, finding.Info, true
	case CommandLine:
		if l.fragments += len(key); l.fragments > maxFragmentBytes {
			l.refuse(l.line, "more pieces of command lines than are looked for: 8 MiB of them")
			return
		}
	}
	if !l.set.add(&ind, key) {
		l.refuse(l.line, "the set is full")
		return
	}
	l.file.Loaded++
	l.report.Loaded++
}

// refuse reports a row.
func (l *loader) refuse(line int, reason string) {
	l.file.Refused++
	l.report.Refused++
	if len(l.report.Reasons) < maxRefusals {
		l.report.Reasons = append(l.report.Reasons, Refusal{File: l.file.Path, Line: line, Reason: reason})
	}
}

// remark reports something about a row that was loaded all the same.
func (l *loader) remark(line int, reason string) {
	if len(l.report.Reasons) < maxRefusals {
		l.report.Reasons = append(l.report.Reasons, Refusal{File: l.file.Path, Line: line, Reason: reason})
	}
}

// refuseFile reports a file none of which was read; it has no rows to count.
func (l *loader) refuseFile(reason string) {
	l.file.Format = "left out: " + reason
	l.report.Reasons = append(l.report.Reasons, Refusal{File: l.file.Path, Reason: reason})
}

// short keeps a value fit for a message.
func short(s string) string {
	if len(s) > 120 {
		return s[:120] + "…"
	}
	return s
}

// kindOf is the kind of that name; rows of a kind mostly follow each other.
func (l *loader) kindOf(name string) (Kind, bool) {
	if name != l.kindName || l.kind == 0 {
		k, ok := kindOf(name)
		if !ok {
			return 0, false
		}
		l.kindName, l.kind = strings.Clone(name), k
	}
	return l.kind, true
}

// kindOf reads a type's name in any of the vocabularies that lists use: ours,
// Zeek's, MISP's, STIX's and the usual column names.
func kindOf(name string) (Kind, bool) {
	name = strings.ToLower(strings.TrimSpace(name))
	name = strings.TrimPrefix(name, "intel::")
	name, _, _ = strings.Cut(name, "|") // MISP composites: ip-dst|port
	name = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == ':' || r == '.' {
			return '_'
		}
		return r
	}, name)
	for k, names := range kindAliases {
		if slices.Contains(names, name) {
			return Kind(k), true
		}
	}
	return 0, false
}

var kindAliases = [kinds][]string{
	Address:     {"address", "addr", "ip", "ipv4", "ipv6", "ip_src", "ip_dst", "ipv4_addr", "ipv6_addr", "ip_address", "ipaddress", "dst_ip", "src_ip", "ip_port", "c2_ip"},
	Subnet:      {"subnet", "cidr", "network", "netblock", "ip_range"},
	Domain:      {"domain", "hostname", "fqdn", "domain_name", "host", "c2_domain"},
	URL:         {"url", "uri", "link"},
	Software:    {"software"},
	Email:       {"email", "email_src", "email_dst", "email_addr", "email_address", "mail"},
	User:        {"user", "user_name", "username", "account"},
	Hash:        {"hash", "file_hash", "md5", "sha1", "sha_1", "sha256", "sha_256", "sha512", "imphash", "md5_hash", "sha1_hash", "sha256_hash", "filehash_md5", "filehash_sha1", "filehash_sha256"},
	File:        {"file", "file_name", "filename", "file_path", "filepath"},
	Certificate: {"certificate", "cert_hash", "x509_fingerprint_sha1", "x509_fingerprint_sha256", "x509_fingerprint_md5", "cert_sha256", "cert_sha1"},
	PublicKey:   {"public_key", "pubkey_hash"},
	JA3:         {"ja3", "ja3_hash", "ja3_fingerprint_md5", "ja3s", "ja3_md5", "ja3s_fingerprint_md5", "ja3digest"},
	JA4:         {"ja4", "ja4_hash", "ja4_fingerprint", "ja4_plus"},
	HASSH:       {"hassh", "hassh_md5", "hassh_hash", "hasshserver", "hassh_server"},
	UserAgent:   {"user_agent", "useragent", "http_user_agent"},
	Serial:      {"serial", "serial_number", "certificate_serial", "cert_serial", "x509_serial", "x509_serial_number"},
	Pipe:        {"pipe", "pipe_name", "pipename", "named_pipe", "file_pipe"},
	RegistryKey: {"registry_key", "registry", "regkey", "reg_key", "registry_path", "registry_value", "windows_registry_key"},
	Mutex:       {"mutex", "mutex_name", "mutant"},
	CommandLine: {"command_line", "commandline", "command_line_fragment", "cmdline", "process_command_line"},

	Vulnerability: {"vulnerability", "cve", "cve_id"},
}
