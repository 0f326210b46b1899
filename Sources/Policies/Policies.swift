// The Policies module.
