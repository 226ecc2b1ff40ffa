package app

import (
	"context"

	"longwatch/internal/asn"
	"longwatch/internal/asset"
	"longwatch/internal/casefolder"
	"longwatch/internal/record"
)

// Assets learns the assets of a case folder, or of a folder of records. Notes
// say what of it could not be read.
func (c *CaseRecords) Assets(ctx context.Context) (inv *asset.Inventory, notes []string, err error) {
	home, err := c.HomeNet()
	if err != nil {
		return nil, nil, err
	}
	l := asset.New(asset.Options{HomeNet: home, Networks: asn.New()})
	if notes, err = c.Each(ctx, asset.Wants, func(r record.Record) { l.Learn(r) }); err != nil {
		return nil, notes, err
	}
	inv = l.Finish()
	inv.Cite(casefolder.Place)
	return inv, notes, nil
}
