package kerberos

import (
	"strings"
	"time"

	"longwatch/internal/ber"
	"longwatch/internal/record"
)

// maxFields bounds the elements looked at in one sequence; the longest that is
// defined has 13 (RFC 4120 section 5.9.1).
const maxFields = 32

// maxNameParts bounds the components of a principal name.
const maxNameParts = 8

// fields returns the context-tagged elements of a sequence by tag, unwrapped.
func fields(seq ber.Value) [maxFields]ber.Value {
	var out [maxFields]ber.Value
	rest := seq.Body
	for range maxFields {
		e, next, ok := ber.Next(rest)
		if !ok {
			break
		}
		rest = next
		if in, ok := e.Inside(); ok && e.Class == ber.Context && int(e.Tag) < len(out) {
			out[e.Tag] = in
		}
	}
	return out
}

// principal joins the components of a PrincipalName (section 5.2.2); empty
// when there is none.
func principal(v ber.Value) string {
	rest := fields(v)[1].Body
	var parts []string
	for range maxNameParts {
		s, next, ok := ber.Next(rest)
		if !ok {
			break
		}
		parts, rest = append(parts, string(s.Body)), next
	}
	return strings.Join(parts, "/")
}

// when reads a KerberosTime, "20370913024805Z" (section 5.2.3).
func when(v ber.Value) record.Opt[record.Time] {
	t, err := time.Parse("20060102150405Z", string(v.Body))
	if err != nil {
		return record.Opt[record.Time]{}
	}
	return record.Some(record.Time(t.UnixNano()))
}

// bit returns bit n of a KerberosFlags BIT STRING, counted from the left.
func bit(v ber.Value, n int) bool {
	i := 1 + n/8 // the first byte counts unused bits
	return i < len(v.Body) && v.Body[i]&(0x80>>(n%8)) != 0
}

// ticket returns the service and the cipher of a Ticket (section 5.3).
func ticket(v ber.Value) (service, realm, cipher string) {
	seq, ok := v.Inside()
	if !ok || !v.Is(ber.Application, 1) {
		return "", "", ""
	}
	f := fields(seq)
	service, realm = principal(f[2]), string(f[1].Body)
	if etype, ok := fields(f[3])[0].Int(); ok {
		cipher = cipherName(etype)
	}
	return service, realm, cipher
}

// maxCiphers bounds the encryption types kept of a request.
const maxCiphers = 16

// ciphers reads the encryption types that a client offers.
func ciphers(v ber.Value) (out []string) {
	rest := v.Body
	for range maxCiphers {
		e, next, ok := ber.Next(rest)
		if !ok {
			break
		}
		rest = next
		if etype, ok := e.Int(); ok {
			out = append(out, cipherName(etype))
		}
	}
	return out
}

// proves tells whether pre-authentication data shows that the client knows its
// key: an encrypted time (RFC 4120 section 5.2.7.2), PKINIT, or an encrypted
// challenge (RFC 6113 section 5.4.6).
func proves(padata ber.Value) bool {
	rest := padata.Body
	for range maxPAData {
		e, next, ok := ber.Next(rest)
		if !ok {
			break
		}
		rest = next
		switch kind, _ := fields(e)[1].Int(); kind {
		case 2, paPKASReq, 138:
			return true
		}
	}
	return false
}
