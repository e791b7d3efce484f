"""Figures beside the bare minimum; see ``__main__`` for how they are run and ``harness`` for how they are made."""
