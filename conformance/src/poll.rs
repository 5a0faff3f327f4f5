//! Asking again and again, for what tells nothing by itself.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, MissedTickBehavior, interval};

/// Asks every `every` until there is an answer, at most `patience` long and at least once; `None`: there was none.
///
/// Only for what can only be asked: JSON-RPC over HTTP pushes nothing, and the file of a socket does not say when
/// somebody begins to listen. Everything else is awaited.
///
/// # Errors
/// The first error of `ask`.
pub async fn until<T, E, F>(every: Duration, patience: Duration, mut ask: impl FnMut() -> F) -> Result<Option<T>, E>
where
    F: Future<Output = Result<Option<T>, E>>,
{
    // None: too far away to be reached.
    let deadline = Instant::now().checked_add(patience);
    let mut again = interval(every);
    // An answer that took long is no reason to ask several times at once.
    again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        again.tick().await;
        if let Some(answer) = ask().await? {
            return Ok(Some(answer));
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Ok(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, convert::Infallible};

    use super::*;

    const EVERY: Duration = Duration::from_millis(2);

    #[tokio::test]
    async fn asks_until_there_is_an_answer() {
        let asked = Cell::new(0);
        let ask = || async {
            asked.set(asked.get() + 1);
            Ok::<_, Infallible>((asked.get() == 3).then_some("yes"))
        };
        assert_eq!(until(EVERY, Duration::from_secs(1), ask).await, Ok(Some("yes")));
        assert_eq!(asked.get(), 3);
    }

    #[tokio::test]
    async fn gives_up_at_the_deadline_and_asks_at_least_once() {
        for patience in [Duration::ZERO, EVERY * 4] {
            let (asked, begin) = (Cell::new(0), Instant::now());
            let ask = || async {
                asked.set(asked.get() + 1);
                Ok::<Option<()>, Infallible>(None)
            };
            assert_eq!(until(EVERY, patience, ask).await, Ok(None));
            assert!(begin.elapsed() >= patience);
            // The first at once, the others no more often than asked for.
            assert!((1..=5).contains(&asked.get()), "{}", asked.get());
        }
    }

    #[tokio::test]
    async fn an_error_ends_it() {
        let ask = || async { Err::<Option<()>, _>("broken") };
        assert_eq!(until(EVERY, Duration::from_secs(1), ask).await, Err("broken"));
    }
}
