package ssh

import "longwatch/internal/record"

// Record is one SSH connection, written when the login has succeeded or when
// the connection ends. Specification: RFC 4253, RFC 4252.
type Record struct {
	record.Conn
	Version     record.Opt[uint64] `rec:"version"`                                              // 1 or 2; unset unless both sides agree on it
	AuthSuccess record.Opt[bool]   `rec:"auth_success" ecs:"zeek.ssh.auth.success"`             // inferred from the sizes of encrypted packets; unset when unclear
	Attempts    uint64             `rec:"auth_attempts" ecs:"zeek.ssh.auth.attempts"`           // logins that were seen to be answered
	Direction   string             `rec:"direction,enum" ecs:"zeek.ssh.direction"`              // INBOUND or OUTBOUND when one side only is local
	Client      string             `rec:"client" ecs:"zeek.ssh.client"`                         // the client's version line
	Server      string             `rec:"server" ecs:"zeek.ssh.server"`                         // the server's version line
	Cipher      string             `rec:"cipher_alg" ecs:"zeek.ssh.algorithm.cipher"`           // that both can do
	MAC         string             `rec:"mac_alg" ecs:"zeek.ssh.algorithm.mac"`                 // that both can do; AEAD ciphers do not use it
	Compression string             `rec:"compression_alg" ecs:"zeek.ssh.algorithm.compression"` // compression that was agreed on
	KeyExchange string             `rec:"kex_alg" ecs:"zeek.ssh.algorithm.key_exchange"`        // key exchange that was agreed on
	HostKeyAlg  string             `rec:"host_key_alg" ecs:"zeek.ssh.algorithm.host_key"`       // kind of the server's key that was agreed on
	HostKey     string             `rec:"host_key_fingerprint" ecs:"zeek.ssh.host_key"`         // as Zeek 8 writes it: the first 32 characters of the SHA-256
	HostKeyFull string             `rec:"host_key_sha256,extra" ent:"ssh_host_key"`             // as ssh-keygen -l prints it
	HASSH       string             `rec:"hassh,extra" ent:"hassh,client"`                       // MD5 of the client's algorithms
	HASSHServer string             `rec:"hasshServer,extra" ent:"hassh,server"`                 // MD5 of the server's algorithms
}

// Type is the schema of Record.
var Type = record.Of[Record]("ssh")

// RecordType returns Type.
func (*Record) RecordType() *record.Type { return Type }
