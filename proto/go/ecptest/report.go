package ecptest

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

const reportFormat = "ecp-conformance-report/1"

// report is what is read of report.json; more fields are no error.
type report struct {
	Format             string     `json:"format"`
	Verdict            string     `json:"verdict"`
	Provenance         provenance `json:"provenance"`
	Cases              []caseRun  `json:"cases"`
	StaleKnownFailures []string   `json:"stale_known_failures"`
}

type provenance struct {
	Workloads []string `json:"workloads"`
}

// caseRun is one case on one workload.
type caseRun struct {
	ID         string            `json:"id"`
	About      string            `json:"about"`
	Workload   string            `json:"workload"`
	Status     string            `json:"status"`
	Why        string            `json:"why"`
	Failures   []failure         `json:"failures"`
	Broken     map[string]string `json:"broken"`
	Transcript string            `json:"transcript"`
	Again      string            `json:"again"`
	Replay     string            `json:"replay"`
	Output     []string          `json:"output"`
}

// failure is one thing that was not legal.
type failure struct {
	Step        *uint32  `json:"step"`
	Requirement string   `json:"requirement"`
	Did         string   `json:"did"`
	Legal       []string `json:"legal"`
}

// tell makes the result of a subtest of a case.
func (c *caseRun) tell(t *testing.T, out string) {
	switch c.Status {
	case "PASS":
	case "NOT_CLAIMED":
		t.Skipf("not claimed: %s", c.Why)
	case "XFAIL", "DISPUTED":
		t.Skipf("%s, which does not count: %s\n%s", c.Status, c.Why, c.explain(out))
	default: // FAIL, XPASS, HARNESS_ERROR, and whatever a later suite adds.
		t.Error(c.explain(out))
	}
}

// explain says what happened, for somebody who has never seen the case.
func (c *caseRun) explain(out string) string {
	var b strings.Builder
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "\n  %-11s %s", name, text)
		}
	}
	fmt.Fprintf(&b, "%s %s (%s)", c.Status, c.ID, c.Workload)
	line("shows", c.About)
	line("why", c.Why)
	for _, f := range c.Failures {
		breaks := f.Requirement
		if breaks == "" {
			breaks = "nothing yet: the set-up failed"
		}
		if f.Step != nil {
			breaks += fmt.Sprintf(", step %d", *f.Step+1)
		}
		line("breaks", breaks)
		line("the half", f.Did)
		line("legal", strings.Join(f.Legal, ", or "))
		line("the rule", c.Broken[f.Requirement])
	}
	line("its output", strings.Join(c.Output, "\n              "))
	line("again", c.Again)
	line("same bytes", c.Replay)
	if c.Transcript != "" {
		line("transcript", filepath.Join(out, c.Transcript))
	}
	return b.String()
}
