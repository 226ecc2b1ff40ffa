package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// opens are the names by which a program reaches the network, or listens.
var opens = regexp.MustCompile(`^(net\.(Dial.*|Listen.*|Lookup.*|Resolver|DefaultResolver|File(Conn|Listener))|http\.(Client|DefaultClient|Transport|DefaultTransport|Get|Head|Post|PostForm|Server|Serve.*|ListenAndServe.*)|tls\.(Dial.*|Listen|Client|Server)|sql\.Open.*|smtp\.(Dial|SendMail|NewClient)|rpc\.Dial.*|pgx\..*|pgconn\.Connect.*|syscall\.(Socket|Connect)|unix\.(Socket|Connect))$`)

// reach are the folders that may, and why. What users are promised
// (docs/explanation/trust-boundaries.md) is that nothing else does.
var reach = map[string]string{
	"internal/taxii/server": "is the TAXII server",
	"internal/taxii/client": "is the TAXII client",
	"internal/taxii/store":  "opens SQLite, and PostgreSQL where it is named",
	"internal/cli":          "listens for taxii serve, in taxii_serve.go only",
	"bench/taxii":           "measures the server",
}

// TestNetwork: only what is there for it can open a connection.
func TestNetwork(t *testing.T) {
	found := map[string]bool{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		dir = filepath.ToSlash(dir)
		ast.Inspect(f, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := s.X.(*ast.Ident)
			if !ok || !opens.MatchString(x.Name+"."+s.Sel.Name) {
				return true
			}
			found[dir] = true
			if reach[dir] == "" || dir == "internal/cli" && filepath.Base(file) != "taxii_serve.go" {
				t.Errorf("%v: %s.%s: only the packages of the list may use the network", set.Position(n.Pos()), x.Name, s.Sel.Name)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"internal/taxii/server", "internal/taxii/store"} {
		if !found[dir] {
			t.Errorf("nothing found in %s: the search is broken", dir)
		}
	}
}
