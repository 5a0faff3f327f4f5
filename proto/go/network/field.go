package network

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/starknet-ecp/ecp/proto/go/check"
)

// FileError says which field of a genesis or keys file breaks which rule. It never repeats a value, which may be secret
// (ECP-TST-001, ECP-TST-020, ECP-TST-023).
type FileError struct {
	// File is "genesis file" or "keys file".
	File string
	// Field is the path of the field, such as "params.committee[1].address"; "the file" for the whole.
	Field string
	// Rule is what it breaks.
	Rule string
}

// Error tells file, field and rule.
func (e *FileError) Error() string { return fmt.Sprintf("%s: %s: %s", e.File, e.Field, e.Rule) }

// Field is a value of a JSON file with its path. Its methods read it as one type and keep the first error for Err, so
// that a reader can read on and look once.
type Field struct {
	at    string
	value any
	file  *state
}

type state struct {
	name string
	err  *FileError
}

// Parse reads JSON in UTF-8; file is the name for errors. Numbers keep all 64 bits.
func Parse(file string, data []byte) Field {
	root := Field{file: &state{name: file}}
	if !utf8.Valid(data) {
		root.Fail("is not UTF-8")
		return root
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&root.value); err != nil {
		root.Fail("is no JSON")
	} else if _, err := decoder.Token(); err != io.EOF {
		root.Fail("has more behind its JSON")
	}
	return root
}

// Err gives the first error of the file, or nil.
func (f Field) Err() error {
	if f.file.err == nil {
		return nil
	}
	return f.file.err
}

// Fail says that this field breaks a rule.
func (f Field) Fail(format string, args ...any) {
	if f.file.err == nil {
		at := f.at
		if at == "" {
			at = "the file"
		}
		f.file.err = &FileError{File: f.file.name, Field: at, Rule: fmt.Sprintf(format, args...)}
	}
}

// Here reports whether the field is there; null says the same as absent.
func (f Field) Here() bool { return f.value != nil }

// Object reads an object that has no other fields than these; those of required must be there.
func (f Field) Object(required []string, optional ...string) map[string]Field {
	raw, ok := f.value.(map[string]any)
	if !ok {
		f.Fail("is no object")
	}
	dot := f.at
	if dot != "" {
		dot += "."
	}
	out := map[string]Field{}
	for _, name := range slices.Concat(required, optional) {
		out[name] = Field{at: dot + name, value: raw[name], file: f.file}
	}
	for name := range raw {
		if _, known := out[name]; !known {
			Field{at: dot + name, file: f.file}.Fail("is no known field")
		}
	}
	for _, name := range required {
		if !out[name].Here() {
			out[name].Fail("is absent")
		}
	}
	return out
}

// names gives the names of an object's fields, none if it is no object.
func (f Field) names() []string {
	raw, _ := f.value.(map[string]any)
	return slices.Collect(maps.Keys(raw))
}

// List reads a list of this many entries.
func (f Field) List(least, most int) []Field {
	raw, ok := f.value.([]any)
	if !ok || len(raw) < least || len(raw) > most {
		f.Fail("is no list of %d to %d entries", least, most)
		return nil
	}
	out := make([]Field, len(raw))
	for i, value := range raw {
		out[i] = Field{at: fmt.Sprintf("%s[%d]", f.at, i), value: value, file: f.file}
	}
	return out
}

// Number reads a whole number in a range.
func (f Field) Number(least, most uint64) uint64 {
	raw, _ := f.value.(json.Number)
	n, err := strconv.ParseUint(string(raw), 10, 64)
	if err != nil || n < least || n > most {
		f.Fail("is no whole number from %d to %d", least, most)
		return least
	}
	return n
}

// Text reads 1 to most printable ASCII characters.
func (f Field) Text(most int) string {
	raw, _ := f.value.(string)
	printable := !strings.ContainsFunc(raw, func(r rune) bool { return r < ' ' || r > '~' })
	if len(raw) < 1 || len(raw) > most || !printable {
		f.Fail("is not 1 to %d printable ASCII characters", most)
	}
	return raw
}

// Bytes reads hexadecimal digits with 0x, two for each of least to most bytes.
func (f Field) Bytes(least, most int) []byte {
	raw, _ := f.value.(string)
	digits, prefixed := strings.CutPrefix(raw, "0x")
	out, err := hex.DecodeString(digits)
	if !prefixed || err != nil || len(out) < least || len(out) > most {
		f.Fail("is not %d to %d bytes in hexadecimal with 0x", least, most)
		return make([]byte, least)
	}
	return out
}

// Felt reads a felt of 1 to 64 digits and gives its 32 bytes.
func (f Field) Felt() []byte {
	raw, _ := f.value.(string)
	digits, prefixed := strings.CutPrefix(raw, "0x")
	n, ok := new(big.Int).SetString(digits, 16)
	if !prefixed || !ok || strings.ContainsAny(digits, "+-_") || len(digits) > 64 {
		f.Fail("is no felt")
		return make([]byte, 32)
	}
	out := n.FillBytes(make([]byte, 32))
	if !check.Felt(out) {
		f.Fail("is no felt")
	}
	return out
}

func be32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
func be64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
