//! The commands on the reference halves, as processes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::{
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use conformance::{
    network::Reader,
    report::Report,
    schema::Setup,
    transcript,
    watching::WatchReport,
    workload::{self, TEST_CHAIN},
};
use ecp_proto::v1alpha1::{WatchRequest, execution_service_client::ExecutionServiceClient};
use ecp_types::Genesis;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

/// How long anything may take; far more than it does.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder with the files of a chain of one validator, and the binaries of both halves.
struct Stand {
    folder: TempDir,
    binaries: PathBuf,
    genesis: Genesis,
}

impl Stand {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("ecp").tempdir().unwrap();
        let fixture = workload::fixture(TEST_CHAIN, &Setup::default(), 1).unwrap();
        std::fs::write(folder.path().join("genesis"), &fixture.genesis).unwrap();
        fixture.keys[0].write_new(&folder.path().join("keys")).unwrap();
        let genesis = Genesis::read(&fixture.genesis).unwrap();
        Self { folder, binaries: conformance::demo::binaries().unwrap(), genesis }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn socket(&self, name: &str) -> String {
        format!("unix:{}", self.path(name).display())
    }

    fn execution(&self, listen: &str) -> Child {
        let mut command = Command::new(self.binaries.join("reference-execution"));
        command.arg("run").arg("--genesis").arg(self.path("genesis")).arg("--data").arg(self.path("execution"));
        started(command.arg("--listen").arg(self.socket(listen)))
    }

    fn consensus(&self, execution: &str) -> Child {
        let mut command = Command::new(self.binaries.join("reference-consensus"));
        command.arg("run").arg("--genesis").arg(self.path("genesis")).arg("--keys").arg(self.path("keys"));
        command.arg("--data").arg(self.path("consensus")).arg("--execution").arg(self.socket(execution));
        started(command.arg("--p2p").arg("127.0.0.1:0"))
    }

    /// A manifest with both reference halves, the execution half on `genesis`.
    fn manifest(&self, name: &str, genesis: &str) -> PathBuf {
        let path = self.path(&format!("{name}.toml"));
        let program = |binary: &str| self.binaries.join(binary).display().to_string();
        let execution = format!(
            "{} run --listen unix:{{socket}} --genesis {genesis} --data {{data}}",
            program("reference-execution")
        );
        let consensus = format!(
            "{} run --genesis {{genesis}} --keys {{keys}} --data {{data}} --execution unix:{{socket}} --p2p {{p2p}} --peers {{peers}}",
            program("reference-consensus")
        );
        let out = path.display().to_string();
        let made = suite(
            self.folder.path(),
            &["init", "--name", name, "--execution", &execution, "--consensus", &consensus, "--out", &out],
        );
        assert!(made.status.success(), "{}", text(&made));
        path
    }
}

fn started(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap()
}

async fn first_line(child: &mut Child) -> String {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("it says something").unwrap().unwrap();
    // Kept open: a process that prints to a closed pipe dies.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    line
}

fn suite(folder: &Path, arguments: &[&str]) -> Output {
    std::process::Command::new(env!("CARGO_BIN_EXE_conformance"))
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A monitor at `m` in front of `e`.
async fn monitor(stand: &Stand) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_conformance"));
    command.arg("monitor").arg("--listen").arg(stand.socket("m")).arg("--connect").arg(stand.socket("e"));
    let mut child = started(command.arg("--out").arg(stand.path("out")));
    let line = first_line(&mut child).await;
    assert_eq!(line, format!("listening at {}, in front of {}", stand.socket("m"), stand.socket("e")));
    child
}

/// Interrupts a monitor; its exit code and report.
async fn ended(mut monitor: Child, stand: &Stand) -> (Option<i32>, WatchReport) {
    let id = Pid::from_raw(i32::try_from(monitor.id().unwrap()).unwrap());
    kill(id, Signal::SIGTERM).unwrap();
    let status = tokio::time::timeout(PATIENCE, monitor.wait()).await.expect("it ends").unwrap();
    let report = std::fs::read(stand.path("out").join("monitor.json")).unwrap();
    (status.code(), serde_json::from_slice(&report).unwrap())
}

#[tokio::test]
async fn the_monitor_stands_between_two_halves_and_finds_nothing() {
    let stand = Stand::new();
    let mut execution = stand.execution("e");
    first_line(&mut execution).await;
    let monitor = monitor(&stand).await;
    let _consensus = stand.consensus("m");
    let mut reader = Reader::open(&stand.path("e"), stand.genesis.network()).await.unwrap();
    tokio::time::timeout(PATIENCE, reader.committed(2)).await.expect("the pair decides").unwrap();
    // A new process of the execution half is another instance, and no violation.
    execution.kill().await.unwrap();
    let mut execution = stand.execution("e");
    first_line(&mut execution).await;
    let mut reader = Reader::open(&stand.path("e"), stand.genesis.network()).await.unwrap();
    tokio::time::timeout(PATIENCE, reader.committed(4)).await.expect("the pair goes on").unwrap();
    let (code, report) = ended(monitor, &stand).await;
    assert_eq!(report.violations, []);
    assert_eq!((code, report.execution_restarts), (Some(0), 1));
    assert!(report.calls["Decide"] >= 3 && report.calls["Handshake"] >= 2, "{:?}", report.calls);
    assert!(transcript::read(&stand.path("out").join("transcript.binpb")).unwrap().len() > 20);
}

