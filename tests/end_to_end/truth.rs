//! Everything that names the same thing names it alike: folders, template, configuration, table, layers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use local::template::Template;
use shared::runtime::TokenKeys;
use shared::runtime::config::Config;
use tests::engine::{Engine, create_table};

use crate::world::root;

fn template() -> Template {
    Template::load(&root().join("template.yaml"), &BTreeMap::new()).unwrap()
}

fn folders(of: &str) -> BTreeSet<String> {
    std::fs::read_dir(root().join(of))
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

fn sources(of: &Path) -> Vec<PathBuf> {
    if of.is_file() {
        return vec![of.to_owned()];
    }
    let entries = std::fs::read_dir(of).unwrap();
    entries
        .flat_map(|entry| sources(&entry.unwrap().path()))
        .collect()
}

#[test]
fn each_function_has_a_folder_and_events_and_a_place_in_the_template() {
    let deployed: BTreeSet<_> = template().functions.into_iter().map(|it| it.package).collect();
    assert_eq!(folders("functions"), deployed);
    assert_eq!(folders("events"), deployed);
}

#[test]
fn a_function_is_called_by_its_package_in_camel_case() {
    for function in template().functions {
        let words = function.package.split('-').map(|word| {
            let (first, rest) = word.split_at(1);
            format!("{}{rest}", first.to_uppercase())
        });
        assert_eq!(
            function.logical_id,
            format!("{}Function", words.collect::<String>())
        );
    }
}

#[test]
fn the_template_sets_exactly_the_variables_the_configuration_reads() {
    let keys: BTreeSet<String> = Config::KEYS.into_iter().map(str::to_owned).collect();
    for function in template().functions {
        let mut set: BTreeSet<String> = function.environment.keys().cloned().collect();
        let main = root()
            .join("functions")
            .join(&function.package)
            .join("src/main.rs");
        let boots_keys = std::fs::read_to_string(&main)
            .unwrap()
            .contains("TokenKeys::boot");
        assert_eq!(
            set.remove(TokenKeys::VARIABLE),
            boots_keys,
            "{}",
            function.package
        );
        let sends = std::fs::read_to_string(&main)
            .unwrap()
            .contains("DeadLetters::from_environment");
        assert_eq!(set.remove("HOLDFAST_DEAD_LETTERS"), sends, "{}", function.package);
        assert_eq!(set, keys, "{}", function.package);
        let read = Config::read(|name| function.environment.get(name).cloned());
        assert!(read.is_ok(), "{:?}", read.err());
    }
}

#[test]
fn the_first_line_of_a_handler_names_its_routes_in_the_template() {
    let template = template();
    for route in template.routes.iter().filter(|route| route.key != "$default") {
        let package = &template.function(&route.function).unwrap().package;
        let file = root().join("functions").join(package).join("src/lib.rs");
        let text = std::fs::read_to_string(file).unwrap();
        let first = text.lines().next().unwrap();
        assert!(
            first.starts_with("//! `") && first.contains(&format!("`{}`", route.key)),
            "{package}: {first}"
        );
    }
}

#[tokio::test]
async fn the_table_of_the_suites_is_the_table_of_the_template() {
    let template = template();
    let [table] = template.tables.as_slice() else {
        panic!("one table");
    };
    assert_eq!(table.ttl_attribute.as_deref(), Some("t"));
    let engine = Engine::start().await;
    create_table(&engine.client(), "suites").await;
    let described = engine
        .client()
        .describe_table()
        .table_name("suites")
        .send()
        .await
        .unwrap();
    let described = described.table().unwrap();
    let keys = |keys: &[aws_sdk_dynamodb::types::KeySchemaElement]| -> BTreeSet<_> {
        keys.iter()
            .map(|it| (it.attribute_name().to_owned(), it.key_type().to_string()))
            .collect()
    };
    let asked = |keys: &serde_json::Value| -> BTreeSet<_> {
        let text = |it: &serde_json::Value| it.as_str().unwrap().to_owned();
        keys.as_array()
            .unwrap()
            .iter()
            .map(|it| (text(&it["AttributeName"]), text(&it["KeyType"])))
            .collect()
    };
    assert_eq!(keys(described.key_schema()), asked(&table.create["KeySchema"]));
    let indexes: BTreeMap<_, _> = described
        .global_secondary_indexes()
        .iter()
        .map(|it| {
            let projection = it.projection().unwrap().projection_type().unwrap().to_string();
            (
                it.index_name().unwrap().to_owned(),
                (keys(it.key_schema()), projection),
            )
        })
        .collect();
    let asked_indexes: BTreeMap<_, _> = table.create["GlobalSecondaryIndexes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let projection = it["Projection"]["ProjectionType"].as_str().unwrap().to_owned();
            (
                it["IndexName"].as_str().unwrap().to_owned(),
                (asked(&it["KeySchema"]), projection),
            )
        })
        .collect();
    assert_eq!(indexes, asked_indexes);
    let kinds: BTreeSet<_> = described
        .attribute_definitions()
        .iter()
        .map(|it| (it.attribute_name().to_owned(), it.attribute_type().to_string()))
        .collect();
    let asked_kinds: BTreeSet<_> = table.create["AttributeDefinitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let text = |name: &str| it[name].as_str().unwrap().to_owned();
            (text("AttributeName"), text("AttributeType"))
        })
        .collect();
    assert_eq!(kinds, asked_kinds);
    let stream = described.stream_specification().unwrap();
    assert_eq!(
        stream.stream_view_type().unwrap().as_str(),
        table.create["StreamSpecification"]["StreamViewType"]
    );
}

