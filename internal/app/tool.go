package app

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"runtime"

	"longwatch/content"
	"longwatch/internal/attack"
	"longwatch/internal/casefolder"
)

// version is set at build time: -ldflags "-X longwatch/internal/app.version=…".
var version = "dev"

// ToolInfo says what this binary is.
func ToolInfo() casefolder.Tool {
	return casefolder.Tool{Version: version, Go: runtime.Version(), Attack: attack.Version, Content: contentSum()}
}

// contentSum is the SHA-256 of the embedded rules and profiles: names and
// bytes of all files in the order of their names.
func contentSum() string {
	h := sha256.New()
	for _, tree := range []fs.FS{content.Rules, content.Campaigns} {
		err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := fs.ReadFile(tree, name)
			if err != nil {
				return err
			}
			sum := sha256.Sum256(b)
			h.Write([]byte(name + "\x00"))
			h.Write(sum[:])
			return nil
		})
		if err != nil {
			return "" // embedded files cannot fail to be read
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
