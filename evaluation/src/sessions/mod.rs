//! How often stolen sessions are found, and honest people disturbed; `docs/evaluation.md` has the rules.

mod rules;
