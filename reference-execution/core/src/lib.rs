//! The execution half without I/O: a state machine and the seams around it.

pub mod seams;
