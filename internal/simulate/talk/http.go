package talk

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Header is an ordered list of HTTP header lines "Name: value".
type Header []string

// Request encodes an HTTP/1.1 request. Content-Length is added when there is
// a body or the method is POST.
func Request(method, uri, host string, h Header, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, uri, host)
	for _, line := range h {
		b.WriteString(line + "\r\n")
	}
	if len(body) > 0 || method == "POST" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

// Response encodes an HTTP/1.1 response with Content-Length and Date.
func Response(at time.Time, status int, h Header, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	for _, line := range h {
		b.WriteString(line + "\r\n")
	}
	fmt.Fprintf(&b, "Date: %s\r\n", at.UTC().Format(http.TimeFormat))
	if status != 304 && status != 204 {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

// Chunked encodes a response whose body comes in chunks of at most size.
func Chunked(at time.Time, h Header, body []byte, size int) []byte {
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 200 OK\r\n")
	for _, line := range h {
		b.WriteString(line + "\r\n")
	}
	fmt.Fprintf(&b, "Date: %s\r\nTransfer-Encoding: chunked\r\n\r\n", at.UTC().Format(http.TimeFormat))
	for len(body) > 0 {
		piece := body[:min(size, len(body))]
		body = body[len(piece):]
		fmt.Fprintf(&b, "%x\r\n%s\r\n", len(piece), piece)
	}
	b.WriteString("0\r\n\r\n")
	return b.Bytes()
}

// Gzip compresses a body.
func Gzip(body []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(body) // a bytes.Buffer does not fail
	z.Close()
	return b.Bytes()
}

// Multipart encodes one uploaded file as multipart/form-data.
func Multipart(boundary, field, filename, contentType string, content []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=%q; filename=%q\r\nContent-Type: %s\r\n\r\n", boundary, field, filename, contentType)
	b.Write(content)
	b.WriteString("\r\n--" + boundary + "--\r\n")
	return b.Bytes()
}

// Prose is filler text for pages: words that mean nothing.
func Prose(words []string, n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		b.WriteString(words[(i*7+i/3)%len(words)])
		b.WriteByte(' ')
	}
	return b.String()
}
