// Package vectors_test reads the vectors of spec/vectors/wire with the Go bindings.
package vectors_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/starknet-ecp/ecp/proto/go/ecp"
	"github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// vectorsDir holds all vectors, seen from this folder.
const vectorsDir = "../../../spec/vectors"

// largeBytes is the size above which a case has no ProtoJSON.
const largeBytes = 4096

// hexBytes are bytes in hex: a text, or a list of texts and of bytes that repeat.
type hexBytes []byte

func (h *hexBytes) UnmarshalJSON(data []byte) error {
	pieces := []json.RawMessage{data}
	if data[0] == '[' {
		if err := json.Unmarshal(data, &pieces); err != nil {
			return err
		}
	}
	for _, piece := range pieces {
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
		*h = append(*h, bytes.Repeat(decoded, run.Times)...)
	}
	return nil
}

type vectorFile struct {
	Message  string
	Receiver string
	Cases    []vectorCase
}

type vectorCase struct {
	Name    string
	Verdict string
	Reason  string
	Field   string
	Rule    string
	Plain   *bool
	Hex     hexBytes
	JSON    json.RawMessage
}

func read(t *testing.T, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func TestEveryVectorIsReadByTheBindings(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(vectorsDir, "wire", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[protoreflect.FullName]bool{}
	for _, path := range paths {
		var file vectorFile
		read(t, path, &file)
		name := protoreflect.FullName(file.Message)
		kind, err := protoregistry.GlobalTypes.FindMessageByName(name)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		seen[name] = true
		for _, vector := range file.Cases {
			t.Run(string(name.Name())+"/"+vector.Name, func(t *testing.T) {
				check(t, kind, file.Receiver, vector)
			})
		}
	}
	for _, file := range files() {
		for i := range file.Messages().Len() {
			if name := file.Messages().Get(i).FullName(); !seen[name] {
				t.Errorf("%s has no vectors", name)
			}
		}
	}
}

// files are the protobuf files of the package.
func files() []protoreflect.FileDescriptor {
	var all []protoreflect.FileDescriptor
	protoregistry.GlobalFiles.RangeFilesByPackage(
		ecpv1alpha1.File_starknet_ecp_v1alpha1_common_proto.Package(),
		func(file protoreflect.FileDescriptor) bool {
			all = append(all, file)
			return true
		})
	return all
}

func check(t *testing.T, kind protoreflect.MessageType, receiver string, vector vectorCase) {
	message := kind.New().Interface()
	err := proto.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(vector.Hex, message)
	if vector.Verdict == "undecodable" {
		if err == nil {
			t.Fatal("the bindings can decode it")
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	if plain := vector.Plain == nil || *vector.Plain; bytes.Equal(encoded, vector.Hex) != plain {
		t.Errorf("the bindings encode it as %x", encoded)
	}
	checkJSON(t, message, vector)
	checkVerdict(t, receiver, vector)
}

func checkJSON(t *testing.T, message proto.Message, vector vectorCase) {
	if vector.JSON == nil {
		if len(vector.Hex) <= largeBytes {
			t.Error("it has no ProtoJSON")
		}
		return
	}
	back := message.ProtoReflect().New().Interface()
	if err := protojson.Unmarshal(vector.JSON, back); err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(back, message) {
		t.Errorf("its ProtoJSON is %v, its bytes are %v", back, message)
	}
	text, err := protojson.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	var made, golden any
	if err := json.Unmarshal(text, &made); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(vector.JSON, &golden); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(made, golden) {
		t.Errorf("the bindings write %s", text)
	}
}

func checkVerdict(t *testing.T, receiver string, vector vectorCase) {
	switch vector.Verdict {
	case "accepted":
		if vector.Reason != "" || vector.Field != "" {
			t.Error("accepted, and refused for a reason")
		}
	case "refused":
		if receiver == "consensus" {
			if vector.Reason != "" {
				t.Error("a consensus half sends no status")
			}
			return
		}
		if _, known := ecp.Reasons[ecp.Reason(vector.Reason)]; !known {
			t.Errorf("the table of errors has no %q", vector.Reason)
		}
		if named := vector.Field != ""; named != (vector.Reason == string(ecp.ReasonFieldInvalid)) {
			t.Errorf("field %q with the reason %s", vector.Field, vector.Reason)
		}
	default:
		t.Errorf("verdict %q", vector.Verdict)
	}
}

func TestTheManifestListsEveryFile(t *testing.T) {
	var manifest struct {
		Files []struct{ Path, Sha256 string }
	}
	read(t, filepath.Join(vectorsDir, "MANIFEST.json"), &manifest)
	listed := map[string]string{"MANIFEST.json": ""}
	for _, file := range manifest.Files {
		listed[file.Path] = file.Sha256
	}
	err := filepath.WalkDir(vectorsDir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".json") {
			return err
		}
		name, err := filepath.Rel(vectorsDir, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		digest := sha256.Sum256(data)
		if want, there := listed[name]; !there || want != "" && want != hex.EncodeToString(digest[:]) {
			t.Errorf("%s is not the file that the manifest lists", name)
		}
		delete(listed, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range listed {
		t.Errorf("%s is listed and does not exist", name)
	}
}
