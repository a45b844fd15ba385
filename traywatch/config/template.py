"""The settings file that the first start writes: what can be set, explained where it is set."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

TEMPLATE: Final = """\
# The settings of traywatch. A line that begins with # is a comment: take the # away to use it.
# Changes take effect at the next start; a mistake is reported with its line.

# Every page is looked at once in so many seconds: at least 30, on this computer at least 1.
#interval = 60

# The program's own log, not the records: debug, info, warning or error; text or json.
#log_level = "info"
#log_format = "text"

# The status pages to watch, each under a heading of its own.
[[pages]]
id = "openai"
name = "OpenAI"
url = "https://status.openai.com"

#[[pages]]
# Names the page in /webhook/ID and in what is remembered; made from the address where missing.
#id = "github"
# What records and menu call it; the name the page gives itself where it is missing.
#name = "GitHub"
#url = "https://www.githubstatus.com"
# The kind of page; found out where it is missing.
#platform = "statuspage"
#interval = 120
# Watch only these components: names, ids, or patterns like "API*". All of them where missing.
#components = ["Git Operations", "API*"]
# Never speak of these.
#ignore = ["Copilot*"]

# Hear webhooks. This heading turns the listener on.
#[listener]
# [HOST:]PORT. Beyond this computer a secret is required.
#listen = "127.0.0.1:8000"
# A post must be signed with one of these. "keyring:NAME" takes it from the system's keyring,
# where "keyring set traywatch NAME" puts it.
#secrets = ["keyring:webhook"]
# Host names a request may be addressed to, beside this computer's own.
#allowed_hosts = ["hooks.example.com"]

# Receive webhooks through a channel of your own, where this computer cannot be reached.
#[[relay]]
# smee or ntfy.
#kind = "smee"
#url = "https://smee.io/your-channel"
# The id of the page its posts are about, where they do not say so themselves.
#page = "github"
#secrets = ["keyring:relay"]
"""


def write_template(file: Path) -> bool:
    """Write it where there is no settings file yet; True when it was written.

    Readable by its owner only: secrets may be put in. Raises OSError.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with open(descriptor, "w", encoding="utf-8") as out:
        out.write(TEMPLATE)
    return True
