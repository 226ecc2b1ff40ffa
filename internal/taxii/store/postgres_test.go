package store

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// server is the PostgreSQL that the tests of this package share.
var server struct {
	once sync.Once
	dir  string // holds data and socket
	err  error
	n    int // databases made
}

// program finds one of PostgreSQL's, which Debian keeps out of PATH.
func program(name string) string {
	if p, err := exec.LookPath(name); err == nil {
		return p
	}
	all, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(all) > 0 {
		return all[len(all)-1]
	}
	return ""
}

// run runs a program of PostgreSQL, which refuses to be root.
func run(name string, args ...string) error {
	cmd := exec.Command(program(name), args...)
	cmd.Dir = server.dir
	if os.Geteuid() == 0 {
		uid, gid, err := nobody()
		if err != nil {
			return err
		}
		runAs(cmd, uid, gid)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}

// nobody is an unprivileged user of this machine.
func nobody() (uid, gid int, err error) {
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, _ = strconv.Atoi(u.Uid)
			gid, _ = strconv.Atoi(u.Gid)
			return uid, gid, nil
		}
	}
	return 0, 0, fmt.Errorf("no unprivileged user")
}

// start starts PostgreSQL on a socket in a temporary folder.
func start() error {
	var err error
	if server.dir, err = os.MkdirTemp("", "lwpg"); err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		uid, gid, err := nobody()
		if err != nil {
			return err
		}
		if err := os.Chown(server.dir, uid, gid); err != nil {
			return err
		}
	}
	data := filepath.Join(server.dir, "data")
	if err := run("initdb", "-D", data, "-A", "trust", "-U", "longwatch", "--no-sync", "-E", "UTF8", "--locale=C"); err != nil {
		return err
	}
	options := "-c listen_addresses='' -c unix_socket_directories='" + server.dir + "' -c fsync=off -c max_connections=200"
	return run("pg_ctl", "-D", data, "-w", "-t", "60", "-l", filepath.Join(server.dir, "log"), "-o", options, "start")
}

func TestMain(m *testing.M) {
	code := m.Run()
	if server.dir != "" {
		_ = run("pg_ctl", "-D", filepath.Join(server.dir, "data"), "-m", "immediate", "stop")
		_ = os.RemoveAll(server.dir)
	}
	os.Exit(code)
}

// newPostgres is the address of a fresh database; the test is skipped where
// PostgreSQL is not installed.
func newPostgres(t *testing.T) string {
	t.Helper()
	if program("initdb") == "" || program("pg_ctl") == "" {
		t.Skip("PostgreSQL is not installed (Debian: postgresql)")
	}
	server.once.Do(func() { server.err = start() })
	if server.err != nil {
		t.Fatal(server.err)
	}
	address := func(db string) string {
		return "postgres:///" + db + "?" + url.Values{"host": {server.dir}, "user": {"longwatch"}, "sslmode": {"disable"}}.Encode()
	}
	server.n++
	name := "t" + strconv.Itoa(server.n)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	w, r, err := openPostgres(ctx, address("postgres"), Options{Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close(); _ = r.Close() }()
	if _, err := w.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return address(name)
}

// both runs a test on SQLite and on PostgreSQL.
func both(t *testing.T, test func(t *testing.T, source string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "taxii.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, newPostgres(t)) })
}

func open(t *testing.T, source string, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), source, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestSchemaWords(t *testing.T) {
	for _, d := range []dialect{sqlite{}, postgres{}} {
		for _, stmt := range append(schema(d), indexes(d)...) {
			if strings.ContainsAny(stmt, "{}") {
				t.Errorf("%T: %s", d, stmt)
			}
		}
	}
}
