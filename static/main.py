"""PyScript starts here."""

from tollbridge.pages.spa import main

main()
