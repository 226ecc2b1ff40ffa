// Command confusables writes internal/domain/confusables.txt: which characters look like
// which, by Unicode Technical Standard 39, from the table of the Rust crate
// unicode-security (MIT or Apache-2.0; its data is Unicode's confusables.txt,
// under the Unicode License v3). It is run by hand when a new version is wanted:
//
//	cargo fetch   # in a project that depends on unicode-security
//	go run ./internal/gen/confusables ~/.cargo/registry/src/*/unicode-security-0.1.3/src/tables.rs > internal/domain/confusables.txt
//
// Kept are letters, marks and digits: a name of a person or a domain has nothing
// else that would matter.
package main

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

var (
	version = regexp.MustCompile(`UNICODE_VERSION: \(u64, u64, u64\) = \((\d+), (\d+), (\d+)\)`)
	entry   = regexp.MustCompile(`\('\\u\{([0-9a-f]+)\}',\s*&\[([^\]]*)\]\)`)
	char    = regexp.MustCompile(`\\u\{([0-9a-f]+)\}`)
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("confusables: want one argument, the path of tables.rs")
	}
	data, err := os.ReadFile(args[0])
	if err != nil {
		return fmt.Errorf("confusables: %w", err)
	}
	v := version.FindSubmatch(data)
	_, table, ok := strings.Cut(string(data), "pub mod confusable_detection")
	if v == nil || !ok {
		return fmt.Errorf("confusables: %s is not the table of unicode-security", args[0])
	}
	table, _, _ = strings.Cut(table, "pub mod potential_mixed_script_confusable")
	by := map[string][]rune{}
	for _, m := range entry.FindAllStringSubmatch(table, -1) {
		from := number(m[1])
		if !unicode.In(from, unicode.L, unicode.M, unicode.Nd) {
			continue
		}
		var to []rune
		for _, c := range char.FindAllStringSubmatch(m[2], -1) {
			to = append(to, number(c[1]))
		}
		by[string(to)] = append(by[string(to)], from)
	}
	w := bufio.NewWriter(os.Stdout)
	fmt.Fprintf(w, "# Characters that look alike, Unicode %s.%s.%s (UTS 39 confusables.txt, Unicode License v3), by internal/gen/confusables.\n", v[1], v[2], v[3])
	fmt.Fprintf(w, "# Each line: what stands for them in hexadecimal, a colon, and those that look like it.\n")
	for _, to := range slices.Sorted(maps.Keys(by)) {
		slices.Sort(by[to])
		fmt.Fprintf(w, "%s:%s\n", hexadecimal([]rune(to)), hexadecimal(by[to]))
	}
	return w.Flush()
}

func number(s string) rune {
	n, _ := strconv.ParseInt(s, 16, 32)
	return rune(n)
}

func hexadecimal(rs []rune) string {
	out := make([]string, len(rs))
	for i, r := range rs {
		out[i] = strconv.FormatInt(int64(r), 16)
	}
	return strings.Join(out, " ")
}
