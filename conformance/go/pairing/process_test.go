package pairing_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/starknet-ecp/ecp/proto/go/check"
	pb "github.com/starknet-ecp/ecp/proto/go/ecpv1alpha1"
	"github.com/starknet-ecp/ecp/proto/go/network"
	"github.com/starknet-ecp/ecp/proto/go/session"
)

// binDirVariable names a folder with the ready binaries of the reference halves.
const binDirVariable = "ECP_BIN_DIR"

// patience is for what takes seconds.
const patience = 30 * time.Second

// goDir has the halves in Go, built once for all tests.
var goDir string

func TestMain(m *testing.M) {
	code := func() int {
		folder, err := os.MkdirTemp("", "ecp-pairing-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(folder)
		build := exec.Command("go", "build", "-o", folder, "../execution", "../consensus")
		if output, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%v\n%s", err, output)
			return 1
		}
		goDir = folder
		return m.Run()
	}()
	os.Exit(code)
}

// half says how one kind of half is started.
type half struct {
	name    string
	command []string
}

func reference(t *testing.T, name string) string {
	t.Helper()
	folder := os.Getenv(binDirVariable)
	if folder == "" {
		folder = "../../../target/release"
	}
	path, err := filepath.Abs(filepath.Join(folder, name))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatalf("%v: build the reference halves, or set %s to a folder with their binaries", err, binDirVariable)
	}
	return path
}

func goExecution() half { return half{"go", []string{filepath.Join(goDir, "execution")}} }
func goConsensus() half { return half{"go", []string{filepath.Join(goDir, "consensus")}} }
func referenceExecution(t *testing.T) half {
	return half{"reference", []string{reference(t, "reference-execution"), "run"}}
}
func referenceConsensus(t *testing.T) half {
	return half{"reference", []string{reference(t, "reference-consensus"), "run"}}
}

// process is a half that runs; it ends with the test.
type process struct {
	t       *testing.T
	command []string
	name    string
	running *exec.Cmd
	log     *locked
}

// locked is an output that a process writes while a test reads.
type locked struct {
	mu   sync.Mutex
	data bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.data.Write(p)
}

func (l *locked) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := l.data.String()
	return text[max(0, len(text)-4096):]
}

func start(t *testing.T, name string, command ...string) *process {
	t.Helper()
	p := &process{t: t, command: command, name: name, log: &locked{}}
	p.launch()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", p.name, p.log.tail())
		}
	})
	return p
}

func (p *process) launch() {
	p.t.Helper()
	p.running = exec.Command(p.command[0], p.command[1:]...)
	p.running.Stdout, p.running.Stderr = p.log, p.log
	p.running.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.running.Start(); err != nil {
		p.t.Fatal(err)
	}
}

// kill ends it with SIGKILL and waits for its end.
func (p *process) kill() {
	_ = p.running.Process.Kill() // It may have ended by itself.
	_ = p.running.Wait()
}

// validator is both halves of a node.
type validator struct {
	socket               string
	execution, consensus *process
}

func freePorts(t *testing.T, count int) (addresses []string) {
	t.Helper()
	for range count {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		addresses = append(addresses, listener.Addr().String())
	}
	return addresses
}

// startNetwork starts a validator for each pair of halves.
func startNetwork(t *testing.T, f files, executions, consensuses []half) (validators []*validator) {
	t.Helper()
	addresses := freePorts(t, len(executions))
	for i, execution := range executions {
		home := filepath.Join(f.folder, fmt.Sprint(i))
		if err := os.Mkdir(home, 0o700); err != nil {
			t.Fatal(err)
		}
		v := &validator{socket: "unix:" + filepath.Join(home, "s")}
		v.execution = start(t, fmt.Sprintf("execution half %d (%s)", i, execution.name), append(execution.command,
			"--listen", v.socket, "--genesis", f.genesis, "--data", filepath.Join(home, "execution"))...)
		observe(t, f, v.socket, func(context.Context, *session.Session) error { return nil }) // It serves.
		var peers []string
		for other, address := range addresses {
			if other != i {
				peers = append(peers, address)
			}
		}
		v.consensus = start(t, fmt.Sprintf("consensus half %d (%s)", i, consensuses[i].name), append(consensuses[i].command,
			"--execution", v.socket, "--genesis", f.genesis, "--keys", f.keys[i], "--data", filepath.Join(home, "consensus"),
			"--p2p", addresses[i], "--peers", strings.Join(peers, ","))...)
		validators = append(validators, v)
	}
	return validators
}

// observe looks at an execution half as a READER, which disturbs nobody.
func observe(t *testing.T, f files, socket string, look func(context.Context, *session.Session) error) {
	t.Helper()
	g, err := network.ReadGenesis(f.genesis)
	if err != nil {
		t.Fatal(err)
	}
	config := session.Config{
		Address: socket, Network: g.Identity, Role: pb.SessionRole_SESSION_ROLE_READER, ConsensusID: session.StreamID(),
		Software: &pb.SoftwareIdentity{Name: "pairing"},
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := session.Run(ctx, config, look); err != nil {
		t.Fatalf("%s: %v", socket, err)
	}
}

// decided waits until a height is committed, and gives the blocks up to it, each proved by its certificate.
func decided(t *testing.T, f files, v *validator, height uint64) (blocks []session.Block) {
	t.Helper()
	g, err := network.ReadGenesis(f.genesis)
	if err != nil {
		t.Fatal(err)
	}
	observe(t, f, v.socket, func(ctx context.Context, s *session.Session) error {
		for {
			state, changed := s.State()
			if state.GetCommitted().GetHeight() >= height {
				break
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return s.Err()
			}
		}
		blocks = nil
		for block, err := range s.Decided(ctx, g.FirstHeight, height) {
			if err != nil {
				return err
			}
			if err := network.VerifyCertificate(g.Identity, g.Params(block.Header.GetHeight()), block.Header.Certificate); err != nil {
				return err
			}
			if err := check.Whole(block.Parts, block.Header.Counts); err != nil {
				return err
			}
			blocks = append(blocks, block)
		}
		return nil
	})
	return blocks
}
