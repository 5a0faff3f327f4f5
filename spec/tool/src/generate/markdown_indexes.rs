//! Checklists, indexes and answers: what a reader looks things up in.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};

use super::{
    Sources,
    markdown_tables::{begin, row},
};
use crate::{
    coverage::Case,
    requirements::{Actor, Level, Requirement},
    tables::{Complaints, Features, Points},
};

/// The days of a half, or some of them by name: requirement, what to do, the case that shows it.
///
/// # Errors
/// A requirement of the half that has no day, or a day that names one of another half or of none.
pub(super) fn checklist(half: &str, named: &[&str], sources: &Sources<'_>) -> Result<String> {
    let Some(actor) = [Actor::Execution, Actor::Consensus].into_iter().find(|actor| actor.as_str() == half) else {
        bail!("`{half}` is no half");
    };
    let requirements = &sources.registry.requirements;
    let days: Vec<_> = sources.tables.days.of(half).collect();
    for requirement in requirements.iter().filter(|requirement| requirement.actor == actor) {
        if !days.iter().any(|day| day.requirements.contains(&requirement.id)) {
            bail!("{} has no day in days.toml", requirement.id);
        }
    }
    if let Some(unknown) = named.iter().find(|name| !days.iter().any(|day| day.name == **name)) {
        bail!("days.toml: the {half} half has no day {unknown}");
    }
    let mut out = String::new();
    for day in days.into_iter().filter(|day| named.is_empty() || named.contains(&day.name.as_str())) {
        let name = if day.name.parse::<u32>().is_ok() { format!("Day {}", day.name) } else { day.name.clone() };
        let goal = day.goal.replace(". ", ".\n");
        let _ = write!(out, "## {name}: {}\n\n{goal}\n\n", day.title);
        out.push_str(&begin(&["Requirement", "What to do", "Case"]));
        for id in &day.requirements {
            let found = requirements.iter().find(|requirement| requirement.id == *id && requirement.actor == actor);
            let requirement = found.with_context(|| format!("days.toml: {id} is no requirement of {half}"))?;
            let page = requirement.page.rsplit('/').next().unwrap_or_default();
            let shown = match shown_by(requirement, &sources.cases) {
                Some(case) => format!("`{}`", case.id),
                None if requirement.excluded.is_some() => "[excused](conformance.md)".to_owned(),
                None if requirement.level == Level::May => "never asserted".to_owned(),
                None => "none yet".to_owned(),
            };
            row(&mut out, &[&format!("[{id}]({page})"), &imperative(requirement), &shown]);
        }
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    Ok(out)
}

/// The case that is about the requirement more than others: the earlier it stands in `verifies`, the better.
fn shown_by<'a>(requirement: &Requirement, cases: &'a [Case]) -> Option<&'a Case> {
    let at = |case: &Case| case.verifies.iter().position(|id| *id == requirement.id);
    cases.iter().filter_map(|case| Some((at(case)?, case))).min_by_key(|(at, case)| (*at, &case.id)).map(|(_, c)| c)
}

/// The sentence of a requirement, said to whoever builds the half.
fn imperative(requirement: &Requirement) -> String {
    let text = requirement.text.strip_prefix(requirement.actor.subject()).unwrap_or(&requirement.text);
    let keyword = requirement.level.as_str();
    let negative = format!("{keyword} NOT ");
    let plain = match text.strip_prefix(&negative) {
        Some(rest) => format!("do not {rest}"),
        None => text.strip_prefix(keyword).unwrap_or(text).trim_start().to_owned(),
    };
    let mut chars = plain.chars();
    let sentence: String = chars.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(chars).collect();
    match requirement.level {
        Level::Must => sentence,
        Level::Should => format!("{sentence} (should)"),
        Level::May => format!("{sentence} (may)"),
    }
}

