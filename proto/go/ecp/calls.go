package ecp

import "strings"

// call is a row of the table of calls in spec/transport.md.
type call struct{ mutating, data, reader bool }

var calls = map[string]call{
	"Handshake":        {mutating: true},
	"Watch":            {reader: true},
	"GetHeightParams":  {reader: true},
	"StartRound":       {mutating: true},
	"BuildProposal":    {mutating: true, data: true},
	"ValidateProposal": {data: true},
	"ReframeInit":      {},
	"Abort":            {mutating: true},
	"Decide":           {mutating: true},
	"Finalize":         {mutating: true},
	"GetDecided":       {data: true, reader: true},
	"ImportDecided":    {mutating: true, data: true},
	"GetBlockHash":     {reader: true},
}

// CallName gives the name of a call from a full gRPC method such as "/starknet.ecp.v1alpha1.ExecutionService/Decide".
func CallName(fullMethod string) string {
	return fullMethod[strings.LastIndexByte(fullMethod, '/')+1:]
}

// IsMutating reports whether a bare status leaves the outcome of this call unknown (ECP-ERR-005).
func IsMutating(name string) bool { return calls[name].mutating }

// IsData reports whether the call belongs on the data connection; all others go over the control connection
// (ECP-SES-015).
func IsData(name string) bool { return calls[name].data }

// IsReader reports whether a READER may make the call (ECP-SES-012).
func IsReader(name string) bool { return calls[name].reader }
