//! Routes as the template spells them, and what of a path they make.

/// One route of a face: a method and a path whose `{name}` segments stand for any one segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route<'a> {
    /// The method, upper case.
    pub method: &'a str,
    /// The path as the template spells it, `/api/v1/sessions/{session_id}`.
    pub path: &'a str,
}

impl Route<'_> {
    /// Whether a part of the path stands for any text.
    pub(super) fn has_parameter(&self) -> bool {
        self.path.contains('{')
    }

    /// Whether `path` is one of the route's.
    pub(super) fn has(&self, path: &str) -> bool {
        let (mut ours, mut theirs) = (self.path.split('/'), path.split('/'));
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return true,
                (Some(name), Some(segment)) if name.starts_with('{') && !segment.is_empty() => {}
                (Some(name), Some(segment)) if name == segment => {}
                _ => return false,
            }
        }
    }
}

/// The methods `path` has among `routes`, comma-separated; none when there is no such path.
pub(super) fn allowed(routes: &[Route<'_>], path: &str) -> Option<String> {
    let matching = || routes.iter().filter(|route| route.has(path));
    // A path that is spelled out is a resource of its own, and not the session of that name.
    let spelled_out = matching().any(|route| !route.has_parameter());
    let mut methods: Vec<&str> = matching()
        .filter(|route| !(spelled_out && route.has_parameter()))
        .map(|route| route.method)
        .collect();
    methods.sort_unstable();
    methods.dedup();
    (!methods.is_empty()).then(|| methods.join(", "))
}
