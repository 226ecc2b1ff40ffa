package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"longwatch/internal/taxii"
)

// TestSlowClients: a client that sends its header or its body byte by byte, or
// stops, is let go, while others are served.
func TestSlowClients(t *testing.T) {
	c := newCentre(t, Options{patience: patience{header: 300 * time.Millisecond, silent: 300 * time.Millisecond, grace: 800 * time.Millisecond}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	c.must(err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.s.Serve(ctx, l) }()
	path := "/api/collections/" + c.one.ID + "/objects/"
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nAccept: %[2]s\r\nContent-Type: %[2]s\r\nContent-Length: 500000\r\n", path, taxii.Media21)
	small := strings.Replace(head, "500000", "100000", 1) // of such a one net/http reads the rest before it lets go
	basic := "Authorization: Basic " + basicOf("ann", password) + "\r\n"
	for _, tt := range []struct {
		name, begin, more string
		want              int // status; 0: the connection is closed without one
	}{
		{"header byte by byte", "GET " + path + " HTTP/1.1\r\nX-Slow: ", "a", 0},
		{"header that stops", "GET " + path + " HTTP/1.1\r\n", "", 0},
		{"body byte by byte", head + basic + "\r\n{", " ", http.StatusRequestTimeout},
		{"body that stops", head + basic + "\r\n{", "", http.StatusRequestTimeout},
		{"body of a stranger", head + "\r\n{", " ", http.StatusUnauthorized},
		{"small body byte by byte", small + basic + "\r\n{", " ", http.StatusRequestTimeout},
		{"small body of a stranger", small + "\r\n{", " ", http.StatusUnauthorized},
		{"body of a question", "GET" + strings.TrimPrefix(small, "POST") + basic + "\r\n{", " ", http.StatusOK},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			_, _ = io.WriteString(conn, tt.begin)
			drip, end := context.WithCancel(t.Context())
			defer end()
			go func() {
				for drip.Err() == nil && tt.more != "" {
					time.Sleep(50 * time.Millisecond)
					if _, err := io.WriteString(conn, tt.more); err != nil {
						return
					}
				}
			}()
			_ = conn.SetReadDeadline(time.Now().Add(time.Minute)) // were it never let go
			from := bufio.NewReader(conn)
			res, err := http.ReadResponse(from, nil)
			switch {
			case tt.want == 0 && err == nil && res.StatusCode != http.StatusRequestTimeout:
				t.Errorf("it was answered %s", res.Status)
			case tt.want == 0 && err != nil && strings.Contains(err.Error(), "timeout"):
				t.Errorf("it was not let go: %v", err)
			case tt.want != 0 && err != nil:
				t.Errorf("no answer: %v", err)
			case tt.want != 0 && res.StatusCode != tt.want:
				t.Errorf("answered %s, want %d", res.Status, tt.want)
			}
			if err == nil { // and then the connection ends, however long the body would go on
				_, err = io.Copy(io.Discard, from)
			}
			if err != nil && strings.Contains(err.Error(), "timeout") {
				t.Errorf("it was answered and not let go: %v", err)
			}
		})
	}
	t.Run("others", func(t *testing.T) {
		r, err := http.NewRequest(http.MethodGet, "http://"+l.Addr().String()+path, nil)
		c.must(err)
		r.SetBasicAuth("ann", password)
		r.Header.Set("Accept", taxii.Media21)
		res, err := http.DefaultClient.Do(r)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%v %v", res, err)
		}
		_ = res.Body.Close()
	})
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("it was told to stop: %v", err)
		}
	})
}

func basicOf(user, password string) string {
	r, _ := http.NewRequest(http.MethodGet, "/", nil) // a path that is right
	r.SetBasicAuth(user, password)
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Basic ")
}
