// Package pst recognises Outlook's stores (PST and OST, MS-PST) and says that
// they were not read, and how to get at what they hold. There is no library for
// them that is pure Go and kept alive, and a store that is passed over in silence
// would look like one without findings.
package pst

import (
	"bytes"
	"context"

	"longwatch/internal/evidence"
	"longwatch/internal/record"
)

// Format is PST and OST files, by their signature (MS-PST section 2.2.2.6).
var Format = evidence.Format{
	Name: "pst", Emits: []*record.Type{},
	Sniff: func(_ string, head []byte) evidence.Match {
		if len(head) >= 10 && bytes.HasPrefix(head, []byte("!BDN")) && (bytes.Equal(head[8:10], []byte("SM")) || bytes.Equal(head[8:10], []byte("SO"))) {
			return evidence.Sure
		}
		return evidence.None
	},
	New: func(f *evidence.File, _ *evidence.Env) evidence.Reader { return reader{f} },
}

type reader struct{ f *evidence.File }

// Read implements evidence.Reader.
func (r reader) Read(_ context.Context, out evidence.Outlet) error {
	out.Problem(evidence.Problem{
		Name: "pst-not-read", Ends: true, Bytes: max(r.f.Size, 1), Ref: r.f.Ref(record.RefFile, 0),
		Why: "an Outlook store is not read: export it first, with `readpst -e -o FOLDER FILE` (package pst-utils, which also reads most OST files) or from Outlook as .msg files, and hunt the folder",
	})
	return nil
}
