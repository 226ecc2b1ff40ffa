// Package persistence reads the files by which a Unix host starts programs or
// lets somebody in: units and timers of systemd, crontabs, start scripts, keys
// of SSH, what the loader is made to load, PAM, udev and sudo. Each entry is a
// record, with the text as it stands. Where a file lies says what it is, in a
// mounted root as in an archive.
package persistence

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"longwatch/internal/content"
	"longwatch/internal/evidence"
	"longwatch/internal/hostpath"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/web"
	"longwatch/internal/textline"
	"longwatch/internal/unixpath"
)

// Format is such files.
var Format = evidence.Format{
	Name: "persistence", Sniff: sniff, Emits: []*record.Type{host.PersistenceType, web.FileType},
	New: func(f *evidence.File, _ *evidence.Env) evidence.Reader { return &reader{f: f} },
}

func sniff(name string, head []byte) evidence.Match {
	kind := unixpath.Kind(name)
	if kind == "" || kind == unixpath.History || !textline.Text(head) {
		return evidence.None
	}
	return evidence.Sure
}

const (
	maxFile    = 4 << 20 // bytes of a file that are read
	maxEntries = 1 << 13 // entries of a file
)

type reader struct{ f *evidence.File }

// Read implements evidence.Reader.
func (r *reader) Read(ctx context.Context, out evidence.Outlet) error {
	rc, err := r.f.Open()
	if err != nil {
		return err
	}
	defer func() { _ = rc.Close() }()
	tracker := content.NewTracker(true)
	tracker.SetName(r.f.Name)
	var text []byte
	buf := make([]byte, 64<<10)
	for size := 0; ; {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		n, err := rc.Read(buf)
		tracker.Write(buf[:n])
		if size += n; len(text) < maxFile {
			text = append(text, buf[:min(n, maxFile-len(text))]...)
		}
		if err == io.EOF {
			if size > maxFile {
				out.Problem(evidence.Problem{Name: "persistence-too-large", Why: "only the first 4 MiB were read for entries", Ref: r.f.Ref(record.RefOffset, maxFile), Bytes: int64(size - maxFile)})
			}
			break
		}
		if err != nil {
			return fmt.Errorf("%s: %w: %w", r.f.Name, evidence.ErrTruncated, err)
		}
	}
	sink := out.Lane()
	sink.Put(r.file(tracker.Sum()))
	p := &parser{f: r.f, kind: unixpath.Kind(r.f.Path)}
	if p.kind == "" {
		p.kind = unixpath.Kind(r.f.Name)
	}
	lines := textline.New(bytes.NewReader(text), r.f, out)
	for lines.Next() && len(p.out) < maxEntries {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p.line(string(lines.Bytes()), lines.Ref())
	}
	if len(p.out) == maxEntries {
		out.Problem(evidence.Problem{Name: "persistence-too-many", Why: "the file has more entries than are read", Ref: lines.Ref(), Ends: true})
	}
	for _, e := range p.out {
		sink.Put(e)
	}
	return nil
}

// file is the record of the file itself.
func (r *reader) file(s content.Summary) *web.File {
	return &web.File{
		Head: record.Head{TS: r.f.Modified, Ref: r.f.Ref(record.RefFile, 0)}, Host: hostpath.Host(r.f.Path), Path: r.f.Path, Size: uint64(s.Size), MIMEType: s.MIME,
		MD5: s.MD5, SHA1: s.SHA1, SHA256: s.SHA256, Modified: r.f.Modified, Created: r.f.Created, Traits: s.Traits, Members: s.Members,
	}
}

// parser makes entries of one file.
type parser struct {
	f       *evidence.File
	kind    string
	out     []*host.Persistence
	section string // of a unit
	joined  string // a line that goes on, without its backslash
	began   record.Ref
}

func (p *parser) line(s string, ref record.Ref) {
	s = strings.TrimSpace(strings.ToValidUTF8(s, "\uFFFD"))
	if p.joined != "" {
		s, ref = p.joined+" "+s, p.began
		p.joined = ""
	}
	if head, ok := strings.CutSuffix(s, `\`); ok && len(s) < maxFile {
		p.joined, p.began = strings.TrimSpace(head), ref
		return
	}
	if s == "" || s[0] == '#' || s[0] == ';' && (p.kind == unixpath.Unit || p.kind == unixpath.Timer) {
		return
	}
	switch p.kind {
	case unixpath.Unit, unixpath.Timer:
		p.unit(s, ref)
	case unixpath.Cron:
		p.cron(s, ref)
	case unixpath.Key:
		p.key(s, ref)
	case unixpath.Preload, unixpath.LoaderPath:
		for lib := range strings.FieldsFuncSeq(s, func(c rune) bool { return c == ' ' || c == ':' || c == '\t' }) {
			if lib == "include" {
				break
			}
			p.add(s, ref).Command = lib
		}
	case unixpath.Udev:
		for _, mark := range []string{`RUN+="`, `RUN="`, `RUN{program}+="`, `PROGRAM="`, `PROGRAM=="`, `IMPORT{program}="`} {
			if _, rest, ok := strings.Cut(s, mark); ok {
				command, _, _ := strings.Cut(rest, `"`)
				p.add(s, ref).Command = command
			}
		}
	case unixpath.PAM:
		p.pam(s, ref)
	case unixpath.Sudoers:
		p.sudoers(s, ref)
	default: // scripts: every line is one
		p.add(s, ref).Command = s
	}
}

