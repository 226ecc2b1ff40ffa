package access

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"longwatch/internal/record"
)

// Entry is an account as its owners list it.
type Entry struct {
	Account     string
	Owner       string
	Privileged  bool
	Given       bool // the list says whether it is privileged
	Tier0       bool // it administers the domain
	Type        string
	PasswordSet record.Time // 0: not told
	Disabled    bool
}

// Bounds of an inventory.
const (
	maxEntries   = 1 << 18
	maxInventory = 128 << 20
	maxCell      = 1 << 10
	maxColumns   = 256
)

var errInventory = errors.New("access: the inventory cannot be read")

// columnNames are what columns are called, by us and by exports of a directory.
var columnNames = map[string]string{
	"account": "account", "samaccountname": "account", "user": "account", "username": "account", "login": "account",
	"owner": "owner", "managedby": "owner", "manager": "owner", "displayname": "owner",
	"privileged": "privileged", "admin": "privileged",
	"type": "type", "kind": "type",
	"password_set": "password_set", "passwordlastset": "password_set", "pwdlastset": "password_set",
	"enabled": "enabled",
}

// ReadInventory reads a table of accounts (CSV, with or without a byte-order
// mark; comma or semicolon): account, and owner, privileged (yes, no, tier0),
// type (person, service, shared, machine), password_set and enabled where they
// are known. Exports of Get-ADUser are such tables.
func ReadInventory(r io.Reader) ([]Entry, error) {
	in := bufio.NewReader(io.LimitReader(r, maxInventory))
	head, err := in.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, fmt.Errorf("%w: %w", errInventory, err)
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		_, _ = in.Discard(3)
		head = head[3:]
	}
	if bytes.HasPrefix(head, []byte("#TYPE ")) { // Export-Csv of Windows PowerShell
		if _, err := in.ReadString('\n'); err != nil {
			return nil, fmt.Errorf("%w: it ends after its first line", errInventory)
		}
		_, head, _ = bytes.Cut(head, []byte("\n"))
	}
	table := csv.NewReader(in)
	table.FieldsPerRecord, table.LazyQuotes, table.TrimLeadingSpace, table.ReuseRecord = -1, true, true, true
	if line, _, _ := bytes.Cut(head, []byte("\n")); bytes.Count(line, []byte(";")) > bytes.Count(line, []byte(",")) {
		table.Comma = ';'
	}
	names, err := table.Read()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errInventory, err)
	}
	columns := map[string]int{}
	for i, n := range names[:min(len(names), maxColumns)] {
		if known := columnNames[strings.ToLower(strings.TrimSpace(n))]; known != "" {
			if _, twice := columns[known]; !twice {
				columns[known] = i
			}
		}
	}
	if _, ok := columns["account"]; !ok {
		return nil, fmt.Errorf("%w: no column is called account: have account, owner, privileged, type, password_set, enabled", errInventory)
	}
	var out []Entry
	for {
		row, err := table.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errInventory, err)
		}
		e, err := entry(row, columns)
		if err != nil {
			line, _ := table.FieldPos(0)
			return nil, fmt.Errorf("%w: line %d: %w", errInventory, line, err)
		}
		if e.Account == "" {
			continue
		}
		if len(out) >= maxEntries {
			return nil, fmt.Errorf("%w: more than %d accounts", errInventory, maxEntries)
		}
		out = append(out, e)
	}
}

func entry(row []string, columns map[string]int) (Entry, error) {
	get := func(name string) string {
		i, ok := columns[name]
		if !ok || i >= len(row) || len(row[i]) > maxCell || !utf8.ValidString(row[i]) {
			return ""
		}
		return strings.Clone(strings.TrimSpace(row[i]))
	}
	e := Entry{Account: get("account"), Owner: get("owner"), Type: strings.ToLower(get("type"))}
	switch p := strings.ToLower(get("privileged")); p {
	case "yes", "true", "1", "y":
		e.Privileged, e.Given = true, true
	case "no", "false", "0", "n":
		e.Given = true
	case "tier0", "domain":
		e.Privileged, e.Given, e.Tier0 = true, true, true
	case "":
	default:
		return Entry{}, fmt.Errorf("privileged is yes, no or tier0, not %q", p)
	}
	if !slices.Contains([]string{"", "person", "service", "shared", "machine"}, e.Type) {
		e.Type = "" // of a directory's own kind
	}
	if s := strings.ToLower(get("enabled")); s == "false" || s == "no" || s == "0" {
		e.Disabled = true
	}
	if s := get("password_set"); s != "" {
		t, ok := instant(s)
		if !ok {
			return Entry{}, fmt.Errorf("password_set is a time that cannot be read: %q (write YYYY-MM-DD)", s)
		}
		e.PasswordSet = t
	}
	return e, nil
}

// fileTime is the number of 100-nanosecond steps from 1601 to 1970.
const fileTime = 116444736000000000

// instant reads a date, a time, or a FILETIME as directories keep it; "never"
// and 0 are no time.
func instant(s string) (record.Time, bool) {
	if s == "0" || strings.EqualFold(s, "never") {
		return 0, true
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "1/2/2006 3:04:05 PM", "1/2/2006", "02.01.2006 15:04:05", "02.01.2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			if y := t.Year(); y < 1980 || y > 2200 {
				return 0, false
			}
			return record.Time(t.UnixNano()), true
		}
	}
	var n int64
	if len(s) == 18 {
		if _, err := fmt.Sscanf(s, "%18d", &n); err == nil && fmt.Sprint(n) == s && n > fileTime && n < fileTime+70e15 {
			return record.Time((n - fileTime) * 100), true
		}
	}
	return 0, false
}

// inventory gives accounts what the list says of them; one that no record names
// becomes an account that was never seen.
func (v *view) inventory() {
	for i := range v.a.opt.Inventory {
		e := &v.a.opt.Inventory[i]
		x := v.find(e.Account, "")
		if x == nil {
			domain, user, ok := spelled(e.Account)
			if !ok && !strings.HasPrefix(strings.ToLower(e.Account), "krbtgt") {
				continue
			}
			if !ok {
				user = "krbtgt"
			}
			x = newAccount()
			x.name, x.domain, x.user, x.machine = e.Account, domain, user, strings.HasSuffix(user, "$")
			if _, taken := v.by[x.key()]; taken {
				continue
			}
			v.by[x.key()] = x
			v.all = append(v.all, x)
		}
		if x.entry == nil {
			x.entry = e
		}
	}
	slices.SortFunc(v.all, func(a, b *account) int { return strings.Compare(a.key(), b.key()) })
}
