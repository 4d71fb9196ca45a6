//! Benchmarks of Aludel against the raw drivers
