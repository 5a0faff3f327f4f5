module github.com/starknet-ecp/ecp/conformance/go

go 1.26.0

require (
	github.com/starknet-ecp/ecp/proto/go v0.0.0
	go.etcd.io/bbolt v1.5.0
	google.golang.org/protobuf v1.36.12
)

require (
	filippo.io/edwards25519 v1.0.0 // indirect
	github.com/hdevalence/ed25519consensus v0.2.0 // indirect
	golang.org/x/net v0.60.0 // indirect
	golang.org/x/sync v0.25.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
	golang.org/x/text v0.42.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20261110000943-09e21b237f2c // indirect
	google.golang.org/grpc v1.85.0 // indirect
)

replace github.com/starknet-ecp/ecp/proto/go => ../../proto/go
