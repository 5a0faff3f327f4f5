// Package consumer_test is a client team's use of the Go module: a module of its own, outside of this repository, that
// certifies a half with ecptest and reads reasons with errors.As.
package consumer_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func absolute(t *testing.T, path string) string {
	t.Helper()
	found, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(found); err != nil {
		t.Fatal(err)
	}
	return found
}

// suite is the ready binary: ECP_CONFORMANCE, or that of ECP_BIN_DIR, or of this repository.
func suite(t *testing.T) string {
	if path := os.Getenv("ECP_CONFORMANCE"); path != "" {
		return absolute(t, path)
	}
	folder := os.Getenv("ECP_BIN_DIR")
	if folder == "" {
		folder = "../../../target/release"
	}
	return absolute(t, filepath.Join(folder, "conformance"))
}

func TestAModuleOutsideOfTheRepository(t *testing.T) {
	module := t.TempDir()
	run := func(name string, args ...string) string {
		t.Helper()
		command := exec.CommandContext(t.Context(), name, args...)
		command.Dir = module
		command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "ECP_CONFORMANCE="+suite(t),
			"CONSUMER_GENESIS="+absolute(t, "../../../spec/vectors/test-chain/genesis.json"))
		output, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, output)
		}
		return string(output)
	}
	for _, name := range []string{"consumer_test.go.txt", "ecp.toml"} {
		data, err := os.ReadFile(filepath.Join("testdata/module", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(module, strings.TrimSuffix(name, ".txt")), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(module, "execution"), "../execution")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	const ours = "github.com/starknet-ecp/ecp/proto/go"
	run("go", "mod", "init", "example.org/consumer")
	run("go", "mod", "edit", "-require="+ours+"@v0.0.0", "-replace="+ours+"="+absolute(t, "../../../proto/go"))
	run("go", "mod", "tidy")
	run("go", "vet", "./...")
	output := run("go", "test", "-count=1", "-v", "./...")
	for _, want := range []string{"--- PASS: TestConformance/execution/EXE/decide/commits", "--- PASS: TestReasons"} {
		if !strings.Contains(output, want) {
			t.Errorf("it does not say %q:\n%s", want, output)
		}
	}
}
