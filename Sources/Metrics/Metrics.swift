// The Metrics module.
