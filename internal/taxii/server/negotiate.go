package server

import (
	"mime"
	"net"
	"strconv"
	"strings"
	"time"
)

// acceptable says whether one of the media types a client accepts is ours
// (section 3.3): application/taxii+json, of version 2.1 or of none, which
// stands for the newest.
func acceptable(headers []string) bool {
	for _, h := range headers {
		for part := range strings.SplitSeq(h, ",") {
			if isTAXII(part) {
				return true
			}
		}
	}
	return false
}

// isTAXII reads one media type; q=0 refuses it.
func isTAXII(s string) bool {
	kind, params, err := mime.ParseMediaType(s)
	if err != nil || kind != "application/taxii+json" {
		return false
	}
	if q, ok := params["q"]; ok {
		if v, err := strconv.ParseFloat(q, 64); err != nil || v <= 0 {
			return false
		}
	}
	v, ok := params["version"]
	return !ok || v == "2.1"
}

// host is an address without its port.
func host(addr string) string {
	if h, _, err := net.SplitHostPort(addr); err == nil {
		return h
	}
	return addr
}

// seconds is a wait for Retry-After, rounded up.
func seconds(d time.Duration) string {
	return strconv.Itoa(int((d + time.Second - 1) / time.Second))
}
