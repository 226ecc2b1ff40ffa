package roles

import (
	"net/netip"
	"testing"

	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

func TestServers(t *testing.T) {
	var s Servers
	server := netip.MustParseAddr("10.0.0.9")
	for i, client := range []string{"10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.3"} {
		if s.Is(server) {
			t.Fatalf("a server after %d connections", i)
		}
		c := &network.Conn{Conn: record.Conn{OrigH: netip.MustParseAddr(client), RespH: server, RespP: 445}, Proto: "tcp", RespBytes: record.Some(uint64(10))}
		if !Serves(c) {
			t.Fatal("an answered connection says nothing")
		}
		s.Learn(c)
	}
	if !s.Is(server) || s.Is(netip.MustParseAddr("10.0.0.1")) {
		t.Error("three clients make a server, and none makes none")
	}
}
