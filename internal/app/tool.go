package app

import (
	"runtime"

	"longwatch/internal/attack"
	"longwatch/internal/casefolder"
)

// version is set at build time: -ldflags "-X longwatch/internal/app.version=…".
var version = "dev"

// ToolInfo says what this binary is.
func ToolInfo() casefolder.Tool {
	return casefolder.Tool{Version: version, Go: runtime.Version(), Attack: attack.Version}
}
