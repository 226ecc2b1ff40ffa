package app

import (
	"context"
	"path/filepath"

	"longwatch/internal/respond"
	"longwatch/internal/respond/hunts"
	"longwatch/internal/store"
)

// writeHunts makes hunts of the incidents that a plan is for, tries them on the
// case's own records and writes them beside the plan.
func (r *Respond) writeHunts(ctx context.Context, in *respond.Input, dir string) error {
	opt := hunts.Options{}
	if r.Incident != "" {
		opt.Incidents = []string{r.Incident}
	}
	list := hunts.Derive(in.Case, opt)
	if root := filepath.Join(r.Case, "records"); len(list) > 0 && exists(root) {
		files, _, err := store.Find(root)
		if err != nil {
			return err
		}
		if _, err := hunts.Try(ctx, list, files, recordTypes()); err != nil {
			return err
		}
		list = hunts.Found(list)
	}
	return hunts.Write(dir, list)
}
