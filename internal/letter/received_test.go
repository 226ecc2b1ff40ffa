package letter

import (
	"slices"
	"strings"
	"testing"

	"longwatch/internal/record/mail"
)

// read makes a record of headers and a body written with plain line ends.
func read(t *testing.T, s string) *mail.Message {
	t.Helper()
	m, err := Read([]byte(strings.ReplaceAll(strings.TrimLeft(s, "\n"), "\n", "\r\n")))
	if m == nil || err != nil {
		t.Fatalf("not read: %v", err)
	}
	return m
}

// TestHops: the from clause as the servers write it. From: their documentation
// and source.
func TestHops(t *testing.T) {
	for _, c := range []struct{ name, value, helo, rdns, ip, by, rcpt string }{
		{"postfix", "from mail.a.test (host.b.test [192.0.2.1]) by mx.c.test (Postfix) with ESMTPS id 4F for <u@c.test>; Mon, 2 Mar 2026 08:00:00 +0000", "mail.a.test", "host.b.test", "192.0.2.1", "mx.c.test", "u@c.test"},
		{"postfix unknown", "from x (unknown [192.0.2.1]) by mx.c.test (Postfix) with SMTP id 1; Mon, 2 Mar 2026 08:00:00 +0000", "x", "", "192.0.2.1", "mx.c.test", ""},
		{"sendmail", "from mail.a.test (b.test [IPv6:2001:db8::1] (may be forged)) by c.test (8.17.1/8.17.1) with ESMTP id x; Mon, 2 Mar 2026 08:00:00 GMT", "mail.a.test", "b.test", "2001:db8::1", "c.test", ""},
		{"exim", "from b.test ([192.0.2.1] helo=mail.a.test) by c.test with esmtps (Exim 4.96) (envelope-from <u@a.test>) id 1p-2 for u@c.test; Mon, 02 Mar 2026 08:00:00 +0000", "mail.a.test", "b.test", "192.0.2.1", "c.test", "u@c.test"},
		{"exim no name", "from [192.0.2.1] (helo=a.test) by c.test with smtp (Exim 4.96) id 1p; Mon, 02 Mar 2026 08:00:00 +0000", "a.test", "", "192.0.2.1", "c.test", ""},
		{"exchange", "from MAIL.a.test (192.0.2.1) by ex1.c.test (10.0.0.2) with Microsoft SMTP Server (version=TLS1_2) id 15.1; Mon, 2 Mar 2026 08:00:00 +0000", "mail.a.test", "", "192.0.2.1", "ex1.c.test", ""},
		{"qmail", "from unknown (HELO a.test) (192.0.2.1) by c.test with SMTP; 2 Mar 2026 08:00:00 -0000", "a.test", "", "192.0.2.1", "c.test", ""},
		{"within one host", "by 2002:a05:6402:3c1 with SMTP id q1csp1; Mon, 02 Mar 2026 00:00:00 -0800 (PST)", "", "", "invalid IP", "2002:a05:6402:3c1", ""},
	} {
		h := parseHop(0, c.value)
		if got := [5]string{h.helo, h.rdns, h.ip.String(), h.by, h.rcpt}; got != [5]string{c.helo, c.rdns, c.ip, c.by, c.rcpt} {
			t.Errorf("%s: %q", c.name, got)
		}
		if h.time.UTC().Hour() != 8 {
			t.Errorf("%s: time %v", c.name, h.time)
		}
	}
}

const inner = "Received: from gw.own.test (gw.own.test [10.0.0.1]) by store.own.test; Mon, 2 Mar 2026 08:00:03 +0000\n"

