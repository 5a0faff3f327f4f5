//! From a Sierra class to what the virtual machine runs, in this process.
//!
//! A class comes from anybody. Everything that can be large is bounded before it is made, so that a class that does not
//! compile, or whose compilation would not end in reasonable memory, is refused with its reason, the same one at every
//! node that runs this compiler (ECP-STK-012).

use std::{
    sync::{Arc, Condvar, Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use blockifier::execution::contract_class::RunnableCompiledClass;
use cairo_lang_starknet_classes::{
    allowed_libfuncs::ListSelector, casm_contract_class::CasmContractClass, contract_class::ContractClass as Sierra,
};
use starknet_api::{
    contract_class::{
        ContractClass, SierraVersion,
        compiled_class_hash::{HashVersion, HashableCompiledClass},
    },
    core::ClassHash,
};
use starknet_rust_core::types::FlattenedSierraClass;
use starknet_types_core::felt::Felt as StarkFelt;

use crate::{classes::Class, guard::guarded};

/// Most bytes of a class: 32 for each felt of the program and its entry points, and its ABI. The network's own limit of
/// a class.
pub const MAX_CLASS_BYTES: usize = 4_089_446;
/// Most words of a program after decompression: a program is compressed by a code book, and a small one unpacks to 250
/// times its size.
pub const MAX_PROGRAM_WORDS: u64 = 2_000_000;
/// Most felts of the compiled bytecode. The network's own limit.
pub const MAX_BYTECODE_FELTS: usize = 81_920;
/// The only form of class that there is.
pub const CLASS_VERSION: &str = "0.1.0";
/// Stack of the compiling thread, in bytes: types may be nested deeply. It is only taken as far as it is used.
const STACK: usize = 256 << 20;

/// Why a class is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClassError {
    /// Of another form.
    #[error("contract_class_version is {0:?}: only {CLASS_VERSION:?} is known here")]
    Version(String),
    /// Over a limit.
    #[error("the class is too large: {0}")]
    TooLarge(String),
    /// The compiler refuses it.
    #[error("the class does not compile: {0}")]
    DoesNotCompile(String),
    /// It may compile, but not within this node's patience; never a verdict on a proposal.
    #[error("the class takes longer than {0:?} to compile")]
    TooSlow(Duration),
    /// The system gives no thread to compile on.
    #[error("cannot compile now: {0}; try again later")]
    NoThread(String),
}

/// Compiles a class, however long that takes.
pub(crate) fn compile(sierra: Arc<FlattenedSierraClass>, audited: bool) -> Result<Class, ClassError> {
    on_thread(sierra, audited, None)?.recv().unwrap_or_else(|_| Err(ClassError::NoThread("the thread ended".into())))
}

/// Compiles a class as for a declaration.
///
/// # Errors
/// As the variants say.
pub fn compile_declared(sierra: Arc<FlattenedSierraClass>) -> Result<Class, ClassError> {
    compile(sierra, true)
}

/// One class of users at a time is compiled: classes of strangers must not take all memory and all cores at once.
#[derive(Default)]
pub(crate) struct Turn {
    taken: Mutex<bool>,
    free: Condvar,
}

/// The turn, given back when it is dropped.
struct Taken(Arc<Turn>);

impl Turn {
    fn take(self: &Arc<Self>, patience: Duration) -> Option<Taken> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.free.wait_timeout_while(taken, patience, |taken| *taken);
        let (mut taken, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let free = !*taken;
        *taken = true;
        free.then(|| Taken(Arc::clone(self)))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        *self.0.taken.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.free.notify_one();
    }
}

/// Compiles a class when it is its turn, but gives up after `patience`. A compilation that is given up keeps the turn
/// until it ends.
pub(crate) fn compile_within(
    sierra: Arc<FlattenedSierraClass>,
    turn: &Arc<Turn>,
    patience: Duration,
) -> Result<Class, ClassError> {
    let began = Instant::now();
    let taken = turn.take(patience).ok_or_else(|| ClassError::NoThread("other classes are being compiled".into()))?;
    match on_thread(sierra, true, Some(taken))?.recv_timeout(patience.saturating_sub(began.elapsed())) {
        Ok(compiled) => compiled,
        Err(mpsc::RecvTimeoutError::Timeout) => Err(ClassError::TooSlow(patience)),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(ClassError::NoThread("the thread ended".into())),
    }
}

fn on_thread(
    sierra: Arc<FlattenedSierraClass>,
    audited: bool,
    turn: Option<Taken>,
) -> Result<mpsc::Receiver<Result<Class, ClassError>>, ClassError> {
    check_size(&sierra)?;
    let (say, hear) = mpsc::sync_channel(1);
    let work = move || {
        let compiled = guarded("compiling a class", || compile_here(sierra, audited));
        drop(turn);
        // A caller that gave up hears nothing.
        let _ = say.send(compiled.unwrap_or_else(|fault| Err(ClassError::DoesNotCompile(fault.0))));
    };
    let thread = thread::Builder::new().name("ecp-compile".into()).stack_size(STACK);
    thread.spawn(work).map_err(|error| ClassError::NoThread(error.to_string()))?;
    Ok(hear)
}

/// Everything that is bounded before compilation.
fn check_size(sierra: &FlattenedSierraClass) -> Result<(), ClassError> {
    if sierra.contract_class_version != CLASS_VERSION {
        let shown = sierra.contract_class_version.chars().take(32).collect();
        return Err(ClassError::Version(shown));
    }
    let bytes = size(sierra);
    if bytes > MAX_CLASS_BYTES {
        return Err(ClassError::TooLarge(format!("{bytes} bytes, more than {MAX_CLASS_BYTES}")));
    }
    // Three felts of a version, three of the compiler's; then the code book's size, its padding, the code book, and the
    // number of words.
    let cut = || ClassError::DoesNotCompile("the program is cut short".into());
    let program = &sierra.sierra_program;
    let book = program.get(6).and_then(|felt| usize::try_from(*felt).ok()).ok_or_else(cut)?;
    let words = book.checked_add(8).and_then(|at| program.get(at)).ok_or_else(cut)?;
    match u64::try_from(*words) {
        Ok(words) if words <= MAX_PROGRAM_WORDS => Ok(()),
        _ => Err(ClassError::TooLarge(format!("it unpacks to more than {MAX_PROGRAM_WORDS} words"))),
    }
}

fn compile_here(flat: Arc<FlattenedSierraClass>, audited: bool) -> Result<Class, ClassError> {
    let failed = |error: &dyn std::fmt::Display| {
        // The compiler's texts can hold a whole function.
        ClassError::DoesNotCompile(error.to_string().chars().take(400).collect())
    };
    let class_hash = ClassHash(StarkFelt::from_bytes_be(&flat.class_hash().to_bytes_be()));
    let sierra_version = SierraVersion::extract_from_program(&flat.sierra_program).map_err(|e| failed(&e))?;
    let json = serde_json::json!({
        "sierra_program": flat.sierra_program,
        "contract_class_version": flat.contract_class_version,
        "entry_points_by_type": flat.entry_points_by_type,
    });
    let sierra: Sierra = serde_json::from_value(json).map_err(|error| failed(&error))?;
    let program = sierra.extract_sierra_program(false).map_err(|error| failed(&error))?;
    if audited {
        // Functions of the compiler that were not audited are in no class of the network.
        program.validate_version_compatible(ListSelector::DefaultList).map_err(|error| failed(&error))?;
    }
    let casm = CasmContractClass::from_contract_class(sierra, program, false, MAX_BYTECODE_FELTS)
        .map_err(|error| failed(&error))?;
    let compiled_class_hash = casm.hash(&HashVersion::V2);
    let contract = Arc::new(ContractClass::V1((casm, sierra_version.clone())));
    let runnable = RunnableCompiledClass::try_from(contract.as_ref().clone()).map_err(|error| failed(&error))?;
    Ok(Class { class_hash, compiled_class_hash, runnable, sierra: flat, contract, sierra_version })
}

/// Bytes of a class as the limit counts them.
pub(crate) fn size(sierra: &FlattenedSierraClass) -> usize {
    let points = &sierra.entry_points_by_type;
    let points = points.constructor.len() + points.external.len() + points.l1_handler.len();
    32 * (sierra.sierra_program.len() + points) + sierra.abi.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_given_one_at_a_time_and_given_back() {
        let turn = Arc::new(Turn::default());
        let taken = turn.take(Duration::ZERO).unwrap();
        assert!(turn.take(Duration::ZERO).is_none());
        let waiting = thread::spawn({
            let turn = Arc::clone(&turn);
            move || turn.take(Duration::from_secs(60)).is_some()
        });
        drop(taken);
        assert!(waiting.join().unwrap());
        assert!(turn.take(Duration::from_secs(60)).is_some());
    }
}