/// How many requirements each actor has.
pub(super) fn counts(sources: &Sources<'_>) -> String {
    let mut out = begin(&["Actor", "must", "should", "may"]);
    for actor in [Actor::Execution, Actor::Consensus, Actor::Claimant] {
        let count = |level: Level| {
            let of_both = |r: &&Requirement| r.actor == actor && r.level == level;
            sources.registry.requirements.iter().filter(of_both).count().to_string()
        };
        row(&mut out, &[actor.as_str(), &count(Level::Must), &count(Level::Should), &count(Level::May)]);
    }
    out
}

/// Calls with their messages and own reasons.
pub(super) fn calls(sources: &Sources<'_>) -> String {
    let mut out = begin(&["Call", "Request", "Reply", "Reasons of its own"]);
    for call in &sources.tables.calls.calls {
        let method = sources.proto.methods.iter().find(|method| method.name == call.name);
        let (request, reply) = method.map_or(("", ""), |method| (method.request.as_str(), method.reply.as_str()));
        let own = sources.tables.errors.reasons.iter().filter(|reason| reason.calls.contains(&call.name));
        let own: Vec<String> = own.map(|reason| format!("`{}`", reason.name)).collect();
        let own = if own.is_empty() { "none".to_owned() } else { own.join(", ") };
        row(
            &mut out,
            &[&format!("[{}]({})", call.name, call.page), &format!("`{request}`"), &format!("`{reply}`"), &own],
        );
    }
    out
}

/// Messages and enumerations of one file, with every field and value.
///
/// # Errors
/// There is no such file.
pub(super) fn fields(name: &str, sources: &Sources<'_>) -> Result<String> {
    let file = sources.proto.files.iter().find(|file| file.name == name);
    let file = file.with_context(|| format!("there is no `{name}.proto`"))?;
    let mut out = begin(&["Name", "#", "Type", "Meaning"]);
    for kind in &file.types {
        row(&mut out, &[&format!("**{}**", kind.name), "–", "–", &kind.comment]);
        for member in &kind.members {
            let name = format!("`{}`", member.name);
            let kind = if member.kind.is_empty() { "value".to_owned() } else { format!("`{}`", member.kind) };
            row(&mut out, &[&name, &member.number.to_string(), &kind, &member.comment]);
        }
    }
    Ok(out)
}

/// Complaints, their threads, and what answers them.
pub(super) fn complaints(table: &Complaints) -> String {
    let mut out = String::new();
    let mut group = "";
    for complaint in &table.complaints {
        if group != complaint.group {
            group = &complaint.group;
            let _ = write!(out, "{}## {group}\n\n", if out.is_empty() { "" } else { "\n" });
            out.push_str(&begin(&["#", "Complaint", "Threads", "Answer", "Requirements"]));
        }
        row(
            &mut out,
            &[
                &complaint.n.to_string(),
                &complaint.complaint,
                &complaint.threads.join(", "),
                &complaint.answer,
                &complaint.requirements.join(" "),
            ],
        );
    }
    out
}

/// What only Starknet has, and what answers it.
pub(super) fn points(table: &Points) -> String {
    let mut out = begin(&["#", "Starknet", "Answer", "Requirements"]);
    for point in &table.points {
        row(&mut out, &[&point.n.to_string(), &point.point, &point.answer, &point.requirements.join(" ")]);
    }
    out
}

/// Features, and the pages that answer them.
pub(super) fn features(table: &Features) -> String {
    let mut out = begin(&["#", "Feature", "Where, or why not"]);
    for feature in &table.features {
        let pages: Vec<String> = feature.pages.iter().map(|page| format!("[{page}]({page}.md)")).collect();
        let place = match (&feature.out, &feature.how) {
            (Some(out), _) => format!("out: {out}"),
            (None, Some(how)) => format!("{}: {how}", pages.join(", ")),
            (None, None) => pages.join(", "),
        };
        row(&mut out, &[&feature.n.to_string(), &feature.name, &place]);
    }
    out
}
