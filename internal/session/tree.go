package session

import (
	"slices"
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// tree knows which program started which.
type tree struct {
	byPID  map[pidKey]*node
	byGUID map[string]*node
	byRef  map[record.Ref]*node
	queue  []*node // in order of their start
}

type pidKey struct {
	host string
	pid  int64
}

// node is a program that started.
type node struct {
	name   string
	parent *node
	depth  int // known ancestors
	pid    pidKey
	guid   string
	ref    record.Ref
}

func newTree() tree {
	return tree{byPID: map[pidKey]*node{}, byGUID: map[string]*node{}, byRef: map[record.Ref]*node{}}
}

// learn places a program below its parent: by Sysmon's ids, else by the number
// of the process, which Windows gives away again, so that the name must fit.
func (t *tree) learn(p *host.Process) *host.ProcessNode {
	n := &node{name: base(p.Image), pid: pidKey{p.Host, p.PID}, guid: p.GUID, ref: p.Ref}
	if p.ParentGUID != "" {
		n.parent = t.byGUID[p.ParentGUID]
	}
	parentName := base(p.ParentImage)
	if n.parent == nil && p.ParentPID != 0 {
		if m := t.byPID[pidKey{p.Host, p.ParentPID}]; m != nil && (parentName == "" || m.name == parentName) {
			n.parent = m
		}
	}
	if n.parent == nil && parentName != "" && parentName != "-" && parentName != "?" {
		n.parent = &node{name: parentName}
	}
	if n.parent != nil {
		n.depth = n.parent.depth + 1
		if n.depth > maxDepth {
			n.parent = cut(n.parent, maxDepth-1)
			n.depth = maxDepth
		}
	}
	t.keep(n)
	return &host.ProcessNode{Head: p.Head, PID: p.PID, GUID: p.GUID, Image: p.Image, Depth: int64(n.depth), Chain: n.chain()}
}

// cut copies a chain of ancestors, without those beyond depth: chains of
// programs that start each other for ever must not hold memory for ever.
func cut(n *node, depth int) *node {
	c := *n
	c.depth = depth
	if depth == 0 {
		c.parent = nil
	} else if c.parent != nil {
		c.parent = cut(c.parent, depth-1)
	}
	return &c
}

func (t *tree) keep(n *node) {
	for len(t.queue) >= maxProcesses {
		t.forget(t.queue[0])
		t.queue[0] = nil
		t.queue = t.queue[1:]
	}
	t.queue = append(t.queue, n)
	t.byPID[n.pid] = n
	if n.guid != "" {
		t.byGUID[n.guid] = n
	}
	t.byRef[n.ref] = n
}

func (t *tree) forget(n *node) {
	if t.byPID[n.pid] == n {
		delete(t.byPID, n.pid)
	}
	if t.byGUID[n.guid] == n {
		delete(t.byGUID, n.guid)
	}
	if t.byRef[n.ref] == n {
		delete(t.byRef, n.ref)
	}
}

func (n *node) chain() []string {
	var out []string
	for m := n; m != nil; m = m.parent {
		out = append(out, m.name)
	}
	slices.Reverse(out)
	return out
}

func (t *tree) chainAt(ref record.Ref) []string {
	n := t.byRef[ref]
	if n == nil || n.parent == nil || strings.TrimSpace(n.name) == "" {
		return nil
	}
	return n.chain()
}
