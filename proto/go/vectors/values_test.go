package vectors_test

import (
	"encoding/hex"
	"math/big"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	fieldcheck "github.com/starknet-ecp/ecp/proto/go/check"
)

// feltText is a felt as files write it.
var feltText = regexp.MustCompile(`^0x[0-9a-fA-F]{1,64}$`)

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(strings.TrimPrefix(text, "0x"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// decimal is a number as a decimal text.
func decimal(t *testing.T, text string) *big.Int {
	t.Helper()
	n, ok := new(big.Int).SetString(text, 10)
	if !ok {
		t.Fatalf("%q is no number", text)
	}
	return n
}

func TestFeltsAreReadAsWritten(t *testing.T) {
	var file struct {
		About, Prime string
		Bytes, Texts []struct{ Name, Bytes, Text, Verdict string }
	}
	read(t, filepath.Join(vectorsDir, "values", "felts.json"), &file)
	for _, felt := range file.Bytes {
		data := unhex(t, felt.Bytes)
		if got := fieldcheck.Felt(data); got != (felt.Verdict == "accepted") {
			t.Errorf("%s: %t", felt.Name, got)
		} else if text := "0x" + new(big.Int).SetBytes(data).Text(16); got && text != felt.Text {
			t.Errorf("%s: %s", felt.Name, text)
		}
	}
	for _, felt := range file.Texts {
		verdict := "text"
		if feltText.MatchString(felt.Text) {
			data := make([]byte, 32)
			n, _ := new(big.Int).SetString(felt.Text[2:], 16)
			verdict = "not below the prime"
			if n.FillBytes(data); fieldcheck.Felt(data) {
				verdict = "accepted"
				if got := "0x" + hex.EncodeToString(data); got != felt.Bytes {
					t.Errorf("%s: %s", felt.Name, got)
				}
			}
		}
		if verdict != felt.Verdict {
			t.Errorf("%s: %s", felt.Name, verdict)
		}
	}
}

// amounts are decimal numbers; a list of one entry stands for that many equal ones.
func amounts(t *testing.T, list []any) []*big.Int {
	t.Helper()
	var all []*big.Int
	for _, entry := range list {
		switch entry := entry.(type) {
		case string:
			all = append(all, decimal(t, entry))
		case map[string]any:
			for range int(entry["times"].(float64)) {
				all = append(all, decimal(t, entry["value"].(string)))
			}
		}
	}
	return all
}

func TestVotingPowerIsShiftedStake(t *testing.T) {
	var file struct {
		About    string
		TotalMax string `json:"total_max"`
		Cases    []struct {
			Name           string
			Stakes, Powers []any
			Shift          uint
			Total          string
			LeftOut        []int `json:"left_out"`
		}
	}
	read(t, filepath.Join(vectorsDir, "values", "power.json"), &file)
	most := decimal(t, file.TotalMax)
	for _, c := range file.Cases {
		stakes, powers := amounts(t, c.Stakes), amounts(t, c.Powers)
		sum := new(big.Int)
		for _, stake := range stakes {
			sum.Add(sum, stake)
		}
		shift := uint(0)
		for new(big.Int).Rsh(sum, shift).Cmp(most) > 0 {
			shift++
		}
		total, out := new(big.Int), []int{}
		for i, stake := range stakes {
			power := new(big.Int).Rsh(stake, shift)
			if power.Cmp(powers[i]) != 0 {
				t.Errorf("%s: member %d has %s", c.Name, i, power)
			}
			if total.Add(total, power); power.Sign() == 0 {
				out = append(out, i)
			}
		}
		if shift != c.Shift || total.String() != c.Total || !slices.Equal(out, c.LeftOut) {
			t.Errorf("%s: shift %d, total %s, left out %v", c.Name, shift, total, out)
		}
	}
}
