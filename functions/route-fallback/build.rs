//! Takes the routes out of the template, so that the function that answers for all others knows them.

use std::fmt::Write;
use std::path::Path;
use std::{env, error, fs};

use serde_norway::Value;

#[expect(
    clippy::disallowed_methods,
    reason = "how cargo tells a build script where to write"
)]
fn main() -> Result<(), Box<dyn error::Error>> {
    let template = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../template.yaml");
    println!("cargo::rerun-if-changed={}", template.display());
    let template: Value = serde_norway::from_str(&fs::read_to_string(template)?)?;
    let resources = template
        .get("Resources")
        .and_then(Value::as_mapping)
        .ok_or("template without resources")?;

    let mut routes: Vec<(&str, String)> = resources
        .values()
        .filter_map(|resource| resource.get("Properties")?.get("Events")?.as_mapping())
        .flat_map(|events| events.values())
        .filter(|event| event.get("Type").and_then(Value::as_str) == Some("HttpApi"))
        .filter_map(|event| {
            let properties = event.get("Properties")?;
            let method = properties.get("Method")?.as_str()?.to_ascii_uppercase();
            Some((properties.get("Path")?.as_str()?, method))
        })
        .filter(|(path, _)| *path != "$default")
        .collect();
    routes.sort();

    let mut source = "/// Path and method of every route of the template, sorted.\npub const ROUTES: &[(&str, &str)] = &[\n".to_owned();
    for (path, method) in routes {
        writeln!(source, "    ({path:?}, {method:?}),")?;
    }
    source.push_str("];\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("routes.rs"), source)?;
    Ok(())
}
