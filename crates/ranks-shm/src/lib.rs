//! The shared segment of a job: layout, rings, waiting, death watch.
