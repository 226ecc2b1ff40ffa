package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"longwatch/internal/taxii"
	"longwatch/internal/taxii/object"
)

// Target is where objects are pushed.
type Target struct {
	Root       string        // URL of the API root
	Collection string        // its id
	MaxContent int64         // bytes of a body that the root takes; 0: 1 MiB
	Wait       time.Duration // for what the server does later; 0: 2 minutes
}

// Pushed is what became of objects.
type Pushed struct {
	Requests, Success, Failure, Pending int
	Failures                            []taxii.Detail // the first thousand
}

// maxPush bounds the objects of one request.
const maxPush = 1000

// Objects takes a file apart: a bundle, an envelope, a list of objects, or one.
func Objects(b []byte) ([]json.RawMessage, error) {
	if err := object.Check(b, object.MaxDepth+2); err != nil {
		return nil, err
	}
	b = bytes.TrimSpace(b)
	if len(b) > 0 && b[0] == '[' {
		var list []json.RawMessage
		err := json.Unmarshal(b, &list)
		return list, err
	}
	var top struct {
		Type    string            `json:"type"`
		Objects []json.RawMessage `json:"objects"`
	}
	if err := json.Unmarshal(b, &top); err != nil {
		return nil, errors.New("client: neither a bundle, an envelope, a list nor an object of STIX")
	}
	if top.Type == "bundle" || top.Type == "" {
		return top.Objects, nil
	}
	return []json.RawMessage{b}, nil
}

// Push adds objects to a collection, in as many requests as the server's bound
// asks for, and waits until it has decided about each. A request that the
// server refuses as a whole is cut in halves, until the object is found that it
// does not take.
func (c *Client) Push(ctx context.Context, t Target, objects []json.RawMessage) (Pushed, error) {
	if t.MaxContent <= 0 {
		t.MaxContent = 1 << 20
	}
	if t.Wait <= 0 {
		t.Wait = 2 * time.Minute
	}
	var out Pushed
	for len(objects) > 0 {
		n, size := 0, int64(len(`{"objects":[]}`))
		for n < len(objects) && n < maxPush && (n == 0 || size+int64(len(objects[n]))+1 <= t.MaxContent) {
			size += int64(len(objects[n])) + 1
			n++
		}
		if err := c.pushSome(ctx, t, objects[:n], &out); err != nil {
			return out, err
		}
		objects = objects[n:]
	}
	return out, nil
}

func (c *Client) pushSome(ctx context.Context, t Target, objects []json.RawMessage, out *Pushed) error {
	body, err := json.Marshal(taxii.Envelope{Objects: objects})
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	a, err := c.do(ctx, request{method: http.MethodPost, url: t.Root + "collections/" + url.PathEscape(t.Collection) + "/objects/", accept: taxii.Media21, body: body})
	out.Requests++
	var status *StatusError
	if errors.As(err, &status) && slices.Contains([]int{http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity}, status.Code) {
		if len(objects) == 1 {
			id, _ := glance(objects[0], t.MaxContent)
			out.failed(taxii.Detail{ID: id, Message: status.Error()})
			return nil
		}
		half := len(objects) / 2
		return errors.Join(c.pushSome(ctx, t, objects[:half], out), c.pushSome(ctx, t, objects[half:], out))
	}
	if err != nil {
		return err
	}
	var s taxii.Status
	if err := c.whole(a, &s); err != nil {
		return err
	}
	if s, err = c.settled(ctx, t, s); err != nil {
		return err
	}
	out.Success += s.Success
	out.Pending += s.Pending
	for _, d := range s.Failures {
		out.failed(d)
	}
	out.Failure += max(0, s.Failure-len(s.Failures)) // those it does not name
	return nil
}

func (p *Pushed) failed(d taxii.Detail) {
	p.Failure++
	if len(p.Failures) < maxRefused {
		p.Failures = append(p.Failures, d)
	}
}

// settled asks for a status until it is complete, or the time is over.
func (c *Client) settled(ctx context.Context, t Target, s taxii.Status) (taxii.Status, error) {
	until := c.o.Now().Add(t.Wait)
	for wait := time.Second; s.Status != "complete" && s.ID != "" && c.o.Now().Before(until); wait = min(2*wait, 15*time.Second) {
		if err := c.o.Sleep(ctx, wait); err != nil {
			return s, err
		}
		a, err := c.do(ctx, request{method: http.MethodGet, url: t.Root + "status/" + url.PathEscape(s.ID) + "/", accept: taxii.Media21})
		if err != nil {
			return s, err
		}
		var later taxii.Status
		if err := c.whole(a, &later); err != nil {
			return s, err
		}
		later.ID = s.ID
		s = later
	}
	return s, nil
}