func (p *parser) add(entry string, ref record.Ref) *host.Persistence {
	e := &host.Persistence{Kind: p.kind, Path: p.f.Path, Name: path.Base(p.f.Name), Entry: entry, Created: p.f.Created}
	e.TS, e.Ref, e.Host, e.Provider = p.f.Modified, ref, hostpath.Host(p.f.Path), p.kind
	if p.kind == unixpath.Key || p.kind == unixpath.Profile {
		e.Account = unixpath.User(p.f.Path)
	}
	p.out = append(p.out, e)
	return e
}

// unit takes what a unit starts, and when (systemd.service(5),
// systemd.timer(5)). What stands before a command changes how it is started.
func (p *parser) unit(s string, ref record.Ref) {
	if strings.HasPrefix(s, "[") {
		p.section = strings.Trim(s, "[]")
		return
	}
	name, value, ok := strings.Cut(s, "=")
	if !ok {
		return
	}
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	switch {
	case name == "User" && p.section == "Service":
		p.add(s, ref).Account = value
	case strings.HasPrefix(name, "Exec") && value != "":
		p.add(s, ref).Command = strings.TrimLeft(value, "-@:+!|")
	case p.section == "Timer" && strings.HasPrefix(name, "On"), p.section == "Timer" && name == "Unit", p.section == "Path" && strings.HasPrefix(name, "Path"), p.section == "Socket" && strings.HasPrefix(name, "Listen"):
		p.add(s, ref)
	case name == "Environment" && strings.Contains(value, "LD_PRELOAD"):
		p.add(s, ref).Command = value
	}
}

// cron takes a line of a crontab (crontab(5)): five fields or @reboot, the
// account in the system's own, the command. Scripts in cron.daily and its like
// are no crontabs.
func (p *parser) cron(s string, ref record.Ref) {
	full := "/" + strings.ReplaceAll(p.f.Path, "!", "/")
	if strings.Contains(full, "ly/") && strings.Contains(full, "/etc/cron.") {
		p.add(s, ref).Command = s
		return
	}
	f := strings.Fields(s)
	n := 5
	if strings.HasPrefix(s, "@") {
		n = 1
	}
	if len(f) <= n || n == 5 && strings.Contains(f[0], "=") {
		if k, v, ok := strings.Cut(s, "="); ok && slices.Contains([]string{"LD_PRELOAD", "LD_LIBRARY_PATH", "BASH_ENV"}, strings.TrimSpace(k)) {
			p.add(s, ref).Command = strings.TrimSpace(v)
		}
		return
	}
	e := p.add(s, ref)
	e.Account = path.Base(p.f.Name)
	if !strings.Contains(full, "/spool/") {
		e.Account = f[n]
		n++
	}
	e.Command = strings.Join(f[min(n, len(f)):], " ")
}

// key takes a line of authorized_keys (sshd(8)): options, type, key, comment.
// The fingerprint is what sshd logs.
func (p *parser) key(s string, ref record.Ref) {
	f := strings.Fields(s)
	for i := range f {
		if i+1 == len(f) || !strings.HasPrefix(f[i], "ssh-") && !strings.HasPrefix(f[i], "ecdsa-") && !strings.HasPrefix(f[i], "sk-") {
			continue
		}
		e := p.add(s, ref)
		e.Name = strings.Join(f[i+2:], " ")
		if raw, err := base64.StdEncoding.DecodeString(f[i+1]); err == nil {
			sum := sha256.Sum256(raw)
			e.Command = "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
		}
		return
	}
}

// pam takes modules that run a program or do not lie where modules lie.
func (p *parser) pam(s string, ref record.Ref) {
	f := strings.Fields(s)
	for i, w := range f {
		if strings.HasSuffix(w, ".so") {
			if base := path.Base(w); base == "pam_exec.so" || base == "pam_python.so" || base == "pam_script.so" || strings.HasPrefix(w, "/") {
				p.add(s, ref).Command = strings.Join(f[i:], " ")
			}
			return
		}
	}
}

// sudoers takes what an account may run as another (sudoers(5)).
func (p *parser) sudoers(s string, ref record.Ref) {
	if strings.HasPrefix(s, "Defaults") || strings.HasPrefix(s, "@") || !strings.Contains(s, "=") {
		return
	}
	who, rest, _ := strings.Cut(s, " ")
	if strings.HasSuffix(who, "_Alias") {
		return
	}
	e := p.add(s, ref)
	e.Account = who
	_, e.Command, _ = strings.Cut(rest, "=")
	e.Command = strings.TrimSpace(e.Command)
}
