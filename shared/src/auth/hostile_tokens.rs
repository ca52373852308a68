//! Tokens that must not get in, each through the whole of the authenticator, with a working issuer behind it.

use std::collections::HashSet;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::testing::{AUDIENCE, ISSUER, Listed, NOW, Server, Signer, claims, claims_with, issuer, signers};
use super::{Authenticator, Error, Fetcher};

/// Order of the group of P-256: the `s` of a signature lies below it.
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

struct Corpus {
    tokens: Vec<(String, String)>,
}

impl Corpus {
    fn add(&mut self, what: impl Into<String>, token: impl Into<String>) {
        self.tokens.push((what.into(), token.into()));
    }
}

fn header(alg: &str, kid: &str) -> Value {
    json!({"alg": alg, "typ": "JWT", "kid": kid})
}

fn header_with(alg: &str, name: &str, value: Value) -> String {
    let mut header = header(alg, "rsa");
    header[name] = value;
    header.to_string()
}

fn parts(token: &str) -> (String, String, String) {
    let parts: Vec<_> = token.split('.').collect();
    (parts[0].to_owned(), parts[1].to_owned(), parts[2].to_owned())
}

fn with_signature(token: &str, signature: impl AsRef<[u8]>) -> String {
    let (header, claims, _) = parts(token);
    format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn hmac_token(alg: &str, secret: &[u8]) -> String {
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header(alg, "rsa").to_string()),
        URL_SAFE_NO_PAD.encode(claims().to_string())
    );
    let algorithm = match alg {
        "HS384" => hmac::HMAC_SHA384,
        "HS512" => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    let tag = hmac::sign(&hmac::Key::new(algorithm, secret), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// Signatures that are none, or are of something else.
fn signatures(corpus: &mut Corpus) {
    let [rsa, ec, ed] = signers();
    for (signer, kid) in [(rsa, "rsa"), (ec, "ec"), (ed, "ed")] {
        let good = signer.token(kid, &claims());
        let (head, body, signature) = parts(&good);
        let bytes = URL_SAFE_NO_PAD.decode(&signature).unwrap();
        corpus.add(format!("{kid}: signature stripped"), format!("{head}.{body}."));
        corpus.add(
            format!("{kid}: signature and dot stripped"),
            format!("{head}.{body}"),
        );
        corpus.add(
            format!("{kid}: signature cut by a byte"),
            with_signature(&good, &bytes[1..]),
        );
        corpus.add(
            format!("{kid}: signature cut at the end"),
            with_signature(&good, &bytes[..bytes.len() - 1]),
        );
        corpus.add(
            format!("{kid}: signature longer by a zero"),
            with_signature(&good, [&bytes[..], &[0]].concat()),
        );
        corpus.add(
            format!("{kid}: signature after a zero"),
            with_signature(&good, [&[0], &bytes[..]].concat()),
        );
        corpus.add(
            format!("{kid}: signature of zeros"),
            with_signature(&good, vec![0; bytes.len()]),
        );
        corpus.add(
            format!("{kid}: signature of ones"),
            with_signature(&good, vec![0xff; bytes.len()]),
        );
        corpus.add(
            format!("{kid}: signature twice"),
            with_signature(&good, [&bytes[..], &bytes].concat()),
        );
        let mut flipped = bytes.clone();
        flipped[bytes.len() / 2] ^= 1;
        corpus.add(
            format!("{kid}: a bit of the signature flipped"),
            with_signature(&good, flipped),
        );
        let admin = URL_SAFE_NO_PAD.encode(claims_with("sub", json!("root")).to_string());
        corpus.add(
            format!("{kid}: claims replaced"),
            format!("{head}.{admin}.{signature}"),
        );
        corpus.add(
            format!("{kid}: signature padded"),
            format!("{head}.{body}.{}", URL_SAFE.encode([&bytes[..], &[1]].concat())),
        );
        corpus.add(
            format!("{kid}: signature with a foreign letter"),
            format!("{head}.{body}.{signature}!"),
        );
        let other = match kid {
            "rsa" => Signer::rsa(),
            "ec" => Signer::ec(),
            _ => Signer::ed(),
        };
        corpus.add(format!("{kid}: another key"), other.token(kid, &claims()));
        corpus.add(
            format!("{kid}: signature over the claims alone"),
            with_signature(&good, signer.signature(body.as_bytes())),
        );
    }
    let good = ec.token("ec", &claims());
    let bytes = URL_SAFE_NO_PAD.decode(parts(&good).2).unwrap();
    let (r, s) = bytes.split_at(32);
    corpus.add("ES256: r is zero", with_signature(&good, [&[0; 32], s].concat()));
    corpus.add("ES256: s is zero", with_signature(&good, [r, &[0; 32]].concat()));
    corpus.add(
        "ES256: r and s are the order",
        with_signature(&good, [P256_ORDER, P256_ORDER].concat()),
    );
    let mut der = vec![0x30, 0x44, 0x02, 0x20];
    der.extend_from_slice(r);
    der.extend_from_slice(&[0x02, 0x20]);
    der.extend_from_slice(s);
    corpus.add("ES256: signature in DER", with_signature(&good, der));
}

/// Algorithms that are none, not asymmetric, not the key's, or spelled otherwise.
fn algorithms(corpus: &mut Corpus) {
    let [rsa, ec, ed] = signers();
    let body = URL_SAFE_NO_PAD.encode(claims().to_string());
    for none in ["none", "None", "NONE", "nOnE", "", " none"] {
        let head = URL_SAFE_NO_PAD.encode(header(none, "rsa").to_string());
        corpus.add(format!("alg {none:?}, no signature"), format!("{head}.{body}."));
        corpus.add(
            format!("alg {none:?}, signed"),
            rsa.sign(&header(none, "rsa").to_string(), &claims().to_string()),
        );
    }
    for alg in ["HS256", "HS384", "HS512"] {
        corpus.add(
            format!("{alg} with the RSA public key"),
            hmac_token(alg, &rsa.public_bytes()),
        );
        corpus.add(
            format!("{alg} with the text of the JWK"),
            hmac_token(alg, rsa.jwk("rsa").to_string().as_bytes()),
        );
        corpus.add(format!("{alg} with an empty secret"), hmac_token(alg, &[]));
    }
    for alg in [
        "rs256", "Rs256", "RS256 ", "RS256\0", "RS384", "RS512", "PS256", "PS512", "ES384", "ES512",
        "ES256K", "RSA-OAEP", "Ed25519", "EdDSA ", "eddsa", "dir",
    ] {
        corpus.add(
            format!("alg {alg:?}"),
            rsa.sign(&header(alg, "rsa").to_string(), &claims().to_string()),
        );
    }
    for (alg, kid, signer) in [
        ("ES256", "rsa", rsa),
        ("EdDSA", "rsa", rsa),
        ("RS256", "ec", ec),
        ("EdDSA", "ec", ec),
        ("RS256", "ed", ed),
        ("ES256", "ed", ed),
        ("RS256", "ec", rsa),
        ("ES256", "rsa", ec),
        ("EdDSA", "ec", ed),
    ] {
        let token = signer.sign(&header(alg, kid).to_string(), &claims().to_string());
        corpus.add(
            format!("{alg} by {:?} with the key {kid}", signer.algorithm()),
            token,
        );
    }
    for alg in [
        json!(null),
        json!(1),
        json!(["RS256"]),
        json!({"RS256": 1}),
        json!(true),
    ] {
        corpus.add(
            format!("alg {alg}"),
            rsa.sign(&header_with("RS256", "alg", alg), &claims().to_string()),
        );
    }
    corpus.add(
        "no alg",
        rsa.sign(r#"{"typ":"JWT","kid":"rsa"}"#, &claims().to_string()),
    );
}

/// Headers that bring their own key, point elsewhere, or change how the rest is read.
fn headers(corpus: &mut Corpus) {
    let [rsa, _, _] = signers();
    let attacker = Signer::rsa();
    let body = claims().to_string();
    for (name, value) in [
        ("jku", json!("https://attacker.example.com/jwks")),
        ("x5u", json!("https://attacker.example.com/cert")),
        ("jwk", attacker.jwk("rsa")),
        ("x5c", json!(["MIIB"])),
    ] {
        corpus.add(
            format!("{name}, by an attacker's key"),
            attacker.sign(&header_with("RS256", name, value.clone()), &body),
        );
        corpus.add(
            format!("{name}, by the issuer's key"),
            rsa.sign(&header_with("RS256", name, value), &body),
        );
    }
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("crit", json!(["b64"])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
        ("cty", json!("JWT")),
        ("typ", json!("logout+jwt")),
        ("typ", json!("dpop+jwt")),
        ("typ", json!("application/dpop+jwt")),
        ("typ", json!("application/")),
        ("typ", json!("application/application/jwt")),
        ("typ", json!("text/jwt")),
        ("typ", json!("secevent+jwt")),
        ("typ", json!("JWE")),
        ("typ", json!("")),
        ("typ", json!(null)),
        ("typ", json!(["JWT"])),
    ] {
        corpus.add(
            format!("{name}: {value}"),
            rsa.sign(&header_with("RS256", name, value), &body),
        );
    }
    for kid in [
        json!("../../../../dev/null"),
        json!("/etc/passwd"),
        json!("' OR '1'='1"),
        json!("rsa' UNION SELECT 'secret' --"),
        json!("https://attacker.example.com/jwks.json"),
        json!("file:///dev/null"),
        json!("rsa; curl attacker.example.com"),
        json!("RSA"),
        json!("rsa "),
        json!("rsa\0"),
        json!("rsa\r\n"),
        json!(""),
        json!(null),
        json!(0),
        json!(["rsa"]),
        json!({"rsa": 1}),
        json!("k".repeat(256)),
        json!("unknown"),
    ] {
        corpus.add(
            format!("kid {kid}"),
            rsa.sign(&header_with("RS256", "kid", kid), &body),
        );
    }
    corpus.add(
        "two algs",
        rsa.sign(r#"{"alg":"none","alg":"RS256","kid":"rsa"}"#, &body),
    );
    corpus.add(
        "two kids",
        rsa.sign(r#"{"alg":"RS256","kid":"x","kid":"rsa"}"#, &body),
    );
    corpus.add(
        "an escaped second alg",
        rsa.sign(r#"{"alg":"RS256","\u0061lg":"none","kid":"rsa"}"#, &body),
    );
    for text in [
        "",
        "null",
        "[]",
        "\"RS256\"",
        "{",
        "{}",
        "{\"alg\":\"RS256\"}{}",
        "\u{feff}{\"alg\":\"RS256\",\"kid\":\"rsa\"}",
    ] {
        corpus.add(format!("header {text:?}"), rsa.sign(text, &body));
    }
}

/// Claims that are wrong though the signature is right.
#[expect(clippy::too_many_lines, reason = "a table")]
fn claims_gone_wrong(corpus: &mut Corpus) {
    let [rsa, _, _] = signers();
    let now = NOW.secs();
    for (name, values) in [
        (
            "iss",
            vec![
                json!(null),
                json!("https://attacker.example.com"),
                json!("https://issuer.example.com/"),
                json!("https://ISSUER.example.com"),
                json!([ISSUER]),
                json!({"iss": ISSUER}),
                json!(""),
                json!(1),
                json!(format!("{ISSUER}\0")),
                json!("i".repeat(513)),
            ],
        ),
        (
            "aud",
            vec![
                json!(null),
                json!("https://other.example.com"),
                json!(""),
                json!([]),
                json!(["https://other.example.com"]),
                json!([[AUDIENCE]]),
                json!([AUDIENCE, 1]),
                json!({"aud": AUDIENCE}),
                json!(1),
                json!(format!("{AUDIENCE}/")),
                json!(AUDIENCE.to_uppercase()),
            ],
        ),
        (
            "exp",
            vec![
                json!(null),
                json!(now - 61),
                json!(now - 60),
                json!(0),
                json!(-1),
                json!((now + 300).to_string()),
                json!([now + 300]),
                json!({"exp": now}),
                json!(true),
                json!(1e300),
                json!(i64::MAX),
                json!(u64::MAX),
                json!("never"),
            ],
        ),
        (
            "nbf",
            vec![
                json!(now + 61),
                json!((now - 10).to_string()),
                json!([0]),
                json!(-1),
                json!(1e300),
                json!(false),
            ],
        ),
        (
            "iat",
            vec![
                json!(null),
                json!(now + 61),
                json!((now - 10).to_string()),
                json!([now - 10]),
                json!(-1),
                json!(1e300),
                json!({}),
            ],
        ),
        (
            "sub",
            vec![
                json!(null),
                json!(""),
                json!(42),
                json!(["alice"]),
                json!({"alice": 1}),
                json!(true),
                json!("a".repeat(256)),
                json!("alice\0"),
                json!("al\nice"),
                json!("alice\u{85}"),
            ],
        ),
        (
            "tenant",
            vec![
                json!(null),
                json!("globex"),
                json!("ghost"),
                json!("nobody"),
                json!(""),
                json!("ACME"),
                json!("acme "),
                json!("acme#U#x"),
                json!(["acme"]),
                json!(["acme", "globex"]),
                json!({"id": "acme"}),
                json!(7),
            ],
        ),
        (
            "sid",
            vec![
                json!(["s"]),
                json!(1),
                json!(""),
                json!({}),
                json!("s".repeat(256)),
                json!("s\0"),
            ],
        ),
        ("session_id", vec![json!(["s"]), json!(1), json!("")]),
    ] {
        for value in values {
            let shown: String = value.to_string().chars().take(60).collect();
            corpus.add(
                format!("{name}: {shown}"),
                rsa.token("rsa", &claims_with(name, value)),
            );
        }
    }
    for name in ["iss", "aud", "exp", "iat", "sub", "tenant"] {
        let text = claims_with(name, json!("x")).to_string();
        let twice = text.replacen('{', &format!("{{\"{name}\":{},", claims()[name]), 1);
        corpus.add(
            format!("two of {name}, the good one first"),
            rsa.sign(&header("RS256", "rsa").to_string(), &twice),
        );
        let text = claims().to_string();
        let twice = text.replacen('{', &format!("{{\"{name}\":\"x\","), 1);
        corpus.add(
            format!("two of {name}, the good one last"),
            rsa.sign(&header("RS256", "rsa").to_string(), &twice),
        );
        let null = json!({"iss": ISSUER}).to_string();
        corpus.add(
            format!("{name} and little else"),
            rsa.sign(&header("RS256", "rsa").to_string(), &null),
        );
        let explicit = text.replacen(
            &format!("\"{name}\":{}", claims()[name]),
            &format!("\"{name}\":null"),
            1,
        );
        corpus.add(
            format!("{name} is null"),
            rsa.sign(&header("RS256", "rsa").to_string(), &explicit),
        );
    }
    let huge = claims()
        .to_string()
        .replacen(&format!("\"exp\":{}", now + 300), "\"exp\":1e999", 1);
    corpus.add(
        "exp is infinite",
        rsa.sign(&header("RS256", "rsa").to_string(), &huge),
    );
    let nan = claims()
        .to_string()
        .replacen(&format!("\"exp\":{}", now + 300), "\"exp\":NaN", 1);
    corpus.add(
        "exp is no number",
        rsa.sign(&header("RS256", "rsa").to_string(), &nan),
    );
    let deep = claims().to_string().replacen(
        '{',
        &format!("{{\"x\":{}{},", "[".repeat(1000), "]".repeat(1000)),
        1,
    );
    corpus.add(
        "claims nested a thousand deep",
        rsa.sign(&header("RS256", "rsa").to_string(), &deep),
    );
    for text in ["", "null", "[]", "{}", "\"x\"", "{"] {
        corpus.add(
            format!("claims {text:?}"),
            rsa.sign(&header("RS256", "rsa").to_string(), text),
        );
    }
    corpus.add(
        "claims behind a byte order mark",
        rsa.sign(
            &header("RS256", "rsa").to_string(),
            &format!("\u{feff}{}", claims()),
        ),
    );
    corpus.add(
        "something behind the claims",
        rsa.sign(&header("RS256", "rsa").to_string(), &format!("{} {{}}", claims())),
    );
}

/// Tokens that are no tokens.
fn shapes(corpus: &mut Corpus) {
    let [rsa, _, _] = signers();
    let good = rsa.token("rsa", &claims());
    let (head, body, signature) = parts(&good);
    corpus.add("two dots", "..");
    corpus.add(
        "one megabyte of claims",
        rsa.token("rsa", &claims_with("x", json!("a".repeat(1 << 20)))),
    );
    corpus.add(
        "one megabyte of header",
        rsa.sign(
            &header_with("RS256", "x", json!("a".repeat(1 << 20))),
            &claims().to_string(),
        ),
    );
    corpus.add(
        "one byte over the limit",
        format!("{head}.{body}.{}", "A".repeat(super::bearer::MAX_LENGTH)),
    );
    corpus.add(
        "five parts of a JWE",
        format!("{head}.{body}.{body}.{body}.{signature}"),
    );
    corpus.add("four parts", format!("{good}.{signature}"));
    corpus.add("a dot in front", format!(".{good}"));
    corpus.add("a dot behind", format!("{good}."));
    corpus.add("no header", format!(".{body}.{signature}"));
    corpus.add("no claims", format!("{head}..{signature}"));
    corpus.add("header padded", format!("{}.{body}.{signature}", pad(&head)));
    corpus.add("claims padded", format!("{head}.{}.{signature}", pad(&body)));
    corpus.add(
        "plain base64",
        format!("{head}.{body}.{}", STANDARD.encode([0xfb, 0xff, 0xfe])),
    );
    corpus.add("bad base64 header", format!("!{head}.{body}.{signature}"));
    corpus.add("bad base64 claims", format!("{head}.*{body}.{signature}"));
    corpus.add(
        "base64 of a length there is none of",
        format!("{head}A.{body}A.{signature}A"),
    );
    corpus.add("a space inside", format!("{head}. {body}.{signature}"));
    corpus.add("a line break inside", format!("{head}.\n{body}.{signature}"));
    corpus.add("a tab inside", format!("{head}\t.{body}.{signature}"));
    corpus.add("a NUL behind", format!("{good}\0"));
    corpus.add("percent-encoded dots", good.replace('.', "%2E"));
    corpus.add("quoted", format!("\"{good}\""));
    corpus.add(
        "as JSON",
        format!(r#"{{"protected":"{head}","payload":"{body}","signature":"{signature}"}}"#),
    );
    corpus.add("two tokens", format!("{good},{good}"));
    corpus.add(
        "two bearers joined by the gateway",
        format!("{good}, Bearer {good}"),
    );
    corpus.add("another letter case", good.to_uppercase());
    corpus.add("letters of full width", good.replace('e', "\u{ff45}"));
    let mut invalid = claims().to_string().into_bytes();
    let at = invalid.windows(5).position(|it| it == b"alice").unwrap();
    invalid[at] = 0xff;
    let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(invalid));
    corpus.add(
        "invalid UTF-8",
        format!(
            "{signed}.{}",
            URL_SAFE_NO_PAD.encode(rsa.signature(signed.as_bytes()))
        ),
    );
}

fn pad(part: &str) -> String {
    format!("{part}{}", "=".repeat(4 - part.len() % 4))
}

fn corpus() -> Vec<(String, String)> {
    let mut corpus = Corpus { tokens: Vec::new() };
    signatures(&mut corpus);
    algorithms(&mut corpus);
    headers(&mut corpus);
    claims_gone_wrong(&mut corpus);
    shapes(&mut corpus);
    corpus.tokens
}

async fn served() -> (Server, Authenticator) {
    let [rsa, ec, ed] = signers();
    let server = Server::with(&[rsa.jwk("rsa"), ec.jwk("ec"), ed.jwk("ed")]).await;
    let authenticator = Authenticator::listed(Listed::with_jwks(&server.url), Fetcher::new(true));
    (server, authenticator)
}

#[tokio::test]
async fn no_hostile_token_is_accepted() {
    let (server, authenticator) = served().await;
    let corpus = corpus();
    let names: HashSet<_> = corpus.iter().map(|(what, _)| what).collect();
    assert_eq!(names.len(), corpus.len(), "every token has a name of its own");
    assert!(60 <= corpus.len());
    let mut accepted = Vec::new();
    for (what, token) in &corpus {
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", authorization.as_str())];
        match authenticator.authenticate(headers.as_slice(), None, NOW).await {
            Err(Error::Invalid) => {}
            other => accepted.push(format!("{what}: {other:?}")),
        }
    }
    assert_eq!(accepted, Vec::<String>::new(), "of {}", corpus.len());
    assert_eq!(server.asked(), 1, "no token makes us fetch");
    // The issuer did work all the while.
    let good = format!("Bearer {}", signers()[0].token("rsa", &claims()));
    assert!(
        authenticator
            .authenticate([("authorization", good.as_str())].as_slice(), None, NOW)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn of_two_good_tokens_in_one_request_none_is_accepted() {
    let (_server, authenticator) = served().await;
    let good = format!("Bearer {}", signers()[0].token("rsa", &claims()));
    let headers = [("authorization", good.as_str()), ("Authorization", good.as_str())];
    let answer = authenticator.authenticate(headers.as_slice(), None, NOW).await;
    assert!(matches!(answer, Err(Error::Invalid)));
}

#[tokio::test]
async fn an_issuer_signs_with_the_algorithms_it_is_registered_for_alone() {
    let [rsa, ec, ed] = signers();
    let server = Server::with(&[rsa.jwk("rsa"), ec.jwk("ec"), ed.jwk("ed")]).await;
    for (allowed, _) in [(rsa, "rsa"), (ec, "ec"), (ed, "ed")] {
        let mut item = issuer(&server.url);
        item.algorithms = vec![allowed.algorithm()];
        let listed = Listed::default();
        listed.issuers.lock().unwrap().push(item);
        let authenticator = Authenticator::listed(listed.into(), Fetcher::new(true));
        for (signer, kid) in [(rsa, "rsa"), (ec, "ec"), (ed, "ed")] {
            let bearer = format!("Bearer {}", signer.token(kid, &claims()));
            let answer = authenticator
                .authenticate([("authorization", bearer.as_str())].as_slice(), None, NOW)
                .await;
            assert_eq!(answer.is_ok(), signer.algorithm() == allowed.algorithm(), "{kid}");
        }
    }
}