#[test]
fn pure_rules_know_no_cloud() {
    const PURE: [&str; 9] = [
        "model",
        "useragent",
        "telemetry",
        "device",
        "signals",
        "fingerprint",
        "risk",
        "policy",
        "network",
    ];
    let shared = root().join("shared/src");
    let files = PURE.iter().flat_map(|it| sources(&shared.join(it)));
    let of_tests = |it: &PathBuf| it.iter().any(|part| part == "tests" || part == "tests.rs");
    for file in files.filter(|it| !of_tests(it)) {
        let text = std::fs::read_to_string(&file).unwrap();
        for name in [
            "aws_sdk",
            "aws_config",
            "lambda_",
            "tokio",
            "std::net::Tcp",
            "std::fs",
        ] {
            assert!(!text.contains(name), "{} uses {name}", file.display());
        }
    }
}

/// The shared crate's layers, the lowest first.
const LAYERS: [&[&str]; 6] = [
    &["model", "clock"],
    &[
        "network",
        "useragent",
        "telemetry",
        "device",
        "signals",
        "fingerprint",
        "risk",
        "policy",
    ],
    &["store"],
    &["service"],
    &["face", "auth"],
    &["runtime"],
];

#[test]
fn every_module_has_its_layer() {
    let text = std::fs::read_to_string(root().join("shared/src/lib.rs")).unwrap();
    let modules: BTreeSet<_> = text
        .lines()
        .filter_map(|line| line.split_once("mod ")?.1.strip_suffix(';'))
        .collect();
    assert_eq!(modules, LAYERS.concat().into_iter().collect());
}

#[test]
fn a_layer_uses_only_the_layers_below_it() {
    let layer_of = |module: &str| LAYERS.iter().position(|layer| layer.contains(&module));
    let shared = root().join("shared/src");
    for module in LAYERS.concat() {
        let folder = shared.join(module);
        let place = if folder.exists() {
            folder
        } else {
            folder.with_extension("rs")
        };
        for file in sources(&place)
            .into_iter()
            .filter(|it| it.extension() == Some("rs".as_ref()))
            .filter(|it| !it.iter().any(|part| part == "tests" || part == "tests.rs"))
        {
            let text = std::fs::read_to_string(&file).unwrap();
            // What a module's own tests use is their affair.
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            for used in code.split("crate::").skip(1) {
                let used: String = used
                    .chars()
                    .take_while(|it| it.is_alphanumeric() || *it == '_')
                    .collect();
                let Some(layer) = layer_of(&used) else {
                    panic!("{} uses crate::{used}, which has no layer", file.display());
                };
                assert!(
                    layer <= layer_of(module).unwrap(),
                    "{} uses {used}, which is above it",
                    file.display()
                );
            }
        }
    }
}