#[tokio::test]
async fn the_monitor_names_the_rule_that_a_half_breaks() {
    let stand = Stand::new();
    let mut execution = stand.execution("e");
    first_line(&mut execution).await;
    let monitor = monitor(&stand).await;
    let address = conformance::subject::Address::Unix(stand.path("m"));
    let mut client = ExecutionServiceClient::new(address.channel().unwrap());
    let refused = match client.watch(WatchRequest {}).await {
        Ok(states) => states.into_inner().message().await.unwrap_err(),
        Err(status) => status,
    };
    assert!(!refused.message().is_empty(), "the execution half itself refused: {refused}");
    let (code, report) = ended(monitor, &stand).await;
    assert_eq!(code, Some(1));
    assert!(report.violations.iter().all(|v| v.by == "consensus"), "{report:?}");
    assert!(report.violations.iter().any(|v| v.requirement == "ECP-SES-021" && !v.rule.is_empty()), "{report:?}");
}

#[test]
fn a_monitor_that_cannot_listen_is_a_mistake_of_its_caller() {
    let folder = tempfile::tempdir().unwrap();
    for listen in ["unix:/nonexistent/socket", "http://192.0.2.1:1", "nonsense"] {
        let output = suite(folder.path(), &["monitor", "--listen", listen, "--connect", "unix:/none"]);
        assert_eq!(output.status.code(), Some(2), "{listen}: {}", text(&output));
    }
}

#[test]
fn a_pair_is_certified_and_its_report_can_be_verified() {
    let stand = Stand::new();
    let manifest = stand.manifest("both", "{genesis}").display().to_string();
    let case = "PAIR/deciding/ten-heights";
    let run = |manifest: &str, out: &str| {
        let arguments = ["run", "--role", "both", "--only", case, "--manifest", manifest, "--out", out];
        suite(stand.folder.path(), &arguments)
    };
    let output = run(&manifest, "out");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let report = stand.path("out/report.json").display().to_string();
    let verified = suite(stand.folder.path(), &["verify-report", &report]);
    assert_eq!(verified.status.code(), Some(0), "{}", text(&verified));
    assert!(text(&verified).contains("1 of 1 transcripts judged again"), "{}", text(&verified));
    let parsed: Report = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    assert_eq!(
        parsed.verdict,
        "both passed the 1 cases that were chosen (revision 1, profile core, workloads test-chain, \
         features NETWORK); this is no certificate."
            .replacen("both", "both as a pair", 1)
    );
    // A half that does not start.
    let broken = std::fs::read_to_string(&manifest).unwrap().replacen("--listen", "--lisnet", 1);
    std::fs::write(stand.path("broken.toml"), broken).unwrap();
    let output = run("broken.toml", "broken");
    assert_eq!(output.status.code(), Some(4), "{}", text(&output));
    assert!(text(&output).contains("--lisnet"), "its output is shown: {}", text(&output));
}

#[test]
fn replay_and_diff_show_where_a_half_parts() {
    let stand = Stand::new();
    let good = stand.manifest("good", "{genesis}").display().to_string();
    // It takes no part in the chain that it is given.
    let own = stand.path("genesis").display().to_string();
    let mut file: serde_json::Value = serde_json::from_slice(&std::fs::read(&own).unwrap()).unwrap();
    file["fork_id"] = 9.into();
    std::fs::write(&own, file.to_string()).unwrap();
    let other = stand.manifest("other", &own).display().to_string();
    let case = "EXE/decide/commits";
    let suite = |arguments: &[&str]| suite(stand.folder.path(), arguments);
    let ran = suite(&["run", "--role", "execution", "--only", case, "--manifest", &good, "--out", "out"]);
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran));
    let transcript = format!("out/transcripts/{case}.test-chain.binpb");
    let same = suite(&["replay", &transcript, "--manifest", &good]);
    assert_eq!(same.status.code(), Some(0), "{}", text(&same));
    assert!(text(&same).starts_with("the transcript and good do the same: "), "{}", text(&same));
    let parted = suite(&["replay", &transcript, "--manifest", &other]);
    assert_eq!(parted.status.code(), Some(1), "{}", text(&parted));
    assert!(text(&parted).contains("of Handshake: answer 1"), "{}", text(&parted));
    assert!(text(&parted).contains("refused with NETWORK_MISMATCH"), "{}", text(&parted));

    let same = suite(&["diff", &good, &good, "--script", case]);
    assert_eq!(same.status.code(), Some(0), "{}", text(&same));
    let parted = suite(&["diff", &good, &other, "--script", case]);
    assert_eq!(parted.status.code(), Some(1), "{}", text(&parted));
    assert!(text(&parted).contains("NETWORK_MISMATCH"), "{}", text(&parted));
    let unknown = suite(&["diff", &good, &good, "--script", "EXE/none"]);
    assert_eq!(unknown.status.code(), Some(2), "{}", text(&unknown));
}
