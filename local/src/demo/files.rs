//! The page's files and the collector, compiled in: what is served is what was committed when this was built.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode, header};

use super::problem::Problem;
use super::with;

/// A file as it is served.
#[derive(Debug, Clone, Copy)]
pub(super) struct File {
    kind: &'static str,
    /// Whether pages of other origins may read it, which `integrity` on their `<script>` needs.
    is_for_all: bool,
    content: &'static str,
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The file at `path`.
pub(super) fn find(path: &str) -> Option<File> {
    if path == "/client.js" {
        return Some(File {
            kind: SCRIPT,
            is_for_all: true,
            content: include_str!("../../../web/collector/dist/client.js"),
        });
    }
    let name = match path.strip_prefix("/demo")? {
        "" | "/" => "index.html",
        rest => rest.strip_prefix('/')?,
    };
    let (kind, content) = match name {
        "index.html" => (HTML, include_str!("../../../web/demo/index.html")),
        "demo.css" => (CSS, include_str!("../../../web/demo/demo.css")),
        "demo.js" => (SCRIPT, include_str!("../../../web/demo/demo.js")),
        "backend.js" => (SCRIPT, include_str!("../../../web/demo/backend.js")),
        "datapoints.js" => (SCRIPT, include_str!("../../../web/demo/datapoints.js")),
        "elements.js" => (SCRIPT, include_str!("../../../web/demo/elements.js")),
        "judgement.js" => (SCRIPT, include_str!("../../../web/demo/judgement.js")),
        "score.js" => (SCRIPT, include_str!("../../../web/demo/score.js")),
        "words.js" => (SCRIPT, include_str!("../../../web/demo/words.js")),
        _ => return None,
    };
    Some(File {
        kind,
        is_for_all: false,
        content,
    })
}

impl File {
    /// Whether pages of other origins may read it.
    pub(super) const fn is_for_all(self) -> bool {
        self.is_for_all
    }

    /// The answer to a request for it.
    pub(super) fn answer(self, method: &Method) -> Response<Body> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return Problem::NoSuchMethod(Method::GET).into_response();
        }
        let mut response = Response::new(Body::from(self.content));
        *response.status_mut() = StatusCode::OK;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        // The next build may have another.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if self.is_for_all {
            return with(response, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        }
        let policy = HeaderName::from_static("cross-origin-resource-policy");
        with(response, policy, "same-origin")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_page_is_served_as_it_is() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/demo");
        let mut served = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().path();
            let name = file.file_name().unwrap().to_str().unwrap();
            if name == "README.md" {
                assert!(find("/demo/README.md").is_none());
                continue;
            }
            let found = find(&format!("/demo/{name}")).unwrap_or_else(|| panic!("{name} is not served"));
            assert_eq!(found.content, std::fs::read_to_string(&file).unwrap(), "{name}");
            served += 1;
        }
        assert!(served > 1);
    }

    #[test]
    fn only_the_demos_addresses_are_taken_from_the_routes() {
        for path in ["/demo", "/demo/", "/demo/demo.css", "/client.js"] {
            assert!(find(path).is_some(), "{path}");
        }
        for path in [
            "/",
            "/demos",
            "/demo//",
            "/demo/../demo.js",
            "/demo/api",
            "/client",
            "/client.js/",
            "/v1/demo",
        ] {
            assert!(find(path).is_none(), "{path}");
        }
    }
}
