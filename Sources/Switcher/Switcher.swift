// The Switcher module.
