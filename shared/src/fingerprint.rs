//! Fingerprints of devices, computed from what a request shows.
