//! The tab of tools: which models called, and which MCP servers they belong to.

use super::{About, Tab};
use crate::control::analytics::{self, Tool, ToolServer};
use crate::http::portal::chart::{Chart, Kind, Series, Unit};
use crate::http::portal::form::Barred;
use crate::http::portal::ranking::{Ranked, Ranking};
use crate::http::portal::words;

/// Bars of a chart.
const BARS: usize = 10;

pub(super) async fn tab(about: &About<'_>) -> Result<Tab, Barred> {
    let About { control, caller, narrowed, .. } = *about;
    let (tools, servers) = tokio::try_join!(
        analytics::tools(control, caller, &narrowed.filter, 200),
        analytics::servers(control, caller, &narrowed.filter),
    )?;
    let (mcp, built_in): (Vec<_>, Vec<_>) = tools.iter().partition(|tool| tool.server.is_some());
    Ok(Tab {
        charts: vec![
            bars("Built-in tools", &built_in).svg(),
            bars("Tools of MCP servers", &mcp).svg(),
        ],
        rankings: vec![
            of_servers(&servers),
            ranked("Tools of MCP servers", &mcp),
            ranked("Built-in tools", &built_in),
        ],
    })
}

/// The most called tools as bars.
fn bars(title: &str, tools: &[&Tool]) -> Chart {
    let most = tools.iter().take(BARS);
    let labels = most.clone().map(|tool| short(&tool.tool)).collect();
    let values = most.map(|tool| Some(tool.requests as f64)).collect();
    Chart::new(title, Kind::Bars, Unit::Count, labels, vec![Series::new("Requests", values)])
}

/// The tool without its server.
fn short(tool: &str) -> String {
    tool.rsplit("__").next().unwrap_or(tool).to_owned()
}

fn of_servers(servers: &[ToolServer]) -> Ranking {
    let row = |server: &ToolServer| {
        let cells = [server.tools, server.users, server.requests].map(words::number);
        Ranked::new(server.server.clone(), cells.into(), server.requests)
    };
    let columns = ["MCP server", "Tools", "Users", "Requests"];
    Ranking::new(
        "MCP servers",
        &columns,
        servers.iter().map(row).collect(),
        "No MCP server was used in this span of time.",
    )
}

fn ranked(heading: &'static str, tools: &[&Tool]) -> Ranking {
    let row = |tool: &&Tool| {
        let cells = [tool.users, tool.requests].map(words::number);
        Ranked::new(tool.tool.clone(), cells.into(), tool.requests)
    };
    let rows = tools.iter().take(25).map(row).collect();
    Ranking::new(
        heading,
        &["Tool", "Users", "Requests"],
        rows,
        "None was called in this span of time.",
    )
}
