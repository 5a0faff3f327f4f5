package check_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/starknet-ecp/ecp/proto/go/check"
	"github.com/starknet-ecp/ecp/proto/go/ecp"
	_ "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// pieces are bytes in hex: a text, or a list of texts and of bytes that repeat.
type pieces []byte

func (p *pieces) UnmarshalJSON(data []byte) error {
	list := []json.RawMessage{data}
	if data[0] == '[' {
		if err := json.Unmarshal(data, &list); err != nil {
			return err
		}
	}
	for _, piece := range list {
		run := struct {
			Hex   string
			Times int
		}{Times: 1}
		into := any(&run)
		if piece[0] == '"' {
			into = &run.Hex
		}
		if err := json.Unmarshal(piece, into); err != nil {
			return err
		}
		decoded, err := hex.DecodeString(run.Hex)
		if err != nil {
			return err
		}
		*p = append(*p, bytes.Repeat(decoded, run.Times)...)
	}
	return nil
}

// TestEveryWireVectorGetsItsVerdict judges each message of spec/vectors/wire, requests and replies.
func TestEveryWireVectorGetsItsVerdict(t *testing.T) {
	paths, err := filepath.Glob("../../../spec/vectors/wire/*.json")
	if err != nil || len(paths) < 60 {
		t.Fatalf("%d files of vectors: %v", len(paths), err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Message, Receiver string
			Cases             []struct {
				Name, Verdict, Reason, Field string
				Hex                          pieces
			}
		}
		if err := json.Unmarshal(data, &file); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(file.Message))
		if err != nil {
			t.Fatal(err)
		}
		for _, vector := range file.Cases {
			if vector.Verdict == "undecodable" {
				continue
			}
			message := kind.New().Interface()
			if err := proto.Unmarshal(vector.Hex, message); err != nil {
				t.Fatalf("%s: %s: %v", path, vector.Name, err)
			}
			err := check.Message(message)
			var refused *ecp.Error
			switch {
			case vector.Verdict == "accepted" && err != nil:
				t.Errorf("%s: %s: refused: %v", path, vector.Name, err)
			case vector.Verdict == "refused" && !errors.As(err, &refused):
				t.Errorf("%s: %s: taken, and %s is wrong", path, vector.Name, vector.Field)
			case vector.Verdict == "refused" && refused.Metadata["field"] != vector.Field:
				t.Errorf("%s: %s: names %q, not %q", path, vector.Name, refused.Metadata["field"], vector.Field)
			case vector.Verdict == "refused" && vector.Reason != "" && string(refused.Reason) != vector.Reason:
				t.Errorf("%s: %s: refused with %s, not %s", path, vector.Name, refused.Reason, vector.Reason)
			}
		}
	}
}
