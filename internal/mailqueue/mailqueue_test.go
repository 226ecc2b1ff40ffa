package mailqueue

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/mail"
)

func line(n int, app, text string) *host.Syslog {
	s := &host.Syslog{}
	s.TS, s.Host, s.App, s.Message = record.Time(1e18).Add(time.Duration(n)*time.Second), "mx", app, text
	s.Ref = record.Ref{File: "maillog", Kind: record.RefLine, Pos: int64(n)}
	return s
}

func show(m *mail.Message) string {
	return fmt.Sprintf("%d %s %s from=%s to=%s id=%s origin=%v/%s size=%d user=%s subject=%s", m.Ref.Pos, m.QueueID, m.Event, m.MailFrom, strings.Join(m.RcptTo, ","), m.MessageID, m.Origin, m.OriginHost, m.Size.V, m.User, m.Subject)
}

// TestQueues: two messages of each server, interleaved, and one refused. From:
// the logs that each writes by default.
func TestQueues(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines [][2]string
		want  []string
	}{
		{"postfix", [][2]string{
			{"postfix/smtpd", "connect from mail.a.test[192.0.2.1]"},
			{"postfix/smtpd", "4AB12C3D4E: client=mail.a.test[192.0.2.1]"},
			{"postfix/submission/smtpd", "5BC23D4E5F: client=pc.b.test[10.0.0.9], sasl_method=PLAIN, sasl_username=jane"},
			{"postfix/cleanup", "4AB12C3D4E: message-id=<1@a.test>"},
			{"postfix/qmgr", "4AB12C3D4E: from=<X@a.test>, size=1234, nrcpt=2 (queue active)"},
			{"postfix/smtpd", "NOQUEUE: reject: RCPT from unknown[198.51.100.7]: 554 5.7.1 <u@b.test>: Relay access denied; from=<spam@c.test> to=<u@b.test> proto=ESMTP helo=<x>"},
			{"postfix/lmtp", "4AB12C3D4E: to=<u@b.test>, relay=b[private/lmtp], delay=1, dsn=2.0.0, status=sent (250 2.0.0 ok)"},
			{"postfix/local", "4AB12C3D4E: to=<v@b.test>, relay=local, delay=1, dsn=5.2.2, status=bounced (mailbox full)"},
			{"postfix/qmgr", "5BC23D4E5F: from=<jane@b.test>, size=99, nrcpt=1 (queue active)"},
			{"postfix/qmgr", "4AB12C3D4E: removed"},
			{"postfix/smtp", "5BC23D4E5F: to=<y@a.test>, relay=mail.a.test[192.0.2.1]:25, delay=1, status=deferred (timeout)"},
		}, []string{
			"6  rejected from=spam@c.test to=u@b.test id= origin=198.51.100.7/ size=0 user= subject=",
			"2 4AB12C3D4E delivered from=x@a.test to=u@b.test,v@b.test id=1@a.test origin=192.0.2.1/mail.a.test size=1234 user= subject=",
			"3 5BC23D4E5F deferred from=jane@b.test to=y@a.test id= origin=10.0.0.9/pc.b.test size=99 user=jane subject=",
		}},
		{"sendmail", [][2]string{
			{"sendmail", "62F8abcd012345: from=<x@a.test>, size=500, class=0, nrcpts=1, msgid=<1@a.test>, proto=ESMTP, daemon=MTA, relay=mail.a.test [192.0.2.1]"},
			{"sm-mta", "62F8abcd012345: to=<u@b.test>, delay=00:00:01, xdelay=00:00:00, mailer=local, pri=120, dsn=2.0.0, stat=Sent"},
		}, []string{"1 62F8abcd012345 delivered from=x@a.test to=u@b.test id=1@a.test origin=192.0.2.1/mail.a.test size=500 user= subject="}},
		{"exim", [][2]string{
			{"exim", "1pXyZ1-0001Ab-2C <= x@a.test H=mail.a.test (helo.a.test) [192.0.2.1] P=esmtps S=700 id=1@a.test T=\"The plan\" for u@b.test v@b.test"},
			{"exim", "1pXyZ1-0001Ab-2C => u <u@b.test> R=local_user T=local_delivery"},
			{"exim", "H=(bad) [198.51.100.7] X=TLS F=<s@c.test> rejected RCPT <u@b.test>: Unrouteable address"},
			{"exim", "1pXyZ1-0001Ab-2C Completed"},
		}, []string{
			"3  rejected from=s@c.test to=u@b.test id= origin=198.51.100.7/ size=0 user= subject=",
			"1 1pXyZ1-0001Ab-2C delivered from=x@a.test to=u@b.test,v@b.test id=1@a.test origin=192.0.2.1/mail.a.test size=700 user= subject=The plan",
		}},
		{"others", [][2]string{{"sshd", "4AB12C3D4E: client=a[192.0.2.1]"}, {"postfix/smtpd", "disconnect from x[192.0.2.1]"}}, nil},
	} {
		var q Queues
		var got []string
		for i, l := range c.lines {
			for _, m := range q.Take(line(i+1, l[0], l[1])) {
				got = append(got, show(m))
			}
		}
		for _, m := range q.Rest() {
			got = append(got, show(m))
		}
		if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// FuzzQueues: whatever a log says, no message is told of twice and no more are
// open than the bound.
func FuzzQueues(f *testing.F) {
	f.Add("postfix/smtpd", "4AB12C3D4E: client=mail.a.test[192.0.2.1]\n4AB12C3D4E: removed")
	f.Add("sendmail", "62F8abcd012345: from=<x@a.test>, size=5\n62F8abcd012345: to=u, stat=Sent")
	f.Add("exim", "1pXyZ1-0001Ab-2C <= x@a.test\n1pXyZ1-0001Ab-2C Completed")
	f.Fuzz(func(t *testing.T, app, text string) {
		var q Queues
		seen := map[*mail.Message]bool{}
		n := 0
		for l := range strings.Lines(text) {
			n++
			all := q.Take(line(n, app, strings.TrimSpace(l)))
			for _, m := range all {
				if seen[m] || m.Event == "" {
					t.Errorf("told of twice or without event: %s", show(m))
				}
				seen[m] = true
			}
		}
		if rest := q.Rest(); len(rest) > n || len(q.Rest()) > 0 {
			t.Errorf("%d messages out of %d lines", len(rest), n)
		}
	})
}
