"""What a Mini App says beside what every chat says. Pure."""

OUTSIDE = "This chat is a Telegram Mini App: open it in Telegram, from its bot."
KEPT = "What you wrote is kept."
REOPEN = "Reopen"
