// Package pypeer finds the Python that holds the peers which tests compare us
// with. "make peers" installs them into .venv at the root of the module.
package pypeer

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Python is an interpreter that can import all the modules. The test is
// skipped when there is none.
func Python(tb testing.TB, modules ...string) string {
	tb.Helper()
	for _, python := range candidates() {
		if exec.CommandContext(tb.Context(), python, "-c", "import "+strings.Join(modules, ",")).Run() == nil { //nolint:gosec // one of three interpreters, for tests only
			return python
		}
	}
	tb.Skipf(`no Python with %s: "make peers" installs them`, strings.Join(modules, ", "))
	return ""
}

func candidates() []string {
	out := []string{"python3"}
	if dir, err := os.Getwd(); err == nil {
		for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				out = append([]string{filepath.Join(dir, ".venv", "bin", "python")}, out...)
				break
			}
		}
	}
	if p := os.Getenv("LONGWATCH_PYTHON"); p != "" {
		out = append([]string{p}, out...)
	}
	return out
}
