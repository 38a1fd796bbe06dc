"""`python -m offhook` is the command line."""

from offhook.cli import main

main()
