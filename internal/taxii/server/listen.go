package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Serve answers what a listener accepts until ctx is done; then it takes
// nothing new, finishes what it has begun within half a minute, and returns.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	h := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: s.o.patience.header,
		WriteTimeout:      5 * time.Minute, // of a page to a slow client, and of a body with its answer
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeader,
		Protocols:         &protocols,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: 32},
		ErrorLog:          slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug),
	}
	watch, stop := context.WithCancel(ctx)
	defer stop()
	go s.Watch(watch)
	failed := make(chan error, 1)
	l = s.limit(l)
	go func() {
		if s.o.TLS == nil {
			failed <- h.Serve(l)
			return
		}
		h.TLSConfig = s.o.TLS.Clone()
		failed <- h.ServeTLS(l, "", "")
	}()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	err := h.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		err = h.Close()
	}
	return err
}

// limit bounds the connections of a listener, in all and from one address.
// Those above are closed at once, so that one client that opens many keeps
// nobody out. It goes below TLS.
func (s *Server) limit(l net.Listener) net.Listener {
	return &limited{Listener: l, most: s.o.MaxConns, each: s.o.PerAddress, from: map[string]int{}}
}

type limited struct {
	net.Listener
	most, each int

	mu   sync.Mutex
	all  int
	from map[string]int
}

func (l *limited) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		h := host(c.RemoteAddr().String())
		l.mu.Lock()
		ok := l.all < l.most && l.from[h] < l.each
		if ok {
			l.all++
			l.from[h]++
		}
		l.mu.Unlock()
		if ok {
			return &counted{Conn: c, gone: sync.OnceFunc(func() { l.leave(h) })}, nil
		}
		_ = c.Close()
	}
}

func (l *limited) leave(h string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.from[h]--; l.from[h] <= 0 {
		delete(l.from, h)
	}
}

type counted struct {
	net.Conn
	gone func()
}

func (c *counted) Close() error {
	c.gone()
	return c.Conn.Close()
}
