package journal_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/starknet-ecp/ecp/conformance/go/journal"
)

type entry struct{ N int }

func open(t *testing.T, folder string) (*journal.Journal[entry], []int) {
	t.Helper()
	j, records, err := journal.Open[entry](folder)
	if err != nil {
		t.Fatal(err)
	}
	var numbers []int
	for _, r := range records {
		numbers = append(numbers, r.N)
	}
	if err := j.Rewrite(records); err != nil {
		t.Fatal(err)
	}
	return j, numbers
}

func TestRecordsStayAndATornOneIsDropped(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "made")
	j, numbers := open(t, folder)
	if numbers != nil {
		t.Errorf("a new log has %v", numbers)
	}
	for n := range 3 {
		if err := j.Append(&entry{n}); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.OpenFile(filepath.Join(folder, "log.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(`{"N":`); err != nil {
		t.Fatal(err)
	}
	file.Close()
	j, numbers = open(t, folder)
	if !slices.Equal(numbers, []int{0, 1, 2}) {
		t.Errorf("after a torn write it has %v", numbers)
	}
	if err := j.Append(&entry{3}); err != nil {
		t.Fatal(err)
	}
	if _, numbers = open(t, folder); !slices.Equal(numbers, []int{0, 1, 2, 3}) {
		t.Errorf("it has %v", numbers)
	}
}

func TestADamagedLogIsRefused(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "log.jsonl"), []byte("{\"N\":1}\nnonsense\n{\"N\":2}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, records, err := journal.Open[entry](folder); err == nil {
		t.Errorf("it was read: %d records", len(records))
	}
}
