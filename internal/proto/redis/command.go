package redis

import (
	"bytes"
	"strings"

	"longwatch/internal/record"
)

// shape is where a command has its key and its value; 0 is nowhere.
type shape struct{ key, value int }

// shapes are the commands whose keys Zeek writes.
var shapes = map[string]shape{
	"keys": {key: 1}, "bitcount": {key: 1}, "bitfield": {key: 1}, "bitfield_ro": {key: 1}, "bitpos": {key: 1}, "blpop": {key: 1},
	"brpop": {key: 1}, "copy": {key: 1}, "decr": {key: 1}, "del": {key: 1}, "dump": {key: 1}, "exists": {key: 1},
	"expiretime": {key: 1}, "get": {key: 1}, "getdel": {key: 1}, "getex": {key: 1}, "getrange": {key: 1}, "hset": {key: 1},
	"incr": {key: 1}, "mget": {key: 1}, "persist": {key: 1}, "strlen": {key: 1}, "ttl": {key: 1}, "type": {key: 1},
	"append": {1, 2}, "decrby": {1, 2}, "expire": {1, 2}, "expireat": {1, 2}, "getbit": {1, 2}, "getset": {1, 2}, "hdel": {1, 2},
	"hget": {1, 2}, "incrby": {1, 2}, "move": {1, 2}, "mset": {1, 2}, "rename": {1, 2}, "set": {1, 2},
	"bitop": {key: 2}, "blmpop": {key: 3},
}

// command takes a command with its arguments.
func (p *parser) command(args [][]byte) {
	if len(args) == 0 {
		return
	}
	r := &Command{Conn: p.c.Head(), Name: string(args[0])}
	name := strings.ToLower(r.Name)
	at := func(i int) record.Opt[string] {
		if i == 0 || i >= len(args) {
			return record.Opt[string]{}
		}
		return record.Some(string(args[i]))
	}
	s := shapes[name]
	r.Key, r.Value = at(s.key), at(s.value)
	rest := args[1:]
	switch name {
	case "auth":
		if len(rest) > 1 {
			r.User = string(rest[0])
		}
		rest = nil
	case "hello":
		if len(rest) > 0 && string(rest[0]) == "3" {
			p.resp3 = true
		}
		for i, a := range rest {
			if i+1 < len(rest) && bytes.EqualFold(a, []byte("AUTH")) {
				r.User, rest = string(rest[i+1]), rest[:i]
				break
			}
		}
	}
	for i, a := range rest {
		if i > 0 {
			r.Args += " "
		}
		if r.Args += string(a); len(r.Args) > 4*maxValue {
			r.Args = r.Args[:4*maxValue]
			break
		}
	}
	p.expect(r, p.silent(name, args))
}

// silent tells whether no reply comes to a command, and keeps track of what
// changes that.
func (p *parser) silent(name string, args [][]byte) bool {
	if !p.resp3 {
		switch name {
		case "subscribe", "psubscribe", "ssubscribe":
			p.subs = true
		default:
			if _, known := shapes[name]; known || others[name] {
				p.subs = false
			}
		}
	}
	switch name {
	case "subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe":
		return true
	}
	silent := p.off || p.skip > 0
	p.skip = max(p.skip-1, 0)
	if name == "client" && len(args) == 3 && bytes.EqualFold(args[1], []byte("REPLY")) {
		switch strings.ToLower(string(args[2])) {
		case "on":
			p.off = false
			return false
		case "off":
			p.off = true
			return true
		case "skip":
			if !p.off {
				p.skip = 1
			}
			return true
		}
	}
	return silent || p.subs
}

// others are the commands that Zeek knows without a key.
var others = map[string]bool{
	"auth": true, "client": true, "hello": true, "quit": true, "reset": true,
}
