import Switcher
