//! The navigation: the pages in groups, as far as they are for whoever looks.

use super::form::Visitor;

/// Whom a page is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    Everybody,
    /// Users, who have usage of their own; the admin key is none.
    Users,
    SignedIn,
    Admins,
}

/// The pages: group, path, label, and whom they are for.
const PAGES: &[(&str, &str, &str, For)] = &[
    ("Claude Code", "/", "Connect", For::Everybody),
    ("Claude Code", "/portal/dashboard", "Dashboard", For::Users),
    ("Claude Code", "/portal/keys", "Keys", For::SignedIn),
    ("Claude Code", "/portal/sessions", "Sessions", For::SignedIn),
    ("Usage", "/portal/overview", "Overview", For::Admins),
    ("Usage", "/portal/analytics", "Analytics", For::Admins),
    ("Usage", "/portal/live", "Live", For::Admins),
    ("Organisation", "/portal/teams", "Teams", For::Admins),
    ("Organisation", "/portal/members", "Members", For::Admins),
    ("Organisation", "/portal/budgets", "Budgets", For::Admins),
    ("Organisation", "/portal/providers", "Providers", For::Admins),
    ("Gateway", "/portal/endpoints", "Endpoints", For::Admins),
    ("Gateway", "/portal/models", "Models", For::Admins),
    ("Gateway", "/portal/pricing", "Pricing", For::Admins),
    ("Gateway", "/portal/notifications", "Notifications", For::Admins),
    ("Gateway", "/portal/status", "Status", For::Admins),
    ("Administration", "/portal/audit", "Audit", For::Admins),
    ("Administration", "/portal/settings", "Settings", For::Admins),
];

/// Pages under one heading.
pub(super) struct Group {
    /// The heading.
    pub(super) label: &'static str,
    /// The pages.
    pub(super) items: Vec<Item>,
}

/// One page.
pub(super) struct Item {
    /// Its address.
    pub(super) path: &'static str,
    /// Its name.
    pub(super) label: &'static str,
    /// The value of `aria-current`: where the browser is on it, or on a page below it.
    pub(super) current: Option<&'static str>,
}

/// The pages for a visitor, as seen from `path`.
pub(super) fn groups(visitor: Option<&Visitor>, path: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (label, page, name, audience) in PAGES {
        if !is_for(*audience, visitor) {
            continue;
        }
        let item = Item { path: page, label: name, current: current(page, path) };
        match groups.last_mut().filter(|group| group.label == *label) {
            Some(group) => group.items.push(item),
            None => groups.push(Group { label, items: vec![item] }),
        }
    }
    groups
}

fn is_for(audience: For, visitor: Option<&Visitor>) -> bool {
    let signed_in = visitor.filter(|visitor| !visitor.must_change_password());
    match (audience, signed_in) {
        (For::Everybody, _) => true,
        (_, None) => false,
        (For::SignedIn, Some(_)) => true,
        (For::Users, Some(visitor)) => visitor.caller.user_id().is_some(),
        (For::Admins, Some(visitor)) => visitor.is_admin(),
    }
}

fn current(page: &str, path: &str) -> Option<&'static str> {
    match path.strip_prefix(page) {
        Some("") => Some("page"),
        Some(rest) if page != "/" && rest.starts_with('/') => Some("true"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_current_with_what_is_below_it() {
        assert_eq!(current("/portal/keys", "/portal/keys"), Some("page"));
        assert_eq!(current("/portal/keys", "/portal/keys/7"), Some("true"));
        assert_eq!(current("/portal/keys", "/portal/keyset"), None);
        assert_eq!(current("/", "/portal/keys"), None);
    }

    #[test]
    fn a_visitor_finds_the_way_in_only() {
        let groups = groups(None, "/");
        let labels: Vec<_> = groups.iter().flat_map(|g| &g.items).map(|item| item.label).collect();
        assert_eq!(labels, ["Connect"]);
    }
}
