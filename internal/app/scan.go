package app

import (
	"context"

	"longwatch/internal/casefolder"
	"longwatch/internal/evidence"
)

// Runner is Hunt or Scan.
type Runner func(ctx context.Context, c Config, p Progress) (*casefolder.Case, error)

// Hunt analyses evidence of every kind and returns the case; nothing but the
// record files has been written then.
func Hunt(ctx context.Context, c Config, p Progress) (*casefolder.Case, error) {
	return run(ctx, c, p, formats)
}

// Scan is Hunt over files as files: logs and captures are not read as such.
func Scan(ctx context.Context, c Config, p Progress) (*casefolder.Case, error) {
	return run(ctx, c, p, []evidence.Format{})
}
