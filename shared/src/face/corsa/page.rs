//! What a query asks for: a page of a list, or an upsert.

use percent_encoding::percent_decode_str;

use super::error::Error;
use crate::store::Cursor;

/// A part of a client's sessions. Both settings are additions of ours; the published API has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Most sessions, 1 to 100; 100 when left out.
    pub limit: u16,
    /// Where the page begins; at the newest session when left out.
    pub after: Option<Cursor>,
}

impl Page {
    /// Most sessions of a page.
    pub const MOST: u16 = 100;

    /// Reads `limit` and `cursor` of a query, without `?`; other settings are left alone.
    ///
    /// # Errors
    /// 400.
    pub fn read(query: &str) -> Result<Self, Error> {
        let mut page = Self {
            limit: Self::MOST,
            after: None,
        };
        let mut complaints = Vec::new();
        if let Some(limit) = setting(query, "limit") {
            match limit.parse::<i64>() {
                Err(_) => complaints.push("limit must be an integer number"),
                Ok(number) if number < 1 => complaints.push("limit must not be less than 1"),
                Ok(number) => match u16::try_from(number).ok().filter(|it| *it <= Self::MOST) {
                    Some(limit) => page.limit = limit,
                    None => complaints.push("limit must not be greater than 100"),
                },
            }
        }
        if let Some(cursor) = setting(query, "cursor") {
            match cursor.parse() {
                Ok(cursor) => page.after = Some(cursor),
                Err(_) => complaints.push("cursor must be one that an answer gave"),
            }
        }
        if complaints.is_empty() {
            Ok(page)
        } else {
            Err(Error::Invalid(
                complaints.into_iter().map(str::to_owned).collect(),
            ))
        }
    }

    /// The headers that lead on from this page: the next cursor, and the whole query as a link (RFC 8288).
    pub fn headers(&self, next: Option<&Cursor>) -> Vec<(&'static str, String)> {
        let Some(next) = next else {
            return Vec::new();
        };
        let link = format!("<?limit={}&cursor={next}>; rel=\"next\"", self.limit);
        vec![("holdfast-next-cursor", next.to_string()), ("link", link)]
    }
}

/// Reads `upsert` of a query: whether a client that is there already is changed.
///
/// # Errors
/// 400 for anything but `true` and `false`.
pub fn upsert(query: &str) -> Result<bool, Error> {
    match setting(query, "upsert").as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Error::Malformed(
            "Validation failed (boolean string is expected)".to_owned(),
        )),
    }
}

/// The last value of a setting, decoded.
fn setting(query: &str, name: &str) -> Option<String> {
    let value = query
        .split('&')
        .filter_map(|part| part.split_once('=').or(Some((part, ""))))
        .rfind(|(key, _)| *key == name)?
        .1;
    Some(percent_decode_str(value).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURSOR: &str = "001700000000123.AY0Mq8RAerwBI0VniavN7w";

    #[test]
    fn a_page_is_the_newest_hundred_unless_it_is_asked_for() {
        let page = Page::read("other=1").unwrap();
        assert_eq!((page.limit, page.after.is_none()), (100, true));
        for (query, limit, after) in [
            ("limit=1", 1, false),
            ("limit=100&x", 100, false),
            (&format!("cursor={CURSOR}&limit=7"), 7, true),
            (&format!("cursor={}", CURSOR.replace('.', "%2E")), 100, true),
        ] {
            let page = Page::read(query).unwrap();
            assert_eq!((page.limit, page.after.is_some()), (limit, after), "{query}");
        }
    }

    #[test]
    fn what_is_no_page_is_refused_with_all_that_is_wrong() {
        for (query, count) in [
            ("limit=0", 1),
            ("limit=-1", 1),
            ("limit=101", 1),
            ("limit=65537", 1),
            ("limit=", 1),
            ("limit=ten", 1),
            ("limit=1.5", 1),
            ("cursor=", 1),
            ("cursor=x&limit=x", 2),
        ] {
            let Err(Error::Invalid(complaints)) = Page::read(query) else {
                panic!("{query}");
            };
            assert_eq!(complaints.len(), count, "{query}");
        }
    }

    #[test]
    fn a_page_that_is_not_the_last_says_where_the_next_begins() {
        let page = Page::read("limit=7").unwrap();
        assert_eq!(page.headers(None), []);
        let headers = page.headers(Some(&CURSOR.parse().unwrap()));
        assert_eq!(headers[0], ("holdfast-next-cursor", CURSOR.to_owned()));
        assert_eq!(headers[1].1, format!("<?limit=7&cursor={CURSOR}>; rel=\"next\""));
    }

    #[test]
    fn an_upsert_is_asked_for_in_one_word() {
        assert!(upsert("upsert=true").unwrap());
        assert!(!upsert("upsert=false").unwrap() && !upsert("").unwrap());
        for query in ["upsert", "upsert=1", "upsert=True"] {
            assert!(upsert(query).is_err(), "{query}");
        }
    }
}
