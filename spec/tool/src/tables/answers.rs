//! `answers-*.toml`: what others complained about, what Starknet needs, what boundaries have, and the answers.

use serde::Deserialize;

use super::unique;

/// A complaint of users of another boundary.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComplaintRow {
    /// Its number, from 1.
    pub n: usize,
    /// What it is about.
    pub group: String,
    /// Public threads, as `owner/repository#number`.
    pub threads: Vec<String>,
    /// The complaint, in our words.
    pub complaint: String,
    /// What answers it.
    pub answer: String,
    /// Requirements that make the answer true.
    pub requirements: Vec<String>,
}

/// All complaints.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Complaints {
    /// In the order of their numbers.
    #[serde(rename = "complaint")]
    pub complaints: Vec<ComplaintRow>,
}

/// Something that only Starknet has.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointRow {
    /// Its number, from 1.
    pub n: usize,
    /// What it is.
    pub point: String,
    /// What answers it.
    pub answer: String,
    /// Requirements that make the answer true.
    pub requirements: Vec<String>,
}

/// All points.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Points {
    /// In the order of their numbers.
    #[serde(rename = "point")]
    pub points: Vec<PointRow>,
}

/// A feature that a boundary can have.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureRow {
    /// Its number, from 1.
    pub n: usize,
    /// What it is.
    pub name: String,
    /// Pages that answer it, without `.md`.
    #[serde(default)]
    pub pages: Vec<String>,
    /// How, where the page does not say it at once.
    #[serde(default)]
    pub how: Option<String>,
    /// Why it is out; present exactly if no page answers it.
    #[serde(default)]
    pub out: Option<String>,
}

/// All features.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Features {
    /// In the order of their numbers.
    #[serde(rename = "feature")]
    pub features: Vec<FeatureRow>,
}

impl Complaints {
    pub(super) fn check(&self) -> Result<(), String> {
        numbered("complaint", self.complaints.iter().map(|row| row.n))?;
        for row in &self.complaints {
            answered("complaint", row.n, &row.requirements)?;
            unique("thread", row.threads.iter().map(String::as_str))?;
            if row.threads.is_empty() {
                return Err(format!("complaint {}: it cites no thread", row.n));
            }
            if let Some(bad) = row.threads.iter().find(|thread| !is_thread(thread)) {
                return Err(format!("complaint {}: `{bad}` is not owner/repository#number", row.n));
            }
        }
        Ok(())
    }
}

impl Points {
    pub(super) fn check(&self) -> Result<(), String> {
        numbered("point", self.points.iter().map(|row| row.n))?;
        self.points.iter().try_for_each(|row| answered("point", row.n, &row.requirements))
    }
}

impl Features {
    pub(super) fn check(&self) -> Result<(), String> {
        numbered("feature", self.features.iter().map(|row| row.n))?;
        unique("feature", self.features.iter().map(|row| row.name.as_str()))?;
        match self.features.iter().find(|row| row.pages.is_empty() != row.out.is_some()) {
            Some(row) => Err(format!("feature {}: either pages answer it or it is out", row.n)),
            None => Ok(()),
        }
    }
}

fn numbered(what: &str, numbers: impl Iterator<Item = usize>) -> Result<(), String> {
    match numbers.enumerate().find(|(i, n)| i + 1 != *n) {
        Some((i, n)) => Err(format!("{what} {n} stands where {} is due", i + 1)),
        None => Ok(()),
    }
}

fn answered(what: &str, n: usize, requirements: &[String]) -> Result<(), String> {
    unique("requirement", requirements.iter().map(String::as_str)).map_err(|text| format!("{what} {n}: {text}"))?;
    if requirements.is_empty() {
        return Err(format!("{what} {n}: no requirement answers it"));
    }
    Ok(())
}

fn is_thread(thread: &str) -> bool {
    let Some((repository, number)) = thread.split_once('#') else { return false };
    let names = repository.split_once('/').is_some_and(|(owner, name)| !owner.is_empty() && !name.is_empty());
    names && !number.is_empty() && number.chars().all(|c| c.is_ascii_digit())
}
