package store

import (
	"strconv"
	"strings"
)

// schemaVersion is the version of the tables.
const schemaVersion = 1

// The indexes of object; dialect.hint names them. Some are only of what is the
// newest, within its version of STIX or (top) of all: what clients ask for.
const (
	indexID       = "object_id"
	indexTop      = "object_top"
	indexTopType  = "object_top_type"
	indexLast     = "object_last"
	indexLastType = "object_last_type"
	indexSpec     = "object_spec"
	indexType     = "object_type"
)

const insertObject = "INSERT INTO object (added, collection, id, type, spec, version, version_text, topspec, last, digest, body)"

// schema is the tables. What stands in braces is put into the words of the
// database; {tie} ends an index in the order of adding, which SQLite does by
// itself.
func schema(d dialect) []string {
	const text = `
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value {int} NOT NULL);
INSERT INTO meta (name, value) VALUES ('schema', {version}), ('clock', 0), ('generation', 1) ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS root (
	name TEXT PRIMARY KEY, title TEXT NOT NULL, description TEXT NOT NULL, max_content {int} NOT NULL);
CREATE TABLE IF NOT EXISTS collection (
	num {serial}, id TEXT NOT NULL, root TEXT NOT NULL, alias TEXT NOT NULL, title TEXT NOT NULL,
	description TEXT NOT NULL, specs TEXT NOT NULL, disturbed {int} NOT NULL, UNIQUE (root, id));
CREATE TABLE IF NOT EXISTS object (
	added {key}, collection {int} NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL, spec TEXT NOT NULL,
	version {int} NOT NULL, version_text TEXT, topspec {flag} NOT NULL, last {flag} NOT NULL, digest {int} NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS status (
	id TEXT PRIMARY KEY, root TEXT NOT NULL, member TEXT NOT NULL, made {int} NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS status_made ON status (made);
CREATE TABLE IF NOT EXISTS member (name TEXT PRIMARY KEY, password TEXT NOT NULL, disabled {flag} NOT NULL);
CREATE TABLE IF NOT EXISTS credential (
	kind TEXT NOT NULL, digest TEXT NOT NULL, member TEXT NOT NULL, label TEXT NOT NULL, expires {int} NOT NULL,
	PRIMARY KEY (kind, digest));
CREATE TABLE IF NOT EXISTS grants (
	member TEXT NOT NULL, collection {int} NOT NULL, can_read {flag} NOT NULL, can_write {flag} NOT NULL,
	PRIMARY KEY (member, collection))`
	return statements(d, text)
}

// indexes makes those of object, that of identifiers first.
func indexes(d dialect) []string {
	return statements(d, `
CREATE UNIQUE INDEX IF NOT EXISTS object_id ON object (collection, id, version, spec);
CREATE INDEX IF NOT EXISTS object_top ON object (collection{tie}) WHERE last = 1 AND topspec = 1;
CREATE INDEX IF NOT EXISTS object_top_type ON object (collection, type{tie}) WHERE last = 1 AND topspec = 1;
CREATE INDEX IF NOT EXISTS object_last ON object (collection, spec{tie}) WHERE last = 1;
CREATE INDEX IF NOT EXISTS object_last_type ON object (collection, spec, type{tie}) WHERE last = 1;
CREATE INDEX IF NOT EXISTS object_spec ON object (collection, spec{tie});
CREATE INDEX IF NOT EXISTS object_type ON object (collection, spec, type{tie})`)
}

func statements(d dialect, text string) []string {
	words := append([]string{"{version}", strconv.Itoa(schemaVersion)}, d.words()...)
	return strings.Split(strings.TrimSpace(strings.NewReplacer(words...).Replace(text)), ";\n")
}
