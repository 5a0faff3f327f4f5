package vectors_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/big"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

var priceMax = new(big.Int).SetUint64(1<<64 - 1)

func small(n int64) *big.Int { return big.NewInt(n) }

// divided is the product of the first two divided by the third, rounded down.
func divided(a, b, c *big.Int) *big.Int {
	product := new(big.Int).Mul(a, b)
	return product.Quo(product, c)
}

func least(a, b *big.Int) *big.Int {
	if a.Cmp(b) < 0 {
		return a
	}
	return b
}

func most(a, b *big.Int) *big.Int {
	if a.Cmp(b) > 0 {
		return a
	}
	return b
}

// nextPrice is the L2 gas price of the next block.
func nextPrice(price, used, target, denominator, floor *big.Int) *big.Int {
	if price.Cmp(floor) < 0 {
		rise := most(new(big.Int).Quo(price, small(333)), small(1))
		return least(least(rise.Add(rise, price), floor), priceMax)
	}
	distance := new(big.Int).Sub(used, target)
	change := divided(price, new(big.Int).Abs(distance), target)
	change.Quo(change, denominator)
	if distance.Sign() < 0 {
		change.Neg(change)
	}
	return least(most(most(change.Add(change, price), floor), small(1)), priceMax)
}

func TestTheGasMarketMovesAsWritten(t *testing.T) {
	var file struct {
		About     string
		FeeActual []struct {
			Name         string
			Window       []string
			GenesisPrice string `json:"genesis_price"`
			FeeActual    string `json:"fee_actual"`
		} `json:"fee_actual"`
		FeeProposal []struct {
			Name      string
			FeeActual string `json:"fee_actual"`
			MarginPpt int64  `json:"margin_ppt"`
			Bounds    [2]string
		} `json:"fee_proposal"`
		NextPrice []struct {
			Name, Price, Target, Floor string
			Used                       string `json:"l2_gas_used"`
			Denominator                int64  `json:"max_change_denominator"`
			NextPrice                  string `json:"next_price"`
		} `json:"next_price"`
		Wei []struct {
			Name  string
			L2Fri string `json:"l2_gas_price_fri"`
			L1Wei string `json:"l1_gas_price_wei"`
			L1Fri string `json:"l1_gas_price_fri"`
			L2Wei string `json:"l2_gas_price_wei"`
		} `json:"l2_gas_price_wei"`
		Has []struct {
			Version string `json:"starknet_version"`
			Has     bool   `json:"has_fee_proposal"`
		} `json:"has_fee_proposal"`
	}
	read(t, filepath.Join(vectorsDir, "headers", "market.json"), &file)
	expect := func(name string, got *big.Int, want string) {
		if got.String() != want {
			t.Errorf("%s: %s, not %s", name, got, want)
		}
	}
	for _, c := range file.FeeActual {
		var window []*big.Int
		for _, fee := range c.Window {
			window = append(window, decimal(t, fee))
		}
		for len(window) < 10 {
			window = append(window, decimal(t, c.GenesisPrice))
		}
		slices.SortFunc(window, (*big.Int).Cmp)
		median := new(big.Int).Add(window[4], window[5])
		expect(c.Name, median.Rsh(median, 1), c.FeeActual)
	}
	for _, c := range file.FeeProposal {
		fee, scale := decimal(t, c.FeeActual), small(1000+c.MarginPpt)
		expect(c.Name, divided(fee, small(1000), scale), c.Bounds[0])
		expect(c.Name, least(divided(fee, scale, small(1000)), priceMax), c.Bounds[1])
	}
	for _, c := range file.NextPrice {
		price, used, target := decimal(t, c.Price), decimal(t, c.Used), decimal(t, c.Target)
		expect(c.Name, nextPrice(price, used, target, small(c.Denominator), decimal(t, c.Floor)), c.NextPrice)
	}
	for _, c := range file.Wei {
		expect(c.Name, most(divided(decimal(t, c.L2Fri), decimal(t, c.L1Wei), decimal(t, c.L1Fri)), small(1)), c.L2Wei)
	}
	for _, c := range file.Has {
		var version [3]int
		if _, err := fmt.Sscanf(c.Version, "%d.%d.%d", &version[0], &version[1], &version[2]); err != nil {
			t.Fatal(err)
		}
		if got := slices.Compare(version[:], []int{0, 14, 3}) >= 0; got != c.Has {
			t.Errorf("%s: %t", c.Version, got)
		}
	}
}

// poseidon is Starknet's hash of a list.
func poseidon(felts ...*big.Int) *big.Int {
	felts = append(slices.Clone(felts), small(1))
	if len(felts)%2 == 1 {
		felts = append(felts, small(0))
	}
	state := [3]*big.Int{small(0), small(0), small(0)}
	for pair := range slices.Chunk(felts, 2) {
		state[0] = new(big.Int).Add(state[0], pair[0])
		state[1] = new(big.Int).Add(state[1], pair[1])
		for round := range 91 {
			for i := range state {
				digest := sha256.Sum256([]byte("Hades" + strconv.Itoa(3*round+i)))
				state[i] = new(big.Int).Add(state[i], new(big.Int).SetBytes(digest[:]))
				if i == 2 || round < 4 || round >= 87 {
					state[i].Exp(state[i], small(3), starkPrime)
				}
			}
			sum := new(big.Int).Add(state[0], state[1])
			sum.Add(sum, state[2])
			for i, factor := range []int64{2, -2, -3} {
				state[i] = new(big.Int).Mul(state[i], small(factor))
				state[i].Add(state[i], sum).Mod(state[i], starkPrime)
			}
		}
	}
	return state[0]
}

