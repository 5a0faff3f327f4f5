//! `days.toml`: in which order a half is built.

use serde::Deserialize;

use super::unique;

/// What is built together.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayRow {
    /// `execution` or `consensus`.
    pub half: String,
    /// `1` to `5`, or what comes after.
    pub name: String,
    /// What the half does then.
    pub title: String,
    /// What works at its end.
    pub goal: String,
    /// In the order of building.
    pub requirements: Vec<String>,
}

/// All days of both halves.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Days {
    /// In order.
    #[serde(rename = "day")]
    pub days: Vec<DayRow>,
}

impl Days {
    /// The days of a half, in order.
    pub fn of<'a>(&'a self, half: &'a str) -> impl Iterator<Item = &'a DayRow> {
        self.days.iter().filter(move |day| day.half == half)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        unique("requirement", self.days.iter().flat_map(|day| &day.requirements).map(String::as_str))?;
        match self.days.iter().find(|day| !["execution", "consensus"].contains(&day.half.as_str())) {
            Some(day) => Err(format!("day {}: `{}` is no half", day.name, day.half)),
            None => Ok(()),
        }
    }
}
