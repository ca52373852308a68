"""The requests of the corpus: what clients send, what broken clients send, and what attackers send."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from bitcain_model import SESSION_ID, TOKEN

PREFIX = "/api/v1/sessions"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
JSON = {"Content-Type": "application/json"}
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"

GOOD = {
    "fingerprint": {"user_agent": USER_AGENT, "ip_address": "192.0.2.1"},
    "create": {"ip_address": "192.0.2.1", "user_agent": USER_AGENT},
    "validate": {"session_id": SESSION_ID, "current_ip": "192.0.2.1", "current_user_agent": USER_AGENT},
    "logout": {"session_id": SESSION_ID},
    "revoke": {},
}
OPTIONAL = {
    "fingerprint": ["accept_language", "screen_resolution", "timezone"],
    "create": ["device_fingerprint", "geo_country", "geo_city"],
    "validate": ["current_fingerprint"],
    "logout": [],
    "revoke": [],
}


@dataclass
class Case:
    id: str
    body: bytes
    method: str = "POST"
    path: str = ""
    headers: dict[str, str] = field(default_factory=lambda: {**BEARER, **JSON})


def target(endpoint: str) -> tuple[str, str]:
    return ("DELETE", f"{PREFIX}/{SESSION_ID}") if endpoint == "revoke" else ("POST", f"{PREFIX}/{endpoint}")


def case(endpoint: str, name: str, body: bytes | str | object, headers: dict[str, str] | None = None) -> Case:
    if isinstance(body, str):
        body = body.encode()
    elif not isinstance(body, bytes):
        body = json.dumps(body).encode()
    method, path = target(endpoint)
    return Case(f"{endpoint}/{name}", body, method, path, {**BEARER, **JSON} if headers is None else headers)


def all_cases() -> Iterator[Case]:
    for endpoint in GOOD:
        yield from fields(endpoint)
        yield from bodies(endpoint)
    yield from several_problems()
    yield from integers()
    yield from booleans()
    yield from reasons()
    yield from texts()
    yield from broken_json()
    yield from numbers_nobody_reads()
    yield from encodings()
    yield from headers()
    yield from routes()


def fields(endpoint: str) -> Iterator[Case]:
    good = GOOD[endpoint]
    yield case(endpoint, "good", good)
    yield case(endpoint, "unknown-keys", {**good, "unknown": [1, {"a": None}], "tenant": "other"})
    wrong = {"null": None, "zero": 0, "fraction": 1.5, "true": True, "array": [], "object": {"a": 1}}
    for name in good:
        rest = {key: value for key, value in good.items() if key != name}
        yield case(endpoint, f"{name}/missing", rest)
        yield case(endpoint, f"{name}/empty", {**good, name: ""})
        for kind, value in wrong.items():
            yield case(endpoint, f"{name}/{kind}", {**good, name: value})
    for name in OPTIONAL[endpoint]:
        yield case(endpoint, f"{name}/text", {**good, name: "Zürich 😀"})
        for kind, value in wrong.items():
            yield case(endpoint, f"{name}/{kind}", {**good, name: value})


def bodies(endpoint: str) -> Iterator[Case]:
    for name, body in {
        "none": b"",
        "space": b" ",
        "null": b"null",
        "array": b"[]",
        "array-of-fields": b'["a","b","c"]',
        "string": b'"text"',
        "number": b"1",
        "true": b"true",
        "empty-object": b"{}",
        "broken": b"{",
    }.items():
        yield case(endpoint, f"body/{name}", body)


def several_problems() -> Iterator[Case]:
    yield case("create", "problems/all", {"user_agent": 1, "device_fingerprint": 2, "idle_timeout_minutes": 4})
    yield case("create", "problems/order-is-the-fields", {"idle_timeout_minutes": "x", "geo_city": 1, "ip_address": 2})
    yield case("validate", "problems/all-missing", {"current_fingerprint": 5})
    yield case("validate", "problems/one-field-only", {"current_ip": "nowhere"})
    yield case("logout", "problems/both", {"session_id": 5, "revoke_all": "maybe"})
    yield case("fingerprint", "problems/all", {"user_agent": [], "ip_address": {}, "timezone": 5})


INTEGERS = [
    "5", "1440", "60", "4", "1441", "0", "-1", "-0", "10.0", "10.5", "60.0000000000000000001", "1e1", "1E2", "1e+2",
    "14400e-1", "5e-1", "-0.0", "1e-400", "1e15", "1e16", "1e18", "9.2e18", "9.3e18", "-9.2e18", "-9.3e18", "1e300",
    "1e400", "-1e400", "NaN", "Infinity", "-Infinity", "true", "false", "null", "[]", "[60]", "{}", '{"minutes":60}',
    "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "1" + 40 * "0",
    "-1" + 40 * "0", "1" + 4299 * "0", "1" + 4300 * "0", "-1" + 4300 * "0",
]  # fmt: skip

INTEGER_TEXTS = [
    "10", " 10 ", "10.0", "10.5", "10.", ".0", "10.00000", "10,0", "1_0", "1__0", "_10", "10_", "6_0.0", "60.000_0",
    "60.0_", "+10", "-10", "- 10", "+ 60", "++6", "+-6", "--5", "-+5", "0x10", "0x3c", "0b1", "010", "00", "000",
    "0_0060", "0__60", "0_", "00_", "0_0", "0000_0", "0-5", "0_-5", "0+6", "00+60", "-007", "-0", "-00", "-0.0",
    "-60.0", "00.0", "0_.0", "0.", "0.06", "60.0.0", "+0", "+0060", "+_60", "+00060_0", "-_60", "-0_6", "6_", "6_.0",
    "1e1", "1E1", "", " ", "+", "-", "_", ".", "x", "10x", "60 0", "60. 0", "60.0 ", "NaN", "inf", "true", "null",
    "٦٠", "６０", "60\u0085", "\u00a060", "\u200360", "\u200b60", "\ufeff60", "10\n", "\t10\f", "10\u0000", "\u0000",
    "\u001c60", "1440", "1440.0", "1441", "5", "4", 200 * "0" + "60", "1" + 40 * "0", "-1" + 40 * "0",
    "1" + 4299 * "0", "1" + 4300 * "0", 4300 * "0" + "60", 4299 * " " + "60",
]  # fmt: skip


def integers() -> Iterator[Case]:
    base = json.dumps(GOOD["create"])[:-1]
    for number, text in enumerate(INTEGERS):
        yield case("create", f"idle/{number:02}/{text[:24]}", f'{base}, "idle_timeout_minutes": {text}}}')
    for number, text in enumerate(INTEGER_TEXTS):
        name = json.dumps(text[:24])[1:-1].replace(" ", "·")
        yield case("create", f"idle-text/{number:02}/{name}", {**GOOD["create"], "idle_timeout_minutes": text})


BOOLEANS = [
    "true", "false", "null", "0", "1", "2", "-1", "-0", "0.0", "-0.0", "1.0", "1e0", "0.5", "2.0", "1e30", "1e400",
    "NaN", "9223372036854775807", "9223372036854775808", "100000000000000000000", "-9223372036854775809", "[]", "[true]",
    "{}", '"true"', '"false"', '"TRUE"', '"False"', '"t"', '"f"', '"T"', '"y"', '"n"', '"Y"', '"N"', '"yes"', '"no"',
    '"on"', '"off"', '"oN"', '"OFF"', '"1"', '"0"', '"01"', '"1.0"', '"yess"', '" true "', '""', '"null"', '"ＴＲＵＥ"',
    '"o\u212a"', '"maybe"',
]  # fmt: skip


def booleans() -> Iterator[Case]:
    base = json.dumps(GOOD["logout"])[:-1]
    for number, text in enumerate(BOOLEANS):
        name = text.encode("ascii", "backslashreplace").decode().replace(" ", "·")
        yield case("logout", f"revoke-all/{number:02}/{name}", f'{base}, "revoke_all": {text}}}')


def reasons() -> Iterator[Case]:
    for name, value in {
        "text": "Lost phone",
        "empty": "",
        "255": 255 * "a",
        "256": 256 * "a",
        "255-wide": 255 * "ü",
        "256-wide": 256 * "ü",
        "255-astral": 255 * "😀",
        "256-astral": 256 * "😀",
        "255-combining": 255 * "\u0301",
        "null": None,
        "number": 5,
        "false": False,
        "array": ["a"],
        "object": {},
    }.items():
        yield case("revoke", f"reason/{name}", {"reason": value})
    yield case("revoke", "reason/unknown-keys", {"why": "x"})


def texts() -> Iterator[Case]:
    good = GOOD["create"]
    for name, value in {
        "quotes": '"\\/\b\f\n\r\t',
        "null-character": "a\u0000b",
        "escape-character": "\u001b[31m",
        "delete": "\u007f",
        "next-line": "\u0085",
        "right-to-left-override": "\u202eabc",
        "zero-width-joiner": "a\u200db",
        "noncharacter": "\uffff",
        "byte-order-mark": "\ufeffa",
        "markup": "<script>alert(1)</script>",
        "expression": "#a = :b OR attribute_exists(x)",
        "separators": "a#U#b;{}",
        "no-address": "not an address",
        "address-octal": "0300.0.2.1",
        "address-zone": "fe80::1%eth0",
        "long": 9000 * "a",
    }.items():
        yield case("create", f"text/user-agent/{name}", {**good, "user_agent": value})
        yield case("create", f"text/ip-address/{name}", {**good, "ip_address": value})
    for name, value in {
        "upper": SESSION_ID.upper(),
        "braced": f"{{{SESSION_ID}}}",
        "urn": f"urn:uuid:{SESSION_ID}",
        "plain": SESSION_ID.replace("-", ""),
        "nil": "00000000-0000-0000-0000-000000000000",
        "full-width": SESSION_ID.replace("0", "０"),
        "null-character": SESSION_ID + "\u0000",
        "space": f" {SESSION_ID}",
    }.items():
        yield case("validate", f"text/session-id/{name}", {**GOOD["validate"], "session_id": value})
        yield case("logout", f"text/session-id/{name}", {**GOOD["logout"], "session_id": value})


BROKEN = [
    b"{", b"}", b"[", b"]", b"{]", b"[}", b'{"a"', b'{"a":', b'{"a":1', b'{"a":1 ', b'{"a":1,', b'{"a":1, ', b'{"a":1,x',
    b'{"a":1,}', b"{,}", b'{"a"}', b'{"a" 1}', b'{"a":}', b'{"a"::1}', b"{a:1}", b"{'a':1}", b'{"a":1 "b":2}', b"{1:2}",
    b"{null:1}", b'{"a":[1 2]}', b'{"a":[1,2', b'{"a":[1,]}', b"[1,]", b"[1", b"[,]", b'{"a":{"b":1', b'{"a":01}',
    b'{"a":-01}', b'{"a":.5}', b'{"a":1.}', b'{"a":1.e1}', b'{"a":+1}', b'{"a":-}', b'{"a":1e}', b'{"a":1e+}',
    b'{"a":0x1}', b'{"a":1_0}', b'{"a":tru}', b'{"a":True}', b'{"a":TRUE}', b'{"a":None}', b'{"a":nan}', b'{"a":undefined}',
    b'{"a":truefalse}', b'{"a":"b}', b'{"a":"b', b'{"a":"', b'{"a', b'{"a":"\\"}', b'{"a":"\\', b'{"a":"\\x41"}',
    b'{"a":"\\u12"}', b'{"a":"\\u123g"}', b'{"a":"\\u 123"}', b'{"a":"\\u+123"}', b'{"a":"\\u', b'{"a":"\\U0041"}',
    b'{"a":"b\nc"}', b'{"a":"\x00"}', b'{"a":"\x1f"}', b'{"a":"\t"}', b'{"\x01":1}', b"{} x", b"{}{}", b"{},", b"1.", b"-",
    b"- 1", b"\x00", b"{}\x00", b"\x0b{}", b"\x0c{}", b"\xc2\xa0{}", b"{\xc2\xa0}", b'{"\xc3\xa9":1 2}',
    b'{"\xf0\x9f\x98\x80":1 2}', b'{"a":/*c*/1}', b"// c\n{}", b"# c\n{}", b"undefined", b"<xml/>", b"a=1&b=2",
    b'{"a":1;"b":2}', b'{"a"=1}', b"{}\n\n", b"\r\n\t {} ", b'{"a":"\\ud800\\u12"}', b'{"a":nul', b'\\u007b}',
]  # fmt: skip


def broken_json() -> Iterator[Case]:
    for number, body in enumerate(BROKEN):
        yield case("validate", f"json/{number:02}", body)
    good = json.dumps(GOOD["validate"])
    yield case("validate", "json/trailing-space", good + " \r\n\t")
    yield case("validate", "json/escaped-keys", good.replace("session_id", "\\u0073ession\\u005fid"))
    yield case("validate", "json/escaped-pair", '{"session_id":"\\ud83d\\ude00","current_ip":"\\/","current_user_agent":"\\u0041"}')
    for depth in (31, 32, 33, 100, 500, 3000):
        yield case("validate", f"json/depth-{depth}", good[:-1] + ', "x": ' + (depth - 1) * "[" + (depth - 1) * "]" + "}")
    yield case("validate", "json/depth-objects-32", good[:-1] + ', "x": ' + 30 * '{"a":' + "{}" + 30 * "}" + "}")
    yield case("validate", "json/depth-objects-33", good[:-1] + ', "x": ' + 31 * '{"a":' + "{}" + 31 * "}" + "}")
    yield case("validate", "json/depth-unclosed", 8000 * "[")
    yield case("validate", "json/duplicate-key", good[:-1] + ', "session_id": "other"}')
    yield case("validate", "json/duplicate-key-escaped", good[:-1] + ', "\\u0073ession_id": "other"}')
    yield case("validate", "json/duplicate-unknown-key", good[:-1] + ', "x": 1, "x": 2}')
    yield case("validate", "json/duplicate-nested-key", good[:-1] + ', "x": {"a": 1, "a": 2}}')
    yield case("validate", "json/same-key-elsewhere", good[:-1] + ', "x": [{"a": 1}, {"a": 2}], "a": {"session_id": 1}}')
    size = 16 * 1024
    for name, length in {"16-kib": size, "16-kib-and-one": size + 1}.items():
        yield case("validate", f"size/{name}", good[:-1] + f', "x": "{(length - len(good) - 9) * "a"}"}}')
    yield case("validate", "size/too-long-and-broken", (size + 1) * "{")


def numbers_nobody_reads() -> Iterator[Case]:
    base = json.dumps(GOOD["validate"])[:-1]
    for text in ("NaN", "Infinity", "-Infinity", "1e400", "-1e400", "0." + 400 * "0" + "1", "1" + 400 * "0", "-NaN"):
        yield case("validate", f"unread/{text[:16]}", f'{base}, "x": {text}}}')
        yield case("validate", f"echoed/{text[:16]}", f'{{"session_id": {text}}}')


def encodings() -> Iterator[Case]:
    good = json.dumps({**GOOD["validate"], "current_ip": "é"}, ensure_ascii=False)
    yield case("validate", "encoding/utf-8", good.encode())
    yield case("validate", "encoding/utf-8-mark", b"\xef\xbb\xbf" + good.encode())
    yield case("validate", "encoding/utf-8-mark-alone", b"\xef\xbb\xbf")
    yield case("validate", "encoding/utf-16", good.encode("utf-16"))
    yield case("validate", "encoding/utf-16-le", good.encode("utf-16-le"))
    yield case("validate", "encoding/utf-16-be", good.encode("utf-16-be"))
    yield case("validate", "encoding/utf-32", good.encode("utf-32"))
    yield case("validate", "encoding/latin-1", good.encode("latin-1"))
    for name, raw in {
        "lone-ff": b"\xff",
        "overlong": b"\xc0\x80",
        "cut-short": b"\xe2\x82",
        "stray-continuation": b"\x80",
        "beyond-unicode": b"\xf4\x90\x80\x80",
        "surrogate-bytes": b"\xed\xa0\x80",
    }.items():
        yield case("validate", f"encoding/{name}", b'{"session_id":"' + raw + b'"}')
    yield case("validate", "encoding/only-ff", b"\xff")
    base = json.dumps(GOOD["validate"])[:-1]
    for name, text in {"high": "\\ud800", "low": "\\udc00", "reversed": "\\ude00\\ud83d", "high-then-text": "\\ud83dx"}.items():
        yield case("validate", f"surrogate/read/{name}", f'{{"session_id":"{text}","current_ip":"a","current_user_agent":"b"}}')
        yield case("validate", f"surrogate/unread/{name}", f'{base}, "x": "{text}"}}')
        yield case("validate", f"surrogate/key/{name}", f'{base}, "{text}": 1}}')
    yield case("validate", "surrogate/echoed", '{"session_id":"\\ud800"}')


def headers() -> Iterator[Case]:
    for endpoint, good in GOOD.items():
        yield case(endpoint, "auth/none", good, JSON)
    none_of_ours = {
        "basic": "Basic YTpi",
        "no-scheme": TOKEN,
        "empty": "",
        "scheme-only": "Bearer",
        "scheme-and-space": "Bearer ",
        "other-token": "Bearer other",
        "two-words": f"Bearer {TOKEN} x",
        "digest": f"Digest {TOKEN}",
        "bearer-without-space": f"Bearer{TOKEN}",
    }
    for name, value in none_of_ours.items():
        yield case("validate", f"auth/{name}", GOOD["validate"], {**JSON, "Authorization": value})
    yield case("validate", "auth/none-and-bad-body", {}, JSON)
    yield case("validate", "auth/none-and-broken-json", "{", JSON)
    yield case("validate", "auth/none-and-invalid-utf-8", b"\xff", JSON)
    yield case("validate", "auth/lower-case", GOOD["validate"], {**JSON, "Authorization": f"bearer {TOKEN}"})
    yield case("validate", "auth/upper-case", GOOD["validate"], {**JSON, "Authorization": f"BEARER {TOKEN}"})
    for name in ("active", "cleanup"):
        method = "GET" if name == "active" else "POST"
        yield Case(f"{name}/good", b"", method, f"{PREFIX}/{name}", BEARER)
        yield Case(f"{name}/auth/none", b"", method, f"{PREFIX}/{name}", {})
        yield Case(f"{name}/body-nobody-reads", b"{", method, f"{PREFIX}/{name}", {**BEARER, **JSON})
    for name, value in {
        "charset": "application/json; charset=utf-8",
        "latin-1": "application/json; charset=latin-1",
        "upper-case": "APPLICATION/JSON",
        "suffix": "application/vnd.api+json",
        "text": "text/plain",
        "form": "application/x-www-form-urlencoded",
        "multipart": "multipart/form-data; boundary=x",
        "octets": "application/octet-stream",
        "text-json": "text/json",
        "empty": "",
        "nonsense": "json",
    }.items():
        yield case("validate", f"content-type/{name}", GOOD["validate"], {**BEARER, "Content-Type": value})
    yield case("validate", "content-type/none", GOOD["validate"], BEARER)
    yield case("create", "no-room", {**GOOD["create"], "geo_city": "no room"})
    unknown = "018d0cab-c440-7abc-8123-456789abcdee"
    for name, session in {"unknown": unknown, "active": "active", "no-id": "nothing", "encoded": "a%20b"}.items():
        yield Case(f"revoke/path/{name}", b"{}", "DELETE", f"{PREFIX}/{session}", {**BEARER, **JSON})
    yield Case("revoke/path/unknown-and-bad-body", b'{"reason":5}', "DELETE", f"{PREFIX}/{unknown}", {**BEARER, **JSON})


def routes() -> Iterator[Case]:
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        for path in ("create", "active", SESSION_ID, "", "nothing/here"):
            slash = "/" if path else ""
            if (method, path) not in {("POST", "create"), ("GET", "active"), ("DELETE", SESSION_ID)}:
                name = "an-id" if path == SESSION_ID else path or "collection"
                yield Case(f"route/{method}/{name}", b"", method, PREFIX + slash + path, BEARER)
    for method, path in (("POST", "create/"), ("GET", "active/"), ("DELETE", f"{SESSION_ID}/"), ("GET", "create/")):
        name = path.replace(SESSION_ID, "an-id")
        yield Case(f"route/slash/{method}/{name}", b"", method, f"{PREFIX}/{path}", BEARER)
    yield Case("route/slash/query", b"", "POST", f"{PREFIX}/create/?a=1&b=%2F", BEARER)
    yield Case("route/slash/two", b"", "POST", f"{PREFIX}/create//", BEARER)
    yield Case("route/slash/collection", b"", "GET", f"{PREFIX}/", BEARER)
    yield Case("route/slash/inside", b"", "POST", f"{PREFIX}//create", BEARER)
    yield Case("route/upper-case", b"", "POST", f"{PREFIX}/Create", BEARER)
    yield Case("route/other", b"", "GET", "/api/v1/nothing", {})
    yield Case("route/root", b"", "GET", "/", {})
