//! The agents of a session as a tree, drawn as rows of a table.

use crate::control::analytics::Agent;
use crate::domain::model;
use crate::http::portal::words::{self, Moment};

/// Steps that the picture of the tree shows; deeper agents stand at the last.
const DEPTH: usize = 5;

/// One agent, where it stands in the tree.
pub(super) struct Row {
    pub(super) depth: usize,
    pub(super) place: String,
    pub(super) name: String,
    pub(super) models: Vec<String>,
    pub(super) last: Moment,
    pub(super) requests: String,
    pub(super) prompt: String,
    pub(super) cached: String,
    pub(super) output: String,
    pub(super) cost: String,
}

/// The agents, each behind the one that started it. One whose parent is not known stands below the
/// main conversation.
pub(super) fn tree(agents: &[Agent]) -> Vec<Row> {
    let known = |id: &str| agents.iter().any(|agent| agent.agent_id == id);
    let parent = |agent: &Agent| {
        let parent = agent.parent_agent_id.clone().filter(|id| known(id) && *id != agent.agent_id);
        parent.unwrap_or_default()
    };
    let mut rows = Vec::with_capacity(agents.len());
    let mut taken = vec![false; agents.len()];
    // Each agent is taken once, so that parents in a circle end.
    let mut open: Vec<(usize, usize)> = roots(agents);
    loop {
        while let Some((index, depth)) = open.pop() {
            let Some(agent) = agents.get(index) else { continue };
            if std::mem::replace(taken.get_mut(index).unwrap_or(&mut true), true) {
                continue;
            }
            rows.push(row(agent, depth));
            let children = agents.iter().enumerate().rev();
            let children = children
                .filter(|(_, child)| !child.agent_id.is_empty() && parent(child) == agent.agent_id);
            open.extend(children.map(|(child, _)| (child, depth + 1)));
        }
        match taken.iter().position(|taken| !taken) {
            Some(left) => open.push((left, 1)),
            None => return rows,
        }
    }
}

fn roots(agents: &[Agent]) -> Vec<(usize, usize)> {
    let main = agents.iter().position(|agent| agent.agent_id.is_empty());
    main.map(|index| (index, 0)).into_iter().collect()
}

fn row(agent: &Agent, depth: usize) -> Row {
    let is_main = agent.agent_id.is_empty();
    let prompt = agent.input_tokens + agent.cache_read_tokens + agent.cache_write_tokens;
    let share = (prompt > 0).then(|| agent.cache_read_tokens as f64 / prompt as f64);
    let name = |id: &String| model::find(id).map_or(id.clone(), |m| m.display_name.to_owned());
    Row {
        depth: depth.min(DEPTH),
        place: if is_main { String::new() } else { format!("Subagent, step {depth}:") },
        name: if is_main { "Main conversation".to_owned() } else { agent.agent_id.clone() },
        models: agent.models.iter().map(name).collect(),
        last: agent.last_at.into(),
        requests: words::number(agent.requests),
        prompt: words::compact(prompt),
        cached: words::percent(share),
        output: words::compact(agent.output_tokens),
        cost: words::dollars(agent.cost_nanos),
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;

    fn agent(id: &str, parent: Option<&str>) -> Agent {
        Agent {
            agent_id: id.to_owned(),
            parent_agent_id: parent.map(str::to_owned),
            models: Vec::new(),
            started_at: Utc::now(),
            last_at: Utc::now(),
            requests: 1,
            input_tokens: 1,
            output_tokens: 1,
            cache_read_tokens: 1,
            cache_write_tokens: 0,
            cost_nanos: 1,
        }
    }

    fn drawn(agents: &[Agent]) -> Vec<(String, usize)> {
        tree(agents).into_iter().map(|row| (row.name, row.depth)).collect()
    }

    #[test]
    fn each_agent_stands_behind_the_one_that_started_it() {
        let agents = [agent("", None), agent("a", None), agent("b", None), agent("a1", Some("a"))];
        let expected = [("Main conversation", 0), ("a", 1), ("a1", 2), ("b", 1)];
        assert_eq!(drawn(&agents), expected.map(|(name, depth)| (name.to_owned(), depth)));
    }

    #[test]
    fn circles_and_unknown_parents_lose_nobody() {
        let agents = [
            agent("", None),
            agent("a", Some("b")),
            agent("b", Some("a")),
            agent("c", Some("gone")),
        ];
        assert_eq!(drawn(&agents).len(), 4);
        assert_eq!(drawn(&[agent("x", Some("x"))]).len(), 1);
    }
}
