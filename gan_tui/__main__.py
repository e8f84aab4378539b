"""``python -m gan_tui`` is ``gan-tui``."""

from gan_tui.cli import main

if __name__ == "__main__":
    main()
