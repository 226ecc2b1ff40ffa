package incident

import (
	"net/netip"
	"testing"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// TestClaimedName: a client says in NTLM what its machine is called, and an
// intruder behind an appliance says what he likes; the appliance's own log wins.
func TestClaimedName(t *testing.T) {
	edge := netip.MustParseAddr("10.0.1.1")
	at := record.Time(1_700_000_000_000_000_000)
	claim := &host.Logon{SourceHost: "DESKTOP-ABC1234", Source: edge}
	claim.TS, claim.Host = at, "fs01"
	a := NewAliases(nil)
	a.Learn(claim)
	if got := a.Host(edge, at); got != "desktop-abc1234" {
		t.Errorf("with nothing better, the claim is %q", got)
	}
	login := &host.Syslog{Fields: []record.KV{{Name: "action", Value: "login"}, {Name: "dstip", Value: "10.0.1.1"}}}
	login.TS, login.Host = at, "edge-fw1"
	a.Learn(login)
	if got := a.Host(edge, at); got != "edge-fw1" {
		t.Errorf("got %q, want the appliance's own name", got)
	}
}
