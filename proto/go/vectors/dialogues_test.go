package vectors_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"path/filepath"
	"testing"

	fieldcheck "github.com/starknet-ecp/ecp/proto/go/check"
	"github.com/starknet-ecp/ecp/proto/go/ecp"
	"github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// event is one event of a dialogue; which fields are there says what it is.
type event struct {
	Note, Started, Method, From, Message, Code, Reason, Text string
	Begin, Call, Reset, Ended                                uint32
	HalfClosed                                               uint32 `json:"half_closed"`
	RetryMs                                                  int64  `json:"retry_ms"`
	Session, Hex, Status                                     hexBytes
	JSON                                                     json.RawMessage
	Metadata                                                 map[string]string
}

func TestDialoguesAreReadByTheBindings(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(vectorsDir, "dialogues", "*.json"))
	if err != nil || len(paths) < 10 {
		t.Fatalf("%d dialogues, %v", len(paths), err)
	}
	service := ecpv1alpha1.File_starknet_ecp_v1alpha1_execution_service_proto.Services().ByName("ExecutionService")
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			var dialogue struct {
				About  string
				Events []event
			}
			read(t, path, &dialogue)
			methods := map[uint32]protoreflect.MethodDescriptor{}
			for _, e := range dialogue.Events {
				switch {
				case e.Begin != 0:
					methods[e.Begin] = service.Methods().ByName(protoreflect.Name(e.Method))
				case e.From != "":
					checkMessage(t, e, methods[e.Call])
				case e.Ended != 0 && e.Code != "OK":
					checkError(t, e)
				}
			}
		})
	}
}

func checkMessage(t *testing.T, e event, method protoreflect.MethodDescriptor) {
	t.Helper()
	of := method.Input()
	if e.From == "execution" {
		of = method.Output()
	}
	if string(of.Name()) != e.Message {
		t.Fatalf("%s in %s", e.Message, method.Name())
	}
	kind, err := protoregistry.GlobalTypes.FindMessageByName(of.FullName())
	if err != nil {
		t.Fatal(err)
	}
	message, golden := kind.New().Interface(), kind.New().Interface()
	if err := proto.Unmarshal(e.Hex, message); err != nil {
		t.Fatal(err)
	}
	if err := protojson.Unmarshal(e.JSON, golden); err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(message, golden) {
		t.Errorf("%s: its ProtoJSON is %v, its bytes are %v", e.Message, golden, message)
	}
	if encoded, err := (proto.MarshalOptions{Deterministic: true}).Marshal(message); err != nil || !bytes.Equal(encoded, e.Hex) {
		t.Errorf("%s: the bindings encode %x, %v", e.Message, encoded, err)
	}
	if err := fieldcheck.Message(message); err != nil {
		t.Errorf("%s: %v", e.Message, err)
	}
}

func checkError(t *testing.T, e event) {
	t.Helper()
	var told spb.Status
	if err := proto.Unmarshal(e.Status, &told); err != nil {
		t.Fatal(err)
	}
	read := ecp.FromError(status.ErrorProto(&told), false)
	if string(read.Reason) != e.Reason || read.Message != e.Text || !maps.Equal(read.Metadata, e.Metadata) {
		t.Errorf("the status reads as %s %v", read.Reason, read.Metadata)
	}
	if read.RetryDelay.Milliseconds() != e.RetryMs {
		t.Errorf("%s comes with a pause of %s", e.Reason, read.RetryDelay)
	}
	if code := codeName(read.Code); code != e.Code {
		t.Errorf("%s has the code %s", e.Reason, code)
	}
}

// codeName is the name of a code as the table of errors writes it.
func codeName(code codes.Code) string {
	names := map[codes.Code]string{
		codes.NotFound: "NOT_FOUND", codes.FailedPrecondition: "FAILED_PRECONDITION", codes.Aborted: "ABORTED",
		codes.OutOfRange: "OUT_OF_RANGE", codes.PermissionDenied: "PERMISSION_DENIED",
	}
	return names[code]
}
