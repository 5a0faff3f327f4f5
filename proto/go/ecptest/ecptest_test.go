package ecptest_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/starknet-ecp/ecp/proto/go/ecptest"
)

// The test binary plays two more parts, as the environment says: a suite that writes a canned report, and a consumer
// whose test calls Run.
const partVariable, reportVariable = "ECPTEST_PART", "ECPTEST_REPORT"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "run" {
		os.Exit(playSuite(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// playSuite behaves like `conformance run`: it writes the report and ends with the exit code of it.
func playSuite(args []string) int {
	given := map[string]string{}
	for i := 0; i+1 < len(args); i += 2 {
		given[args[i]] = args[i+1]
	}
	if given["--manifest"] == "" || given["--role"] == "" {
		return 2
	}
	whole := os.Getenv(reportVariable)
	cut := max(strings.LastIndexByte(whole, 10), 0)
	text, code := whole[:cut], strings.TrimSpace(whole[cut:])
	if text != "" {
		if err := os.MkdirAll(given["--out"], 0o755); err != nil {
			return 3
		}
		if err := os.WriteFile(filepath.Join(given["--out"], "report.json"), []byte(text), 0o644); err != nil {
			return 3
		}
	}
	fmt.Println("said by the suite")
	exit := 0
	fmt.Sscan(code, &exit)
	return exit
}

// TestPart is the consumer; it does nothing in an ordinary run of the tests.
func TestPart(t *testing.T) {
	manifest := os.Getenv(partVariable)
	if manifest == "" {
		return
	}
	ecptest.Run(t, manifest)
}

const manifestText = "name = \"mine\"\n[execution] # the half\ncommand = [\"./half\", \"{socket}\"]\n"

// consume runs the consumer in a process of its own and gives what it printed.
func consume(t *testing.T, suite, report string) (output string, passed bool) {
	t.Helper()
	manifest := filepath.Join(t.TempDir(), "ecp.toml")
	if err := os.WriteFile(manifest, []byte(manifestText), 0o644); err != nil {
		t.Fatal(err)
	}
	consumer := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPart$", "-test.v")
	consumer.Env = append(os.Environ(), partVariable+"="+manifest, ecptest.BinaryVariable+"="+suite, reportVariable+"="+report)
	data, err := consumer.CombinedOutput()
	return string(data), err == nil
}

func wants(t *testing.T, output string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(output, text) {
			t.Errorf("it does not say %q:\n%s", text, output)
		}
	}
}

const caseOf = `{"id": %q, "about": "A decided candidate becomes the head.", "workload": "test-chain", "status": %q, "verifies": [], "took_ms": 1%s}`

func reportOf(exit int, cases ...string) string {
	text := `{"format": "ecp-conformance-report/1", "verdict": "said in a sentence", "provenance": {"workloads": ["test-chain"]}, "cases": [` +
		strings.Join(cases, ",") + `], "stale_known_failures": []}`
	return fmt.Sprintf("%s\n%d", text, exit)
}

func TestEveryCaseIsASubtest(t *testing.T) {
	output, passed := consume(t, os.Args[0], reportOf(0,
		fmt.Sprintf(caseOf, "EXE/decide/commits", "PASS", ""),
		fmt.Sprintf(caseOf, "EXE/decide/finalize", "NOT_CLAIMED", `, "why": "needs the feature FINALIZE"`)))
	if !passed {
		t.Errorf("it failed:\n%s", output)
	}
	wants(t, output, "PASS: TestPart/execution/EXE/decide/commits", "SKIP: TestPart/execution/EXE/decide/finalize",
		"not claimed: needs the feature FINALIZE", "said in a sentence")
}

func TestAFailedCaseSaysAllThatIsNeeded(t *testing.T) {
	output, passed := consume(t, os.Args[0], reportOf(1, fmt.Sprintf(caseOf, "EXE/decide/commits", "FAIL",
		`, "failures": [{"step": 5, "requirement": "ECP-DEC-002", "did": "refused with CONFLICT", "legal": ["a reply", "a repeat"]}],
		"broken": {"ECP-DEC-002": "The execution half MUST answer."}, "output": ["a line of the half"], "again": "conformance run --only x", "replay": "conformance replay x", "transcript": "transcripts/x.binpb"`)))
	output = strings.ReplaceAll(output, "\n", " ")
	if passed {
		t.Errorf("it passed:\n%s", output)
	}
	wants(t, output, "FAIL: TestPart/execution/EXE/decide/commits", "ECP-DEC-002, step 6", "refused with CONFLICT", "a reply, or a repeat",
		"The execution half MUST answer.", "conformance run --only x", "conformance replay x", "a line of the half", "transcripts/x.binpb")
}

func TestASuiteThatFailsIsNoPass(t *testing.T) {
	for exit, report := range map[int]string{
		3: reportOf(3, fmt.Sprintf(caseOf, "EXE/a/b", "PASS", "")),
		4: "\n4",
		5: reportOf(5),
	} {
		output, passed := consume(t, os.Args[0], report)
		if passed {
			t.Errorf("exit code %d passed", exit)
		}
		wants(t, output, fmt.Sprintf("exit status %d", exit), "said by the suite")
	}
}

func TestAMissingSuiteFailsAndIsNotSkipped(t *testing.T) {
	output, passed := consume(t, filepath.Join(t.TempDir(), "nothing"), "")
	if passed || strings.Contains(output, "SKIP") {
		t.Errorf("it passed, or was skipped:\n%s", output)
	}
	wants(t, output, "the conformance suite is missing", ecptest.BinaryVariable)
}
