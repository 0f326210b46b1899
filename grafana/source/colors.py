"""What color a state, a phase or an outcome has, wherever it is shown."""

GREEN, BLUE, PURPLE, ORANGE, YELLOW, RED, GREY = (
    "#56A64B", "#3D6FB5", "#A36AC7", "#F2801F", "#F2CC0C", "#E02F44", "#6E7480",
)  # fmt: skip
DARK, INDIGO, TEAL = "#464B55", "#6C5FC7", "#2F9E95"

GPU = {
    "serving": GREEN, "idle": BLUE, "holding": PURPLE, "draining": ORANGE, "sleeping": INDIGO, "waking": YELLOW,
    "empty": GREY,
}  # fmt: skip
PHASES = {"cooldown": PURPLE, "drain": ORANGE, "sleep": INDIGO, "wake": YELLOW}
STATES = {
    "stopped": DARK, "asleep": BLUE, "starting": ORANGE, "waking": YELLOW, "active": GREEN, "draining": TEAL,
    "sleeping": INDIGO, "failed": RED,
}  # fmt: skip
SWITCHED = {"success": GREEN, "failed": RED, "cancelled": GREY}
ANSWERED = {
    "success": GREEN, "client_error": YELLOW, "upstream_error": RED, "rejected": ORANGE, "refused": PURPLE,
    "timeout": "#B02050", "cancelled": GREY,
}  # fmt: skip
WAKES = {"cold_start": RED, "wake_l1": GREEN, "wake_l2": YELLOW, "resume": BLUE, "restore": PURPLE}
LEVELS = {"debug": GREY, "info": BLUE, "warning": YELLOW, "error": RED}
