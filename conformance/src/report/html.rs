//! One page that needs nothing else, to be looked at.

use minijinja::{Environment, Value, context, value::Serde};

use super::model::Report;

pub(super) fn render(report: &Report) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.add_template("report.html", include_str!("report.html"))?;
    environment.get_template("report.html")?.render(context! { report => Value::from(Serde(report)) })
}
