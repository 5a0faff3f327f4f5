package ecp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/starknet-ecp/ecp/proto/go/ecp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// wire is an error as it arrives at the other half.
func wire(err error) error { return status.Convert(err).Err() }

func TestEveryReasonCrossesTheWire(t *testing.T) {
	for _, row := range ecp.Table {
		sent := fmt.Errorf("handler: %w", ecp.NewError(row.Reason, "what was wrong with %d", 7).With("Expected", 8))
		var got *ecp.Error
		if err := error(ecp.FromError(wire(errors.Unwrap(sent)), true)); !errors.As(err, &got) {
			t.Fatalf("%s: %v", row.Reason, err)
		}
		if got.Reason != row.Reason || got.Action != row.Action || uint32(got.Code) != row.Code || got.Metadata["expected"] != "8" {
			t.Errorf("%s arrived as %+v", row.Reason, got)
		}
		if !errors.Is(got, row.Reason) || errors.Is(got, ecp.Reason("")) {
			t.Errorf("%s is not found by errors.Is", row.Reason)
		}
		if busy := row.Reason == ecp.ReasonBusy; busy != (got.RetryDelay > 0) {
			t.Errorf("%s has the delay %s", row.Reason, got.RetryDelay)
		}
	}
}

func TestDelaysStayInTheirRange(t *testing.T) {
	for asked, want := range map[time.Duration]time.Duration{0: time.Millisecond, 300 * time.Millisecond: 300 * time.Millisecond, time.Hour: time.Minute} {
		got := ecp.FromError(wire(ecp.NewError(ecp.ReasonBusy, "full").RetryAfter(asked)), false)
		if got.RetryDelay != want || got.Pause() != want {
			t.Errorf("%s became %s", asked, got.RetryDelay)
		}
	}
	if pause := ecp.NewError(ecp.ReasonSessionHeld, "held").Pause(); pause != time.Second {
		t.Errorf("without a delay it is %s", pause)
	}
}

func TestWhatIsNoReasonOfTheTableIsABareStatus(t *testing.T) {
	unknown := &ecp.Error{Reason: "FROM_THE_FUTURE", Code: codes.Internal, Message: "x"}
	for name, err := range map[string]error{
		"a reason of a later revision": wire(unknown),
		"a status of a library":        status.Error(codes.Internal, "x"),
	} {
		if got := ecp.FromError(err, true); got.Reason != "" || got.Action != ecp.ActionHandshake {
			t.Errorf("%s after a mutating call: %+v", name, got)
		}
		if got := ecp.FromError(err, false); got.Action != ecp.ActionRetry {
			t.Errorf("%s after a reading call: %+v", name, got)
		}
	}
	if got := ecp.FromError(context.DeadlineExceeded, false); got.Code != codes.DeadlineExceeded {
		t.Errorf("a deadline: %+v", got)
	}
	if ecp.FromError(nil, true) != nil || ecp.FromError(io.EOF, true) != nil {
		t.Error("no error became one")
	}
}

func TestTextsAreCutToValidUTF8(t *testing.T) {
	for _, text := range []string{strings.Repeat("é", 600), "broken \xff\xfe " + strings.Repeat("x", 2000), strings.Repeat("a", 1023) + "é"} {
		cut := ecp.NewError(ecp.ReasonHalted, "%s", text).Message
		if len(cut) > int(ecp.ErrorDetailBytes) || !utf8.ValidString(cut) {
			t.Errorf("%d bytes, valid: %t", len(cut), utf8.ValidString(cut))
		}
	}
}

// TestCallsAreThoseOfTheSpec compares what this package says of calls with spec/tables/calls.toml.
func TestCallsAreThoseOfTheSpec(t *testing.T) {
	data, err := os.ReadFile("../../../spec/tables/calls.toml")
	if err != nil {
		t.Fatal(err)
	}
	tables := strings.Split(string(data), "[[call]]")[1:]
	if len(tables) != 13 {
		t.Fatalf("%d calls", len(tables))
	}
	for _, table := range tables {
		value := func(key string) string {
			for line := range strings.Lines(table) {
				if name, rest, ok := strings.Cut(line, "="); ok && strings.TrimSpace(name) == key {
					return strings.TrimSpace(rest)
				}
			}
			return ""
		}
		name := strings.Trim(value("name"), `"`)
		if ecp.IsMutating(name) != (value("mutating") == "true") || ecp.IsData(name) != strings.Contains(value("connection"), "data") ||
			ecp.IsReader(name) != strings.Contains(value("roles"), "READER") {
			t.Errorf("%s is another in the table", name)
		}
	}
}

func ExampleError() {
	// What a handler of an execution half returns …
	sent := ecp.NewError(ecp.ReasonHeightMismatch, "height 9 is not the next one, 8: read the position again").With("expected", 8)
	// … is what the consensus half finds.
	err := error(ecp.FromError(status.Convert(sent).Err(), true))
	var e *ecp.Error
	if errors.As(err, &e) {
		fmt.Println(e.Reason, e.Action, e.Metadata["expected"])
	}
	fmt.Println(errors.Is(err, ecp.ReasonFenced))
	// Output:
	// HEIGHT_MISMATCH handshake 8
	// false
}