// TestAuthentication: whose word counts (RFC 8601 sections 5 and 7.1).
func TestAuthentication(t *testing.T) {
	const rest = "From: a@sender.test\nTo: u@own.test\nSubject: s\n\ntext\n"
	const border = "Received: from mail.sender.test (mail.sender.test [192.0.2.9]) by mx.own.test; Mon, 2 Mar 2026 08:00:01 +0000\n"
	const older = "Received: from pc (pc.sender.test [10.9.9.9]) by mail.sender.test; Mon, 2 Mar 2026 08:00:00 +0000\n"
	const fail = "Authentication-Results: mx.own.test; spf=fail (p=x; q) smtp.mailfrom=a@sender.test; dkim=none; dmarc=fail (p=REJECT) header.from=sender.test\n"
	const pass = "Authentication-Results: mx.own.test; spf=pass smtp.mailfrom=sender.test;\n dkim=fail header.d=other.test; dkim=pass header.d=sender.test; dmarc=pass\n"
	for _, c := range []struct {
		name, head               string
		server, spf, dkim, dmarc string
		forged                   bool
	}{
		{"above the border", inner + fail + border + older, "mx.own.test", "fail", "none", "fail", false},
		{"below its own line, as Gmail writes it", inner + border + fail + "DKIM-Signature: v=1\n" + older, "mx.own.test", "fail", "none", "fail", false},
		{"two signatures", inner + pass + border, "mx.own.test", "pass", "pass", "pass", false},
		{"came with the message", inner + border + older + pass, "", "", "", "", true},
		{"below a line of the message", inner + border + "DKIM-Signature: v=1\n" + pass, "", "", "", "", true},
		{"the receiver's own contradicts", inner + fail + border + pass, "mx.own.test", "fail", "none", "fail", true},
		{"somebody else's", inner + border + older + strings.ReplaceAll(pass, "mx.own.test", "mx.other.test"), "", "", "", "", false},
		{"Exchange Online names no server", strings.ReplaceAll(strings.ReplaceAll(inner, "by store.own.test", "by a.prod.outlook.com with Microsoft SMTP Server"), "gw.own.test", "b.mail.protection.outlook.com") +
			"Authentication-Results: spf=softfail (sender IP is 192.0.2.9) smtp.mailfrom=sender.test; dkim=none (message not signed) header.d=none;dmarc=fail action=none\n" +
			"Received: from mail.sender.test (192.0.2.9) by c.mail.protection.outlook.com (10.0.0.1) with Microsoft SMTP Server; Mon, 2 Mar 2026 08:00:01 +0000\n", "unnamed", "softfail", "none", "fail", false},
		{"nothing but Received-SPF", inner + border + "Received-SPF: Fail (x) client-ip=192.0.2.9; envelope-from=\"a@sender.test\"; \n", "Received-SPF", "fail", "", "", false},
		{"no trace, receiver's own name", fail, "mx.own.test", "fail", "none", "fail", false},
		{"a list within the house sends out and takes back", inner + border + "Authentication-Results: lists.sender.test; spf=none\nReceived: from lists (lists.own.test [10.0.0.8]) by out.own.test; Mon, 2 Mar 2026 08:00:00 +0000\n" + pass, "", "", "", "", true},
	} {
		m := read(t, c.head+rest)
		if got := [4]string{m.AuthServer, m.SPF, m.DKIM, m.DMARC}; got != [4]string{c.server, c.spf, c.dkim, c.dmarc} {
			t.Errorf("%s: %q", c.name, got)
		}
		if got := slices.Contains(m.Signs, SignForgedResults); got != c.forged {
			t.Errorf("%s: forged is %v", c.name, got)
		}
	}
	m := read(t, inner+pass+border+rest)
	if m.SPFDomain != "sender.test" || !slices.Equal(m.DKIMDomains, []string{"sender.test"}) {
		t.Errorf("domains are %q and %q", m.SPFDomain, m.DKIMDomains)
	}
	if m.Origin.String() != "192.0.2.9" || m.OriginHost != "mail.sender.test" || m.TransitTime.V != 2 {
		t.Errorf("came from %v %q in %v s", m.Origin, m.OriginHost, m.TransitTime)
	}
}

// TestOriginLies: a client that calls itself a host of the receiver is still
// the outside.
func TestOriginLies(t *testing.T) {
	m := read(t, "Received: from mx.own.test (unknown [192.0.2.66]) by mx.own.test (Postfix); Mon, 2 Mar 2026 08:00:01 +0000\n"+
		"Received: from honest.test (honest.test [192.0.2.1]) by mx.own.test (Postfix); Mon, 2 Mar 2026 09:30:00 +0000\nFrom: a@b.test\nTo: u@own.test\nSubject: s\n\n")
	if m.Origin.String() != "192.0.2.66" || !slices.Contains(m.Signs, SignTimesBackward) {
		t.Errorf("origin %v, signs %q", m.Origin, m.Signs)
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		head string
		sign string
		is   bool
	}{
		{"From: \"boss@own.test\" <x@other.test>\nSubject: s", SignNameAddress, true},
		{"From: \"x@other.test\" <x@other.test>\nSubject: s", SignNameAddress, false},
		{"From: \"x@other.test via List\" <list@mail.other.test>\nSubject: s", SignNameAddress, false},
		{"From: a@b.test, c@d.test\nSubject: s", SignManyFrom, true},
		{"From: a@b.test\nFrom: c@d.test\nSubject: s", SignManyFrom, true},
		{"From: a@b.test, c@d.test\nSender: a@b.test\nSubject: s", SignManyFrom, false},
		{"From: a@b.test\nSubject: AW: the plan", SignReplyUnthreaded, true},
		{"From: a@b.test\nSubject: AW: the plan\nIn-Reply-To: <1@b.test>", SignReplyUnthreaded, false},
		{"From: a@b.test\nSubject: Reorganisation", SignReplyUnthreaded, false},
		{"From: =?utf-8?b?4oCuZXhl?= <a@b.test>\nSubject: s", SignNameHidden, true},
	} {
		m := read(t, c.head+"\n\ntext\n")
		if got := slices.Contains(m.Signs, c.sign); got != c.is {
			t.Errorf("%q: %s is %v (%q)", c.head, c.sign, got, m.Signs)
		}
	}
}
