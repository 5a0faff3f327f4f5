// Package ecptest certifies a half of a client from a Go test: it runs the conformance suite and makes a subtest of each
// of its cases.
//
//	func TestConformance(t *testing.T) {
//		ecptest.Run(t, "ecp.toml", ecptest.Profile("core"))
//	}
//
// The suite is the binary conformance: an option names it, or the environment variable ECP_CONFORMANCE, or it is in PATH.
// A test without the binary fails; it is never skipped, since a skip would look like a certificate.
package ecptest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BinaryVariable is the environment variable that names the binary of the suite.
const BinaryVariable = "ECP_CONFORMANCE"

const (
	beforeDeadline = 5 * time.Second // The suite is stopped so long before the test would be killed.
	stopPatience   = 10 * time.Second
	outputShown    = 4096
)

type config struct {
	binary string
	others []string
	roles  []string
	out    string
	args   []string
}

// Option changes what runs.
type Option func(*config)

// Binary names the binary of the suite.
func Binary(path string) Option { return func(c *config) { c.binary = path } }

// Role certifies one half only: "execution", "consensus", or "both" for the pair of a manifest that has both. Without it,
// each half of the manifest is certified.
func Role(role string) Option { return func(c *config) { c.roles = append(c.roles, role) } }

// Pair certifies a pair: the halves of the manifest together with those of another one, such as a half of one's own with
// another team's.
func Pair(other string) Option {
	return func(c *config) { c.roles, c.others = append(c.roles, "both"), append(c.others, other) }
}

// Profile chooses how much runs: "smoke", "core" or "full". The suite's default is core.
func Profile(name string) Option { return flag("--profile", name) }

// Only runs only the cases whose id matches a pattern such as "EXE/decide/**".
func Only(glob string) Option { return flag("--only", glob) }

// Feature claims a feature besides those of the manifest.
func Feature(name string) Option { return flag("--feature", name) }

// KnownFailing names the list of known failures; a case on it that fails is skipped with its reason.
func KnownFailing(path string) Option { return flag("--known-failing", path) }

// Seed makes keys, ids and chains.
func Seed(seed uint64) Option { return flag("--seed", strconv.FormatUint(seed, 10)) }

// Jobs is how many cases run at the same time. The suite's default is the number of processors.
func Jobs(jobs int) Option { return flag("--jobs", strconv.Itoa(jobs)) }

// Out keeps report and transcripts in a folder; without it they lie in t.ArtifactDir, which go test -artifacts keeps.
func Out(folder string) Option { return func(c *config) { c.out = folder } }

func flag(name, value string) Option {
	return func(c *config) { c.args = append(c.args, name, value) }
}

// Run certifies the halves of a manifest. Each half is a subtest named after its role, and each case one below it: a case
// that failed is an error that says what the half did, what was legal, the requirement's text and how to run it again; a
// case that the half does not claim is skipped with the reason.
func Run(t *testing.T, manifest string, options ...Option) {
	t.Helper()
	c := config{}
	for _, option := range options {
		option(&c)
	}
	binary, err := c.find()
	if err != nil {
		t.Fatal(err)
	}
	if len(c.roles) == 0 {
		if c.roles, err = rolesOf(manifest); err != nil {
			t.Fatal(err)
		}
	}
	for _, role := range c.roles {
		t.Run(role, func(t *testing.T) { c.certify(t, binary, role, manifest) })
	}
}

func (c *config) find() (string, error) {
	binary := c.binary
	if binary == "" {
		binary = os.Getenv(BinaryVariable)
	}
	if binary == "" {
		binary = "conformance"
	}
	found, err := exec.LookPath(binary)
	if err != nil {
		return "", fmt.Errorf("the conformance suite is missing (%w): install it into PATH, or set %s or ecptest.Binary to its path", err, BinaryVariable)
	}
	return filepath.Abs(found)
}

// rolesOf finds the tables of the halves in a manifest.
func rolesOf(manifest string) (roles []string, err error) {
	data, err := os.ReadFile(manifest)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "#")
		for _, role := range []string{"execution", "consensus"} {
			if strings.TrimSpace(line) == "["+role+"]" {
				roles = append(roles, role)
			}
		}
	}
	if roles == nil {
		return nil, fmt.Errorf("%s has neither [execution] nor [consensus]", manifest)
	}
	return roles, nil
}

func (c *config) certify(t *testing.T, binary, role, manifest string) {
	out := filepath.Join(t.ArtifactDir(), "conformance")
	if c.out != "" {
		out = filepath.Join(c.out, role)
	}
	ctx := t.Context()
	if deadline, ok := t.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-beforeDeadline))
		defer cancel()
	}
	path := filepath.Join(out, "report.json")
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	args := slices.Concat([]string{"run", "--role", role, "--manifest", manifest, "--out", out}, c.args)
	if role == "both" {
		for _, other := range c.others {
			args = append(args, "--manifest", other)
		}
	}
	suite := exec.CommandContext(ctx, binary, args...)
	suite.Cancel = func() error { return suite.Process.Signal(os.Interrupt) }
	suite.WaitDelay = stopPatience
	output := &bytes.Buffer{}
	suite.Stdout, suite.Stderr = output, output
	failure := suite.Run()
	report, err := read(path)
	if err != nil {
		t.Fatalf("the suite made no report: %v: %v\n%s", failure, err, tail(output.String()))
	}
	for _, one := range report.Cases {
		name := one.ID
		if len(report.Provenance.Workloads) > 1 {
			name += "/" + one.Workload
		}
		t.Run(name, func(t *testing.T) { one.tell(t, out) })
	}
	for _, stale := range report.StaleKnownFailures {
		t.Errorf("no case was matched by the known failure %s", stale)
	}
	t.Log(report.Verdict)
	if failure != nil && !t.Failed() {
		t.Errorf("the suite ended with %v\n%s", failure, tail(output.String()))
	}
}

func tail(output string) string { return output[max(0, len(output)-outputShown):] }

func read(path string) (*report, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := &report{}
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if r.Format != reportFormat {
		return nil, fmt.Errorf("%s has the format %q, and %s is read here", path, r.Format, reportFormat)
	}
	return r, nil
}
