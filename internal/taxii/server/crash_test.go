package server

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"longwatch/internal/taxii"
	"longwatch/internal/taxii/access"
	"longwatch/internal/taxii/store"
)

// TestChild is the server that TestKilled kills: it prints its address.
func TestChild(t *testing.T) {
	file := os.Getenv("LONGWATCH_TAXII_CHILD")
	if file == "" {
		t.Skip("it is run by TestKilled")
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	st, err := store.Open(ctx, file, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(ctx, st, Options{Rate: 1e6, Burst: 1e6})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	go func() { <-term; stop() }()
	fmt.Printf("listening %s\n", l.Addr()) //nolint:forbidigo // to the parent
	if err := s.Serve(ctx, l); err != nil {
		t.Error(err)
	}
	if err := st.Close(); err != nil {
		t.Error(err)
	}
}

// child starts the server as a process of its own.
func child(t *testing.T, file string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.v")
	cmd.Env = append(os.Environ(), "LONGWATCH_TAXII_CHILD="+file)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if addr, ok := strings.CutPrefix(lines.Text(), "listening "); ok {
			go func() {
				for lines.Scan() { // so that the child is never stopped by a full pipe
				}
			}()
			return cmd, "http://" + addr
		}
	}
	_ = cmd.Process.Kill()
	t.Fatalf("the server did not start: %v", cmd.Wait())
	return nil, ""
}

// prepare makes a store that a token may write to.
func prepare(t *testing.T, file string) store.Collection {
	t.Helper()
	ctx := t.Context()
	st, err := store.Open(ctx, file, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	c, err := st.AddCollection(ctx, store.Collection{Root: "api", Title: "t", Alias: "high"})
	for _, err := range []error{
		err, st.PutRoot(ctx, store.Root{Name: "api", Title: "r", MaxContent: 1 << 20}), st.PutMember(ctx, store.Member{Name: "m"}),
		st.PutGrant(ctx, "m", c, store.Grant{Read: true, Write: true}), st.PutCredential(ctx, store.Credential{Kind: "token", Digest: access.Digest(token), Member: "m", Label: "t"}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// post adds objects and says whether that was acknowledged.
func post(base string, list ...string) (taxii.Status, error) {
	var s taxii.Status
	r, err := http.NewRequest(http.MethodPost, base+"/api/collections/high/objects/", strings.NewReader(envelopeOf(list...)))
	if err != nil {
		return s, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept", taxii.Media21)
	r.Header.Set("Content-Type", taxii.Media21)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return s, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusAccepted {
		return s, fmt.Errorf("status %d", res.StatusCode)
	}
	return s, json.NewDecoder(res.Body).Decode(&s)
}

// TestKilled: a server that is killed in the middle of writing has, when it is
// started again, everything it acknowledged; one that is told to stop has too,
// and ends by itself.
func TestKilled(t *testing.T) {
	for name, sig := range map[string]os.Signal{"kill": syscall.SIGKILL, "terminate": syscall.SIGTERM} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "taxii.db")
			c := prepare(t, file)
			var mu sync.Mutex
			acknowledged := map[string]bool{}
			n := 0
			for round := range 3 {
				cmd, base := child(t, file)
				var wg sync.WaitGroup
				for range 4 {
					wg.Go(func() {
						for {
							mu.Lock()
							n += 5
							from := n
							mu.Unlock()
							s, err := post(base, tool(from, 1), tool(from+1, 1), tool(from+2, 1), tool(from+3, 1), tool(from+4, 1))
							if err != nil {
								return
							}
							mu.Lock()
							for _, d := range s.Successes {
								acknowledged[d.ID] = true
							}
							mu.Unlock()
						}
					})
				}
				for enough := false; !enough; time.Sleep(5 * time.Millisecond) {
					mu.Lock()
					enough = len(acknowledged) >= (round+1)*100
					mu.Unlock()
				}
				_ = cmd.Process.Signal(sig)
				wg.Wait()
				if err := cmd.Wait(); name == "terminate" && err != nil {
					t.Errorf("told to stop, it ended with %v", err)
				}
			}
			st, err := store.Open(t.Context(), file, store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = st.Close() }()
			list, _, err := st.Page(t.Context(), c, taxii.Filter{All: true}, 0, 1_000_000, false)
			if err != nil {
				t.Fatal(err)
			}
			there := map[string]bool{}
			for _, e := range list {
				there[e.ID] = true
			}
			for id := range acknowledged {
				if !there[id] {
					t.Errorf("%s was acknowledged and is lost", id)
				}
			}
		})
	}
}

// TestManyConnections: a client that opens many connections loses those above
// its share.
func TestManyConnections(t *testing.T) {
	c := newCentre(t, Options{PerAddress: 3})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	c.must(err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.s.Serve(ctx, l) }()
	closed := 0
	var open []net.Conn
	for range 6 {
		conn, err := net.Dial("tcp", l.Addr().String())
		c.must(err)
		open = append(open, conn)
	}
	for _, conn := range open {
		_ = conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		var b [1]byte
		_, err := conn.Read(b[:])
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			closed++
		}
	}
	if closed != 3 {
		t.Errorf("%d of 6 connections were closed, want 3", closed)
	}
	for _, conn := range open {
		_ = conn.Close()
	}
	stop()
	if err := <-done; err != nil {
		t.Errorf("it was told to stop: %v", err)
	}
}