func shortString(text string) *big.Int { return new(big.Int).SetBytes([]byte(text)) }

// optional is presence as 1 and the value, absence as 0.
func optional(t *testing.T, text *string) []*big.Int {
	if text == nil {
		return []*big.Int{small(0)}
	}
	n, ok := new(big.Int).SetString(*text, 0)
	if !ok {
		t.Fatalf("%q is no number", *text)
	}
	return []*big.Int{small(1), n}
}

func TestBothSchemesCommitAsWritten(t *testing.T) {
	var file struct {
		About string
		Cases []struct {
			Name    string
			ChainID string `json:"chain_id"`
			ForkID  int64  `json:"fork_id"`
			Parent  *string
			Init    map[string]any
			Content map[string]string
			Next    string `json:"next_l2_gas_price_fri"`
			Used    string `json:"l2_gas_used"`
			Result  struct {
				Wei     string   `json:"l2_gas_price_wei"`
				Prices  string   `json:"gas_prices_hash"`
				Partial string   `json:"partial_block_hash"`
				First   string   `json:"starknet-partial-block-hash"`
				Felts   []string `json:"ecp-starknet-1 felts"`
				Second  string   `json:"ecp-starknet-1"`
			}
		}
	}
	read(t, filepath.Join(vectorsDir, "commitments", "schemes.json"), &file)
	for _, c := range file.Cases {
		init := func(key string) *big.Int {
			switch value := c.Init[key].(type) {
			case string:
				return number(value)
			case float64:
				return small(int64(value))
			}
			t.Fatalf("%s has no %s", c.Name, key)
			return nil
		}
		version := shortString(c.Init["starknet_version"].(string))
		prices := poseidon(shortString("STARKNET_GAS_PRICES0"), init("l1_gas_price_wei"), init("l1_gas_price_fri"),
			init("l1_data_gas_price_wei"), init("l1_data_gas_price_fri"), decimal(t, c.Result.Wei), init("l2_gas_price_fri"))
		partial := poseidon(shortString("STARKNET_BLOCK_HASH1"), init("height"), small(0), init("builder"),
			init("timestamp"), number(c.Content["counts"]), number(c.Content["state_diff"]),
			number(c.Content["transactions"]), number(c.Content["events"]), number(c.Content["receipts"]), prices, version,
			small(0), small(0))
		var fee *string
		first := partial
		if text, there := c.Init["fee_proposal_fri"].(string); there {
			fee, first = &text, poseidon(partial, number(text))
		}
		felts := []*big.Int{shortString("ecp-starknet-1"), shortString(c.ChainID), small(c.ForkID)}
		felts = append(felts, optional(t, c.Parent)...)
		felts = append(felts, partial, decimal(t, c.Next), decimal(t, c.Used))
		felts = append(felts, optional(t, fee)...)
		felts = append(felts, init("version_constant_commitment"))
		shown := make([]string, len(felts))
		for i, felt := range felts {
			shown[i] = fmt.Sprintf("%#x", felt)
		}
		if !slices.Equal(shown, c.Result.Felts) {
			t.Errorf("%s: felts %v", c.Name, shown)
		}
		for _, pair := range [][2]string{
			{fmt.Sprintf("%#x", prices), c.Result.Prices}, {fmt.Sprintf("%#x", partial), c.Result.Partial},
			{fmt.Sprintf("0x%064x", first), c.Result.First}, {fmt.Sprintf("0x%064x", poseidon(felts...)), c.Result.Second},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s: %s, not %s", c.Name, pair[0], pair[1])
			}
		}
	}
}

// TestHeadersAreThere reads what package vectors does not judge: the rules of INIT and the constants of versions.
func TestHeadersAreThere(t *testing.T) {
	var rules struct {
		About string
		Cases []struct {
			Name, Payload              string
			Init, Parent, Height, Node map[string]any
			Verdict                    json.RawMessage
		}
	}
	read(t, filepath.Join(vectorsDir, "headers", "rules.json"), &rules)
	verdicts := map[string]int{}
	for _, c := range rules.Cases {
		if len(unhex(t, c.Payload)) < 150 {
			t.Errorf("%s: a short payload", c.Name)
		}
		verdicts[string(c.Verdict[:1])]++
	}
	var constants struct {
		About string
		Cases []struct {
			Version    string `json:"starknet_version"`
			Bytes      int
			Commitment string `json:"version_constant_commitment"`
		}
	}
	read(t, filepath.Join(vectorsDir, "headers", "version-constants.json"), &constants)
	for _, c := range constants.Cases {
		if felt := number(c.Commitment); felt == nil || felt.Cmp(starkPrime) >= 0 {
			t.Errorf("%s: %s is no felt", c.Version, c.Commitment)
		}
	}
	if verdicts["{"] == 0 || verdicts[`"`] == 0 || len(constants.Cases) == 0 {
		t.Errorf("kept and broken rules: %v", verdicts)
	}
}
