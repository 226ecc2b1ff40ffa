package ftp

import (
	"net/netip"
	"strconv"
	"strings"
)

// channel is a data connection that the two sides have arranged.
type channel struct {
	set        bool
	passive    bool
	orig, resp netip.Addr
	port       uint16
}

// hostPort reads h1,h2,h3,h4,p1,p2 of PORT (RFC 959 section 4.1.2).
func hostPort(s string) (netip.Addr, uint16, bool) {
	const shortest = len("1,1,1,1,1,1")
	var b [6]byte
	if len(s) < shortest {
		return netip.Addr{}, 0, false
	}
	for i := range b {
		if i > 0 {
			if !strings.HasPrefix(s, ",") {
				return netip.Addr{}, 0, false
			}
			s = s[1:]
		}
		s = strings.TrimLeft(s, " \t")
		end := 0
		for end < len(s) && '0' <= s[end] && s[end] <= '9' {
			end++
		}
		n, err := strconv.ParseUint(s[:end], 10, 8)
		if err != nil {
			return netip.Addr{}, 0, false
		}
		b[i], s = byte(n), s[end:]
	}
	return netip.AddrFrom4([4]byte(b[:4])), uint16(b[4])<<8 | uint16(b[5]), true
}

// passive reads the reply to PASV, with or without parentheses (RFC 1123
// section 4.1.2.6).
func passive(msg string) (netip.Addr, uint16, bool) {
	if _, list, ok := strings.Cut(msg, "("); ok {
		return hostPort(list)
	}
	if i := strings.Index(msg, "PORT"); i >= 0 && i+5 <= len(msg) { // as the command would be
		return hostPort(msg[i+5:])
	}
	i := strings.IndexByte(msg, ',')
	for i > 0 && '0' <= msg[i-1] && msg[i-1] <= '9' {
		i--
	}
	if i < 0 {
		return netip.Addr{}, 0, false
	}
	return hostPort(msg[i:])
}

// extended reads <d>proto<d>address<d>port<d> of EPRT and EPSV (RFC 2428). The
// address is not valid when none is given.
func extended(s string) (host netip.Addr, port uint16, ok bool) {
	s = strings.TrimLeft(s, " \t")
	if s == "" {
		return host, 0, false
	}
	parts := strings.SplitN(s[1:], s[:1], 4)
	if len(parts) != 4 {
		return host, 0, false
	}
	if parts[0] != "" {
		if _, err := strconv.ParseUint(parts[0], 10, 31); err != nil {
			return host, 0, false
		}
	}
	if parts[1] != "" {
		a, err := netip.ParseAddr(parts[1])
		if err != nil || a.Zone() != "" {
			return host, 0, false
		}
		host = a
	}
	n, err := strconv.ParseUint(parts[2], 10, 16)
	return host, uint16(n), err == nil
}
