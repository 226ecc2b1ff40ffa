// Package dcerpccl is connectionless DCE/RPC over UDP, as PROFINET uses it. The
// names and the record are those of package dcerpc.
package dcerpccl

import "longwatch/internal/proto/dcerpc"

// Protocol is connectionless DCE/RPC.
var Protocol = dcerpc.Connectionless
