//! Risk of a request, as points with reasons.
