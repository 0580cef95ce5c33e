"""What the user of the command must change."""


class InputError(ValueError):
    """A file, option or backend that cannot be used: one line on the terminal and exit status 2."""
